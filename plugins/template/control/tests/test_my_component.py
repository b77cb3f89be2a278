from taco_bench.testing import ControlContract


class TestMyComponent(ControlContract):
    name = "my-component"
