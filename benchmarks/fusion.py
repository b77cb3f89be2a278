"""The fusion module on the sampled pairs of a batch, forward and backward, beside the plain module on padded, expanded pairs.

python benchmarks/fusion.py --full-length         K = 128, K' = 8, d = 256; minutes
python benchmarks/fusion.py --width 768          the paper's width; 12 GiB for the reference, a quarter of that with --batch-size 32
python benchmarks/fusion.py --small              in seconds, to try the script

Texts have 8 to 20 of 30 tokens and videos 24 to 48 of 48, uniformly; a pair that two anchors share is scored once, in the reference too.
"""

from __future__ import annotations

from functools import partial

import torch
from measure import Candidate, arguments, compare, report, rows, table, torch_peak
from plain.fusion import plain_fusion
from torch import Tensor

from taco_bench.config import Model
from taco_bench.model.fusion import FusionModule
from taco_bench.model.ragged import Layout, Ragged

TEXT, VIDEO = (8, 20, 30), (24, 48, 48)  # shortest, longest, padded to


def main() -> None:
    parser = arguments(__doc__, rounds=5, small="K = 8 and d = 32")
    parser.add_argument("--width", type=int, default=None, help="d; 256 unless given")
    parser.add_argument("--batch-size", type=int, default=128, help="K; 128 unless given")
    parser.add_argument("--full-length", action="store_true", help="pairs of 78 real tokens too, where nothing but the arithmetic is saved")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    count, negatives = (8, 2) if options.small else (options.batch_size, 8)
    with report(f"fusion-{options.width or 256}", save=options.save) as say:
        say(f"K = {count}, K' = {negatives}, two layers, float32, no dropout, forward and backward\n")
        width = options.width or (32 if options.small else 256)
        say(_measured(width, count, negatives, options.rounds))
        if options.full_length:
            say(_at_full_length(width, count, negatives, options.rounds))


def _measured(width: int, count: int, negatives: int, rounds: int) -> str:
    text, video, pairs = batch(width, count, negatives)
    module = module_of(width)
    plain = partial(plain_fusion, module, lengths=(TEXT[2], VIDEO[2]))
    reference = Candidate("plain, padded and expanded", partial(_step, module, plain, text, video, pairs))
    kept = Candidate("ours, activations kept", partial(_step, module, module, text, video, pairs))
    again = Candidate("ours, recomputed", partial(_recomputed, module, text, video, pairs))
    compare([reference, kept, again], rounds, torch_peak)
    real = (text.layout.lengths[pairs[0]] + video.layout.lengths[pairs[1]]).double().mean()
    share = real / (TEXT[2] + VIDEO[2])
    return "\n".join([
        f"d = {width}: {len(pairs[0])} distinct pairs, {real:.1f} of {TEXT[2] + VIDEO[2]} tokens real ({100 * share:.0f} %)\n",
        table(rows([reference, kept, again], reference)),
        f"\nlargest difference of a logit from the plain module's: {_difference(module, plain, text, video, pairs):.1e}\n",
    ])  # fmt: skip


def _at_full_length(width: int, count: int, negatives: int, rounds: int) -> str:
    pairs, module = batch(width, count, negatives)[2], module_of(width)
    text, video = _ragged(width, torch.full((count,), TEXT[2])), _ragged(width, torch.full((count,), VIDEO[2]))
    plain = partial(plain_fusion, module, lengths=(TEXT[2], VIDEO[2]))
    reference = Candidate("plain, all at full length", partial(_step, module, plain, text, video, pairs))
    ours = Candidate("ours, all at full length", partial(_step, module, module, text, video, pairs))
    compare([reference, ours], rounds, torch_peak)
    return table(rows([reference, ours], reference))


def module_of(width: int) -> FusionModule:
    """A module of two layers with heads of 64, four times as wide in between."""
    torch.manual_seed(0)
    heads = max(1, width // 64)
    return FusionModule(Model(width=width, heads=heads, feedforward=4 * width, dropout=0.0, positions=TEXT[2] + VIDEO[2]))


def batch(width: int, count: int, negatives: int) -> tuple[Ragged, Ragged, tuple[Tensor, Tensor]]:
    """Random texts and videos, and the distinct pairs of the anchors with their negatives in both directions."""
    generator = torch.Generator().manual_seed(0)
    text, video = (_ragged(width, torch.randint(low, high + 1, (count,), generator=generator)) for low, high, _ in (TEXT, VIDEO))
    scores = torch.rand(count, count, generator=generator).fill_diagonal_(-1)
    own = torch.arange(count)
    parts = [own * count + own, (own[:, None] * count + scores.topk(negatives, dim=1).indices).flatten()]
    parts.append((scores.topk(negatives, dim=0).indices * count + own).flatten())
    pairs = torch.unique(torch.cat(parts))
    return text, video, (pairs // count, pairs % count)


def _ragged(width: int, lengths: Tensor) -> Ragged:
    values = torch.randn(int(lengths.sum()), width, generator=torch.Generator().manual_seed(len(lengths)))
    return Ragged(values.requires_grad_(), Layout(lengths, int(lengths.max()), len(values)))


def _step(module, forward, text: Ragged, video: Ragged, pairs: tuple[Tensor, Tensor]) -> object:
    """Gradients of the logits' sum by all weights and tokens."""
    logits = forward(text, video, *pairs) if forward is module else forward(text=text, video=video, text_of=pairs[0], video_of=pairs[1])
    return torch.autograd.grad(logits.square().sum(), [*module.parameters(), text.values, video.values])


def _recomputed(module, text: Ragged, video: Ragged, pairs: tuple[Tensor, Tensor]) -> object:
    module.recompute = True
    try:
        return _step(module, module, text, video, pairs)
    finally:
        module.recompute = False


@torch.no_grad()
def _difference(module, plain, text: Ragged, video: Ragged, pairs: tuple[Tensor, Tensor]) -> float:
    return float((module(text, video, *pairs) - plain(text=text, video=video, text_of=pairs[0], video_of=pairs[1])).abs().max())


if __name__ == "__main__":
    main()
