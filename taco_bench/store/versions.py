"""Which versions a cell records, and which of them are third parties' plugins."""

from __future__ import annotations

from collections.abc import Mapping

RECORDED = ("taco-bench", "torch", "transformers", "tokenizers", "numpy", "mmengine", "spacy")
"""Distributions whose versions each cell records; beside them stand those that its components come from."""


def third_parties(versions: Mapping[str, str]) -> list[str]:
    """The other distributions that components of a cell come from, as "NAME VERSION"."""
    return [f"{name} {version}" for name, version in sorted(versions.items()) if name not in RECORDED]
