"""Hidden states of a frozen network are computed once a caption, and are the same."""

import pytest
import torch
from builders import CPU, experiment, prepared

from taco_bench.data.batches import text_batch
from taco_bench.train import hidden
from taco_bench.train.hidden import HiddenStates
from taco_bench.train.loop import new_model

pytestmark = pytest.mark.compat


def counting(language):
    """The numbers of texts that the network is called with from now on."""
    calls = []
    language.network.register_forward_pre_hook(
        lambda _, __, inputs: calls.append(int((inputs["position_ids"] == 0).sum())), with_kwargs=True
    )
    return calls


@pytest.mark.parametrize("at_a_time", [2, 256])
def test_a_frozen_network_is_asked_once_a_caption(monkeypatch, at_a_time):
    monkeypatch.setattr(hidden, "CAPTIONS_AT_A_TIME", at_a_time)
    data = prepared(dropout=0.3, frozen=True)
    language = new_model(experiment(), 0, data, CPU).language.train()
    states, names = HiddenStates(language, data.captions, CPU), list(data.captions)
    calls = counting(language)
    batches = [names[:4], [names[3], names[0], names[0]], names[2:7]]
    found = [states(batch, text_batch(batch, data.captions, CPU)[0]) for batch in batches]
    asked = {caption for name in names[:7] for caption in states._group[name]}
    assert sum(calls) == len(asked)  # whole groups, each once
    for batch, one in zip(batches, found, strict=True):
        for caption, part in zip(batch, one.values.split(one.layout.lengths.tolist()), strict=True):
            alone = language.hidden(text_batch([caption], data.captions, CPU)[0]).values
            torch.testing.assert_close(part, alone, rtol=1e-5, atol=1e-5)


def test_groups_do_not_depend_on_what_was_asked_before(monkeypatch):
    """Else a resumed training could have other states than the undisturbed one."""
    monkeypatch.setattr(hidden, "CAPTIONS_AT_A_TIME", 4)
    data = prepared(frozen=True)
    language, names = new_model(experiment(), 0, data, CPU).language, list(data.captions)
    one, other = HiddenStates(language, data.captions, CPU), HiddenStates(language, data.captions, CPU)
    for start in range(0, len(names), 3):
        batch = names[start : start + 3]
        one(batch, text_batch(batch, data.captions, CPU)[0])
    ids = text_batch(names, data.captions, CPU)[0]
    assert torch.equal(one(names, ids).values, other(names, ids).values)


def test_a_trained_network_is_asked_each_time():
    data = prepared()
    language = new_model(experiment(), 0, data, CPU).language
    states, batch = HiddenStates(language, data.captions, CPU), list(data.captions)[:3]
    calls = counting(language)
    for _ in range(2):
        assert states(batch, text_batch(batch, data.captions, CPU)[0]).values.requires_grad
    assert calls == [3, 3]
