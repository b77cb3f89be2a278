"""The contract of readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from taco_bench.data.store.build import Source, build_store
from taco_bench.data.store.checked import Checker
from taco_bench.data.store.choose import recognised
from taco_bench.data.store.cuts import NAMES as CUTS
from taco_bench.data.store.opened import Store
from taco_bench.errors import PluginError, UserError
from taco_bench.plugins import load_plugins
from taco_bench.reporting import Silent
from taco_bench.testing.contract import Contract


class ReaderContract(Contract):
    """For readers: feature files as a code base writes them. A test overrides :meth:`sample`.

    Attributes:
        by_name_only: whether the form cannot be told from others by looking, so that ``recognise`` never claims a path.
    """

    kind: ClassVar[str] = "reader"
    members: ClassVar[tuple[str, ...]] = ("recognise", "open")
    by_name_only: ClassVar[bool] = False

    def sample(self, folder: Path) -> Path:
        """Write a small sample of the form, of two ids or more, and return the path that a user would give. To be overridden.

        Args:
            folder: empty, of this test alone.
        """
        pytest.fail(f"{type(self).__name__} has no sample: override sample(self, folder) to write small files of the form")

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """The path of the sample."""
        folder = tmp_path / "sample"
        folder.mkdir()
        return self.sample(folder)

    def test_its_own_form_is_recognised(self, component: Any, path: Path) -> None:
        """A path without a reader's name is opened by the only reader that says why it looks like its form."""
        why = component.recognise(path)
        assert isinstance(why, str), f"recognise() gave {why!r}: text, empty where the path is not of this form"
        hint = "set by_name_only = True in this test if the form cannot be told by looking"
        assert bool(why) != self.by_name_only, f"recognise() gave {why!r} for its own sample; {hint}"

    def test_other_forms_are_not_recognised(self, component: Any, tmp_path: Path) -> None:
        """Two readers that claim one path make the user choose: a reader claims what it knows."""
        for other in other_paths(tmp_path / "others"):
            try:
                why = component.recognise(other)
            except PluginError:
                raise
            except UserError:  # it looked into a broken file and says so
                continue
            assert why == "", f"recognise() gave {why!r} for {other.name}, which is no file of the form: look at names and headers"

    def test_no_other_reader_claims_its_form(self, path: Path) -> None:
        """Among all installed readers the sample's path must be claimed by this one alone."""
        if self.by_name_only:
            pytest.skip("the test says by_name_only = True: the form cannot be told by looking")
        others = set(recognised(path, load_plugins())) - {self.name}
        assert not others, f"the reader {', '.join(sorted(others))} claims the sample too: choose names or headers that tell them apart"

    def test_other_paths_are_refused(self, component: Any, tmp_path: Path) -> None:
        """Named for a path that is not of the form, it tells the user so by a DataError."""
        for other in other_paths(tmp_path / "others"):
            try:
                files = component.open(other)
                ids = list(files.ids())
            except Exception as error:
                if told(error):
                    continue
                pytest.fail(f"{error!r} for {other.name}, which is not of the form: raise a DataError that names file and remedy")
            assert not ids, f"open() found the ids {ids} in {other.name}, which is not of the form: raise a DataError"

    def test_streams_and_cut(self, component: Any, path: Path) -> None:
        """Streams are called by name; a segment is cut by the rule of the form's code base."""
        files = component.open(path)
        streams = list(files.streams)
        assert streams and all(isinstance(stream, str) and stream for stream in streams), f'streams is {streams!r}: one is ("features",)'  # noqa: PT018
        assert files.cut in CUTS, f"cut is {files.cut!r}: one of {', '.join(CUTS)}"

    def test_each_id_once(self, component: Any, path: Path) -> None:
        """A store holds an item an id, in the order of their names."""
        ids = list(component.open(path).ids())
        assert ids and all(isinstance(id, str) and id for id in ids), f"ids() gave {ids!r}: the names of videos or clips"  # noqa: PT018
        twice = sorted({id for id in ids if ids.count(id) > 1})
        assert not twice, f"ids() gave {twice} more than once"

    def test_rows_of_numbers(self, component: Any, path: Path) -> None:
        """Every item is [rows, width], finite as float16, of one width a stream; its rate or its times say when rows are."""
        files = component.open(path)
        for stream in files.streams:
            checker = Checker(str(path))
            for id in files.ids():
                track = _track(files, stream, id)
                if track is not None:
                    try:
                        checker.checked(id, track)
                    except UserError as error:
                        pytest.fail(f"read({stream!r}, {id!r}) cannot be stored: {error}")
            assert checker.width, f"no id has features in the stream {stream!r}, which the files are said to have"

    def test_an_id_that_is_not_there(self, component: Any, path: Path) -> None:
        """A stream may lack ids of another one: read() says so by a KeyError, and the id is counted as absent."""
        files = component.open(path)
        for stream in files.streams:
            found = _track(files, stream, "no such id")
            assert found is None, f"read({stream!r}) of an id that is not there gave something: raise KeyError"

    def test_files_are_there(self, component: Any, path: Path) -> None:
        """A store in the cache is made anew when one of these changes its size or time."""
        files = list(component.open(path).files())
        assert files, "files() names none: return every file that read() opens"
        for each in files:
            assert isinstance(each, Path) and each.is_file(), f"files() names {each}, which is no file: return Paths"  # noqa: PT018

    def test_the_same_numbers_each_time(self, component: Any, path: Path) -> None:
        """Items are read in any order, and again where two streams share a file."""
        first, second = component.open(path), component.open(path)
        assert list(first.ids()) == list(second.ids()), "ids() gave another order when the files were opened again; sort them"
        for stream in first.streams:
            read = [_track(first, stream, id) for id in first.ids()]
            again = [_track(second, stream, id) for id in reversed(list(first.ids()))][::-1]
            for a, b in zip(read, again, strict=True):
                same = (a is None) == (b is None) and (a is None or b is None or np.array_equal(a.values, b.values))
                assert same, f"read({stream!r}) gave other numbers when asked again, in another order"

    def test_a_store_can_be_built(self, component: Any, path: Path, tmp_path: Path) -> None:
        """``features build`` copies every item into a store, which must give the numbers back."""
        files = component.open(path)
        for number, stream in enumerate(files.streams):
            folder = tmp_path / f"store-{number}"
            build_store(folder, Source(files, stream, path, self.name or "under-test"), stream, Silent())
            store = Store(folder)
            for id in store:
                expected = np.asarray(files.read(stream, id).values, np.float16)
                assert np.array_equal(store.track(id).values, expected), f"the store gives other numbers for {id!r} of {stream!r}"

    def test_a_file_that_is_cut_off(self, component: Any, path: Path) -> None:
        """A copy that stopped midway is told to the user, by a DataError that names the file, and never by a crash."""
        for each in component.open(path).files():
            whole = each.read_bytes()
            each.write_bytes(whole[: len(whole) // 2])
            try:
                files = component.open(path)
                for stream in files.streams:
                    for id in files.ids():
                        _track(files, stream, id)
            except Exception as error:
                if told(error):
                    continue
                pytest.fail(f"{error!r} where {each.name} is cut off in the middle: raise a DataError that names the file")
            finally:
                each.write_bytes(whole)


def told(error: Exception) -> bool:
    """Whether an error tells the user what to do; a PluginError is a crash that the core caught."""
    return isinstance(error, UserError) and not isinstance(error, PluginError)


def _track(files: Any, stream: str, id: str) -> Any:
    """The features of an id, None where the stream has not got it."""
    try:
        return files.read(stream, id)
    except KeyError:
        return None


def other_paths(folder: Path) -> list[Path]:
    """Paths that are no features at all: an empty folder, one with a text, a text, and a picture's first bytes."""
    for name in ("empty", "texts"):
        (folder / name).mkdir(parents=True)
    (folder / "texts" / "README").write_text("read me", encoding="utf-8")
    (folder / "notes.txt").write_text("a few words\n", encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    return [folder / "empty", folder / "texts", folder / "notes.txt", folder / "picture.png"]
