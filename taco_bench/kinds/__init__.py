"""What a component of each kind receives and returns; public through :mod:`taco_bench.api`."""

METHODS: dict[str, tuple[str, ...]] = {
    "encoder": ("encode",),
    "tokens": ("select",),
    "token-weights": ("weigh",),
    "sampler": ("negatives", "sample"),
    "text-encoder": ("fit", "tokenizer", "network", "files", "fingerprint"),
    "tagger": ("missing", "identity", "tag"),
    "data": ("clips", "read", "files", "fingerprints"),
    "task": ("evaluate",),
    "reader": ("recognise", "open"),
    "extractor": ("files", "fingerprint", "network"),
    "control": ("training", "disguise"),
    "launcher": ("workers", "launch"),
}
"""What a component of each kind must be able to do, looked at as soon as it is built."""
