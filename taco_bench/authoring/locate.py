"""Which installed distribution a check is of."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import tomllib
from pathlib import Path

from taco_bench.errors import UserError
from taco_bench.plugins import GROUP


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


def sources_of(target: str, distribution: importlib.metadata.Distribution) -> list[Path]:
    """The folders that the distribution's plugins are imported from: of an editable install those of its source.

    Args:
        target: what :func:`distribution_of` was asked for.
        distribution: that it found.

    Raises:
        UserError: ``target`` is a folder, and a plugin is imported from elsewhere where it is not the same, as of a copy of the folder.
    """
    imported = [place for package in _packages(distribution) if (place := _imported_from(package))]
    folder = Path(target).resolve()
    for place in imported if Path(target, "pyproject.toml").is_file() else ():
        if not _is_of(folder, place):
            name = distribution.metadata["Name"]
            what = f"{name} is installed, but not from {folder}: {place.stem} is imported from {place}, and differs"
            raise UserError(what, where=str(folder), hint=f"pip install -e {target}")
    return sorted({place.parent for place in imported})


def _packages(distribution: importlib.metadata.Distribution) -> list[str]:
    return sorted({point.module.partition(".")[0] for point in distribution.entry_points if point.group == GROUP})


def _imported_from(package: str) -> Path | None:
    """The package's folder, or the module's file; none where there is none, which its loading tells."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    found = [*(spec.submodule_search_locations or ()), spec.origin] if spec else []
    return Path(found[0]).resolve() if found and found[0] else None


def _is_of(folder: Path, place: Path) -> bool:
    """Whether a package is the folder's, or was copied from it by an install and is the same still."""
    sources = [folder / place.name, *folder.glob(f"*/{place.name}")]
    if place in [source.resolve() for source in sources]:
        return True
    there = [_code(source) for source in sources if source.exists()]
    return _code(place) in there if there else place.is_relative_to(folder)


def _code(place: Path) -> dict[str, bytes]:
    """Each file of Python code by its path inside the package."""
    files = [place] if place.is_file() else place.rglob("*.py")
    return {str(file.relative_to(place)): file.read_bytes() for file in files}


def _name_in(file: Path) -> str:
    try:
        return str(tomllib.loads(file.read_text(encoding="utf-8"))["project"]["name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"it names no project: {error!r}", where=str(file), hint='give it a [project] with a name = "..."') from None
