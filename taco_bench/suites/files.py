"""TOML files of the registry and of users: reading them, and saying what is wrong with them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pydantic

from taco_bench.errors import UserError, nearest
from taco_bench.resources import registry_root


def read_toml(path: Path) -> dict[str, Any]:
    """The document in a TOML file.

    Raises:
        UserError: there is no such file, or it is no TOML; the line is named.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        what, _, at = str(error).partition(" (at ")
        where = f"{path}, {at.rstrip(')')}" if at else str(path)
        raise UserError(f"this is no valid TOML: {what}", where=where, hint="mend that line; registry/suites has examples") from None
    except UnicodeDecodeError:
        raise UserError("this is no valid TOML: it is not UTF-8", where=str(path), hint="save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"the file cannot be read: {error.strerror}", where=str(path), hint="check the path") from None


def toml_names(folder: str) -> list[str]:
    """The files below a folder of the registry, without their ending; ``table2`` before ``table11``."""
    root = registry_root() / folder
    return sorted((p.relative_to(root).with_suffix("").as_posix() for p in root.rglob("*.toml")), key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def newer_schema(document: Mapping[str, Any], ours: int, path: Path) -> list[UserError]:
    """The problem of a file that a later version wrote; its keys may mean something else."""
    found = document.get("schema")
    if not isinstance(found, int) or found <= ours:
        return []
    what = f"the file has schema {found}, and this version of taco-bench reads schemas up to {ours}"
    return [UserError(what, where=f"{path}: schema", hint="pip install --upgrade taco-bench")]


def entries(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The tables of an array such as ``[[row]]``, whatever else is wrong with the file."""
    found = document.get(key, [])
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def keys_of(model: type[pydantic.BaseModel]) -> list[str]:
    """The keys of a model, as a file spells them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def structure_problems(
    model: type[pydantic.BaseModel], document: Mapping[str, Any], path: Path, parts: Mapping[str, type[pydantic.BaseModel]]
) -> Iterator[UserError]:
    """What a model finds wrong with a document.

    Args:
        model: of the whole document.
        document: what the file holds.
        path: the file, for the messages.
        parts: the models of the tables below a key, for the nearest names of unknown keys.
    """
    try:
        model.model_validate(document)
    except pydantic.ValidationError as error:
        for detail in error.errors():
            loc = detail["loc"]
            known = keys_of(parts.get(str(loc[0]), model) if len(loc) > 1 else model)
            yield _problem(detail, str(path) if not loc else f"{path}: {place(document, loc)}", known)


def _problem(detail: Any, at: str, known: Iterable[str]) -> UserError:
    """One of pydantic's findings in our words."""
    key = next((part for part in reversed(detail["loc"]) if isinstance(part, str)), "the file")
    if detail["type"] == "extra_forbidden":
        return UserError(f"unknown key {key!r}", where=at, hint=nearest(key, known))
    if detail["type"] == "missing":
        return UserError(f"the key {key!r} is missing", where=at, hint=f"add {key} = ...")
    message = detail["msg"].removeprefix("Value error, ")
    return UserError(f"{key} is not valid: {message[0].lower()}{message[1:]}", where=at)


def place(document: Any, loc: Iterable[int | str]) -> str:
    """Where in a file: ``row 'l1': options``; entries without a name by their number."""
    words: list[str] = []
    for part in loc:
        document = _below(document, part)
        if isinstance(part, int):
            name = document.get("name") if isinstance(document, dict) else None
            words[-1] += f" {name!r}" if isinstance(name, str) else f" {part + 1}"
        else:
            words.append(part)
    return ": ".join(words)


def _below(document: Any, part: int | str) -> Any:
    try:
        return document[part]
    except (KeyError, IndexError, TypeError):
        return None
