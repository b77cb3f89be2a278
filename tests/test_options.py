"""Options as a factory's signature and docstring give them."""

import functools
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from taco_bench.options import check_options, coerce, options_of
from taco_bench.plugins import load_plugins


class Widget:
    """A widget.

    Args:
        size: how large it is,
            in tiles: a number.
        colour: "red" or "blue".
        share: of the whole.

    Raises:
        ValueError: never.
    """

    def __init__(
        self, size: Annotated[int, Field(gt=0)] = 3, colour: Literal["red", "blue"] = "red", share: float | None = None, name: str = ""
    ) -> None:
        pass


def make(size: int, *rest: int, deep: bool = False, **more: int) -> None:
    """Make one.

    Args:
        size: how large.
        deep: whether it is deep.
    """


@dataclass
class Record:
    """A record.

    Args:
        width: of it.
    """

    width: int = 4


class Bare:
    pass


def test_names_and_defaults_in_the_order_of_the_signature() -> None:
    assert [(option.name, option.default) for option in options_of(Widget).values()] == [
        ("size", 3),
        ("colour", "red"),
        ("share", None),
        ("name", ""),
    ]


def test_helps_from_the_docstring() -> None:
    helps = {name: option.help for name, option in options_of(Widget).items()}
    assert helps == {"size": "how large it is, in tiles: a number.", "colour": '"red" or "blue".', "share": "of the whole.", "name": ""}


def test_functions_and_dataclasses_have_options_too() -> None:
    found = options_of(make)
    assert list(found) == ["size", "deep"]
    assert found["deep"].default is False
    assert found["deep"].help == "whether it is deep."
    assert [(option.name, option.default, option.help) for option in options_of(Record).values()] == [("width", 4, "of it.")]


def test_no_options() -> None:
    assert options_of(Bare) == {}
    assert options_of(lambda: None) == {}


@pytest.mark.parametrize(
    ("name", "parts"),
    [("size", ["int"]), ("colour", ["red", "blue"]), ("share", ["float", "none"]), ("name", ["str"])],
)
def test_type_names_say_what_may_be_given(name: str, parts: list[str]) -> None:
    """``Literal`` or ``Annotated`` alone would say nothing."""
    type_name = options_of(Widget)[name].type_name
    assert all(part in type_name for part in parts)
    assert "Field" not in type_name


def test_defaults_are_filled_in() -> None:
    assert check_options("widget", Widget, {"size": 5}) == ({"size": 5, "colour": "red", "share": None, "name": ""}, [])


GOOD = [
    ({"size": "7"}, 7),
    ({"size": 4.0}, 4),
    ({"share": "0.25"}, 0.25),
    ({"share": 1}, 1.0),
    ({"share": None}, None),
    ({"colour": "blue"}, "blue"),
]


@pytest.mark.parametrize(("given", "value"), GOOD)
def test_values_become_their_types(given: dict[str, Any], value: object) -> None:
    values, problems = check_options("widget", Widget, given)
    assert problems == []
    (name,) = given
    assert values[name] == value
    assert type(values[name]) is type(value)


@pytest.mark.parametrize(
    "given",
    [{"size": "large"}, {"size": 2.5}, {"size": None}, {"colour": "green"}, {"share": "a lot"}, {"name": ["a"]}, {"size": [1]}],
    ids=str,
)
def test_values_of_another_type(given: dict[str, Any]) -> None:
    values, (problem,) = check_options("widget", Widget, given)
    ((name, value),) = given.items()
    assert f"{name}={value!r}" in problem.what
    assert problem.where == "widget"
    assert options_of(Widget)[name].type_name in problem.hint
    assert values[name] == options_of(Widget)[name].default


@pytest.mark.parametrize("size", [0, -3, "-1"])
def test_values_outside_their_bounds(size: object) -> None:
    """What ``Annotated`` declares is checked: nothing later looks at it again."""
    _, problems = check_options("widget", Widget, {"size": size})
    assert [problem.what for problem in problems] == [f"size={size!r} is not valid: input should be greater than 0"]


@pytest.mark.parametrize(
    ("kind", "name", "given"),
    [
        ("tokens", "top-idf", {"fraction": 0}),
        ("tokens", "top-idf", {"fraction": 1.5}),
        ("tokens", "top-idf", {"fraction": -0.25}),
        ("sampler", "cascade", {"hard_negatives": 0}),
        ("sampler", "cascade", {"weighted": -1.0}),
        ("sampler", "random", {"hard_negatives": -2}),
        ("text-encoder", "tiny", {"width": 0}),
        ("text-encoder", "tiny", {"dropout": 1.0}),
        ("text-encoder", "tiny", {"vocabulary": -5}),
    ],
    ids=str,
)
def test_bounds_of_first_party_options(kind: str, name: str, given: dict[str, Any]) -> None:
    _, problems = check_options(name, load_plugins(third_party=False).get(kind, name).factory, given)
    assert len(problems) == 1


def test_a_misspelt_option_names_the_nearest() -> None:
    values, (problem,) = check_options("widget", Widget, {"sizes": 4})
    assert "'sizes'" in problem.what
    assert problem.where == "widget"
    assert problem.hint == "did you mean size?"
    assert "sizes" not in values


def test_an_option_like_no_other_names_all() -> None:
    _, (problem,) = check_options("widget", Widget, {"zzz": 4})
    assert all(name in problem.hint for name in ("size", "colour", "share", "name"))


def test_all_problems_are_found() -> None:
    _, problems = check_options("widget", Widget, {"size": "large", "sizes": 1, "colour": "green"})
    assert len(problems) == 3


def test_an_option_without_a_default_stays_out() -> None:
    assert check_options("make", make, {}) == ({"deep": False}, [])


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [(int, "3", 3), (bool, "true", True), (bool, "no", False), (list[int], ["1", 2], [1, 2]), (Any, {"a": 1}, {"a": 1})],
)
def test_coerce(annotation: object, value: object, expected: object) -> None:
    assert coerce(annotation, value) == expected


def test_what_cannot_be_coerced_says_what_was_expected() -> None:
    with pytest.raises(ValueError, match=r"is not valid: .*integer"):
        coerce(int, "three")


def test_every_first_party_option_has_a_default_and_a_help() -> None:
    """What ``show`` prints, and what a run can rely on."""
    for component in load_plugins(third_party=False).all():
        for option in options_of(component.factory).values():
            assert option.default is not option.annotation, component.name
            assert option.help, f"{component.kind} {component.name}: {option.name}"
            assert check_options("", component.factory, {option.name: option.default})[1] == []


def test_wrapped_factories() -> None:
    @functools.wraps(make)
    def wrapper(*arguments: object, **keywords: object) -> None:
        pass

    assert list(options_of(wrapper)) == ["size", "deep"]
