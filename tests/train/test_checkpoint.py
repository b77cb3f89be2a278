"""Saved states are whole, and load to the same bits."""

import pytest
import torch
from builders import CPU, experiment, prepared

from taco_bench.errors import DataError
from taco_bench.train.checkpoint import load_state, load_weights, save_state, save_weights
from taco_bench.train.loop import new_model

pytestmark = pytest.mark.compat


def made(seed):
    model = new_model(experiment(), seed, prepared(), CPU)
    return model, torch.optim.Adam(model.parameters(), lr=0.01, fused=True)


def test_a_state_comes_back_whole(tmp_path):
    model, optimizer = made(0)
    for parameter in list(model.parameters())[::2]:  # some weights have no gradient yet
        parameter.grad = torch.randn_like(parameter)
    optimizer.step()
    save_state(tmp_path / "state.safetensors", model, optimizer, {"step": 1, "seconds": 0.1 + 0.2, "best_score": -1.0})
    other, other_optimizer = made(1)
    assert load_state(tmp_path / "state.safetensors", other, other_optimizer) == {"step": 1.0, "seconds": 0.1 + 0.2, "best_score": -1.0}
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True))
    saved, loaded = optimizer.state_dict()["state"], other_optimizer.state_dict()["state"]
    assert saved.keys() == loaded.keys()
    for index, state in saved.items():
        assert state.keys() == loaded[index].keys()
        assert all(torch.equal(state[name], loaded[index][name]) for name in state)


def test_nothing_saved_is_no_error(tmp_path):
    assert load_state(tmp_path / "state.safetensors", *made(0)) is None


def test_weights_come_back(tmp_path):
    model, _ = made(0)
    other, _ = made(1)
    save_weights(tmp_path / "weights.safetensors", model)
    load_weights(tmp_path / "weights.safetensors", other)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True))


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_a_cut_file_is_refused(tmp_path, keep):
    path = tmp_path / "weights.safetensors"
    save_weights(path, made(0)[0])
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="cannot be read"):
        load_weights(path, made(0)[0])
    with pytest.raises(DataError, match="cannot be read"):
        load_state(path, *made(0))


def test_missing_weights_are_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        load_weights(tmp_path / "weights.safetensors", made(0)[0])


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "weights.safetensors"
    model, _ = made(0)
    save_weights(path, model)
    before = path.read_bytes()

    def full(tensors, name, metadata):
        name.write_bytes(b"half")
        raise MemoryError

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(MemoryError):
        save_weights(path, model)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
