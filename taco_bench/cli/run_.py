"""``taco-bench run``: one configuration, or the grid that repeated options make."""

from __future__ import annotations

from typing import Any

import click

from taco_bench.cli.options import EXPERIMENT, OUTPUT, WORK, each_alone, grid, launcher_of, reporter_of, seeds_of, shared, with_options
from taco_bench.cli.words import words_of

EXAMPLES = """\b
Examples:
  taco-bench run --sampler cascade --tokens noun,verb
  taco-bench run --sampler cascade --sampler random --seeds 3
  taco-bench run --side-by-side --losses l1,l2,l3 --losses l1 --steps 1800 --steps 6400
  taco-bench run --tokens top-idf:0.25 --set losses.token_loss_weight=0.1
  taco-bench run --data msrvtt1k --set data.root=FOLDER --text-encoder minilm
"""


@click.command(epilog=EXAMPLES)
@with_options(EXPERIMENT)
@click.option("--side-by-side", is_flag=True, help="Take repeated options side by side instead of in all combinations.")
@with_options(WORK, OUTPUT)
@click.pass_obj
def command(obj: dict[str, Any], /, **options: Any) -> int:
    """Train and evaluate configurations, and print their table.

    Each configuration is trained once a seed, and the first of them once more on shuffled captions, which must land at chance. What is
    in the results folder already is not trained again; an interrupted training goes on where it was.
    """
    points, words = list(grid(options)), [words_of(alone) for alone in each_alone(options)]
    with reporter_of(options) as reporter:
        from taco_bench.cli.run_jobs import run

        outcome = run(
            points,
            shared(options),
            seeds_of(options, 1),
            reporter,
            third_party=obj["third_party"],
            results=options["results"],
            launcher=launcher_of(options),
            fail_fast=options["fail_fast"],
            force=options["force"],
            words=words,
        )
    return outcome.show(quiet=options["quiet"], json_=options["as_json"])
