"""What the seeds of a table cannot decide, said before anything is trained."""

from __future__ import annotations

from taco_bench.errors import UserError
from taco_bench.stats.planning import seed_warnings
from taco_bench.stats.reasons import count, p_number
from taco_bench.stats.signflip import MOST_SEEDS, smallest_p
from taco_bench.suites.expand import Expanded
from taco_bench.suites.schema import Claim


def undecidable(table: Expanded) -> list[str]:
    """Warnings about the claims that are tested: those of the paper whose two rows can be run.

    Raises:
        UserError: more seeds than the exact test takes.
    """
    tested = _tested(table)
    if tested and len(table.seeds) > MOST_SEEDS:
        what = f"{len(table.seeds)} seeds are more than the exact test takes"
        raise UserError(what, where="--seeds", hint=f"at most {MOST_SEEDS}: the smallest p is below 1e-12 by then")
    primary = sum(claim.primary for claim in tested)
    return seed_warnings(primary, len(tested) - primary, len(table.seeds)) if tested else []


def decidable(table: Expanded) -> list[str]:
    """That the seeds can decide every claim that is tested, where they can: "8 seeds can decide each of the 3 claims ..."."""
    tested = _tested(table)
    if not tested or undecidable(table):
        return []
    claims = "the claim" if len(tested) == 1 else f"each of the {len(tested)} claims"
    return [f"{count(len(table.seeds))} can decide {claims} that can be tested here (smallest p {p_number(smallest_p(len(table.seeds)))})"]


def _tested(table: Expanded) -> list[Claim]:
    return [claim for claim in table.suite.claims if _is_tested(table, claim)]


def _is_tested(table: Expanded, claim: Claim) -> bool:
    return claim not in table.suite.without_target and all(table.line(name).jobs for name in (claim.better, claim.worse))
