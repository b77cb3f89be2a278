"""One loop, keyed randomness, checkpoints, devices."""
