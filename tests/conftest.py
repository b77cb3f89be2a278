"""Settings of all tests. This file also puts tests/ on the path, so that tests can import ``builders``."""

from hypothesis import settings

settings.register_profile("taco-bench", deadline=None, max_examples=40, derandomize=True, database=None)
settings.load_profile("taco-bench")
