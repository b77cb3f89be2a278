"""The scores of every text and video of a split: what retrieval ranks."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from taco_bench.api import Clip
from taco_bench.config import Experiment, Losses
from taco_bench.data.batches import text_batch, video_batch
from taco_bench.data.prepared import Prepared
from taco_bench.errors import DataError
from taco_bench.model.language import TextFeatures
from taco_bench.model.ragged import Layout, Ragged
from taco_bench.model.taco import TACo, Words, sentence_scores, token_scores, word_scores
from taco_bench.model.video import VideoFeatures
from taco_bench.reporting import Reporter
from taco_bench.train.device import autocast
from taco_bench.train.memory import return_free_memory

Scores = dict[str, npt.NDArray[np.float32]]
AT_A_TIME = 256
PAIRS_AT_A_TIME = 1 << 15
WORDS_AT_A_TIME = 1 << 15


@torch.no_grad()
def pool_scores(model: TACo, experiment: Experiment, prepared: Prepared, clips: Sequence[Clip], reporter: Reporter) -> Scores:
    """Score matrices [texts, videos] of clips: the texts are all captions of the first clip, then all of the second, and so on.

    Returns:
        Each score that is asked for ("sentence", "token", "fusion"), and their sum as "text->video" and "video->text": the token score
        with its test-time weight, and, in pools with a shortlist, every pair outside it below all inside (by its cheap scores). The
        entries of "fusion" outside the shortlists are below all others.

    Raises:
        DataError: a score is NaN; names the clip.
    """
    device = next(model.parameters()).device
    model.eval()
    wanted = experiment.evaluation.scores
    texts = [clip for clip in clips for _ in clip.captions]  # whose caption each is
    with autocast(experiment):
        text, words = _encode_texts(model, prepared, [caption for clip in clips for caption in clip.captions], device)
        video = _encode_videos(model, experiment, prepared, clips, device)
    cheap: dict[str, Tensor] = {}  # in float32: what is ranked is never rounded to 16 bits
    if "sentence" in wanted:
        cheap["sentence"] = sentence_scores(text, video, experiment.losses)
    if "token" in wanted:
        cheap["token"] = _token_scores(text, words, video, experiment.losses)
    weights = {"sentence": 1.0, "token": experiment.evaluation.token_weight}
    summed = sum((weights[name] * score for name, score in cheap.items()), torch.zeros(len(texts), len(clips), device=device))
    found = {name: score.cpu().numpy() for name, score in cheap.items()}
    found |= {"text->video": summed.cpu().numpy(), "video->text": summed.T.cpu().numpy()}
    if "fusion" in wanted:
        with autocast(experiment):
            found |= _with_fusion(model, experiment, text, video, summed if cheap else None, reporter)
    _refuse_nan(found, texts, clips)
    return found


def _token_scores(text: TextFeatures, words: Words, video: VideoFeatures, losses: Losses) -> Tensor:
    """[texts, videos], a block of words after the other: a pool of paragraphs has more words than memory has room for their scores."""
    blocks = [slice(start, start + WORDS_AT_A_TIME) for start in range(0, max(1, len(words.rows)), WORDS_AT_A_TIME)]
    parts = (Words(words.rows[block], words.owner[block], words.weights[block]) for block in blocks)
    found = (token_scores(word_scores(text, part, video, losses), part, len(text.sentence)) for part in parts)
    return functools.reduce(Tensor.add_, found)


def _refuse_nan(scores: Scores, texts: Sequence[Clip], videos: Sequence[Clip]) -> None:
    for name, matrix in scores.items():
        if np.isnan(matrix).any():
            queries = videos if name == "video->text" else texts
            clip = queries[int(np.isnan(matrix).any(axis=1).argmax())]
            hint = "look at its features; if others have NaN too, train with a lower learning rate"
            raise DataError(f"the {name} scores have a NaN for the query {clip.id!r}", where="evaluation", hint=hint)


def _with_fusion(
    model: TACo, experiment: Experiment, text: TextFeatures, video: VideoFeatures, cheap: Tensor | None, reporter: Reporter
) -> Scores:
    """The fusion score and the two fused matrices; all pairs where the pool is small or there are no cheap scores."""
    texts, videos, settings = len(text.sentence), len(video.mean), experiment.evaluation
    if cheap is None or max(texts, videos) <= settings.shortlist_above:
        all_pairs = torch.ones(texts, videos, dtype=torch.bool, device=text.sentence.device)
        inside = [all_pairs, all_pairs.T]
    else:
        inside = [shortlisted(cheap, settings.shortlist), shortlisted(cheap.T, settings.shortlist)]
    fusion = _fuse(model, text, video, inside[0] | inside[1].T, reporter)
    base = torch.zeros_like(fusion) if cheap is None else cheap
    fused = base + fusion
    return {
        "fusion": fusion.cpu().numpy(),
        "text->video": below_shortlist(fused, base, inside[0]).cpu().numpy(),
        "video->text": below_shortlist(fused.T, base.T, inside[1]).cpu().numpy(),
    }


def shortlisted(cheap: Tensor, count: int) -> Tensor:
    """[queries, items], True for the ``count`` best of each query."""
    return torch.zeros_like(cheap, dtype=torch.bool).scatter_(1, cheap.topk(min(count, cheap.shape[1]), dim=1).indices, True)


def below_shortlist(fused: Tensor, cheap: Tensor, inside: Tensor) -> Tensor:
    """Fused scores inside each query's shortlist; outside cheap scores, moved below all inside without changing their order."""
    if bool(inside.all()):
        return fused
    lowest = fused.masked_fill(~inside, torch.inf).amin(dim=1, keepdim=True)
    ordered, order = cheap.masked_fill(inside, torch.inf).sort(dim=1, descending=True)
    place = (ordered != ordered.roll(1, dims=1)).cumsum(dim=1)  # the same for ties, so that a shift rounds nothing to a tie
    return torch.where(inside, fused, lowest - torch.empty_like(place).scatter_(1, order, place))


def _fuse(model: TACo, text: TextFeatures, video: VideoFeatures, inside: Tensor, reporter: Reporter) -> Tensor:
    """[texts, videos] of fusion logits where ``inside``; elsewhere the lowest number."""
    videos = len(video.mean)
    flat = inside.flatten().nonzero().squeeze(1)
    scores = torch.full((inside.numel(),), torch.finfo(torch.float32).min, device=inside.device)
    with reporter.bar("fusion of test pairs", len(flat)) as advance:
        for part in torch.split(flat, PAIRS_AT_A_TIME):
            scores[part] = model.fuse(text, video, part // videos, part % videos).float()
            advance(len(part))
            return_free_memory()
    return scores.view(inside.shape)


def _encode_texts(model: TACo, prepared: Prepared, captions: Sequence[str], device: torch.device) -> tuple[TextFeatures, Words]:
    ids, words = text_batch(captions, prepared.captions, device)
    parts = []
    for start in range(0, len(captions), AT_A_TIME):
        part, _ = text_batch(captions[start : start + AT_A_TIME], prepared.captions, device)
        parts.append(model.language(model.language.hidden(part)))
    tokens = ids.with_values(torch.cat([part.tokens.values for part in parts]).float())
    return TextFeatures(tokens, torch.cat([part.sentence for part in parts]).float()), words


def _encode_videos(model: TACo, experiment: Experiment, prepared: Prepared, clips: Sequence[Clip], device: torch.device) -> VideoFeatures:
    parts = []
    for start in range(0, len(clips), AT_A_TIME):
        names = [clip.id for clip in clips[start : start + AT_A_TIME]]
        parts.append(model.video(video_batch(names, prepared.features, experiment.model.max_video_tokens, device)))
    values, layouts = torch.cat([part.tokens.values for part in parts]), [part.tokens.layout for part in parts]
    lengths = torch.cat([layout.lengths for layout in layouts])
    layout = Layout(lengths, max(layout.longest for layout in layouts), len(values))
    return VideoFeatures(Ragged(values.float(), layout), torch.cat([part.mean for part in parts]).float())
