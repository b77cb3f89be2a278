"""Two rows side by side, from cells made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.errors import UserError
from taco_bench.report.comparison import compare
from taco_bench.report.queries import contributions, paired, videos
from taco_bench.stats.intervals import cluster_bootstrap, paired_t_interval

QUERIES = 240
CLIPS = [f"clip-{i}" for i in range(QUERIES)]
VIDEOS = [f"video-{i // 3}" for i in range(QUERIES)]


def cell(
    seed: int, answers: Any, *, clips: list[str] | None = CLIPS, rule: str = "expected", extra: dict[str, float] | None = None
) -> dict[str, Any]:
    """A cell that keeps a value for each query under the metric's own name, as any task may."""
    values = [float(value) for value in answers]
    own = {} if clips is None else {"clip": clips, "video": VIDEOS[: len(clips)]}
    return {
        "seed": seed,
        "rows": {"all": {"hit": float(np.mean(values)), **(extra or {})}, "part": {"hit": -1.0}},
        "queries": {**own, "hit": values},
        "experiment": {"evaluation": {"metric_convention": rule}},
    }


def draw(seed: int, share: float = 0.3) -> np.ndarray:
    return 100.0 * (np.random.default_rng(seed).random(QUERIES) < share)


def test_figures_are_paired_by_seed_whatever_their_order() -> None:
    a = {seed: draw(seed) for seed in (0, 1, 2, 7)}
    b = {seed: draw(seed + 50) for seed in (1, 0, 2, 9)}
    found = compare([cell(s, v) for s, v in a.items()], [cell(s, v) for s, v in b.items()], "hit", {})
    (column,) = found.columns
    expected = {seed: a[seed].mean() - b[seed].mean() for seed in (0, 1, 2)}
    assert column.name == "hit"
    assert column.differences == pytest.approx(expected)
    assert column.a == pytest.approx(np.mean([a[seed].mean() for seed in (0, 1, 2)]))
    assert column.b == pytest.approx(np.mean([b[seed].mean() for seed in (0, 1, 2)]))
    assert column.seeds == pytest.approx(paired_t_interval(list(expected.values())))
    difference = np.mean([a[seed] - b[seed] for seed in (0, 1, 2)], axis=0)
    assert column.queries == pytest.approx(cluster_bootstrap(difference, VIDEOS))
    assert found.flips == ((difference > 0).sum(), (difference < 0).sum())
    assert found.warnings == []


def test_p_is_exact_and_two_sided() -> None:
    """Six seeds, all better: of 64 sign assignments one is as extreme on either side. Five of six, the worst by least: two."""
    base = [draw(seed) for seed in range(6)]

    def p(*gains: float) -> float | None:
        rows = [cell(seed, values + gain) for seed, (values, gain) in enumerate(zip(base, gains, strict=True))]
        (column,) = compare(rows, [cell(seed, values) for seed, values in enumerate(base)], "hit", {}).columns
        return column.p

    assert p(1, 2, 3, 4, 5, 6) == p(-1, -2, -3, -4, -5, -6) == 2 / 64
    assert p(-1, 2, 3, 4, 5, 6) == p(1, -2, -3, -4, -5, -6) == 4 / 64
    assert p(1, -1, 0, 0, 0, 0) == 1


def test_identical_rows_differ_by_exactly_nothing() -> None:
    row = [cell(seed, draw(seed), extra={"MedR": 3.0 + seed}) for seed in range(6)]
    found = compare(row, row, "hit", {"all": np.ones(QUERIES, bool)})
    for column in found.columns:
        assert column.differences == dict.fromkeys(range(6), 0.0)
        assert column.p == 1
        assert column.a == column.b
        assert column.seeds == (0.0, 0.0)
    assert found.columns[0].queries == (0.0, 0.0)
    assert found.flips == (0, 0)
    (part,) = found.slices
    assert (part.mean, part.p, part.p_adjusted) == (0.0, 1.0, 1.0)


def test_one_seed_has_no_interval_over_seeds_and_decides_nothing() -> None:
    found = compare([cell(3, draw(0))], [cell(3, draw(1))], "hit", {})
    (column,) = found.columns
    assert column.seeds is None
    assert column.p is None
    assert found.untested == "no p: 1 seed cannot reach 0.05 two-sided, 5 more needed"
    assert column.queries is not None


def test_rows_without_a_common_seed() -> None:
    with pytest.raises(UserError, match="no seed in common") as error:
        compare([cell(0, draw(0))], [cell(1, draw(1))], "hit", {})
    assert "--seeds" in error.value.hint


@pytest.mark.parametrize("metric", ["R@2", "", "only a"])
def test_a_metric_that_not_both_have(metric: str) -> None:
    with pytest.raises(UserError, match="not both rows") as error:
        compare([cell(0, draw(0), extra={"only a": 1.0, "MedR": 2.0})], [cell(0, draw(1), extra={"MedR": 1.0})], metric, {})
    assert error.value.where == "--metric"
    assert error.value.hint == "columns: hit, MedR"


class TestFlips:
    def test_they_are_of_means_over_seeds(self) -> None:
        """Query 0 is won in both seeds, query 1 lost in one, query 2 won in one and lost in the other."""
        a, b = np.zeros((2, QUERIES)), np.zeros((2, QUERIES))
        a[:, 0], b[0, 1], a[0, 2], b[1, 2] = 100, 100, 100, 100
        found = compare([cell(s, a[s]) for s in (0, 1)], [cell(s, b[s]) for s in (0, 1)], "hit", {})
        assert found.flips == (1, 1)

    def test_rounding_flips_nothing(self) -> None:
        """0.1 + 0.2 - 0.3 is not 0 in binary: a credit of ties over three seeds must not count."""
        a = [np.full(QUERIES, value) for value in (0.1, 0.2, 0.3)]
        b = [np.full(QUERIES, value) for value in (0.2, 0.4, 0.0)]
        assert np.mean([x - y for x, y in zip(a, b, strict=True)], axis=0)[0] != 0
        found = compare([cell(s, v) for s, v in enumerate(a)], [cell(s, v) for s, v in enumerate(b)], "hit", {})
        assert found.flips == (0, 0)

    def test_a_figure_without_queries_has_none(self) -> None:
        rows = [[cell(0, draw(i), extra={"MedR": 4.0 - i})] for i in (0, 1)]
        found = compare(*rows, "MedR", {"all": np.ones(QUERIES, bool)})
        assert found.flips is None
        assert found.slices == []
        assert found.warnings == ["MedR cannot be compared query by query"]
        assert found.columns[1].queries is None
        assert found.columns[1].differences == {0: 1.0}
        assert found.columns[0].queries is not None


class TestDifferentQueries:
    @pytest.mark.parametrize(
        "clips", [CLIPS[::-1], [f"other-{i}" for i in range(QUERIES)], CLIPS[:-1], None], ids=["order", "other", "fewer", "unnamed"]
    )
    def test_nothing_is_paired_and_a_warning_says_why(self, clips: list[str] | None) -> None:
        other = cell(0, draw(1)[: len(clips) if clips else None], clips=clips)
        found = compare([cell(0, draw(0))], [other], "hit", {"all": np.ones(QUERIES, bool)})
        assert found.columns[0].queries is None
        assert found.flips is None
        assert found.slices == []
        assert found.warnings == ["they were asked different queries: neither figures nor queries compare"]
        assert found.columns[0].differences == {0: pytest.approx(draw(0).mean() - np.mean(other["queries"]["hit"]))}

    def test_seeds_of_one_row_that_were_asked_different_ones(self) -> None:
        """As where a row was made anew with other data, and not all of its seeds yet."""
        first, second = cell(0, draw(0)), cell(1, draw(1), clips=CLIPS[::-1])
        found = compare([first, second], [first, second], "hit", {})
        assert found.flips is None
        assert found.warnings

    def test_unnamed_queries_of_different_number(self) -> None:
        """A third party's task that names no clips."""
        found = compare([cell(0, draw(0), clips=None)], [cell(0, draw(1)[:9], clips=None)], "hit", {})
        assert found.flips is None
        assert found.warnings == ["hit cannot be compared query by query"]

    def test_unnamed_queries_of_equal_number_are_paired(self) -> None:
        found = compare([cell(0, draw(0), clips=None)], [cell(0, draw(1), clips=None)], "hit", {})
        assert found.flips == ((draw(0) > draw(1)).sum(), (draw(0) < draw(1)).sum())


def test_different_rules_for_ties_are_told() -> None:
    found = compare([cell(0, draw(0))], [cell(0, draw(1), rule="howto100m")], "hit", {})
    assert found.warnings == ["ties count by different rules: expected, howto100m"]


class TestSlices:
    def test_an_effect_planted_in_one_slice_shows_there_alone(self) -> None:
        """Four slices of 60 queries by number of nouns; noise that is fair to both rows, and half of those with 3 won."""
        nouns = np.random.default_rng(5).permutation(QUERIES) % 4
        slices = {f"nouns {count}": nouns == count for count in range(4)}
        a, b = [], []
        for seed in range(3):
            generator = np.random.default_rng(seed)
            credit, other = 100.0 * (generator.random((2, QUERIES)) < 0.4)
            won = (nouns == 3) & (generator.random(QUERIES) < 0.5)
            a.append(cell(seed, np.where(won, 100.0, credit)))
            b.append(cell(seed, np.where(won, 0.0, other)))
        found = compare(a, b, "hit", slices)
        assert [part.name for part in found.slices] == list(slices)
        assert [part.p_adjusted <= 0.05 for part in found.slices] == [False, False, False, True]
        assert all(part.p <= part.p_adjusted for part in found.slices)
        difference = np.mean([np.subtract(x["queries"]["hit"], y["queries"]["hit"]) for x, y in zip(a, b, strict=True)], axis=0)
        for part, mask in zip(found.slices, slices.values(), strict=True):
            assert part.mean == pytest.approx(difference[mask].mean())
            assert part.queries == 60
            assert part.clusters == len({VIDEOS[i] for i in np.flatnonzero(mask)})

    def test_seeds_that_only_one_row_has_count_nowhere(self) -> None:
        everything = {"all": np.ones(QUERIES, bool)}
        a, b = [cell(0, draw(0)), cell(1, draw(1))], [cell(0, draw(2)), cell(5, draw(3))]
        assert compare(a, b, "hit", everything) == compare(a[:1], b[:1], "hit", everything)


class TestContributions:
    def of(self, better: list[int], tied: list[int], rule: str = "expected") -> dict[str, Any]:
        queries = {"t2v better": better, "t2v tied": tied}
        return {"queries": queries, "experiment": {"evaluation": {"metric_convention": rule}}}

    @given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), min_size=1, max_size=30), st.sampled_from([1, 5, 10]))
    def test_their_mean_is_the_recall(self, ranks: list[tuple[int, int]], k: int) -> None:
        """Counted naively: a query with b better and t tied is at each of the ranks b + 1 .. b + t equally often."""
        better, tied = [b for b, _ in ranks], [t for _, t in ranks]
        naive = [100 * np.mean([b + i <= k for i in range(1, t + 1)]) for b, t in ranks]
        assert contributions(self.of(better, tied), f"t2v R@{k}") == pytest.approx(naive)

    def test_the_other_rule_has_them_only_without_ties(self) -> None:
        """Under howto100m a tied query counts once for each tied position: the recall is no mean over queries."""
        np.testing.assert_array_equal(contributions(self.of([0, 3], [1, 1], "howto100m"), "t2v R@1"), [100, 0])
        assert contributions(self.of([0, 3], [2, 1], "howto100m"), "t2v R@1") is None

    @pytest.mark.parametrize("column", ["v2t R@1", "t2v MedR", "t2v R@", "t2v ties"])
    def test_what_is_not_kept(self, column: str) -> None:
        assert contributions(self.of([0], [1]), column) is None


def test_nothing_is_paired_with_no_cells() -> None:
    assert paired([], [], "hit") is None
    assert paired([cell(0, draw(0))], [cell(1, draw(0))], "hit") is None


def test_queries_without_videos_are_their_own() -> None:
    assert videos(cell(0, [1, 2], clips=["x", "y"])) == VIDEOS[:2]
    assert videos({"queries": {"clip": ["x", "y"]}}) == ["x", "y"]
    assert videos({"queries": {"hit": [3, 4, 5]}}) == ["0", "1", "2"]
    assert videos({"queries": {}}) == []
