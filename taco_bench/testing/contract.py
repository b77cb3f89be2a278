"""What all contracts share: how a component is named, and how it is built as the core builds it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from taco_bench.errors import UserError
from taco_bench.plugins import Component, Plugins, check_component, load_plugins


class Contract:
    """What the core relies on in every component. A contract a kind inherits from it; a plugin's test inherits from that.

    Attributes:
        name: as the component is registered; its distribution must be installed.
        options: to build it with; the rest has its defaults.
        factory: a class or function to test in the place of an installed component, before there is a distribution.
        kind: of the component; set by each contract.
        members: what a component of the kind must have; set by each contract.
    """

    kind: ClassVar[str] = ""
    members: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Any]] = {}
    factory: ClassVar[Callable[..., Any] | None] = None

    _local: Mapping[str, Any] | None = None

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        """Options that name files. Override it for a component that reads some: write a small sample into ``folder`` and name it.

        Args:
            folder: empty, of this test alone.

        Returns:
            Options beside those of the class, such as ``{"root": str(folder)}``.
        """
        return {}

    def registered(self) -> tuple[Plugins, Component]:
        """The plugins that are loaded, and the component among them as it was registered."""
        factory = inspect.getattr_static(self, "factory")
        factory = factory.__func__ if isinstance(factory, staticmethod) else factory
        if factory is not None:
            plugins = Plugins()
            component = Component(self.kind, self.name or "under-test", factory, "under test", "under-test", "0")
            plugins.add(component)
            return plugins, component
        if not self.name:
            pytest.fail(f"{type(self).__name__} names no component: set name to what it is registered as, or factory to its class")
        plugins = load_plugins()
        try:
            return plugins, plugins.get(self.kind, self.name)
        except UserError as error:
            hint = "install your distribution into this environment (pip install -e .); `taco-bench plugins doctor` shows what failed"
            pytest.fail(f"{error}\n{hint}")

    def new(self, folder: Path) -> Any:
        """A new component with the options of the test, checked and guarded as in a run; see :meth:`local_options` for ``folder``."""
        if self._local is None:
            self._local = self.local_options(folder)
        return self.built_with(self._local)

    def built_with(self, local: Mapping[str, Any]) -> Any:
        """A new component with the options of the test and those that name files."""
        plugins, component = self.registered()
        values, problems = plugins.check(self.kind, component.name, {**self.options, **local})
        if problems:
            pytest.fail("the options of the test are refused:\n" + "\n".join(map(str, problems)))
        return plugins.build(self.kind, {"type": component.name, **values})

    @pytest.fixture
    def component(self, tmp_path: Path) -> Any:
        """The component under test, new for each check."""
        return self.new(tmp_path)

    def test_is_registered_with_a_summary(self) -> None:
        """``taco-bench list`` prints a line for each component, and a configuration calls it by its name."""
        _, component = self.registered()
        check_component(component)
        lines = component.summary.strip().splitlines()
        assert len(lines) == 1, f"register {component.name!r} with a summary of one line; it has {len(lines)}"

    def test_options_have_types_and_defaults(self) -> None:
        """Options come from the factory's signature: a wrong value is refused by its annotation, one not given is its default."""
        plugins, component = self.registered()
        for option in plugins.options(self.kind, component.name).values():
            assert option.default is not inspect.Parameter.empty, f"give the option {option.name!r} of the factory a default"
            assert option.annotation is not Any, f"annotate the option {option.name!r} of the factory, so that wrong values are refused"

    def test_its_source_can_be_read(self) -> None:
        """Ids of cells hash the source of the factory's module, so that changed code never reuses old figures."""
        _, component = self.registered()
        factory = component.factory
        hint = "register a class or function that is defined in a module of your package, not a partial or a compiled one"
        plain = inspect.isclass(factory) or inspect.isfunction(factory)
        source = getattr(sys.modules.get(factory.__module__), "__file__", None) or ""
        assert plain and source.endswith(".py"), f"the factory of {component.name!r} has no source file of its own: {hint}"  # noqa: PT018

    def test_has_every_member(self, component: Any) -> None:
        """The core uses these without asking whether they are there."""
        missing = [member for member in self.members if not hasattr(component, member)]
        assert not missing, f"give the {self.kind} the members {', '.join(missing)}; taco_bench.api describes them"
