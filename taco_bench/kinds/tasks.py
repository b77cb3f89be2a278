"""Tasks and controls: what is found out about a finished training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import torch

    from taco_bench.config import Experiment
    from taco_bench.kinds.data import Clip
    from taco_bench.reporting import Reporter


class VideoNetwork(Protocol):
    """A copy of a trained video module; a ``torch.nn.Module`` too, in evaluation mode, on the training's device."""

    width: int
    """d, of its tokens."""

    def __call__(self, windows: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Tokens [windows, rows, d] from features [windows, rows, width], of which the first ``lengths`` [windows] rows are real."""

    def parameters(self) -> Iterator[torch.nn.Parameter]:
        """Its weights."""

    def train(self, mode: bool = True) -> Any:
        """Switch dropout on or off."""


class Trained(Protocol):
    """A finished training, as a task sees it."""

    experiment: Experiment

    @property
    def seed(self) -> int:
        """Of the training. A task draws its random numbers from streams of it, or of 0 where all seeds must get the same."""

    @property
    def reporter(self) -> Reporter:
        """Shows the progress of what takes long."""

    def clips(self, split: str) -> Sequence[Clip]:
        """The clips of a split, in the order of the score matrices."""

    def pair_scores(self, split: str) -> Mapping[str, np.ndarray]:
        """The score matrices [texts, videos] of a split, float32; the texts are all captions of the first clip, then of the second, ...

        Keys: "sentence", "token" and "fusion", where their losses were trained and are asked for; "text->video" and "video->text", the
        fused scores of the two directions (one matrix unless a shortlist is in use).
        """

    def frame_scores(self, clips: Clip | Sequence[Clip], texts: Sequence[str], window: int, stride: int) -> np.ndarray:
        """The scores [frames, texts] of a clip, or of several joined end to end, with texts; float32, higher is better.

        The scores that are asked for as in retrieval, without fusion: the frame's video token with the text's sentence feature, plus the
        token weight times the plain sum over the text's tokens of interest. A video of more than ``window`` rows goes through the video
        module in windows that begin every ``stride`` rows, and its scores are averaged where they overlap.

        Args:
            clips: whose features; frames are their rows.
            texts: captions, or texts of steps and procedures, of any clip.
            window: rows, at most the model's ``max_video_tokens``.
            stride: rows, at most ``window``.
        """

    def frames(self, clip: Clip) -> np.ndarray:
        """The features [frames, width] of a clip before the video module, float32; read-only, and no row left out."""

    def video_network(self) -> VideoNetwork:
        """A fresh copy of the video module, to use as it is or to train further."""


@dataclass(frozen=True)
class Chance:
    """One figure beside those that a model without information would get.

    Attributes:
        value: the figure, counted as the draws are.
        draws: the figure under random permutations of the answers; the same permutations for every seed, so that means over seeds compare.
        of: what is permuted, in words that follow "99.9 % interval of".
    """

    value: float
    draws: np.ndarray
    of: str = "a permuted gallery"


@dataclass
class Evaluation:
    """What a task found out about one training.

    Attributes:
        rows: figures by row and column; the first row is the result, the rest are parts of it, such as each score alone.
        controls: rows that cost nothing and must land at chance.
        chance: by column, the result beside what chance gives; says whether a control lands at chance and a result above it.
        queries: what each query contributed, so that statistics can be done again; lists of equal length. "clip" and "video" name the
            query's clip and its source video: queries of one video are resampled together. A clip that comes several times is asked for
            by one of its captions each time, in their order. "text" is what was asked, where that is no caption of the clip. Under the
            name of a column: the values whose mean over the queries is the column's figure.
        arrays: further arrays to keep, such as what was predicted for each frame.
        no_chance: where ``chance`` cannot be told for what was evaluated, why, as "too few classes"; the table says so.
        pool: what was evaluated: "split", then numbers by what they count ("queries", "videos"), as the table's header prints them.
    """

    rows: dict[str, dict[str, float]]
    controls: dict[str, dict[str, float]] = field(default_factory=dict)
    chance: dict[str, Chance] = field(default_factory=dict)
    queries: dict[str, list[Any]] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    pool: dict[str, Any] = field(default_factory=dict)
    no_chance: str = ""


class Task(Protocol):
    """How a trained model is evaluated.

    A task may also have ``problems(experiment) -> Sequence[UserError]``, what keeps an experiment from being evaluated by it;
    ``clip_problems(clips) -> Sequence[UserError]``, what keeps the clips of the split that is evaluated from it; and ``columns``, the
    columns of its rows, so that a suite that names another is refused. All are asked before anything is trained.
    """

    def evaluate(self, trained: Trained) -> Evaluation:
        """Evaluate on the split that the experiment names."""


class Control(Protocol):
    """A row that must land at chance, for any task. It trains, or it is evaluated in the place of every trained model; never both."""

    def training(self, experiment: Experiment) -> Experiment | None:
        """The experiment to train, from the row that it controls; None for a control that needs no training of its own."""

    def disguise(self, trained: Trained) -> Trained | None:
        """What the task is to evaluate in the place of a trained model; None for a control that trains."""
