from taco_bench.testing import ExtractorContract


class TestMyComponent(ExtractorContract):
    name = "my-component"
