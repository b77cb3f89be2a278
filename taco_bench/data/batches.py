"""Batches: a pure function of (seed, step)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from taco_bench.api import Clip
from taco_bench.data.features import Features
from taco_bench.data.prepared import Prepared
from taco_bench.model.ragged import Layout, Ragged
from taco_bench.model.taco import Words
from taco_bench.randomness import numpy_stream
from taco_bench.text.corpus import Caption


@dataclass(frozen=True)
class Batch:
    """Pairs of texts and videos; text i belongs to video i.

    Attributes:
        clips: ids.
        captions: texts.
        ids: token ids of the texts.
        words: the pieces of interest.
        features: video tokens before the video module, float32.
    """

    clips: list[str]
    captions: list[str]
    ids: Ragged
    words: Words
    features: Ragged


def to_device(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """An array as a tensor on a device; on its way to a GPU nobody waits for it.

    The copy is put on the current stream, which in every thread is the device's default one as long as the thread chooses no other: so it
    is in order with the kernels, and whatever is launched later finds it done. It is made from pinned memory, which torch gives to nobody
    else before the copy is done.
    """
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def layout(lengths: Sequence[int], device: torch.device) -> Layout:
    """The layout of rows of these lengths."""
    return Layout(to_device(np.array(lengths), device), max(lengths), sum(lengths))


def ragged(arrays: Sequence[np.ndarray], device: torch.device) -> Ragged:
    """Arrays of different length as one ragged tensor."""
    lengths = [len(array) for array in arrays]
    return Ragged(to_device(np.concatenate(arrays), device), layout(lengths, device))


def text_batch(captions: Sequence[str], table: Mapping[str, Caption], device: torch.device) -> tuple[Ragged, Words]:
    """Token ids and pieces of interest of captions."""
    rows = [table[caption] for caption in captions]
    interest = np.concatenate([row.interest for row in rows])
    owner = np.repeat(np.arange(len(rows)), [len(row.ids) for row in rows])
    weights = np.concatenate([row.weights for row in rows])
    words = (np.flatnonzero(interest), owner[interest], weights[interest])
    places, owners, weight = (to_device(array, device) for array in words)
    return ragged([row.ids for row in rows], device), Words(places, owners, weight)


def video_batch(clips: Sequence[str], features: Features, most: int, device: torch.device) -> Ragged:
    """Video tokens of clips, at most ``most`` each."""
    values, lengths = features.gather(clips, most)
    return Ragged(to_device(values, device), layout(lengths, device))


class Batches:
    """The training batches of one seed: each epoch a new order; what does not fill a batch waits for the next order.

    Args:
        prepared: the data.
        batch_size: K.
        max_video_tokens: most video tokens a clip.
        seed: of the training.
        shuffle_captions: give each clip the captions of a clip drawn without replacement: the control that must land at chance.
        device: where batches lie.
    """

    def __init__(
        self, prepared: Prepared, batch_size: int, max_video_tokens: int, seed: int, *, shuffle_captions: bool, device: torch.device
    ) -> None:
        self.prepared, self.batch_size, self.most, self.seed, self.device = prepared, batch_size, max_video_tokens, seed, device
        self.shuffle_captions = shuffle_captions

    @cached_property
    def clips(self) -> list[Clip]:
        """The training clips, with the captions that they are trained on."""
        clips = self.prepared.clips["train"]
        if not self.shuffle_captions:
            return clips
        order = numpy_stream(self.seed, "shuffle-captions").permutation(len(clips))
        return [replace(clip, captions=clips[other].captions) for clip, other in zip(clips, order, strict=True)]

    def at(self, step: int) -> Batch:
        """The batch of one step; two threads may ask at the same time as far as the data set bears it."""
        a_epoch = len(self.clips) // self.batch_size
        epoch, place = divmod(step, a_epoch)
        known, order = self._order  # read once: another thread may set another epoch's
        if known != epoch:
            order = numpy_stream(self.seed, "order", epoch).permutation(len(self.clips))
            self._order = (epoch, order)
        chosen = [self.clips[i] for i in order[place * self.batch_size : (place + 1) * self.batch_size]]
        draw = numpy_stream(self.seed, "caption", step)
        captions = [clip.captions[draw.integers(len(clip.captions))] if len(clip.captions) > 1 else clip.captions[0] for clip in chosen]
        ids, words = text_batch(captions, self.prepared.captions, self.device)
        names = [clip.id for clip in chosen]
        return Batch(names, captions, ids, words, video_batch(names, self.prepared.features, self.most, self.device))

    _order: tuple[int, np.ndarray] = (-1, np.empty(0, np.int64))
