"""Loading one plugin: what it prints is kept off stdout, one that takes long is named, and whatever it raises is put into words."""

from __future__ import annotations

import importlib.metadata
import inspect
import io
import os
import sys
import threading
import time
import traceback
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from taco_bench import __version__
from taco_bench.errors import PluginError, UserError, nearest
from taco_bench.hookspecs import CONTRACT, CONTRACT_GROUP

if TYPE_CHECKING:
    from taco_bench.plugins import Component

LEAVE_OUT = "`taco-bench --no-plugins VERB` goes without third parties' plugins"
TOLD_AFTER = 3.0
"""Seconds after which a plugin that is still loading is named on stderr."""
PASSED = "register"
"""The argument that every hook is called with."""
OURS = ("taco_bench", "pluggy", "importlib")
"""Packages whose frames in a traceback are no fault of a plugin's."""


@dataclass(frozen=True)
class Source:
    """Where a plugin comes from.

    Attributes:
        distribution, version: the installed package.
        entry_point, module: ``entry_point = module`` in its group ``taco_bench``.
    """

    distribution: str
    version: str
    entry_point: str
    module: str

    @property
    def key(self) -> str:
        """Its name among the plugins."""
        return f"{self.distribution}:{self.entry_point}"

    def __str__(self) -> str:
        """As messages name it."""
        return f"{self.distribution} {self.version} (entry point {self.entry_point} = {self.module})"


@dataclass(frozen=True)
class Loaded(Source):
    """A plugin whose module was imported and registered.

    Attributes:
        seconds: that importing it and calling its hooks took.
        printed: what it wrote to stdout meanwhile.
        components: what it registered.
    """

    seconds: float
    printed: str
    components: tuple[Component, ...]


@dataclass(frozen=True)
class Failure(Loaded):
    """A plugin, or a part of one, that could not be used.

    Attributes:
        doing: what went on, such as "while it was imported".
        reason: what is wrong, in one line.
        where: file and line.
        hint: what helps.
        detail: the traceback.
    """

    doing: str
    reason: str
    where: str
    hint: str
    detail: str


class Attempt:
    """The loading of one plugin, as a context manager: what is raised inside becomes a :class:`Failure`, ``SystemExit`` too.

    Args:
        source: the plugin.
        named_when_slow: whether stderr says that it takes long.

    Attributes:
        doing: what goes on, in the words of :class:`Failure`.
        found: what the plugin registers; of no use where it fails.
        outcome: afterwards, what came of it.
    """

    def __init__(self, source: Source, named_when_slow: bool) -> None:
        self.source, self.named_when_slow, self.doing = source, named_when_slow, "while it was imported"
        self.found: list[Component] = []
        self.outcome: Loaded | Failure | None = None

    def __enter__(self) -> Attempt:
        """Begin."""
        self._started = time.perf_counter()
        self._around = ExitStack()
        self._printed = self._around.enter_context(_stdout_aside())
        if self.named_when_slow:
            self._around.enter_context(_named_when_slow(self.source))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        """Keep what came of it; an interrupt passes."""
        self._around.close()
        known: dict[str, Any] = {"seconds": time.perf_counter() - self._started, "printed": _text(self._printed), **vars(self.source)}
        if error is None:
            self.outcome = Loaded(**known, components=tuple(self.found))
        elif isinstance(error, (Exception, SystemExit)):
            self.outcome = Failure(**known, components=(), doing=self.doing, **_told(error, self.source))
        return isinstance(error, (Exception, SystemExit))


def check_contract(point: importlib.metadata.EntryPoint) -> None:
    """Compare the contract that a plugin says it was written against with ours, before it is imported.

    Raises:
        PluginError: it is a newer one, or no version.
    """
    declared = [other.name for other in (point.dist.entry_points if point.dist else ()) if other.group == CONTRACT_GROUP]
    for text in declared:
        version = tuple(int(part) for part in text.split(".") if part.isdecimal())
        if len(version) != 2 or version_text(version) != text:
            hint = f'"{version_text(CONTRACT)}" = "{point.value}" under [project.entry-points.{CONTRACT_GROUP}]'
            raise PluginError(f"its contract {text!r} is no version", where=f"entry point group {CONTRACT_GROUP}", hint=hint)
        if version > CONTRACT or version[0] < CONTRACT[0]:
            what = f"it was written against contract {text}; taco-bench {__version__} has contract {version_text(CONTRACT)}"
            name = point.dist.metadata["Name"] if point.dist else "version of it"
            newer = f"a newer {name}, or an older taco-bench: CHANGELOG.md says what changed"
            hint = "pip install --upgrade taco-bench" if version > CONTRACT else newer
            raise PluginError(what, where=f"entry point group {CONTRACT_GROUP}", hint=hint)


def version_text(version: Collection[int]) -> str:
    """``(0, 1)`` as "0.1"."""
    return ".".join(map(str, version))


def register_hooks(module: ModuleType, name: str, manager: pluggy.PluginManager) -> None:
    """Register a plugin's module under ``name``.

    Raises:
        PluginError: one of its hooks has an argument that no hook is passed; names the hook, its file and line.
    """
    try:
        manager.register(module, name=name)
    except pluggy.PluginValidationError as error:
        for hook, function in inspect.getmembers(module, inspect.isfunction):
            if manager.parse_hookimpl_opts(module, hook) is None:
                continue
            required = [each.name for each in inspect.signature(function).parameters.values() if each.default is each.empty]
            wrong = [each for each in required if each != PASSED]
            if wrong:
                what = f"{hook}() takes {', '.join(map(repr, wrong))}; the hook passes {PASSED!r}"
                raise PluginError(what, where=_place(function), hint=f"def {hook}({PASSED}):") from error
        raise


def check_hooks(module: ModuleType, manager: pluggy.PluginManager, known: Collection[str]) -> None:
    """Check that all hooks of a registered module exist, and that none is left unmarked.

    Raises:
        PluginError: names the hook, its file and line, and the nearest hook.
    """
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        for caller in manager.get_hookcallers(module) or []:
            if not caller.has_spec():
                what = f"there is no hook {caller.name!r}"
                raise PluginError(what, where=_place(getattr(module, caller.name, None)), hint=nearest(caller.name, known)) from error
        raise
    marked = {caller.name for caller in manager.get_hookcallers(module) or []}
    for name in known:
        function = getattr(module, name, None)
        if inspect.isfunction(function) and name not in marked:
            raise PluginError(f"{name}() is not marked as a hook", where=_place(function), hint="put @taco_bench.hookimpl above it")


def _place(function: Any) -> str:
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}, line {code.co_firstlineno}" if code else ""


def _told(error: BaseException, source: Source) -> dict[str, Any]:
    """Reason, place, remedy and traceback."""
    ours = error if isinstance(error, UserError) else UserError(f"{type(error).__name__}: {error}".splitlines()[0])
    newer = isinstance(error, ImportError) and str(error.name).partition(".")[0] == "taco_bench"
    mend = "pip install --upgrade taco-bench, if it needs a newer one" if newer else "mend it"
    return {
        "reason": ours.what,
        "where": ours.where or _innermost(error),
        "hint": ours.hint or f"{mend}, or `pip uninstall {source.distribution}`; {LEAVE_OUT}",
        "detail": "".join(traceback.format_exception(error)),
    }


def _innermost(error: BaseException) -> str:
    """File and line of the last frame that is the plugin's or a library's; of a syntax error, where it is."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] not in OURS
    ]
    return "{}, line {}".format(*frames[-1]) if frames else ""


@contextmanager
def _stdout_aside() -> Iterator[io.TextIOWrapper]:
    """Keep what is printed meanwhile; what programs and libraries write to the file descriptor itself goes to stderr."""
    held = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace", write_through=True)
    with _descriptor_to_stderr(), redirect_stdout(held):
        yield held


@contextmanager
def _descriptor_to_stderr() -> Iterator[None]:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        kept = os.dup(1)
        os.dup2(2, 1)
    except (OSError, ValueError):  # one of them is closed: there is nothing to keep clean
        yield
        return
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _text(printed: io.TextIOWrapper) -> str:
    buffer = printed.buffer
    return buffer.getvalue().decode("utf-8", "replace").strip() if isinstance(buffer, io.BytesIO) and not buffer.closed else ""


@contextmanager
def _named_when_slow(source: Source) -> Iterator[None]:
    """A line on stderr after :data:`TOLD_AFTER`, and none for what is faster."""

    def tell() -> None:
        print(
            f"still loading plugin {source}; `taco-bench --no-plugins VERB` goes without third parties' plugins",
            file=sys.stderr,
            flush=True,
        )

    timer = threading.Timer(TOLD_AFTER, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
