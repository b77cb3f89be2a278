"""Taking over the weights of a finished training.

Weights go by name. What planning cannot see (:func:`taco_bench.jobs.starts.mismatches` is the rest of the rule) is checked here:

- The fusion module may be missing on one side: a start without it leaves it as it is initialised, one with it is not read there.
- Embeddings of places may have another number of rows. Video tokens 0 .. m - 1 keep their rows in the video module; in the fusion module,
  where videos come after the longest text, texts and videos keep the rows of their own places. Places that the start did not have stay as
  they are initialised; rows that no place uses are not read. A text encoder's rows, where it has one a text token, go the same way.
- All else must be there, in the same shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from taco_bench.config import Model
from taco_bench.errors import UserError
from taco_bench.model.taco import TACo
from taco_bench.train.checkpoint import read_weights

HINTS = {
    "video.project": "the features must be those of the start: --encoder, and the data set's streams",
    "language.network": "the text encoder must be that of the start: --text-encoder, --set text_encoder.OPTION=VALUE",
}


@dataclass(frozen=True)
class Start:
    """A finished training to start from.

    Attributes:
        weights: its file.
        model: its sizes.
    """

    weights: Path
    model: Model


@torch.no_grad()
def take_over(model: TACo, sizes: Model, start: Start) -> None:
    """Give a new model the weights of a start.

    Args:
        model: as it is initialised.
        sizes: of the model.
        start: whose weights.

    Raises:
        UserError: a weight is missing, left over, or of another shape; names it and the option.
        DataError: the file of the start cannot be read.
    """
    own, given = model.state_dict(), read_weights(start.weights)
    if not any(name.startswith("fusion.") for name in given):
        own = {name: value for name, value in own.items() if not name.startswith("fusion.")}
    if model.fusion is None:
        given = {name: value for name, value in given.items() if not name.startswith("fusion.")}
    for name in sorted({*own, *given}):
        if name not in own or name not in given or not _fits(own[name], given[name], name, sizes, start.model):
            raise _misfit(name, own.get(name), given.get(name))
    for name, value in own.items():
        _copy(value, given[name], name, sizes, start.model)  # in place: a state dict shares its tensors with the model


def _fits(own: Tensor, given: Tensor, name: str, sizes: Model, was: Model) -> bool:
    return own.shape == given.shape or (_by_place(own, given, name, sizes, was) and own.shape[1:] == given.shape[1:])


def _by_place(own: Tensor, given: Tensor, name: str, sizes: Model, was: Model) -> bool:
    """Whether the rows of a weight are those of places, of which there may be more or fewer."""
    if name.startswith("language.network."):
        return own.dim() == given.dim() == 2 and (len(own), len(given)) == (sizes.max_text_tokens, was.max_text_tokens)
    return name in ("video.position.weight", "fusion.position.weight")


def _copy(own: Tensor, given: Tensor, name: str, sizes: Model, was: Model) -> None:
    moved = name == "fusion.position.weight" and sizes.max_text_tokens != was.max_text_tokens
    if own.shape == given.shape and not moved:
        own.copy_(given)
        return
    texts, videos = min(sizes.max_text_tokens, was.max_text_tokens), min(sizes.max_video_tokens, was.max_video_tokens)
    if name != "fusion.position.weight":
        rows = min(len(own), len(given))
        own[:rows] = given[:rows]
        return
    own[:texts] = given[:texts]
    own[sizes.max_text_tokens :][:videos] = given[was.max_text_tokens :][:videos]


def _misfit(name: str, own: Tensor | None, given: Tensor | None) -> UserError:
    if own is None or given is None:
        what = f"the training to start from has {'a weight' if own is None else 'no weight'} {name}" + (
            ", which this model has not" if own is None else ", which this model has"
        )
    else:
        what = f"the weight {name} has shape {list(own.shape)}, in the training to start from {list(given.shape)}"
    hint = next(
        (hint for part, hint in HINTS.items() if name.startswith(part)), "the sizes must be those of the start: --set model.OPTION="
    )
    return UserError(what, where="--init", hint=hint)
