"""The check of a component: the contract of its kind by pytest, and a small training, each in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from taco_bench.authoring.use import STEPS, small_training
from taco_bench.errors import PluginError, UserError
from taco_bench.plugins import Component, Plugins
from taco_bench.specs import FIELDS

TEST = """\
import importlib.util
import sys
from pathlib import Path

from taco_bench.testing import CONTRACTS

BASE, NAME, OPTIONS, TESTS = CONTRACTS[{kind!r}], {name!r}, {options!r}, {tests!r}


def own():
    for path in TESTS:
        sys.path.insert(0, str(Path(path).parent))
        spec = importlib.util.spec_from_file_location(Path(path).stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from (each for each in vars(module).values() if isinstance(each, type) and issubclass(each, BASE) and each.name == NAME)


for number, base in enumerate([*own()] or [BASE]):
    members = {{"name": NAME}} | ({{"options": {{**base.options, **OPTIONS}}}} if OPTIONS else {{}})
    globals()[f"TestContract{{number}}"] = type(f"TestContract{{number}}", (base,), members)
del base
"""
"""The contract as the plugin's own tests inherit it, with what they add to it, such as files to read; as it is where there are none."""


@dataclass(frozen=True)
class Finding:
    """What came of one part of a check.

    Attributes:
        part: "contract" or "training".
        summary: in one line.
        faults: a line each for what failed; none where all is well.
    """

    part: str
    summary: str
    faults: tuple[str, ...] = ()


def need_pytest() -> None:
    """Complain where contracts cannot be run.

    Raises:
        UserError: pytest is not installed.
    """
    if find_spec("pytest") is None:
        raise UserError("contracts are run by pytest, which is not installed", hint="pip install 'taco-bench[test]'")


def run_contract(component: Component, assignments: Sequence[str], tests: Sequence[Path] = ()) -> Finding:
    """The contract of the component's kind.

    Args:
        component: as it is installed.
        assignments: options as ``FIELD.KEY=VALUE``; those of the component's field go to it.
        tests: the plugin's own test files.
    """
    given = [text.partition("=")[::2] for text in assignments]
    field = FIELDS.get(component.kind, component.kind) + "."
    options = {key.removeprefix(field): value for key, value in given if key.startswith(field)}
    with tempfile.TemporaryDirectory() as folder:
        path, report = Path(folder, "test_contract.py"), Path(folder, "report.xml")
        own = [str(each.absolute()) for each in tests]
        path.write_text(TEST.format(kind=component.kind, name=component.name, options=options, tests=own), encoding="utf-8")
        Path(folder, "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        ended = _run(
            ["pytest", str(path), f"--rootdir={folder}", "-c", f"{folder}/pytest.ini", "-p", "no:cacheprovider", f"--junit-xml={report}"]
        )
        if not report.exists() or ended.returncode not in (0, 1):
            return Finding("contract", "could not be run", tuple(_last(ended)))
        return _read(report)


def _read(report: Path) -> Finding:
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314  # pytest wrote it
    failed = [(case, fault) for case in cases for fault in [*case.iter("failure"), *case.iter("error")][:1]]
    skipped = sum(case.find("skipped") is not None for case in cases)
    counts = {"passed": len(cases) - skipped - len(failed), "skipped": skipped, "failed": len(failed)}
    summary = ", ".join(f"{number} {name}" for name, number in counts.items() if number or name == "passed")
    return Finding("contract", summary, tuple(f"{case.get('name')}: {_message(fault)}" for case, fault in failed))


def _message(fault: ET.Element) -> str:
    """What a check said, in one line: of an assertion its first line, below which pytest explains it; of all else what there is."""
    said = (fault.get("message") or "no message").strip()
    said = re.sub(r'^failed on \w+ with "(.*)"$', r"\1", said, flags=re.DOTALL)
    kind, colon, rest = said.partition(": ")
    if kind == "AssertionError":
        return rest.partition("\n")[0]
    told = rest if colon and kind.rpartition(".")[2] in ("Failed", "PluginError", "UserError", "DataError") else said
    return "; ".join(line.strip() for line in told.splitlines()[:4])


def run_training(component: Component, assignments: Sequence[str], plugins: Plugins) -> Finding:
    """A training of a few steps with the component, on planted data or its own.

    Args:
        component: as it is installed.
        assignments: further options as ``A.B=C``.
        plugins: to ask an encoder for its stream.
    """
    try:
        stream = str(plugins.build("encoder", {"type": component.name}).stream) if component.kind == "encoder" else ""
    except PluginError as error:
        return Finding("training", "not tried", tuple(error.lines()))
    arguments = small_training(component.kind, component.name, stream)
    if not arguments:
        why = f"no embedded data set has the stream {stream!r}" if stream else f"none: no training has a part for a {component.kind}"
        return Finding("training", why)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as results:
        more = [part for text in assignments for part in ("--set", text)]
        ended = _run(["taco_bench", *arguments, *more, "--results", results])
    if ended.returncode:
        return Finding("training", f"failed (exit code {ended.returncode})", tuple(_last(ended)))
    return Finding("training", f"{STEPS} steps and their evaluation passed in {time.monotonic() - started:.0f} s")


def _run(module: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTEST_ADDOPTS", "TACO_BENCH_TRACE")}
    command = [sys.executable, "-P", "-m", *module]  # -P: what lies in the working folder is not what is installed
    return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603


def _last(ended: subprocess.CompletedProcess[str]) -> list[str]:
    lines = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
    return lines[-12:] or ["it said nothing"]
