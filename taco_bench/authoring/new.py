"""A new plugin: a distribution with one component that works, made of plugins/template/."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import keyword
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from taco_bench import __version__
from taco_bench.atomic import cannot_write
from taco_bench.authoring.use import command
from taco_bench.errors import ConfigError, UserError
from taco_bench.hookspecs import CONTRACT
from taco_bench.loading import version_text
from taco_bench.plugins import Plugins
from taco_bench.resources import templates_root

NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
COMMON = "common"


def new_plugin(kind: str, name: str, into: Path, plugins: Plugins) -> Path:
    """Write a distribution into a new folder ``into / name``, whole or not at all.

    Args:
        kind: of its component.
        name: of the distribution and of the component; the import package is called alike, with underscores.
        into: where the folder is made.
        plugins: those that are installed, whose names are taken.

    Returns:
        The folder.

    Raises:
        ConfigError: the name cannot be used, or the folder is there; all that is wrong.
        UserError: nothing can be written there.
    """
    folder = into / name
    problems = list(_problems(kind, name, folder, plugins))
    if problems:
        raise ConfigError(problems)
    try:
        into.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".", dir=into))
        try:
            _fill(made, kind, name)
            made.chmod(0o755)
            made.rename(folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        raise cannot_write(folder, error.strerror or str(error)) from error
    return folder


def _problems(kind: str, name: str, folder: Path, plugins: Plugins) -> Iterator[UserError]:
    if not re.fullmatch(NAME, name):
        hint = "a letter first, then lower-case letters, digits and single dashes, such as my-sampler"
        yield UserError(f"{name!r} cannot be the name of a plugin", where="NAME", hint=hint)
        return
    for owner in sorted({c.distribution for c in plugins.all() if (c.kind, c.name) == (kind, name)}):
        yield UserError(f"there is a {kind} {name!r} already, of {owner}", where="NAME", hint=f"another name; `taco-bench list {kind}`")
    module = name.replace("-", "_")
    if _installed(name):
        yield UserError(f"a distribution {name!r} is installed already", where="NAME", hint="another name")
    elif keyword.iskeyword(module) or importlib.util.find_spec(module) is not None:
        yield UserError(f"its import package would be {module!r}, which is taken", where="NAME", hint="another name, such as my-" + name)
    if folder.exists():
        yield UserError(f"{folder} is there already", where="--into", hint="another name, or --into another folder; nothing is overwritten")


def _installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _fill(folder: Path, kind: str, name: str) -> None:
    words = _words(kind, name)
    for source in (templates_root() / COMMON, templates_root() / kind):
        for path in sorted(source.rglob("*")):
            if path.is_file() and not any(part.endswith(("_cache", "__pycache__")) for part in path.parts):
                target = folder / _replaced(path.relative_to(source).as_posix(), words)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(_replaced(path.read_text(encoding="utf-8"), words), encoding="utf-8")


def _words(kind: str, name: str) -> dict[str, str]:
    """What stands in the templates to what stands in the plugin. They are names, so that a template is code that can be checked."""
    return {
        "my-component": name,
        "my_component": name.replace("-", "_"),
        "MyComponent": "".join(part.capitalize() for part in name.split("-")),
        "my-kind": kind,
        "my-command": " ".join(["taco-bench", *command(kind, name)]),
        "my-contract": version_text(CONTRACT),
        "my-version": __version__,
    }


def _replaced(text: str, words: dict[str, str]) -> str:
    return re.sub("|".join(map(re.escape, words)), lambda found: words[found.group()], text)
