"""Discovery of plugins: each loaded in isolation, their components kept in one registry a kind."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pluggy

from taco_bench import hookspecs
from taco_bench.errors import PluginError, UserError, nearest
from taco_bench.guard import Guarded, calling
from taco_bench.kinds import METHODS
from taco_bench.loading import LEAVE_OUT, Attempt, Failure, Loaded, Source, check_contract, check_hooks, register_hooks
from taco_bench.options import Option, check_options, options_of

GROUP = "taco_bench"
FIRST_PARTY = "taco-bench"
LIMIT = "TACO_BENCH_PLUGINS"
"""The environment variable that limits third parties to the distributions or entry points that it names."""

HOOKS = {
    "encoder": "taco_bench_encoders",
    "tokens": "taco_bench_token_selectors",
    "token-weights": "taco_bench_token_weightings",
    "sampler": "taco_bench_samplers",
    "text-encoder": "taco_bench_text_encoders",
    "tagger": "taco_bench_taggers",
    "data": "taco_bench_datasets",
    "task": "taco_bench_tasks",
    "reader": "taco_bench_readers",
    "extractor": "taco_bench_extractors",
    "control": "taco_bench_controls",
    "launcher": "taco_bench_launchers",
}
"""Kind of component, as the command line names it, to the hook that adds components of it."""

EXPERIMENT_KINDS = tuple(kind for kind in HOOKS if kind not in ("launcher", "reader", "extractor"))
"""Kinds that an experiment is made of. Who launches it changes no figure; what readers and extractors made is known by its fingerprint."""

READABLE = ("l1", "l2")
"""Losses that train scores which a sampler can read."""


@dataclass(frozen=True)
class Component:
    """What a plugin registered under a kind and a name."""

    kind: str
    name: str
    factory: Callable[..., Any]
    summary: str
    distribution: str
    version: str
    preset: Mapping[str, Any] | Callable[..., Mapping[str, Any]] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    fallback: str | None = None
    locations: tuple[str, ...] = ()
    distinct_captions: bool = False
    reported_as: str | Callable[..., str] = ""
    tags: bool = True
    videos_of: str = ""
    imports: tuple[str, ...] = ()

    def preset_with(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        """The preset of a data set whose spec names some of its options."""
        if not callable(self.preset):
            return self.preset
        with calling(self, "gave no preset"):
            return dict(self.preset(**{key: value for key, value in spec.items() if key != "type"}))


def check_component(component: Component) -> None:
    """Check what a plugin registered, before any of it is kept.

    Raises:
        PluginError: its name or its factory is not what it must be.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", component.name):
        raise PluginError(f"{component.kind} {component.name!r}: a name has lower-case letters, digits and dashes")
    if not callable(component.factory):
        raise PluginError(f"{component.kind} {component.name!r}: the factory is not callable")
    if component.kind == "sampler" and not (isinstance(component.reads, (tuple, list)) and set(component.reads) <= set(READABLE)):
        who = f"sampler {component.name!r} of {component.distribution} {component.version}"
        raise PluginError(f"{who}: reads={component.reads!r} names other losses than {READABLE}", hint='such as reads=("l1",)')


def clash(components: Sequence[Component]) -> PluginError:
    """The error that several distributions registered one name."""
    owners = " and ".join(f"{c.distribution} {c.version}" for c in components)
    others = sorted({c.distribution for c in components} - {FIRST_PARTY})
    if len(others) == len(components):
        hint = f"uninstall one of them, or set {LIMIT} to the plugins to load"
    else:
        hint = f"`pip uninstall {' '.join(others)}`, for {FIRST_PARTY}'s own names are taken; {LEAVE_OUT}"
    return PluginError(f"{components[0].kind} {components[0].name!r} is registered by {owners}", hint=hint)


@dataclass
class Plugins:
    """All components that the installed plugins offer, the plugins that failed, and those left out on request."""

    loaded: list[Loaded] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    left_out: list[Source] = field(default_factory=list)
    left_out_by: str = ""
    _components: dict[str, dict[str, list[Component]]] = field(default_factory=lambda: {kind: {} for kind in HOOKS})
    _registries: dict[str, Any] = field(default_factory=dict)

    def names(self, kind: str) -> list[str]:
        """The names registered under a kind, sorted."""
        return sorted(self._components[kind])

    def all(self) -> Iterable[Component]:
        """Every component of every kind, a name that is taken twice as often as it is taken."""
        return (component for names in self._components.values() for name in sorted(names) for component in names[name])

    def conflicts(self) -> list[list[Component]]:
        """The components whose name another of their kind has too."""
        return [found for names in self._components.values() for found in names.values() if len(found) > 1]

    def add(self, component: Component) -> None:
        """Keep a component; one whose name is taken is kept too, so that using the name can name both distributions."""
        self._components[component.kind].setdefault(component.name, []).append(component)

    def get(self, kind: str, name: str) -> Component:
        """The component of that kind and name.

        Raises:
            UserError: no plugin registered the name; the nearest names and the plugins that failed to load are named.
            PluginError: two distributions registered it.
        """
        if kind not in HOOKS:
            raise UserError(f"unknown kind of component {kind!r}", hint=nearest(kind, HOOKS))
        found = self._components[kind].get(name, [])
        if not found:
            failed = "".join(f"; plugin {f.distribution} failed to load: {f.reason}" for f in self.failures)
            hint = nearest(name, self.names(kind)) + failed + self.but_left_out()
            raise UserError(f"unknown {kind} {name!r}", where=f"--{kind}", hint=hint)
        if len(found) > 1:
            raise clash(found)
        return found[0]

    def but_left_out(self) -> str:
        """The end of a hint for what is not found: a plugin that was left out may have it."""
        names = sorted({source.distribution for source in self.left_out})
        return f"; left out by {self.left_out_by}: {', '.join(names)}" if names else ""

    def build(self, kind: str, spec: Mapping[str, Any]) -> Any:
        """Build the component that ``dict(type=name, **options)`` describes; whatever it raises from now on is a :class:`PluginError`."""
        options = dict(spec)
        component = self.get(kind, str(options.pop("type")))
        with calling(component, "could not be built"):
            built = component.factory(**options)
        missing = [name for name in METHODS[kind] if not hasattr(built, name)]
        if missing:
            what = f"{kind} {component.name!r} of {component.distribution} {component.version} has no {'(), '.join(missing)}()"
            where = getattr(sys.modules.get(component.factory.__module__), "__file__", None) or component.factory.__module__
            raise PluginError(what, where=where, hint="taco_bench.api describes them; `taco-bench plugins check` looks for more")
        return Guarded(built, component)

    def options(self, kind: str, name: str) -> Mapping[str, Option]:
        """The options of a component by name, in the order of its factory's signature.

        Raises:
            UserError, PluginError: as :meth:`get`; or its signature cannot be read.
        """
        component = self.get(kind, name)
        with calling(component, "has options that cannot be read"):
            return options_of(component.factory)

    def check(self, kind: str, name: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[UserError]]:
        """As :func:`taco_bench.options.check_options`, of a component; raises as :meth:`options`."""
        component = self.get(kind, name)
        with calling(component, "has options that cannot be checked"):
            return check_options(f"{kind} {name}", component.factory, given)

    def registry(self, kind: str) -> Any:
        """The components of a kind as an ``mmengine.registry.Registry``, for code that builds from mmengine's configurations."""
        from mmengine.registry import Registry  # most of a second to import: building, which plans do, goes without

        if kind not in self._registries:
            self._registries[kind] = Registry(f"taco_bench {kind}")
            for name in self.names(kind):
                self._registries[kind].register_module(name=name, module=self._components[kind][name][0].factory)
        return self._registries[kind]


@cache
def load_plugins(third_party: bool = True) -> Plugins:
    """Load every installed plugin, each in isolation.

    ``TACO_BENCH_PLUGINS=a,b`` limits third parties to the distributions or entry points named; ``TACO_BENCH_TRACE=1`` prints each
    hook call to stderr.

    Args:
        third_party: whether plugins other than taco-bench's own are loaded.
    """
    plugins = Plugins(left_out_by=LIMIT if third_party else "--no-plugins")
    manager = pluggy.PluginManager("taco_bench")
    manager.add_hookspecs(hookspecs)
    if os.environ.get("TACO_BENCH_TRACE") == "1":
        manager.add_hookcall_monitoring(_trace, lambda *_: None)
    for source, point in _sources():
        if _wanted(source, third_party):
            _load_one(source, point, manager, plugins)
        else:
            plugins.left_out.append(source)
    return plugins


def unknown_in_limit() -> UserError | None:
    """The error that ``TACO_BENCH_PLUGINS`` names what no installed plugin is called, such as a misspelt name; none where all are."""
    sources = [source for source, _ in _sources()]
    known = {name for source in sources for name in (source.distribution, source.entry_point)}
    unknown = sorted((_limit() or set()) - known)
    if not unknown:
        return None
    there = sorted({source.distribution for source in sources} - {FIRST_PARTY})
    what = f"{LIMIT} names {', '.join(map(repr, unknown))}, which {'is' if len(unknown) == 1 else 'are'} not installed"
    return UserError(f"{what}; there {'is' if len(there) < 2 else 'are'} {', '.join(there) or 'none'}")


def _sources() -> list[tuple[Source, importlib.metadata.EntryPoint]]:
    """Every entry point with where it comes from, our own first."""
    owners: dict[int, tuple[str, str]] = {}  # reading a distribution's metadata takes longer than finding it: once each
    found = []
    for point in importlib.metadata.entry_points(group=GROUP):
        owner = owners.setdefault(id(point.dist), owners.get(id(point.dist)) or _owner(point.dist))
        found.append((Source(*owner, point.name, point.value), point))
    return sorted(found, key=lambda pair: (pair[0].distribution != FIRST_PARTY, pair[0].distribution, pair[0].entry_point))


def _owner(distribution: importlib.metadata.Distribution | None) -> tuple[str, str]:
    """Name and version."""
    if distribution is None:
        return "unknown", "0"
    metadata = distribution.metadata
    return metadata["Name"], metadata["Version"]


def _wanted(source: Source, third_party: bool) -> bool:
    if source.distribution == FIRST_PARTY:
        return True
    limit = _limit()
    return third_party and (limit is None or bool({source.distribution, source.entry_point} & limit))


def _limit() -> set[str] | None:
    """The names in ``TACO_BENCH_PLUGINS``; none where it is not set."""
    limit = os.environ.get(LIMIT)
    return None if limit is None else {part.strip() for part in limit.split(",") if part.strip()}


def _load_one(source: Source, point: importlib.metadata.EntryPoint, manager: pluggy.PluginManager, plugins: Plugins) -> None:
    """Import one plugin and run its hooks; whatever it raises is recorded, and its components are left out."""
    with Attempt(source, named_when_slow=source.distribution != FIRST_PARTY) as attempt:
        check_contract(point)
        module = point.load()
        attempt.doing = "when it was registered"
        register_hooks(module, source.key, manager)
        check_hooks(module, manager, HOOKS.values())
        others = [plugin for plugin in manager.get_plugins() if plugin is not module]
        implemented = {caller.name for caller in manager.get_hookcallers(module) or []}
        for kind, hook in HOOKS.items():
            if hook in implemented:
                attempt.doing = f"in its hook {hook}"
                manager.subset_hook_caller(hook, others)(register=_collector(kind, source, attempt.found))
        attempt.doing = "when its components were checked"
        for component in attempt.found:
            check_component(component)
    if isinstance(attempt.outcome, Failure):
        if manager.has_plugin(source.key):
            manager.unregister(name=source.key)
        plugins.failures.append(attempt.outcome)
    elif attempt.outcome is not None:
        plugins.loaded.append(attempt.outcome)
        for component in attempt.found:
            plugins.add(component)


def _collector(kind: str, source: Source, found: list[Component]) -> hookspecs.Register:
    def register(
        name: str,
        factory: Callable[..., Any],
        *,
        summary: str,
        preset: Mapping[str, Any] | Callable[..., Mapping[str, Any]] | None = None,
        reads: tuple[str, ...] = (),
        fallback: str | None = None,
        tags: bool = True,
        locations: tuple[str, ...] = (),
        distinct_captions: bool = False,
        reported_as: str | Callable[..., str] = "",
        videos_of: str = "",
        imports: tuple[str, ...] = (),
    ) -> None:
        options = (preset or {}, reads, fallback, locations, distinct_captions, reported_as, tags, videos_of, imports)
        found.append(Component(kind, name, factory, summary, source.distribution, source.version, *options))

    return register


def _trace(hook_name: str, implementations: Iterable[pluggy.HookImpl], arguments: Mapping[str, Any]) -> None:
    callers = ", ".join(implementation.plugin_name for implementation in implementations)
    if callers:
        print(f"hook {hook_name}: {callers}", file=sys.stderr)
