"""The objective of one batch: Eq. 6, with the pairs for the fusion loss picked by the sampler."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from taco_bench.api import PairScores, PluginError, Sampler
from taco_bench.config import Losses
from taco_bench.guard import name_of, using
from taco_bench.losses import fusion_nce, sentence_nce
from taco_bench.losses.token import word_nce
from taco_bench.model.language import TextFeatures
from taco_bench.model.taco import TACo, Words, sentence_features, sentence_scores, token_scores, word_scores
from taco_bench.model.video import VideoFeatures


@dataclass
class Terms:
    """The loss terms of one batch, unweighted, and how many distinct pairs went through the fusion module."""

    terms: dict[str, Tensor]
    fusion_pairs: int = 0

    def total(self, losses: Losses, batch_size: int) -> Tensor:
        """L1 + lambda L2 + L3 (Eq. 6); as printed the sum over the batch, by default its mean."""
        scale = batch_size if losses.reduction == "sum" else 1
        weights = {"l2": losses.token_loss_weight}
        return scale * torch.stack([weights.get(name, 1.0) * term for name, term in self.terms.items()]).sum()


def batch_terms(
    model: TACo,
    text: TextFeatures,
    video: VideoFeatures,
    words: Words,
    losses: Losses,
    sampler: Sampler | None,
    generator: torch.Generator,
    step: int = 0,
    steps: int = 1,
) -> Terms:
    """L1, L2 and L3 of one batch.

    Args:
        model: for the fusion of pairs.
        text: of the batch.
        video: of the batch; text i belongs to video i.
        words: the pieces of interest.
        losses: which are trained, and how.
        sampler: picks the negatives of L3; None where it is left out.
        generator: of this step, for the sampler.
        step: of the training, from 0 on, for a sampler with a schedule.
        steps: of the training in all.
    """
    count = len(text.sentence)
    found = Terms({})
    scores = PairScores(None, None, step, steps)
    if "l1" in losses.use:
        v, t = sentence_features(text, video, losses)
        found.terms["l1"] = sentence_nce(v, t, temperature=losses.sentence_temperature, symmetric=losses.symmetric)
        scores = replace(scores, sentence=sentence_scores(text, video, losses).detach())
    if "l2" in losses.use:
        similarity = word_scores(text, words, video, losses)  # [words, videos]
        found.terms["l2"] = _token_term(similarity, words, count, losses)
        scores = replace(scores, token=token_scores(similarity.detach(), words, count))
    if sampler is not None:
        found.terms["l3"], found.fusion_pairs = _fusion_term(model, text, video, scores, losses, sampler, generator)
    return found


def _token_term(similarity: Tensor, words: Words, count: int, losses: Losses) -> Tensor:
    loss = word_nce(similarity, words.owner, words.weights, count)
    if not losses.symmetric:
        return loss
    # video -> text: the text side of a video is the weighted sum of its words' scores, [texts, videos]
    summed = token_scores(similarity * words.weights.unsqueeze(1), words, count)
    return (loss + torch.nn.functional.cross_entropy(summed.T, torch.arange(count, device=summed.device))) / 2


def _fusion_term(
    model: TACo,
    text: TextFeatures,
    video: VideoFeatures,
    scores: PairScores,
    losses: Losses,
    sampler: Sampler,
    generator: torch.Generator,
) -> tuple[Tensor, int]:
    """L3 over the sampled pairs; a pair that occurs more than once goes through the fusion module once."""
    count, device = len(text.sentence), text.sentence.device
    with using(sampler, "gave negatives that cannot be used"):
        videos, texts = sampler.sample(scores, count, generator, device)  # each [K, K']
        _check_negatives(sampler, videos, texts, count)
    own = torch.arange(count, device=device)
    parts = [own * count + own, (own.unsqueeze(1) * count + videos).flatten()]  # a pair (t, v) is the number t K + v
    if losses.fusion_directions == "both":
        parts.append((texts * count + own.unsqueeze(1)).flatten())
    pairs, place = torch.unique(torch.cat(parts), return_inverse=True)
    logits = model.fuse(text, video, pairs // count, pairs % count).float()[place]
    positive, *negatives = torch.split(logits, [part.numel() for part in parts])
    directions = [fusion_nce(positive, negative.view(count, -1)) for negative in negatives]
    return torch.stack(directions).mean(), len(pairs)


def _check_negatives(sampler: Sampler, videos: Tensor, texts: Tensor, count: int) -> None:
    expected = (count, min(sampler.negatives(count), count - 1))
    if _are_negatives(videos, texts, expected):
        return
    for anchor, name, picked in (("text", "videos", videos), ("video", "texts", texts)):
        wrong = _wrong_negatives(anchor, name, picked, expected)
        if wrong:
            hint = f"sample() returns two int64 tensors {list(expected)} with indices of the batch other than the anchor's own"
            raise PluginError(f"the sampler {name_of(sampler)} gave no valid negatives: {wrong}", hint=hint)


def _are_negatives(videos: Tensor, texts: Tensor, expected: tuple[int, int]) -> bool:
    """Whether both are as they must be: read from the device at once, as each read waits for it."""
    if any(picked.shape != expected or picked.dtype != torch.int64 for picked in (videos, texts)):
        return False
    both = torch.cat([videos, texts], dim=1)  # [K, 2 K']
    own = torch.arange(expected[0], device=both.device).unsqueeze(1)
    return not bool(((both < 0) | (both >= expected[0]) | (both == own)).any())


def _wrong_negatives(anchor: str, name: str, picked: Tensor, expected: tuple[int, int]) -> str:
    """What is wrong with one direction's negatives; empty where nothing is."""
    if picked.shape != expected or picked.dtype != torch.int64:
        return f"the {name} are {list(picked.shape)} of {picked.dtype}, not {list(expected)} of torch.int64"
    outside = ((picked < 0) | (picked >= expected[0])).nonzero()
    if len(outside):
        row, column = outside[0].tolist()
        return f"{anchor} {row} has index {int(picked[row, column])} among its {name}, in a batch of {expected[0]}"
    own = (picked == torch.arange(expected[0], device=picked.device).unsqueeze(1)).any(dim=1).nonzero()
    return f"{anchor} {int(own[0])} has its own {name.removesuffix('s')} among its negatives" if len(own) else ""
