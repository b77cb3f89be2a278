"""Encoding a batch in chunks: the gradients of the step that encodes all at once, whatever the losses, the chunk and the dropout."""

import pytest
import torch
from builders import CPU, Interrupting, experiment, plugins, prepared
from torch.utils import checkpoint as torch_checkpoint

from taco_bench.reporting import Silent
from taco_bench.train import chunks
from taco_bench.train.device import autocast
from taco_bench.train.loop import Training

pytestmark = pytest.mark.compat
K = 7
LOSSES = [("l1",), ("l2",), ("l3",), ("l1", "l2"), ("l1", "l3"), ("l2", "l3"), ("l1", "l2", "l3")]


def training(folder, dropout=0.0, use=("l1", "l2", "l3"), losses=None, frozen=False, sampler=None, **train):
    options = {"model": {"dropout": dropout, "video_layers": 2}, "train": {"batch_size": K, **train}, "losses": losses}
    sampler = sampler or ("random" if use == ("l3",) else "cascade")
    data = prepared(dropout=dropout, frozen=frozen)
    return Training(experiment(use=use, sampler=sampler, **options), 0, data, plugins(), folder)


def gradients(run, step=3):
    """Loss terms and gradients of one batch, as the step makes them."""
    run.model.train().zero_grad(set_to_none=True)
    with autocast(run.experiment):
        terms = run._terms(run.batches.at(step), step)
        loss = terms.total(run.experiment.losses, K)
    loss.backward()
    found = {name: p.grad.double() for name, p in run.model.named_parameters() if p.grad is not None}
    return {name: term.item() for name, term in terms.terms.items()}, found


def check(ours, expected, tolerance=1e-5):
    """Every gradient equal to ``tolerance``, relative to the largest entry of its tensor."""
    assert ours[0] == pytest.approx(expected[0], rel=tolerance)
    assert ours[1].keys() == expected[1].keys()
    largest = max(gradient.abs().max() for gradient in expected[1].values())
    for name, gradient in expected[1].items():
        scale = max(gradient.abs().max(), 1e-2 * largest)  # what is 0 but for rounding, such as the bias of keys, is measured by the rest
        assert (ours[1][name] - gradient).abs().max() <= tolerance * scale, name


def keeping(function, *args, use_reentrant):
    """In place of torch's checkpoint: one pass over the same chunks, all activations kept."""
    return function(*args)


@pytest.mark.parametrize("use", LOSSES, ids="+".join)
@pytest.mark.parametrize("chunk", [1, 3, K - 1])
def test_gradients_are_those_of_one_pass(tmp_path, use, chunk):
    check(gradients(training(tmp_path, use=use, encoder_chunk=chunk)), gradients(training(tmp_path, use=use)))


@pytest.mark.parametrize("use", LOSSES, ids="+".join)
@pytest.mark.parametrize("chunk", [1, 3, K])
def test_with_dropout_they_are_those_of_one_pass_over_the_same_random_numbers(tmp_path, monkeypatch, use, chunk):
    ours = gradients(training(tmp_path, dropout=0.3, use=use, encoder_chunk=chunk))
    monkeypatch.setattr(chunks, "checkpoint", keeping)
    check(ours, gradients(training(tmp_path, dropout=0.3, use=use, encoder_chunk=chunk)))


def test_one_chunk_is_one_pass_with_dropout_too(tmp_path):
    """All K in one chunk draw what the step without chunks draws."""
    check(gradients(training(tmp_path, dropout=0.3, encoder_chunk=K)), gradients(training(tmp_path, dropout=0.3)), 1e-7)


@pytest.mark.parametrize(
    "losses", [{"symmetric": True}, {"normalize": True, "sentence_temperature": 0.1}, {"fusion_directions": "text->video"}], ids=str
)
def test_with_other_choices_of_the_losses(tmp_path, losses):
    check(gradients(training(tmp_path, losses=losses, encoder_chunk=2)), gradients(training(tmp_path, losses=losses)))


def test_with_the_fusion_module_recomputed_too(tmp_path):
    ours = gradients(training(tmp_path, dropout=0.3, encoder_chunk=2, recompute_fusion=True))
    check(ours, gradients(training(tmp_path, dropout=0.3, encoder_chunk=2)), 1e-7)


def test_a_frozen_network_is_not_encoded_twice(tmp_path):
    check(gradients(training(tmp_path, frozen=True, encoder_chunk=2)), gradients(training(tmp_path, frozen=True)))


def test_in_bfloat16_it_replays_in_bfloat16(tmp_path, monkeypatch):
    """Under autocast both passes round alike; the gradients of weights differ by the rounding of their sums alone."""
    run = training(tmp_path, dropout=0.3, encoder_chunk=3, precision="bfloat16")
    ours = gradients(run)
    monkeypatch.setattr(chunks, "checkpoint", keeping)
    expected = gradients(training(tmp_path, dropout=0.3, encoder_chunk=3, precision="bfloat16"))
    assert ours[0] == expected[0]
    check(ours, expected, 0.02)


def test_activations_of_one_chunk_at_a_time(tmp_path):
    """The clips that the video module holds activations of, counted by what autograd keeps between the passes."""
    kept = {}
    for chunk in (None, 1):
        run, sizes = training(tmp_path, use=("l1",), encoder_chunk=chunk), []
        with torch.autograd.graph.saved_tensors_hooks(lambda x, sizes=sizes: sizes.append(x.numel()) or x, lambda x: x):
            run._terms(run.batches.at(0), 0)
        kept[chunk] = sum(sizes)
    assert kept[1] < kept[None] / 3


def test_an_interrupted_training_in_chunks_resumes_to_the_same_bits(tmp_path):
    def run(folder, reporter):
        return training(folder, dropout=0.3, encoder_chunk=3, recompute_fusion=True).run(reporter, "test").state_dict()

    expected = run(tmp_path / "undisturbed", Silent())
    for step in (2, 5):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "again", Interrupting(step))
        torch.rand(10)
    found = run(tmp_path / "again", Silent())
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_torch_replays_chunks_one_after_the_other():
    """What bounds the memory: a chunk's second pass is over before the next one's begins."""
    order = []

    class Watched(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, name):
            ctx.name = name
            order.append(("forward", name))
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            order.append(("backward", ctx.name))
            return gradient * 2, None

    weight = torch.ones(3, device=CPU, requires_grad=True)
    square = [torch_checkpoint.checkpoint(lambda w, n=n: Watched.apply(w, n).square().exp(), weight, use_reentrant=False) for n in range(3)]
    order.clear()
    torch.cat(square).sum().backward()
    assert order == [(what, name) for name in (2, 1, 0) for what in ("forward", "backward")]
