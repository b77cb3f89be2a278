from taco_bench.testing import TokenWeightingContract


class TestMyComponent(TokenWeightingContract):
    name = "my-component"
