"""BERT from a folder, and what is said where there is none."""

import json
import time
from pathlib import Path

import pytest
import torch
from taco_bench_text.bert import Bert
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from taco_bench.api import DataError

pytestmark = pytest.mark.compat

WORD_PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "door", "open", "##ing", "##s"]


def small_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece({piece: at for at, piece in enumerate(WORD_PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


@pytest.fixture(scope="module")
def network() -> BertModel:
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(WORD_PIECES), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    return BertModel(config).eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, network: BertModel) -> Path:
    path = tmp_path_factory.mktemp("bert")
    network.save_pretrained(path)
    small_tokenizer().save(str(path / "tokenizer.json"))
    return path


@torch.no_grad()
def test_the_weights_of_a_folder(folder: Path, network: BertModel) -> None:
    bert = Bert(str(folder))
    bert.fit(["open the doors"], 30)
    ids = torch.tensor([[2, 7, 5, 6, 3]])
    assert torch.equal(bert.network().eval()(input_ids=ids).last_hidden_state, network(input_ids=ids).last_hidden_state)


def test_the_tokenizer_of_a_folder(folder: Path) -> None:
    encoding = Bert(str(folder)).tokenizer().encode("Opening the doors now")
    assert encoding.tokens == ["[CLS]", "open", "##ing", "the", "door", "##s", "[UNK]", "[SEP]"]
    assert encoding.ids == [2, 7, 8, 5, 6, 9, 1, 3]
    assert encoding.offsets[1:-1] == [(0, 4), (4, 7), (8, 11), (12, 16), (16, 17), (18, 21)]


def test_its_tokenizer_comes_without_padding_or_truncation(folder: Path, tmp_path: Path) -> None:
    tokenizer = small_tokenizer()
    tokenizer.enable_padding(length=16)
    tokenizer.enable_truncation(max_length=4)
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    loaded = Bert(str(tmp_path)).tokenizer()
    assert loaded.padding is None
    assert loaded.truncation is None


def test_fingerprint_follows_the_weights(folder: Path, tmp_path: Path) -> None:
    """A copy elsewhere has the same; one changed weight another."""
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    copy = Bert(str(tmp_path))
    assert copy.fingerprint() == Bert(str(folder)).fingerprint()
    weights = bytearray((tmp_path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    assert copy.fingerprint() != Bert(str(folder)).fingerprint()


def test_fingerprint_follows_the_vocabulary(folder: Path, tmp_path: Path) -> None:
    """As the protocol says: a hash of the weights and the vocabulary."""
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    card = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = card["model"]["vocab"]
    vocabulary["the"], vocabulary["door"] = vocabulary["door"], vocabulary["the"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(card))
    assert Bert(str(tmp_path)).fingerprint() != Bert(str(folder)).fingerprint()


@pytest.mark.parametrize("part", ["tokenizer", "network", "fingerprint"])
def test_a_model_that_is_not_there_offline(part: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    started = time.perf_counter()
    with pytest.raises(DataError, match="no-such-bert") as caught:
        getattr(Bert("no-such-organisation/no-such-bert"), part)()
    assert time.perf_counter() - started < 20
    assert "--text-encoder tiny" in caught.value.hint
    assert "--text-encoder minilm" in caught.value.hint


@pytest.mark.parametrize("part", ["tokenizer", "network", "fingerprint"])
def test_an_empty_folder(part: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is neither a folder"):
        getattr(Bert(str(tmp_path)), part)()


@pytest.mark.parametrize("content", [b"", b"{", b"not safetensors at all"])
def test_weights_that_are_no_safetensors(folder: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(DataError, match="text encoder"):
        Bert(str(tmp_path)).network()


def test_a_network_that_is_no_bert(tmp_path: Path, folder: Path) -> None:
    """Its tokenizer has no [CLS] to stand for the sentence."""
    tokenizer = Tokenizer(models.WordLevel({"<s>": 0, "</s>": 1, "<unk>": 2, "the": 3}, unk_token="<unk>"))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>"}')
    with pytest.raises(DataError, match=r"has no \[CLS\]"):
        Bert(str(tmp_path)).tokenizer()


def test_the_papers_choices_are_the_defaults() -> None:
    bert = Bert()
    assert (bert.name, bert.pooling, bert.frozen) == ("bert-base-uncased", "cls", False)
