"""How often a training step makes the CPU wait for a GPU: what it reads, counted on the CPU."""

from collections import Counter

import pytest
import torch
from builders import Interrupting, experiment, plugins, prepared
from helpers.dispatched import dispatched

from taco_bench.reporting import Silent
from taco_bench.train.loop import Training

TRAIN = {
    ("taco_bench/train/loop.py step", "tolist"): 1,  # the losses, for the progress line and against NaN
    ("taco_bench/train/objective.py _are_negatives", "_local_scalar_dense"): 1,
    ("taco_bench/train/objective.py _fusion_term", "_unique2"): 1,  # how many distinct pairs there are
}
"""What a step reads outside the model and the losses."""
OTHERS = {
    ("taco_bench/model/fusion.py forward", "tolist"): 1,  # the lengths of the pairs, which are cut into chunks
}
"""What it reads besides where there is a fusion module."""
OWN = ("taco_bench/train", "taco_bench/data", "plugins")


def training(folder, **options):
    return Training(experiment(**options), 0, prepared(), plugins(), folder)


@pytest.mark.parametrize("sampler", ["cascade", "sentence", "random", "all"])
def test_a_step_reads_four_times(tmp_path, sampler):
    run = training(tmp_path, sampler=sampler, train={"clip_norm": 1.0})
    run.step(0)
    with dispatched() as found:
        run.step(1)
    assert found.reads == {**TRAIN, **OTHERS}


def test_without_l3_a_step_reads_its_losses_alone(tmp_path):
    run = training(tmp_path, use=("l1", "l2"))
    with dispatched() as found:
        run.step(0)
    assert found.reads_under(*OWN) == {("taco_bench/train/loop.py step", "tolist"): 1}


def test_the_loop_reads_nothing_beside_its_steps(tmp_path):
    run = training(tmp_path, train={"steps": 6})
    with dispatched() as found, pytest.raises(MemoryError):
        run.run(Interrupting(5, MemoryError), "test")
    assert found.reads_under(*OWN) == {read: 5 * count for read, count in TRAIN.items()}


def test_weights_that_are_not_finite_are_looked_for_by_one_read(tmp_path):
    run = training(tmp_path, train={"steps": 2})
    with dispatched() as found:
        run.run(Silent(), "test")
    assert found.reads.pop(("taco_bench/train/loop.py _not_finite", "_local_scalar_dense")) == 1
    assert found.reads_under(*OWN) == {read: 2 * count for read, count in TRAIN.items()}


# --- the counter


VALUES, MASK = torch.arange(4.0), torch.tensor([True, False, True, True])


@pytest.mark.parametrize(
    ("name", "run"),
    {
        "_local_scalar_dense": lambda: bool(VALUES.sum() > 1) or VALUES[0].item(),
        "nonzero": lambda: MASK.nonzero(),
        "index": lambda: VALUES[MASK],
        "index_put_": lambda: VALUES.clone().__setitem__(MASK, torch.zeros(3)),
        "masked_select": lambda: VALUES.masked_select(MASK),
        "_unique2": lambda: VALUES.unique(),
        "equal": lambda: torch.equal(VALUES, VALUES),
        "repeat_interleave": lambda: VALUES.repeat_interleave(MASK.long()),
        "tolist": lambda: VALUES.tolist(),
        "cpu": lambda: VALUES.cpu(),
    }.items(),
)
def test_a_read_is_counted(name, run):
    with dispatched() as found:
        run()
    assert {read for _, read in found.reads} == {name}


def test_what_needs_no_answer_is_no_read():
    with dispatched() as found:
        VALUES.repeat_interleave(MASK.long(), output_size=3)
        VALUES[torch.tensor([2, 0])]
        VALUES.masked_fill(MASK, 0.0).where(MASK, 1.0)
    assert not found.reads


def test_operations_are_counted_without_views_and_with_the_backward_pass():
    weight = torch.ones(3, 2, requires_grad=True)
    with dispatched() as found:
        (torch.ones(5, 3) @ weight).view(-1).relu().sum().backward()
    assert {name: found.operations[name] for name in ("mm", "relu", "threshold_backward", "view", "t", "expand")} == Counter(
        {"mm": 2, "relu": 1, "threshold_backward": 1}
    ) | {"view": 0, "t": 0, "expand": 0}
