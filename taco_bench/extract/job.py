"""``features extract``: what is missing, who makes it, and where it goes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taco_bench.api import Extractor
from taco_bench.errors import DataError
from taco_bench.extract.choose import devices
from taco_bench.extract.decode import check_av
from taco_bench.extract.finish import write
from taco_bench.extract.parts import Parts
from taco_bench.extract.videos import find_videos
from taco_bench.extract.workers import Work, extract_all
from taco_bench.plugins import Plugins
from taco_bench.reporting import Reporter

METHOD = 1
"""Version of decoding, sampling and resizing; a change that can change a feature raises it, so that old and new never mix."""


@dataclass
class Extracted:
    """What came of an extraction.

    Attributes:
        rows: of each video that is in the store, by id.
        broken: what is wrong with each of the others.
    """

    rows: dict[str, int] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


def extract(
    videos: Path,
    out: Path,
    spec: Mapping[str, Any],
    plugins: Plugins,
    reporter: Reporter,
    *,
    third_party: bool = True,
    workers: int | None = None,
    device: str = "auto",
) -> Extracted:
    """Extract the features of all videos of a folder; what was extracted before is kept, and broken videos are left out.

    Args:
        videos: folder.
        out: the store to make.
        spec: of the extractor, with all its options.
        plugins: the components that there are.
        third_party: whether workers load those of other distributions.
        reporter: shows progress.
        workers: processes; None: one a core, or on GPUs four each.
        device: "auto", "cpu" or "cuda".

    Raises:
        DataError: there are no videos, or none could be read.
        UserError: something is not installed, or ``out`` cannot be written to or holds other features.
    """
    check_av()
    found = find_videos(videos)
    extractor: Extractor = plugins.build("extractor", spec)
    parts = Parts(out.with_name(out.name + ".parts"), _made_by(extractor, spec))
    todo = {path: name for name, path in found.items() if not parts.has(name, path)}
    if len(todo) < len(found):
        reporter.say(f"{len(found) - len(todo)} of {len(found)} videos are there already")
    broken: dict[str, str] = {}
    work = Work(spec, third_party, devices(device) if todo else ())
    with reporter.bar(f"videos, {extractor.stream}", len(found), len(found) - len(todo)) as advance:
        for path, answer in extract_all(list(todo), work, workers or _usual(work)):
            name = todo[path]
            if isinstance(answer, DataError):
                broken[name] = answer.what
                reporter.say(f"skipped {path}: {answer.what}")
            else:
                parts.add(name, path, answer)
            advance(text=name)
    return _finished(out, parts, [name for name in found if name not in broken], broken, extractor)


def _usual(work: Work) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if "cpu" in work.devices else min(cores, 4 * len(work.devices))


def _made_by(extractor: Extractor, spec: Mapping[str, Any]) -> dict[str, Any]:
    """All that decides about the features of a video."""
    options = {key: value for key, value in spec.items() if key != "weights"}
    return {
        "extractor": options,
        "stream": extractor.stream,
        "width": extractor.width,
        "rate": extractor.sampling.rate,
        "weights": extractor.fingerprint(),
        "method": METHOD,
    }


def _finished(out: Path, parts: Parts, names: list[str], broken: dict[str, str], extractor: Extractor) -> Extracted:
    if not names:
        raise DataError(f"none of {len(broken)} videos could be read", where=str(out), hint="play one of them to see what is wrong")
    write(out, {name: parts.read(name) for name in names}, extractor.sampling.rate)
    return Extracted({name: len(parts.read(name)) for name in names}, broken)
