"""The training loop: schedule, first weights, one step by hand, and resuming."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from builders import CPU, Interrupting, experiment, plugins, prepared

from taco_bench.reporting import Silent
from taco_bench.train import loop
from taco_bench.train.loop import Training, learning_rate, new_model
from taco_bench.train.objective import batch_terms

pytestmark = pytest.mark.compat


def training(folder, seed=0, data=None, validate=None, **options):
    return Training(experiment(**options), seed, data or prepared(), plugins(), folder, validate)


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# --- the schedule


def test_learning_rate_by_hand():
    rates = [learning_rate(step, 9, 3, 6.0) for step in range(9)]
    assert rates == pytest.approx([2.0, 4.0, 6.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0])


def test_learning_rate_without_warmup_falls_from_the_first_step():
    assert [learning_rate(step, 4, 0, 1.0) for step in range(4)] == pytest.approx([1.0, 0.75, 0.5, 0.25])


def test_learning_rate_that_only_warms_up():
    assert [learning_rate(step, 3, 3, 3.0) for step in range(3)] == pytest.approx([1.0, 2.0, 3.0])


def test_the_paper_s_schedule():
    assert learning_rate(0, 30_000, 5_000, 1e-4) == pytest.approx(1e-4 / 5_000)
    assert learning_rate(4_999, 30_000, 5_000, 1e-4) == learning_rate(5_000, 30_000, 5_000, 1e-4) == pytest.approx(1e-4)
    assert learning_rate(17_500, 30_000, 5_000, 1e-4) == pytest.approx(0.5e-4)


def test_the_optimizer_follows_the_schedule(tmp_path):
    run = training(tmp_path, train={"steps": 5, "warmup_steps": 2, "learning_rate": 0.003})
    used = []

    class Watching(Silent):
        @contextmanager
        def bar(self, what, total, done=0):
            yield lambda steps=1, text="": used.append(run.optimizer.param_groups[0]["lr"])

    run.run(Watching(), "test")
    assert used == pytest.approx([0.0015, 0.003, 0.003, 0.002, 0.001])


# --- the first weights and batches


def test_the_sampler_changes_neither_first_weights_nor_batches(tmp_path):
    one, other = training(tmp_path, sampler="cascade"), training(tmp_path, sampler="random")
    assert same(weights(one.model), weights(other.model))
    for step in range(5):
        a, b = one.batches.at(step), other.batches.at(step)
        assert (a.clips, a.captions) == (b.clips, b.captions)
        assert torch.equal(a.features.values, b.features.values)


@pytest.mark.parametrize("use", [("l1",), ("l2",), ("l1", "l2"), ("l3",), ("l1", "l3")])
def test_leaving_a_loss_out_changes_no_other_first_weight(use):
    whole, part = (new_model(experiment(use=losses), 0, prepared(), CPU) for losses in (("l1", "l2", "l3"), use))
    expected = {name: value for name, value in weights(whole).items() if "l3" in use or not name.startswith("fusion.")}
    assert same(weights(part), expected)
    assert (part.fusion is None) == ("l3" not in use)


def test_another_size_of_one_module_leaves_the_others_as_they_were():
    one, other = (new_model(experiment(model={"video_layers": layers}), 0, prepared(), CPU) for layers in (0, 2))
    assert same(weights(one.language), weights(other.language))
    assert same(weights(one.fusion), weights(other.fusion))


def test_first_weights_do_not_depend_on_what_was_drawn_before():
    first = weights(new_model(experiment(), 0, prepared(), CPU))
    torch.rand(100)
    assert same(weights(new_model(experiment(), 0, prepared(), CPU)), first)


def test_seeds_differ_and_0_is_one():
    zero, one = (weights(new_model(experiment(), seed, prepared(), CPU)) for seed in (0, 1))
    for name in ("video.project.weight", "fusion.layers.0.expand.weight", "language.project.weight"):
        assert not torch.equal(zero[name], one[name])


# --- one step


def test_the_first_step_is_that_of_adam(tmp_path):
    """After one step Adam moves each weight by lr g / (|g| + eps), where g includes the weight decay."""
    recipe = {"steps": 2, "warmup_steps": 2, "learning_rate": 0.02, "weight_decay": 0.01}
    run = training(tmp_path, sampler="all", train=recipe)
    before = dict(new_model(run.experiment, 0, prepared(), CPU).named_parameters())
    model = new_model(run.experiment, 0, prepared(), CPU).train()
    batch = run.batches.at(0)
    text, video = model.language(model.language.hidden(batch.ids)), model.video(batch.features)
    found = batch_terms(model, text, video, batch.words, run.experiment.losses, run.sampler, torch.Generator()).terms
    (found["l1"] + 0.5 * found["l2"] + found["l3"]).backward()
    with pytest.raises(KeyboardInterrupt):
        run.run(Interrupting(1), "test")
    for name, parameter in model.named_parameters():
        after, old = run.model.get_parameter(name).double(), before[name].detach().double()
        gradient = (torch.zeros_like(old) if parameter.grad is None else parameter.grad.double()) + 0.01 * old
        sure = (gradient.abs() > 1e-5) | (gradient == 0)  # below, rounding decides the sign
        expected = old - 0.01 * gradient / (gradient.abs() + 1e-8)
        torch.testing.assert_close(after[sure], expected[sure], rtol=1e-4, atol=1e-5)
        assert sure.float().mean() > 0.5 or name.endswith("bias")


@pytest.mark.parametrize("use", [("l1",), ("l2",), ("l3",), ("l1", "l2", "l3")])
def test_training_lowers_the_loss(tmp_path, use):
    """K = all 4 clips, so that every step sees the same pairs."""
    losses = []

    class Watching(Silent):
        @contextmanager
        def bar(self, what, total, done=0):
            yield lambda steps=1, text="": losses.append([float(part) for part in text.split()[1::2]])

    training(tmp_path, data=prepared(train=4), use=use, sampler="all", train={"steps": 30}).run(Watching(), "test")
    assert len(losses) == 30
    for first, last in zip(losses[0], np.mean(losses[-5:], axis=0), strict=True):
        assert last < 0.9 * first


def test_a_training_in_bfloat16_is_near_one_in_float32(tmp_path):
    """What a GPU does by default, here through the CPU's autocast."""
    terms = {}
    for precision in ("float32", "bfloat16"):
        run = training(tmp_path / precision, sampler="all", train={"precision": precision})
        terms[precision] = run.step(0).losses
    assert terms["bfloat16"] == pytest.approx(terms["float32"], rel=0.05)


def test_a_frozen_network_keeps_its_weights(tmp_path):
    run = training(tmp_path, data=prepared(frozen=True))
    before = weights(run.model)
    run.run(Silent(), "test")
    after = weights(run.model)
    for name in before:
        assert torch.equal(before[name], after[name]) == name.startswith("language.network."), name


# --- resuming

DROPOUT = {"model": {"dropout": 0.3}, "train": {"steps": 6, "warmup_steps": 2}}


def dropping(folder, **options):
    """A training with dropout in all three modules."""
    return training(folder, data=prepared(dropout=0.3), **{**DROPOUT, **options})


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    run = dropping(tmp_path_factory.mktemp("undisturbed"))
    return weights(run.run(Silent(), "test")), run.progress


def check_equal(run, folder_model, undisturbed):
    expected, progress = undisturbed
    assert same(weights(folder_model), expected)
    assert (run.progress.step, run.progress.fusion_pairs) == (progress.step, progress.fusion_pairs)


def test_each_module_s_dropout_has_a_stream_of_its_own_in_each_step(tmp_path):
    """The generator that dropout draws from stands at a new seed whenever a module begins."""
    found = []
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        run = training(tmp_path / folder, seed, train={"steps": 3})
        seeds = []
        for module in (run.model.language.network, run.model.video, run.model.fusion):
            module.register_forward_pre_hook(lambda *_, seeds=seeds: seeds.append(torch.initial_seed()))
        run.run(Silent(), "test")
        found.append(seeds)
    assert found[0] == found[1]
    assert len(set(found[0]) | set(found[2])) == 2 * 3 * 3


def test_dropout_is_a_function_of_the_seed(tmp_path, undisturbed):
    run = dropping(tmp_path)
    torch.rand(10)
    check_equal(run, run.run(Silent(), "test"), undisturbed)
    assert not same(weights(training(tmp_path / "none").run(Silent(), "test")), undisturbed[0])


@pytest.mark.parametrize("step", [1, 3, 5, 6])
def test_an_interrupted_training_resumes_to_the_same_bits(tmp_path, undisturbed, step):
    with pytest.raises(KeyboardInterrupt):
        dropping(tmp_path).run(Interrupting(step), "test")
    torch.rand(10)
    resumed, reporter = dropping(tmp_path), Interrupting()
    model = resumed.run(reporter, "test")
    assert reporter.begun == [step]  # it went on, it did not start again
    check_equal(resumed, model, undisturbed)


def test_a_training_interrupted_again_and_again(tmp_path, undisturbed):
    for step in range(1, 7):
        with pytest.raises(KeyboardInterrupt):
            dropping(tmp_path).run(Interrupting(step), "test")
    resumed = dropping(tmp_path)
    check_equal(resumed, resumed.run(Silent(), "test"), undisturbed)


def test_a_killed_training_resumes_from_its_last_state(tmp_path, undisturbed, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY_SECONDS", -1.0)
    with pytest.raises(MemoryError):
        dropping(tmp_path).run(Interrupting(4, MemoryError), "test")
    resumed, reporter = dropping(tmp_path), Interrupting()
    model = resumed.run(reporter, "test")
    assert reporter.begun == [3]
    check_equal(resumed, model, undisturbed)


def test_a_sampler_sees_where_the_training_stands_also_when_resumed(tmp_path):
    """So that its schedule goes on where it was."""
    seen = []

    class Watching:
        def __init__(self, inner):
            self.inner = inner

        def negatives(self, batch_size):
            return self.inner.negatives(batch_size)

        def sample(self, scores, *rest):
            seen.append((scores.step, scores.steps))
            return self.inner.sample(scores, *rest)

    for until in (Interrupting(2), Silent()):
        run = training(tmp_path, train={"steps": 5})
        run.sampler = Watching(run.sampler)
        if isinstance(until, Interrupting):
            with pytest.raises(KeyboardInterrupt):
                run.run(until, "test")
        else:
            run.run(until, "test")
    assert seen == [(step, 5) for step in range(5)]


def interrupt_after(monkeypatch, owner, name, call):
    """Let the ``call``-th call of ``owner.name`` finish, and the interruption arrive right behind it."""
    original, calls = getattr(owner, name), []

    def interrupted(*args, **kwargs):
        found = original(*args, **kwargs)
        calls.append(1)
        if len(calls) == call:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(owner, name, interrupted)


@pytest.mark.parametrize("where", ["sampler.sample", "optimizer.zero_grad", "optimizer.step"])
def test_an_interruption_within_a_step(tmp_path, undisturbed, monkeypatch, where):
    run = dropping(tmp_path)
    part, name = where.split(".")
    interrupt_after(monkeypatch, getattr(run, part), name, 3)
    with pytest.raises(KeyboardInterrupt):
        run.run(Silent(), "test")
    resumed = dropping(tmp_path)
    check_equal(resumed, resumed.run(Silent(), "test"), undisturbed)


BEST = {"train": {**DROPOUT["train"], "validate_every": 2, "checkpoint": "best"}}


@pytest.fixture(scope="module")
def best_at_4(tmp_path_factory):
    """A validation that likes the weights after step 4 best, and those weights."""
    seen = []
    dropping(tmp_path_factory.mktemp("best"), validate=lambda model: seen.append(weights(model)) or 0.0, **BEST).run(Silent(), "test")
    assert len(seen) == 3

    def validate(model):
        return [10.0, 30.0, 20.0][[same(weights(model), one) for one in seen].index(True)]

    return validate, seen[1]


def test_the_best_weights_are_kept(tmp_path, best_at_4):
    validate, expected = best_at_4
    run = dropping(tmp_path, validate=validate, **BEST)
    model = run.run(Silent(), "test")
    assert same(weights(model), expected)
    assert not model.training
    assert (run.progress.best_step, run.progress.best_score) == (4, 30.0)


def test_the_last_weights_are_kept_where_that_is_the_rule(tmp_path, best_at_4, undisturbed):
    run = dropping(tmp_path, validate=best_at_4[0], train={**BEST["train"], "checkpoint": "last"})
    assert same(weights(run.run(Silent(), "test")), undisturbed[0])  # validation leaves no trace


@pytest.mark.parametrize("step", range(1, 7))
def test_the_best_weights_are_kept_through_an_interruption(tmp_path, best_at_4, step):
    validate, expected = best_at_4
    with pytest.raises(KeyboardInterrupt):
        dropping(tmp_path, validate=validate, **BEST).run(Interrupting(step), "test")
    resumed = dropping(tmp_path, validate=validate, **BEST)
    assert same(weights(resumed.run(Silent(), "test")), expected)
    assert (resumed.progress.best_step, resumed.progress.best_score) == (4, 30.0)


def test_an_interruption_within_a_validation(tmp_path, best_at_4):
    validate, expected = best_at_4

    def interrupted(model):
        if validate(model) == 30.0:
            raise KeyboardInterrupt
        return validate(model)

    with pytest.raises(KeyboardInterrupt):
        dropping(tmp_path, validate=interrupted, **BEST).run(Silent(), "test")
    assert same(weights(dropping(tmp_path, validate=validate, **BEST).run(Silent(), "test")), expected)


# --- the curve


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 6])
def test_the_curve_goes_on_where_it_was(tmp_path, step):
    """Validations of an interrupted training are those of the undisturbed one, each once; but for the seconds."""

    def validate(model):
        return float(next(model.parameters()).detach().double().sum())

    def curve(run):
        run.run(Silent(), "test")
        return [(steps, pairs, score) for steps, _, pairs, score in run.progress.curve]

    expected = curve(dropping(tmp_path / "undisturbed", validate=validate, **BEST))
    assert [point[0] for point in expected] == [2, 4, 6]
    assert len({score for *_, score in expected}) == 3
    with pytest.raises(KeyboardInterrupt):
        dropping(tmp_path / "interrupted", validate=validate, **BEST).run(Interrupting(step), "test")
    resumed = dropping(tmp_path / "interrupted", validate=validate, **BEST)
    assert curve(resumed) == expected
    assert resumed.progress.curve[-1][:3] == resumed.progress.spent
