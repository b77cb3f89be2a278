from taco_bench.testing import DatasetContract


class TestTacoFolder(DatasetContract):
    name = "taco-folder"
