"""Launchers and extractors, each whole but for one fault; and what is wrong with components of any kind."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from broken_samplers import Sampler
from rows_of_table import Row
from taco_bench_launchers.local import Local
from torch import nn

from taco_bench.api import Load, Sampling
from taco_bench.testing import ExtractorContract, LauncherContract, SamplerContract


class TwoWorkers(Local):
    def __init__(self) -> None:
        super().__init__(workers=2)


class NoneAtAll(TwoWorkers):
    def workers(self, load: Load) -> int:
        return 0


class AlwaysTwo(TwoWorkers):
    def workers(self, load: Load) -> int:
        return 2


class NeedsGpus(TwoWorkers):
    """As many workers as there are GPUs, though there may be none."""

    def workers(self, load: Load) -> int:
        return 0 if load.gpu else super().workers(load)


def with_popen(name: str, **options: Any) -> type[TwoWorkers]:
    """A launcher that starts its workers in another way."""

    class Popens(TwoWorkers):
        def launch(self, load: Load, command: Sequence[str]) -> list[str]:
            processes = [subprocess.Popen(command, **options) for _ in range(self.workers(load))]
            codes = [process.wait() for process in processes]
            for process in processes:
                for pipe in (process.stdout, process.stderr):
                    if pipe is not None:
                        pipe.close()
            return [f"worker {number} ended with {code}" for number, code in enumerate(codes) if code]

    Popens.__name__ = name
    return Popens


class StartsOne(TwoWorkers):
    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        return Local(workers=1).launch(load, command)


class ThroughAShell(TwoWorkers):
    """Splits the command at the blank of the folder's name."""

    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        return super().launch(load, ["sh", "-c", " ".join(command)])


class DoesNotWait(TwoWorkers):
    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        self.started = [subprocess.Popen(command, start_new_session=True) for _ in range(2)]
        for process in self.started:
            process.returncode = 0  # nobody waits: no warning about it either
        return []


class TellsAll(TwoWorkers):
    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        super().launch(load, command)
        return ["worker 0 has ended", "worker 1 has ended"]


class TellsNothing(TwoWorkers):
    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        super().launch(load, command)
        return []


class KeepsThem(TwoWorkers):
    """The workers that stand by wait for a pipe that nobody closes."""

    def stand_by(self, load: Load, command: Sequence[str]) -> None:
        read, self.write = os.pipe()
        self.started = [subprocess.Popen([*command, "--stand-by"], stdin=read, start_new_session=True) for _ in range(2)]
        os.close(read)

    def dismiss(self) -> None:
        for process in self.started:
            process.returncode = 0  # nobody waits: no warning about it either


class Swallows(TwoWorkers):
    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        try:
            return super().launch(load, command)
        except KeyboardInterrupt:
            return ["interrupted"]


class LeavesThem(TwoWorkers):
    """Raises at once; the workers know nothing of it."""

    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        processes = [subprocess.Popen(command, start_new_session=True) for _ in range(2)]
        try:
            for process in processes:
                process.wait()
        except KeyboardInterrupt:
            for process in processes:
                process.returncode = 0
            raise
        return []


L = LauncherContract
LAUNCHERS = [
    Row(L, "test_workers_is_a_count", NoneAtAll, "1 where the asking process"),
    Row(L, "test_workers_is_a_count", AlwaysTwo, "nothing to do"),
    Row(L, "test_workers_is_a_count", NeedsGpus, "gpu=True"),
    Row(L, "test_starts_as_many_as_it_says", StartsOne, "but 1 workers"),
    Row(L, "test_starts_as_many_as_it_says", ThroughAShell, "as it is given"),
    Row(L, "test_workers_start_where_the_caller_is", with_popen("CleanEnvironment", env={}), "pass on the environment"),
    Row(L, "test_workers_start_where_the_caller_is", with_popen("AtTheRoot", cwd="/"), "in the working folder"),
    Row(L, "test_workers_may_write_much", with_popen("Pipes", stderr=subprocess.PIPE), "0 of 2 workers"),
    Row(L, "test_every_cell_is_done_once", DoesNotWait, "when launch.. returned"),
    Row(L, "test_waits_for_all", DoesNotWait, "wait for each"),
    Row(L, "test_tells_nothing_where_all_ended_well", TellsAll, "ended with code 0"),
    Row(L, "test_those_that_stand_by_are_those_that_work", with_popen("StartsOthers"), "2 workers that stood by 0 worked"),
    Row(L, "test_those_that_are_dismissed_end", KeepsThem, "end them"),
    Row(L, "test_tells_of_each_that_failed", TellsNothing, "a line each"),
    Row(L, "test_an_interrupt_is_passed_on", Swallows, "raise it again"),
    Row(L, "test_an_interrupt_is_passed_on", LeavesThem, "send SIGINT"),
]


class Colours(nn.Module):
    """Mean colours, as often as there are numbers a row."""

    def __init__(self, width: int = 6) -> None:
        super().__init__()
        self.width = width
        self.eval()

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return (frames.float() / 255).mean((1, 3, 4)).repeat(1, 2)[:, : self.width]


class Extractor:
    stream, width, cut, batch = "colours", 6, "mmpt", 4
    sampling = Sampling(fps=1, size=8, crop=False, group=2)

    def files(self) -> list[Path]:
        return []

    def fingerprint(self) -> str:
        return "none"

    def network(self) -> nn.Module:
        return Colours()


class OtherCut(Extractor):
    cut = "halves"


class NoFrames(Extractor):
    sampling = Sampling(fps=1, size=8, crop=False, group=0)


class StreamOfItsOwn:
    """Says what it makes when it is made."""

    def __new__(cls) -> Any:
        return Extractor()


class NoWeights(Extractor):
    def files(self) -> list[Path]:
        return [Path("nowhere.pth")]


class ItsOwnPrint(Extractor):
    def fingerprint(self) -> str:
        return str(torch.rand(1).item())


class Narrow(Extractor):
    def network(self) -> nn.Module:
        return Colours(5)


def computing(name: str, compute: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> type[Extractor]:
    """The extractor with another network, from the frames and their mean colours."""

    class Other(Colours):
        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            return compute(frames, super().forward(frames))

    class Computing(Extractor):
        def network(self) -> nn.Module:
            return Other()

    Computing.__name__ = name
    return Computing


class Squares(Extractor):
    """Knows one size of pictures alone."""

    def network(self) -> nn.Module:
        class Flat(Colours):
            def forward(self, frames: torch.Tensor) -> torch.Tensor:
                return super().forward(frames) + 0 * frames.reshape(len(frames), 2 * 3 * 64).float().mean()

        return Flat()


class Training(Extractor):
    def network(self) -> nn.Module:
        return Colours().train()


class Drawn(Extractor):
    def network(self) -> nn.Module:
        head = nn.Linear(6, 6)
        return nn.Sequential(Colours(), head).eval()


E = ExtractorContract
EXTRACTORS = [
    Row(E, "test_says_what_it_makes", OtherCut, "cut is 'halves'"),
    Row(E, "test_its_sampling", NoFrames, "above 0"),
    Row(E, "test_the_stream_is_known_before_it_is_made", StreamOfItsOwn, "on the class"),
    Row(E, "test_its_weights_are_files", NoWeights, "which is no file"),
    Row(E, "test_its_weights_are_files", ItsOwnPrint, "hash the weights"),
    Row(E, "test_rows_are_as_wide_as_declared", Narrow, "it must give"),
    Row(E, "test_rows_fit_into_float16", computing("Large", lambda frames, rows: rows * 1e6), "scale the features"),
    Row(E, "test_black_frames", computing("Directions", lambda frames, rows: rows / rows.norm(dim=1, keepdim=True)), "black frames"),
    Row(E, "test_pictures_that_are_no_squares", Squares, "pool over what comes"),
    Row(E, "test_it_is_in_evaluation_mode", Training, "eval"),
    Row(E, "test_each_row_by_itself", computing("Centred", lambda frames, rows: rows - rows.mean(0)), "mean over the batch"),
    Row(E, "test_every_worker_computes_the_same", Drawn, "draw none"),
]


def untyped(hard_negatives=3):  # type: ignore[no-untyped-def]
    return Sampler(hard_negatives)


def needed(hard_negatives: int) -> Sampler:
    return Sampler(hard_negatives)


class Halfway:
    def negatives(self, batch_size: int) -> int:
        return 3


S = SamplerContract
ANY_KIND = [
    Row(S, "test_is_registered_with_a_summary", Sampler, "one line", registered={"summary": "one\ntwo"}),
    Row(S, "test_is_registered_with_a_summary", Sampler, "lower-case", registered={"name": "My Sampler"}),
    Row(S, "test_options_have_types_and_defaults", untyped, "annotate the option"),
    Row(S, "test_options_have_types_and_defaults", needed, "a default"),
    Row(S, "test_its_source_can_be_read", functools.partial(Sampler, 3), "not a partial"),
    Row(S, "test_has_every_member", Halfway, "has no sample"),
]

ROWS = [*LAUNCHERS, *EXTRACTORS, *ANY_KIND]
WHOLE = [(L, TwoWorkers), (E, Extractor)]
