"""Breakfast, 50Salads and GTEA in MS-TCN's form: a small set by hand, what is told of broken ones, and a segmentation from end to end."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from helpers.cli import Cli, Results
from helpers.ms_tcn_made import LABELS, NAMES, WIDTH, write
from hypothesis import given
from hypothesis import strategies as st
from taco_bench_datasets.ms_tcn import MsTcn
from taco_bench_datasets.ms_tcn_files import read_labels, steps_of

from taco_bench.api import Clip, DataError, Step
from taco_bench.data.clips import check_clips

pytest_plugins = ("helpers.fixtures",)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "breakfast")


def test_a_set_by_hand(folder: Path) -> None:
    dataset = MsTcn(str(folder))
    clips = dataset.clips()
    check_clips(clips, "ms-tcn")
    steps = (Step("take cup", 2, 5, "take_cup"), Step("pour milk", 5, 6, "pour_milk"))
    assert clips[0] == Clip("P1_cereals", "train", ("breakfast",), "P1_cereals", steps)
    assert [(clip.id, clip.split) for clip in clips[1:]] == [("P2_cereals", "train"), ("P3_cereals", "test")]
    assert [step.label for step in clips[2].steps] == ["take_cup", "take_cup", "pour_milk"]
    assert dataset.streams == ("i3d",)
    assert dataset.stored
    np.testing.assert_array_equal(dataset.read("i3d", clips[0]), np.tile(np.arange(8)[:, None], WIDTH))
    np.testing.assert_allclose(dataset.seconds("i3d", clips[0]), (np.arange(8) + 0.5) / 15)
    assert dataset.remarks() == ["breakfast, split 1, every frame; 3 classes in mapping.txt, background is background"]
    assert set(dataset.fingerprints()) == {"mapping.txt", "train.split1.bundle", "test.split1.bundle", "groundTruth", "features i3d"}


def test_the_other_split(folder: Path) -> None:
    assert {clip.id: clip.split for clip in MsTcn(str(folder), split=2).clips()}["P1_cereals"] == "test"


def test_every_second_frame(folder: Path) -> None:
    """As MS-TCN reads 50Salads: features[:, ::2] and labels[::2]."""
    dataset = MsTcn(str(folder), every=2)
    clip = dataset.clips()[0]  # 0 1 1 0 of the frames 0, 2, 4, 6
    assert clip.steps == (Step("take cup", 1, 3, "take_cup"),)
    assert dataset.read("i3d", clip)[:, 0].tolist() == [0, 2, 4, 6]
    np.testing.assert_allclose(dataset.seconds("i3d", clip), (np.arange(0, 8, 2) + 0.5) / 30)


def test_the_shorter_of_features_and_labels_counts(tmp_path: Path) -> None:
    dataset = MsTcn(str(write(tmp_path / "gtea", {"P1_cereals": 4, "P2_cereals": 9})))
    short, long, same = dataset.clips()
    assert short.steps == (Step("take cup", 2, 4, "take_cup"),)
    assert len(dataset.read("i3d", short)) == 4
    assert len(dataset.read("i3d", long)) == 6
    assert same.steps[-1].end == 7
    told = "2 videos have more or fewer rows of features than labels, the shorter counts: "
    assert told + "P1_cereals (4 rows, 8 labels); P2_cereals (9 rows, 6 labels)" in dataset.remarks()


def test_background_by_name(folder: Path) -> None:
    clips = MsTcn(str(folder), background="background, take_cup").clips()
    assert {step.label for clip in clips for step in clip.steps} == {"pour_milk"}


def test_a_folder_above(folder: Path) -> None:
    assert len(MsTcn(str(folder.parent)).clips()) == 3
    write(folder.parent / "gtea")
    with pytest.raises(DataError, match=r"mapping\.txt lies in 2 folders"):
        MsTcn(str(folder.parent)).clips()


def test_labels_alone(folder: Path) -> None:
    """Without features the labels load; features that one lacks are said where they are read."""
    (folder / "features" / "P3_cereals.npy").unlink()
    dataset = MsTcn(str(folder))
    assert len(dataset.clips()[2].steps) == 3
    with pytest.raises(KeyError):
        dataset.read("i3d", dataset.clips()[2])
    for path in (folder / "features").iterdir():
        path.unlink()
    (folder / "features").rmdir()
    assert len(MsTcn(str(folder)).clips()) == 3
    with pytest.raises(DataError, match="no features of ms-tcn are named"):
        _ = MsTcn(str(folder)).streams


WRONG = [
    ("mapping.txt", "", "no class", "mapping.txt"),
    ("mapping.txt", "0 background\ntake_cup\n", "'take_cup' is no class", "line 2"),
    ("mapping.txt", "0 background\n0 take_cup\n", "second time", "line 2"),
    ("splits/train.split1.bundle", "", "is empty", "train.split1.bundle"),
    ("splits/train.split1.bundle", "P1_cereals.txt\nP1_cereals.txt\n", "occurs twice", "line 2"),
    (
        "splits/train.split1.bundle",
        "P1_cereals.txt\nP9_x.txt\nP8_x.txt\n",
        "2 of 4 listed videos have no labels: P9_x, P8_x",
        "groundTruth",
    ),
    ("groundTruth/P1_cereals.txt", "", "no label", "P1_cereals.txt"),
    ("groundTruth/P1_cereals.txt", "background\nfly\n", "the label 'fly' is not in mapping.txt", "line 2"),
    ("groundTruth/P1_cereals.txt", "background\n\ntake_cup\n", "the line is blank", "line 2"),
    ("groundTruth/P1_cereals.txt", b"background\n\xff\n", "is not UTF-8", "line 2"),
]


@pytest.mark.parametrize(("name", "content", "message", "where"), WRONG)
def test_a_file_that_is_wrong(folder: Path, name: str, content: str | bytes, message: str, where: str) -> None:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message) as caught:
        MsTcn(str(folder)).clips()
    assert where in caught.value.where
    assert caught.value.hint


def test_a_split_that_is_not_there(folder: Path) -> None:
    with pytest.raises(DataError, match=r"no train\.split9\.bundle") as caught:
        MsTcn(str(folder), split=9).clips()
    assert "1, 2" in caught.value.hint


def test_byte_order_marks_and_windows_lines(folder: Path) -> None:
    expected = MsTcn(str(folder)).clips()
    for path in [*folder.glob("*/*.txt"), *folder.glob("splits/*"), folder / "mapping.txt"]:
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert MsTcn(str(folder)).clips() == expected


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=30))
def test_steps_say_the_same_as_the_labels(labels: list[str]) -> None:
    found = ["background"] * len(labels)
    steps = steps_of(labels, {"background"})
    for step in steps:
        found[step.start : step.end] = [step.label] * (step.end - step.start)
    assert found == labels
    assert all(one.end < other.start or one.label != other.label for one, other in itertools.pairwise(steps))


def test_labels_as_they_are_written(folder: Path) -> None:
    assert read_labels(folder / "groundTruth" / "P2_cereals.txt", NAMES) == [NAMES[label] for label in LABELS["P2_cereals"]]


def test_status(cli: Cli, folder: Path) -> None:
    found = cli("data", "status", "ms-tcn", "--root", folder, "--json")
    assert found.code == 0, found.err
    assert json.loads(found.out)["summary"] == "complete"


def test_a_segmentation_from_end_to_end(cli: Cli, results: Results, tmp_path: Path) -> None:
    """Features that say the class: a linear head learns them, and background everywhere is right for a third."""
    draw = np.random.default_rng(0)
    root = tmp_path / "salads"
    for name in ("features", "groundTruth", "splits"):
        (root / name).mkdir(parents=True)
    (root / "mapping.txt").write_text("0 background\n1 take_cup\n2 pour_milk\n")
    videos = [f"v{number}" for number in range(24)]
    for video in videos:
        labels = np.repeat(draw.permutation(3), 8)
        (root / "groundTruth" / f"{video}.txt").write_text("".join(f"{NAMES[label]}\n" for label in labels))
        rows = np.zeros((2048, 24), np.float32)
        rows[labels, np.arange(24)] = 4
        np.save(root / "features" / f"{video}.npy", rows + draw.normal(0, 0.05, rows.shape).astype(np.float32))
    for part, names in (("train", videos[:16]), ("test", videos[16:])):
        (root / "splits" / f"{part}.split1.bundle").write_text("".join(f"{name}.txt\n" for name in names))
    model = {"width": 32, "heads": 2, "feedforward": 64, "dropout": 0, "video_layers": 1, "fusion_layers": 1, "max_video_tokens": 24}
    options = [f"data.root={root}", *(f"model.{key}={value}" for key, value in model.items())]
    options += ["train.batch_size=4", "train.threads=1", "task.epochs=20", "task.learning_rate=0.01", "task.batch_size=4", "task.window=24"]
    options += ["task.stride=12", "task.train_stride=12"]
    found = cli(
        *("run", "--data", "ms-tcn", "--text-encoder", "words", "--losses", "l1", "--tokens", "none", "--steps", 2, "--no-control"),
        *(part for option in options for part in ("--set", option)),
    )
    assert found.code == 0, found.err
    (cell,) = results.cells().values()
    assert cell["rows"]["all frames"]["accuracy"] > 90
    assert cell["controls"]["all background"]["accuracy"] == pytest.approx(100 / 3)
    assert "not held against chance: L1: 3 classes are too few to judge by permutation, which needs 7" in found.out
    assert "NOT ABOVE ITS CONTROL" not in found.out
    assert "3 classes in training with the background" in found.out
