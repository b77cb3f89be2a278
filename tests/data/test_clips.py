"""What is wrong with a data set is said with the clip and what to do."""

from collections.abc import Sequence

import pytest

from taco_bench.api import Clip
from taco_bench.data.clips import check_clips, check_size
from taco_bench.errors import DataError


def clip(id_: str, split: str = "train", *captions: str, video: str = "") -> Clip:
    return Clip(id_, split, captions or ("a caption",), video=video)


def problem(*clips: Clip) -> DataError:
    with pytest.raises(DataError) as caught:
        check_clips(clips, "data set mine")
    assert caught.value.where == "data set mine"
    assert caught.value.hint
    assert caught.value.exit_code == 3
    return caught.value


def test_good_clips() -> None:
    clips = [clip("a"), clip("b", "train", "one", "two"), clip("c", "val"), clip("d", "test"), clip("e", "test", "a caption")]
    check_clips(clips, "data set mine")


def test_clips_of_one_video_in_one_split() -> None:
    check_clips([clip("a1", video="a"), clip("a2", video="a"), clip("b1", "test", video="b")], "data set mine")


def test_an_id_that_occurs_twice() -> None:
    error = problem(clip("a"), clip("b7"), clip("b7"), clip("b7"))
    assert "'b7'" in error.what
    assert "3 times" in error.what
    assert "id" in error.hint


@pytest.mark.parametrize("split", ["", "training", "Train", "validation"])
def test_an_unknown_split(split: str) -> None:
    error = problem(clip("a"), clip("b7", split))
    assert "'b7'" in error.what
    assert repr(split) in error.what
    assert all(known in error.hint for known in ("train", "val", "test"))


@pytest.mark.parametrize("captions", [(), ("",), ("  \t\n",), ("good", ""), ("", "good"), ("\u3000",)])
def test_an_empty_caption(captions: Sequence[str]) -> None:
    error = problem(clip("a"), Clip("b7", "train", tuple(captions)))
    assert "'b7'" in error.what
    assert "empty caption" in error.what
    assert "leave the clip out" in error.hint


def test_what_splits_share_is_looked_at_elsewhere() -> None:
    """By :mod:`taco_bench.leakage`, which a run can be told to go on after."""
    check_clips([clip("a1", "train", video="v9"), clip("a2", "test", video="v9"), clip("b7"), clip("b7", "val")], "data set mine")


def clips_of(train: int, test: int = 9) -> list[Clip]:
    return [clip(f"t{at}") for at in range(train)] + [clip(f"e{at}", "test") for at in range(test)]


@pytest.mark.parametrize(("train", "batch", "negatives"), [(8, 8, 7), (9, 8, 2), (8, 8, None), (2, 2, 1)])
def test_large_enough(train: int, batch: int, negatives: int | None) -> None:
    check_size(clips_of(train), "data set mine", batch, negatives)


def test_smaller_than_a_batch() -> None:
    with pytest.raises(DataError, match=r"7 clips, but a batch has 8") as caught:
        check_size(clips_of(7, test=50), "data set mine", 8, 2)
    assert caught.value.hint == "--set train.batch_size=7"
    assert caught.value.where == "data set mine"


def test_no_training_clips() -> None:
    """A smaller batch would not help."""
    with pytest.raises(DataError, match="no training clips") as caught:
        check_size(clips_of(0), "data set mine", 8, 2)
    assert "--init TRAINING --steps 0" in caught.value.hint
    assert "batch_size" not in caught.value.hint


def test_the_hint_for_a_batch_is_enough() -> None:
    check_size(clips_of(7), "data set mine", 7, 2)


def test_fewer_than_the_negatives() -> None:
    with pytest.raises(DataError, match=r"5 clips.* 8 negatives.* at least 9") as caught:
        check_size(clips_of(5, test=50), "data set mine", 4, 8)
    assert "sampler.hard_negatives" in caught.value.hint


def test_without_fusion_negatives_do_not_count() -> None:
    check_size(clips_of(4), "data set mine", 4, None)


def test_the_remedy_is_one_that_every_sampler_has() -> None:
    """A sampler of all pairs has K - 1 negatives and no option to make them fewer: the batch is too large."""
    with pytest.raises(DataError) as caught:
        check_size(clips_of(20), "data set mine", 32, 31)
    assert "train.batch_size=20" in caught.value.hint
