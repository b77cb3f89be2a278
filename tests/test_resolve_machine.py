"""From raw options to an experiment: taggers that are not installed, and presets that depend on options."""

from collections.abc import Sequence

import pytest
from helpers.resolving import WORDLIST, resolved

from taco_bench.api import Word
from taco_bench.errors import ConfigError
from taco_bench.plugins import Component, Plugins, load_plugins
from taco_bench.resolve import resolve


class Absent:
    """A tagger whose model is not installed."""

    def __init__(self, model: str = "large") -> None:
        self.model = model

    def missing(self) -> str:
        return f"the model {self.model} is not installed"

    def identity(self) -> str:
        return "absent"

    def tag(self, captions: Sequence[str]) -> list[list[Word]]:
        raise AssertionError("never asked")


class Protocolled:
    """A data set with an option on which its preset depends."""

    def __init__(self, protocol: str = "long") -> None:
        self.protocol = protocol


def with_tagger(fallback: str | None) -> Plugins:
    """The first-party plugins, with a spaCy that is not installed."""
    plugins = Plugins()
    for component in load_plugins(third_party=False).all():
        if component.name != "spacy":
            plugins.add(component)
    plugins.add(Component("tagger", "spacy", Absent, "absent", "taco-bench", "0", fallback=fallback))
    return plugins


def test_the_fallback_is_chosen_and_announced() -> None:
    said: list[str] = []
    experiment = resolve([{}], with_tagger("wordlist"), said.append)
    assert experiment.tagger == {"type": "wordlist"}
    (line,) = said
    assert "'wordlist'" in line
    assert "the model large is not installed" in line


def test_the_fallback_is_the_experiment_that_names_it() -> None:
    assert resolve([{}], with_tagger("wordlist")).training() == resolved().training()


@pytest.mark.parametrize("asked", ["spacy", "spacy:small", {"type": "spacy"}, {"model": "small"}], ids=str)
def test_a_tagger_that_was_asked_for_is_not_replaced(asked: object) -> None:
    with pytest.raises(ConfigError, match="the tagger spacy cannot be used") as caught:
        resolve([{"tagger": asked}], with_tagger("wordlist"))
    assert "not installed" in caught.value.what


def test_no_fallback() -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        resolve([{}], with_tagger(None))


def test_a_tagger_that_is_there_is_used_without_a_word() -> None:
    said: list[str] = []
    assert resolve([WORDLIST], load_plugins(third_party=False), said.append).tagger == {"type": "wordlist"}
    assert said == []


def with_selectors(plugins: Plugins) -> Plugins:
    """Beside the others a selector that reads no tags."""
    plugins.add(Component("tokens", "rare", plugins.get("tokens", "top-idf").factory, "rare", "taco-bench", "0", tags=False))
    return plugins


def test_where_no_selector_reads_tags_nothing_is_tagged() -> None:
    said: list[str] = []
    experiment = resolve([{"tokens": "rare:0.5"}], with_selectors(with_tagger(None)), said.append)
    assert (experiment.tagger, said) == ({"type": "split"}, [])


def test_one_selector_that_reads_tags_is_enough_to_tag() -> None:
    experiment = resolve([{"tokens": "rare,noun"}], with_selectors(with_tagger("wordlist")))
    assert experiment.tagger == {"type": "wordlist"}


def test_a_tagger_that_was_asked_for_tags_whatever_is_read() -> None:
    assert resolve([{"tokens": "rare", **WORDLIST}], with_selectors(with_tagger(None))).tagger == {"type": "wordlist"}


def test_where_no_tagger_is_needed_none_is_announced_or_missed() -> None:
    said: list[str] = []
    assert resolve([{"tokens": "none"}], with_tagger("wordlist"), said.append).tagger is None
    assert resolve([{"losses": {"use": ["l1"]}}], with_tagger(None), said.append).tagger is None
    assert said == []


# Data sets of third parties


def test_a_preset_that_depends_on_the_options_of_the_data_set() -> None:
    def preset(protocol: str = "long", **_: object) -> dict[str, object]:
        return {"encoder": "tiles", "tagger": "wordlist", "sampler": "random:1", "train.steps": 7 if protocol == "short" else 70}

    def broken() -> dict[str, object]:
        return {}

    plugins = Plugins()
    for component in load_plugins(third_party=False).all():
        plugins.add(component)
    plugins.add(Component("data", "mine", Protocolled, "mine", "mine", "1", preset=preset))
    plugins.add(Component("data", "bad", Protocolled, "mine", "mine", "1", preset=broken))
    steps = [resolve([{"data": data}], plugins).train.steps for data in ("mine", "mine:short", {"type": "mine", "protocol": "long"})]
    assert steps == [70, 7, 70]
    assert resolve([{"data": "mine:short", "train": {"steps": 3}}], plugins).train.steps == 3
    with pytest.raises(ConfigError) as caught:
        resolve([{"data": "bad:short"}], plugins)
    assert caught.value.exit_code == 4
    assert "data 'bad' of mine 1 gave no preset" in caught.value.lines()[0]


def test_a_preset_of_another_type_is_left_aside() -> None:
    """The preset's options for ``cascade`` do not go to ``random``."""
    plugins = Plugins()
    for component in load_plugins(third_party=False).all():
        plugins.add(component)
    preset = {"encoder": "tiles", "text_encoder": "tiny", "sampler.type": "cascade", "sampler.hard_negatives": 3, "tagger": "wordlist"}
    preset |= {"tokens": "noun,top-idf:0.5", "train.batch_size": 16, "model.heads": 4, "model.width": 64}
    plugins.add(Component("data", "mine", Absent, "mine", "mine", "1", preset=preset))
    assert resolve([{"data": "mine"}], plugins).sampler == {"type": "cascade", "hard_negatives": 3, "weighted": 1.0}
    assert resolve([{"data": "mine", "sampler": "random"}], plugins).sampler == {"type": "random", "hard_negatives": 8}
    assert resolve([{"data": "mine"}], plugins).tokens == ({"type": "noun"}, {"type": "top-idf", "fraction": 0.5})
    assert resolve([{"data": "mine"}], plugins).tagger == {"type": "wordlist"}


@pytest.mark.parametrize(
    ("key", "meant"), [("model.widht", "did you mean model.width?"), ("trian.steps", "did you mean train.steps?"), ("smapler", "sampler")]
)
def test_an_unknown_option_in_a_preset_is_its_authors(key: str, meant: str) -> None:
    plugins = Plugins()
    for component in load_plugins(third_party=False).all():
        plugins.add(component)
    plugins.add(Component("data", "mine", Absent, "mine", "taco-mine", "1.5", preset={"encoder": "tiles", key: 3}))
    with pytest.raises(ConfigError) as caught:
        resolve([{"data": "mine"}], plugins)
    assert caught.value.exit_code == 4
    what, _, hint = caught.value.lines()
    assert what == f"the preset of data 'mine' of taco-mine 1.5 has unknown options: {key!r}"
    assert meant in hint


def test_a_preset_that_is_no_mapping_is_its_authors() -> None:
    plugins = Plugins()
    plugins.add(Component("data", "mine", Absent, "mine", "taco-mine", "1.5", preset=["model.width"]))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"data 'mine' of taco-mine 1.5 has a preset that cannot be used"):
        resolve([{"data": "mine"}], plugins)
