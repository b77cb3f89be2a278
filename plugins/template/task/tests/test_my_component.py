from taco_bench.testing import TaskContract


class TestMyComponent(TaskContract):
    name = "my-component"
