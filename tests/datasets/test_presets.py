"""What experiments on the paper's data sets start from."""

from __future__ import annotations

from typing import Any

import pytest

from taco_bench.config import Experiment
from taco_bench.plugins import load_plugins
from taco_bench.resolve import resolve

NAMES = ("youcook2", "msrvtt", "activitynet", "howto100m", "msvd", "didemo")
ENCODERS = {component.name for component in load_plugins().all() if component.kind == "encoder"}


def resolved(name: str, **options: Any) -> Experiment:
    return resolve([{"data": name, "tagger": "wordlist", **options}], load_plugins())


@pytest.mark.parametrize("name", NAMES)
def test_it_resolves_without_files(name: str) -> None:
    """With an encoder that is always there: no file is looked at before a run."""
    found = resolved(name, encoder="vgg16-ae128")
    assert found.text_encoder["type"] == "bert"
    assert found.sampler is not None
    assert found.sampler["hard_negatives"] == 8
    assert found.train.learning_rate == 1e-4
    assert found.model.fusion_layers == 2
    assert (found.train.steps, found.train.batch_size) == ((500_000, 64) if name == "howto100m" else (30_000, 128))
    tokens = (256, 256) if name == "activitynet" else (48, 30)
    assert (found.model.max_video_tokens, found.model.max_text_tokens) == tokens
    assert list(found.task["ks"]) == ([1, 5, 50] if name == "activitynet" else [1, 5, 10])


@pytest.mark.skipif(not {"r152", "s3d-hm"} <= ENCODERS, reason="the encoders of extracted features are not installed")
@pytest.mark.parametrize("name", NAMES)
def test_its_streams_are_the_papers(name: str) -> None:
    assert "+".join(spec["type"] for spec in resolved(name).encoder) == ("s3d-hm" if name == "howto100m" else "r152+s3d-hm")


def test_cut_offs_on_the_command_line_go_before_the_preset() -> None:
    assert list(resolved("activitynet", encoder="vgg16-ae128", task={"ks": [1, 10]}).task["ks"]) == [1, 10]


@pytest.mark.parametrize(("protocol", "runs"), [(None, (20, 30)), ("official", (20, 30)), ("mmpt", (1, 0)), ("pdpp", (1, 0))])
def test_crosstasks_runs_are_those_of_its_protocol(protocol: str | None, runs: tuple[int, int]) -> None:
    data = {"type": "crosstask", **({"protocol": protocol} if protocol else {})}
    found = resolve([{"data": data, "encoder": "planted", "tagger": "wordlist"}], load_plugins())
    assert found.task["type"] == "step-localization"
    assert (found.task["runs"], found.task["left_out"]) == runs
    given = resolve([{"data": data, "encoder": "planted", "tagger": "wordlist", "task": {"runs": 3}}], load_plugins())
    assert (given.task["runs"], given.task["left_out"]) == (3, runs[1])


@pytest.mark.parametrize("name", ["crosstask", "coin"])
def test_the_papers_batches_fit_what_the_presets_allow(name: str) -> None:
    found = resolve([{"data": name, "encoder": "planted", "tagger": "wordlist"}], load_plugins())
    assert (found.train.batch_size, found.model.video_layers) == (128, 4)


def test_ms_tcn_trains_no_fusion_and_no_retrieval() -> None:
    """Pairs of 542 tokens would take 120 GiB a step in fusion; segmentation reads neither text nor fusion."""
    found = resolved("ms-tcn")
    assert (found.task["type"], found.task["window"]) == ("action-segmentation", 512)
    assert (found.losses.use, found.sampler, found.train.steps) == (("l1",), None, 0)
    assert found.model.max_video_tokens + found.model.max_text_tokens <= found.model.positions
    assert resolved("ms-tcn", train={"steps": 2}).train.batch_size == 16
