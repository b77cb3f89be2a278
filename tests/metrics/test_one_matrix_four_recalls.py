"""One similarity matrix, four R@1s: made matrices on which the rules in public use differ, and what is right.

1,000 queries and as many videos each. "Optimistic" and "averaging" are other systems' rules, here to show that each case tells rules apart.
"""

import numpy as np
import pytest
import torch

from taco_bench.errors import DataError
from taco_bench.metrics import retrieval_metrics

SIZE = 1000
PAIRS = 200


def optimistic(scores):
    return 100 * np.mean((scores > np.diag(scores)[:, None]).sum(axis=1) == 0)


def averaging(scores):
    own = np.diag(scores)[:, None]
    return 100 * np.mean((scores > own).sum(axis=1) + ((scores == own).sum(axis=1) - 1) / 2 == 0)


def diagonal_rule(scores):
    """Sorted, and compared with the diagonal's score; a tied query is listed once for each tied position."""
    ranked, own = -np.sort(-scores, axis=1), np.diag(scores)[:, None]
    positions = np.where(ranked == own)[1]
    return 100 * np.mean(positions == 0)


def signal(pairs=0, width=16):
    """[texts, videos], cosines of texts that are noisy copies of their videos; of the first ``pairs`` pairs of videos both are the same."""
    draw = np.random.default_rng(0)
    video = draw.normal(size=(SIZE, width))
    video[1 : 2 * pairs : 2] = video[: 2 * pairs : 2]  # videos 0 and 1, 2 and 3, ...
    text = video + 0.75 * draw.normal(size=(SIZE, width))
    scores = text @ video.T / np.outer(np.linalg.norm(text, axis=1), np.linalg.norm(video, axis=1))
    scores[:, 1 : 2 * pairs : 2] = scores[:, : 2 * pairs : 2]  # to the last bit
    return scores


def test_all_scores_equal_is_chance():
    scores = np.full((SIZE, SIZE), 0.3, np.float32)
    found = retrieval_metrics(scores)
    assert found == pytest.approx({"R@1": 0.1, "R@5": 0.5, "R@10": 1.0, "MedR": 500.5, "MeanR": 500.5, "ties": 100.0})
    assert retrieval_metrics(scores, convention="howto100m")["R@1"] == pytest.approx(0.1)
    assert (optimistic(scores), averaging(scores)) == (100.0, 0.0)


def test_random_yes_or_no_is_chance():
    scores = np.random.default_rng(0).integers(0, 2, (SIZE, SIZE)).astype(bool)
    found = retrieval_metrics(scores)
    assert found["R@1"] == pytest.approx(0.1, abs=0.02)
    assert found["R@10"] == pytest.approx(1.0, abs=0.2)
    assert found["ties"] == 100.0
    assert optimistic(scores) == pytest.approx(50, abs=5)
    assert averaging(scores) == 0.0


def test_a_clean_signal_is_the_same_under_every_rule():
    scores = signal()
    plain = 100 * np.mean(scores.argmax(axis=1) == np.arange(SIZE))
    found = retrieval_metrics(scores)
    assert 10 < plain < 90
    assert found["R@1"] == pytest.approx(plain)
    assert found["R@10"] == pytest.approx(100 * np.mean((scores.argsort(axis=1)[:, -10:] == np.arange(SIZE)[:, None]).any(axis=1)))
    assert found["ties"] == 0.0
    assert optimistic(scores) == averaging(scores) == diagonal_rule(scores) == pytest.approx(plain)


def test_pairs_of_identical_videos_share_a_hit():
    scores = signal(PAIRS)
    distinct = np.concatenate([scores[:, : 2 * PAIRS : 2], scores[:, 2 * PAIRS :]], axis=1)
    own = np.concatenate([np.arange(2 * PAIRS) // 2, np.arange(2 * PAIRS, SIZE) - PAIRS])
    hit = distinct.argmax(axis=1) == own
    paired = np.arange(SIZE) < 2 * PAIRS
    found = retrieval_metrics(scores)
    assert found["R@1"] == pytest.approx(100 * np.mean(hit * np.where(paired, 0.5, 1.0)))
    assert found["ties"] == 100 * 2 * PAIRS / SIZE
    as_published = retrieval_metrics(scores, convention="howto100m")["R@1"]
    assert as_published == pytest.approx(100 * hit.sum() / (SIZE + 2 * PAIRS))  # paired queries are listed twice
    assert as_published == pytest.approx(diagonal_rule(scores))
    assert averaging(scores) < as_published < found["R@1"] < optimistic(scores)


def test_nan_is_refused_whatever_the_rule():
    scores = signal()
    scores[np.arange(7, SIZE, 3), np.arange(7, SIZE, 3)] = np.nan
    for convention in ("expected", "howto100m"):
        with pytest.raises(DataError, match="NaN for query 7"):
            retrieval_metrics(scores, convention=convention)


def test_float16_is_refused():
    with pytest.raises(DataError, match="float16"):
        retrieval_metrics(signal().astype(np.float16))


def test_bfloat16_is_refused():
    with pytest.raises((DataError, TypeError)):
        retrieval_metrics(torch.from_numpy(signal()).bfloat16())


def test_rounded_scores_tie_and_the_expected_hit_bears_it():
    scores = signal()
    exact = retrieval_metrics(scores)["R@1"]
    rounded = torch.from_numpy(scores).bfloat16().float().numpy()
    found = retrieval_metrics(rounded)
    assert found["ties"] > 1
    assert found["R@1"] == pytest.approx(exact, abs=0.75)
    assert diagonal_rule(rounded) == pytest.approx(retrieval_metrics(rounded, convention="howto100m")["R@1"])
    assert diagonal_rule(rounded) < found["R@1"] < optimistic(rounded)
