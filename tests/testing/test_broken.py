"""Each check of each contract catches a component that is broken in this way, and no check is without one."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import broken_data
import broken_machines
import broken_samplers
import broken_small
import broken_tasks
import broken_text
import pytest
from rows_of_table import Row

from taco_bench.errors import UserError
from taco_bench.plugins import Plugins
from taco_bench.testing import CONTRACTS, Contract

PARTS = [broken_samplers, broken_small, broken_text, broken_data, broken_tasks, broken_machines]
ROWS: list[Row] = [row for part in PARTS for row in part.ROWS]
WHOLE = [pair for part in PARTS for pair in part.WHOLE]
OF_ALL_KINDS = {name for name in vars(Contract) if name.startswith("test_")}
CAUGHT = (AssertionError, UserError, pytest.fail.Exception)
WITHOUT_A_GPU = "test_on_a_gpu"
"""The only check that has no broken component where there is no GPU."""


@pytest.fixture(autouse=True)
def _own_cache(empty_cache: Any) -> None:
    pass


class SkippedError(Exception):
    pass


def checks(contract: type[Contract]) -> set[str]:
    return {name for name in dir(contract) if name.startswith("test_")}


def under_test(contract: type[Contract], factory: Any, **given: Any) -> Contract:
    return type("TestIt", (contract,), {"factory": staticmethod(factory), **given})()


def arguments(test: Contract, check: str, folder: Path) -> list[dict[str, Any]]:
    """Of each run of a check, as pytest would give them."""
    method = getattr(test, check)
    marks = [mark for mark in getattr(method, "pytestmark", ()) if mark.name == "parametrize"]
    cases: list[dict[str, Any]] = [{mark.args[0]: value} for mark in marks for value in mark.args[1]] or [{}]
    asked = inspect.signature(method).parameters
    found = []
    for number, case in enumerate(cases):
        own = folder / str(number)
        sample = own / "sample"
        sample.mkdir(parents=True)
        offers = {"tmp_path": lambda own=own: own, "component": lambda own=own: test.new(own), "path": lambda sample=sample: test.sample(sample)}  # type: ignore[attr-defined]  # fmt: skip  # noqa: E501
        found.append(case | {name: offers[name]() for name in asked if name in offers})
    return found


def run(test: Contract, check: str, folder: Path) -> None:
    """Every run of a check; one that is skipped has not caught anything."""
    for given in arguments(test, check, folder):
        try:
            getattr(test, check)(**given)
        except pytest.skip.Exception as reason:
            raise SkippedError(str(reason)) from reason


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_check_catches_it(row: Row, tmp_path: Path) -> None:
    test = under_test(row.contract, row.factory, **row.given)
    if row.registered:
        component = test.registered()[1]
        again = Plugins()
        component = replace(component, **row.registered)
        again.add(component)
        type(test).registered = lambda self: (again, again.get(self.kind, component.name))  # type: ignore[method-assign]
    with pytest.raises(CAUGHT, match=row.message):
        run(test, row.check, tmp_path)


@pytest.mark.parametrize(("contract", "factory"), WHOLE, ids=lambda each: each.__name__)
def test_nothing_is_found_in_a_whole_one(contract: type[Contract], factory: Any, tmp_path: Path) -> None:
    """Else a row of the table might fail for what it does not say."""
    given = {
        key: value
        for row in ROWS
        if row.contract is contract and not row.registered and row.given.get("name") != "other"
        for key, value in row.given.items()
    }
    for check in sorted(checks(contract) - {WITHOUT_A_GPU}):
        try:
            run(under_test(contract, factory, **given), check, tmp_path / check)
        except SkippedError:
            continue


@pytest.mark.parametrize("kind", CONTRACTS)
def test_every_check_has_a_broken_component(kind: str) -> None:
    contract = CONTRACTS[kind]
    tried = {row.check for row in ROWS if row.contract is contract}
    assert checks(contract) - tried - OF_ALL_KINDS == ({WITHOUT_A_GPU} if kind == "sampler" else set())
    assert any(whole is contract for whole, _ in WHOLE)


def test_every_common_check_has_a_broken_component() -> None:
    assert {row.check for row in ROWS} >= OF_ALL_KINDS


def test_every_check_says_what_the_core_relies_on() -> None:
    for contract in CONTRACTS.values():
        for check in checks(contract):
            assert len(inspect.getdoc(getattr(contract, check)) or "") > 40, f"{contract.__name__}.{check}"
