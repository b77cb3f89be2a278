"""What so many seeds cannot decide, said before anything is trained."""

from __future__ import annotations

from taco_bench.stats.evidence import ALPHA
from taco_bench.stats.reasons import count
from taco_bench.stats.signflip import seeds_needed, smallest_p


def seed_warnings(primary: int, secondary: int, seeds: int) -> list[str]:
    """Sentences such as "5 seeds can decide the primary alone (smallest p 0.031); the 2 secondaries by Holm need 6".

    Args:
        primary: number of primary comparisons, 0 or 1.
        secondary: number of secondary ones.
        seeds: paired seeds that are planned.

    Returns:
        nothing where the seeds can decide all of them.
    """
    alone = seeds_needed(1, ALPHA) if primary else 0
    among = seeds_needed(secondary, ALPHA) if secondary else 0
    if seeds >= max(alone, among):
        return []
    smallest = f"smallest p {smallest_p(seeds):.2g}" if smallest_p(seeds) < 0.001 else f"smallest p {smallest_p(seeds):.3f}"
    rest = [f"the {_secondaries(secondary)} {among}"] if seeds < among else []
    if primary and seeds >= alone:
        return [f"{count(seeds)} can decide the primary alone ({smallest}); {rest[0]}"]
    needs = ([f"the primary needs {alone}"] if primary else []) + rest
    return [f"{count(seeds)} can decide nothing ({smallest}): {', '.join(needs)}"]


def _secondaries(number: int) -> str:
    return "secondary needs" if number == 1 else f"{number} secondaries by Holm need"
