"""Weights of one training in the model of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from builders import CPU, Interrupting, experiment, plugins, prepared

from taco_bench.errors import UserError
from taco_bench.reporting import Silent
from taco_bench.train.checkpoint import read_tokenizer, save_weights
from taco_bench.train.loop import Training, new_model
from taco_bench.train.start import Start, take_over


def started(folder: Path, now: dict[str, Any], was: dict[str, Any] | None = None) -> tuple[Any, Any, Any]:
    """The model that starts, the model as it is initialised, and the start's; each of another seed."""
    before, after = experiment(**(was or {})), experiment(**now)
    data = prepared()
    old = new_model(before, 7, data, CPU)
    path = folder / "start.safetensors"
    save_weights(path, old)
    fresh, new = new_model(after, 1, data, CPU), new_model(after, 1, data, CPU)
    take_over(new, after.model, Start(path, before.model))
    return new.state_dict(), fresh.state_dict(), old.state_dict()


def test_the_same_model_takes_all(tmp_path: Path) -> None:
    new, fresh, old = started(tmp_path, {})
    assert new.keys() == old.keys()
    assert all(torch.equal(new[name], old[name]) for name in new)
    assert not torch.equal(fresh["video.project.weight"], old["video.project.weight"])


def test_a_start_without_fusion_leaves_it_as_it_is_initialised(tmp_path: Path) -> None:
    new, fresh, old = started(tmp_path, {}, {"use": ("l1", "l2")})
    for name in new:
        assert torch.equal(new[name], fresh[name] if name.startswith("fusion.") else old[name]), name


def test_fusion_that_nobody_trains_is_left_out(tmp_path: Path) -> None:
    new, _, old = started(tmp_path, {"use": ("l1",)})
    assert not any(name.startswith("fusion.") for name in new)
    assert all(torch.equal(new[name], old[name]) for name in new)


@pytest.mark.parametrize(("texts", "videos"), [(8, 3), (8, 7), (6, 5), (6, 9), (6, 2)])
def test_places_keep_their_rows(texts: int, videos: int, tmp_path: Path) -> None:
    """The start has 8 text and 5 video places of 13; every place that both have keeps its row, all others are as initialised."""
    sizes = {"max_text_tokens": texts, "max_video_tokens": videos, "positions": 16}
    after = experiment(model=sizes)
    old, data = new_model(experiment(), 7, prepared(), CPU), prepared()
    path = tmp_path / "start.safetensors"
    save_weights(path, old)
    fresh, new = new_model(after, 1, data, CPU), new_model(after, 1, data, CPU)
    take_over(new, after.model, Start(path, experiment().model))
    kept = min(videos, 5)
    video = new.video.position.weight
    assert torch.equal(video[:kept], old.video.position.weight[:kept])
    assert torch.equal(video[kept:], fresh.video.position.weight[kept:])
    pairs, before, untouched = (model.fusion.position.weight for model in (new, old, fresh))  # type: ignore[union-attr]
    for place in range(16):
        if place < texts:
            assert torch.equal(pairs[place], before[place])  # all of the text places are among the start's 8
        elif place < texts + kept:
            assert torch.equal(pairs[place], before[place - texts + 8])
        else:
            assert torch.equal(pairs[place], untouched[place])


@pytest.mark.parametrize(
    ("now", "name"),
    [
        ({"model": {"width": 32}}, "fusion.kind.weight"),
        ({"model": {"video_layers": 2}}, "no weight video.layers.1"),
        ({"model": {"feedforward": 16}}, "fusion.layers.0.contract.weight"),
        ({"model": {"fusion_layers": 1}}, "a weight fusion.layers.1"),
    ],
)
def test_what_does_not_fit_is_named(now: dict[str, Any], name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        started(tmp_path, now)
    assert name in caught.value.what
    assert caught.value.where == "--init"
    assert "--set model.OPTION=" in caught.value.hint


def test_fine_tuning_begins_at_the_starts_loss(tmp_path: Path) -> None:
    """The first batch's losses are those of the finished start on the same batch; from scratch they are others."""
    first = Training(experiment(train={"steps": 12}), 0, prepared(), plugins(), tmp_path / "a")
    trained = first.run(Silent(), "")
    save_weights(tmp_path / "start.safetensors", trained)
    start = Start(tmp_path / "start.safetensors", experiment().model)
    second = Training(experiment(), 5, prepared(), plugins(), tmp_path / "b", start=start)
    scratch = Training(experiment(), 5, prepared(), plugins(), tmp_path / "c")
    batch = second.batches.at(0)
    with torch.no_grad():
        second.model.train(), scratch.model.train()
        scratch_loss = scratch._terms(batch, 0).terms
        scratch.model.load_state_dict(trained.state_dict())
        expected = scratch._terms(batch, 0).terms
        found = second._terms(batch, 0).terms
    assert {name: value.item() for name, value in found.items()} == {name: value.item() for name, value in expected.items()}
    assert all(found[name] != scratch_loss[name] for name in found)


def test_an_interrupted_fine_tuning_goes_on_bit_for_bit(tmp_path: Path) -> None:
    save_weights(tmp_path / "start.safetensors", new_model(experiment(), 7, prepared(), CPU))
    start = Start(tmp_path / "start.safetensors", experiment().model)

    def run(folder: str, reporter: Silent) -> Any:
        return Training(experiment(), 0, prepared(), plugins(), tmp_path / folder, start=start).run(reporter, "").state_dict()

    whole = run("whole", Silent())
    with pytest.raises(KeyboardInterrupt):
        run("cut", Interrupting(3))
    again = Interrupting()
    found = run("cut", again)
    assert again.begun == [3]
    assert all(torch.equal(found[name], whole[name]) for name in whole)


def test_the_tokenizer_lies_beside_the_weights(tmp_path: Path) -> None:
    model = new_model(experiment(), 0, prepared(), CPU)
    save_weights(tmp_path / "with", model, '{"a": 1}')
    save_weights(tmp_path / "without", model)
    assert (read_tokenizer(tmp_path / "with"), read_tokenizer(tmp_path / "without")) == ('{"a": 1}', "")
    with pytest.raises(UserError, match="cannot be read"):
        read_tokenizer(tmp_path / "none")
