"""What a reader must know of a row to explain its figures: its recipe, its protocol, and every option that is not a default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from taco_bench.config import SECTIONS
from taco_bench.report.rows import Cell
from taco_bench.store.versions import third_parties

SHOWN = {
    "losses": {"use"},
    "evaluation": {"use", "scores", "split", "metric_convention"},
    "train": {
        "steps",
        "batch_size",
        "learning_rate",
        "warmup_steps",
        "checkpoint",
        "init",
        "device",
        "precision",
        "threads",
        "shuffle_captions",
    },
}
"""Options by section that are shown in words of their own, are beside the point, or tell a control from its row."""
UNSEEN = {"train": {"fusion_memory", "recompute_fusion", "validate_every"}}
"""Options that change no figure."""


def recipe(cell: Cell) -> dict[str, str]:
    """Facts by name, in the order in which a header prints them; what a row does not have is left out."""
    experiment = cell["experiment"]
    model, train, evaluation = experiment["model"], experiment["train"], experiment["evaluation"]
    sampler, pool = experiment.get("sampler") or {}, cell["pool"]
    found: dict[str, Any] = {
        "tie rule": evaluation["metric_convention"],
        "scores": "+".join(_scores(cell)),
        "checkpoint": train["checkpoint"],
        "parts of speech by": cell["tagger"] or "nobody",
        "d =": model["width"],
        "heads": model["heads"],
        "feed-forward": model["feedforward"],
        "video layers": model["video_layers"],
        "fusion layers": model["fusion_layers"] if sampler else None,
        "most video tokens": model["max_video_tokens"],
        "most text tokens": model["max_text_tokens"],
        "starts from": train.get("init"),
        "K =": train["batch_size"] if train["steps"] else None,
        "K' =": sampler.get("hard_negatives"),
        "steps": train["steps"],
        "learning rate": f"{train['learning_rate']:g}" if train["steps"] else None,
        "dropout": f"{model['dropout']:g}",
        "text encoder": _component(experiment["text_encoder"]),
        "streams": "+".join(spec["type"] for spec in experiment["encoder"]),
        "token weights": (experiment.get("token_weights") or {}).get("type"),
        "pairs through fusion at test time": pool.get("fusion pairs") or None,
        "with components of": " + ".join(third_parties(cell.get("versions", {}))),
        "device": f"{train['device']} ({train['precision']})",
        **_options("sampler", {key: value for key, value in sampler.items() if key not in ("type", "hard_negatives")}),
        **_options("task", {key: value for key, value in experiment["task"].items() if key != "type"}),
        **_deviations(experiment),
    }
    return {name: str(value) for name, value in found.items() if value not in (None, "")}


def _scores(cell: Cell) -> list[str]:
    """The scores that the task has looked at: none in segmentation; where frames are scored, not fusion's, which is of whole clips."""
    if "all scores" not in cell["rows"]:
        return []
    return [name for name in cell["experiment"]["evaluation"]["scores"] if name != "fusion" or cell["pool"].get("fusion pairs")]


def _component(spec: Mapping[str, Any]) -> str:
    """A component with those of its options that are switched on."""
    return ", ".join([spec["type"], *(key for key, value in spec.items() if value is True)])


def _options(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{kind}.{key}": value for key, value in options.items()}


def _deviations(experiment: Mapping[str, Any]) -> dict[str, str]:
    """The options of losses, training and evaluation that are not the protocol's defaults."""
    return {
        f"{name}.{key}": f"{experiment[name][key]} (the protocol's default is {field.default})"
        for name in SHOWN
        for key, field in SECTIONS[name].model_fields.items()
        if key not in SHOWN[name] | UNSEEN.get(name, set()) and key in experiment[name] and experiment[name][key] != field.default
    }


def side_by_side(rows: Sequence[tuple[str, Mapping[str, str]]]) -> list[str]:
    """Each fact once: as most rows that have it have it, and behind it the rows that do not.

    Args:
        rows: labels and recipes.
    """
    names = dict.fromkeys(name for _, facts in rows for name in facts)
    return [_across(name, [(label, facts.get(name)) for label, facts in rows]) for name in names]


def _across(name: str, values: Sequence[tuple[str, str | None]]) -> str:
    usual = Counter(value for _, value in values if value is not None).most_common(1)[0][0]
    others: dict[str | None, list[str]] = {}
    for label, value in values:
        others.setdefault(value, []).append(label)
    having, lacking = others.pop(usual), others.pop(None, [])
    rest = [f"{' and '.join(labels)} {value}" for value, labels in others.items()]
    if len(lacking) > len(having):
        rest = [" and ".join(having), *rest, "not in the others"]
    elif lacking:
        rest.append(f"{' and '.join(lacking)} none")
    return f"{name} {usual}" + (f" ({'; '.join(rest)})" if rest else "")
