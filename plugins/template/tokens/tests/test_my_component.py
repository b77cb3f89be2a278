from taco_bench.testing import TokenSelectorContract


class TestMyComponent(TokenSelectorContract):
    name = "my-component"
