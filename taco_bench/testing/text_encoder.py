"""The contract of text encoders."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn

from taco_bench.api import LearntVocabulary
from taco_bench.model.ragged import Layout, Ragged
from taco_bench.model.without_padding import hidden_states
from taco_bench.randomness import seed_global
from taco_bench.testing.contract import Contract
from taco_bench.testing.samples import CAPTIONS, TRAINING
from taco_bench.text.corpus import tokenize
from taco_bench.text.vocabulary import tokenizer_text

MOST = 12
"""Tokens a caption."""
ADOPT = "a vocabulary that is learnt must be taken over by a training that starts from another: give the encoder adopt()"


class TextEncoderContract(Contract):
    """For text encoders: a tokenizer and a BERT-like network."""

    kind: ClassVar[str] = "text-encoder"
    members: ClassVar[tuple[str, ...]] = ("pooling", "frozen", "fit", "tokenizer", "network", "files", "fingerprint")

    def fitted(self, folder: Path, captions: tuple[str, ...] = TRAINING) -> Any:
        """A new encoder, fitted as the core does it, once and first."""
        encoder = self.new(folder)
        encoder.fit(list(captions), MOST)
        return encoder

    def network(self, encoder: Any) -> nn.Module:
        """A new network at the start of the stream that trainings initialise it from."""
        seed_global(0, "init/text")
        network: nn.Module = encoder.network()
        return network

    def states(self, network: nn.Module, texts: list[list[int]]) -> Tensor:
        """The last hidden states [texts, longest, hidden] of texts, 0 after their end, called as the language module calls it."""
        lengths = [len(text) for text in texts]
        ids = Ragged(torch.cat([torch.tensor(text) for text in texts]), Layout(torch.tensor(lengths), max(lengths), sum(lengths)))
        try:
            found = ids.with_values(hidden_states(network, ids)).padded()
        except (IndexError, RuntimeError, AttributeError, TypeError) as error:
            hint = "it is called as a transformers.BertModel, with ids of the tokenizer and as many tokens as fit() was told"
            pytest.fail(f"the network failed on {[len(texts), max(lengths)]} token ids: {error!r}; {hint}")
        return found

    def test_pooling_and_frozen(self, component: Any) -> None:
        """The language module takes the [CLS] or the mean of all tokens, and trains the network unless it is frozen."""
        assert component.pooling in ("cls", "mean"), f'pooling is {component.pooling!r}: set it to "cls" or "mean"'
        assert isinstance(component.frozen, bool), f"frozen is {component.frozen!r}: set it to True or False"

    def test_files_and_fingerprint_before_it_is_fitted(self, component: Any, tmp_path: Path) -> None:
        """Ids of trainings hash what the encoder starts from before anything is read, in every process alike."""
        for path in component.files():
            assert isinstance(path, Path) and path.is_file(), f"files() names {path}, which is no file: return Paths of what there is"  # noqa: PT018
        found, again = component.fingerprint(), self.new(tmp_path).fingerprint()
        assert isinstance(found, str) and found, f"fingerprint() gave {found!r}: return a hash, or words where it starts from nothing"  # noqa: PT018
        assert found == again, "fingerprint() of a new encoder is another; hash the weights and the vocabulary, not the object or the time"

    def test_tokens_lie_between_the_ends(self, tmp_path: Path) -> None:
        """[CLS] stands first and [SEP] last, the same in every caption; they are specials, what is between them is not."""
        found = encodings(self.fitted(tmp_path).tokenizer(), 100)
        ends = {(encoding.ids[0], encoding.ids[-1]) for encoding in found.values()}
        assert len(ends) == 1, "captions begin or end with different tokens: add [CLS] and [SEP] by a post-processor"
        for caption, encoding in found.items():
            middle = sum(encoding.special_tokens_mask[1:-1])
            right = len(encoding) >= 2 and encoding.special_tokens_mask[0] and encoding.special_tokens_mask[-1] and not middle
            hint = "add [CLS] first and [SEP] last by a post-processor of the tokenizer"
            assert right, f"{encoding.tokens} of {caption!r} are not words between two specials; {hint}"

    def test_long_captions_are_cut(self, tmp_path: Path) -> None:
        """The core cuts captions by the tokenizer's own truncation, which keeps both ends; the network takes that many tokens."""
        encoder = self.fitted(tmp_path)
        encoding = encodings(encoder.tokenizer(), MOST, ("a man walks to the red door " * 9,))
        (only,) = encoding.values()
        assert len(only) == MOST, f"a long caption has {len(only)} tokens where {MOST} were asked for; return a tokenizers.Tokenizer"
        assert only.special_tokens_mask[-1], "a caption that is cut lost its [SEP]: add it by a post-processor, which counts it"
        self.states(self.network(encoder).eval(), [only.ids])

    def test_pieces_lie_in_the_caption(self, tmp_path: Path) -> None:
        """Word pieces belong to words by their characters in the caption as it is written."""
        for caption, encoding in encodings(self.fitted(tmp_path).tokenizer(), 100).items():
            pairs = zip(encoding.offsets, encoding.special_tokens_mask, strict=True)
            places = [offsets for offsets, special in pairs if not special]
            starts = [start for start, _ in places]
            inside = all(0 <= start < end <= len(caption) for start, end in places)
            assert inside and starts == sorted(starts), f"the pieces of {caption!r} lie at {places}; keep the tokenizer's own offsets"  # noqa: PT018
            covered = {at for start, end in places for at in range(start, end)}
            missed = [letter for at, letter in enumerate(caption) if letter.isascii() and letter.isalpha() and at not in covered]
            assert not missed, f"no piece holds the letters {missed} of {caption!r}: unknown words need an [UNK] with their place"

    def test_any_caption(self, tmp_path: Path) -> None:
        """Test captions have words and scripts that training captions have not: they become tokens that the network knows."""
        encoder = self.fitted(tmp_path)
        network = self.network(encoder).eval()
        for encoding in encodings(encoder.tokenizer(), MOST).values():
            states = self.states(network, [encoding.ids])
            assert bool(torch.isfinite(states).all()), f"the hidden states of {encoding.tokens} are not finite"

    def test_the_call_of_the_network(self, tmp_path: Path) -> None:
        """The language module calls it as a ``transformers.BertModel``, and projects hidden states of ``config.hidden_size``."""
        encoder = self.fitted(tmp_path)
        network = self.network(encoder)
        assert isinstance(network, nn.Module), "network() must return a torch.nn.Module"
        width = getattr(getattr(network, "config", None), "hidden_size", None)
        assert isinstance(width, int), "give the network a config with hidden_size, the width of its states"
        ids = [encoding.ids for encoding in encodings(encoder.tokenizer(), MOST).values()]
        found, expected = tuple(self.states(network.eval(), ids).shape), (len(ids), max(map(len, ids)), width)
        assert found == expected, f"last_hidden_state is {list(found)}; it is [texts, longest, config.hidden_size], here {list(expected)}"

    def test_padding_changes_nothing(self, tmp_path: Path) -> None:
        """Captions of a batch are padded to the longest: the states of a short one must not depend on the others."""
        encoder = self.fitted(tmp_path)
        network = self.network(encoder).eval()
        by_length = sorted((encoding.ids for encoding in encodings(encoder.tokenizer(), MOST, TRAINING).values()), key=len)
        with torch.no_grad():
            alone = self.states(network, by_length[:1])
            beside = self.states(network, by_length)[:1, : alone.shape[1]]
        assert torch.allclose(alone, beside, atol=1e-4), "a caption's states change with the padding: use the attention_mask"

    def test_a_new_network_each_time(self, tmp_path: Path) -> None:
        """All seeds of a row share the encoder: each starts from a network of its own, the same under the same generator."""
        encoder = self.fitted(tmp_path)
        first, second = (self.network(encoder) for _ in range(2))
        shared = {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}
        assert not shared, "network() gave the same weights twice, so the second seed would start where the first ended; make a new one"
        a, b = first.state_dict(), second.state_dict()
        same = a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
        assert same, "network() gave other weights under the same seed; draw them from torch's global generator, or load them"

    def test_it_learns_unless_it_is_frozen(self, tmp_path: Path) -> None:
        """The losses train the text network; the core freezes it itself where the encoder says so."""
        encoder = self.fitted(tmp_path)
        if encoder.frozen:
            pytest.skip("it is frozen")
        network = self.network(encoder).train()
        ids = [encoding.ids for encoding in encodings(encoder.tokenizer(), MOST, TRAINING).values()]
        states = self.states(network, ids)
        assert states.requires_grad, "no gradient comes back from last_hidden_state: compute it with gradients, or say frozen = True"
        states.square().sum().backward()  # type: ignore[no-untyped-call]
        moved = any(p.grad is not None and bool(p.grad.any()) for p in network.parameters())
        assert moved, "no weight of the network gets a gradient; say frozen = True if that is meant"

    def test_weights_go_to_a_checkpoint_and_back(self, tmp_path: Path) -> None:
        """Checkpoints hold the network's state_dict in safetensors, which knows no weights that share their memory."""
        from safetensors.torch import load_file, save_file

        network, path = self.network(self.fitted(tmp_path)), tmp_path / "weights.safetensors"
        try:
            save_file({name: value.detach().contiguous() for name, value in network.state_dict().items()}, path)
        except (RuntimeError, ValueError) as error:
            pytest.fail(f"safetensors cannot save the network's state_dict: {error}; two names must not share one tensor")
        copy.deepcopy(network).load_state_dict(load_file(path))

    def test_the_same_captions_give_the_same_vocabulary(self, tmp_path: Path) -> None:
        """A vocabulary is learnt anew in each process: token ids must mean the same words in a resumed training."""
        found, again = (tokenizer_text(self.fitted(tmp_path, captions)) for captions in (TRAINING, TRAINING[::-1]))
        assert found == again, "fit() gave another vocabulary for the same captions in another order; sort what you count"

    def test_a_training_can_start_from_another(self, tmp_path: Path) -> None:
        """Token ids of both trainings must mean the same words: the vocabulary is the weights' own, or it is taken over."""
        first = tokenizer_text(self.fitted(tmp_path))
        encoder = self.new(tmp_path)
        if isinstance(encoder, LearntVocabulary):
            encoder.adopt(Tokenizer.from_str(first), MOST)
            self.network(encoder)
        else:
            encoder.fit(list(CAPTIONS), MOST)
        assert tokenizer_text(encoder) == first, ADOPT if not isinstance(encoder, LearntVocabulary) else "adopt() changed the tokenizer"


def encodings(tokenizer: Tokenizer, most: int, captions: tuple[str, ...] = CAPTIONS) -> dict[str, Encoding]:
    """The encoding of each caption, as the core makes them."""
    return tokenize(captions, tokenizer, most)
