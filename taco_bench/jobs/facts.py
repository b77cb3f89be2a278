"""What ids need to know of the data, without opening a file that was looked at before."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from taco_bench.atomic import replace_text, sha256_of
from taco_bench.config import Experiment
from taco_bench.errors import DataError
from taco_bench.plugins import Plugins
from taco_bench.resources import cache_root
from taco_bench.sources import source_hash


@dataclass(frozen=True)
class Facts:
    """What an experiment's data are.

    Attributes:
        fingerprints: a hash of each file of the data set, and of what the text encoder starts from.
        tagger: name and version of what tags; empty where L2 is left out.
        streams: feature streams of the data set.
    """

    fingerprints: dict[str, str]
    tagger: str
    streams: Sequence[str] = ()


def facts_of(experiment: Experiment, plugins: Plugins) -> Facts:
    """The facts, from the cache where no file has changed since they were found; else the files are hashed.

    Raises:
        DataError: a file is missing.
    """
    dataset = plugins.build("data", experiment.data)
    encoder = plugins.build("text-encoder", experiment.text_encoder)
    files = [*dataset.files(), *encoder.files()]
    path = cache_root() / "facts" / f"{_key(experiment, files, plugins)}.json"
    found = _cached(path)
    if found is None:
        tagger = plugins.build("tagger", experiment.tagger).identity() if experiment.tagger else ""
        found = Facts({**dataset.fingerprints(), "text encoder": encoder.fingerprint()}, tagger, list(dataset.streams))
        replace_text(path, json.dumps(vars(found)))
    return found


def _key(experiment: Experiment, files: Sequence[Path], plugins: Plugins) -> str:
    specs = {"data": experiment.data, "text-encoder": experiment.text_encoder, "tagger": experiment.tagger}
    sources = [source_hash(plugins.get(kind, spec["type"]).factory) for kind, spec in specs.items() if spec]
    return sha256_of(json.dumps([specs, sources, [_stat(path) for path in files], _installed()], sort_keys=True))[:32]


def _stat(path: Path) -> list[Any]:
    """What changes when a file does: the time of its last change of state cannot be set back."""
    try:
        found = path.stat()
    except OSError as error:
        raise DataError(
            f"{path.name} cannot be looked at: {error.strerror}", where=str(path), hint="is the data folder complete?"
        ) from None
    return [str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


@cache
def _installed() -> list[str]:
    """Every distribution with its version, by the name of its folder: taggers and weights come as packages."""
    folders = [Path(entry) for entry in sys.path if entry and Path(entry).is_dir()]
    return sorted({path.name for folder in folders for path in folder.iterdir() if path.suffix in (".dist-info", ".egg-info")})


def _cached(path: Path) -> Facts | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Facts(found["fingerprints"], found["tagger"], found["streams"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
