"""A component's options, read from its factory's signature."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from taco_bench.errors import UserError, nearest


@dataclass(frozen=True)
class Option:
    """One keyword argument of a factory."""

    name: str
    annotation: Any
    default: Any
    help: str

    @property
    def type_name(self) -> str:
        """The annotation as a reader would write it, without its bounds."""
        return describe_type(self.annotation)

    @cached_property
    def _adapter(self) -> Any:
        return _adapter(self.annotation)

    def coerce(self, value: Any) -> Any:
        """As :func:`coerce`."""
        return _coerced(self._adapter, value)


def describe_type(annotation: Any) -> str:
    """A type as a reader would write it: without bounds, the choices of a Literal, None as "none"."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return describe_type(arguments[0])
    if origin is typing.Literal:
        return " | ".join(map(repr, arguments))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(describe_type, arguments))
    if origin is tuple:
        return "list of " + describe_type(arguments[0])
    if annotation is type(None):
        return "none"
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


@cache
def options_of(factory: Callable[..., Any]) -> Mapping[str, Option]:
    """The options of a factory by name, in the order of its signature."""
    target = factory.__init__ if inspect.isclass(factory) else factory
    hints = typing.get_type_hints(target, include_extras=True)  # with the bounds that Annotated declares
    helps = _argument_helps(inspect.getdoc(factory) or "")
    return {
        name: Option(name, hints.get(name, Any), parameter.default, helps.get(name, ""))
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }


def _argument_helps(docstring: str) -> dict[str, str]:
    """The texts under ``Args:`` of a docstring, by argument."""
    _, _, section = docstring.partition("Args:\n")
    found = re.findall(r"^    (\w+): (.+(?:\n     +.+)*)", section, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def check_options(where: str, factory: Callable[..., Any], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[UserError]]:
    """All options of a component with defaults filled in and values turned into their types, and what is wrong with those given."""
    known = options_of(factory)
    values = {name: option.default for name, option in known.items() if option.default is not inspect.Parameter.empty}
    problems = []
    for name, value in given.items():
        if name not in known:
            problems.append(UserError(f"unknown option {name!r}", where=where, hint=nearest(name, known)))
            continue
        try:
            values[name] = known[name].coerce(value)
        except ValueError as error:
            problems.append(UserError(f"{name}={value!r} {error}", where=where, hint=f"{known[name].type_name}: {known[name].help}"))
    return values, problems


def coerce(annotation: Any, value: Any) -> Any:
    """``value`` as the annotated type.

    Raises:
        ValueError: it cannot be one; the message says what was expected.
    """
    return _coerced(_adapter(annotation), value)


def _adapter(annotation: Any) -> Any:
    import pydantic

    return pydantic.TypeAdapter(annotation)


def _coerced(adapter: Any, value: Any) -> Any:
    import pydantic

    try:
        return adapter.validate_python(value)
    except pydantic.ValidationError as error:
        raise ValueError("is not valid: " + error.errors()[0]["msg"].lower()) from None
