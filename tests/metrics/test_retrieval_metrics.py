"""Recall, ranks and ties by counting, against enumeration and against other people's code."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain.ranking import argsorted_recalls, sorted_recalls

from taco_bench.errors import DataError
from taco_bench.metrics import chance_metrics, metrics_of_ranks, permuted_recalls, retrieval, retrieval_metrics, retrieval_ranks


def positions_over_tie_orders(scores, own):
    """The position of the positive in the ranking, from 1, under every order in which ties can be broken."""
    found = []
    for order in permutations(range(len(scores))):
        ranking = sorted(order, key=lambda video: -scores[video])  # stable: ties stay in ``order``
        found.append(ranking.index(own) + 1)
    return found


def howto100m(scores):
    """The public code of the field, line by line: a query is listed at each position whose score equals its diagonal's."""
    positions = []
    for query, row in enumerate(scores):
        ranked = sorted(row, reverse=True)
        positions += [place for place, score in enumerate(ranked) if score == row[query]]
    return positions


@st.composite
def tied_pools(draw, most=5):
    """Scores from {0, 1, 2}, so that ties are frequent, and any video as each query's positive."""
    queries, videos = draw(st.integers(1, 4)), draw(st.integers(1, most))
    rows = draw(st.lists(st.lists(st.integers(0, 2), min_size=videos, max_size=videos), min_size=queries, max_size=queries))
    return rows, draw(st.lists(st.integers(0, videos - 1), min_size=queries, max_size=queries))


@given(tied_pools(), st.sampled_from([np.float32, np.float64, np.int64]))
def test_equals_the_mean_over_all_tie_orders(pool, dtype):
    rows, positives = pool
    ks = tuple(range(1, len(rows[0]) + 2))  # also one k larger than the pool
    found = retrieval_metrics(np.array(rows, dtype), positives, ks)
    orders = [positions_over_tie_orders(row, own) for row, own in zip(rows, positives, strict=True)]
    for k in ks:
        hits = [np.mean([position <= k for position in of_query]) for of_query in orders]
        assert found[f"R@{k}"] == pytest.approx(100 * np.mean(hits))
    assert found["MeanR"] == pytest.approx(np.mean([np.mean(of_query) for of_query in orders]))
    assert found["MedR"] == pytest.approx(np.median([np.mean(of_query) for of_query in orders]))
    assert found["ties"] == pytest.approx(100 * np.mean([len(set(of_query)) > 1 for of_query in orders]))


@pytest.mark.parametrize(
    ("better", "tied", "k", "credit"),
    [
        (0, 1, 1, 1),
        (1, 1, 1, 0),
        (0, 2, 1, 0.5),
        (0, 4, 1, 0.25),
        (4, 3, 5, 1 / 3),
        (4, 3, 10, 1),
        (5, 3, 5, 0),
        (9, 1, 10, 1),
        (7, 5, 10, 0.6),
    ],
)
def test_credit_by_hand(better, tied, k, credit):
    assert metrics_of_ranks([better], [tied], (k,))[f"R@{k}"] == pytest.approx(100 * credit)


@given(tied_pools())
def test_ranks_are_counts(pool):
    rows, positives = pool
    better, tied = retrieval_ranks(np.array(rows), positives)
    for row, own, b, t in zip(rows, positives, better, tied, strict=True):
        assert b == sum(score > row[own] for score in row)
        assert t == sum(score == row[own] for score in row)


@given(st.integers(1, 7), st.integers(0, 2**31), st.integers(1, 4))
def test_howto100m_convention(size, seed, levels):
    scores = np.random.default_rng(seed).integers(0, levels, (size, size)).astype(np.float32)
    found = retrieval_metrics(scores, ks=(1, 5), convention="howto100m")
    positions = howto100m(scores.tolist())
    assert found["R@1"] == pytest.approx(100 * sum(p == 0 for p in positions) / len(positions))
    assert found["R@5"] == pytest.approx(100 * sum(p < 5 for p in positions) / len(positions))
    assert found["MedR"] == np.median(positions) + 1
    assert found["MeanR"] == pytest.approx(np.mean(positions) + 1)


@given(st.integers(1, 40), st.integers(0, 2**31))
def test_equals_sorting_without_ties(size, seed):
    scores = np.random.default_rng(seed).permutation(size * size).reshape(size, size).astype(np.float32)
    found = retrieval_metrics(scores)
    for plain in (sorted_recalls, argsorted_recalls):
        assert {name: found[name] for name in ("R@1", "R@5", "R@10")} == pytest.approx(plain(scores))


def test_conventions_agree_without_ties():
    scores = np.random.default_rng(0).normal(size=(30, 30))
    assert retrieval_metrics(scores) == pytest.approx(retrieval_metrics(scores, convention="howto100m"))


def test_positives_other_than_the_diagonal():
    scores = np.array([[0.1, 0.9, 0.5], [0.2, 0.3, 0.8]])
    found = retrieval_metrics(scores, [1, 0], ks=(1, 2, 3))
    assert found == {"R@1": 50.0, "R@2": 50.0, "R@3": 100.0, "MedR": 2.0, "MeanR": 2.0, "ties": 0.0}


def test_more_queries_than_videos():
    scores = np.array([[2.0, 1.0], [2.0, 1.0], [1.0, 2.0]])
    assert retrieval_metrics(scores, [0, 1, 1], ks=(1,))["R@1"] == pytest.approx(200 / 3)


@pytest.mark.parametrize("cells", [1, 7, 8, 20])
def test_blocks_change_nothing(monkeypatch, cells):
    scores = np.random.default_rng(1).integers(0, 5, (9, 8)).astype(np.float32)
    positives = np.arange(9) % 8
    whole = retrieval_ranks(scores, positives)
    monkeypatch.setattr(retrieval, "CELLS_AT_A_TIME", cells)
    np.testing.assert_array_equal(retrieval_ranks(scores, positives), whole)


@pytest.mark.parametrize("cells", [3, 4_000_000])
def test_nan_names_its_query(monkeypatch, cells):
    monkeypatch.setattr(retrieval, "CELLS_AT_A_TIME", cells)
    scores = np.random.default_rng(2).normal(size=(6, 6))
    scores[4, 1] = np.nan
    with pytest.raises(DataError, match="NaN for query 4"):
        retrieval_metrics(scores)


@pytest.mark.parametrize(
    ("scores", "positives"),
    [
        (np.zeros(4), None),
        (np.zeros((0, 0)), None),
        (np.zeros((3, 2)), None),
        (np.zeros((2, 3)), [0]),
        (np.zeros((2, 3)), [0, 3]),
        (np.zeros((2, 3)), [0, -1]),
    ],
)
def test_shapes_that_do_not_fit(scores, positives):
    with pytest.raises(ValueError, match="shape"):
        retrieval_metrics(scores, positives)


@pytest.mark.parametrize(("videos", "ks"), [(1, (1,)), (3, (1, 2)), (4, (1, 3, 6)), (5, (2,))])
def test_chance_is_the_mean_over_all_galleries(videos, ks):
    scores = np.random.default_rng(3).normal(size=(videos, videos))
    each = [retrieval_metrics(scores, gallery, ks) for gallery in permutations(range(videos))]
    found = chance_metrics(videos, ks)
    for name in ("MeanR", *(f"R@{k}" for k in ks)):
        assert found[name] == pytest.approx(np.mean([one[name] for one in each]))


@pytest.mark.parametrize("videos", [2, 3, 4])
def test_chance_median_is_the_mean_over_all_rankings(videos):
    """With as many queries as videos, each query's positive at any rank, independently."""
    ranks = np.stack(np.meshgrid(*[np.arange(1, videos + 1)] * videos)).reshape(videos, -1)
    assert chance_metrics(videos)["MedR"] == pytest.approx(np.median(ranks, axis=0).mean())


@pytest.mark.parametrize("levels", [3, 1000])
def test_permuted_recalls_are_those_of_permuted_galleries(levels):
    scores = np.random.default_rng(4).integers(0, levels, (4, 4)).astype(np.float32)
    possible = [(m["R@1"], m["R@3"]) for m in (retrieval_metrics(scores, p, (1, 3)) for p in permutations(range(4)))]
    draws = permuted_recalls(scores, 6000, np.random.default_rng(5), (1, 3))
    assert draws.shape == (6000, 2)
    found = [tuple(row) for row in draws.round(3)]
    expected = [tuple(np.round(row, 3)) for row in possible]
    assert set(found) == set(expected)
    for value in set(expected):
        share = expected.count(value) / len(expected)
        spread = (share * (1 - share) / len(found)) ** 0.5
        assert abs(found.count(value) / len(found) - share) < 5 * spread
    np.testing.assert_allclose(np.mean(possible, axis=0), [25, 75])  # whatever the scores: chance


def test_permuted_recalls_need_a_square_matrix():
    with pytest.raises(ValueError, match="square"):
        permuted_recalls(np.zeros((2, 3)), 5, np.random.default_rng(0))


def test_agrees_with_scikit_learn():
    from sklearn.metrics import coverage_error, top_k_accuracy_score

    draw = np.random.default_rng(6)
    scores, positives = draw.normal(size=(40, 12)), draw.integers(0, 12, 40)
    found = retrieval_metrics(scores, positives)
    for k in (1, 5, 10):
        assert found[f"R@{k}"] == pytest.approx(100 * top_k_accuracy_score(positives, scores, k=k, labels=np.arange(12)))
    assert found["MeanR"] == pytest.approx(coverage_error(np.eye(12)[positives], scores))
