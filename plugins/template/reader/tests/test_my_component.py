from taco_bench.testing import ReaderContract


class TestMyComponent(ReaderContract):
    name = "my-component"
