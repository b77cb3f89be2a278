"""Hashes of the source code behind figures, so that changed code never reuses old figures."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from taco_bench.atomic import sha256_of

FIGURE_PARTS = ("model", "losses", "train", "data", "text", "metrics", "randomness.py")
"""Parts of the core that figures depend on."""


@cache
def core_hash() -> str:
    """The hash of the core's source that figures depend on."""
    root = Path(__file__).parent
    files = [path for part in FIGURE_PARTS for path in ([root / part] if part.endswith(".py") else sorted((root / part).rglob("*.py")))]
    return sha256_of(*(piece for path in files for piece in (path.relative_to(root).as_posix(), path)))


@cache
def core_hashes() -> dict[str, str]:
    """The hash of each part of the core by itself: recorded beside :func:`core_hash` to say which of them changed."""
    root = Path(__file__).parent
    return {part: sha256_of(*(sorted((root / part).rglob("*.py")) if (root / part).is_dir() else [root / part])) for part in FIGURE_PARTS}


def source_hash(factory: Callable[..., Any]) -> str:
    """The hash of the module that defines a component and of the modules of the same top-level package that it imports."""
    modules = _with_imports(factory.__module__)
    return sha256_of(*(piece for name, path in sorted(modules.items()) for piece in (name, path)))


@cache
def _with_imports(module: str) -> dict[str, Path]:
    """Module names and files, following imports inside the top-level package of ``module``."""
    package = module.partition(".")[0]
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file_of(name)
        if name in found or path is None:
            continue
        found[name] = path
        waiting += [imported for imported in _imports(path, name) if imported.partition(".")[0] == package]
    return found


def _imports(path: Path, module: str) -> list[str]:
    names = []
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]  # what a relative import starts from
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parent = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parent, *([node.module] if node.module else [])])
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return names


def _file_of(module: str) -> Path | None:
    """The source file of a module that is imported or can be found; None for attributes and built-ins."""
    loaded = sys.modules.get(module)
    origin = getattr(loaded, "__file__", None) or (spec.origin if (spec := _spec_of(module)) else None)
    return Path(origin) if origin and origin.endswith(".py") else None


def _spec_of(module: str) -> ModuleSpec | None:
    """Where a module is, without importing the packages that it is in, as find_spec would: they may import torch."""
    parent = module.rpartition(".")[0]
    try:
        if not parent:
            return find_spec(module)
        above = _spec_of(parent)
        return PathFinder.find_spec(module, above.submodule_search_locations) if above and above.submodule_search_locations else None
    except ValueError:
        return None
