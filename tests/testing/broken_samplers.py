"""Samplers, each whole but for one fault."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import torch
from rows_of_table import Row
from taco_bench_samplers import Cascade, Random

from taco_bench.testing import SamplerContract


class Sampler(Cascade):
    """By scores where there are any, at random elsewhere."""

    def __init__(self, hard_negatives: int = 3) -> None:
        super().__init__(hard_negatives)

    def sample(self, scores: Any, *rest: Any) -> Any:
        given = scores.sentence is not None or scores.token is not None
        return super().sample(scores, *rest) if given else Random(self.hard_negatives).sample(scores, *rest)


class ChangingCount(Sampler):
    def negatives(self, batch_size: int) -> int:
        self.hard_negatives += 1
        return self.hard_negatives


class NoCount(Sampler):
    def negatives(self, batch_size: int) -> int:
        return 0


class TooMany(Sampler):
    def sample(self, scores: Any, batch_size: int, generator: Any, device: Any) -> Any:
        others = scores.sentence if scores.sentence is not None else scores.token
        masked = others.clone().fill_diagonal_(float("-inf"))
        return masked.topk(3, dim=1).indices, masked.topk(3, dim=0).indices.T  # a small batch has no three


class Transposed(Sampler):
    """A mask of the wrong shape."""

    def sample(self, *arguments: Any) -> Any:
        videos, texts = super().sample(*arguments)
        return videos, texts.T


class Int32(Sampler):
    def sample(self, *arguments: Any) -> Any:
        videos, texts = super().sample(*arguments)
        return videos.int(), texts


class OneOfOne(Sampler):
    def sample(self, scores: Any, batch_size: int, *rest: Any) -> Any:
        if batch_size == 1:
            return torch.zeros(1, 1, dtype=torch.int64), torch.zeros(1, 1, dtype=torch.int64)
        return super().sample(scores, batch_size, *rest)


class Outside(Sampler):
    def sample(self, scores: Any, batch_size: int, *rest: Any) -> Any:
        videos, texts = super().sample(scores, batch_size, *rest)
        return videos, texts + batch_size  # places in a queue of batches


class Positive(Sampler):
    """The positive among the negatives."""

    def sample(self, scores: Any, batch_size: int, generator: Any, device: Any) -> Any:
        best = scores.sentence if scores.sentence is not None else scores.token
        count = min(3, batch_size - 1)
        return best.topk(count, dim=1).indices, best.topk(count, dim=0).indices.T


class PositiveWhereLow(Sampler):
    """Masks the diagonal by a number that is low only as long as scores are higher."""

    def sample(self, scores: Any, batch_size: int, generator: Any, device: Any) -> Any:
        best = (scores.sentence if scores.sentence is not None else scores.token).clone().fill_diagonal_(-1e4)
        count = min(3, batch_size - 1)
        return best.topk(count, dim=1).indices, best.topk(count, dim=0).indices.T


class Twice(Sampler):
    def sample(self, *arguments: Any) -> Any:
        videos, texts = super().sample(*arguments)
        return videos[:, :1].expand_as(videos), texts


class Remembers(Sampler):
    """Goes on with a generator of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.own = torch.Generator().manual_seed(0)

    def sample(self, scores: Any, batch_size: int, generator: Any, device: Any) -> Any:
        return Random(3).sample(scores, batch_size, self.own, device)


class CountsItsCalls(Sampler):
    """A schedule that starts anew when a training is resumed: random at first, then by scores."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def sample(self, scores: Any, *rest: Any) -> Any:
        self.calls += 1
        return super().sample(scores, *rest) if self.calls > 2 else Random(3).sample(scores, *rest)


class FewAtTheEnd(Sampler):
    """A schedule that ends with fewer negatives than it says."""

    def sample(self, scores: Any, *rest: Any) -> Any:
        videos, texts = super().sample(scores, *rest)
        return (videos[:, :1], texts[:, :1]) if scores.step + 1 == scores.steps else (videos, texts)


class Ramp(Sampler):
    """A schedule that divides by the steps after the first, of which a training of one step has none."""

    def sample(self, scores: Any, *rest: Any) -> Any:
        return super().sample(scores, *rest) if scores.step / (scores.steps - 1) < 2 else None


TABLE = (True,) * 100


class Table(Sampler):
    """A schedule with an entry a step, for the trainings that its author knew."""

    def sample(self, scores: Any, *rest: Any) -> Any:
        return super().sample(scores, *rest) if TABLE[scores.step] else None


class SmallBatches(Sampler):
    def sample(self, scores: Any, batch_size: int, *rest: Any) -> Any:
        videos, texts = super().sample(scores, batch_size, *rest)
        return videos[:64], texts[:64]


class NoGradients(Sampler):
    def sample(self, *arguments: Any) -> Any:
        torch.set_grad_enabled(False)
        return super().sample(*arguments)


class Doubles(Sampler):
    def sample(self, *arguments: Any) -> Any:
        torch.set_default_dtype(torch.float64)
        return super().sample(*arguments)


class Global(Sampler):
    def sample(self, scores: Any, batch_size: int, generator: Any, device: Any) -> Any:
        return Random(3).sample(scores, batch_size, torch.default_generator, device)


class GlobalPython(Sampler):
    def sample(self, *arguments: Any) -> Any:
        random.random()
        return super().sample(*arguments)


class InPlace(Sampler):
    def sample(self, scores: Any, batch_size: int, generator: Any, device: Any) -> Any:
        best = scores.sentence if scores.sentence is not None else scores.token
        with torch.no_grad():
            best.fill_diagonal_(float("-inf"))
        count = min(3, batch_size - 1)
        return best.topk(count, dim=1).indices, best.topk(count, dim=0).indices.T


class StraightThrough(Sampler):
    def sample(self, scores: Any, *rest: Any) -> Any:
        videos, texts = super().sample(scores, *rest)
        best = scores.sentence if scores.sentence is not None else scores.token
        return videos + 0 * best.gather(1, videos), texts


class Backward(Sampler):
    def sample(self, scores: Any, *rest: Any) -> Any:
        best = scores.sentence if scores.sentence is not None else scores.token
        if best.requires_grad:
            best.sum().backward()
        return super().sample(scores, *rest)


class ByPlace(Sampler):
    """Says that scores decide, and takes the neighbours in the batch."""

    score_based: ClassVar[bool] = True

    def sample(self, scores: Any, batch_size: int, generator: Any, device: Any) -> Any:
        count = min(3, batch_size - 1)
        picked = (torch.arange(batch_size).unsqueeze(1) + torch.arange(1, count + 1)) % batch_size
        return picked, picked


class Needy(Sampler):
    """Needs the global score, though the token loss may be trained alone."""

    def sample(self, scores: Any, *rest: Any) -> Any:
        scores.sentence.abs()
        return super().sample(scores, *rest)


ROWS = [
    Row(SamplerContract, "test_negatives_is_a_count", ChangingCount, "another number"),
    Row(SamplerContract, "test_negatives_is_a_count", NoCount, "above 0"),
    Row(SamplerContract, "test_shape", TooMany, "out of range|K - 1"),
    Row(SamplerContract, "test_shape", Transposed, "return int64"),
    Row(SamplerContract, "test_shape", Int32, "torch.int32"),
    Row(SamplerContract, "test_shape", FewAtTheEnd, "at step 9"),
    Row(SamplerContract, "test_shape", Ramp, "division by zero"),
    Row(SamplerContract, "test_shape", Table, "out of range"),
    Row(SamplerContract, "test_shape", SmallBatches, "a batch of 96"),
    Row(SamplerContract, "test_torch_stays_as_it_was", NoGradients, "grad mode"),
    Row(SamplerContract, "test_torch_stays_as_it_was", Doubles, "default dtype"),
    Row(SamplerContract, "test_shape", Needy, "NoneType"),
    Row(SamplerContract, "test_a_batch_of_one", OneOfOne, "has no negatives"),
    Row(SamplerContract, "test_inside_the_batch", Outside, "lie from 0 to"),
    Row(SamplerContract, "test_never_the_positive", Positive, "its own negative"),
    Row(SamplerContract, "test_never_the_positive", PositiveWhereLow, "far below 0"),
    Row(SamplerContract, "test_no_negative_twice", Twice, "without replacement"),
    Row(SamplerContract, "test_the_same_stream_gives_the_same_negatives", Remembers, "nothing from one call"),
    Row(SamplerContract, "test_the_same_stream_gives_the_same_negatives", CountsItsCalls, "scores.step"),
    Row(SamplerContract, "test_draws_from_its_own_stream_alone", Global, "generator=generator"),
    Row(SamplerContract, "test_draws_from_its_own_stream_alone", GlobalPython, "global random generator"),
    Row(SamplerContract, "test_scores_stay_as_they_are", InPlace, "clone"),
    Row(SamplerContract, "test_no_gradient_leaks", StraightThrough, "carry a gradient"),
    Row(SamplerContract, "test_no_gradient_leaks", Backward, "backward"),
    Row(SamplerContract, "test_relabelled_pairs_get_relabelled_negatives", ByPlace, "another order"),
]
WHOLE = [(SamplerContract, Sampler)]
