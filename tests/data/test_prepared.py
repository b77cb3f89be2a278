"""Data made ready: what would train nothing is refused."""

import pytest

from taco_bench.data.prepared import prepare
from taco_bench.errors import UserError
from taco_bench.plugins import load_plugins
from taco_bench.reporting import Silent
from taco_bench.resolve import resolve


def test_tokens_that_select_no_word_of_any_caption_are_refused() -> None:
    """babyai has no interjection."""
    plugins = load_plugins(third_party=False)
    experiment = resolve([{"tokens": "intj", "tagger": "wordlist"}], plugins)
    with pytest.raises(UserError, match="select no word of any caption"):
        prepare(experiment, plugins, Silent())
