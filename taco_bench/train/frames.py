"""What a trained model says of single frames: their scores with texts, and their tokens for tasks that train further."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from taco_bench.api import Clip
from taco_bench.config import Experiment
from taco_bench.data.batches import text_batch
from taco_bench.data.prepared import Prepared
from taco_bench.data.windows import overlap_mean, window_rows
from taco_bench.errors import DataError, PluginError
from taco_bench.model.ragged import Layout, Ragged
from taco_bench.model.taco import TACo
from taco_bench.model.video import VideoModule
from taco_bench.text.corpus import Caption
from taco_bench.train.device import autocast

Floats = npt.NDArray[np.float32]
WINDOWS_AT_A_TIME = 256


class FrameScores:
    """Scores of frames with texts, as in retrieval but without the fusion module.

    A frame's score with a text is linear in the frame's token x: x . (y / tau 1 + weight x sum of y^p / tau 2) over the text's sentence
    vector y and its tokens of interest y^p, so that a text is one vector, made once, and all windows of a video are one product.

    Args:
        model: trained.
        experiment: says which scores are summed, and the weight of the token score.
        prepared: its data.
    """

    def __init__(self, model: TACo, experiment: Experiment, prepared: Prepared) -> None:
        self.model, self.experiment, self.prepared = model, experiment, prepared
        self.device = next(model.parameters()).device
        self._vectors: dict[str, Tensor] = {}

    @torch.no_grad()
    def __call__(self, clips: Sequence[Clip], texts: Sequence[str], window: int, stride: int) -> Floats:
        """[frames, texts] of clips that are joined end to end, averaged where windows overlap.

        Raises:
            DataError: a score is NaN; names the clip.
            PluginError: a text that no clip has as caption, step or procedure.
        """
        self.model.eval()
        frames = joined_frames(self.prepared, clips)
        rows = window_rows(len(frames), window, stride)
        weights = self._weights(texts)
        parts = [self._scores(frames[some], weights) for some in np.array_split(rows, -(-len(rows) // WINDOWS_AT_A_TIME))]
        found = overlap_mean(np.concatenate(parts), rows, len(frames))
        if np.isnan(found).any():
            hint = "look at its features; if others have NaN too, train with a lower learning rate"
            raise DataError(f"the frame scores have a NaN in clip {clips[0].id!r}", where="evaluation", hint=hint)
        return found

    def _scores(self, windows: Floats, weights: Tensor) -> Floats:
        """[windows, rows, texts] from features [windows, rows, width] and a vector a text [texts, d]."""
        count, longest = windows.shape[:2]
        values = torch.from_numpy(windows.reshape(count * longest, -1)).to(self.device)
        with autocast(self.experiment):
            layout = Layout(torch.full((count,), longest, device=self.device), longest, len(values))
            tokens = self.model.video(Ragged(values, layout)).tokens.values
        x = self._direction(tokens.float())  # in float32: what is compared is never rounded to 16 bits
        return (x @ weights.T).view(count, longest, -1).cpu().numpy()

    def _direction(self, vectors: Tensor) -> Tensor:
        return F.normalize(vectors, dim=-1) if self.experiment.losses.normalize else vectors

    def _weights(self, texts: Sequence[str]) -> Tensor:
        """[texts, d]."""
        unknown = [text for text in texts if text not in self._texts]
        if unknown:
            hint = "frame scores are for captions and for the texts of the data set's steps and procedures"
            raise PluginError(f"the text {unknown[0]!r} is in no clip", hint=hint)
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        for start in range(0, len(new), WINDOWS_AT_A_TIME):
            part = new[start : start + WINDOWS_AT_A_TIME]
            self._vectors |= dict(zip(part, self._encode(part), strict=True))
        return torch.stack([self._vectors[text] for text in texts])

    @cached_property
    def _texts(self) -> dict[str, Caption]:
        """Every text of the data set, tokenized."""
        return {**self.prepared.step_texts, **self.prepared.captions}

    def _encode(self, texts: Sequence[str]) -> Tensor:
        """[texts, d], the scores that are asked for summed into one vector a text."""
        losses, settings = self.experiment.losses, self.experiment.evaluation
        ids, words = text_batch(texts, self._texts, self.device)
        with autocast(self.experiment):
            found = self.model.language(self.model.language.hidden(ids))
        vectors = torch.zeros(len(texts), found.sentence.shape[1], device=self.device)
        if "sentence" in settings.scores:
            vectors = vectors + self._direction(found.sentence.float()) / losses.sentence_temperature
        if "token" in settings.scores:
            pieces = self._direction(found.tokens.values.float().index_select(0, words.rows)) / losses.token_temperature
            vectors = vectors.index_add(0, words.owner, settings.token_weight * pieces)
        return vectors


def joined_frames(prepared: Prepared, clips: Sequence[Clip]) -> Floats:
    """The features [frames, width] of clips end to end, no row left out."""
    return prepared.features.gather([clip.id for clip in clips], None)[0]


class WindowEncoder(nn.Module):
    """A copy of a video module that takes padded windows, to be trained further or used as it is.

    Args:
        video: the module; it stays as it is.
    """

    def __init__(self, video: VideoModule) -> None:
        super().__init__()
        self.video = copy.deepcopy(video).eval()
        self.width = int(video.project.out_features)

    def forward(self, windows: Tensor, lengths: Tensor) -> Tensor:
        """Tokens [windows, longest, d] from features [windows, longest, width], of which the first ``lengths`` rows are real; 0 after."""
        layout = Layout(lengths, windows.shape[1], int(lengths.sum()))
        return self.video(Ragged(layout.unpad(windows), layout)).tokens.padded()  # type: ignore[no-any-return]
