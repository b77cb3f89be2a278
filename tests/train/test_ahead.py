"""The next batch, made by a thread while a step runs: the same batches, errors where they belong, and an end."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from builders import CPU, MAX_VIDEO, Interrupting, experiment, plugins, prepared

from taco_bench.data.batches import Batches
from taco_bench.errors import DataError, TrainingError
from taco_bench.reporting import Silent
from taco_bench.train.ahead import Ahead
from taco_bench.train.loop import Training

pytestmark = pytest.mark.compat

STEPS = 6
DROPOUT = {"model": {"dropout": 0.3}, "train": {"steps": STEPS, "warmup_steps": 2, "validate_every": 2, "checkpoint": "best"}}


class Recorded(Batches):
    """Batches that remember who made them, and fail at one step."""

    def __init__(self, fails_at=None):
        super().__init__(prepared(), 4, MAX_VIDEO, 0, shuffle_captions=False, device=CPU)
        self.made, self.fails_at = [], fails_at

    def at(self, step):
        self.made.append((step, threading.current_thread() is threading.main_thread()))
        if step == self.fails_at:
            raise DataError("the file is gone", where="clip 7", hint="bring it back")
        return super().at(step)


def content(batch):
    values = (batch.ids.values, batch.words.rows, batch.words.owner, batch.words.weights, batch.features.values)
    return batch.clips, batch.captions, [value.tolist() for value in values]


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("next-batch")]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    assert not threads()
    yield
    assert not threads()


# --- batches


@pytest.mark.parametrize("asked", [range(STEPS), range(3, STEPS), [0, 4, 1, 5], [2, 2]])
def test_the_batches_are_those_that_are_asked_for(asked):
    with Ahead(Recorded(), STEPS, thread=True) as ahead:
        assert [content(ahead.at(step)) for step in asked] == [content(Recorded().at(step)) for step in asked]


def test_each_batch_but_those_behind_the_last_is_made_once_by_the_thread():
    batches = Recorded()
    with Ahead(batches, STEPS, thread=True) as ahead:
        ahead.at(3)
        ahead.settle()
        assert batches.made == [(3, False), (4, False)]
        for step in (4, 5):
            ahead.at(step)
        ahead.settle()
    assert batches.made == [(3, False), (4, False), (5, False)]


def test_without_a_thread_a_batch_is_made_when_it_is_asked_for():
    batches = Recorded()
    with Ahead(batches, STEPS, thread=False) as ahead:
        ahead.at(0)
        ahead.settle()
        assert not threads()
        ahead.at(1)
    assert batches.made == [(0, True), (1, True)]


def test_a_training_on_a_cpu_has_no_thread(tmp_path):
    assert not Training(experiment(), 0, prepared(), plugins(), tmp_path).ahead.thread


def test_an_error_comes_where_its_batch_is_asked_for_and_whole():
    with Ahead(Recorded(fails_at=1), STEPS, thread=True) as ahead:
        ahead.at(0)
        ahead.settle()  # the thread has met it by now
        for _ in range(2):
            with pytest.raises(DataError, match="the file is gone") as caught:
                ahead.at(1)
            assert (caught.value.where, caught.value.hint, caught.value.exit_code) == ("clip 7", "bring it back", 3)
        assert content(ahead.at(2)) == content(Recorded().at(2))


def test_it_can_be_asked_again_after_its_end():
    ahead = Ahead(Recorded(), STEPS, thread=True)
    for _ in range(2):
        with ahead:
            assert content(ahead.at(0)) == content(Recorded().at(0))
        assert not threads()


class Shared(Recorded):
    """Batches of which another thread always asks for another epoch's at the same moment."""

    _order = property(lambda _: (7, np.arange(10)), lambda *_: None)


@pytest.mark.parametrize("step", [0, 1, 2, 5])
def test_two_threads_may_ask_for_batches_of_two_epochs(step):
    """Of the order that both share, each uses what it has seen to be its epoch's."""
    assert content(Shared().at(step)) == content(Recorded().at(step))


# --- trainings


def training(folder, data=None, validate=None, **options):
    """One that makes its batches ahead, as on a GPU."""
    run = Training(experiment(**{**DROPOUT, **options}), 0, data or prepared(dropout=0.3), plugins(), folder, validate)
    run.ahead = Ahead(run.batches, STEPS, thread=True)
    return run


def by_weights(model):
    return float(next(model.parameters()).detach().double().sum())


def result(run):
    weights = {name: value.clone() for name, value in run.run(Silent(), "test").state_dict().items()}
    return weights, [(steps, pairs, score) for steps, _, pairs, score in run.progress.curve]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a training on a CPU comes to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return result(Training(experiment(**DROPOUT), 0, prepared(dropout=0.3), plugins(), folder, by_weights))


def check_equal(found, expected):
    assert found[1] == expected[1]
    assert found[0].keys() == expected[0].keys()
    assert all(torch.equal(found[0][name], expected[0][name]) for name in expected[0])


def test_a_training_comes_to_the_same_bits(tmp_path, undisturbed):
    check_equal(result(training(tmp_path, validate=by_weights)), undisturbed)


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_an_interruption_saves_and_resumes_to_the_same_bits(tmp_path, undisturbed, step):
    with pytest.raises(KeyboardInterrupt):
        training(tmp_path, validate=by_weights).run(Interrupting(step), "test")
    assert not threads()
    assert (tmp_path / "state.safetensors").is_file()
    check_equal(result(training(tmp_path, validate=by_weights)), undisturbed)


def test_an_interruption_while_it_waits_for_a_batch(tmp_path, undisturbed):
    run = training(tmp_path, validate=by_weights)
    made = run.batches.at

    def at(step):
        if step == 3:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            time.sleep(0.2)  # the main thread waits for this batch
        return made(step)

    run.batches.at = at
    with pytest.raises(KeyboardInterrupt):
        run.run(Silent(), "test")
    again, reporter = training(tmp_path, validate=by_weights), Interrupting(-1)
    assert run.progress.step in (2, 3)  # step 2 may still have been on its way
    again.run(reporter, "test")
    assert reporter.begun == [run.progress.step]
    check_equal(result(training(tmp_path, validate=by_weights)), undisturbed)


def test_a_training_that_fails_ends_its_thread(tmp_path):
    data = prepared()
    data.features.values[:] = torch.nan
    with pytest.raises(TrainingError, match="L1 is nan at step 0"):
        training(tmp_path, data).run(Silent(), "test")


def test_no_batch_is_made_while_a_validation_reads(tmp_path):
    data = prepared(dropout=0.3)
    gather, validating, overlaps = data.features.gather, threading.Event(), []

    def slowly(*arguments):
        if threading.current_thread() is not threading.main_thread():
            overlaps.append(validating.wait(0.2))
        return gather(*arguments)

    def validate(model):
        validating.set()
        time.sleep(0.01)
        validating.clear()
        return 0.0

    object.__setattr__(data.features, "gather", slowly)  # a frozen dataclass
    run = training(tmp_path, data, validate)
    run.run(Silent(), "test")
    assert len(run.progress.curve) == 3
    assert overlaps == [False] * STEPS


SCRIPT = """
import sys
from pathlib import Path
from builders import experiment, plugins, prepared
from taco_bench.reporting import Silent
from taco_bench.train.ahead import Ahead
from taco_bench.train.loop import Training
run = Training(experiment(train={"steps": 1_000_000, "warmup_steps": 2}), 0, prepared(), plugins(), Path(sys.argv[1]))
run.ahead = Ahead(run.batches, 1_000_000, thread=True)
made = run.batches.at
run.batches.at = lambda step: (step == 5 and print("at work", flush=True)) or made(step)
run.run(Silent(), "test")
"""


def test_a_process_that_is_interrupted_saves_and_ends(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    path = [str(Path(__file__).parents[1]), *sys.path]
    environment = {"PYTHONPATH": ":".join(path), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=120)
    finally:
        process.kill()
    assert told.endswith("KeyboardInterrupt\n")
    assert (tmp_path / "state.safetensors").is_file()
