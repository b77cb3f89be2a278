"""Every first-party component fulfils the contract of its kind; a new one without a contract run fails here."""

from __future__ import annotations

from typing import Any

import pytest
from given_data import DATA
from given_rest import FOR_A_KIND, GIVEN

from taco_bench.plugins import HOOKS, Component, load_plugins
from taco_bench.testing import CONTRACTS


@pytest.fixture(autouse=True)
def _own_cache(empty_cache: Any) -> None:
    pass


def _title(component: Component) -> str:
    return "Test" + "".join(part.title() for part in f"{component.kind}-{component.name}".split("-"))


def _bases(component: Component) -> tuple[type, ...]:
    given = DATA.get(component.name) if component.kind == "data" else GIVEN.get((component.kind, component.name))
    given = given or FOR_A_KIND.get(component.kind)
    return (given, CONTRACTS[component.kind]) if given else (CONTRACTS[component.kind],)


COMPONENTS = {_title(component): component for component in load_plugins(third_party=False).all()}
globals().update({title: type(title, _bases(each), {"name": each.name, "__module__": __name__}) for title, each in COMPONENTS.items()})


def test_every_kind_has_a_contract() -> None:
    assert set(CONTRACTS) == set(HOOKS)
    assert {kind for kind, contract in CONTRACTS.items() if contract.kind != kind} == set()


def test_every_component_is_tested() -> None:
    found = [(c.kind, c.name) for c in load_plugins(third_party=False).all()]
    assert sorted(found) == sorted({(c.kind, c.name) for c in COMPONENTS.values()})
    assert len(found) > 60
    for title, component in COMPONENTS.items():
        assert issubclass(globals()[title], CONTRACTS[component.kind])
        assert globals()[title].name == component.name
