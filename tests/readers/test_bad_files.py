"""Broken files in each form: told by file, id and remedy, before anything counts as a store."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from helpers.feature_forms import FORMS, ODD, Change, Made, howto100m_npy, univl_csv

from taco_bench.api import DataError, UserError, open_streams
from taco_bench.data.store.build import Source, build_store
from taco_bench.data.store.choose import choose_reader
from taco_bench.plugins import load_plugins
from taco_bench.reporting import Silent

FILE_EACH = ("npy_folder", "mlds", "bmt", "crosstask", "ms_tcn", "howto100m_npy", "univl_csv", "mmt")
"""Forms with a file of its own for each item."""
SEVERAL_ROWS = ("npy_folder", "mlds", "bmt", "crosstask", "ms_tcn", "howto100m_npy", "univl_csv", "univl_pickle", "mmt")
"""Forms whose first stream has [rows, width]; the others' is pooled."""


@pytest.fixture(autouse=True)
def _own_cache(empty_cache: Path) -> None:
    pass


def stores(tmp_path: Path, made: Made, on_bad: Any = "error") -> dict[str, Any]:
    """A store of each stream."""
    chosen = choose_reader(made.path, made.reader, load_plugins())
    return {
        stream: build_store(tmp_path / "out" / stream, Source(chosen.files, stream, made.path, made.reader), stream, Silent(), on_bad)
        for stream in chosen.files.streams
    }


def refused(tmp_path: Path, made: Made, *words: str) -> DataError:
    """Building fails with a message that has all the words and a remedy, and leaves no store behind."""
    with pytest.raises(DataError) as caught:
        stores(tmp_path, made)
    message = "\n".join(caught.value.lines())
    assert str(made.path.parent if made.path.suffix == ".csv" else made.path) in message  # of a table's file, or of the table
    assert caught.value.hint
    for word in words:
        assert word in message, message
    for folder in (tmp_path / "out").glob("*"):  # an earlier stream may be whole
        assert (folder / "store.json").is_file() or not list(folder.rglob("*.npy"))
    return caught.value


def spoil(how: Callable[[np.ndarray], Any]) -> Change:
    return lambda stream, id, array: how(array) if id == ODD else array


def with_nan(array: np.ndarray) -> np.ndarray:
    wrong = array.copy()
    wrong[..., -1] = np.nan
    return wrong


@pytest.mark.parametrize("form", FORMS)
def test_nan(form: str, tmp_path: Path) -> None:
    made = FORMS[form](tmp_path / "set", spoil(with_nan))
    refused(tmp_path, made, "not finite in row 0", ODD, "--on-bad skip")
    cards = stores(tmp_path, made, "skip")
    for card in cards.values():
        (id,) = card.skipped
        assert id.removesuffix("_0") == ODD
        assert "not finite" in card.skipped[id]
        assert card.items == 2


@pytest.mark.parametrize("form", FORMS)
def test_too_large_for_float16(form: str, tmp_path: Path) -> None:
    def large(array: np.ndarray) -> np.ndarray:
        wrong = array.astype(np.float32)
        wrong[..., -1] = -70000
        return wrong

    refused(tmp_path, FORMS[form](tmp_path / "set", spoil(large)), "70000", "65504", ODD, "scale")


@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_width(form: str, tmp_path: Path) -> None:
    if form == "ms_tcn":  # its width is the first axis
        made = FORMS[form](tmp_path / "set", spoil(lambda a: a[:-1]))
        refused(tmp_path, made, "2047", f"{ODD}.npy")
        return
    made = FORMS[form](tmp_path / "set", spoil(lambda a: a[..., :-1]))
    refused(tmp_path, made, "wide", ODD)


@pytest.mark.parametrize("form", SEVERAL_ROWS)
def test_a_transposed_array(form: str, tmp_path: Path) -> None:
    """One that is turned round among others that are not."""
    made = FORMS[form](tmp_path / "set", spoil(lambda a: np.ascontiguousarray(a.T)))
    words = () if form == "mmt" else ("not [2048, rows]",) if form == "ms_tcn" else ("transposed",)
    refused(tmp_path, made, ODD, *words)


@pytest.mark.parametrize("form", ["npy_folder", "univl_csv", "univl_pickle", "howto100m_npy", "crosstask"])
def test_all_transposed(form: str, tmp_path: Path) -> None:
    made = FORMS[form](tmp_path / "set", lambda stream, id, a: np.ascontiguousarray(a.T))
    error = refused(tmp_path, made)
    assert "transposed" in error.what + error.hint  # and not in the name of this test's folder alone


@pytest.mark.parametrize("form", SEVERAL_ROWS)
def test_no_row(form: str, tmp_path: Path) -> None:
    made = FORMS[form](tmp_path / "set", spoil(lambda a: a[:, :0] if form == "ms_tcn" else a[:0]))
    if form == "mmt":  # an expert that found nothing: such as no speech
        assert {card.absent for card in stores(tmp_path, made).values()} == {1}
    else:
        refused(tmp_path, made, "no row", ODD)


@pytest.mark.parametrize("form", FORMS)
def test_no_numbers(form: str, tmp_path: Path) -> None:
    def wrong(array: np.ndarray) -> Any:
        if form == "howto100m_torch":
            return array[None, None]  # a tensor is always numbers
        return np.full(array.shape, b"x" if form == "mmt" else "x")

    if form == "howto100m_torch":
        made = FORMS[form](tmp_path / "set", spoil(wrong))
        refused(tmp_path, made, "[1, 1, 9]")
        return
    refused(tmp_path, FORMS[form](tmp_path / "set", spoil(wrong)), ODD)


@pytest.mark.parametrize("form", ["univl_pickle", "howto100m_pickle", "ce"])
def test_rows_of_several_widths(form: str, tmp_path: Path) -> None:
    made = FORMS[form](tmp_path / "set", spoil(lambda a: [[1.0, 2.0], [3.0]]))
    refused(tmp_path, made, "features are no array", "inhomogeneous", ODD)
    for card in stores(tmp_path, made, "skip").values():
        assert [id.removesuffix("_0") for id in card.skipped] == [ODD]


def item_file(made: Made) -> Path:
    """The file of the odd item in a form with one each."""
    folder = made.path.parent if made.path.suffix == ".csv" else made.path
    return next(path for path in sorted(folder.rglob("*")) if path.name.startswith(ODD) and path.is_file())


@pytest.mark.parametrize("keep", [0, 20, -1, -50])
@pytest.mark.parametrize("form", FORMS)
def test_truncated_and_empty(form: str, keep: int, tmp_path: Path) -> None:
    made = FORMS[form](tmp_path / "set")
    path = next(made.path.rglob("*.pickle")) if form == "ce" else item_file(made) if form in FILE_EACH else made.path
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError) as caught:
        stores(tmp_path, made)
    assert str(path) in "\n".join(caught.value.lines())
    assert caught.value.hint
    assert keep or "is empty" in caught.value.what


@pytest.mark.parametrize("form", ["howto100m_npy", "univl_csv"])
def test_a_file_that_a_table_names_is_missing(form: str, tmp_path: Path) -> None:
    made = FORMS[form](tmp_path / "set")
    path = item_file(made)
    path.unlink()
    refused(tmp_path, made, "missing", str(path))
    (card,) = stores(tmp_path, made, "skip").values()
    assert list(card.skipped) == [ODD]


@pytest.mark.parametrize("form", FORMS)
def test_the_path_is_missing(form: str, tmp_path: Path) -> None:
    made = FORMS[form](tmp_path / "set")
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(DataError) as caught:
            choose_reader(path, made.reader, load_plugins()).files.ids()
        assert str(path) in "\n".join(caught.value.lines())


@pytest.mark.parametrize("form", ["bmt", "mmt", "ce"])
def test_an_id_that_one_stream_lacks_is_counted(form: str, tmp_path: Path) -> None:
    stream = {"bmt": "flow", "mmt": "audio", "ce": "i3d"}[form]
    made = FORMS[form](tmp_path / "set", lambda s, id, array: None if (s, id) == (stream, ODD) else array)
    cards = stores(tmp_path, made)
    assert {name: card.absent for name, card in cards.items()} == {name: int(name == stream) for name in cards}
    assert cards[stream].items == 2


@pytest.mark.parametrize("form", ["univl_pickle", "howto100m_pickle", "ce"])
@pytest.mark.parametrize("where", ["whole", "value"])
def test_a_pickle_that_runs_code(form: str, where: str, tmp_path: Path) -> None:
    mark = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {mark}",)

    made = FORMS[form](tmp_path / "set", spoil(lambda a: Evil()) if where == "value" else lambda s, id, a: a)
    if where == "whole":
        path = next(made.path.rglob("*.pickle")) if form == "ce" else made.path
        path.write_bytes(pickle.dumps(Evil()))
    error = refused(tmp_path, made, "posix.system" if os.name == "posix" else "system", "refused")
    assert "do not open it by other means" in error.hint
    assert not mark.exists()


@pytest.mark.parametrize("legacy", [False, True])
def test_a_torch_file_that_runs_code(legacy: bool, tmp_path: Path) -> None:
    mark = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {mark}",)

    made = FORMS["howto100m_torch"](tmp_path / "set")
    torch.save({"2d": {"a": Evil()}, "3d": {}}, made.path, _use_new_zipfile_serialization=not legacy)
    refused(tmp_path, made, "refused", "do not open it by other means")
    assert not mark.exists()


@pytest.mark.parametrize("form", ["npy_folder", "bmt", "crosstask", "univl_csv"])
def test_an_array_of_objects_is_not_unpickled(form: str, tmp_path: Path) -> None:
    mark = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {mark}",)

    made = FORMS[form](tmp_path / "set")
    path = item_file(made)
    np.save(path, np.array([Evil()], dtype=object), allow_pickle=True)
    refused(tmp_path, made, "Object arrays cannot be loaded", str(path))
    assert not mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        lambda s: b"\xef\xbb\xbf" + s.encode(),
        lambda s: s.replace("\n", "\r\n").encode(),
        lambda s: b"\xef\xbb\xbf" + s.replace("\n", "\r\n").encode() + b"\r\n\r\n",
        lambda s: s.rstrip("\n").encode(),
        lambda s: s.replace(",", " , ").encode(),
    ],
    ids=["BOM", "CRLF", "BOM, CRLF and empty lines", "no last line end", "blanks"],
)
@pytest.mark.parametrize("form", [howto100m_npy, univl_csv])
def test_tables_as_they_come(form: Callable[..., Made], text: Callable[[str], bytes], tmp_path: Path) -> None:
    made = form(tmp_path / "set", text=text)
    streams = open_streams(f"features={made.path}")
    for id, array in made.streams["features"].items():
        np.testing.assert_array_equal(streams.rows("features", id), array)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("empty",)),
        (b"video_id\nv1\n", ("columns video_id",)),
        (b"video_path,feature_path,video_id,feature_file\n", ("no rows",)),
        (b"video_path,feature_path,video_id,feature_file\nv1.mp4,x.npy,v1,x.npy\nv2.mp4\n", ("line 3",)),
        (b"video_path,feature_path,video_id,feature_file\nv1.mp4,x.npy,v1,x.npy\nv1.mp4,y.npy,v1,y.npy\n", ("line 3", "'v1'", "twice")),
        (b"video_path,feature_path,video_id,feature_file\nv\xe9.mp4,x.npy,v\xe9,x.npy\n", ("UTF-8", "line 2")),
    ],
    ids=["empty", "columns", "rows", "short row", "twice", "latin-1"],
)
@pytest.mark.parametrize("form", [howto100m_npy, univl_csv])
def test_tables_that_cannot_be_used(form: Callable[..., Made], content: bytes, words: tuple[str, ...], tmp_path: Path) -> None:
    made = form(tmp_path / "set")
    made.path.write_bytes(content)
    refused(tmp_path, made, *words)


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("univl_pickle", []),
        ("univl_pickle", {}),
        ("univl_pickle", {1: np.zeros((2, 2))}),
        ("univl_pickle", {"a": "text"}),
        ("univl_pickle", {"a": None}),
        ("howto100m_pickle", {}),
        ("howto100m_pickle", []),
        ("howto100m_pickle", [{"id": "a", "2d": np.zeros(3)}]),
        ("howto100m_pickle", [1]),
        ("howto100m_pickle", [{"id": "a_0", "2d": np.zeros(3), "3d": np.zeros(3)}] * 2),
    ],
)
def test_pickles_of_another_shape(form: str, content: Any, tmp_path: Path) -> None:
    made = FORMS[form](tmp_path / "set")
    made.path.write_bytes(pickle.dumps(content))
    refused(tmp_path, made)


@pytest.mark.parametrize("content", [[1], {"2d": {}}, {"2d": {"a": 1}, "3d": {"a": 2}}, {"2d": [1], "3d": [2]}])
def test_torch_files_of_another_shape(content: Any, tmp_path: Path) -> None:
    made = FORMS["howto100m_torch"](tmp_path / "set")
    torch.save(content, made.path)
    refused(tmp_path, made)


def test_an_h5_file_with_a_wrong_key(tmp_path: Path) -> None:
    made = FORMS["mmt"](tmp_path / "set")
    path = item_file(made)
    with h5py.File(path, "w") as file:
        file["feature_s3d"] = np.zeros((3, 6))
    refused(tmp_path, made, "feature_s3d", str(path), ODD)


def test_h5_times_that_do_not_fit(tmp_path: Path) -> None:
    made = FORMS["mmt"](tmp_path / "set")
    with h5py.File(item_file(made), "a") as file:
        del file["features_t.s3d"]
        file["features_t.s3d"] = np.zeros((3, 2))
    refused(tmp_path, made, "features_t", ODD)


def test_two_experts_of_one_name(tmp_path: Path) -> None:
    made = FORMS["ce"](tmp_path / "set")
    source = next(made.path.rglob("i3d-avg.pickle"))
    other = made.path / "aggregated_i3d_25fps_224px_stride1_offset0" / source.name
    other.parent.mkdir()
    other.write_bytes(source.read_bytes())
    refused(tmp_path, made, str(other))


class TestUnrecognised:
    """What no reader recognises says why, and by which option it was named."""

    def told(self, path: Path, option: str = "--from") -> DataError:
        with pytest.raises(DataError) as caught:
            choose_reader(path, "", load_plugins(), option)
        assert str(path) in "\n".join(caught.value.lines())
        assert caught.value.hint
        return caught.value

    @pytest.mark.parametrize("name", ["a.pkl", "a.pth", "a.npy", "a.h5", "a.csv", "features"])
    def test_an_empty_file(self, name: str, tmp_path: Path) -> None:
        (tmp_path / name).write_bytes(b"")
        error = self.told(tmp_path / name)
        assert (error.what, error.where) == (f"no reader recognises {tmp_path / name}: the file is empty", "--from")

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        (tmp_path / "set").mkdir()
        assert self.told(tmp_path / "set").what == f"no reader recognises {tmp_path / 'set'}: the folder is empty"
        with pytest.raises(DataError, match="is empty") as caught:
            open_streams(f"s3d={tmp_path / 'set'}")
        assert caught.value.where == "data.features"

    def test_a_reader_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "set").mkdir()
        for text in (f"s3d={tmp_path / 'set'}:nyp-folder", f"s3d={tmp_path / 'set'}:npy-folder:fast:no"):
            with pytest.raises(UserError) as caught:
                open_streams(text)
            assert caught.value.where == "data.features"
        with pytest.raises(UserError) as caught:
            choose_reader(tmp_path / "set", "nyp-folder", load_plugins(), "--from")
        assert caught.value.where == "--reader"

    def test_anything_else(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("hello")
        error = self.told(tmp_path / "a.txt")
        assert (error.what, error.where) == (f"no reader recognises {tmp_path / 'a.txt'}", "--from")
        assert self.told(tmp_path / "none").where == "--from"

    @pytest.mark.parametrize(
        ("name", "save"),
        [
            ("a.pth", torch.save),
            ("a.pth.tar", torch.save),
            ("a.pt", lambda found, path: torch.save(found, path, _use_new_zipfile_serialization=False)),
            ("a.pkl", lambda found, path: path.write_bytes(pickle.dumps(found))),
            ("a.features", lambda found, path: path.write_bytes(pickle.dumps(found))),
        ],
    )
    def test_what_runs_code_is_refused_and_says_so(self, name: str, save: Callable[..., Any], tmp_path: Path) -> None:
        mark, path = tmp_path / "ran", tmp_path / name

        class Evil:
            def __reduce__(self) -> Any:
                return os.system, (f"touch {mark}",)

        save({"a": Evil()}, path)
        error = self.told(path)
        assert "refused" in error.what
        assert "system" in error.what
        assert "do not open it by other means" in error.hint
        assert "add_safe_globals" not in error.what
        assert not mark.exists()

    def test_a_sound_torch_file_of_another_form(self, tmp_path: Path) -> None:
        torch.save({"a": torch.zeros(3)}, tmp_path / "a.pth")
        assert self.told(tmp_path / "a.pth").what == f"no reader recognises {tmp_path / 'a.pth'}"
