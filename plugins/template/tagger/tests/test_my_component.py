from taco_bench.testing import TaggerContract


class TestMyComponent(TaggerContract):
    name = "my-component"
