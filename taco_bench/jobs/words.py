"""Words of the command line that asked for cells, so that a command which is named to a user has the options that theirs had."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

FLAGS = ("--no-control",)
"""Options without a value."""
OF_THE_CALL = ("--seed", "--seeds", "--results")
"""Where and how often, not what."""
NOT_OF_A_START = ("--init", "--task", "--scores", "--metric-convention", "--acknowledge")
"""What is evaluated, and from where: a start has its own."""
SETS_NOT_OF_A_START = ("task.", "task=", "evaluation.", "train.init=")

Group = tuple[str, ...]
"""An option with its value, or a flag."""


def grouped(words: Sequence[str]) -> Iterator[Group]:
    """Options with their values, one after the other."""
    at = 0
    while at < len(words):
        end = at + (1 if words[at] in FLAGS else 2)
        yield tuple(words[at:end])
        at = end


def without(words: Sequence[str], *options: str, sets: Sequence[str] = ()) -> tuple[str, ...]:
    """The words without some options, and without each ``--set`` whose value begins so."""
    return _flat(
        group for group in grouped(words) if group[0] not in options and not (group[0] == "--set" and group[1].startswith((*sets,)))
    )


def only(words: Sequence[str], *options: str) -> tuple[str, ...]:
    """These options alone."""
    return _flat(group for group in grouped(words) if group[0] in options)


def for_start(words: Sequence[str], *, same_data: bool) -> tuple[str, ...]:
    """The words with which a start is asked for by whoever asks with ``words`` for what starts from it.

    Args:
        words: given by the user.
        same_data: whether both are on one data set; else where its files lie, and its other options, are not the start's.
    """
    kept = without(words, *NOT_OF_A_START, sets=(*SETS_NOT_OF_A_START, *(() if same_data else ("data.",))))
    return _flat(group for group in grouped(kept) if group != ("--steps", "0"))


def reproducing(suite: str, data: str, words: Sequence[str]) -> str:
    """The command that makes a suite on a data set."""
    return shlex.join(["taco-bench", "reproduce", suite, "--data", data, *words])


def _flat(groups: Iterable[Group]) -> tuple[str, ...]:
    return tuple(word for group in groups for word in group)
