"""How much of the fusion module is computed at once; apart from it, so that planning needs no torch."""

TOKENS_AT_A_TIME = {"cpu": 1 << 13, "cuda": 1 << 16}
"""Tokens of pairs computed at once: what fits the caches of a CPU, what fills a GPU and leaves recomputation something to save."""
