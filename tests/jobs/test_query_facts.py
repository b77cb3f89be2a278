"""What queries are like, on captions made by hand whose words say their own part of speech, such as "noun3"."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import builders
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.api import Clip
from taco_bench.data.features import FeatureStore
from taco_bench.data.prepared import Prepared
from taco_bench.errors import DataError
from taco_bench.jobs.query_facts import query_slices, thirds
from taco_bench.plugins import Component, Plugins, load_plugins
from taco_bench.report.comparison import compare


class TestThirds:
    @given(st.lists(st.integers(-3, 3) | st.floats(-1e6, 1e6), min_size=1, max_size=60))
    def test_they_are_disjoint_cover_all_and_none_is_everything(self, values: list[float]) -> None:
        array = np.array(values, float)
        found = list(thirds(array).values())
        if len(set(values)) == 1:
            assert found == []
            return
        assert len(found) in (2, 3)
        assert (np.sum(found, axis=0) == 1).all()
        assert all(mask.any() and not mask.all() for mask in found)

    @given(st.lists(st.integers(0, 9), min_size=2, max_size=60))
    def test_they_are_intervals_in_order(self, values: list[int]) -> None:
        array = np.array(values, float)
        groups = [array[mask] for mask in thirds(array).values()]
        assert all(before.max() < after.min() for before, after in itertools.pairwise(groups))

    @given(st.permutations(range(33)))
    def test_they_are_equal_where_all_values_differ(self, values: list[int]) -> None:
        assert [mask.sum() for mask in thirds(np.array(values, float)).values()] == [11, 11, 11]

    @given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
    def test_the_name_is_the_rule(self, values: list[int]) -> None:
        for name, mask in thirds(np.array(values, float)).items():
            rules = [rule.split() for rule in name.split(", ")]
            naive = [all(value <= float(bound) if sign == "<=" else value > float(bound) for sign, bound in rules) for value in values]
            assert mask.tolist() == naive


TRAIN = ("noun1 verb1 the", "Noun1 verb2", "noun1 noun2 noun2", "noun1 det1 verb1 noun3", "noun1 verb3")
TEST = (
    "noun1",
    "noun2 verb1 det1",
    "noun3 verb1 verb2 adp1 noun1",
    "noun9 noun9 verb1",
    "det1 det1 det1 det1",
    "verb1 verb2",
    "noun2 NOUN3 noun1",
)


@pytest.fixture
def plugins() -> Plugins:
    found = Plugins()
    found.add(Component("tagger", "planted", load_plugins(False).get("tagger", "planted").factory, "", "taco-bench", "0"))
    return found


def made(train: Sequence[str], test: Sequence[str], lengths: Sequence[int]) -> Prepared:
    """Clips with those captions; the test clips have features of those lengths, in another order than the clips."""
    clips = {"train": [Clip(f"train-{i}", "train", (c, "noun7 verb7")) for i, c in enumerate(train)], "val": []}
    clips["test"] = [Clip(f"test-{i}", "test", (c, "verb9 verb9 verb9")) for i, c in enumerate(test)]
    order = [f"test-{i}" for i in reversed(range(len(test)))] + [clip.id for clip in clips["train"]]
    sizes = [*reversed(lengths), *[2] * len(train)]
    offsets = np.cumsum([0, *sizes])
    store = FeatureStore(np.zeros((int(offsets[-1]), 3), np.float32), offsets, {name: at for at, name in enumerate(order)})
    return Prepared(clips, store, {}, builders.TinyText(), {"captions": "abc"})


def cell_of(count: int, **changes: Any) -> dict[str, Any]:
    queries = {"clip": [f"test-{i}" for i in range(count)]}
    return {"id": "0" * 16, "queries": queries, "data": {"captions": "abc", "text encoder": "any"}, "parts": None, **changes}


EXPERIMENT = builders.experiment().model_copy(update={"tagger": {"type": "planted"}})
LENGTHS = (5, 1, 2, 9, 4, 4, 7)


def naive_idf(word: str) -> float:
    """ln(captions / (1 + those with the word)), at least 0; each training clip has a second caption, "noun7 verb7"."""
    captions = [*TRAIN, *["noun7 verb7"] * len(TRAIN)]
    return max(0.0, math.log(len(captions) / (1 + sum(word.lower() in caption.lower().split() for caption in captions))))


NAIVE = {
    "caption length (words)": [len(caption.split()) for caption in TEST],
    "nouns": [sum(word.lower().startswith("noun") for word in caption.split()) for caption in TEST],
    "verbs": [sum(word.startswith("verb") for word in caption.split()) for caption in TEST],
    "mean idf": [sum(map(naive_idf, caption.split())) / len(caption.split()) for caption in TEST],
    "clip length (features)": list(LENGTHS),
}


class TestQuerySlices:
    @pytest.mark.parametrize("name", NAIVE)
    def test_counts_are_those_of_a_naive_count(self, name: str, plugins: Plugins) -> None:
        found = query_slices(cell_of(len(TEST)), EXPERIMENT, made(TRAIN, TEST, LENGTHS), plugins)
        own = {key.removeprefix(name + " "): mask.tolist() for key, mask in found.items() if key.startswith(name + " ")}
        expected = {key: mask.tolist() for key, mask in thirds(np.array(NAIVE[name], float)).items()}
        assert own == expected
        assert len(own) >= 2

    def test_nothing_else_is_sliced_by(self, plugins: Plugins) -> None:
        found = query_slices(cell_of(len(TEST)), EXPERIMENT, made(TRAIN, TEST, LENGTHS), plugins)
        assert {next(name for name in NAIVE if key.startswith(name + " ")) for key in found} == set(NAIVE)

    def test_the_order_is_that_of_the_cells_queries(self, plugins: Plugins) -> None:
        """As where some clips have no features now, or are listed in another order."""
        prepared = made(TRAIN, TEST, LENGTHS)
        cell = cell_of(0, queries={"clip": ["test-4", "test-6", "test-0"]})
        found = query_slices(cell, EXPERIMENT, prepared, plugins)
        assert found["nouns <= 0"].tolist() == [True, False, False]
        assert found["nouns > 1"].tolist() == [False, True, False]

    def test_a_caption_without_words(self, plugins: Plugins) -> None:
        found = query_slices(cell_of(2), EXPERIMENT, made(TRAIN, ("", "noun1 verb1"), (1, 1)), plugins)
        assert found["caption length (words) <= 0"].tolist() == [True, False]


class TestDataThatChanged:
    @pytest.mark.parametrize(
        "changes",
        [
            {"data": {"captions": "abd"}},
            {"data": {}},
            {"queries": {"clip": ["test-0", "test-77"]}},
            {"parts": {"training": {"components": {"data planted": "another source"}}}},
        ],
        ids=["file", "no file", "clips", "source"],
    )
    def test_it_is_refused(self, changes: dict[str, Any]) -> None:
        experiment = EXPERIMENT.model_copy(update={"data": {"type": "planted"}})
        with pytest.raises(DataError, match="not what it was") as error:
            query_slices(cell_of(2, **changes), experiment, made(TRAIN, TEST, LENGTHS), load_plugins(False))
        assert "taco-bench explain" in error.value.hint


@pytest.mark.parametrize("tagger", [None, {"type": "split"}], ids=["none", "words alone"])
def test_the_usual_tagger_of_the_data_set_where_neither_row_has_tags(tagger: dict[str, Any] | None) -> None:
    """spaCy would call "noun1" a proper noun, or whatever it likes."""
    experiment = EXPERIMENT.model_copy(
        update={"tagger": tagger, "data": {"type": "planted"}, "encoder": ({"type": "planted"},), "text_encoder": {"type": "words"}}
    )
    found = query_slices(cell_of(len(TEST)), experiment, made(TRAIN, TEST, LENGTHS), load_plugins(False))
    assert found["nouns <= 1"].tolist() == [count <= 1 for count in NAIVE["nouns"]]


def test_an_effect_on_queries_with_many_nouns_shows_in_that_slice_alone(plugins: Plugins) -> None:
    """Nouns, verbs and clip lengths vary apart from each other; where there are three nouns, row A answers 35 % more of them."""
    draw = np.random.default_rng(3)
    nouns, verbs, lengths = (draw.integers(low, low + 3, 360) for low in (1, 0, 2))
    test = [" ".join(["noun1"] * n + ["verb1"] * v + ["det1"] * (6 - n - v)) for n, v in zip(nouns, verbs, strict=True)]
    slices = query_slices(cell_of(360), EXPERIMENT, made(("noun1 verb1 det1", "adp1"), test, lengths.tolist()), plugins)
    noise = draw.choice([-100.0, 0.0, 100.0], 360, p=[0.15, 0.7, 0.15])
    effect = 100.0 * ((nouns == 3) & (draw.random(360) < 0.35))
    a, b = (
        {"seed": 0, "rows": {"all": {"hit": float(np.mean(values))}}, "queries": {"hit": values.tolist(), **cell_of(360)["queries"]}}
        for values in (noise + effect, np.zeros(360))
    )
    found = compare([a], [b], "hit", slices).slices
    assert [part.name for part in found if part.p_adjusted <= 0.05] == ["nouns > 2"]
    assert [part.name.partition(" ")[0] for part in found] == ["nouns"] * 3 + ["verbs"] * 2 + ["clip"] * 3
