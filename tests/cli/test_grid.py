"""The grid that repeated options make, and options taken side by side."""

from typing import Any

import pytest

from taco_bench.cli.options import GRID, grid, launcher_of
from taco_bench.cli.run_ import command
from taco_bench.errors import UserError


def points(*, side_by_side: bool, **given: tuple[Any, ...]) -> list[str]:
    return [label for label, _ in grid({**dict.fromkeys(GRID, ()), "side_by_side": side_by_side, **given})]


def test_all_combinations() -> None:
    found = points(side_by_side=False, losses=("l1", "l1,l2"), steps=(1, 2))
    assert found == ["losses l1, steps 1", "losses l1, steps 2", "losses l1,l2, steps 1", "losses l1,l2, steps 2"]


def test_side_by_side() -> None:
    found = points(side_by_side=True, losses=("l1", "l1,l2"), steps=(1, 2), tokens=("noun",))
    assert found == ["losses l1, steps 1", "losses l1,l2, steps 2"]


def test_a_value_that_is_given_twice_makes_no_second_row() -> None:
    assert points(side_by_side=False, tokens=("noun", "noun"), steps=(5,)) == [""]
    assert points(side_by_side=False, tokens=("noun", "verb", "noun"), steps=(1, 2)) == [
        "tokens noun, steps 1", "tokens noun, steps 2", "tokens verb, steps 1", "tokens verb, steps 2"
    ]  # fmt: skip
    assert len(points(side_by_side=True, tokens=("noun", "noun"), steps=(1, 1))) == 1


def test_side_by_side_needs_equal_numbers() -> None:
    with pytest.raises(UserError, match="--losses is given 2 times, but another option 3 times"):
        points(side_by_side=True, losses=("l1", "l1,l2"), steps=(1, 2, 3))


def test_the_launcher_gets_what_is_given_for_it() -> None:
    context = command.make_context("run", ["--per-gpu", "2", "--side-by-side"])
    assert launcher_of(context.params) == {"type": "local", "per_gpu": 2}
    assert context.params["side_by_side"] is True
