"""Prices: the cost model times how much slower than it finished cells were, and what is said where there are none."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from suite_world import Cli, expanded, hand_made, plugins_with, ranks, write_suite

from taco_bench.config import Experiment
from taco_bench.jobs.cost import Sizes, work_of
from taco_bench.jobs.cost_model import cost_model
from taco_bench.jobs.plan import Job
from taco_bench.jobs.price import Price, Prices, total
from taco_bench.jobs.sizes import PlannedSizes, distinct_pairs, record_of
from taco_bench.kinds.text import NetworkSize
from taco_bench.store.cells import Store

pytest_plugins = ("suite_fixtures",)

PLUGINS = plugins_with("elsewhere")
NETWORK = NetworkSize(16, 1, 64, 2, 5000)
SIZES = Sizes(text_tokens=6.0, longest_text=7.0, video_tokens=3.5, words=0.0, pairs=15.0, feature_width=8, network=NETWORK)


def job(folder: Path, row: int = 0, **options: Any) -> Job:
    """A job of the two-row suite with other options."""
    return expanded(folder, seeds=[0], above=[options] if options else []).lines[row].jobs[0]


def cell(job: Job, slowness: float, sizes: Sizes = SIZES, **cost: Any) -> dict[str, Any]:
    """A cell that took so many times what the model says."""
    model = cost_model("cpu")
    assert model is not None
    work = work_of(job.experiment, sizes)
    seconds = slowness * job.experiment.train.steps * model.seconds(work)
    known = {"steps": job.experiment.train.steps, "seconds": seconds, "evaluation_seconds": 7.0, "peak_gib": model.gib(work) + 0.25}
    record, _ = hand_made(ranks(3), 0, job, cost={**known, "fusion_pairs_per_step": sizes.pairs, "sizes": record_of(sizes), **cost})
    return {"id": job.cell, **record}


def price(folder: Path, cells: list[dict[str, Any]], wanted: Job, trained: bool = False) -> Price:
    found = Prices(Store(folder / "results"), cells, PLUGINS).of(wanted, trained=trained)
    assert found is not None
    return found


def modelled(experiment: Experiment, sizes: Sizes) -> float:
    """Seconds of a training."""
    model = cost_model("cpu")
    assert model is not None
    return experiment.train.steps * model.seconds(work_of(experiment, sizes))


class TestPrices:
    def test_a_configuration_that_was_never_run(self, tmp_path: Path) -> None:
        """On a machine 3 times slower than the model's: other K, width and steps; lengths from the data's cells, pairs counted anew."""
        wanted = job(tmp_path, train={"batch_size": 16, "steps": 50}, model={"width": 32, "feedforward": 128})
        found = price(tmp_path, [cell(job(tmp_path), 3.0)], wanted)
        sizes = replace(SIZES, pairs=distinct_pairs(16, 2, both=True))
        assert found.training == pytest.approx(3 * modelled(wanted.experiment, sizes))
        assert (found.evaluation, found.elsewhere) == (7.0, "")

    def test_the_same_configuration_costs_what_it_did(self, tmp_path: Path) -> None:
        first, second = job(tmp_path), job(tmp_path, row=2)
        cells = [cell(first, 2.0), cell(second, 5.0)]
        assert price(tmp_path, cells, first).training == pytest.approx(cells[0]["cost"]["seconds"])
        assert price(tmp_path, cells, second).training == pytest.approx(cells[1]["cost"]["seconds"])
        assert price(tmp_path, cells, first, trained=True).training == 0

    def test_an_evaluation_without_fusion_says_nothing_of_one_with_it(self, tmp_path: Path) -> None:
        fused = job(tmp_path, row=2)
        assert "fusion" in fused.experiment.evaluation.scores
        evaluation = fused.experiment.evaluation.model_copy(update={"scores": ("sentence",)})
        losses = fused.experiment.losses.model_copy(update={"use": ("l1",)})
        cheap = replace(fused, experiment=fused.experiment.model_copy(update={"evaluation": evaluation, "losses": losses}))
        assert price(tmp_path, [cell(cheap, 2.0)], fused).evaluation is None
        assert price(tmp_path, [cell(cheap, 2.0)], cheap).evaluation == 7.0
        assert price(tmp_path, [cell(fused, 2.0)], cheap).evaluation is None

    def test_one_slow_cell_does_not_decide(self, tmp_path: Path) -> None:
        cells = [cell(job(tmp_path), slowness) for slowness in (2.0, 2.0, 40.0)]
        wanted = job(tmp_path, row=1)
        assert price(tmp_path, cells, wanted).training == pytest.approx(
            2 * modelled(wanted.experiment, replace(SIZES, pairs=price_pairs(wanted)))
        )

    def test_without_cells_the_model_alone(self, tmp_path: Path) -> None:
        wanted = job(tmp_path)
        found = price(tmp_path, [], wanted)
        assert found.evaluation is None
        assert found.elsewhere == cost_model("cpu").where  # type: ignore[union-attr]
        sizes = PlannedSizes(PLUGINS, []).of(wanted.experiment)
        assert sizes is not None
        limits = wanted.experiment.model
        assert (sizes.text_tokens, sizes.video_tokens, sizes.feature_width) == (limits.max_text_tokens, limits.max_video_tokens, 8)
        assert found.training == pytest.approx(modelled(wanted.experiment, sizes))
        assert found.disk > 4 * sizes.network.parameters

    def test_other_threads_say_nothing(self, tmp_path: Path) -> None:
        wanted = job(tmp_path, train={"threads": 7})
        assert price(tmp_path, [cell(job(tmp_path), 3.0)], wanted).elsewhere

    def test_another_kind_of_device_is_not_priced_before_it_was_measured(self, tmp_path: Path) -> None:
        made = job(tmp_path)
        on_gpu = replace(
            made, experiment=made.experiment.model_copy(update={"train": made.experiment.train.model_copy(update={"device": "cuda"})})
        )
        assert Prices(Store(tmp_path / "results"), [], PLUGINS).of(on_gpu, trained=False) is None
        found = price(tmp_path, [cell(on_gpu, 0.01)], on_gpu)
        assert found.training == pytest.approx(0.01 * modelled(on_gpu.experiment, SIZES))
        assert found.gib is None

    def test_memory_is_the_models_and_what_processes_held_beyond_it(self, tmp_path: Path) -> None:
        model = cost_model("cpu")
        assert model is not None
        wanted = job(tmp_path, model={"width": 64})
        alone, beside = price(tmp_path, [], wanted), price(tmp_path, [cell(job(tmp_path), 1.0)], wanted)
        assert beside.gib == pytest.approx(model.gib(work_of(wanted.experiment, SIZES)) + 0.25, rel=1e-3)
        assert alone.gib is not None

    def test_a_cell_of_options_that_are_gone_says_nothing(self, tmp_path: Path) -> None:
        made = job(tmp_path)
        old = cell(made, 9.0)
        old["experiment"] = {**old["experiment"], "gone": 1}
        assert price(tmp_path, [old], made).elsewhere

    def test_a_cell_that_did_not_record_its_sizes(self, tmp_path: Path) -> None:
        made = job(tmp_path)
        old = cell(made, 1.0)
        del old["cost"]["sizes"], old["cost"]["peak_gib"]
        assert price(tmp_path, [old], made).training == pytest.approx(old["cost"]["seconds"])

    def test_total(self) -> None:
        found = total([Price(1.0, None, 10.0, 2.0, "there"), None, Price(2.0, 5.0, 1.0, 3.0)])
        assert found == Price(3.0, 5.0, 11.0, 3.0, "there")


def price_pairs(wanted: Job) -> float:
    """Nothing like this sampler was measured: as if drawn at random."""
    return distinct_pairs(wanted.experiment.train.batch_size, wanted.experiment.sampler["hard_negatives"], both=True)  # type: ignore[index]


class TestPlan:
    def test_what_it_does_not_know_is_said(self, tmp_path: Path, suite_cli: Cli) -> None:
        found = suite_cli("plan", write_suite(tmp_path), "--data", "filed")
        assert found.code == 0
        assert f"steps are priced as measured on {cost_model('cpu').where}" in found.out  # type: ignore[union-attr]
        assert "without the evaluation of 20 cells: none on these data was made here yet" in found.out
        assert "GiB a worker" in found.out
        head, _, row = (line for line in found.out.splitlines() if re.search(r"  time +memory +disk$|^-+  |^Good & proper  ", line))
        assert re.search(r"GiB$", row[: head.index("memory") + len("memory") + 2].rstrip()), row


class TestNetworks:
    """What text encoders say of their networks before they are built is what they build."""

    def test_tiny(self) -> None:
        from taco_bench_text.tiny import Tiny

        from taco_bench.jobs.sizes import network_size

        encoder = Tiny(width=16, layers=2, heads=2, vocabulary=60, dropout=0.1)
        encoder.fit(["a red lamp", "the lamp is red and the ball is not", "open the door"] * 3, 12)
        built = network_size(encoder.network())
        said = encoder.size(12)
        learnt = encoder.tokenizer().get_vocab_size()
        assert replace(said, parameters=said.parameters - (60 - learnt) * 16) == built

    def test_words(self) -> None:
        from taco_bench_text.words import Words

        from taco_bench.jobs.sizes import network_size

        encoder = Words(width=8)
        encoder.fit(["a red lamp"], 12)
        assert replace(network_size(encoder.network()), parameters=0) == encoder.size(12)

    def test_bert(self, tmp_path: Path) -> None:
        from taco_bench_text.bert import Bert
        from transformers import BertConfig, BertModel

        from taco_bench.jobs.sizes import network_size

        config = BertConfig(vocab_size=50, hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128)
        network = BertModel(config)
        network.save_pretrained(tmp_path)
        said = Bert(str(tmp_path)).size(30)
        assert said is not None
        built = network_size(network)
        assert replace(said, parameters=built.parameters) == built
        assert said.parameters == pytest.approx(built.parameters, rel=0.01)  # the file has a head of names
        assert Bert("no-such-bert").size(30) is None  # neither a folder nor cached
