"""The embedded data set, as it is shipped."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import taco_bench_datasets.babyai as module
from taco_bench_datasets.babyai import FOLDER, BabyAI

from taco_bench.api import Clip, DataError
from taco_bench.data.clips import check_clips, check_size
from taco_bench.plugins import load_plugins
from taco_bench.resolve import resolve

pytestmark = pytest.mark.skipif(not (FOLDER / "babyai.npz").is_file(), reason="the data set is not in this tree")


@pytest.fixture(scope="module")
def dataset() -> BabyAI:
    return BabyAI()


@pytest.fixture(scope="module")
def clips(dataset: BabyAI) -> list[Clip]:
    return dataset.clips()


def captions(clips: list[Clip], split: str) -> list[str]:
    return [caption for clip in clips if clip.split == split for caption in clip.captions]


def test_sizes_of_the_splits(clips: list[Clip]) -> None:
    sizes = Counter(clip.split for clip in clips)
    assert set(sizes) == {"train", "val", "test"}
    assert sizes["train"] >= 3000
    assert sizes["val"] >= 300
    assert sizes["test"] == 500


def test_it_passes_its_own_checks(clips: list[Clip]) -> None:
    check_clips(clips, "babyai")
    check_size(clips, "babyai", 64, 2)


def test_one_caption_a_clip(clips: list[Clip]) -> None:
    assert {len(clip.captions) for clip in clips} == {1}


@pytest.mark.parametrize("split", ["val", "test"])
def test_captions_that_are_queries_are_distinct(clips: list[Clip], split: str) -> None:
    """Two clips with one caption would make each the other's wrong answer."""
    texts = captions(clips, split)
    assert len(set(texts)) == len(texts)


def test_no_caption_is_in_two_splits(clips: list[Clip]) -> None:
    train, val, test = (set(captions(clips, split)) for split in ("train", "val", "test"))
    assert not train & test
    assert not train & val
    assert not val & test


def test_the_words_of_val_and_test_occur_in_train(clips: list[Clip]) -> None:
    """New sentences of known words: what is tested is their composition."""
    known = {word for caption in captions(clips, "train") for word in caption.split()}
    for split in ("val", "test"):
        assert {word for caption in captions(clips, split) for word in caption.split()} <= known


def test_the_order_is_always_the_same(clips: list[Clip]) -> None:
    assert BabyAI().clips() == clips


def test_frames(dataset: BabyAI, clips: list[Clip]) -> None:
    for clip in clips:
        frames = dataset.read("frames", clip)
        assert frames.ndim == 3
        assert frames.shape[1:] == (49, 3)
        assert frames.dtype == np.uint8
        assert len(frames) > 0


def test_steps_lie_within_their_frames_in_order(dataset: BabyAI, clips: list[Clip]) -> None:
    for clip in clips:
        end = 0
        assert clip.steps
        for step in clip.steps:
            assert step.text.strip()
            assert end <= step.start < step.end
            end = step.end
        assert end <= len(dataset.read("frames", clip))


def test_a_caption_of_one_step_is_its_step(clips: list[Clip]) -> None:
    joins = {"and", "then", "after"}
    plain = [clip for clip in clips if not joins & set(clip.captions[0].replace(",", " ").split())]
    single = [clip for clip in plain if len(clip.steps) == 1]
    assert len(single) > 100
    assert all(clip.steps[0].text == clip.captions[0] for clip in single)


def test_captions_of_several_steps_name_them_all(clips: list[Clip]) -> None:
    several = [clip for clip in clips if len(clip.steps) > 1]
    assert len(several) > 100
    for clip in several:
        assert all(step.text in clip.captions[0] for step in clip.steps)


def test_something_moves_in_most_clips(dataset: BabyAI, clips: list[Clip]) -> None:
    """Else the motion stream would be empty."""
    some = [dataset.read("frames", clip) for clip in clips[::20]]
    moving = [bool((frames[1:] != frames[:-1]).any()) for frames in some]
    assert np.mean(moving) > 0.95


def test_another_clip_is_a_key_error(dataset: BabyAI) -> None:
    with pytest.raises(KeyError):
        dataset.read("frames", Clip("no-such-clip", "train", ("a caption",)))


def test_fingerprints_name_the_files(dataset: BabyAI) -> None:
    fingerprints = dataset.fingerprints()
    assert set(fingerprints) == {"babyai.jsonl", "babyai.npz"}
    assert len(set(fingerprints.values())) == 2
    assert fingerprints == BabyAI().fingerprints()


def test_files_that_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FOLDER", tmp_path / "nowhere")
    with pytest.raises(DataError, match="cannot be read") as caught:
        BabyAI().clips()
    assert "reinstall" in caught.value.hint


def test_its_preset_resolves() -> None:
    plugins = load_plugins(third_party=False)
    experiment = resolve([{"data": "babyai", "tagger": "wordlist"}], plugins)
    assert [spec["type"] for spec in experiment.encoder] == ["tiles", "motion"]
    assert experiment.text_encoder["type"] == "tiny"
