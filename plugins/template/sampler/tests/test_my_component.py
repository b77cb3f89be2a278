from taco_bench.testing import SamplerContract


class TestMyComponent(SamplerContract):
    name = "my-component"
