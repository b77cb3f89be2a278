"""The contract of samplers."""

from __future__ import annotations

import itertools
import operator
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from taco_bench.api import PairScores, torch_stream
from taco_bench.testing.contract import Contract

SIZES = (2, 3, 8, 24, 96)
LENGTHS = (10, 1, 1000)
"""Steps of trainings: the usual one, that of a first look, and a long one."""
MOMENTS = tuple((step, steps) for steps in LENGTHS for step in sorted({0, steps // 2, steps - 1}))
"""Steps of a training at which a schedule may stand, and how many it has."""
CPU = torch.device("cpu")
Picked = tuple[Tensor, Tensor]


class SamplerContract(Contract):
    """For samplers: the negatives of the fusion loss (Eq. 5)."""

    kind: ClassVar[str] = "sampler"
    members: ClassVar[tuple[str, ...]] = ("negatives", "sample")

    def scores(self, size: int, seed: int = 0, device: torch.device = CPU) -> Iterator[PairScores]:
        """Scores [size, size] in every combination that the core may give: those whose loss is trained, None for the rest.

        The positive scores highest in most rows, as in a trained model. Each comes at the first, a middle and the last step of trainings
        of different length.
        """
        reads = self.registered()[1].reads
        given = torch_stream(seed, "contract/scores", size)
        both = [torch.randn(size, size, generator=given) + 3 * torch.eye(size) for _ in range(2)]
        for (step, steps), l1, l2 in itertools.product(MOMENTS, (True, False), (True, False)):
            if not reads or (l1 and "l1" in reads) or (l2 and "l2" in reads):
                yield PairScores(both[0].to(device) if l1 else None, both[1].to(device) if l2 else None, step, steps)

    def pick(self, sampler: Any, scores: PairScores, size: int) -> Picked:
        """What the sampler gives at the step of the scores, on the CPU."""
        videos, texts = sampler.sample(scores, size, torch_stream(0, "negatives", scores.step), CPU)
        return videos, texts

    def test_negatives_is_a_count(self, component: Any) -> None:
        """K' is asked for before anything is trained: for the price of a run, and to refuse one that does not fit the batch."""
        for size in (1, *SIZES, 128):
            count = operator.index(component.negatives(size))
            least = min(1, size - 1)
            assert count >= least, f"negatives({size}) gave {count}: return K', the number of negatives an anchor, as an int above 0"
            assert count == component.negatives(size), f"negatives({size}) gave another number when asked again"

    def test_shape(self, component: Any) -> None:
        """The loss takes min(K', K - 1) negatives of each text, and as many of each video, as int64 [K, K']."""
        for size in SIZES:
            expected = (size, min(component.negatives(size), size - 1))
            for scores, (name, part) in itertools.product(self.scores(size), enumerate(("videos", "texts"))):
                found = self.pick(component, scores, size)[name]
                when = f"at step {scores.step} of {scores.steps} sample() gave"
                what = f"{when} {part} {list(found.shape)} of {found.dtype} in a batch of {size} pairs"
                hint = f"return int64 {list(expected)}: K' = negatives(K), but no more than the K - 1 pairs that there are"
                assert tuple(found.shape) == expected and found.dtype == torch.int64, f"{what}; {hint}"  # noqa: PT018  # one fault

    def test_a_batch_of_one(self, component: Any) -> None:
        """A single pair has no negatives: both answers are [1, 0]."""
        for scores in self.scores(1):
            for found in self.pick(component, scores, 1):
                assert tuple(found.shape) == (1, 0), f"a batch of one pair has no negatives: return [1, 0], not {list(found.shape)}"

    def test_inside_the_batch(self, component: Any) -> None:
        """Negatives are indices of the batch; each pair of one and its anchor goes through the fusion module."""
        for size in SIZES:
            for scores in self.scores(size):
                for found in self.pick(component, scores, size):
                    assert bool(((found >= 0) & (found < size)).all()), f"indices of a batch of {size} pairs lie from 0 to {size - 1}"

    def test_never_the_positive(self, component: Any) -> None:
        """The positive as its own negative would teach the model that right pairs are wrong, whatever the scores are."""
        for size in SIZES:
            own = torch.arange(size).unsqueeze(1)
            for scores, change in itertools.product(self.scores(size), CHANGES):
                for found in self.pick(component, changed(scores, change), size):
                    hint = "leave the diagonal out before you pick, with -inf in its place; a finite number may be the highest"
                    assert not bool((found == own).any()), f"a pair is its own negative where {CHANGES[change]}; {hint}"

    def test_no_negative_twice(self, component: Any) -> None:
        """A negative that is given twice would count twice in Eq. 5."""
        for size in SIZES:
            for scores in self.scores(size):
                for found in self.pick(component, scores, size):
                    twice = [row for row in found.tolist() if len(set(row)) < len(row)]
                    assert not twice, f"draw without replacement: an anchor got the negatives {twice[0]}"

    def test_the_same_stream_gives_the_same_negatives(self, component: Any, tmp_path: Path) -> None:
        """A resumed training must see what the undisturbed one saw: the answer depends on scores and generator, not on calls before."""
        fresh = self.new(tmp_path)
        for scores in self.scores(24):
            at = [replace(scores, step=step, steps=max(scores.steps, 3)) for step in range(3)]
            steps = [self.pick(component, each, 24) for each in at]
            again = self.pick(fresh, at[2], 24)
            same = all(torch.equal(a, b) for a, b in zip(steps[2], again, strict=True))
            hint = (
                "draw from the generator that sample() is given, read a schedule from scores.step, keep nothing from one call to the next"
            )
            assert same, f"at step 2 a new sampler picked other negatives than one that had seen steps 0 and 1; {hint}"

    def test_draws_from_its_own_stream_alone(self, component: Any) -> None:
        """Dropout draws from the global generators: two runs that differ in the sampler must see the same dropout."""
        before = (torch.get_rng_state(), random.getstate(), str(np.random.get_state()))  # noqa: NPY002  # the global one is meant
        for scores in self.scores(8):
            self.pick(component, scores, 8)
        after = (torch.get_rng_state(), random.getstate(), str(np.random.get_state()))  # noqa: NPY002
        hint = "pass generator=generator to every torch function that draws"
        same = torch.equal(before[0], after[0]) and before[1:] == after[1:]
        assert same, f"sample() drew from a global random generator; {hint}"

    def test_torch_stays_as_it_was(self, component: Any) -> None:
        """It is called in the middle of a training step: the losses after it need gradients, and the type that numbers had before it."""
        dtype = torch.get_default_dtype()
        for scores, enabled in itertools.product(self.scores(8), (True, False)):
            with torch.set_grad_enabled(enabled):
                try:
                    self.pick(component, scores, 8)
                    left = {"grad mode": torch.is_grad_enabled() == enabled, "default dtype": torch.get_default_dtype() == dtype}
                finally:
                    torch.set_default_dtype(dtype)
            changes = [what for what, same in left.items() if not same]
            assert not changes, (
                f"after sample() torch's {changes[0]} is another: change it in a with block alone, or not at all" if changes else ""
            )

    def test_scores_stay_as_they_are(self, component: Any) -> None:
        """The scores share their memory with the logits of the losses: a change in place would change L1 and L2."""
        for scores in self.scores(8):
            kept = [None if part is None else part.clone() for part in (scores.sentence, scores.token)]
            self.pick(component, scores, 8)
            for part, before in zip((scores.sentence, scores.token), kept, strict=True):
                same = part is None or before is None or torch.equal(part, before)
                assert same, "sample() changed the scores in place; work on a clone(), as with scores.sentence.clone().fill_diagonal_()"

    def test_no_gradient_leaks(self, component: Any) -> None:
        """What is picked is data: no gradient flows from the negatives back into the scores that they were picked by."""
        for scores in self.scores(8):
            parts = [None if part is None else part.requires_grad_() for part in (scores.sentence, scores.token)]
            for found in self.pick(component, replace(scores, sentence=parts[0], token=parts[1]), 8):
                assert not found.requires_grad, "the negatives carry a gradient: return indices, from detached scores"
            assert all(part is None or part.grad is None for part in parts), "sample() ran backward() into the scores"

    def test_relabelled_pairs_get_relabelled_negatives(self, component: Any) -> None:
        """Where it says ``score_based``, the place of a pair in the batch means nothing: the step and scores without ties decide."""
        if not getattr(component, "score_based", False):
            pytest.skip("it does not say score_based = True: other things than scores decide")
        size = 24
        order = torch.randperm(size, generator=torch_stream(0, "contract/order"))  # pair i of the new batch is order[i] of the old
        for scores in self.scores(size):
            if scores.sentence is None and scores.token is None:
                continue
            old = self.pick(component, scores, size)
            parts = [p if p is None else p[order][:, order] for p in (scores.sentence, scores.token)]
            new = self.pick(component, replace(scores, sentence=parts[0], token=parts[1]), size)
            for before, after in zip(old, new, strict=True):
                same = torch.equal(order[after].sort(dim=1).values, before[order].sort(dim=1).values)
                assert same, "with the pairs in another order it picked other pairs; pick by the scores, or leave score_based out"

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU")
    def test_on_a_gpu(self, component: Any) -> None:
        """On a GPU scores lie there, the generator stays on the CPU, and the answer must lie where it is asked for."""
        device, size = torch.device("cuda", 0), 24
        expected, own = (size, min(component.negatives(size), size - 1)), torch.arange(size).unsqueeze(1)
        for scores in self.scores(size, device=device):
            for found in component.sample(scores, size, torch_stream(0, "negatives", scores.step), device):
                assert found.device == device, f"the negatives lie on {found.device}, not on {device}; end with .to(device)"
                what = f"on {device} sample() gave {list(found.shape)} of {found.dtype}; return int64 {list(expected)}"
                assert tuple(found.shape) == expected and found.dtype == torch.int64, what  # noqa: PT018  # one fault
                assert not bool((found.cpu() == own).any()), f"on {device} a pair is its own negative; leave the diagonal out"


CHANGES = {"none": "scores are as usual", "low": "all scores are far below 0", "tied": "all scores are tied"}
"""Changes of scores, and in words that follow "where"."""


def changed(scores: PairScores, change: str) -> PairScores:
    """The scores of a model that is far off, or that has collapsed."""

    def one(part: Tensor | None) -> Tensor | None:
        if part is None or change == "none":
            return part
        return part * 1e4 - 1e6 if change == "low" else torch.zeros_like(part)

    return replace(scores, sentence=one(scores.sentence), token=one(scores.token))
