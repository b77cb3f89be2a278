from taco_bench.testing import TextEncoderContract


class TestMyComponent(TextEncoderContract):
    name = "my-component"
