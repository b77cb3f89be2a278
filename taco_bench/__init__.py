"""A benchmark suite for video-text contrastive learning, built around TACo (Yang, Bisk, Gao; ICCV 2021)."""

import pluggy

__version__ = "0.1.0"

hookimpl = pluggy.HookimplMarker("taco_bench")
"""Marks a function of a plugin as the implementation of a hook in :mod:`taco_bench.hookspecs`."""

__all__ = ["__version__", "hookimpl"]
