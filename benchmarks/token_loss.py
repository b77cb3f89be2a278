"""The token loss (Eq. 4), forward and backward, beside the dense form and a FILIP-style loss.

python benchmarks/token_loss.py --save            K = 128, n = 20, m = 32, d = 256, float32
python benchmarks/token_loss.py --small           in a second, to try the script
"""

from __future__ import annotations

from functools import partial

import torch
from measure import Candidate, arguments, compare, report, rows, table, torch_peak
from plain.token_loss import dense_token_nce, filip_nce
from torch import Tensor

from taco_bench.losses import token_nce


def main() -> None:
    options = arguments(__doc__, rounds=25, small="K = 16").parse_args()
    torch.set_num_threads(options.threads)
    count, n, m, d = (16 if options.small else 128), 20, 32, 256
    generator = torch.Generator().manual_seed(0)
    video, text = (0.2 * torch.randn(count, length, d, generator=generator) for length in (m, n))
    mask = torch.ones(count, m, dtype=torch.bool)
    every = torch.full((count, n), 1 / n)
    quarter = torch.zeros(count, n)
    quarter[:, 1 : 1 + n // 4] = 4 / n
    dense = Candidate("dense, all tokens", partial(_step, partial(dense_token_nce, video_mask=mask, token_weights=every), video, text))
    candidates = [
        dense,
        Candidate("FILIP-style, all tokens", partial(_step, partial(filip_nce, video_mask=mask, text_mask=every > 0), video, text)),
        Candidate("ours, all tokens of interest", partial(_step, partial(token_nce, video_mask=mask, token_weights=every), video, text)),
        Candidate("ours, 25 % of interest", partial(_step, partial(token_nce, video_mask=mask, token_weights=quarter), video, text)),
        Candidate("the arithmetic alone, all tokens", partial(_floor, video, text)),
    ]
    compare(candidates, options.rounds, torch_peak)
    with report(__file__, save=options.save) as say:
        say(f"K = {count}, n = {n}, m = {m}, d = {d}, float32, forward and backward\n")
        say(table(rows(candidates, dense)))
        for name, weights in (("all", every), ("25 %", quarter)):
            difference = _difference(video, mask, text, weights)
            say(f"\nlargest difference of a gradient from the dense form's, {name} of interest, relative to the largest: {difference:.1e}")


def _step(loss, video: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of a loss by video and text tokens."""
    x, y = video.detach().requires_grad_(), text.detach().requires_grad_()
    return torch.autograd.grad(loss(video_tokens=x, text_tokens=y), (x, y))


def _floor(video: Tensor, text: Tensor) -> object:
    """The products of all words and video tokens, which no exact form can do without."""
    x, y = video.flatten(0, 1), text.flatten(0, 1)
    return [y[start : start + 512] @ x.T for start in range(0, len(y), 512)][-1]


def _difference(video: Tensor, mask: Tensor, text: Tensor, weights: Tensor) -> float:
    found = [
        _step(partial(loss, video_mask=mask, token_weights=weights), video.double(), text.double()) for loss in (token_nce, dense_token_nce)
    ]
    ours = _step(partial(token_nce, video_mask=mask, token_weights=weights), video, text)
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(ours, found[1], strict=True))


if __name__ == "__main__":
    main()
