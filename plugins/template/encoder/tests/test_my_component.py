from taco_bench.testing import EncoderContract


class TestMyComponent(EncoderContract):
    name = "my-component"
