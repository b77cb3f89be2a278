"""The public names of taco-bench for plugins: what a component of each kind receives and returns.

A plugin imports from here, from :mod:`taco_bench.losses` and :mod:`taco_bench.metrics`, and ``taco_bench.hookimpl``; nothing else of
the core is promised to stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from taco_bench.atomic import replace_file, sha256_of
from taco_bench.data.store.streams import FeatureStreams
from taco_bench.data.store.tracks import FeatureFiles, Reader, Track
from taco_bench.data.windows import overlap_mean, window_rows, window_starts
from taco_bench.errors import ConfigError, DataError, PluginError, UserError, nearest
from taco_bench.manifests.locate import DataFolder
from taco_bench.pickles import read_pickle
from taco_bench.randomness import numpy_stream, stream_key, torch_stream
from taco_bench.reporting import Reporter
from taco_bench.resources import cache_root, registry_file

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import tokenizers
    import torch

    from taco_bench.config import Experiment as Experiment  # for plugins: what a control receives

__all__ = [
    "Chance",
    "Clip",
    "ConfigError",
    "Control",
    "DataError",
    "DataFolder",
    "Dataset",
    "Encoder",
    "Evaluation",
    "Extractor",
    "FeatureFiles",
    "FeatureStreams",
    "Launcher",
    "LearntVocabulary",
    "Load",
    "PairScores",
    "PluginError",
    "Reader",
    "Reporter",
    "Sampler",
    "Sampling",
    "Step",
    "Tagger",
    "Task",
    "TextEncoder",
    "TokenSelector",
    "TokenWeighting",
    "Track",
    "Trained",
    "UserError",
    "VideoNetwork",
    "Word",
    "cache_root",
    "nearest",
    "numpy_stream",
    "open_streams",
    "overlap_mean",
    "read_pickle",
    "registry_file",
    "replace_file",
    "sha256_of",
    "stream_key",
    "torch_stream",
    "window_rows",
    "window_starts",
]


def open_streams(text: str, videos: Collection[str] | None = None) -> FeatureStreams:
    """As :func:`taco_bench.data.store.opening.open_streams`, which looks for readers among the plugins that import this module."""
    from taco_bench.data.store import opening

    return opening.open_streams(text, videos)


@dataclass(frozen=True)
class Step:
    """One step of a procedure: its text, and the frames [start, end) in which it happens.

    Attributes:
        text: as it is described.
        start, end: in rows of the clip's features: seconds where a data set has one row a second.
        label: its class in segmentation; empty: the text itself.
    """

    text: str
    start: int
    end: int
    label: str = ""


@dataclass(frozen=True)
class Clip:
    """One video or segment of a video, with the captions that describe it.

    Attributes:
        id: unique in the data set.
        split: "train", "val" or "test".
        captions: one or more, each with at least one character that is no blank.
        video: the source video that it was cut from; clips of one video belong to one split.
        steps: where known, in order of time.
        task: the procedure that it shows, such as "23521" in CrossTask; recalls are pooled by it. Empty: one task for all.
        procedure: the step texts that localization places in order; empty: the texts of ``steps``.
        start, end: seconds in the source video; None: all of it.
    """

    id: str
    split: str
    captions: tuple[str, ...]
    video: str = ""
    steps: tuple[Step, ...] = ()
    task: str = ""
    procedure: tuple[str, ...] = ()
    start: float | None = None
    end: float | None = None


class Dataset(Protocol):
    """Clips with captions, splits and feature streams.

    Three more members are optional. ``stored = True`` says that :meth:`read` is a cheap view of files that all processes share, as
    :class:`FeatureStreams` gives it: features are then read as they are needed and not copied into the cache, and encoders are called
    with some of a clip's rows. ``seconds(stream, clip)``, the middle [time] of each row that :meth:`read` gives, in seconds, lets
    streams of different rate be aligned by time; without it rows are taken to be spread evenly over the clip.
    ``remarks()`` says in a line each what a reader of its tables must know: the form that was recognised, what was left out and how many.
    """

    streams: Sequence[str]
    """The streams that encoders can read, such as "frames" or "s3d-hm"."""

    def clips(self) -> Sequence[Clip]:
        """All clips of all splits, always in the same order.

        Raises:
            DataError: a file is missing or malformed; names the file and the line or id.
        """

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """The raw array of one clip in one stream, time first.

        Raises:
            KeyError: the stream has no entry for this clip.
        """

    def files(self) -> Sequence[Path]:
        """The files that clips and streams are read from; neither opened nor read here. Empty for what is made at run time."""

    def fingerprints(self) -> Mapping[str, str]:
        """A hash of each file that the clips and the streams come from, by a name without the path."""


class Encoder(Protocol):
    """Turns a data set's stream into video tokens."""

    stream: str
    """The stream that it reads."""
    width: int
    """The width of its tokens."""

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """The tokens [time, width] of one clip's raw array."""


@dataclass(frozen=True)
class Sampling:
    """What an extractor sees of a video.

    Attributes:
        fps: frames a second, evenly in time whatever the video's own rate, which may vary.
        size: pixels of the shorter side; the other one keeps the picture's form.
        crop: whether the middle square of it is cut out.
        group: frames that make one row; the last group is filled up with black ones.
    """

    fps: int
    size: int
    crop: bool
    group: int

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.fps / self.group


class Extractor(Protocol):
    """Turns video files into the features of one stream. Made without touching a file; :meth:`files` is where it may complain first."""

    stream: str
    """The stream that it makes, by which encoders and data sets know its features."""
    width: int
    """Numbers a row."""
    sampling: Sampling
    cut: str
    """The rule by which its code base cuts a segment out of a video's rows; names are in :mod:`taco_bench.data.store.cuts`."""
    batch: int
    """Rows that go through the network at once; fixed, so that the features do not depend on the machine's size."""

    def files(self) -> Sequence[Path]:
        """The weights; fetched here where they come from elsewhere.

        Raises:
            UserError: they are not there; says where to get them.
        """

    def fingerprint(self) -> str:
        """A hash of the weights."""

    def network(self) -> torch.nn.Module:
        """The network with its weights, in evaluation mode: from uint8 [rows, group, 3, height, width], RGB, to float [rows, width].

        Raises:
            DataError: the weights are malformed or another network's.
        """


@dataclass(frozen=True)
class Word:
    """A word of a caption.

    Attributes:
        text: as it is written.
        start, end: its characters are ``caption[start:end]``.
        tag: its universal part of speech, such as "NOUN".
        idf: Eq. 7 over the training captions; 0 before they are counted.
    """

    text: str
    start: int
    end: int
    tag: str
    idf: float = 0.0


class Tagger(Protocol):
    """Splits captions into words with universal parts of speech (https://universaldependencies.org/u/pos/)."""

    def missing(self) -> str:
        """Why it cannot be used here, and what would help; empty where it can."""

    def identity(self) -> str:
        """Name and version of what tags, for the cache and the record."""

    def tag(self, captions: Sequence[str]) -> Sequence[list[Word]]:
        """The words of each caption, in order; may be called with many captions at a time."""


class TokenSelector(Protocol):
    """Says which words are tokens of interest (P_i of Eq. 4)."""

    def select(self, words: Sequence[Word]) -> Sequence[bool]:
        """One answer a word. All word pieces of a selected word are of interest; specials and padding never are."""


class TokenWeighting(Protocol):
    """Turns the idf of a caption's tokens of interest into the weights of their terms in Eq. 4."""

    def weigh(self, idf: np.ndarray) -> np.ndarray:
        """Weights [pieces], at least 0, from the idf [pieces] of the word pieces of interest; at least one piece."""


class TextEncoder(Protocol):
    """A tokenizer and a BERT-like network."""

    pooling: str
    """Which token stands for the sentence: "cls", as in the paper, or "mean" over the word pieces."""
    frozen: bool
    """Whether the network keeps its weights; its outputs are then computed once a caption."""

    def fit(self, captions: Sequence[str], max_tokens: int) -> None:
        """Learn what must be learnt from the training captions, such as a vocabulary; called once, first."""

    def tokenizer(self) -> tokenizers.Tokenizer:
        """The tokenizer, with [CLS] first and [SEP] last, without padding or truncation."""

    def network(self) -> torch.nn.Module:
        """A new network with the call of ``transformers.BertModel``; called under a seeded generator."""

    def files(self) -> Sequence[Path]:
        """The files that it starts from, such as weights; neither opened nor read here."""

    def fingerprint(self) -> str:
        """A hash of the weights and the vocabulary that it starts from."""


@runtime_checkable
class LearntVocabulary(TextEncoder, Protocol):
    """A text encoder whose vocabulary is learnt from captions, so that a training that starts from another takes over that one's."""

    def adopt(self, tokenizer: tokenizers.Tokenizer, max_tokens: int) -> None:
        """Take over a tokenizer that an encoder with the same options learnt; called once, first, in the place of ``fit``."""


@dataclass(frozen=True)
class PairScores:
    """The scores of a batch's pairs that a sampler may select by; each [texts, videos], detached, None where its loss is left out.

    Attributes:
        sentence: the logits of Eq. 3: dot products over tau 1 (1 as printed).
        token: the plain sum over the tokens of interest of the logits of Eq. 4, neither weighted by idf nor by lambda.
    """

    sentence: torch.Tensor | None
    token: torch.Tensor | None


class Sampler(Protocol):
    """Picks the negatives of Eq. 5."""

    def negatives(self, batch_size: int) -> int:
        """K', the number of negatives each anchor gets in a batch of ``batch_size`` pairs."""

    def sample(
        self, scores: PairScores, batch_size: int, generator: torch.Generator, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Pick K' negatives for each anchor of both directions, none of them the positive.

        Args:
            scores: of the current batch; text i and video i belong together.
            batch_size: K.
            generator: on the CPU, at the start of this step's stream.
            device: where the answer must lie.

        Returns:
            videos [K, K'], the negative videos of each text, and texts [K, K'], the negative texts of each video; int64.
        """


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
        pool: what was evaluated: "split", then numbers by what they count ("queries", "videos"), as the table's header prints them.
    """

    rows: dict[str, dict[str, float]]
    controls: dict[str, dict[str, float]] = field(default_factory=dict)
    chance: dict[str, Chance] = field(default_factory=dict)
    queries: dict[str, list[Any]] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    pool: dict[str, Any] = field(default_factory=dict)


class Task(Protocol):
    """How a trained model is evaluated.

    A task may also have ``problems(experiment) -> Sequence[UserError]``, what keeps an experiment from being evaluated by it; it is asked
    before anything is trained.
    """

    def evaluate(self, trained: Trained) -> Evaluation:
        """Evaluate on the split that the experiment names."""


class Control(Protocol):
    """A row that must land at chance, for any task. It trains, or it is evaluated in the place of every trained model; never both."""

    def training(self, experiment: Experiment) -> Experiment | None:
        """The experiment to train, from the row that it controls; None for a control that needs no training of its own."""

    def disguise(self, trained: Trained) -> Trained | None:
        """What the task is to evaluate in the place of a trained model; None for a control that trains."""


@dataclass(frozen=True)
class Load:
    """What there is to do, as far as a launcher needs to know.

    Attributes:
        trainings: that are not done; more workers than these have nothing to do.
        threads: CPU threads that a training asks for.
        gpu: whether trainings run on GPUs.
    """

    trainings: int
    threads: int
    gpu: bool


class Launcher(Protocol):
    """Starts workers. The results folder is the queue: workers need nothing else in common, and may come and go."""

    def workers(self, load: Load) -> int:
        """How many workers it starts for this load. 1: the process that asks does the work itself."""

    def launch(self, load: Load, command: Sequence[str]) -> Sequence[str]:
        """Run ``command`` once a worker and wait until all have ended.

        Interrupted by KeyboardInterrupt, it sends each worker SIGINT (they save their state), waits for them, and raises it again.

        Returns:
            A line for each worker that was killed or failed; none where all ended well. What a killed worker had taken is taken over.
        """
