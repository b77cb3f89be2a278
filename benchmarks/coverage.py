"""How often each interval covers the truth, by simulation: 93 to 97 % is wanted of 95 %.

python benchmarks/coverage.py                        5,000 simulations each, a few minutes on one core
python benchmarks/coverage.py --simulations 200      in seconds, to try the script
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taco_bench.stats.intervals import cluster_bootstrap, paired_t_interval
from taco_bench.stats.permutation import LEVEL, chance_interval

Outcome = tuple[bool, float]
"""Whether the interval covers, and its width."""


@dataclass(frozen=True)
class Queries:
    """A simulated test set: a hit in one row and not in the other is +1, the reverse -1.

    Args:
        videos: their number.
        most: queries a video: 1 for exactly one, else 1 to ``most``, uniform; negative: geometric with that mean.
        discordant: share of queries on which the rows differ.
        mean: true difference, a share.
        alike: chance that a query goes as its video goes.
    """

    videos: int
    most: int
    discordant: float
    mean: float
    alike: float

    def sizes(self, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """Queries of each video."""
        if self.most < 0:
            return generator.geometric(-1 / self.most, self.videos)
        return generator.integers(1, self.most + 1, self.videos)

    def covers(self, generator: np.random.Generator, draws: int) -> Outcome:
        """Whether the interval of one test set drawn anew has the true difference inside."""
        videos = np.repeat(np.arange(self.videos), self.sizes(generator))
        own, shared = generator.random(len(videos)), generator.random(self.videos)[videos]
        luck = np.where(generator.random(len(videos)) < self.alike, shared, own)
        gain, loss = (self.discordant + self.mean) / 2, (self.discordant - self.mean) / 2
        hits = (luck < gain).astype(float) - (luck > 1 - loss)
        low, high = cluster_bootstrap(hits, videos, draws=draws)
        return low <= self.mean <= high, 100 * (high - low)


QUERIES = {
    "MSR-VTT 1k: 1,000 videos, 1 query each, 10 % discordant": Queries(1000, 1, 0.10, 0.02, 0.0),
    "YouCook2: 457 videos, geometric, mean 7.3, 10 % discordant": Queries(457, -7, 0.10, 0.01, 0.3),
    "200 videos, 1 query each, 10 % discordant": Queries(200, 1, 0.10, 0.03, 0.0),
    "100 videos, 1 query each, 10 % discordant, no difference": Queries(100, 1, 0.10, 0.0, 0.0),
    "100 videos, 1 query each, 5 % discordant": Queries(100, 1, 0.05, 0.02, 0.0),
    "100 videos, 1 to 10 queries, 15 % discordant": Queries(100, 10, 0.15, 0.03, 0.3),
    "50 videos, 1 to 10 queries, 15 % discordant": Queries(50, 10, 0.15, 0.03, 0.3),
    "30 videos, geometric, mean 8, 20 % discordant, half as its video": Queries(30, -8, 0.20, 0.05, 0.5),
}


def normal(generator: np.random.Generator, seeds: int) -> npt.NDArray[np.float64]:
    """Differences between seeds: mean 1, spread 1."""
    return generator.normal(1, 1, seeds)


def skewed(generator: np.random.Generator, seeds: int) -> npt.NDArray[np.float64]:
    """Scores of both rows are skewed alike, their difference is not."""
    return 1 + generator.exponential(1, seeds) - generator.exponential(1, seeds)


def one_sided(generator: np.random.Generator, seeds: int) -> npt.NDArray[np.float64]:
    """The differences themselves are skewed: what Student's interval does not promise to cover."""
    return generator.exponential(1, seeds)


def seed_outcomes(law: Callable[[np.random.Generator, int], npt.NDArray[np.float64]], seeds: int, simulations: int) -> Iterator[Outcome]:
    """Student's interval over paired seeds."""
    generator = np.random.default_rng(seeds)
    for _ in range(simulations):
        low, high = paired_t_interval(law(generator, seeds))
        yield low <= 1 <= high, high - low


def chance_outcomes(pool: int, seeds: int, simulations: int) -> Iterator[Outcome]:
    """R@1 of scores that know nothing of the pairs, half of them the same in all seeds, in the interval of the permuted galleries."""
    generator = np.random.default_rng(pool)
    permutations = generator.permuted(np.tile(np.arange(pool), (2_000, 1)), axis=1)  # [permutations, queries]
    for _ in range(simulations):
        shared = generator.normal(size=(pool, pool))
        best = [(shared + generator.normal(size=(pool, pool))).argmax(axis=1) for _ in range(seeds)]
        draws = [100 * (permutations == own).mean(axis=1)[:, None] for own in best]
        low, high = chance_interval(draws)[:, 0]
        mean = 100 * float(np.mean([own == np.arange(pool) for own in best]))
        yield bool(low <= mean <= high), high - low


def show(name: str, nominal: float, outcomes: Iterator[Outcome]) -> None:
    covered, widths = map(np.asarray, zip(*outcomes, strict=True))
    error = 196 * np.sqrt(covered.mean() * (1 - covered.mean()) / len(covered))
    print(f"| {name} | {100 * nominal:.4g} | {100 * covered.mean():.1f} +- {error:.1f} | {widths.mean():.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=5_000, help="of each line")
    parser.add_argument("--draws", type=int, default=1_000, help="bootstrap samples of each simulation; tables take 10,000")
    options = parser.parse_args()
    print("| interval | nominal % | covers % | mean width |\n|---|---|---|---|")
    for law in (normal, skewed, one_sided):
        for seeds in (5, 8):
            show(f"paired t, {seeds} seeds, {law.__name__}", 0.95, seed_outcomes(law, seeds, options.simulations))
    for name, queries in QUERIES.items():
        generator = np.random.default_rng(queries.videos)
        show(f"videos drawn anew, {name}", 0.95, (queries.covers(generator, options.draws) for _ in range(options.simulations)))
    show("chance by permuted galleries, 100 videos, 5 seeds, R@1", LEVEL, chance_outcomes(100, 5, options.simulations))


if __name__ == "__main__":
    main()
