"""The textbook form of everything that taco-bench computes faster: what benchmarks and tests compare with."""
