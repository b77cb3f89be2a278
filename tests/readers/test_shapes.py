"""What headers of ``.npy`` files say of their axes: sets that are turned round, arrays of one axis, and what is taken as the width."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from taco_bench_readers import shapes as looked
from taco_bench_readers.npy import NpyFolder
from taco_bench_readers.special import MsTcn

from taco_bench.api import DataError, open_streams
from taco_bench.cli.main import call


def saved(folder: Path, *shapes: tuple[int, ...]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, shape in enumerate(shapes):
        np.save(folder / f"v{number}.npy", np.ones(shape, np.float16))
    return folder


def test_a_set_that_is_turned_round_is_refused_and_the_reader_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"look transposed: v0.npy is \[512, 40\], v1.npy \[512, 30\]") as caught:
        NpyFolder().open(saved(tmp_path / "f", (512, 40), (512, 30), (512, 40))).ids()
    assert "ms-tcn" in caught.value.hint


def test_and_the_reader_turns_it_whatever_its_width(tmp_path: Path) -> None:
    files = MsTcn(30.0).open(saved(tmp_path / "f", (512, 40), (512, 30)))
    track = files.read("features", "v1")
    assert track.values.shape == (30, 512)
    assert track.rate == 30.0


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        (((40, 512), (30, 512)), "v0.npy [40, 512]: 512 taken as the width"),
        (((40, 512), (40, 512)), "v0.npy [40, 512]: 512 taken as the width"),
        (((512, 40), (512, 40)), "v0.npy [512, 40]: 40 taken as the width, though all files have this shape and 512 is a common width; "),
        (((7, 6), (7, 6)), "v0.npy [7, 6]: 6 taken as the width, though all files have this shape"),
        (((7, 6),), "v0.npy [7, 6]: 6 taken as the width"),
    ],
)
def test_what_is_taken_as_the_width_is_said(tmp_path: Path, shapes: tuple[tuple[int, int], ...], told: str) -> None:
    found = NpyFolder().recognise(saved(tmp_path / "f", *shapes))
    assert found.startswith(f"files ID.npy, such as {told}")
    assert ("ms-tcn" in found) == told.endswith("; ")


@pytest.mark.parametrize("shape", [(512,), (0, 512), (512, 0), (3, 4, 5)])
def test_one_axis_or_no_row_is_malformed(tmp_path: Path, shape: tuple[int, ...], capsys: pytest.CaptureFixture[str]) -> None:
    folder = saved(tmp_path / "f", (40, 512), shape, (30, 512))
    build = ["features", "build", "--from", str(folder), "--stream", "s3d-hm", "--out", str(tmp_path / "store")]
    assert call(build) == 3
    said = capsys.readouterr().err
    assert "v1" in said
    assert "--on-bad skip" in said
    assert call([*build, "--on-bad", "skip"]) == 0
    assert "1 malformed ids were skipped, the first is v1" in capsys.readouterr().out


def test_a_set_that_is_turned_round_cannot_be_skipped_into_a_store(tmp_path: Path) -> None:
    folder = saved(tmp_path / "f", (512, 40), (512, 30))
    command = ["features", "build", "--from", str(folder), "--stream", "x", "--out", str(tmp_path / "store"), "--on-bad", "skip"]
    assert call(command) == 3
    assert not (tmp_path / "store" / "store.json").exists()


@given(st.lists(st.tuples(st.integers(1, 50), st.just(12)), min_size=1, max_size=5))
def test_rows_by_width_is_never_refused(tmp_path_factory: pytest.TempPathFactory, shapes: list[tuple[int, int]]) -> None:
    folder = saved(tmp_path_factory.mktemp("f"), *shapes)
    looked.refuse_transposed(sorted(folder.iterdir()), folder)


def test_mmpts_first_32_rows(tmp_path: Path) -> None:
    folder = saved(tmp_path / "f", (40, 512), (7, 512))
    np.save(folder / "v0.npy", np.arange(40, dtype=np.float32)[:, None].repeat(512, 1))
    streams = open_streams(f"s3d-hm={folder}:mmpt-first32")
    assert streams.rows("s3d-hm", "v0")[:, 0].tolist() == list(range(32))
    assert streams.rows("s3d-hm", "v1").shape == (7, 512)
    assert streams.rows("s3d-hm", "v0", start=10.0, end=12.0)[:, 0].tolist() == [10, 11]
    assert len(open_streams(f"s3d-hm={folder}").rows("s3d-hm", "v0")) == 40
