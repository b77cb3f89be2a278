"""On a CUDA device: near the CPU, the same figures twice, and no waiting where none is needed."""

import threading

import numpy as np
import pytest
import torch
from builders import CPU, Interrupting, experiment, plugins, prepared

from taco_bench.data.batches import to_device
from taco_bench.reporting import Silent
from taco_bench.train.loop import Training
from taco_bench.train.reading import begin_reading

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")]


def losses(folder, device, precision="float32", steps=5):
    settings = experiment(train={"device": device, "precision": precision})
    run = Training(settings, 0, prepared(), plugins(), folder)
    return [run.step(step).losses for step in range(steps)]


def test_near_the_cpu(tmp_path):
    on_gpu, on_cpu = losses(tmp_path / "gpu", "cuda"), losses(tmp_path / "cpu", "cpu")
    for one, other in zip(on_gpu, on_cpu, strict=True):
        assert one == pytest.approx(other, rel=1e-3)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_same_twice(tmp_path, precision):
    assert losses(tmp_path / "a", "cuda", precision) == losses(tmp_path / "b", "cuda", precision)


CUDA = torch.device("cuda")


def training(folder, device="cuda", **options):
    return Training(experiment(train={"device": device, "precision": "float32", **options}), 0, prepared(), plugins(), folder)


def content(batch):
    values = (batch.ids.values, batch.words.rows, batch.words.owner, batch.words.weights, batch.features.values)
    return batch.clips, batch.captions, [value.tolist() for value in values]


def test_batches_of_the_thread_are_those_of_the_cpu(tmp_path):
    on_gpu, on_cpu = training(tmp_path / "gpu"), training(tmp_path / "cpu", "cpu")
    assert on_gpu.ahead.thread
    with on_gpu.ahead:
        for step in range(6):
            batch = on_gpu.ahead.at(step)
            assert batch.features.values.is_cuda
            assert content(batch) == content(on_cpu.ahead.at(step))


def test_pinned_memory_is_not_used_again_before_its_copy_is_done():
    """Copies wait behind a kernel that takes long; each must have kept what it was made from."""
    rows = [np.full((512, 3072), number, np.float32) for number in range(8)]
    big = torch.randn(8192, 8192, device=CUDA)
    torch.cuda.synchronize()
    for _ in range(8):
        big @ big
    found = [to_device(row, CUDA) for row in rows]
    assert [part.unique().tolist() for part in found] == [[float(number)] for number in range(8)]


def test_nothing_at_all_is_moved():
    assert to_device(np.empty((0, 3), np.float32), CUDA).shape == (0, 3)


def test_a_reading_is_that_of_its_time():
    numbers = torch.arange(3.0, device=CUDA)
    read = begin_reading(numbers)
    numbers.fill_(7.0)
    assert read() == [0.0, 1.0, 2.0]


@pytest.fixture
def _waiting_is_an_error():
    torch.cuda.set_sync_debug_mode("error")
    yield
    torch.cuda.set_sync_debug_mode("default")


def where_it_may_wait(method):
    """The method, allowed to wait for the device."""

    def run(*arguments):
        torch.cuda.set_sync_debug_mode("default")
        try:
            return method(*arguments)
        finally:
            torch.cuda.set_sync_debug_mode("error")

    return run


@pytest.mark.filterwarnings("ignore:Synchronization debug mode")
@pytest.mark.usefixtures("_waiting_is_an_error")
class TestWaiting:
    def test_waiting_is_found(self):
        with pytest.raises(RuntimeError, match="synchroniz"):
            torch.ones(1, device=CUDA).item()

    def test_batches_do_not_wait(self, tmp_path):
        batches = where_it_may_wait(training)(tmp_path).batches
        for step in range(6):
            batches.at(step)

    @pytest.mark.parametrize("use", [("l1", "l2"), ("l1", "l2", "l3")])
    def test_a_step_waits_in_its_forward_pass_and_for_its_losses_alone(self, tmp_path, use):
        """The losses are waited for by an event, which is no synchronisation of the device."""
        settings = experiment(use=use, train={"device": "cuda", "precision": "float32", "clip_norm": 1.0})
        run = where_it_may_wait(Training)(settings, 0, prepared(), plugins(), tmp_path)
        run._terms = where_it_may_wait(run._terms)
        with run.ahead:
            for step in range(4):
                run.step(step)


def test_an_interruption_ends_the_thread_and_resumes_to_the_same_bits(tmp_path):
    def result(folder):
        return {name: value.to(CPU) for name, value in training(folder).run(Silent(), "test").state_dict().items()}

    expected = result(tmp_path / "undisturbed")
    with pytest.raises(KeyboardInterrupt):
        training(tmp_path / "interrupted").run(Interrupting(3), "test")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("next-batch")]
    found = result(tmp_path / "interrupted")
    assert all(torch.equal(found[name], expected[name]) for name in expected)
