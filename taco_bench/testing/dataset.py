"""The contract of data sets."""

from __future__ import annotations

import itertools
import operator
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from taco_bench.api import Clip, ConfigError, UserError
from taco_bench.errors import InfeasibleError
from taco_bench.resolve import resolve
from taco_bench.testing.contract import Contract

SPLITS = ("train", "val", "test")
FEW = 24
"""Clips of a small data set."""
OTHER_TIME = 1e9
"""Of files that are written again, in seconds since 1970."""


class DatasetContract(Contract):
    """For data sets: clips with captions, splits and feature streams.

    A data set with a folder overrides :meth:`local_options`: it writes a small sample of the files and names the folder.

    Attributes:
        acknowledge: what its splits are known to share, as for ``--acknowledge``: "same-id", "same-video".
    """

    kind: ClassVar[str] = "data"
    members: ClassVar[tuple[str, ...]] = ("streams", "clips", "read", "files", "fingerprints")
    acknowledge: ClassVar[Collection[str]] = ()

    def some_clips(self, dataset: Any) -> list[Clip]:
        """Every clip of a small data set; of a large one the first, the middle and the last clip of each split."""
        clips = dataset.clips()
        if len(clips) <= FEW:
            return list(clips)
        by_split = ([clip for clip in clips if clip.split == split] for split in SPLITS)
        return [own[at] for own in by_split if own for at in sorted({0, len(own) // 2, len(own) - 1})]

    def arrays(self, dataset: Any) -> Iterator[tuple[str, Clip, Any]]:
        """Stream, clip and array of some clips, those that have features."""
        for stream, clip in itertools.product(dataset.streams, self.some_clips(dataset)):
            try:
                found = dataset.read(stream, clip)
            except KeyError:
                continue
            yield stream, clip, found

    def test_streams_have_names(self, component: Any) -> None:
        """Encoders ask for a stream by its name, and a run without it is refused."""
        streams = list(component.streams)
        right = streams and all(isinstance(stream, str) and stream for stream in streams) and len(set(streams)) == len(streams)
        assert right, f"streams is {streams!r}: name each stream that read() knows, once"

    def test_each_clip_has_an_id_of_its_own(self, component: Any) -> None:
        """Features, scores and figures are kept by a clip's id."""
        clips = component.clips()
        bad = [clip.id for clip in clips if not isinstance(clip.id, str) or not clip.id]
        assert not bad, f"a clip has the id {bad[0]!r}: give it a text" if bad else ""
        counts = Counter(clip.id if "same-id" not in self.acknowledge else (clip.split, clip.id) for clip in clips)
        twice = [key for key, count in counts.items() if count > 1]
        assert not twice, f"the id {twice[0]!r} occurs {counts[twice[0]]} times: give each clip an id of its own" if twice else ""

    def test_splits_are_known(self, component: Any) -> None:
        """Clips are trained on, validated on, or tested on; at least one of the last two is evaluated."""
        found = {clip.split for clip in component.clips()}
        others = found - set(SPLITS)
        assert not others, f"the splits are train, val and test, not {', '.join(map(repr, others))}"
        assert found & {"val", "test"}, "no clip is of the split val or test, so nothing can be evaluated"

    def test_splits_share_nothing(self, component: Any) -> None:
        """A run stops where two splits share a clip or a source video: what was trained on would be tested."""
        clips = component.clips()
        shared = {
            "same-id": _shared((clip.split, clip.id) for clip in clips),
            "same-video": _shared((clip.split, clip.video or clip.id) for clip in clips),
        }
        for leak, keys in shared.items():
            if keys and leak not in self.acknowledge:
                hint = f'put all its clips into one split; if it cannot be mended, say acknowledge = ("{leak}",) in this test'
                pytest.fail(f"{keys[0]!r} is in two splits ({leak}); {hint}")

    def test_distinct_captions_are_distinct(self, component: Any) -> None:
        """Where it is registered with ``distinct_captions``, a caption in two splits is a leak that stops a run."""
        if not self.registered()[1].distinct_captions:
            pytest.skip("it is not registered with distinct_captions=True")
        shared = _shared((clip.split, " ".join(c.casefold().split())) for clip in component.clips() for c in clip.captions)
        assert not shared, f"the caption {shared[0]!r} is in two splits; register it without distinct_captions" if shared else ""

    def test_captions_have_text(self, component: Any) -> None:
        """Every clip is described by one caption at least, and none is blank."""
        for clip in component.clips():
            right = clip.captions and not isinstance(clip.captions, str) and all(c.strip() for c in clip.captions)
            assert right, f"clip {clip.id!r} has the captions {clip.captions!r}: a tuple of texts, or leave the clip out"

    def test_segments_lie_in_time(self, component: Any) -> None:
        """A clip that is a segment of its source video begins at 0 or later and ends after that."""
        for clip in component.clips():
            start, end = clip.start or 0.0, np.inf if clip.end is None else clip.end
            assert 0 <= start < end, f"clip {clip.id!r} lasts from {clip.start} to {clip.end} seconds: mend it or leave the clip out"

    def test_steps_follow_each_other(self, component: Any) -> None:
        """Steps have a text, are of whole rows, last, are in order of time, and are among the texts that localization places."""
        for clip in component.clips():
            for step in clip.steps:
                assert _is_whole(step.start) and _is_whole(step.end), f"clip {clip.id!r} has the step {step}: rows are whole numbers"  # noqa: PT018
                assert step.text.strip() and 0 <= step.start < step.end, f"clip {clip.id!r} has the step {step}: text, and rows that last"  # noqa: PT018
            starts = [step.start for step in clip.steps]
            assert starts == sorted(starts), f"the steps of clip {clip.id!r} begin at {starts}: sort them by time"
            others = {step.text for step in clip.steps} - set(clip.procedure) if clip.procedure else set()
            assert not others, f"clip {clip.id!r} shows {others}, which its procedure lacks: name every step text in it"
            assert all(text.strip() for text in clip.procedure), f"the procedure of clip {clip.id!r} has a step without text"

    def test_steps_lie_inside_their_clip(self, component: Any) -> None:
        """Rows of steps are rows of the clip's features: labels of rows that are not there would be lost."""
        for stream, clip, found in self.arrays(component):
            if stream == component.streams[0] and clip.steps:
                end = max(step.end for step in clip.steps)
                assert end <= len(found), f"clip {clip.id!r} has {len(found)} rows in {stream!r}, but a step that ends at row {end}"

    def test_the_same_clips_each_time(self, component: Any, tmp_path: Path) -> None:
        """The order of clips is that of batches and score matrices, in every process."""
        same = list(component.clips()) == list(component.clips()) == list(self.new(tmp_path).clips())
        assert same, "clips() gave other clips, or another order, when asked again; sort what comes from a set or a folder"

    def test_every_stream_can_be_read(self, component: Any) -> None:
        """Features come as an array a clip, time first, of one width a stream."""
        widths: dict[str, set[tuple[int, ...]]] = {stream: set() for stream in component.streams}
        for stream, clip, found in self.arrays(component):
            what = f"read({stream!r}, {clip.id!r})"
            assert isinstance(found, np.ndarray) and found.ndim >= 2, f"{what} gave no array [time, ...]: {type(found).__name__}"  # noqa: PT018
            assert found.dtype.kind in "fiu", f"{what} gave {found.dtype}: an array of numbers"
            assert found.dtype.kind != "f" or np.isfinite(found).all(), f"{what} gave numbers that are not finite"
            widths[stream].add(found.shape[1:])
        for stream, shapes in widths.items():
            hint = "give the sample features of the first clip of a split at least"
            assert shapes, f"no clip that was tried has features in {stream!r}; {hint}"
            assert len(shapes) == 1, f"the rows of {stream!r} have the shapes {sorted(shapes)}: one a stream"

    def test_the_same_features_each_time(self, component: Any, tmp_path: Path) -> None:
        """Features are read when they are needed, in any order, and in several processes."""
        again = self.new(tmp_path)
        for stream, clip, found in reversed(list(self.arrays(component))):
            assert np.array_equal(found, again.read(stream, clip)), f"read({stream!r}, {clip.id!r}) gave other numbers when asked again"

    def test_a_clip_without_features(self, component: Any) -> None:
        """``--on-missing`` decides about clips that a stream does not have: read() says so by a KeyError, and by nothing else."""
        for stream, clip in itertools.product(component.streams, self.some_clips(component)):
            try:
                found = component.read(stream, clip)
            except KeyError:
                continue
            except UserError as error:
                pytest.fail(f"read({stream!r}, {clip.id!r}): {error}; raise KeyError where a clip has no features")
            assert found is not None and len(found), f"read({stream!r}, {clip.id!r}) gave nothing: raise KeyError"  # noqa: PT018

    def test_files_are_there(self, component: Any) -> None:
        """A plan looks at size and time of the files, and reads none of them."""
        for path in component.files():
            assert isinstance(path, Path) and path.is_file(), f"files() names {path}, which is no file: return Paths of what is read"  # noqa: PT018

    def test_fingerprints_say_what_was_read(self, component: Any, tmp_path: Path) -> None:
        """Ids of trainings hash them: the same wherever the files lie, another when their content is."""
        found = dict(component.fingerprints())
        for name, value in found.items():
            assert isinstance(value, str) and value, f"the fingerprint of {name!r} is {value!r}: a hash, as text"  # noqa: PT018
            hint = "name a file without its folder, so that ids do not depend on where it lies"
            assert str(tmp_path) not in name, f"the fingerprint {name!r} is named by a path; {hint}"
        assert not component.files() or found, "it reads files but has no fingerprints(): hash each of them"
        assert found == dict(self.new(tmp_path).fingerprints()), "fingerprints() gave another answer when asked again"
        self._fingerprints_follow_the_content(tmp_path)

    def _fingerprints_follow_the_content(self, folder: Path) -> None:
        """The sample is written twice; what does not lie in it, such as annotations that are installed, is not touched."""
        here, there = folder / "written once", folder / "written twice"
        here.mkdir()
        there.mkdir()
        local, elsewhere = self.local_options(here), self.local_options(there)
        for path in there.rglob("*"):
            os.utime(path, (OTHER_TIME, OTHER_TIME))
        dataset = self.built_with(local)
        found, again = dict(dataset.fingerprints()), dict(self.built_with(elsewhere).fingerprints())
        hint = "hash the content alone, no path and no time"
        assert found == again, f"the same files in another folder have other fingerprints, {again}, not {found}; {hint}"
        for path in dataset.files():
            if path.resolve().is_relative_to(here.resolve()):
                assert self._fingerprints_with_a_byte_more(path, local) != found, (
                    f"a byte more in {path.name} changed no fingerprint: hash the content of each file, or old figures are used again"
                )

    def _fingerprints_with_a_byte_more(self, path: Path, local: Mapping[str, Any]) -> Mapping[str, str] | None:
        """What a new data set says; None where it refuses the file, so that no figures come of it."""
        kept = path.read_bytes()
        path.write_bytes(kept + b"\n")
        try:
            return dict(self.built_with(local).fingerprints())
        except UserError:
            return None
        finally:
            path.write_bytes(kept)

    def test_its_clock(self, component: Any) -> None:
        """Where it has ``seconds``, streams are aligned by it: a time a row, in order."""
        if not hasattr(component, "seconds"):
            pytest.skip("it has no seconds(): rows are taken to be spread evenly over a clip")
        for stream, clip, found in self.arrays(component):
            times = np.asarray(component.seconds(stream, clip), float)
            right = times.shape == (len(found),) and np.isfinite(times).all() and (np.diff(times) >= 0).all()
            assert right, f"seconds({stream!r}, {clip.id!r}) is not a time for each of {len(found)} rows, in order"

    def test_its_remarks(self, component: Any) -> None:
        """Where it has ``remarks``, each is a line under every table."""
        remarks = list(component.remarks()) if hasattr(component, "remarks") else []
        assert all(isinstance(line, str) and line for line in remarks), f"remarks() gave {remarks!r}: lines of text"

    def test_its_preset_can_be_used(self, tmp_path: Path) -> None:
        """The preset is what a run on this data set begins with, and its options may be overridden one by one."""
        plugins, registered = self.registered()
        if not registered.preset:
            pytest.skip("it is registered without a preset")
        self.new(tmp_path)
        try:
            resolve([{"data": {"type": registered.name, **self.options, **(self._local or {})}}], plugins)
        except ConfigError as error:
            wrong = [problem for problem in error.problems if not isinstance(problem, InfeasibleError)]  # too large for this machine
            assert not wrong, "the preset that it is registered with is refused:\n" + "\n".join(map(str, wrong))

    def test_its_locations_are_options(self) -> None:
        """Options that say where files lie are left out of ids, which hold the files' fingerprints."""
        plugins, registered = self.registered()
        others = set(registered.locations) - set(plugins.options(self.kind, registered.name))
        assert not others, f"it is registered with the locations {', '.join(others)}, which are no options of its factory"


def _is_whole(row: Any) -> bool:
    """Whether it can number a row; 3.0 cannot."""
    try:
        operator.index(row)
    except TypeError:
        return False
    return True


def _shared(pairs: Iterator[tuple[str, str]]) -> Sequence[str]:
    """The keys that occur with more than one split."""
    first: dict[str, str] = {}
    return [key for split, key in pairs if first.setdefault(key, split) != split]
