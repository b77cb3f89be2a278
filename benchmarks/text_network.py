"""A BERT over the captions of a batch as one row, forward and backward, beside the same BERT over padded captions.

python benchmarks/text_network.py --save          K = 128, two layers 768 wide
python benchmarks/text_network.py --small         in a second, to try the script

Captions have 8 to 20 tokens, uniformly, and one of them 30: all others are padded to that.
"""

from __future__ import annotations

import copy
from functools import partial

import torch
from measure import Candidate, arguments, compare, report, rows, table, torch_peak
from torch import Tensor, nn

from taco_bench.api import compute_no_padding
from taco_bench.model.ragged import Layout, Ragged
from taco_bench.model.without_padding import hidden_states

LONGEST = 30


def main() -> None:
    options = arguments(__doc__, rounds=5, small="K = 8, 32 wide").parse_args()
    torch.set_num_threads(options.threads)
    count, width = (8, 32) if options.small else (128, 768)
    plain = _network(width)
    ours = compute_no_padding(copy.deepcopy(plain))
    ids = _captions(count)
    reference = Candidate("padded", partial(_step, plain, ids))
    candidates = [reference, Candidate("without padding", partial(_step, ours, ids))]
    compare(candidates, options.rounds, torch_peak)
    layout = ids.layout
    what = f"{count} captions, {100 * layout.tokens / (count * layout.longest):.0f} % of their padded tokens real"
    with torch.no_grad(), report(__file__, save=options.save) as say:
        say(f"{what}; two layers {width} wide, float32, no dropout, forward and backward\n")
        say(table(rows(candidates, reference)))
        difference = (hidden_states(ours, ids) - hidden_states(plain, ids)).abs().max()
        say(f"\nlargest difference of a hidden state: {float(difference):.1e}")


def _network(width: int) -> nn.Module:
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=1000,
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=max(1, width // 64),
        intermediate_size=4 * width,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    network: nn.Module = BertModel(config, add_pooling_layer=False)
    return network


def _captions(count: int) -> Ragged:
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(8, 21, (count,), generator=generator)
    lengths[0] = LONGEST
    layout = Layout(lengths, LONGEST, int(lengths.sum()))
    return Ragged(torch.randint(1, 1000, (layout.tokens,), generator=generator), layout)


def _step(network: nn.Module, ids: Ragged) -> tuple[Tensor, ...]:
    """Gradients of the states' squares by all weights."""
    return torch.autograd.grad(hidden_states(network, ids).square().sum(), list(network.parameters()))


if __name__ == "__main__":
    main()
