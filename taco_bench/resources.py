"""Where things lie: registry/ in the source tree or the wheel, the user's results and cache folders."""

from __future__ import annotations

import os
from importlib.resources import as_file, files
from pathlib import Path

from taco_bench.errors import UserError, nearest

_SOURCE = Path(__file__).resolve().parent.parent


def registry_root() -> Path:
    """The folder of registry data: ``registry/`` of the source tree in an editable install, else ``taco_bench/_registry`` of the wheel."""
    return _shipped("_registry", _SOURCE / "registry")


def templates_root() -> Path:
    """The folder of templates for plugins: ``plugins/template/`` of the source tree, else ``taco_bench/_templates`` of the wheel."""
    return _shipped("_templates", _SOURCE / "plugins" / "template")


def _shipped(name: str, source: Path) -> Path:
    packaged = files("taco_bench") / name
    if packaged.is_dir():
        with as_file(packaged) as path:  # a plain folder: pip always unpacks a wheel
            return Path(path)
    return source


def registry_file(name: str) -> Path:
    """The path of one registry file, such as ``datasets/msrvtt1k.json``.

    Raises:
        UserError: there is no such file.
    """
    path = registry_root() / name
    if not path.is_file():
        known = [p.relative_to(registry_root()).as_posix() for p in registry_root().rglob("*") if p.is_file()]
        raise UserError(f"the registry has no file {name!r}", where=str(registry_root()), hint=nearest(name, known))
    return path


def results_root(given: str | None = None) -> Path:
    """The results folder: ``given``, else ``TACO_BENCH_RESULTS``, else ``./results``."""
    return Path(given or os.environ.get("TACO_BENCH_RESULTS") or "results").absolute()


def cache_root() -> Path:
    """The cache folder: ``TACO_BENCH_CACHE``, else the user's cache folder. All in it can be made again."""
    import platformdirs

    return Path(os.environ.get("TACO_BENCH_CACHE") or platformdirs.user_cache_dir("taco-bench"))
