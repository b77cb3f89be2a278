"""The classifier of action segmentation: a linear head on the video module's tokens, trained in windows.

A function of the trained model, the recipe and the seed alone: interrupted, it is trained again and comes out the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from taco_bench.api import Clip, Trained, UserError, numpy_stream, overlap_mean, stream_key, window_rows

if TYPE_CHECKING:
    from taco_bench_tasks.action_segmentation import ActionSegmentation
    from taco_bench_tasks.segmentation_labels import Integers

Floats = npt.NDArray[np.float32]
MANY = 2_000
"""Steps from which a head that nobody has bounded says how long it will be."""
IGNORED = -100
"""The class of rows after the end of a short window; cross-entropy leaves them out."""


@dataclass(frozen=True)
class Windows:
    """Training windows: of each a clip, its rows there, and their classes."""

    clips: Sequence[Clip]
    rows: list[tuple[int, Integers]]
    targets: Sequence[Integers]


class Segmenter:
    """Network and head.

    Args:
        trained: whose video module is copied, and whose features are read.
        recipe: the options of the task.
        classes: the background's included.
    """

    def __init__(self, trained: Trained, recipe: ActionSegmentation, classes: int) -> None:
        self.trained, self.recipe = trained, recipe
        self.network = trained.video_network()
        self.device = next((p.device for p in self.network.parameters()), torch.device("cpu"))
        torch.manual_seed(stream_key(trained.seed, "action-segmentation/head"))
        self.head = nn.Linear(self.network.width, classes).to(self.device)
        nn.init.zeros_(self.head.bias)  # no class is the favourite before any is seen, however narrow the tokens are

    @property
    def fine_tunes(self) -> bool:
        """Whether the video module is trained too."""
        return self.recipe.video_encoder == "fine-tuned"

    def train(self, clips: Sequence[Clip], targets: Sequence[Integers]) -> None:
        """Train the head, and the video module unless it is frozen, on frames of clips with their classes.

        Raises:
            UserError: a loss is not finite.
        """
        recipe = self.recipe
        rows = [(at, some) for at, own in enumerate(targets) for some in window_rows(len(own), recipe.window, recipe.train_stride)]
        windows = Windows(clips, rows, targets)
        parameters = [*self.head.parameters(), *(self.network.parameters() if self.fine_tunes else ())]
        optimizer = torch.optim.Adam(parameters, lr=recipe.learning_rate)
        self.network.train(self.fine_tunes)
        total = self._steps(len(rows))
        with self.trained.reporter.bar("segmentation head", total) as advance:
            for step, some in enumerate(itertools.islice(self._batches(len(rows)), total)):
                loss = self._step(windows, some, step, parameters, optimizer)
                advance(1, f"cross-entropy {loss:.3f}")
        self.network.train(False)

    def _steps(self, windows: int) -> int:
        """How many steps there are; many, which nobody has bounded, are announced."""
        recipe = self.recipe
        every = recipe.epochs * -(-windows // recipe.batch_size)
        if recipe.steps is None and every > MANY:
            self.trained.reporter.say(f"the segmentation head is trained for {every:,} steps; --set task.steps=N trains it for fewer")
        return min(every, recipe.steps or every)

    def _batches(self, windows: int) -> Iterator[Integers]:
        """The windows of each step, epoch after epoch, each in an order of its own."""
        for epoch in range(self.recipe.epochs):
            order = numpy_stream(self.trained.seed, "action-segmentation/order", epoch).permutation(windows)
            yield from np.array_split(order, -(-windows // self.recipe.batch_size))

    def _step(
        self, windows: Windows, some: Integers, step: int, parameters: Sequence[nn.Parameter], optimizer: torch.optim.Optimizer
    ) -> float:
        features, lengths, targets = self._batch(windows, some)
        torch.manual_seed(stream_key(self.trained.seed, "action-segmentation/dropout", step))
        loss = F.cross_entropy(self._logits(features, lengths).flatten(0, 1), targets.flatten(), ignore_index=IGNORED)
        if not bool(torch.isfinite(loss)):
            hint = f"--set task.learning_rate={self.recipe.learning_rate / 10:g}, or look at the features of the training clips"
            raise UserError(f"the loss of the segmentation head is {loss.item()} at step {step}", where="action-segmentation", hint=hint)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, self.recipe.clip_norm)
        optimizer.step()
        return loss.item()

    def _batch(self, windows: Windows, some: Integers) -> tuple[Tensor, Tensor, Tensor]:
        """Features [windows, longest, width], lengths [windows] and classes [windows, longest]."""
        chosen = [windows.rows[at] for at in some]
        features = [torch.from_numpy(self.trained.frames(windows.clips[clip])[rows]) for clip, rows in chosen]
        targets = [torch.from_numpy(windows.targets[clip][rows]) for clip, rows in chosen]
        lengths = torch.tensor([len(rows) for _, rows in chosen])
        padded = nn.utils.rnn.pad_sequence(features, batch_first=True)
        classes = nn.utils.rnn.pad_sequence(targets, batch_first=True, padding_value=IGNORED)
        return padded.to(self.device), lengths.to(self.device), classes.to(self.device)

    def _logits(self, features: Tensor, lengths: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.fine_tunes):
            tokens = self.network(features, lengths)
        logits: Tensor = self.head(tokens)
        return logits

    @torch.no_grad()
    def predict(self, clip: Clip) -> Integers:
        """[frames], the class with the highest logit, averaged where windows overlap."""
        frames = self.trained.frames(clip)
        rows = window_rows(len(frames), self.recipe.window, self.recipe.stride)
        lengths = torch.full((len(rows),), rows.shape[1], device=self.device)
        logits = self._logits(torch.from_numpy(frames[rows]).to(self.device), lengths).cpu().numpy()
        return np.asarray(overlap_mean(logits, rows, len(frames)).argmax(axis=1))
