"""The transformer layer against torch's own."""

import pytest
import torch
from builders import ragged, random_rows
from torch import nn

from taco_bench.model.layers import TransformerLayer

pytestmark = pytest.mark.compat


def with_torch_names(values):
    """Weights or gradients of our layer under the names of torch.nn.TransformerEncoderLayer."""
    names = {
        "query_key_value": "self_attn.in_proj",
        "output": "self_attn.out_proj",
        "attention_norm": "norm1",
        "expand": "linear1",
        "contract": "linear2",
        "output_norm": "norm2",
    }
    parts = {name: name.rsplit(".", 1) for name in values}
    return {f"{names[module]}{'_' if module == 'query_key_value' else '.'}{kind}": values[name] for name, (module, kind) in parts.items()}


def random_layer(width, heads, feedforward):
    torch.manual_seed(0)
    layer = TransformerLayer(width, heads, feedforward, dropout=0.0).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn_like(parameter))
    plain = nn.TransformerEncoderLayer(width, heads, feedforward, 0.0, "gelu", layer_norm_eps=1e-12, batch_first=True).double()
    plain.load_state_dict(with_torch_names(layer.state_dict()))
    return layer, plain


@pytest.mark.parametrize("lengths", [[4, 4], [5, 1, 3], [1]])
@pytest.mark.parametrize("heads", [1, 4])
def test_equals_torch(lengths, heads):
    layer, plain = random_layer(8, heads, 20)
    rows = ragged(random_rows(lengths, 8))
    found = layer(rows).padded()
    expected = plain(rows.padded(), src_key_padding_mask=~rows.layout.mask)
    torch.testing.assert_close(found, expected * rows.layout.mask.unsqueeze(2), rtol=1e-10, atol=1e-10)


def test_gradients_equal_torch():
    layer, plain = random_layer(8, 2, 20)
    rows = ragged(random_rows([5, 1, 3], 8))
    pull = torch.randn(rows.padded().shape, dtype=torch.float64) * rows.layout.mask.unsqueeze(2)
    (layer(rows).padded() * pull).sum().backward()
    (plain(rows.padded(), src_key_padding_mask=~rows.layout.mask) * pull).sum().backward()
    ours = with_torch_names({name: parameter.grad for name, parameter in layer.named_parameters()})
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(ours[name], parameter.grad, rtol=1e-9, atol=1e-9)


def test_dropout_only_while_training():
    torch.manual_seed(0)
    layer = TransformerLayer(8, 2, 16, dropout=0.5)
    rows = ragged(random_rows([4, 2], 8, dtype=torch.float32))
    assert not torch.equal(layer(rows).values, layer(rows).values)
    layer.eval()
    assert torch.equal(layer(rows).values, layer(rows).values)
