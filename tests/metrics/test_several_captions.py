"""Several captions a video: owners, the best caption, and chance."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.metrics import best_caption_scores, caption_owners, permuted_recalls, retrieval_metrics

COUNTS = st.lists(st.integers(1, 4), min_size=1, max_size=6)


def test_owners_by_hand():
    assert caption_owners([2, 1, 3]).tolist() == [0, 0, 1, 2, 2, 2]


def test_best_caption_by_hand():
    scores = np.array([[1.0, 5.0, 3.0], [4.0, 2.0, 0.0]])
    assert best_caption_scores(scores, [0, 0, 1]).tolist() == [[5.0, 3.0], [4.0, 0.0]]


@given(COUNTS, st.integers(1, 5))
def test_best_caption_is_the_maximum_over_each_videos_captions(counts, queries):
    owners = caption_owners(counts)
    scores = np.random.default_rng(len(owners)).normal(size=(queries, len(owners))).astype(np.float32)
    found = best_caption_scores(scores, owners)
    assert found.dtype == scores.dtype
    expected = [[max(row[text] for text in range(len(owners)) if owners[text] == video) for video in range(len(counts))] for row in scores]
    np.testing.assert_array_equal(found, expected)


def test_one_caption_a_video_changes_nothing():
    scores = np.random.default_rng(0).normal(size=(5, 5)).astype(np.float32)
    np.testing.assert_array_equal(best_caption_scores(scores, caption_owners([1] * 5)), scores)
    plain = permuted_recalls(scores, 50, np.random.default_rng(1))
    np.testing.assert_array_equal(permuted_recalls(scores, 50, np.random.default_rng(1), positives=np.arange(5)), plain)


def test_permuted_galleries_of_several_captions():
    """A draw moves all captions of a video together: every draw is one of the galleries that there are, and none is left out."""
    owners = caption_owners([2, 1, 3])
    scores = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32)
    possible = {round(retrieval_metrics(scores, np.array(gallery)[owners], (1,))["R@1"], 3) for gallery in permutations(range(3))}
    draws = permuted_recalls(scores, 400, np.random.default_rng(3), (1,), owners)
    assert {round(float(value), 3) for value in draws[:, 0]} == possible
    assert draws.mean() == pytest.approx(100 / 3, abs=5 * draws.std() / 20)
