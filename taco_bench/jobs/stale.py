"""Why a cell that was there is not the one that is wanted now: the parts of its id that differ, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taco_bench.sources import core_hashes


def causes(old: Mapping[str, Any], parts: Mapping[str, Any]) -> list[str]:
    """What changed since a cell was made.

    Args:
        old: the cell's record.
        parts: what the wanted cell's id hashes.

    Returns:
        A line for each change, nothing where the ids are equal.
    """
    if not old.get("parts"):
        return ["it was made before the parts of ids were recorded"]
    found = _training_causes(old["parts"]["training"], parts["training"], old.get("sources", {}))
    return found + _cell_causes(old["parts"]["cell"], parts["cell"])


def _training_causes(before: Mapping[str, Any], after: Mapping[str, Any], sources: Mapping[str, str]) -> list[str]:
    """What changed in a training, and in those that it goes back to."""
    found = [f"option {line}" for line in _differences(before["configuration"], after["configuration"])]
    found += [f"seed: {before['seed']} -> {after['seed']}"] if before["seed"] != after["seed"] else []
    found += [f"data {line}" for line in _named(before["data"], after["data"])]
    found += [f"the source of {line}" for line in _named(before["components"], after["components"])]
    if before["core"] != after["core"]:
        now = core_hashes()
        changed = [part for part, was in sources.items() if now.get(part) != was]
        found.append("taco-bench's own source changed: " + (", ".join(changed) or "model, losses, train, data, text or metrics"))
    was, is_ = before.get("start"), after.get("start")
    if was is not None and is_ is not None:
        return found + [f"in the training that it starts from: {line}" for line in _training_causes(was, is_, sources)]
    return found if was is is_ else [*found, "it starts from another training now" if is_ else "it starts from no other training now"]


def _cell_causes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    found = [f"option evaluation.{line}" for line in _differences(before["evaluation"], after["evaluation"])]
    found += [f"option task.{line}" for line in _differences(before["task"], after["task"])]
    if before["source"] != after["source"] and before["task"] == after["task"]:
        found.append(f"the source of task {after['task']['type']} changed")
    if before["protocol"] != after["protocol"]:
        found.append(f"the protocol's version: {before['protocol']} -> {after['protocol']}")
    return found + [f"the source or options of {line}" for line in _named(before.get("controls", {}), after.get("controls", {}))]


def _named(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Entries that were changed, added or removed."""
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [f"{name} " + ("is new" if name not in before else "is gone" if name not in after else "changed") for name in changed]


def _differences(before: Any, after: Any, path: str = "") -> list[str]:
    """Leaves that differ, by dotted path."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = {**before, **after}
        return [line for key in keys for line in _differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))]
    return [] if before == after else [f"{path}: {_short(before)} -> {_short(after)}"]


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)) and all(isinstance(item, Mapping) and "type" in item for item in value):
        return ",".join(item["type"] for item in value) or "none"
    if isinstance(value, Mapping) and "type" in value:
        return str(value["type"])
    return "none" if value is None else str(value)
