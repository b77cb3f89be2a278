"""Time, memory and tables of the scripts in this folder.

Time: the candidates take turns, round after round, so that whatever else the machine does falls on all of them alike. A table shows the
least and the median of the rounds and the least CPU time (the process's threads together: what others do to a shared machine hardly touches
it), and the ratios of the least ones to the reference's, which is timed in the same run. Memory: torch's profiler
reports every allocation and release of its CPU allocator; the peak is the largest sum of them from the call's beginning, so it counts what
the call takes on top of its inputs, to the byte, whatever else the machine does. Numpy's arrays are counted by tracemalloc in the same way.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tabulate import tabulate

RESULTS = Path(__file__).parent / "results"
sys.path.append(str(RESULTS.parents[1] / "tests"))  # for the plain references, which are those of the tests


@dataclass
class Candidate:
    """One way to do what a benchmark measures.

    Attributes:
        name: of its row.
        run: does it once.
        seconds: of each round.
        cpu: seconds of each round, all threads together.
        peak: bytes.
    """

    name: str
    run: Callable[[], object]
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: int = 0


def arguments(description: str | None, *, rounds: int, small: str) -> argparse.ArgumentParser:
    """The options that all scripts share."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"rounds of the timings; {rounds} unless given")
    parser.add_argument("--threads", type=int, default=2, help="of torch; 2 unless given")
    parser.add_argument("--small", action="store_true", help=small)
    parser.add_argument("--save", action="store_true", help="write what is printed to benchmarks/results too")
    return parser


def compare(candidates: Sequence[Candidate], rounds: int, peak: Callable[[Callable[[], object]], int] | None = None) -> None:
    """Fill in the seconds of all candidates, in turns, and their peaks where ``peak`` says how; the first run of each is not timed."""
    for candidate in candidates:
        if peak is None:
            candidate.run()
        else:
            candidate.peak = peak(candidate.run)
    for _ in range(rounds):
        for candidate in candidates:
            started, used = time.perf_counter(), time.process_time()
            candidate.run()
            candidate.seconds.append(time.perf_counter() - started)
            candidate.cpu.append(time.process_time() - used)


@dataclass(frozen=True)
class Memory:
    """What a call allocated, in bytes: the most at once, and the largest array."""

    peak: int
    largest: int


def torch_memory(run: Callable[[], object]) -> Memory:
    """What torch allocated on the CPU during ``run``, on top of what it held before."""
    profiler = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True)
    with without_chatter(), profiler as trace:
        run()
    events = [event for event in trace.profiler.kineto_results.events() if event.name() == "[memory]"]  # type: ignore[union-attr]
    changes = [event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())]
    return Memory(max(0, *itertools.accumulate(changes)), max(changes))


def torch_peak(run: Callable[[], object]) -> int:
    """The most bytes that torch held on the CPU during ``run``, on top of what it held before."""
    return torch_memory(run).peak


def numpy_peak(run: Callable[[], object]) -> int:
    """The most bytes that numpy and Python held during ``run``, above what they held before."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@contextlib.contextmanager
def without_chatter() -> Iterator[None]:
    """Kineto writes two lines a profile to the process's own standard error."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def rows(candidates: Sequence[Candidate], reference: Candidate) -> list[list[object]]:
    """A row a candidate: its times, how often faster than the reference, MiB, share of the reference's memory."""
    found: list[list[object]] = []
    for one in candidates:
        least, middle, cpu = min(one.seconds), statistics.median(one.seconds), min(one.cpu)
        row: list[object] = [one.name, *(f"{1e3 * seconds:.4g}" for seconds in (least, middle, cpu))]
        row += [f"{min(reference.seconds) / least:.2f}", f"{min(reference.cpu) / cpu:.2f}"]
        if reference.peak:
            row += [f"{one.peak / 2**20:.4g}", f"{one.peak / reference.peak:.2f}"]
        found.append(row)
    return found


HEAD = ["", "ms, least", "ms, median", "CPU ms", "times faster", "by CPU time", "peak MiB", "of the memory"]


def table(body: Iterable[Sequence[object]], head: Sequence[str] = HEAD) -> str:
    """A Markdown table."""
    lines = [list(row) for row in body]
    width = max(map(len, lines))
    return tabulate(lines, list(head)[:width], tablefmt="github", disable_numparse=True, colalign=("left", *["right"] * (width - 1)))


def hardware() -> str:
    """What the figures were measured on."""
    name = "unknown CPU"
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    threads = torch.get_num_threads()
    told = f"{name}, {torch.backends.cpu.get_cpu_capability()}, {threads} thread{'s' if threads > 1 else ''}, torch {torch.__version__}"
    return f"{torch.cuda.get_device_name()}; {told}" if torch.cuda.is_available() else told


@contextlib.contextmanager
def report(script: str, *, save: bool) -> Iterator[Callable[[str], None]]:
    """Print a script's lines under the hardware's name, and keep them in results/ where asked."""
    kept = io.StringIO()

    def say(text: str = "") -> None:
        print(text, flush=True)
        kept.write(text + "\n")

    say(f"`python {' '.join(['benchmarks/' + Path(sys.argv[0]).name, *sys.argv[1:]])}` on {hardware()}\n")
    yield say
    if save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{Path(script).stem}.md").write_text(kept.getvalue(), encoding="utf-8")
