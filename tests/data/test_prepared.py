"""Data made ready: what would train nothing is refused."""

from dataclasses import replace

import numpy as np
import pytest

from taco_bench.api import Clip, Step
from taco_bench.data.clips import check_clips
from taco_bench.data.prepared import prepare
from taco_bench.errors import DataError, InfeasibleError
from taco_bench.plugins import load_plugins
from taco_bench.reporting import Silent
from taco_bench.resolve import resolve


def test_tokens_that_select_no_word_of_any_caption_are_refused() -> None:
    """babyai has no interjection."""
    plugins = load_plugins(third_party=False)
    experiment = resolve([{"tokens": "intj", "tagger": "wordlist"}], plugins)
    with pytest.raises(InfeasibleError, match="select no word of any caption"):
        prepare(experiment, plugins, Silent())


class TestTextsOfSteps:
    def test_they_are_tokenized_and_tagged_and_change_nothing_of_the_captions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        plugins = load_plugins(third_party=False)
        experiment = resolve([{"data": "planted"}], plugins)
        found = prepare(experiment, plugins, Silent())
        factory = plugins.get("data", "planted").factory
        with_steps = factory.clips
        monkeypatch.setattr(factory, "clips", lambda self: [replace(c, steps=(), procedure=()) for c in with_steps(self)])
        without = prepare(experiment, plugins, Silent())
        assert without.step_texts == {}
        assert set(found.captions) == set(without.captions)
        for text, caption in found.captions.items():
            for name in ("ids", "interest", "weights"):
                np.testing.assert_array_equal(getattr(caption, name), getattr(without.captions[text], name))
        words = {step.text for clips in found.clips.values() for clip in clips for step in clip.steps}
        assert set(found.step_texts) == words
        assert all(caption.interest.tolist() == [False, True, False] for caption in found.step_texts.values())

    @pytest.mark.parametrize(
        "clip",
        [
            Clip("a", "test", ("c",), steps=(Step("x", 3, 3),)),
            Clip("a", "test", ("c",), steps=(Step("x", 4, 3),)),
            Clip("a", "test", ("c",), steps=(Step("x", -1, 3),)),
            Clip("a", "test", ("c",), steps=(Step(" ", 0, 3),)),
            Clip("a", "test", ("c",), procedure=("x", "")),
        ],
    )
    def test_steps_that_are_none(self, clip: Clip) -> None:
        with pytest.raises(DataError, match="clip 'a' has"):
            check_clips([clip], "here")
