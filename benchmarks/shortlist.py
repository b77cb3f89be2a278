"""How often a shortlist of the fusion score changes R@1, R@5 and R@10 against all pairs, on a trained model.

python benchmarks/shortlist.py --clips 1000       trains planted:holds once; minutes
python benchmarks/shortlist.py --small            few steps and queries, to try the script

All pairs of the pool go through fusion once; a shortlist of M is then what evaluation makes of the same scores. "Changed" are the queries
that are a hit at k under one of the two and not under the other. A positive inside the shortlist can only gain by it, for what is outside
falls behind; one outside is a miss at every k up to M. So the second column bounds the losses.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch
from measure import arguments, report, table

from taco_bench.config import Experiment
from taco_bench.data.prepared import Prepared, prepare
from taco_bench.metrics import retrieval_ranks
from taco_bench.metrics.retrieval import credit
from taco_bench.plugins import load_plugins
from taco_bench.reporting import Silent
from taco_bench.resolve import resolve
from taco_bench.train.device import resolve_device
from taco_bench.train.loop import Training
from taco_bench.train.scoring import below_shortlist, pool_scores, shortlisted

KS = (1, 5, 10)


def main() -> None:
    parser = arguments(__doc__, rounds=1, small="20 steps, 60 queries")
    parser.add_argument("--data", default="planted:holds")
    parser.add_argument("--clips", type=int, default=None, help="test clips of a planted world; its own number unless given")
    parser.add_argument("--steps", type=int, default=None, help="the data set's own unless given")
    options = parser.parse_args()
    plugins = load_plugins(third_party=False)
    train = {"device": "cpu", "threads": options.threads}
    steps = 20 if options.small else options.steps
    layers = [{"data": options.data, "train": {**train, **({"steps": steps} if steps else {})}}]
    if options.clips:
        layers.append({"data": {"test": options.clips}})
    experiment = resolve_device(resolve(layers, plugins))
    data = prepare(experiment, plugins, Silent())
    with tempfile.TemporaryDirectory() as folder:
        model = Training(experiment, 0, data, plugins, Path(folder)).run(Silent(), "")
    cheap, fused = _scores(model, experiment, data, 60 if options.small else 1000)
    with report(__file__, save=options.save) as say:
        say(f"{options.data}, {experiment.train.steps} steps, {len(cheap):,} texts x {len(cheap):,} videos, per cent of the queries\n")
        head = ["M", "positive outside", *(f"R@{k}" for k in KS), *(f"R@{k} changed" for k in KS)]
        for name, of_queries in (("text -> video", np.asarray), ("video -> text", np.transpose)):
            say(f"{name}\n")
            say(table(_rows(of_queries(cheap), of_queries(fused)), head) + "\n")


def _scores(model, experiment: Experiment, data: Prepared, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The sum of the cheap scores and that of all three, each [texts, videos]: one caption a clip."""
    clips = [clip for clip in data.clips["test"] if len(clip.captions) == 1][:most]
    found = pool_scores(model, experiment, data, clips, Silent())
    cheap = found["sentence"] + experiment.evaluation.token_weight * found["token"]
    return cheap, cheap + found["fusion"]


def _rows(cheap: np.ndarray, fused: np.ndarray) -> list[list[object]]:
    base, whole = torch.from_numpy(np.ascontiguousarray(cheap)), torch.from_numpy(np.ascontiguousarray(fused))
    exact = _hits(whole)
    body: list[list[object]] = []
    for most in (5, 10, 20, 50, 100, 200):
        if most < len(base):
            inside = shortlisted(base, most)
            hits = _hits(below_shortlist(whole, base, inside))
            changed = 100 * np.mean(hits != exact, axis=1)
            body.append(
                [
                    most,
                    _percent(1 - float(inside.diagonal().float().mean())),
                    *map(_percent, hits.mean(axis=1)),
                    *(f"{x:.2f}" for x in changed),
                ]
            )
    return [*body, ["all pairs", "", *map(_percent, exact.mean(axis=1)), *[""] * len(KS)]]


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _hits(scores: torch.Tensor) -> np.ndarray:
    """[ks, queries], the credit of each query at each k."""
    better, tied = retrieval_ranks(scores.numpy())
    return np.stack([credit(better, tied, k) for k in KS])


if __name__ == "__main__":
    main()
