"""Which reader opens a path: the one that was named, or the only one that recognises it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taco_bench.data.store.layout import CARD
from taco_bench.data.store.tracks import FeatureFiles, Reader
from taco_bench.errors import ConfigError, DataError, PluginError, UserError
from taco_bench.options import check_options
from taco_bench.pickles import PICKLE_ENDINGS, read_pickle
from taco_bench.plugins import Plugins
from taco_bench.specs import parse_component
from taco_bench.torch_files import is_torch, read_torch


@dataclass(frozen=True)
class Chosen:
    """A reader with a path that it has opened.

    Attributes:
        name: of the reader, with its options.
        why: what it was recognised by; empty where it was named.
        files: the features.
    """

    name: str
    why: str
    files: FeatureFiles


def choose_reader(path: Path, name: str, plugins: Plugins, option: str = "data.features") -> Chosen:
    """Open ``path`` with the reader ``name``, or with the one that recognises it.

    Args:
        path: file or folder.
        name: as components are written: ``bmt``, or ``howto100m-npy:1.5``, where the value goes to the reader's first option; empty: look.
        plugins: where readers come from.
        option: by which the path was named, for errors.

    Raises:
        DataError: no such path, or nothing in it; no reader recognises it, or several do: lists them with what they saw; or why a pickle or
            a torch file is refused.
        UserError: no such reader or option.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist", where=option, hint="check the path")
    if name:
        return Chosen(name, "", _named(name, plugins, option).open(path))
    _refuse_empty(path, option)
    found = recognised(path, plugins)
    if len(found) == 1:
        ((only, why),) = found.items()
        return Chosen(only, why, build_reader(only, plugins).open(path))
    hint = "name one: --reader NAME, or PATH:NAME; `taco-bench list reader` shows them all"
    if not found:
        _refuse_unread(path, option)
        raise DataError(f"no reader recognises {path}", where=option, hint=hint)
    seen = "; ".join(f"{reader}: {why}" for reader, why in found.items())
    raise DataError(f"{len(found)} readers recognise {path}: {seen}", where=option, hint=hint)


def _named(name: str, plugins: Plugins, option: str) -> Reader:
    """The reader of a name; what is wrong with it is told as the option's fault that held it."""
    try:
        return build_reader(name, plugins)
    except PluginError:
        raise
    except UserError as error:
        where = "--reader" if option == "--from" else option
        problems = error.problems if isinstance(error, ConfigError) else [error]
        raise ConfigError([UserError(problem.what, where=where, hint=problem.hint) for problem in problems]) from None


def _refuse_empty(path: Path, option: str) -> None:
    """Say that there is nothing to recognise."""
    if path.is_file() and not path.stat().st_size:
        raise DataError(f"no reader recognises {path}: the file is empty", where=option, hint="copy or download it again")
    if path.is_dir() and not any(path.iterdir()):
        raise DataError(
            f"no reader recognises {path}: the folder is empty", where=option, hint="check the path; are the features still being copied?"
        )


def _refuse_unread(path: Path, option: str) -> None:
    """Say what is wrong with a pickle or a torch file in which no reader saw anything that it knows."""
    if not path.is_file():
        return
    try:
        if is_torch(path):
            read_torch(path)
        elif path.suffix in PICKLE_ENDINGS or _is_pickle(path):
            read_pickle(path)
    except DataError as error:
        raise DataError(f"no reader recognises the file: {error.what}", where=f"{option}, {error.where}", hint=error.hint) from None


def _is_pickle(path: Path) -> bool:
    """By its first bytes, whatever its name: the mark of a pickle of protocol 2 to 5."""
    with path.open("rb") as file:
        head = file.read(2)
    return len(head) == 2 and head[0] == 0x80 and 2 <= head[1] <= 5


def recognised(path: Path, plugins: Plugins) -> dict[str, str]:
    """The readers that recognise ``path``, and by what."""
    found = {}
    for name in plugins.names("reader"):
        try:
            why = build_reader(name, plugins).recognise(path)
        except UserError:  # it looked into a file that is broken: whoever is named or left will say so
            continue
        except Exception as error:
            raise PluginError(f"reader {name!r} failed to look at {path}: {error!r}", hint="report this to the plugin's author") from error
        if why:
            found[name] = why
    return found


def build_reader(text: str, plugins: Plugins) -> Reader:
    """The reader that ``name`` or ``name:value`` means.

    Raises:
        UserError: there is none, or its option cannot have this value.
    """
    spec = parse_component("reader", text, plugins)
    factory = plugins.get("reader", spec["type"]).factory
    options, problems = check_options(f"--reader {text}", factory, {key: value for key, value in spec.items() if key != "type"})
    if problems:
        raise ConfigError(problems)
    built: Any = plugins.build("reader", {"type": spec["type"], **options})
    return built  # type: ignore[no-any-return]


def pick_stream(files: FeatureFiles, wanted: str, path: Path) -> tuple[str, str]:
    """From ``NAME`` or ``NAME/STREAM``: the name, and the stream of the files that it means.

    A format with one stream has no choice; of one with several the stream of the same name is meant unless another one is named.

    Raises:
        UserError: the files have no such stream; lists those they have.
    """
    name, slash, stream = wanted.partition("/")
    stream = stream if slash else files.streams[0] if len(files.streams) == 1 else name
    if stream not in files.streams:
        there = ", ".join(files.streams)
        hint = f"write {name}/STREAM with one of them, such as {name}/{files.streams[0]}" if files.streams else "check the path"
        raise DataError(f"there is no stream {stream!r} in these files, but {there or 'none at all'}", where=str(path), hint=hint)
    return name, stream


def is_store(path: Path) -> bool:
    """Whether ``path`` is the folder of a built store."""
    return (path / CARD).is_file()
