"""The language module around a small random BERT."""

import pytest
import torch
from builders import CLS, FIRST_WORD, SEP, TEXT_WIDTH, VOCABULARY, TinyText, ragged

from taco_bench.model.language import LanguageModule

pytestmark = pytest.mark.compat
WIDTH = 16


def make_module(width=WIDTH, dropout=0.0, **options):
    torch.manual_seed(0)
    return LanguageModule(TinyText(dropout).network(), width, **options).double()


def captions(*lengths):
    draw = torch.Generator().manual_seed(1)
    return [torch.tensor([CLS, *torch.randint(FIRST_WORD, VOCABULARY, (n - 2,), generator=draw).tolist(), SEP]) for n in lengths]


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_padding_changes_nothing(pooling):
    module = make_module(pooling=pooling)
    texts = captions(8, 3, 5)
    together = module(module.hidden(ragged(texts)))
    alone = [module(module.hidden(ragged([text]))) for text in texts]
    torch.testing.assert_close(together.tokens.values, torch.cat([one.tokens.values for one in alone]), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(together.sentence, torch.cat([one.sentence for one in alone]), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_sentence_feature(pooling):
    module = make_module(pooling=pooling)
    found = module(module.hidden(ragged(captions(4, 6))))
    first, second = found.tokens.values[:4], found.tokens.values[4:]
    expected = [first[0], second[0]] if pooling == "cls" else [first.sum(dim=0) / 4, second.sum(dim=0) / 6]
    torch.testing.assert_close(found.sentence, torch.stack(expected), rtol=1e-10, atol=1e-10)


def test_tokens_are_the_network_s_projected():
    module = make_module()
    text = captions(5)[0]
    states = module.network(input_ids=text.unsqueeze(0)).last_hidden_state[0]
    expected = states @ module.project.weight.T + module.project.bias
    torch.testing.assert_close(module(module.hidden(ragged([text]))).tokens.values, expected, rtol=1e-10, atol=1e-10)


def test_a_network_of_the_right_width_is_not_projected():
    assert not list(make_module(TEXT_WIDTH).project.parameters())


def test_a_frozen_network_is_neither_trained_nor_dropped_out():
    module = make_module(dropout=0.5, frozen=True).train()
    texts = ragged(captions(5, 3))
    assert torch.equal(module.hidden(texts).values, module.hidden(texts).values)
    module(module.hidden(texts)).sentence.sum().backward()
    assert all(parameter.grad is None for parameter in module.network.parameters())
    assert (module.project.weight.grad != 0).any()


def test_a_trained_network_is_trained_and_dropped_out():
    module = make_module(dropout=0.5).train()
    texts = ragged(captions(5, 3))
    assert not torch.equal(module.hidden(texts).values, module.hidden(texts).values)
    module(module.hidden(texts)).tokens.values.sum().backward()
    assert (module.network.embeddings.word_embeddings.weight.grad != 0).any()
