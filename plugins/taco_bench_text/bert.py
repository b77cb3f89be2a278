"""BERT from the Hugging Face hub or from a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from taco_bench.api import DataError, NetworkSize, compute_no_padding, sha256_of

if TYPE_CHECKING:
    import tokenizers
    import torch

BYTES = 4
"""A parameter in a file of weights: float32, as BERTs are published."""


class Bert:
    """A BERT whose weights come from the hub or a folder.

    Args:
        name: of the model on the hub, or the path of a folder with config.json, tokenizer.json and model.safetensors.
        pooling: the token that stands for the sentence: "cls", as in the paper, or the "mean" of all.
        frozen: keep the weights as they are; the paper trains them.
    """

    def __init__(self, name: str = "bert-base-uncased", pooling: Literal["cls", "mean"] = "cls", frozen: bool = False) -> None:
        self.name, self.pooling, self.frozen = name, pooling, frozen

    def fit(self, captions: Sequence[str], max_tokens: int) -> None:
        """Nothing to learn: the vocabulary comes with the weights."""

    def tokenizer(self) -> tokenizers.Tokenizer:
        """The model's own tokenizer."""
        from transformers import AutoTokenizer

        found: tokenizers.Tokenizer = self._load(AutoTokenizer).backend_tokenizer
        if found.token_to_id("[CLS]") is None:
            raise DataError(f"the tokenizer of {self.name!r} has no [CLS]", hint="name a BERT, such as bert-base-uncased")
        found.no_padding()
        found.no_truncation()
        return found

    def network(self) -> torch.nn.Module:
        """The model with its weights."""
        from transformers import AutoModel

        return compute_no_padding(self._load(AutoModel))

    def files(self) -> list[Path]:
        """The weights and what belongs to them; empty where they are not on this machine."""
        from transformers.utils import cached_file

        found = [
            cached_file(
                self.name,
                name,
                local_files_only=True,
                _raise_exceptions_for_missing_entries=False,
                _raise_exceptions_for_connection_errors=False,
            )
            for name in ("model.safetensors", "config.json", "tokenizer.json")
        ]
        return [Path(path) for path in found if path]

    def size(self, max_tokens: int) -> NetworkSize | None:
        """From config.json and the size of the weights; None where they are not on this machine."""
        files = {path.name: path for path in self.files() if path.is_file()}
        if not {"config.json", "model.safetensors"} <= set(files):
            return None
        try:
            config = json.loads(files["config.json"].read_text(encoding="utf-8"))
            layers, heads = config["num_hidden_layers"], config["num_attention_heads"]
            width, feedforward = config["hidden_size"], config["intermediate_size"]
        except (OSError, ValueError, KeyError):
            return None  # no BERT's; whoever loads it says what is wrong
        draws = max(config.get("hidden_dropout_prob", 0.1), config.get("attention_probs_dropout_prob", 0.1)) > 0  # as transformers' default
        return NetworkSize(width, layers, feedforward, heads, files["model.safetensors"].stat().st_size // BYTES, draws)

    def fingerprint(self) -> str:
        """The hash of the weights, the configuration and the tokenizer."""
        return sha256_of(_file(self.name, "model.safetensors"), _file(self.name, "config.json"), self.tokenizer().to_str())

    def _load(self, loader: Any) -> Any:
        from safetensors import SafetensorError
        from transformers.utils import logging

        logging.disable_progress_bar()  # ours are the only bars
        try:
            return loader.from_pretrained(self.name)
        except (OSError, ValueError, ImportError, SafetensorError) as error:  # ImportError: a guess at another kind of tokenizer
            raise _unavailable(self.name) from error


def _file(name: str, file: str) -> Path:
    """A file of a folder, or of a model of the hub, fetched where that can be reached."""
    from transformers.utils import cached_file

    try:
        return Path(cached_file(name, file))
    except (OSError, ValueError) as error:
        raise _unavailable(name) from error


def _unavailable(name: str) -> DataError:
    return DataError(
        f"the text encoder {name!r} is neither a folder with model.safetensors, nor cached, nor can it be fetched from the hub",
        where="text_encoder.name",
        hint="--set text_encoder.name=FOLDER, or an encoder that works offline: --text-encoder minilm, --text-encoder tiny",
    )
