"""``features extract``: what is missing, who makes it, and where it goes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taco_bench.api import Extractor
from taco_bench.data.store.choose import is_store
from taco_bench.data.store.opened import Store
from taco_bench.errors import DataError, UserError
from taco_bench.extract.choose import devices
from taco_bench.extract.decode import check_av
from taco_bench.extract.finish import write_store
from taco_bench.extract.parts import Parts
from taco_bench.extract.videos import find_videos
from taco_bench.extract.workers import Work, extract_all
from taco_bench.plugins import Plugins
from taco_bench.reporting import Reporter

METHOD = 1
"""Version of decoding, sampling and resizing; a change that can change a feature raises it, so that old and new never mix."""


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
) -> dict[str, DataError]:
    """Extract the features of all videos of a folder into a store; what was extracted before is kept, and broken videos are left out.

    Args:
        videos: folder.
        out: folder of the store to make, or to add to.
        spec: of the extractor, with all its options.
        plugins: the components that there are.
        reporter: shows progress.
        third_party: whether workers load the plugins of other distributions.
        workers: processes; None: one a core, or on GPUs four each.
        device: "auto", "cpu" or "cuda".

    Returns:
        What is wrong with each video that was left out, by id.

    Raises:
        DataError: there are no videos, or none could be read.
        UserError: something is not installed, or ``out`` cannot be written to or holds other features.
    """
    check_av()
    found = find_videos(videos)
    extractor: Extractor = plugins.build("extractor", spec)
    parts, store = _opened(out, extractor, spec)
    todo = {path: name for name, path in found.items() if not parts.has(name, path)}
    if len(todo) < len(found):
        reporter.say(f"{len(found) - len(todo)} of {len(found)} videos are there already")
    broken: dict[str, DataError] = {}
    work = Work(spec, third_party, devices(device) if todo else ())
    with reporter.bar(f"videos, {extractor.stream}", len(found), len(found) - len(todo)) as advance:
        for path, answer in extract_all(list(todo), work, workers or _usual(work)):
            name = todo[path]
            if isinstance(answer, DataError):
                broken[name] = answer
                reporter.say(f"skipped {path}: {answer.what}")
            else:
                parts.add(name, path, answer)
            advance(text=name)
    if not {*parts.ids()} - {*broken}:
        first = f"{next(iter(broken))}: {next(iter(broken.values())).what}"
        raise DataError(f"none of {len(broken)} videos could be read; {first}", where=str(videos), hint="does a player play it?")
    if store is None or parts.fresh() or {*store.card.skipped} != {*broken}:
        write_store(out, videos, parts, extractor, spec["type"], broken, reporter)
    return broken


def _opened(out: Path, extractor: Extractor, spec: Mapping[str, Any]) -> tuple[Parts, Store | None]:
    """What ``out`` holds already."""
    store, state = Store(out) if is_store(out) else None, state_of(out)
    if store is not None and not state.is_dir():
        raise UserError("there is a feature store that was not extracted here", where=str(out), hint="give another --out")
    others = [path.name for path in out.iterdir() if not path.name.startswith((".", "data-"))] if store is None and out.is_dir() else []
    if others:  # building the store would refuse it too, but only after all the work
        raise UserError(f"the folder holds other things, such as {min(others)}", where=str(out), hint="give another --out")
    return Parts(state, _made_by(extractor, spec), store), store


def state_of(out: Path) -> Path:
    """The hidden folder beside a store: how its features are made, from which version of each video, and what is not in the store yet."""
    return out.absolute().with_name(f".{out.absolute().name}.extract")


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
