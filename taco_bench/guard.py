"""What a plugin raises, in words: every call into a component goes through here, so that a plugin's fault is told as the plugin's."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from taco_bench.errors import PassingError, PluginError, UserError

if TYPE_CHECKING:
    from taco_bench.plugins import Component

PROMISED: dict[tuple[str, str], tuple[type[Exception], ...]] = {("data", "read"): (KeyError,)}
"""What a method of a kind may raise by its contract; the core waits for it."""
HINT = "report this to the plugin's author; TACO_BENCH_TRACE=1 prints the traceback"


@contextmanager
def calling(component: Component, doing: str, promised: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """A block in which a component's own code runs.

    Args:
        component: whose code.
        doing: what it could not do, such as "could not be built".
        promised: exceptions that are part of its contract, and pass.

    Raises:
        PluginError: whatever the code raised, ``sys.exit()`` too. What the user can mend passes as it is, and so does what ends the work.
    """
    try:
        yield
    except (UserError, PassingError):
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, promised):
            raise
        who = f"{component.kind} {component.name!r} of {component.distribution} {component.version}"
        raise PluginError(f"{who} {doing}: {error!r}", where=innermost(error), hint=HINT) from error


def using(target: Any, doing: str) -> AbstractContextManager[None]:
    """A block in which the core looks at what a component gave: should that fail, the component broke its contract.

    Args:
        target: a component as :meth:`~taco_bench.plugins.Plugins.build` makes it; for any other object the block stands alone.
        doing: as in :func:`calling`, such as "gave words that cannot be used".
    """
    return calling(object.__getattribute__(target, "_component"), doing) if type(target) is Guarded else nullcontext()


def name_of(target: Any) -> str:
    """A component's class, and where it comes from as far as that is known: ``Careless of taco-picks 2.5``."""
    name = str(target.__class__.__name__)
    if type(target) is not Guarded:
        return name
    component = object.__getattribute__(target, "_component")
    return f"{name} of {component.distribution} {component.version}"


def innermost(error: BaseException) -> str:
    """The file and line that raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


class Guarded:
    """A component whose methods are called through :func:`calling`; in all else it is the component, also to ``isinstance``.

    Args:
        target: what the factory made.
        component: what it was registered as.
    """

    __slots__ = ("_component", "_target")

    def __init__(self, target: Any, component: Component) -> None:
        object.__setattr__(self, "_target", target)
        object.__setattr__(self, "_component", component)

    @property
    def __class__(self) -> Any:
        """The component's own."""
        return type(self._target)

    @__class__.setter
    def __class__(self, _: Any) -> None:
        raise TypeError("a component keeps its class")

    def __repr__(self) -> str:
        return repr(self._target)

    def __reduce__(self) -> Any:
        return Guarded, (self._target, self._component)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._target, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._target, name)

    def __getattr__(self, name: str) -> Any:
        component = self._component
        with calling(component, f"raised in {name}", (AttributeError,)):
            found = getattr(self._target, name)
        if name.startswith("__") or not callable(found) or isinstance(found, type):
            return found
        return _guarded(found, component, f"raised in {name}()", PROMISED.get((component.kind, name), ()))


def _guarded(method: Callable[..., Any], component: Component, doing: str, promised: tuple[type[Exception], ...]) -> Callable[..., Any]:
    @wraps(method)
    def call(*arguments: Any, **options: Any) -> Any:
        with calling(component, doing, promised):
            found = method(*arguments, **options)
        return _items(found, component, doing) if isinstance(found, GeneratorType) else found

    return call


def _items(found: Iterator[Any], component: Component, doing: str) -> Iterator[Any]:
    """A generator runs the plugin's code only when it is asked for the next item."""
    while True:
        with calling(component, doing):
            try:
                item = next(found)
            except StopIteration:
                return
        yield item
