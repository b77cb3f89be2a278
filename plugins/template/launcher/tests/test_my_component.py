from taco_bench.testing import LauncherContract


class TestMyComponent(LauncherContract):
    name = "my-component"
