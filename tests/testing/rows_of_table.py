"""A row of the table of broken components."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from taco_bench.testing import Contract


@dataclass(frozen=True)
class Row:
    """A component with one fault.

    Attributes:
        contract: of its kind.
        check: that must catch it.
        factory: of the broken component.
        message: pattern that the failure must show.
        given: attributes of the test class.
        registered: what else it is registered with.
    """

    contract: type[Contract]
    check: str
    factory: Callable[..., Any]
    message: str
    given: dict[str, Any] = field(default_factory=dict)
    registered: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.contract.__name__}-{self.check}-{getattr(self.factory, '__name__', 'object')}"
