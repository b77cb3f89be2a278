"""TACo: the three modules, and the scores of pairs that losses, samplers and evaluation share."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from taco_bench.config import Losses, Model
from taco_bench.losses import word_similarity
from taco_bench.losses.sentence import dot_products
from taco_bench.model.fusion import FusionModule
from taco_bench.model.language import LanguageModule, TextFeatures
from taco_bench.model.video import VideoFeatures, VideoModule


class TACo(nn.Module):
    """The model of P 3.1. Modules that no loss trains are left out.

    Args:
        video: the video module.
        language: the language module.
        fusion: the fusion module, None where L3 is left out.
    """

    def __init__(self, video: VideoModule, language: LanguageModule, fusion: FusionModule | None) -> None:
        super().__init__()
        self.video, self.language, self.fusion = video, language, fusion

    def fuse(self, text: TextFeatures, video: VideoFeatures, text_of: Tensor, video_of: Tensor) -> Tensor:
        """The logits [pairs] of the fusion module for pairs of texts and videos."""
        assert self.fusion is not None, "L3 was left out"
        return self.fusion(text.tokens, video.tokens, text_of, video_of)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Words:
    """The word pieces of interest of a batch of texts, as a flat list.

    Attributes:
        rows: [words], where each lies among the tokens of the texts.
        owner: [words], the text that each is of.
        weights: [words], of its term in Eq. 4.
    """

    rows: Tensor
    owner: Tensor
    weights: Tensor


def sentence_features(text: TextFeatures, video: VideoFeatures, losses: Losses) -> tuple[Tensor, Tensor]:
    """The vectors [videos, d] and [texts, d] whose dot products are the sentence scores."""
    if not losses.normalize:
        return video.mean, text.sentence
    return F.normalize(video.mean, dim=-1), F.normalize(text.sentence, dim=-1)


def sentence_scores(text: TextFeatures, video: VideoFeatures, losses: Losses) -> Tensor:
    """[texts, videos], the logits of Eq. 3: dot products over their temperature."""
    v, t = sentence_features(text, video, losses)
    return dot_products(t, v) / losses.sentence_temperature


def word_scores(text: TextFeatures, words: Words, video: VideoFeatures, losses: Losses) -> Tensor:
    """[words, videos], the logits of Eq. 4: the maxima of P 3.3 over their temperature."""
    w, x = text.tokens.values.index_select(0, words.rows), video.tokens.values
    if losses.normalize:
        w, x = F.normalize(w, dim=-1), F.normalize(x, dim=-1)
    return word_similarity(w, video.tokens.with_values(x).padded(), video.tokens.layout.mask) / losses.token_temperature


def token_scores(similarity: Tensor, words: Words, texts: int) -> Tensor:
    """[texts, videos], the plain sum of the word scores of each text; 0 for a text without a word of interest."""
    return similarity.new_zeros(texts, similarity.shape[1]).index_add(0, words.owner, similarity)


def build_taco(video_width: int, network: nn.Module, config: Model, losses: Losses, *, pooling: str, frozen: bool, seed: int) -> TACo:
    """Build the model; each module is initialised from a stream of its own, so leaving one out does not change the others.

    Args:
        video_width: width of the encoder's tokens.
        network: the text encoder's network, initialised already.
        config: sizes.
        losses: which losses are trained.
        pooling: of the language module.
        frozen: whether the network keeps its weights.
        seed: of the training.
    """
    from taco_bench.randomness import seed_global

    seed_global(seed, "init/video")
    video = VideoModule(video_width, config)
    seed_global(seed, "init/language")
    language = LanguageModule(network, config.width, pooling="mean" if pooling == "mean" else "cls", frozen=frozen)
    seed_global(seed, "init/fusion")
    return TACo(video, language, FusionModule(config) if "l3" in losses.use else None)
