"""The small BERT from scratch: vocabulary, specials, weights."""

import json
import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from taco_bench_text.tiny import SPECIALS, Tiny
from taco_bench_text.wordlist import WordlistTagger

from taco_bench.api import UserError, Word
from taco_bench.randomness import seed_global
from taco_bench.text.corpus import Interest, tokenize

pytestmark = pytest.mark.compat

CAPTIONS = [
    "open the yellow door",
    "put the grey key next to the blue box",
    "go to the red ball, then open the door you see",
    "Pick up a Café key!",
    "put the box next to the yellow ball after you pick up the grey key",
    "move two boxes across",
]

FIT = """
import json, sys
from taco_bench_text.tiny import Tiny
tiny = Tiny(vocabulary=int(sys.argv[1]))
tiny.fit(json.load(sys.stdin), 30)
print(json.dumps(sorted(tiny.tokenizer().get_vocab().items())))
"""


def fitted(captions: list[str] = CAPTIONS, max_tokens: int = 30, **options: object) -> Tiny:
    tiny = Tiny(**options)
    tiny.fit(captions, max_tokens)
    return tiny


def fit_elsewhere(captions: list[str], vocabulary: int) -> dict[str, int]:
    """The vocabulary as another process learns it."""
    path = os.pathsep.join(path for path in sys.path if path)
    run = subprocess.run(
        [sys.executable, "-c", FIT, str(vocabulary)],
        input=json.dumps(captions),
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return dict(json.loads(run.stdout))


def test_specials_come_first() -> None:
    vocabulary = fitted().tokenizer().get_vocab()
    assert [vocabulary[special] for special in SPECIALS] == list(range(5))


def test_ids_are_the_numbers_from_zero_on() -> None:
    tokenizer = fitted().tokenizer()
    assert sorted(tokenizer.get_vocab().values()) == list(range(tokenizer.get_vocab_size()))


def test_cls_first_and_sep_last() -> None:
    encoding = fitted().tokenizer().encode("open the door")
    assert encoding.tokens[0] == "[CLS]"
    assert encoding.tokens[-1] == "[SEP]"
    assert encoding.special_tokens_mask == [1, *[0] * (len(encoding) - 2), 1]


def test_without_padding_or_truncation() -> None:
    tokenizer = fitted(max_tokens=4).tokenizer()
    assert tokenizer.padding is None
    assert tokenizer.truncation is None
    assert [len(encoding) for encoding in tokenizer.encode_batch(["door", CAPTIONS[4]])] != [4, 4]


def test_frequent_words_are_whole_pieces() -> None:
    assert fitted().tokenizer().encode("put the key").tokens[1:-1] == ["put", "the", "key"]


def test_vocabulary_is_learnt_from_the_training_captions_alone() -> None:
    """A letter that they lack is unknown; a word that they lack is made of their pieces, or unknown."""
    tokenizer = fitted(["a red door", "a red ball"]).tokenizer()
    assert tokenizer.encode("z").tokens[1:-1] == ["[UNK]"]
    assert "bed" not in tokenizer.get_vocab()
    assert set("".join(tokenizer.get_vocab()).replace("#", "")) <= set("areddooraball") | set("".join(SPECIALS))


def test_no_unknown_piece_in_training_captions() -> None:
    tokenizer = fitted(vocabulary=30).tokenizer()
    for caption in CAPTIONS:
        assert "[UNK]" not in tokenizer.encode(caption).tokens


def test_case_and_accents_do_not_matter() -> None:
    tokenizer = fitted().tokenizer()
    assert tokenizer.encode("CAFÉ").ids == tokenizer.encode("cafe").ids


def test_order_does_not_matter() -> None:
    one, other = fitted(CAPTIONS), fitted(CAPTIONS[::-1])
    assert one.tokenizer().get_vocab() == other.tokenizer().get_vocab()


def test_two_fits_in_one_process_agree() -> None:
    assert fitted().tokenizer().get_vocab() == fitted().tokenizer().get_vocab()


def test_fits_in_other_processes_agree() -> None:
    """A resumed training, or an evaluation, fits again in a process of its own: every id must be the same."""
    here = fitted(vocabulary=120).tokenizer().get_vocab()
    assert fit_elsewhere(CAPTIONS, 120) == here
    assert fit_elsewhere(CAPTIONS, 120) == here


def test_a_bound_on_the_vocabulary() -> None:
    assert fitted(vocabulary=60).tokenizer().get_vocab_size() == 60
    assert fitted(vocabulary=100_000).tokenizer().get_vocab_size() < 1000


def weights(tiny: Tiny, seed: int) -> dict[str, torch.Tensor]:
    seed_global(seed, "text")
    return tiny.network().state_dict()


def test_the_same_seed_gives_the_same_weights() -> None:
    tiny = fitted()
    one, other, third = weights(tiny, 3), weights(tiny, 3), weights(tiny, 4)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert any(not torch.equal(one[name], third[name]) for name in one)


def test_network_has_the_size_that_was_asked_for() -> None:
    tiny = fitted(width=32, layers=3, heads=2, max_tokens=11)
    config = tiny.network().config
    assert (config.hidden_size, config.num_hidden_layers, config.num_attention_heads) == (32, 3, 2)
    assert config.vocab_size == tiny.tokenizer().get_vocab_size()


@torch.no_grad()
def test_network_reads_captions_of_the_longest_kind() -> None:
    tiny = fitted(max_tokens=8, width=32, layers=1)
    ids = torch.tensor([tokenize(CAPTIONS, tiny.tokenizer(), 8)[CAPTIONS[4]].ids])
    assert ids.shape == (1, 8)
    out = tiny.network().eval()(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
    assert out.shape == (1, 8, 32)
    assert out.isfinite().all()


def test_dropout_is_none_unless_asked_for() -> None:
    assert {module.p for module in fitted().network().modules() if isinstance(module, torch.nn.Dropout)} <= {0.0}
    assert 0.3 in {module.p for module in fitted(dropout=0.3).network().modules() if isinstance(module, torch.nn.Dropout)}


def test_a_width_that_the_heads_do_not_divide() -> None:
    with pytest.raises(UserError, match="heads"):
        fitted(width=64, heads=5).network()


def test_it_trains() -> None:
    assert not Tiny().frozen
    assert all(parameter.requires_grad for parameter in fitted().network().parameters())


def test_pieces_of_interest_spell_the_words_of_interest() -> None:
    """Real WordPieces of a small vocabulary, where most words are several pieces."""
    tokenizer = fitted(vocabulary=40).tokenizer()
    (words,) = WordlistTagger().tag([CAPTIONS[1]])
    caption = Interest([EveryOther()], Plain()).caption(tokenize([CAPTIONS[1]], tokenizer, 60)[CAPTIONS[1]], indexed(words))
    pieces = [tokenizer.id_to_token(at).removeprefix("##") for at in caption.ids]
    for index, word in enumerate(words):
        own = [piece for piece, weight in zip(pieces, caption.weights, strict=True) if weight == index + 1]
        assert "".join(own) == (word.text if index % 2 == 0 else "")


class EveryOther:
    def select(self, words: list[Word]) -> list[bool]:
        return [at % 2 == 0 for at in range(len(words))]


class Plain:
    def weigh(self, idf: object) -> object:
        return idf


def indexed(words: list[Word]) -> list[Word]:
    return [Word(word.text, word.start, word.end, word.tag, at + 1.0) for at, word in enumerate(words)]


LETTERS = st.text(st.characters(codec="utf-8", categories=["Lu", "Ll", "Lo", "Nd", "Po", "Zs"], max_codepoint=0x24FF), max_size=40)


@settings(deadline=None, max_examples=60)
@given(LETTERS)
def test_any_text_gives_a_word_to_every_piece_that_is_no_special(text: str) -> None:
    """The word tagger and the tokenizer split differently, but every piece begins inside one of the words."""
    caption = Interest([All()], Plain()).caption(tokenize([text], TOKENIZER, 80)[text], indexed(WordlistTagger().tag([text])[0]))
    assert caption.interest.tolist() == [False, *[True] * (len(caption.ids) - 2), False]


class All:
    def select(self, words: list[Word]) -> list[bool]:
        return [True] * len(words)


TOKENIZER = fitted().tokenizer()
