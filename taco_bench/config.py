"""Experiment: one resolved, validated configuration without its seed. Made from raw options by :func:`taco_bench.resolve.resolve`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field

Spec: TypeAlias = dict[str, Any]
"""One component: ``{"type": name, **options}``, every option filled in."""

Loss = Literal["l1", "l2", "l3"]
Leak = Literal["same-id", "same-video", "same-caption", "near-identical-features"]
Score = Literal["sentence", "token", "fusion"]

SCORE_OF: dict[str, str] = {"l1": "sentence", "l2": "token", "l3": "fusion"}
"""Each loss to the score that it trains."""

LEAKS: tuple[str, ...] = get_args(Leak)
"""What two splits can share."""

Positive = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
PositiveReal = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Real = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A group of options; unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Model(Section):
    """The size of the three modules; the defaults are the paper's (P 3.1, 4.2, 4.3)."""

    width: Positive = Field(768, description="d, the width of all token vectors")
    heads: Positive = Field(12, description="attention heads")
    feedforward: Positive = Field(3072, description="width of the feed-forward layers")
    dropout: Share = Field(0.1, description="dropout in the video and fusion layers")
    video_layers: Count = Field(1, description="self-attention layers over the video tokens")
    fusion_layers: Positive = Field(2, description="self-attention layers over the tokens of a pair")
    positions: Positive = Field(512, description="rows of the fusion module's position embedding")
    max_video_tokens: Positive = Field(48, description="m; longer clips are sampled evenly")
    max_text_tokens: Positive = Field(30, description="n, with [CLS] and [SEP]; longer captions are cut")


class Losses(Section):
    """The objective L1 + lambda L2 + L3 (Eq. 6) and our choices where the paper is silent."""

    use: tuple[Loss, ...] = Field(("l1", "l2", "l3"), description="losses trained: l1 sentence, l2 token, l3 fusion")
    token_loss_weight: Real = Field(0.5, description="lambda of Eq. 6")
    sentence_temperature: PositiveReal = Field(1.0, description="tau 1 of Eq. 3")
    token_temperature: PositiveReal = Field(1.0, description="tau 2 of Eq. 4")
    normalize: bool = Field(False, description="cosine instead of the plain dot product in L1 and L2")
    symmetric: bool = Field(False, description="L1 and L2 in both directions instead of text->video alone")
    fusion_directions: Literal["both", "text->video"] = Field("both", description="anchors of L3")
    reduction: Literal["mean", "sum"] = Field("mean", description="over the batch")


class Train(Section):
    """The recipe; the defaults are the paper's for a single data set (P 4.3)."""

    init: str | None = Field(
        None, description="training to start from: its id, or SUITE@DATA:ROW for that row's training of the same seed; none: from scratch"
    )
    steps: Count = Field(30_000, description="optimizer steps; 0 evaluates the start, or the untrained model, as it is")
    batch_size: Positive = Field(128, description="K, pairs a step")
    learning_rate: PositiveReal = Field(1e-4, description="highest learning rate of Adam")
    warmup_steps: Count | None = Field(
        None, description="steps of linear warm-up, linear decay follows; none: a sixth, 5k of 30k as in P 4.3"
    )
    weight_decay: Real = Field(1e-5, description="weight decay of Adam")
    clip_norm: PositiveReal | None = Field(None, description="clip the gradient's norm to this; none: do not clip")
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on GPUs that have it")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: the GPU where there is one")
    threads: Positive = Field(2, description="CPU threads of this training")
    validate_every: Count = Field(0, description="steps between validations on the validation split; 0: none")
    checkpoint: Literal["last", "best"] = Field("last", description="weights kept: the last, or the best on the validation split")
    shuffle_captions: bool = Field(False, description="control: permute the captions over the training clips")
    fusion_memory: PositiveReal = Field(8.0, description="GiB that the pairs of one step may take in the fusion module")
    recompute_fusion: bool = Field(
        False,
        description="compute the fusion module's activations again, do not keep them: the same bits, less memory, more time",
    )
    encoder_chunk: Positive | None = Field(
        None,
        description="clips and texts encoded at a time, what their gradients need computed again instead of kept: "
        "a larger K in the same memory; none: all K at once",
    )


class Evaluation(Section):
    """How a training is evaluated."""

    split: Literal["val", "test"] = Field("test", description="split evaluated")
    scores: tuple[Score, ...] = Field((), description="scores summed; empty: those whose loss was trained")
    token_weight: Annotated[float, Field(ge=0, le=1)] = Field(0.5, description="weight of the token score (P App. F)")
    shortlist_above: Positive = Field(1_000, description="texts or videos, whichever are more, up to which all pairs go through fusion")
    shortlist: Positive = Field(100, description="pairs a query and direction through fusion in larger pools")
    metric_convention: Literal["expected", "howto100m"] = Field("expected", description="how tied scores count")


class Experiment(Section):
    """One resolved configuration. What a configuration makes irrelevant is None or empty, so that equal trainings have equal ids."""

    data: Spec
    on_missing: Literal["error", "skip"] = "error"
    encoder: tuple[Spec, ...]
    text_encoder: Spec
    tagger: Spec | None
    tokens: tuple[Spec, ...]
    token_weights: Spec | None
    sampler: Spec | None
    model: Model
    losses: Losses
    train: Train
    task: Spec
    evaluation: Evaluation
    controls: tuple[Spec, ...] = ()
    acknowledge: tuple[Leak, ...] = ()

    def training(self) -> dict[str, Any]:
        """The half that training depends on, ready for JSON: two experiments that share it, and their start, share their trainings.

        How the start is named is no part of it; which training it is, is (:func:`taco_bench.store.identity.training_parts`).
        """
        other: Any = {
            "task": True,
            "evaluation": True,
            "controls": True,
            "acknowledge": True,
            "train": {"fusion_memory", "recompute_fusion", "init"},
        }
        return self.model_dump(mode="json", exclude=other)

    def components(self) -> list[tuple[str, Spec]]:
        """Kind and spec of every component in use."""
        single = [
            ("data", self.data),
            ("text-encoder", self.text_encoder),
            ("tagger", self.tagger),
            ("token-weights", self.token_weights),
            ("sampler", self.sampler),
            ("task", self.task),
        ]
        lists = {"encoder": self.encoder, "tokens": self.tokens, "control": self.controls}
        several = [(kind, spec) for kind, specs in lists.items() for spec in specs]
        return several + [(kind, spec) for kind, spec in single if spec is not None]

    def shuffled(self) -> Experiment:
        """The control of this experiment: trained in the same way on shuffled captions, and from scratch: a start would know something."""
        return self.model_copy(update={"train": self.train.model_copy(update={"shuffle_captions": True, "init": None})})


SECTIONS: dict[str, type[Section]] = {"model": Model, "losses": Losses, "train": Train, "evaluation": Evaluation}
