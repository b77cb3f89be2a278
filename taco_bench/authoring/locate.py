"""Which installed distribution a check is of."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

from taco_bench.errors import UserError


def distribution_of(target: str) -> importlib.metadata.Distribution:
    """The distribution that a folder with a pyproject.toml is the source of, or that has that name.

    Args:
        target: a folder, or a name.

    Raises:
        UserError: the folder is no distribution's, or it is not installed.
    """
    file = Path(target, "pyproject.toml")
    name = _name_in(file) if file.is_file() else target
    if not file.is_file() and (Path(target).is_dir() or not re.fullmatch(r"[A-Za-z0-9][\w.-]*", target)):
        raise UserError(f"there is no pyproject.toml in {target}", where=str(Path(target).absolute()), hint="name a plugin's folder")
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        hint = f"pip install -e {target}" if file.is_file() else "a plugin's folder is checked once it is installed: pip install -e FOLDER"
        raise UserError(f"the distribution {name!r} is not installed here", where=target, hint=hint) from None


def _name_in(file: Path) -> str:
    try:
        return str(tomllib.loads(file.read_text(encoding="utf-8"))["project"]["name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"it names no project: {error!r}", where=str(file), hint='give it a [project] with a name = "..."') from None
