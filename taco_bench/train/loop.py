"""The training loop. There is one; what differs between experiments is in the objects that it is given."""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from taco_bench.api import Sampler
from taco_bench.config import Experiment
from taco_bench.data.batches import Batch, Batches
from taco_bench.data.prepared import Prepared
from taco_bench.errors import TrainingError
from taco_bench.model.language import TextFeatures
from taco_bench.model.taco import TACo, build_taco
from taco_bench.model.video import VideoFeatures
from taco_bench.plugins import Plugins
from taco_bench.randomness import seed_global, torch_stream
from taco_bench.reporting import Reporter
from taco_bench.train.ahead import Ahead
from taco_bench.train.checkpoint import load_state, load_weights, save_state, save_weights
from taco_bench.train.chunks import encode_texts, encode_videos
from taco_bench.train.device import autocast, set_up
from taco_bench.train.hidden import HiddenStates
from taco_bench.train.memory import EVERY_STEPS, return_free_memory
from taco_bench.train.objective import Terms, batch_terms
from taco_bench.train.reading import begin_reading
from taco_bench.train.start import Start, take_over

SAVE_EVERY_SECONDS = 30.0
"""Between two saved states: what a killed training loses at most, unless saving takes long."""
LONG_SAVE_SECONDS = 1.5
"""A save that takes longer is made the less often: a twentieth of a training's time is spent on it at most."""


Point = list[float]
"""What was spent (:attr:`Progress.spent`) when a model was validated, and its score."""


@dataclass
class Progress:
    """How far a training is; all of it is saved with the state."""

    step: int = 0
    seconds: float = 0.0
    fusion_pairs: int = 0
    best_score: float = -1.0
    best_step: int = 0
    curve: list[Point] = field(default_factory=list)

    @property
    def spent(self) -> list[float]:
        """Steps, seconds of training and distinct pairs through fusion so far."""
        return [self.step, self.seconds, self.fusion_pairs]


@dataclass(frozen=True)
class Step:
    """What one optimizer step saw.

    Attributes:
        losses: the terms of its batch before the step, unweighted, by name.
        fusion_pairs: distinct pairs that went through the fusion module.
    """

    losses: dict[str, float]
    fusion_pairs: int


def learning_rate(step: int, steps: int, warmup: int, highest: float) -> float:
    """Linear warm-up over ``warmup`` steps, then linear decay to 0 at ``steps`` (P 4.3); ``step`` counts from 0."""
    if step < warmup:
        return highest * (step + 1) / warmup
    return highest * (steps - step) / max(1, steps - warmup)


def seconds_between_saves(took: float) -> float:
    """From the end of a save that took so many seconds to the next."""
    return SAVE_EVERY_SECONDS * max(1.0, took / LONG_SAVE_SECONDS)


def new_model(experiment: Experiment, seed: int, prepared: Prepared, device: torch.device) -> TACo:
    """The model before its first step, a function of the configuration and the seed."""
    encoder = prepared.text_encoder
    seed_global(seed, "init/text")
    network = encoder.network()
    model = build_taco(
        prepared.features.width, network, experiment.model, experiment.losses, pooling=encoder.pooling, frozen=encoder.frozen, seed=seed
    )
    return model.to(device)


class Training:
    """One training: experiment and seed.

    Args:
        experiment: device and precision resolved.
        seed: of every random number.
        prepared: its data.
        plugins: to build the sampler.
        folder: where its state is kept, so that it can go on after an interruption.
        validate: the score of a model on the validation split, for the best checkpoint.
        start: the training that it starts from; None: the model begins as it is initialised.

    Raises:
        UserError: the weights of the start do not fit.
    """

    def __init__(
        self,
        experiment: Experiment,
        seed: int,
        prepared: Prepared,
        plugins: Plugins,
        folder: Path,
        validate: Callable[[TACo], float] | None = None,
        start: Start | None = None,
    ) -> None:
        self.experiment, self.seed, self.folder, self.validate = experiment, seed, folder, validate
        config = experiment.train
        self.device = set_up(experiment)
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        self.model = new_model(experiment, seed, prepared, self.device)
        if self.model.fusion is not None:
            self.model.fusion.recompute = config.recompute_fusion
        if start is not None:
            take_over(self.model, experiment.model, start)
        self.batches = Batches(
            prepared,
            config.batch_size,
            experiment.model.max_video_tokens,
            seed,
            shuffle_captions=config.shuffle_captions,
            device=self.device,
        )
        self.ahead = Ahead(self.batches, config.steps, thread=self.device.type == "cuda")
        self.hidden = HiddenStates(self.model.language, prepared.captions, self.device)
        self.sampler: Sampler | None = plugins.build("sampler", experiment.sampler) if experiment.sampler else None
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)
        self.progress = Progress()
        self._whole = True  # False from the optimizer's step until all that belongs to it is done

    def run(self, reporter: Reporter, what: str) -> TACo:
        """Train, or go on training, to the end; the model with the weights that the checkpoint rule keeps, in evaluation mode."""
        saved = load_state(self.folder / "state.safetensors", self.model, self.optimizer)
        if saved:
            self.progress = Progress(**saved)
            reporter.say(f"{what}: goes on at step {self.progress.step}")
        steps = self.experiment.train.steps
        with reporter.bar(what, steps, self.progress.step) as advance, self.ahead:
            try:
                self._steps(steps, advance)
            except KeyboardInterrupt:
                if self._whole:  # else the last saved state is the one to go on from
                    self._save()
                raise
        _refuse_nan_weights(self.model, steps)
        if self.experiment.train.checkpoint == "best" and self.progress.best_step:
            load_weights(self.folder / "best.safetensors", self.model)
        return self.model.eval()

    def _steps(self, steps: int, advance: Callable[..., None]) -> None:
        next_save = time.monotonic() + SAVE_EVERY_SECONDS
        while self.progress.step < steps:
            started = time.perf_counter()
            done = self.step(self.progress.step)
            self.progress.step += 1
            self.progress.seconds += time.perf_counter() - started
            self.progress.fusion_pairs += done.fusion_pairs
            self._validate()
            self._whole = True
            advance(1, "  ".join(f"{name.upper()} {loss:.3f}" for name, loss in done.losses.items()))
            if self.progress.step % EVERY_STEPS == 0:
                return_free_memory()
            if time.monotonic() > next_save:
                began = time.monotonic()
                self._save()
                next_save = time.monotonic() + seconds_between_saves(time.monotonic() - began)

    def step(self, step: int) -> Step:
        """One optimizer step.

        On a GPU the CPU only launches what the GPU then does, and must be ahead of it. It waits for the GPU where it reads a result: in
        the model where that reads; when the sampler's pairs are checked, and their distinct ones counted; and for the losses, which are
        read once the backward pass is launched. By then they are long computed, and the GPU has the backward pass to do while the
        optimizer's step and the next one are launched. Batches, clipping and the optimizer read nothing.

        Raises:
            TrainingError: a loss is not finite; the weights are those before the step.
        """
        config = self.experiment.train
        batch = self.ahead.at(step)
        if not self.model.training:  # else a walk over all modules for nothing
            self.model.train()
        with autocast(self.experiment):
            terms = self._terms(batch, step)
            loss = terms.total(self.experiment.losses, config.batch_size)
        losses = begin_reading(torch.stack([term.detach() for term in terms.terms.values()]))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if config.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters, config.clip_norm)
        warmup = config.warmup_steps or 0  # resolve() fills it in
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(step, config.steps, warmup, config.learning_rate)
        found = Step(dict(zip(terms.terms, losses(), strict=True)), terms.fusion_pairs)
        _refuse_nan(found.losses, step, batch)
        self._whole = False
        self.optimizer.step()
        return found

    def _terms(self, batch: Batch, step: int) -> Terms:
        """The losses of one batch; each module's dropout has a stream of its own."""
        seed_global(self.seed, "dropout/language", step)
        text = self._texts(batch)
        seed_global(self.seed, "dropout/video", step)
        video = self._videos(batch)
        seed_global(self.seed, "dropout/fusion", step)
        generator = torch_stream(self.seed, "negatives", step)
        steps = self.experiment.train.steps
        return batch_terms(self.model, text, video, batch.words, self.experiment.losses, self.sampler, generator, step, steps)

    def _texts(self, batch: Batch) -> TextFeatures:
        chunk, language = self.experiment.train.encoder_chunk, self.model.language
        if chunk is None or language.frozen:  # a frozen network keeps no activations
            return language(self.hidden(batch.captions, batch.ids))  # type: ignore[no-any-return]
        return encode_texts(language, batch.ids, chunk)

    def _videos(self, batch: Batch) -> VideoFeatures:
        chunk = self.experiment.train.encoder_chunk
        return encode_videos(self.model.video, batch.features, chunk) if chunk else self.model.video(batch.features)

    def _validate(self) -> None:
        every, progress = self.experiment.train.validate_every, self.progress
        if self.validate is None or not every or progress.step % every:
            return
        self.ahead.settle()
        score = self.validate(self.model.eval())
        progress.curve.append([*progress.spent, score])
        if score > progress.best_score:
            progress.best_score, progress.best_step = score, progress.step
            save_weights(self.folder / "best.safetensors", self.model)

    def _save(self) -> None:
        """Save, unless an update broke the weights: the next step says so, and a later run goes on from before."""
        if _not_finite(self.model) is None:
            save_state(self.folder / "state.safetensors", self.model, self.optimizer, vars(self.progress))

    def cost(self) -> dict[str, Any]:
        """What the training took; the peak is the GPU's for this training, or this process's so far."""
        on_gpu = self.device.type == "cuda"
        peak = torch.cuda.max_memory_allocated() / 2**30 if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        return {
            "steps": self.progress.step,
            "seconds": round(self.progress.seconds, 2),
            "fusion_pairs_per_step": round(self.progress.fusion_pairs / max(1, self.progress.step), 1),
            "peak_gib": round(peak, 2),
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "best_step": self.progress.best_step or None,
        }


def _not_finite(model: TACo) -> str | None:
    """The first weights that have a NaN or an infinity."""
    whole = {name: torch.isfinite(weight).all() for name, weight in model.named_parameters()}
    if bool(torch.stack(list(whole.values())).all()):  # one read from the device
        return None
    return next(name for name, finite in whole.items() if not bool(finite))


def _refuse_nan_weights(model: TACo, steps: int) -> None:
    """The last update may have broken what no loss has seen."""
    name = _not_finite(model)
    if name is not None:
        hint = "--set train.clip_norm=1.0, or a lower train.learning_rate"
        raise TrainingError(f"the weights of {name} are not finite after the last of {steps} steps", where="training", hint=hint)


def _refuse_nan(losses: dict[str, float], step: int, batch: Batch) -> None:
    for name, loss in losses.items():
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss {name.upper()} is {loss} at step {step}",
                where="clips of the batch: " + ", ".join(batch.clips),
                hint="--set train.clip_norm=1.0, a lower train.learning_rate, or look at the features of these clips",
            )
