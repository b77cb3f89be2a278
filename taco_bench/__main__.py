"""``python -m taco_bench``."""

from taco_bench.cli.main import entry

if __name__ == "__main__":  # worker processes import the main module
    entry()
