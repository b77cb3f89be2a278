"""From a suite file to a :class:`~taco_bench.suites.schema.Suite`; everything wrong with it is told at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from taco_bench.config import Section
from taco_bench.errors import ConfigError, UserError, nearest
from taco_bench.resources import registry_root
from taco_bench.suites.files import entries, newer_schema, read_toml, structure_problems, toml_names
from taco_bench.suites.published import PublishedTable, published
from taco_bench.suites.schema import LOWER_IS_BETTER, SCHEMA, Claim, OnData, Row, Suite, SuiteFile

PARTS: dict[str, type[Section]] = {"row": Row, "claim": Claim, "data": OnData}


def suite_names() -> list[str]:
    """The suites that are shipped, such as ``paper/table3``."""
    return toml_names("suites")


def load_suite(name_or_path: str) -> Suite:
    """A suite that is shipped, by its name, or one of the user's, by the path of its .toml file.

    Raises:
        ConfigError: with every problem of the file.
        UserError: there is no such suite, or the file cannot be read.
    """
    path, name = _file(name_or_path)
    document = read_toml(path)
    problems = newer_schema(document, SCHEMA, path) or [*structure_problems(SuiteFile, document, path, PARTS), *_problems(document, path)]
    if problems:
        raise ConfigError(problems)
    return Suite.model_validate({**document, "name": name, "path": path})


def _file(name_or_path: str) -> tuple[Path, str]:
    if name_or_path.endswith(".toml"):
        path = Path(name_or_path)
        return path, path.stem
    if name_or_path not in suite_names():
        hint = nearest(name_or_path, suite_names())
        raise UserError(
            f"there is no suite {name_or_path!r}", where=str(registry_root() / "suites"), hint=f"{hint} or a .toml file of yours"
        )
    return registry_root() / "suites" / f"{name_or_path}.toml", name_or_path


def _problems(document: Mapping[str, Any], path: Path) -> Iterator[UserError]:
    """What the parts of a document, valid or not, get wrong about each other."""
    rows = [row["name"] for row in entries(document, "row") if isinstance(row.get("name"), str)]
    for kind in ("row", "claim"):
        names = [entry["name"] for entry in entries(document, kind) if isinstance(entry.get("name"), str)]
        for name, count in Counter(names).items():
            if count > 1:
                yield UserError(f"{count} {kind}s are named {name!r}", where=f"{path}: {kind} {name!r}", hint="a name of its own for each")
    control = document.get("control")
    if isinstance(control, str) and control not in rows:
        yield UserError(f"the control {control!r} is no row", where=f"{path}: control", hint=nearest(control, rows))
    yield from _metric_problems(document, path)
    yield from _claim_problems(entries(document, "claim"), rows, path)
    yield from _paper_problems(document, path)


def _metric_problems(document: Mapping[str, Any], path: Path) -> Iterator[UserError]:
    metric, columns = document.get("metric"), document.get("columns")
    if not isinstance(metric, str):
        return
    at = f"{path}: metric"
    if isinstance(columns, list) and metric not in columns:
        yield UserError(f"the metric {metric!r} is not among the columns", where=at, hint=nearest(metric, map(str, columns)))
    if entries(document, "claim") and metric.endswith(LOWER_IS_BETTER):
        yield UserError(f"no claim can be made in {metric!r}: lower is better there", where=at, hint="a recall, such as t2v R@1")


def _claim_problems(claims: list[dict[str, Any]], rows: list[str], path: Path) -> Iterator[UserError]:
    for number, claim in enumerate(claims, 1):
        at = f"{path}: claim {claim.get('name', number)!r}"
        for side in ("better", "worse"):
            if isinstance(claim.get(side), str) and claim[side] not in rows:
                yield UserError(f"{side} = {claim[side]!r} is no row", where=at, hint=nearest(claim[side], rows))
        if "better" in claim and claim["better"] == claim.get("worse"):
            yield UserError(f"the claim compares the row {claim['better']!r} with itself", where=at, hint="name two rows")
    primary = [str(claim.get("name", number)) for number, claim in enumerate(claims, 1) if claim.get("primary") is True]
    if claims and len(primary) != 1:
        what = f"{len(primary)} claims are primary ({', '.join(primary)})" if primary else "no claim is primary"
        yield UserError(what, where=f"{path}: claim", hint="primary = true in exactly one of them")


def _paper_problems(document: Mapping[str, Any], path: Path) -> Iterator[UserError]:
    table: PublishedTable | None = None
    if isinstance(document.get("paper"), str):
        try:
            table = published(document["paper"])
        except UserError as error:
            yield UserError(error.what, where=f"{path}: paper", hint=error.hint)
            return
    for row in entries(document, "row"):
        named = row.get("paper_row")
        if not isinstance(named, str):
            continue
        at = f"{path}: row {row.get('name', '')!r}"
        if table is None:
            yield UserError(f"paper_row = {named!r}, but the suite names no table of the paper", where=at, hint='add paper = "table3"')
        elif named not in table.row_names:
            yield UserError(f"the paper's {table.name} has no row {named!r}", where=at, hint=nearest(named, table.row_names))
