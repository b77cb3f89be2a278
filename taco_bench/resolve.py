"""From raw options to an :class:`~taco_bench.config.Experiment`; all errors are found before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import index
from typing import Any

import pydantic

from taco_bench.config import LEAKS, SCORE_OF, SECTIONS, Experiment, Loss, Losses, Section, Train
from taco_bench.errors import ConfigError, InfeasibleError, PluginError, UserError, did_you_mean, near, nearest
from taco_bench.guard import calling, using
from taco_bench.model.chunk import TOKENS_AT_A_TIME
from taco_bench.options import coerce
from taco_bench.plugins import EXPERIMENT_KINDS, Component, Plugins
from taco_bench.specs import FIELDS, LIST_SEPARATORS, merge, nested, parse_field

DEFAULTS: dict[str, Any] = {
    "data": "babyai",
    "text-encoder": "bert",
    "tagger": "spacy",
    "tokens": "noun,verb",
    "token-weights": "idf",
    "sampler": "cascade",
    "task": "retrieval",
    "control": "shuffled-captions,constant-scores",
}
"""The component of each kind where neither the user nor the data set's preset names one; encoders are always the data set's."""
WITHOUT_TAGS = "split"
"""The tagger of an experiment whose token selectors read no tags."""


def resolve(layers: Sequence[Mapping[str, Any]], plugins: Plugins, announce: Callable[[str], None] = lambda _: None) -> Experiment:
    """Resolve options into an experiment.

    Args:
        layers: raw options, later ones over earlier ones; components as text (``"noun,verb"``) or as specs.
        plugins: the components that there are.
        announce: called with a line for everything that was decided in the user's place.

    Raises:
        ConfigError: with every problem that was found.
    """
    problems: list[UserError] = []
    asked: dict[str, Any] = {}
    for layer in layers:
        asked = merge(asked, _parsed(layer, plugins, problems))
    _refuse_unknown_fields(asked, problems)
    preset = _preset(asked, plugins, problems)
    fields: dict[str, Any] = {"on_missing": _on_missing(asked, problems)}
    for name, section in SECTIONS.items():
        fields[name] = _section(name, section, merge(preset.get(name, {}), asked.get(name, {})), problems)
    fields["acknowledge"] = _acknowledged(asked, problems)
    for kind in EXPERIMENT_KINDS:
        fields[FIELDS.get(kind, kind)] = _component_field(kind, asked, preset, plugins, problems)
    if problems:
        raise ConfigError(problems)
    experiment = _validated(fields)
    if experiment.tagger is not None:
        tagger = _usable_tagger(experiment, bool(asked.get("tagger")), plugins, announce)
        experiment = experiment.model_copy(update={"tagger": tagger})
    return _checked(experiment, plugins)


def _parsed(layer: Mapping[str, Any], plugins: Plugins, problems: list[UserError]) -> dict[str, Any]:
    parsed = dict(layer)
    for kind in EXPERIMENT_KINDS:
        field = FIELDS.get(kind, kind)
        if field in parsed:
            try:
                parsed[field] = parse_field(kind, parsed[field], plugins)
            except UserError as error:
                problems.append(error)
                del parsed[field]
    for name in SECTIONS:
        if name in parsed and not isinstance(parsed[name], Mapping):
            what = f"{name}={parsed.pop(name)!r} is not valid: {name} is a group of options"
            problems.append(UserError(what, where=name, hint=f"--set {name}.OPTION=VALUE"))
    return parsed


def _on_missing(asked: Mapping[str, Any], problems: list[UserError]) -> Any:
    value = asked.get("on_missing", "error")
    try:
        return coerce(Experiment.model_fields["on_missing"].annotation, value)
    except ValueError as error:
        problems.append(UserError(f"on_missing={value!r} {error}", where="--on-missing", hint="error or skip"))
        return None


def _acknowledged(asked: Mapping[str, Any], problems: list[UserError]) -> tuple[str, ...]:
    """The kinds of leak that are acknowledged by name."""
    value = asked.get("acknowledge") or ()
    names = tuple(value.split(",")) if isinstance(value, str) else tuple(value)
    unknown = [str(name) for name in names if name not in LEAKS]
    problems += [UserError(f"unknown kind of leak {name!r}", where="--acknowledge", hint=nearest(name, LEAKS)) for name in unknown]
    return names


def _refuse_unknown_fields(asked: Mapping[str, Any], problems: list[UserError]) -> None:
    known = Experiment.model_fields
    problems += [UserError(f"unknown option {key!r}", where=key, hint=_meant(key)) for key in asked if key not in known]


def _meant(key: str) -> str:
    """The fields closest to a key that is none, and the sections' options, as ``--set`` takes them."""
    written = {name: f"{section}.{name}" for section, model in SECTIONS.items() for name in model.model_fields}
    written |= {name: name for name in Experiment.model_fields}
    found = [key] if key in written else near(key, written)
    return did_you_mean([written[name] for name in found]) or nearest(key, Experiment.model_fields)


def _preset(asked: Mapping[str, Any], plugins: Plugins, problems: list[UserError]) -> dict[str, Any]:
    """What the data set declares for experiments on it."""
    spec = asked.get("data") or {}
    try:
        component = plugins.get("data", str(spec.get("type", DEFAULTS["data"])))
    except UserError:
        return {}  # named when the data field itself is checked
    try:
        written = component.preset_with(spec)
        with calling(component, "has a preset that cannot be used"):
            preset = nested(written)
        _refuse_unknown_in(preset, component)
        return _parsed(preset, plugins, problems)
    except UserError as error:
        problems.append(error)
        return {}


def _refuse_unknown_in(preset: Mapping[str, Any], component: Component) -> None:
    """A preset's keys are its author's, not the user's."""
    unknown: list[str] = []
    for key, value in preset.items():
        written = {f"{key}.{name}": name for name in value} if isinstance(value, Mapping) else {key: ""}
        if key not in Experiment.model_fields:
            unknown += written
        elif key in SECTIONS:
            unknown += [option for option, name in written.items() if name and name not in SECTIONS[key].model_fields]
    if unknown:
        who = f"the preset of {component.kind} {component.name!r} of {component.distribution} {component.version}"
        options = ", ".join(map(repr, unknown))
        raise PluginError(f"{who} has unknown options: {options}", where=unknown[0], hint=_meant(unknown[0].rpartition(".")[2]))


def _component_field(
    kind: str,
    asked: Mapping[str, Any],
    preset: Mapping[str, Any],
    plugins: Plugins,
    problems: list[UserError],
) -> Any:
    """The spec, or specs, of one kind with every option filled in."""
    field = FIELDS.get(kind, kind)
    given, usual = asked.get(field), preset.get(field)
    if kind in LIST_SEPARATORS:
        chosen = given if given is not None else usual if usual is not None else parse_field(kind, DEFAULTS.get(kind, []), plugins)
        return [_filled(kind, spec, {}, plugins, problems) for spec in chosen]
    given = dict(given or {})
    default = parse_field(kind, DEFAULTS[kind], plugins)["type"]
    type_ = given.get("type") or (usual or {}).get("type") or default
    under = usual if usual and usual.get("type", type_) == type_ else {}
    return _filled(kind, {**given, "type": type_}, under, plugins, problems)


def _filled(kind: str, spec: Mapping[str, Any], preset: Mapping[str, Any], plugins: Plugins, problems: list[UserError]) -> dict[str, Any]:
    options = {key: value for key, value in spec.items() if key != "type"}
    try:
        component = plugins.get(kind, str(spec["type"]))
    except UserError as error:
        problems.append(error)
        return dict(spec)
    known = plugins.options(kind, component.name)
    usual = {key: value for key, value in preset.items() if key in known}
    values, wrong = plugins.check(kind, component.name, {**usual, **options})
    problems.extend(wrong)
    return {"type": component.name, **{key: _plain(value) for key, value in values.items()}}


def _plain(value: Any) -> Any:
    """As it comes back from JSON, where every sequence is a list: an experiment that was stored is the one that is asked for."""
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _usable_tagger(experiment: Experiment, asked_for: bool, plugins: Plugins, announce: Callable[[str], None]) -> dict[str, Any]:
    """The tagger itself; where nobody asked for it by name, none if no tag is read, and its fallback if it is not installed."""
    if not asked_for and not any(plugins.get("tokens", spec["type"]).tags for spec in experiment.tokens):
        return {"type": WITHOUT_TAGS, **plugins.check("tagger", WITHOUT_TAGS, {})[0]}
    assert experiment.tagger is not None
    spec = experiment.tagger
    reason = plugins.build("tagger", spec).missing()
    fallback = plugins.get("tagger", spec["type"]).fallback
    if not reason:
        return spec
    if asked_for or fallback is None:
        raise ConfigError([UserError(f"the tagger {spec['type']} cannot be used: {reason}", where="tagger")])
    announce(f"parts of speech from the fallback tagger {fallback!r}: {reason}; the choice is part of each cell's id")
    values, _ = plugins.check("tagger", fallback, {})
    return {"type": fallback, **values}


def _validated(fields: Mapping[str, Any]) -> Experiment:
    """The typed experiment, with what the losses make irrelevant taken out."""
    try:
        experiment = Experiment.model_validate(fields)
    except pydantic.ValidationError as error:
        raise ConfigError([_problem("", detail) for detail in error.errors()]) from None
    order: tuple[Loss, ...] = ("l1", "l2", "l3")
    used = [loss for loss in order if loss in experiment.losses.use and (loss != "l2" or experiment.tokens)]
    changes: dict[str, Any] = {"losses": _relevant_losses(experiment.losses, tuple(used))}
    if "l2" not in used:
        changes |= {"tokens": (), "token_weights": None, "tagger": None}
    if "l3" not in used:
        changes |= {"sampler": None}
    changes["train"] = _relevant_recipe(experiment.train)
    if experiment.train.steps == 0:
        changes |= {"train": _without_steps(experiment.train), "sampler": None, "token_weights": None}
    scores = tuple(dict.fromkeys(experiment.evaluation.scores or (SCORE_OF[loss] for loss in used)))
    changes["evaluation"] = experiment.evaluation.model_copy(update={"scores": scores})
    return experiment.model_copy(update=changes)


def _relevant_recipe(train: Train) -> Train:
    """The recipe with the usual warm-up filled in, and without a chunk that holds the whole batch."""
    warmup = train.steps // 6 if train.warmup_steps is None else train.warmup_steps
    chunk = train.encoder_chunk if train.encoder_chunk and train.encoder_chunk < train.batch_size else None
    return train.model_copy(update={"warmup_steps": warmup, "encoder_chunk": chunk})


def _without_steps(train: Train) -> Train:
    """The recipe of a training without steps: what only steps would read is at its default."""
    read = ("init", "precision", "device", "threads", "fusion_memory", "recompute_fusion")
    return Train.model_validate({"steps": 0, "warmup_steps": 0, **{name: getattr(train, name) for name in read}})


def _relevant_losses(losses: Losses, used: tuple[Loss, ...]) -> Losses:
    """The loss options with those of losses that are left out at their defaults."""
    of_loss = {"l1": ("sentence_temperature",), "l2": ("token_loss_weight", "token_temperature"), "l3": ("fusion_directions",)}
    unused = {option for loss, options in of_loss.items() if loss not in used for option in options}
    kept = {key: value for key, value in losses.model_dump().items() if key not in unused}
    return Losses(**{**kept, "use": used})


def _section(name: str, section: type[Section], values: Any, problems: list[UserError]) -> Section | None:
    try:
        return section.model_validate(values)
    except pydantic.ValidationError as error:
        problems.extend(_problem(name, detail) for detail in error.errors())
        return None


def _problem(section: str, detail: Any) -> UserError:
    key = ".".join(str(part) for part in detail["loc"])
    where = f"{section}.{key}" if section else key
    if detail["type"] == "extra_forbidden":
        known = SECTIONS[section].model_fields
        meant = did_you_mean([f"{section}.{name}" for name in near(key, known)])
        return UserError(f"unknown option {where!r}", where=where, hint=meant or nearest(key, known))
    where = "--losses" if where.startswith("losses.use") else where
    return UserError(
        f"{where}={detail['input']!r} is not valid: {detail['msg'].lower()}", where=where, hint="`taco-bench show options` lists them"
    )


def _checked(experiment: Experiment, plugins: Plugins) -> Experiment:
    problems = [*_loss_problems(experiment), *_model_problems(experiment), *_sampler_problems(experiment, plugins)]
    try:
        plugins.build("text-encoder", experiment.text_encoder)  # refuses options that contradict each other; reads no file
        task = plugins.build("task", experiment.task)
        problems += task.problems(experiment) if hasattr(task, "problems") else []
    except PluginError:
        raise
    except UserError as error:
        problems.append(error)
    if problems:
        raise ConfigError(problems)
    return experiment


def _loss_problems(experiment: Experiment) -> list[UserError]:
    used = experiment.losses.use
    problems = []
    if not used:
        problems.append(
            UserError("no loss is left to train", where="--losses", hint="give one or more of l1,l2,l3; `--tokens none` leaves l2 out")
        )
    untrained = [s for s in experiment.evaluation.scores if s not in {SCORE_OF[loss] for loss in used}]
    if untrained:
        trained = ",".join(SCORE_OF[loss] for loss in used)
        problems.append(
            UserError(f"the score {untrained[0]!r} is asked for, but its loss is not trained", where="--scores", hint=f"trained: {trained}")
        )
    if not experiment.encoder:
        problems.append(
            UserError("no encoder is named, and the data set has no usual one", where="--encoder", hint="`taco-bench list encoder`")
        )
    if experiment.train.checkpoint == "best" and not experiment.train.validate_every:
        problems.append(UserError("the best checkpoint needs validations", where="train.checkpoint", hint="--set train.validate_every=100"))
    return problems


def _model_problems(experiment: Experiment) -> list[UserError]:
    model, train = experiment.model, experiment.train
    problems = []
    if model.width % model.heads:
        problems.append(UserError(f"the width {model.width} cannot be split into {model.heads} heads", where="model.heads"))
    if model.max_text_tokens + model.max_video_tokens > model.positions:
        total = model.max_text_tokens + model.max_video_tokens
        problems.append(
            UserError(
                f"{total} tokens a pair, but {model.positions} positions", where="model.positions", hint=f"--set model.positions={total}"
            )
        )
    if train.batch_size < 2:
        problems.append(UserError("a batch of one pair has no negatives", where="train.batch_size", hint="--set train.batch_size=64"))
    if train.warmup_steps and train.warmup_steps > train.steps:
        hint = f"--set train.warmup_steps={train.steps // 6}"
        problems.append(UserError(f"{train.warmup_steps} warm-up steps, but {train.steps} steps", where="train.warmup_steps", hint=hint))
    return problems


def _sampler_problems(experiment: Experiment, plugins: Plugins) -> list[UserError]:
    if experiment.sampler is None:
        return []
    name, batch = experiment.sampler["type"], experiment.train.batch_size
    reads = plugins.get("sampler", name).reads
    if reads and not set(reads) & set(experiment.losses.use):
        what = f"the sampler {name!r} selects by the scores of {' and '.join(reads)}, none of which is trained"
        return [UserError(what, where="--sampler", hint=f"--sampler random, or add {reads[0]} to --losses")]
    sampler = plugins.build("sampler", experiment.sampler)
    with using(sampler, "gave a K' that cannot be used"):
        negatives = index(sampler.negatives(batch))
    if not 0 < negatives < batch:
        what = f"{negatives} negatives an anchor (K') do not fit into batches of {batch} pairs (K): K' is at most K - 1"
        hint = f"--set sampler.hard_negatives={max(1, min(8, batch - 1))} or a larger --set train.batch_size"
        return [InfeasibleError(what, where="sampler.hard_negatives", hint=hint)]
    needed, bound = fusion_gib(experiment, negatives), experiment.train.fusion_memory
    if needed <= bound:
        return []
    again = experiment.model_copy(update={"train": experiment.train.model_copy(update={"recompute_fusion": True})})
    recompute = "--set train.recompute_fusion=true " if fusion_gib(again, negatives) <= bound else ""
    what = (
        f"the sampler {name!r} sends {negatives} negatives an anchor through fusion: about {needed:.1f} GiB a step; the bound is {bound:g}"
    )
    other = "" if name == DEFAULTS["sampler"] else f"--sampler {DEFAULTS['sampler']}, "
    hint = f"{other}a smaller train.batch_size, {recompute}or --set train.fusion_memory={needed + 1:.0f}"
    return [InfeasibleError(what, where="--sampler", hint=hint)]


def fusion_gib(experiment: Experiment, negatives: int) -> float:
    """About how much memory the activations of one step's fusion take, in GiB: what autograd keeps for each token of each pair.

    That of the largest chunk alone where they are computed again.
    """
    model, batch = experiment.model, experiment.train.batch_size
    pairs = min(batch * batch, batch * (1 + 2 * negatives))
    tokens = pairs * (model.max_text_tokens + model.max_video_tokens)
    if experiment.train.recompute_fusion:
        tokens = min(tokens, TOKENS_AT_A_TIME.get(experiment.train.device, max(TOKENS_AT_A_TIME.values())))
    kept = 10 * model.width + 2 * model.feedforward  # numbers a token and layer
    return tokens * kept * model.fusion_layers * 4 / 2**30
