"""What ``compare --match`` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from taco_bench.report.comparison import too_few
from taco_bench.report.matched import Matched, matched
from taco_bench.store.cells import Store

UNITS = {"steps": ("steps", ".0f"), "seconds": ("s of training", ".1f"), "fusion-pairs": ("pairs through fusion", ".0f")}


def told(
    a: Sequence[dict[str, Any]],
    b: Sequence[dict[str, Any]],
    names: tuple[str, str],
    match: str,
    store: Store,
    notes: Sequence[str] = (),
    *,
    as_json: bool,
) -> str:
    """The comparison of two rows at equal cost, as text or as JSON."""
    found = matched(a, b, match, store)
    found = replace(found, warnings=[*notes, *found.warnings])
    return json.dumps(asdict(found), indent=1) if as_json else _text(found, names)


def _text(found: Matched, names: tuple[str, str]) -> str:
    from tabulate import tabulate

    unit, form = UNITS[found.match]
    rows = [
        [
            pair.seed,
            format(pair.cost, form),
            pair.steps[0],
            pair.steps[1],
            f"{pair.scores[0]:.1f}",
            f"{pair.scores[1]:.1f}",
            f"{pair.difference:+.1f}",
        ]
        for pair in found.pairs
    ]
    headers = ["seed", unit, "A steps", "B steps", "A", "B", "A - B"]
    p = too_few(len(found.pairs)) or f"p = {found.p:.3f} (exact, two-sided, {len(found.pairs)} seeds)"
    interval = f", seeds 95 % [{found.interval[0]:+.1f}, {found.interval[1]:+.1f}]" if found.interval else ""
    return "\n\n".join(
        [
            f"A {names[0]}\nB {names[1]}",
            f"at equal {found.match.replace('-', ' ')}: best validation score so far (mean of t2v R@1, R@5 and R@10 on val)",
            tabulate(rows, headers, disable_numparse=True, colalign=("right",) * len(headers)),
            f"A - B {found.mean:+.1f}{interval}, {p}",
            *(f"note: {warning}" for warning in found.warnings),
        ]
    )
