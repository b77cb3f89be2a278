"""The contract of launchers."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from taco_bench.api import Load
from taco_bench.testing.contract import Contract

WORKER = """
import json, os, pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
folder, cells, how, patience = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
me = f"{os.uname().nodename}-{os.getpid()}"
if sys.argv[-1] == "--stand-by":
    (folder / f"stood {me}").touch()
    if not os.read(0, 1):
        sys.exit()
(folder / f"begun {me}").touch()
(folder / f"saw {me}").write_text(json.dumps([os.environ.get("TACO_BENCH_CONTRACT"), os.getcwd()]))
if how == "talks":
    signal.alarm(5)
    for stream in (sys.stdout, sys.stderr):
        stream.write(("x" * 99 + "\\n") * 2000)
        stream.flush()
    signal.alarm(0)
try:
    for cell in range(cells):
        try:
            (folder / f"taken {cell}").touch(exist_ok=False)
        except FileExistsError:
            continue
        time.sleep(0.05)
        (folder / f"done {cell} {me}").touch()
    end = time.monotonic() + patience
    while time.monotonic() < end:
        time.sleep(0.02)
except KeyboardInterrupt:
    (folder / f"saved {me}").touch()
    sys.exit(130)
(folder / f"ended {me}").touch()
if how == "fails":
    sys.exit(5)
if how == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""
"""A worker like the core's: the folder is the queue, a file a cell; interrupted, it saves its state. ``patience``: seconds it stays on.

One that talks writes 200 kB to each of its streams, more than a pipe holds, and dies where nobody has read them for 5 seconds.
"""
VARIABLE = "TACO_BENCH_CONTRACT"


class LauncherContract(Contract):
    """For launchers: what starts the workers of a grid.

    The checks start small workers on files in a folder that all workers must see.

    Attributes:
        load: asked for; it must make the launcher start two workers at least, so give ``options`` that make it so on any machine.
        patience: seconds until workers that were asked for must have begun.
    """

    kind: ClassVar[str] = "launcher"
    members: ClassVar[tuple[str, ...]] = ("workers", "launch")
    load: ClassVar[Load] = Load(trainings=3, threads=1, gpu=False)
    patience: ClassVar[float] = 30.0

    def folder(self, tmp_path: Path) -> Path:
        """Where the workers meet; its name has a blank, as users' folders have."""
        found = tmp_path / "the queue"
        found.mkdir()
        (found / "worker.py").write_text(WORKER, encoding="utf-8")
        return found

    def command(self, folder: Path, *, cells: int = 0, how: str = "ends well", patience: float = 0.0) -> list[str]:
        """What each worker runs."""
        return [sys.executable, str(folder / "worker.py"), str(folder), str(cells), how, str(patience)]

    def several(self, launcher: Any) -> int:
        """How many workers it starts; the core does the work itself where it is one."""
        count: int = launcher.workers(self.load)
        if count < 2:
            pytest.skip(f"it starts {count} worker for {self.load}, and the core does not ask it to: give options that start two")
        return count

    def test_workers_is_a_count(self, component: Any) -> None:
        """The price of a plan is shared out among them; one is the process that asks."""
        for trainings, gpu in itertools.product((1, 2, 7), (False, True)):
            load = Load(trainings, self.load.threads, gpu)
            found = component.workers(load)
            right = isinstance(found, int) and found >= 1
            assert right, f"workers() gave {found!r} for {load}: a number, 1 where the asking process is enough"
            assert found <= trainings, f"workers() gave {found} for {trainings} trainings: more workers than that have nothing to do"

    def test_starts_as_many_as_it_says(self, component: Any, tmp_path: Path) -> None:
        """The plan was priced for that number, and they were told their GPUs by it."""
        folder, count = self.folder(tmp_path), self.several(component)
        component.launch(self.load, self.command(folder))
        begun = len(list(folder.glob("begun *")))
        assert begun == count, f"workers() says {count}, but {begun} workers ran the command: run it once a worker, as it is given"

    def test_workers_start_where_the_caller_is(self, component: Any, tmp_path: Path) -> None:
        """Variables such as TACO_BENCH_DATA and relative paths mean to a worker what they mean to the process that asks."""
        folder, _ = self.folder(tmp_path), self.several(component)
        value = str(tmp_path)
        os.environ[VARIABLE] = value
        try:
            component.launch(self.load, self.command(folder))
        finally:
            del os.environ[VARIABLE]
        for path in folder.glob("saw *"):
            found, where = json.loads(path.read_text(encoding="utf-8"))
            assert found == value, f"a worker saw {VARIABLE}={found}, not {value}: pass on the environment of the process that asks"
            assert Path(where).resolve() == Path.cwd().resolve(), f"a worker ran in {where}: start it in the working folder, {Path.cwd()}"

    def test_workers_may_write_much(self, component: Any, tmp_path: Path) -> None:
        """Progress and warnings go to a worker's stdout and stderr: a pipe that nobody reads fills up, and the worker stops for good."""
        folder, count = self.folder(tmp_path), self.several(component)
        found = list(component.launch(self.load, self.command(folder, how="talks")))
        ended = len(list(folder.glob("ended *")))
        hint = "let it write to the caller's streams or to a file, or read its pipe until it ends"
        assert ended == count, f"{ended} of {count} workers that wrote 200 kB to stdout and to stderr ended well, told as {found}; {hint}"

    def test_every_cell_is_done_once(self, component: Any, tmp_path: Path) -> None:
        """The workers share a queue in a folder, and all work is done when launch() returns."""
        folder, _ = self.folder(tmp_path), self.several(component)
        component.launch(self.load, self.command(folder, cells=7))
        done = sorted(path.name.split()[1] for path in folder.glob("done *"))
        assert done == [str(cell) for cell in range(7)], f"the cells {done} of 0 to 6 were done when launch() returned"

    def test_waits_for_all(self, component: Any, tmp_path: Path) -> None:
        """When launch() returns, what is not done has failed: a worker that still runs would be told as one."""
        folder, count = self.folder(tmp_path), self.several(component)
        component.launch(self.load, self.command(folder, patience=0.5))
        ended = len(list(folder.glob("ended *")))
        assert ended == count, f"launch() returned when {ended} of {count} workers had ended: wait for each"

    def test_tells_nothing_where_all_ended_well(self, component: Any, tmp_path: Path) -> None:
        """Each line that launch() returns is told as a fault of the run."""
        folder, _ = self.folder(tmp_path), self.several(component)
        found = list(component.launch(self.load, self.command(folder)))
        assert found == [], f"all workers ended with code 0, but launch() told {found}"

    def standing(self, launcher: Any, folder: Path) -> int:
        """Workers that stand by, where the launcher can start them so early; how many."""
        if not hasattr(launcher, "stand_by"):
            pytest.skip("it starts no workers early")
        count = self.several(launcher)
        launcher.stand_by(self.load, self.command(folder))
        end = time.monotonic() + self.patience
        while len(list(folder.glob("stood *"))) < count and time.monotonic() < end:
            time.sleep(0.02)
        stood = len(list(folder.glob("stood *")))
        assert stood == count, f"{stood} of {count} workers stood by: run the command with --stand-by after it, once a worker"
        return count

    def test_those_that_stand_by_are_those_that_work(self, component: Any, tmp_path: Path) -> None:
        """Workers that are started early spare the time of their imports; others beside them would take it twice."""
        folder = self.folder(tmp_path)
        self.standing(component, folder)
        try:
            found = list(component.launch(self.load, self.command(folder)))
        finally:
            component.dismiss()
        stood, ended = ({path.name.partition(" ")[2] for path in folder.glob(f"{what} *")} for what in ("stood", "ended"))
        assert ended == stood, f"of {len(stood)} workers that stood by {len(ended & stood)} worked: launch() writes a byte to each"
        assert found == [], f"all workers ended with code 0, but launch() told {found}"

    def test_those_that_are_dismissed_end(self, component: Any, tmp_path: Path) -> None:
        """Nobody waits for workers of a run whose data turned out to be wrong."""
        folder = self.folder(tmp_path)
        self.standing(component, folder)
        component.dismiss()
        left = [path.name for path in folder.glob("stood *") if _kill(path)]
        assert not left, f"{len(left)} workers were still there after dismiss(): end them"
        assert not list(folder.glob("begun *")), "a worker that was dismissed began its work"

    @pytest.mark.parametrize("how", ["fails", "killed"])
    def test_tells_of_each_that_failed(self, component: Any, tmp_path: Path, how: str) -> None:
        """A worker that failed or was killed, for want of memory for example, is the only cause that the user will be told."""
        folder, count = self.folder(tmp_path), self.several(component)
        found = list(component.launch(self.load, self.command(folder, how=how)))
        right = len(found) == count and all(isinstance(line, str) and line for line in found)
        assert right, f"{count} workers {'ended with code 5' if how == 'fails' else 'were killed'}, but launch() told {found}: a line each"

    def test_an_interrupt_is_passed_on(self, component: Any, tmp_path: Path) -> None:
        """Ctrl-C comes to the process that called launch(): workers get SIGINT, save their state, and only then it is raised again."""
        folder, count = self.folder(tmp_path), self.several(component)
        watching = threading.Thread(target=self._interrupt, args=(folder, count))
        watching.start()
        try:
            found = self._launched(component, self.command(folder, patience=self.patience))
        finally:
            watching.join()
            saved = len(list(folder.glob("saved *")))
            _kill_the_rest(folder)
        assert saved == count, f"{saved} of {count} workers had saved their state: send SIGINT to each, and wait for them"
        assert found == "interrupted", "launch() swallowed the KeyboardInterrupt: raise it again when the workers have ended"

    def _launched(self, launcher: Any, command: Sequence[str]) -> str:
        try:
            launcher.launch(self.load, command)
            time.sleep(0.2)  # an interrupt that comes late comes here
        except KeyboardInterrupt:
            return "interrupted"
        return "returned"

    def _interrupt(self, folder: Path, count: int) -> None:
        """Interrupt this process when all workers have begun."""
        end = time.monotonic() + self.patience
        while len(list(folder.glob("begun *"))) < count and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)


def _kill_the_rest(folder: Path) -> None:
    """Workers of this machine that a broken launcher left behind."""
    over = {path.name.partition(" ")[2] for kind in ("saved", "ended") for path in folder.glob(f"{kind} *")}
    for path in folder.glob("begun *"):
        if path.name.partition(" ")[2] not in over:
            _kill(path)


def _kill(path: Path) -> bool:
    """Kill the worker that a file names; whether it was there, on this machine."""
    machine, _, number = path.name.partition(" ")[2].rpartition("-")
    if machine != os.uname().nodename:
        return False
    try:
        os.kill(int(number), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
