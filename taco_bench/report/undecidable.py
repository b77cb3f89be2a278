"""What the seeds of a table cannot decide, said before anything is trained."""

from __future__ import annotations

from taco_bench.errors import UserError
from taco_bench.stats.planning import seed_warnings
from taco_bench.stats.signflip import MOST_SEEDS
from taco_bench.suites.expand import Expanded
from taco_bench.suites.schema import Claim


def undecidable(table: Expanded) -> list[str]:
    """Warnings about the claims that are tested: those of the paper whose two rows can be run.

    Raises:
        UserError: more seeds than the exact test takes.
    """
    tested = [claim for claim in table.suite.claims if _is_tested(table, claim)]
    if tested and len(table.seeds) > MOST_SEEDS:
        what = f"{len(table.seeds)} seeds are more than the exact test takes"
        raise UserError(what, where="--seeds", hint=f"at most {MOST_SEEDS}: the smallest p is below 1e-12 by then")
    primary = sum(claim.primary for claim in tested)
    return seed_warnings(primary, len(tested) - primary, len(table.seeds)) if tested else []


def _is_tested(table: Expanded, claim: Claim) -> bool:
    return claim not in table.suite.without_target and all(table.line(name).jobs for name in (claim.better, claim.worse))
