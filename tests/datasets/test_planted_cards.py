"""The cards of the planted worlds: what they state is what the check found."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from taco_bench.resources import registry_file


def card(world: str) -> dict[str, Any]:
    return tomllib.loads(registry_file(f"datasets/planted-{world}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("world", ["holds", "null", "reversed"])
def test_every_claim_has_its_truth_and_the_check_agrees(world: str) -> None:
    claims = card(world)["claim"]
    assert len(claims) == 6
    for claim in claims:
        errors = claim["mean"] / claim["standard_error"]
        if claim["truth"] == "true":
            assert errors > 5, claim["name"]
            assert claim["right"] > 0.8
        elif claim["truth"] == "reversed":
            assert errors < -5, claim["name"]
            assert claim["right"] < 0.2
        else:
            assert claim["truth"] == "null"
            assert abs(errors) < 2, claim["name"]
        assert claim["why"]


def test_the_primary_claims_hold_in_one_world_and_are_null_in_the_other() -> None:
    for world, truth in (("holds", "true"), ("null", "null")):
        primary = [claim for claim in card(world)["claim"] if "primary" in claim["name"]]
        assert [claim["truth"] for claim in primary] == [truth, truth]


def test_the_paper_is_wrong_about_words_in_the_reversed_world() -> None:
    """Where function words carry what nouns and verbs carried, tokens of interest harm, and the cascade still helps."""
    truths = {claim["name"]: claim["truth"] for claim in card("reversed")["claim"]}
    assert {name for name, truth in truths.items() if truth == "true"} == {
        "Tab. 3, primary: cascade over random",
        "Tab. 3: full over L3 alone",
    }
    assert set(truths.values()) == {"true", "reversed"}


def test_the_premise_of_the_null_world() -> None:
    groups = {row["name"]: row["groups"] for row in card("null")["row"]}
    assert all(groups[name] > 99.5 for name in ("L1+L3 random", "L1+L3 cascade", "full"))
