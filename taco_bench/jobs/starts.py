"""Trainings that start from another: what must match, which training it is, and what to do where it is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from taco_bench.config import Experiment
from taco_bench.errors import ConfigError, InfeasibleError, UserError
from taco_bench.jobs.words import OF_THE_CALL, for_start, only, reproducing, without
from taco_bench.store.cells import Store
from taco_bench.store.identity import chain_of, id_of
from taco_bench.store.leases import is_surely_dead, read
from taco_bench.store.ledger import ledger_of
from taco_bench.store.seen import Seen, load_seen

if TYPE_CHECKING:
    from taco_bench.jobs.plan import Job

ID = re.compile(r"[0-9a-f]{3,16}")
ALIKE = ("width", "heads", "feedforward", "video_layers")
"""Sizes of the model that must be those of the start; the rest follows from them, or may differ."""
TRAINED_ONLY = ("dropout", "frozen")
"""Options of text encoders that say how they are trained, not what they are."""
SCORING = ("sentence_temperature", "token_temperature", "normalize")
"""Loss options that scores depend on: without steps they must be the start's."""


class StartsOf(Protocol):
    """Finds the trainings that others start from."""

    def __call__(self, reference: str, seeds: Sequence[int]) -> list[dict[str, Any]]:
        """The parts of the training that ``reference`` names, for each seed; none of them has to be finished.

        Raises:
            ConfigError: nothing is named so, or what is named so cannot be told here.
        """


def starts_for(experiment: Experiment, seeds: Sequence[int], starts: StartsOf | None) -> list[dict[str, Any] | None]:
    """The parts of the training that an experiment starts from, for each seed; None each where it starts from scratch.

    Raises:
        ConfigError: there is no such training, or it does not match; with every difference.
    """
    reference = experiment.train.init
    if reference is None:
        return [None for _ in seeds]
    if starts is None:
        raise ConfigError([InfeasibleError("there is no results folder to find the start in", where="--init", hint="--results DIR")])
    found = starts(reference, seeds)
    problems = list(mismatches(experiment, found[0]))
    if problems:
        raise ConfigError(problems)
    return [*found]


def mismatches(experiment: Experiment, start: Mapping[str, Any]) -> Iterator[UserError]:
    """What keeps an experiment from starting where it is told to, an error each with the option that mends it.

    Width, heads, feed-forward and layers must be the start's; so must the encoders, and the text encoder with all its options but
    dropout and frozen. Without steps, what is scored must have been trained: the losses in use are among the start's, temperatures,
    normalisation and tokens of interest are the same, and no place is used that the start did not have. (This is why the paper has no
    zero-shot figure on ActivityNet, P 5.1.2.) With steps, a loss and its module may be new, and new places are learnt.

    Args:
        experiment: resolved.
        start: the parts of the training.
    """
    was, now = start["configuration"], experiment.model_dump(mode="json")
    sizes = [*ALIKE, *(["fusion_layers"] if "l3" in {*was["losses"]["use"]} & {*experiment.losses.use} else [])]
    yield from (
        _differs(f"model.{name}", now["model"][name], was["model"][name]) for name in sizes if now["model"][name] != was["model"][name]
    )
    before, after = ("+".join(spec["type"] for spec in side["encoder"]) for side in (was, now))
    if before != after:
        yield _differs("the encoder", after, before, f"--encoder {before}")
    yield from _text_encoder(now["text_encoder"], was["text_encoder"])
    if experiment.train.steps == 0:
        yield from _untrained(experiment, now, start)


def _text_encoder(now: Mapping[str, Any], was: Mapping[str, Any]) -> Iterator[UserError]:
    if now["type"] != was["type"]:
        yield _differs("the text encoder", now["type"], was["type"], f"--text-encoder {was['type']}")
        return
    for name in sorted({*now, *was} - {*TRAINED_ONLY}):
        if now.get(name) != was.get(name):
            yield _differs(f"text_encoder.{name}", now.get(name), was.get(name))


def _untrained(experiment: Experiment, now: Mapping[str, Any], start: Mapping[str, Any]) -> Iterator[UserError]:
    """What an evaluation without any step would ask of the start that it never learnt."""
    was, trained = start["configuration"], trained_losses(start)
    new = [loss for loss in experiment.losses.use if loss not in trained]
    if new:
        what = (
            f"{' and '.join(new)} would be scored, but the training that it starts from did not train {'it' if len(new) == 1 else 'them'}"
        )
        yield InfeasibleError(what, where="--losses", hint=f"--losses {','.join(trained)}, or --steps above 0")
    for name in SCORING:
        if now["losses"][name] != was["losses"][name] and not (name.startswith("token") and "l2" not in experiment.losses.use):
            yield _differs(f"losses.{name}", now["losses"][name], was["losses"][name])
    if "l2" in trained and "l2" in experiment.losses.use and now["tokens"] != was["tokens"]:
        before, after = (",".join(spec["type"] for spec in side["tokens"]) for side in (was, now))
        yield _differs("the tokens of interest", after, before, f"--tokens {before}")
    for name in ("max_video_tokens", "max_text_tokens"):
        if now["model"][name] > was["model"][name]:
            what = f"model.{name} is {now['model'][name]}, but the training that it starts from has places for {was['model'][name]}"
            hint = f"--set model.{name}={was['model'][name]}, or --steps above 0: new places must be learnt"
            yield InfeasibleError(what, where=f"model.{name}", hint=hint)


def trained_losses(training: Mapping[str, Any]) -> list[str]:
    """The losses whose scores a training has learnt: its own; without steps those of its start, where it has one."""
    if training["configuration"]["train"]["steps"] == 0 and training.get("start"):
        return trained_losses(training["start"])
    return list(training["configuration"]["losses"]["use"])


def _differs(what: str, now: Any, was: Any, hint: str = "") -> UserError:
    told = f"{what} is {_told(now)}, but {_told(was)} in the training that it starts from"
    return InfeasibleError(told, where="--init", hint=hint or f"--set {what}={_told(was)}")


def _told(value: Any) -> str:
    return "none" if value is None or value == "" else str(value).lower() if isinstance(value, bool) else str(value)


def parse_reference(reference: str) -> tuple[str, str, str]:
    """Suite, data set and row of a reference such as ``paper/pretrain@howto100m:s3d-hm``; a data set's name may hold colons.

    Raises:
        UserError: it is not of this form.
    """
    suite, at, rest = reference.partition("@")
    data, colon, row = rest.rpartition(":")
    if not (suite and at and data and colon and row):
        hint = "a training's id (taco-bench explain shows it), or SUITE@DATA:ROW, such as paper/pretrain@howto100m:s3d-hm"
        raise UserError(f"{reference!r} names no training to start from", where="--init", hint=hint)
    return suite, data, row


def seen_by_starts(job: Job, store: Store) -> tuple[dict[str, Seen], list[str]]:
    """What each training that a job goes back to has seen, by id, the nearest first; and a line about each of which that is not known.

    A training without steps has seen nothing.

    Raises:
        DataError: a list of what was seen is not whole.
    """
    chain = [id_of(parts) for parts in chain_of(job.parts["training"]) if parts["configuration"]["train"]["steps"]]
    found = {training: load_seen(store.seen(training)) for training in chain}
    why = "from which it starts, is not compared with the splits evaluated: no list of its videos is there; it is of an earlier taco-bench"
    unknown = [f"the training {training}, {why}, or was removed" for training, seen in found.items() if seen is None]
    return {training: seen for training, seen in found.items() if seen is not None}, unknown


def missing_start(job: Job, store: Store, words: Sequence[str] = ()) -> UserError | None:
    """Where a job cannot begin, because the training that it starts from is not in the store: what makes it; else None.

    Args:
        job: the job.
        store: the results folder.
        words: of the command line that asked for the job.
    """
    if not job.start or store.training(job.start) is not None or store.training(job.training) is not None:
        return None
    reference = job.experiment.train.init or ""
    what, where = f"it starts from {reference}, which is not in the store", str(store.root)
    lease = read(store.root / "leases" / f"{job.start}.json")
    if lease is not None and not is_surely_dead(lease):
        return UserError(what, where=where, hint="it is being made now: run this again when it is done")
    if ID.fullmatch(reference):
        return UserError(what, where=where, hint="make it again: `taco-bench explain` of one of its cells says how")
    return UserError(what, where=where, hint=_making(job, store, words))


def _making(job: Job, store: Store, words: Sequence[str]) -> str:
    """The command that makes the row that a job starts from: with the options with which it was asked for last, else with the user's."""
    suite, data, row = parse_reference(job.experiment.train.init or "")
    ledger = ledger_of(store, f"{Path(suite).stem if suite.endswith('.toml') else suite}@{data}")
    if ledger.rows:
        given = [*without(ledger.words, *OF_THE_CALL), *only(words, *OF_THE_CALL)]
    else:
        given = [*for_start(words, same_data=data.partition(":")[0] == job.experiment.data["type"])]
    cells = ledger.rows.get(row, {}).get(str(job.seed), [])
    force = ["--force"] if cells and store.has(cells[-1]) else []  # its figures are there, its weights were removed
    return reproducing(suite, data, [*force, *given])


def failed_start(job: Job, jobs: Sequence[Job], store: Store, run: str) -> UserError | None:
    """Why the training that a job starts from is not there, where the same grid was to make it and could not; else None.

    Args:
        job: the job.
        jobs: of the grid.
        store: the results folder.
        run: of the grid.
    """
    first = next((other for other in jobs if other.training == job.start), None)
    if first is None or any(store.training(training) is not None for training in (job.start, job.training)):
        return None
    failure = store.failure(first.cell, run)
    what = f"it starts from {first.label}, which failed" + (f": {failure['what']}" if failure else "")
    return UserError(
        what, where=str(store.root), hint="mend that and run the same command again; `taco-bench status` shows all that failed"
    )
