from taco_bench.testing import DatasetContract


class TestMyComponent(DatasetContract):
    name = "my-component"
