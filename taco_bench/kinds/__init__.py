"""What a component of each kind receives and returns; public through :mod:`taco_bench.api`."""
