"""Installs distributions into folders: what importlib.metadata finds is a module beside a ``.dist-info``, as pip leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent


def install(folder: Path, name: str, version: str, module: str, source: str | Mapping[str, str], *, entry_point: str = "main") -> Path:
    """Put a distribution with one entry point in the group ``taco_bench`` into ``folder``.

    Args:
        folder: to be put on sys.path or PYTHONPATH.
        name: of the distribution.
        version: of the distribution.
        module: that the entry point names.
        source: of that module, or of each file of that package by its name.
        entry_point: its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(source, str):
        (folder / f"{module}.py").write_text(source, encoding="utf-8")
    else:
        (folder / module).mkdir()
        for file, text in source.items():
            (folder / module / file).write_text(text, encoding="utf-8")
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[taco_bench]\n{entry_point} = {module}\n", encoding="utf-8")
    return folder


def install_small(folder: Path) -> Path:
    """The two plugins of tests/helpers: data set and encoder (taco-small 0.1), sampler and token selector (taco-picks 2.5)."""
    install(folder, "taco-small", "0.1", "taco_small", (HERE / "taco_small.py").read_text(encoding="utf-8"), entry_point="small")
    return install(folder, "taco-picks", "2.5", "taco_picks", (HERE / "taco_picks.py").read_text(encoding="utf-8"), entry_point="picks")


def install_rude(folder: Path) -> Path:
    """The misbehaving plugin of tests/helpers (taco-rude 0.3); it needs those of :func:`install_small`."""
    return install(folder, "taco-rude", "0.3", "taco_rude", (HERE / "taco_rude.py").read_text(encoding="utf-8"))
