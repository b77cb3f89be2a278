"""BERT with its texts as one row, against transformers' own on padded texts."""

import copy

import pytest
import torch
from builders import ragged
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from taco_bench.api import compute_no_padding
from taco_bench.model.without_padding import hidden_states


def bert(dropout=0.0, **options):
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=40,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=12,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        **options,
    )
    return BertModel(config, add_pooling_layer=False).double()


def texts(lengths, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return ragged([torch.randint(1, 40, (length,), generator=generator) for length in lengths])


def padded_states(network, ids):
    """[tokens, hidden] by transformers' own call, text by text cut to its length."""
    found = network(input_ids=ids.padded(), attention_mask=ids.layout.mask.long()).last_hidden_state
    return torch.cat([row[:length] for row, length in zip(found, ids.layout.lengths.tolist(), strict=True)])


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(0, 3))
@pytest.mark.compat
def test_states_and_gradients_are_those_of_padded_texts(lengths, seed):
    plain, ids = bert(), texts(lengths, seed)
    ours = compute_no_padding(copy.deepcopy(plain))
    expected, found = padded_states(plain, ids), hidden_states(ours, ids)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)
    pull = torch.randn(expected.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    (expected * pull).sum().backward()
    (found * pull).sum().backward()
    for (name, a), b in zip(ours.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-9, atol=1e-9, msg=name)


def test_called_with_a_mask_it_is_as_before():
    plain, ids = bert(), texts([5, 1, 3])
    ours = compute_no_padding(copy.deepcopy(plain))
    torch.testing.assert_close(padded_states(ours, ids), padded_states(plain, ids), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("kind", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.06)])
def test_lower_precision(kind, tolerance):
    plain, ids = bert(), texts([7, 2, 12])
    found = hidden_states(compute_no_padding(copy.deepcopy(plain).to(kind)), ids)
    torch.testing.assert_close(found.double(), padded_states(plain, ids), rtol=tolerance, atol=tolerance)


def test_no_padded_token_goes_through_a_layer():
    network, ids = compute_no_padding(bert()), texts([12, 1, 1])
    seen = []
    for layer in network.encoder.layer:
        layer.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape)))
    hidden_states(network, ids)
    assert seen == [(1, 14, 16)] * 2


def test_attention_has_its_dropout():
    network, ids = compute_no_padding(bert(dropout=0.5).train()), texts([6, 3])
    states = []
    for _ in range(2):
        torch.manual_seed(1)
        states.append(hidden_states(network, ids))
    assert torch.equal(*states)
    for module in network.modules():  # dropout in attention alone: it is functional there, and no module
        if isinstance(module, nn.Dropout) and module is not network.encoder.layer[0].attention.self.dropout:
            module.p = 0.0
    first, second = hidden_states(network, ids), hidden_states(network, ids)
    assert not torch.equal(first, second)


def test_a_module_around_it_that_shares_its_config_is_called_padded():
    class Around(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner, self.config = inner, inner.config

        def forward(self, input_ids, attention_mask):
            return self.inner(input_ids=input_ids, attention_mask=attention_mask)

    class Open(Around):
        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(super().__getattr__("inner"), name)

    plain, ids = bert(), texts([4, 2])
    for around in (Around, Open):
        inside = around(compute_no_padding(copy.deepcopy(plain)))
        outside = compute_no_padding(around(copy.deepcopy(plain)))
        for network in (inside, outside):
            torch.testing.assert_close(hidden_states(network, ids), padded_states(plain, ids), rtol=1e-12, atol=1e-12)


def test_with_another_attention_set_later_it_is_called_padded():
    plain, ids = bert(), texts([4, 2])
    ours = compute_no_padding(copy.deepcopy(plain))
    ours.set_attn_implementation("eager")
    torch.testing.assert_close(hidden_states(ours, ids), padded_states(plain, ids), rtol=1e-12, atol=1e-12)


def test_a_decoder_stays_as_it_is():
    network, ids = bert(is_decoder=True), texts([5, 2])
    expected = padded_states(network, ids)
    assert torch.equal(hidden_states(compute_no_padding(network), ids), expected)


def test_networks_of_other_kinds_stay_as_they_are():
    from transformers import RobertaConfig, RobertaModel

    config = RobertaConfig(vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    network = RobertaModel(config, add_pooling_layer=False).double().eval()
    assert compute_no_padding(network) is network
    ids = texts([5, 2])
    assert torch.equal(hidden_states(network, ids), padded_states(network, ids))
    bare = nn.Linear(2, 2)
    assert compute_no_padding(bare) is bare
