"""How often verdicts are wrong, on simulated tables of paired seed differences; nothing is trained.

python benchmarks/verdict_errors.py                  2,000 tables a line, a few minutes on one core
python benchmarks/verdict_errors.py --tables 100     in seconds, to try the script

A HOLDS is false where the true mean is not above 0, a REVERSED where it is not below. "one-sided" differences have the right mean but no
symmetry: two rows that do not differ cannot give them, so the exact test does not promise its level there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import stats

from taco_bench.stats.verdicts import Comparison, Verdict, judge

Table = npt.NDArray[np.float64]

EFFECT = 1.5
"""A true difference, in spreads."""

SCENES: dict[str, tuple[float, Callable[[int], list[float]]]] = {
    "all null": (0, lambda count: [0.0] * count),
    "primary null, secondaries true": (0, lambda count: [EFFECT] * count),
    "primary true, secondaries null": (EFFECT, lambda count: [0.0] * count),
    "primary true, first secondary true": (EFFECT, lambda count: [EFFECT, *[0.0] * (count - 1)]),
    "all true": (EFFECT, lambda count: [EFFECT] * count),
    "primary reversed, secondaries null": (-EFFECT, lambda count: [0.0] * count),
    "primary true, secondaries reversed": (EFFECT, lambda count: [-EFFECT] * count),
}


def normal(generator: np.random.Generator, shape: tuple[int, int]) -> Table:
    return generator.normal(size=shape)


def skewed(generator: np.random.Generator, shape: tuple[int, int]) -> Table:
    return generator.exponential(size=shape)


def one_sided(generator: np.random.Generator, shape: tuple[int, int]) -> Table:
    return 1 - generator.exponential(size=shape)


def differences(
    law: Callable[[np.random.Generator, tuple[int, int]], Table], means: list[float], seeds: int, generator: np.random.Generator
) -> Table:
    """[comparisons, seeds] with spread 1; all share their better row, the full configuration, as the paper's tables do."""
    shape = (len(means), seeds)
    noise = law(generator, shape) if law is one_sided else (law(generator, (1, seeds)) - law(generator, shape)) / np.sqrt(2)
    return np.asarray(means)[:, None] + noise


def judged(table: Table) -> list[Verdict]:
    return judge([Comparison(str(row), values.tolist(), row == 0, 1.0) for row, values in enumerate(table)])


def errors(verdicts: list[Verdict], means: list[float]) -> tuple[bool, ...]:
    """False HOLDS of the primary, of any; false REVERSED of any; any false claim; the primary HOLDS, any HOLDS, any REVERSED rightly."""
    words = [(verdict.word, mean) for verdict, mean in zip(verdicts, means, strict=True)]
    false_holds = [word == "HOLDS" and mean <= 0 for word, mean in words]
    false_reversed = [word == "REVERSED" and mean >= 0 for word, mean in words]
    right_holds = [word == "HOLDS" and mean > 0 for word, mean in words]
    right_reversed = any(word == "REVERSED" and mean < 0 for word, mean in words)
    false = any(false_holds), any(false_reversed), any(false_holds + false_reversed)
    return (false_holds[0], *false, right_holds[0], any(right_holds[1:]), right_reversed)


def line(law: Callable[[np.random.Generator, tuple[int, int]], Table], scene: str, seeds: int, secondaries: int, tables: int) -> str:
    first, rest = SCENES[scene]
    means, generator = [first, *rest(secondaries)], np.random.default_rng(seeds)
    found = np.array([errors(judged(differences(law, means, seeds, generator)), means) for _ in range(tables)])
    bound = stats.binom.ppf(0.995, tables, 0.05) / tables
    shown = [f"{100 * rate:.1f}" + ("!" if place < 4 and rate > bound else "") for place, rate in enumerate(found.mean(axis=0))]
    return f"| {law.__name__} | {seeds} | {secondaries} | {scene} | {' | '.join(shown)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=2_000, help="of each line")
    options = parser.parse_args()
    print(f"per cent of {options.tables} tables; ! = more than 5 % allows at 99.5 %\n")
    print("| seeds' law | seeds | secondaries | truth | false HOLDS, primary | any | false REVERSED | any false claim ", end="")
    print("| HOLDS rightly, primary | any secondary | REVERSED rightly |\n|" + "---|" * 11)
    for law in (normal, skewed, one_sided):
        for seeds, secondaries in ((5, 1), (6, 2), (8, 3)):
            for scene in SCENES if law is not one_sided else ["all null"]:
                print(line(law, scene, seeds, secondaries, options.tables), flush=True)


if __name__ == "__main__":
    main()
