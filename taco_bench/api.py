"""The public names of taco-bench for plugins: what a component of each kind receives and returns.

A plugin imports from here, from :mod:`taco_bench.losses` and :mod:`taco_bench.metrics`, and ``taco_bench.hookimpl``; its tests import
from :mod:`taco_bench.testing`, which checks all that is said here. Nothing else of the core is promised to stay.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from taco_bench.atomic import replace_file, sha256_of
from taco_bench.data.store.streams import FeatureStreams
from taco_bench.data.store.tracks import FeatureFiles, Reader, Track
from taco_bench.data.windows import overlap_mean, window_rows, window_starts
from taco_bench.errors import ConfigError, DataError, PluginError, UserError, nearest
from taco_bench.kinds.data import Clip, Dataset, Encoder, Extractor, Sampling, Step
from taco_bench.kinds.launchers import EarlyLauncher, Launcher, Load
from taco_bench.kinds.samplers import PairScores, Sampler
from taco_bench.kinds.tasks import Chance, Control, Evaluation, Task, Trained, VideoNetwork
from taco_bench.kinds.text import LearntVocabulary, NetworkSize, SizedText, Tagger, TextEncoder, TokenSelector, TokenWeighting, Word
from taco_bench.manifests.locate import DataFolder
from taco_bench.pickles import PICKLE_ENDINGS, read_pickle
from taco_bench.randomness import numpy_stream, stream_key, torch_stream
from taco_bench.reporting import Reporter
from taco_bench.resources import cache_root, registry_file
from taco_bench.store.seen import plain_video, youtube_of
from taco_bench.torch_files import read_torch

if TYPE_CHECKING:
    import torch

    from taco_bench.config import Experiment as Experiment  # for plugins: what a control receives

__all__ = [
    "PICKLE_ENDINGS",
    "Chance",
    "Clip",
    "ConfigError",
    "Control",
    "DataError",
    "DataFolder",
    "Dataset",
    "EarlyLauncher",
    "Encoder",
    "Evaluation",
    "Extractor",
    "FeatureFiles",
    "FeatureStreams",
    "Launcher",
    "LearntVocabulary",
    "Load",
    "NetworkSize",
    "PairScores",
    "PluginError",
    "Reader",
    "Reporter",
    "Sampler",
    "Sampling",
    "SizedText",
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
    "compute_no_padding",
    "nearest",
    "numpy_stream",
    "open_streams",
    "overlap_mean",
    "plain_video",
    "read_pickle",
    "read_torch",
    "registry_file",
    "replace_file",
    "sha256_of",
    "stream_key",
    "torch_stream",
    "window_rows",
    "window_starts",
    "youtube_of",
]


def compute_no_padding(network: torch.nn.Module) -> torch.nn.Module:
    """Have the network of a text encoder compute no padding where it is a ``transformers.BertModel``, at the same result; returns it.

    The texts of a batch then go through as one row, and are laid out beside one another inside attention alone. Networks of other
    kinds stay as they are: the core gives them padded token ids and their mask.
    """
    from taco_bench.model import without_padding  # here: it imports torch

    return without_padding.compute_no_padding(network)


def open_streams(text: str, videos: Collection[str] | None = None) -> FeatureStreams:
    """The stored features that ``text`` names; what is no store yet is built into one in the cache on first use.

    Args:
        text: as users write it in ``data.features``: ``STREAM=PATH[:READER],...``, or one path: a store, files of one known format, or a
            folder with a store or a sub-folder a stream, as ``taco-bench features extract`` leaves them.
        videos: the ids that are needed; of files that are no store yet, only these are built into one.

    Raises:
        DataError: a path that does not exist, that no reader or several recognise, or that has none of the ids; malformed features.
        UserError: ``text`` does not read so.
    """
    from taco_bench.data.store import opening  # here: it looks for readers among the plugins, which import this module

    return opening.open_streams(text, videos)
