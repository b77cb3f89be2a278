"""How components are written, and how layers of options are merged."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taco_bench.errors import UserError
from taco_bench.plugins import Plugins, load_plugins
from taco_bench.specs import merge, nested, parse_component, parse_field


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins(third_party=False)


@pytest.mark.parametrize(
    ("kind", "text", "spec"),
    [
        ("sampler", "cascade", {"type": "cascade"}),
        ("sampler", "  cascade ", {"type": "cascade"}),
        ("tokens", "top-idf:0.25", {"type": "top-idf", "fraction": "0.25"}),
        ("sampler", "cascade:4", {"type": "cascade", "hard_negatives": "4"}),
        ("text-encoder", "bert:C:/a/folder", {"type": "bert", "name": "C:/a/folder"}),
        ("data", "msrvtt1k:/data/msrvtt", {"type": "msrvtt1k", "root": "/data/msrvtt"}),
    ],
)
def test_one_component(plugins: Plugins, kind: str, text: str, spec: dict[str, Any]) -> None:
    assert parse_component(kind, text, plugins) == spec


def test_a_value_for_a_component_without_options(plugins: Plugins) -> None:
    with pytest.raises(UserError, match=r"'noun' has no options.*'3'") as caught:
        parse_component("tokens", "noun:3", plugins)
    assert caught.value.where == "--tokens"


def test_a_value_for_an_unknown_component(plugins: Plugins) -> None:
    with pytest.raises(UserError, match="unknown sampler 'cascad'"):
        parse_component("sampler", "cascad:3", plugins)


@pytest.mark.parametrize(
    ("kind", "value", "specs"),
    [
        ("tokens", "noun,verb", [{"type": "noun"}, {"type": "verb"}]),
        ("tokens", "noun, verb", [{"type": "noun"}, {"type": "verb"}]),
        ("tokens", "noun,top-idf:0.5", [{"type": "noun"}, {"type": "top-idf", "fraction": "0.5"}]),
        ("tokens", "none", []),
        ("tokens", " none ", []),
        ("tokens", [], []),
        ("tokens", ["noun", {"type": "top-idf", "fraction": 0.5}], [{"type": "noun"}, {"type": "top-idf", "fraction": 0.5}]),
        ("encoder", "tiles+motion", [{"type": "tiles"}, {"type": "motion"}]),
        ("encoder", "tiles", [{"type": "tiles"}]),
        ("sampler", "cascade", {"type": "cascade"}),
        ("sampler", {"type": "cascade"}, {"type": "cascade"}),
    ],
    ids=str,
)
def test_fields(plugins: Plugins, kind: str, value: object, specs: object) -> None:
    assert parse_field(kind, value, plugins) == specs


def test_none_is_no_word_among_others(plugins: Plugins) -> None:
    assert parse_field("tokens", "noun,none", plugins) == [{"type": "noun"}, {"type": "none"}]


def test_nested() -> None:
    assert nested({"model.width": 64, "encoder": "tiles", "model.heads": 4, "a.b.c": 1}) == {
        "model": {"width": 64, "heads": 4},
        "encoder": "tiles",
        "a": {"b": {"c": 1}},
    }
    assert nested({}) == {}


def test_merge_lays_above_over_below_key_by_key() -> None:
    below = {"model": {"width": 64, "heads": 4}, "on_missing": "error", "encoder": [{"type": "tiles"}]}
    above = {"model": {"width": 32}, "on_missing": "skip"}
    assert merge(below, above) == {"model": {"width": 32, "heads": 4}, "on_missing": "skip", "encoder": [{"type": "tiles"}]}


def test_merge_of_the_same_component_keeps_its_options() -> None:
    merged = merge({"sampler": {"type": "cascade", "weighted": 2.0}}, {"sampler": {"type": "cascade", "hard_negatives": 4}})
    assert merged == {"sampler": {"type": "cascade", "weighted": 2.0, "hard_negatives": 4}}


def test_another_component_replaces_the_one_below_it_whole() -> None:
    merged = merge({"sampler": {"type": "cascade", "weighted": 2.0}}, {"sampler": {"type": "random"}})
    assert merged == {"sampler": {"type": "random"}}


@pytest.mark.parametrize(
    ("below", "above", "merged"),
    [
        ({"type": "cascade"}, {"hard_negatives": 4}, {"type": "cascade", "hard_negatives": 4}),
        ({"hard_negatives": 4}, {"type": "cascade"}, {"type": "cascade", "hard_negatives": 4}),
        ({"hard_negatives": 4}, {"weighted": 2}, {"hard_negatives": 4, "weighted": 2}),
    ],
)
def test_options_without_a_type_go_to_the_component_there_is(below: dict[str, Any], above: dict[str, Any], merged: dict[str, Any]) -> None:
    assert merge({"sampler": below}, {"sampler": above}) == {"sampler": merged}


def test_lists_are_replaced_whole() -> None:
    assert merge({"tokens": [{"type": "noun"}]}, {"tokens": [{"type": "verb"}]}) == {"tokens": [{"type": "verb"}]}
    assert merge({"tokens": [{"type": "noun"}]}, {"tokens": []}) == {"tokens": []}


def test_none_is_a_value() -> None:
    assert merge({"train": {"clip_norm": 1.0}}, {"train": {"clip_norm": None}}) == {"train": {"clip_norm": None}}


TREES = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from(["type", "a", "b"]), inner, max_size=3), max_leaves=6
).filter(lambda tree: isinstance(tree, dict))


@settings(deadline=None, max_examples=150)
@given(TREES, TREES)
def test_what_is_above_wins_and_nothing_given_is_touched(below: dict[str, Any], above: dict[str, Any]) -> None:
    before = (repr(below), repr(above))
    merged = merge(below, above)
    assert (repr(below), repr(above)) == before
    assert set(merged) == set(below) | set(above)
    for key, value in above.items():
        if not isinstance(value, dict):
            assert merged[key] == value
    assert merge(merged, above) == merged
    assert merge(below, {}) == below
    assert merge({}, above) == above
