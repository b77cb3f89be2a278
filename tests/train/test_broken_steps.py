"""What breaks a training: NaN in features, losses and weights; and how often its state is saved."""

import itertools

import numpy as np
import pytest
import torch
from builders import Interrupting, experiment, plugins, prepared

from taco_bench.errors import TrainingError
from taco_bench.reporting import Silent
from taco_bench.train import loop
from taco_bench.train.checkpoint import read_weights
from taco_bench.train.loop import Training

pytestmark = pytest.mark.compat


def training(folder, data=None, validate=None, **options):
    return Training(experiment(**options), 0, data or prepared(), plugins(), folder, validate)


def test_nan_features_stop_the_training_and_name_step_term_and_clips(tmp_path):
    data = prepared()
    run = training(tmp_path, data=data)
    orders = [run.batches.at(step).clips for step in range(6)]
    bad = next(clip for clip in orders[1] if clip not in orders[0])
    data.features.values[data.features.offsets[data.features.index[bad]]] = np.nan
    with pytest.raises(TrainingError) as caught:
        run.run(Silent(), "test")
    message = str(caught.value)
    assert "L1" in message
    assert "at step 1" in message
    assert all(clip in message for clip in orders[1])
    assert all(value.isfinite().all() for value in run.model.parameters())  # the step was not taken


@pytest.mark.parametrize(("use", "term"), [(("l2", "l3"), "L2"), (("l3",), "L3")])
def test_nan_names_the_first_term_that_has_it(tmp_path, use, term):
    data = prepared()
    data.features.values[:] = np.nan
    with pytest.raises(TrainingError, match=f"{term} is nan at step 0"):
        training(tmp_path, data=data, use=use, sampler="random").run(Silent(), "test")


def test_nothing_of_a_broken_step_is_written(tmp_path, monkeypatch):
    """The state and the best weights stay those of the step before, byte for byte."""
    monkeypatch.setattr(loop, "SAVE_EVERY_SECONDS", -1.0)
    data = prepared()
    scores = itertools.count()
    recipe = {"steps": 4, "validate_every": 1, "checkpoint": "best"}
    run = training(tmp_path, data=data, train=recipe, validate=lambda _: float(next(scores)))
    names, step, before = ("state.safetensors", "best.safetensors"), run.step, {}

    def breaking(number):
        if number == 3:
            before.update({name: (tmp_path / name).read_bytes() for name in names})
            before["weights"] = {name: value.clone() for name, value in run.model.state_dict().items()}
            data.features.values[:] = np.nan
        return step(number)

    run.step = breaking
    with pytest.raises(TrainingError, match="at step 3"):
        run.run(Silent(), "test")
    assert {name: (tmp_path / name).read_bytes() for name in names} == {name: before[name] for name in names}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert all(torch.equal(value, before["weights"][name]) for name, value in run.model.state_dict().items())
    assert run.progress.step == run.progress.best_step == 3


def test_weights_that_an_update_broke_are_never_saved(tmp_path, monkeypatch):
    """Else every later run would go on from them."""
    monkeypatch.setattr(loop, "SAVE_EVERY_SECONDS", -1.0)
    run = training(tmp_path, train={"steps": 4})
    step = run.step

    def breaking(number):
        done = step(number)
        if number == 2:
            next(run.model.parameters()).data[0] = torch.nan
        return done

    run.step = breaking
    with pytest.raises(TrainingError, match="at step 3"):
        run.run(Silent(), "test")
    saved = read_weights(tmp_path / "state.safetensors")
    assert all(value.isfinite().all() for value in saved.values())
    resumed, reporter = training(tmp_path, train={"steps": 4}), Interrupting()
    resumed.run(reporter, "test")
    assert reporter.begun == [2]


def test_long_saves_are_made_the_less_often():
    assert [loop.seconds_between_saves(took) for took in (0.0, 1.0, 1.5)] == [30.0] * 3
    for took in (2.0, 5.0, 60.0):
        assert took / loop.seconds_between_saves(took) == pytest.approx(0.05)
