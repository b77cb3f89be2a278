"""``taco-bench``: the verbs, and what errors become."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from typing import Any

import click

from taco_bench import __version__
from taco_bench.errors import EXIT_CODES, UserError

VERBS = {
    "run": "Train and evaluate configurations, and print their table.",
    "reproduce": "Make every cell of a suite, its table, and a verdict on each claim.",
    "plan": "Say what a suite still needs, and its price; trains nothing.",
    "table": "Print a suite's table from the cells that are there.",
    "compare": "Compare two rows, and say where one of them wins.",
    "explain": "Say where a cell comes from, and how to make it again.",
    "status": "Say what a results folder holds, what is running, and what failed.",
    "gc": "Remove what a results folder no longer needs; shows it first.",
    "list": "List the components and the suites that there are.",
    "show": "Show a component's options, or those of a run.",
    "data": "Say which files of a data set are there, or make them again.",
    "features": "Extract features from videos; build and check stores of them.",
    "plugins": "Show the installed plugins, and why any failed; begin and check your own.",
    "worker": "One worker of a grid; launchers start it.",
    "version": "Print the versions that matter.",
}
"""Each verb, its module in this package, and its line of help."""
ALIASES = {"plugin": "plugins"}
"""Other spellings of a verb."""

WELCOME = """\
taco-bench {version}: video-text contrastive learning, measured.

  taco-bench run --sampler cascade --tokens noun,verb    train TACo on the embedded data set (minutes on two cores)
  taco-bench list                                        data sets, encoders, samplers, token selectors, ...
  taco-bench --help                                      all verbs\
"""


class Verbs(click.Group):
    """Imports the module of a verb when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"taco_bench.cli.{cmd_name}_").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """A verb that does not exist names the nearest."""
        from taco_bench.errors import nearest

        args = [ALIASES.get(args[0], args[0]), *args[1:]] if args else args
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise UserError(f"unknown verb {args[0]!r}", hint=nearest(args[0], VERBS))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs with their lines, without importing their modules."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the exit codes mean."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES.items()])


@click.group(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option("--no-plugins", is_flag=True, help="Leave third parties' plugins out.")
@click.pass_context
def main(context: click.Context, *, no_plugins: bool) -> None:
    """Train and compare video-text models built around TACo (ICCV 2021).

    The exit code says how it ended; they are listed below.
    """
    context.obj = {"third_party": not no_plugins}
    if context.invoked_subcommand is None:
        click.echo(WELCOME.format(version=__version__))
    elif not no_plugins and context.invoked_subcommand != "worker":  # a grid's workers need not repeat it
        _tell_limit()


def _tell_limit() -> None:
    """Say what the limit on plugins names in vain: with a misspelt name a plugin is left out."""
    if os.environ.get("TACO_BENCH_PLUGINS"):
        from taco_bench.plugins import unknown_in_limit

        unknown = unknown_in_limit()
        if unknown is not None:
            click.echo(unknown.what, err=True)


def entry(arguments: list[str] | None = None) -> None:
    """Run the command line and exit; errors of the user end in a message and an exit code, without a traceback."""
    sys.exit(call(arguments))


def call(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin while they wait slow every other process down
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        result: Any = main.main(arguments, prog_name="taco-bench", standalone_mode=False)
        return int(result or 0)
    except UserError as error:
        _trace()
        return _tell(error.lines(), error.exit_code)
    except click.ClickException as error:
        return _tell([error.format_message(), f"  try:   {_help_of(error)}"], 2)
    except (KeyboardInterrupt, click.Abort):
        return _tell(["interrupted; what was trained so far is kept, and the same command goes on from there"], 130)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        _trace()
        from taco_bench.cli.fault import lines_of

        return _tell(lines_of(error), 1)
    finally:
        signal.signal(signal.SIGTERM, before)


def _help_of(error: click.ClickException) -> str:
    """The help of the verb whose call is wrong; of all verbs where it is none's."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{context.command_path if context else 'taco-bench'} --help"


def _trace() -> None:
    if os.environ.get("TACO_BENCH_TRACE") == "1":
        traceback.print_exc()


def _tell(lines: list[str], code: int) -> int:
    click.echo("\n".join(["error: " + lines[0] if code != 130 else lines[0], *lines[1:]]), err=True)
    return code


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
