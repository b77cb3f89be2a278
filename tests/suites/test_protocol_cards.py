from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from taco_bench.config import SECTIONS
from taco_bench.options import options_of
from taco_bench.plugins import load_plugins
from taco_bench.resources import registry_root
from taco_bench.store.identity import protocol

CARDS = sorted((registry_root() / "protocols").glob("*.toml"))
OF_COMPONENTS = {"token_weights", "tokens", "sampler.weighted", "sampler.hard_negatives"}
CITED = re.compile(r"P (\d|Eq|App|Tab|Fig)|Zhukov et al|[\w-]+/[\w-]+: \w")


def card(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_which_there_are() -> None:
    assert [path.stem for path in CARDS] == ["action-segmentation", "retrieval", "step-localization"]


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
class TestCard:
    def test_it_is_the_tasks(self, path: Path) -> None:
        assert card(path)["task"] == path.stem
        assert protocol(path.stem) == card(path)
        assert set(card(path)) == {"version", "task", "source", "choice"}

    def test_every_choice_has_a_source(self, path: Path) -> None:
        for choice in card(path)["choice"]:
            assert {"point", "paper", "ours", "source"} <= set(choice) <= {"point", "paper", "ours", "source", "option"}
            assert CITED.search(choice["source"]) or choice["source"].startswith("our choice"), choice["point"]

    def test_what_the_paper_states_is_cited_from_it(self, path: Path) -> None:
        for choice in card(path)["choice"]:
            stated = not choice["paper"].startswith("NOT STATED")
            assert not stated or choice["source"].startswith("P "), choice["point"]

    def test_a_number_of_ours_has_a_source_or_is_called_our_choice(self, path: Path) -> None:
        for choice in card(path)["choice"]:
            if re.search(r"\d", choice["ours"]):
                assert CITED.search(choice["source"]) or "our choice" in choice["source"], choice["point"]

    def test_points_are_told_apart(self, path: Path) -> None:
        points = [choice["point"] for choice in card(path)["choice"]]
        assert len(set(points)) == len(points)

    def test_options_are_there(self, path: Path) -> None:
        for choice in card(path)["choice"]:
            for option in filter(None, choice.get("option", "").split(", ")):
                section, _, field = option.partition(".")
                if section == "task":
                    assert field in options_of(load_plugins(False).get("task", path.stem).factory), option
                else:
                    assert option in OF_COMPONENTS or field in SECTIONS[section].model_fields, option


def test_retrieval_is_still_its_first_version() -> None:
    """Sources were added to the card, which changes no figure: cells stay what they are."""
    assert card(registry_root() / "protocols/retrieval.toml")["version"] == 1
