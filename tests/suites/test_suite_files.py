from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from helpers.suite_text import GOOD, write
from suite_world import AnyRows, Paperlike

from taco_bench.config import Experiment
from taco_bench.errors import ConfigError
from taco_bench.jobs.starts import parse_reference
from taco_bench.plugins import Component, Plugins, load_plugins
from taco_bench.resolve import resolve
from taco_bench.suites.files import keys_of
from taco_bench.suites.load import load_suite, suite_names
from taco_bench.suites.published import published
from taco_bench.suites.schema import Claim, OnData, Row, Suite, SuiteFile, raw_options

PAPER = ["figure3", "table2", "table3", "table4", "table11", "table12", "table13"]
STARTED = ["figure2", "pretrain", "pretrain-losses", "table5", "table6", "table7", "table8", "table9"]
"""Pre-training, what starts from it, and the tables in which TACo stands beside other methods."""
EXTRA = ["lambda", "negatives", "temperature", "tokens", "weights"]
ABLATIONS = [f"extra/{name}" for name in EXTRA] + [f"paper/{name}" for name in PAPER]
WORDLIST = {"tagger": "wordlist"}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins(third_party=False)


def resolved(suite: Suite, row: str, plugins: Plugins, data: str = "babyai") -> Experiment:
    return resolve([{"data": data}, WORDLIST, *suite.layers(suite.row(row), data)], plugins)


class TestShipped:
    def test_which_there_are(self) -> None:
        assert sorted(suite_names()) == sorted([*ABLATIONS, *(f"paper/{name}" for name in STARTED)])

    @pytest.mark.parametrize("name", ABLATIONS)
    def test_each_loads(self, name: str) -> None:
        suite = load_suite(name)
        assert suite.name == name
        assert suite.path.is_file()
        assert suite.primary is not None
        assert suite.metric == "t2v R@1"
        assert suite.smallest_effect == {"default": 1.0, "babyai": 1.0, "msrvtt1k": 1.0, "planted": 2.0}
        assert suite.data["babyai"].options == {"train": {"steps": 1200}}

    @pytest.mark.parametrize("name", ABLATIONS)
    def test_the_papers_effects_are_there_where_the_paper_is(self, name: str) -> None:
        """A claim is made in the paper's direction, so its effect there is above 0."""
        suite = load_suite(name)
        tables_data = published(suite.paper).columns if suite.paper else ["youcook2", "msrvtt"]
        for claim in suite.claims:
            for data in set(tables_data) - {"model"}:
                effect = suite.paper_effect(claim, data)
                assert (effect is not None and effect > 0) == (suite.paper is not None)
                assert suite.smallest(claim, data) == (effect if suite.paper else 1.0)
            assert suite.paper_effect(claim, "babyai") is None
            assert (suite.smallest(claim, "babyai"), suite.smallest(claim, "planted"), suite.smallest(claim, "x")) == (1.0, 2.0, 1.0)

    @pytest.mark.parametrize("name", [f"paper/{name}" for name in PAPER if name.startswith("table")])
    def test_every_row_of_the_papers_table_is_a_row(self, name: str) -> None:
        suite = load_suite(name)
        assert suite.paper is not None
        assert [row.paper_row for row in suite.rows] == published(suite.paper).row_names

    @pytest.mark.parametrize("name", suite_names())
    def test_every_row_is_complete(self, name: str) -> None:
        suite = load_suite(name)
        for row in suite.rows:
            whole = {**suite.options, **row.options}
            assert {"sampler", "tokens", "token_weights", "losses", "model"} <= set(whole)
            assert whole["losses"]["use"]
            assert "video_layers" in whole["model"]
            assert ("l2" in whole["losses"]["use"]) == (whole["tokens"] != "none")

    @pytest.mark.parametrize("name", ABLATIONS)
    def test_every_row_resolves_on_babyai(self, name: str, plugins: Plugins) -> None:
        """Only K' above K - 1 is refused."""
        suite = load_suite(name)
        for row in suite.rows:
            if suite.not_run(row, "babyai"):
                continue
            try:
                assert resolved(suite, row.name, plugins).train.steps == 1200
            except ConfigError as error:
                assert row.name.endswith("-32")
                assert "32 negatives" in error.lines()[0]  # noqa: PT017

    def test_equal_rows_of_two_suites_are_one_experiment(self, plugins: Plugins) -> None:
        groups = [
            {"paper/table3": "full", "paper/table4": "noun-verb", "paper/table11": "full-fused", "paper/table13": "layers-1"},
            {"paper/table3": "full", "paper/figure3": "weight-0.5", "extra/weights": "idf", "extra/lambda": "lambda-0.5"},
            {"paper/table3": "l1-l3-cascade", "paper/table4": "none", "extra/lambda": "none"},
            {"paper/table3": "l3", "paper/table11": "later-only", "paper/table12": "later-only"},
            {"paper/table3": "l1", "paper/table11": "early-only"},
        ]
        for group in groups:
            assert len({resolved(load_suite(name), row, plugins).model_dump_json() for name, row in group.items()}) == 1, group

    @pytest.mark.parametrize(("name", "trainings"), [("paper/table11", 3), ("paper/figure3", 1), ("paper/table3", 5), ("paper/table12", 3)])
    def test_scores_of_one_training_share_it(self, name: str, trainings: int, plugins: Plugins) -> None:
        suite = load_suite(name)
        found = [resolved(suite, row.name, plugins) for row in suite.rows]
        assert len({str(e.training()) for e in found}) == trainings
        assert len({e.model_dump_json() for e in found}) == len(found)

    def test_rows_of_the_extras_differ_in_what_the_suite_is_about(self, plugins: Plugins) -> None:
        for name, rows in {"extra/tokens": 7, "extra/weights": 5, "extra/lambda": 6, "extra/temperature": 8}.items():
            suite = load_suite(name)
            assert len({resolved(suite, row.name, plugins).model_dump_json() for row in suite.rows}) == rows

    def test_the_file_to_copy_explains_every_key(self) -> None:
        header = load_suite("paper/table3").path.read_text(encoding="utf-8").partition("schema = 1")[0]
        for model in (SuiteFile, Row, Claim, OnData):
            for key in keys_of(model):
                assert re.search(rf"\b{key}\b", header), key


class TestStarted:
    """Pre-training, and what starts from it; the data sets, encoders and tasks that they name may not be installed."""

    @pytest.mark.parametrize("name", STARTED)
    def test_each_loads(self, name: str) -> None:
        suite = load_suite(f"paper/{name}")
        assert (suite.primary is not None) == (name == "figure2")  # the paper's claims there are about other methods
        for data in (*suite.data, "elsewhere"):
            on = suite.on(data)
            assert on.metric in on.columns
            if suite.paper:
                assert set(published(suite.paper).columns.get(data, on.columns)) == set(on.columns)

    @pytest.mark.parametrize("name", [name for name in STARTED if name.startswith("table")])
    def test_its_rows_are_the_papers_own_model(self, name: str) -> None:
        suite = load_suite(f"paper/{name}")
        assert suite.paper == name
        assert [row.paper_row for row in suite.rows] == [row for row in published(name).row_names if row.startswith("TACo")]

    @pytest.mark.parametrize("name", STARTED)
    def test_every_start_is_a_row(self, name: str) -> None:
        """With the same losses, video layers and feature."""
        suite = load_suite(f"paper/{name}")
        for row in suite.rows:
            reference = row.options.get("train", {}).get("init")
            assert (reference is not None) == (name in ("figure2", "table8", "table9"))
            if reference:
                start, data, named = parse_reference(reference)
                above = load_suite(start)
                (found,) = [one for one in above.rows if one.name == named]
                assert data == "howto100m"
                assert found.feature == row.feature
                for own, base in ((suite.options, above.options), (row.options, found.options)):
                    kept = ("sampler", "tokens", "token_weights", "losses", "model")
                    assert {key: own.get(key) for key in kept} == {key: base.get(key) for key in kept}

    @pytest.mark.parametrize(
        ("name", "row", "data", "recipe"),
        [
            ("pretrain", "s3d-hm", "howto100m", (500_000, 64, 1e-4, 4)),
            ("pretrain-losses", "full", "howto100m", (500_000, 64, 1e-4, 1)),
            ("table8", "s3d-fine-tuned", "youcook2", (20_000, 128, 2e-5, 4)),
            ("table8", "r152-s3d-fine-tuned", "activitynet", (20_000, 128, 2e-5, 4)),
            ("table5", "s3d", "youcook2", (30_000, 128, 1e-4, 2)),
            ("table6", "r152-s3d", "msrvtt", (30_000, 128, 1e-4, 2)),
            ("table7", "taco", "activitynet", (30_000, 128, 1e-4, 2)),
        ],
    )
    def test_the_papers_recipe(self, name: str, row: str, data: str, recipe: tuple[int, int, float, int]) -> None:
        """P 4.3; what is not installed is stood in for. The task and its options are another's business."""
        suite = load_suite(f"paper/{name}")
        plugins = load_plugins.__wrapped__(False)
        for kind, stand_in in (("data", Paperlike), ("encoder", AnyRows)):
            for wanted in {data} if kind == "data" else {"s3d-hm", "r152"}:
                if wanted not in plugins.names(kind):
                    plugins.add(Component(kind, wanted, stand_in, wanted, "test", "0"))
        layers = [{key: value for key, value in layer.items() if key != "task"} for layer in suite.layers(suite.row(row), data)]
        found = resolve([{"data": data}, WORDLIST, *layers], plugins)
        assert [spec["type"] for spec in found.encoder] in (["s3d-hm"], ["r152", "s3d-hm"])
        train = found.train
        assert (train.steps, train.batch_size, train.learning_rate, found.model.video_layers) == recipe
        assert train.weight_decay == 1e-5

    @pytest.mark.parametrize("name", ["figure2", "table8", "table9"])
    def test_zero_shot_rows_take_no_step_on_any_data(self, name: str, plugins: Plugins) -> None:
        suite = load_suite(f"paper/{name}")
        zero = next(row for row in suite.rows if row.options["train"].get("steps") == 0)
        layers = [{key: value for key, value in layer.items() if key != "task"} for layer in suite.layers(zero, "planted")]
        assert resolve([{"data": "planted"}, *layers], plugins).train.steps == 0


class TestFeatures:
    def test_an_encoder_stands_for_a_feature(self, plugins: Plugins) -> None:
        suite = load_suite("paper/table2")
        assert [spec["type"] for spec in resolved(suite, "r152-i3d-taco", plugins).encoder] == ["tiles", "motion"]
        assert [spec["type"] for spec in resolved(suite, "r152-taco", plugins, "msrvtt1k").encoder] == ["vgg16-ae128"]
        assert "2D image network" in suite.data["msrvtt1k"].note

    @pytest.mark.parametrize(
        ("data", "runnable"),
        [("babyai", ["r152", "i3d", "r152-i3d"]), ("msrvtt1k", ["r152"]), ("planted", ["r152-s3d"]), ("elsewhere", [])],
    )
    def test_a_feature_without_one_is_not_run(self, data: str, runnable: list[str]) -> None:
        suite = load_suite("paper/table2")
        found = [row.name for row in suite.rows if not suite.not_run(row, data)]
        assert found == [f"{feature}-{which}" for feature in runnable for which in ("baseline", "taco")]
        assert suite.not_run(suite.row("s3d-taco"), data) == f"{data} has no encoder that stands for S3D-HM"

    def test_rows_without_a_feature_use_the_data_sets_own(self, plugins: Plugins) -> None:
        suite = load_suite("paper/table3")
        assert suite.not_run(suite.row("full"), "babyai") == ""
        assert "encoder" not in {key for layer in suite.layers(suite.row("full"), "babyai") for key in layer}

    def test_a_row_says_itself_why_it_cannot_be_run(self, tmp_path: Path) -> None:
        suite = load_suite(write(tmp_path, GOOD.replace('label = "Two"', 'label = "Two"\nnot_run = "needs a licence"')))
        assert [suite.not_run(row, "babyai") for row in suite.rows] == ["", "needs a licence"]


class TestOfTheUsers:
    def test_it_is_called_by_its_file(self, tmp_path: Path) -> None:
        suite = load_suite(write(tmp_path, GOOD))
        assert (suite.name, suite.path.parent) == ("mine", tmp_path)
        assert [row.label for row in suite.rows] == ["One", "Two"]
        assert suite.row("one").options == {"losses": {"use": ["l1"]}}
        assert suite.primary is suite.claims[0]
        assert suite.paper_effect(suite.claims[0], "youcook2") is None

    def test_a_copy_of_a_shipped_one(self, tmp_path: Path) -> None:
        shipped = load_suite("paper/table3")
        copy = load_suite(write(tmp_path, shipped.path.read_text(encoding="utf-8")))
        assert copy.rows == shipped.rows
        assert copy.claims == shipped.claims

    def test_a_rows_options_go_above_the_data_sets(self, tmp_path: Path) -> None:
        extra = '[options]\n"train.steps" = 1\n[data.babyai.options]\n"train.steps" = 2\n'
        suite = load_suite(write(tmp_path, GOOD.replace("[smallest_effect]", extra + "[smallest_effect]")))
        steps = [layer["train"]["steps"] for layer in suite.layers(suite.row("one"), "babyai") if "train" in layer]
        assert steps == [1, 2]
        assert suite.layers(suite.row("one"), "babyai")[-1] == {"losses": {"use": ["l1"]}}

    def test_no_claims_need_no_primary(self, tmp_path: Path) -> None:
        suite = load_suite(write(tmp_path, GOOD[: GOOD.index("[[claim]]")].replace('metric = "t2v R@1"', 'metric = "t2v MedR"')))
        assert suite.claims == ()
        assert suite.primary is None

    def test_a_claim_may_name_a_row_that_is_not_run(self, tmp_path: Path) -> None:
        assert load_suite(write(tmp_path, GOOD.replace('label = "Two"', 'label = "Two"\nnot_run = "later"'))).rows[1].not_run == "later"


class TestRawOptions:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"a.b": 1, "a.c": 2}, {"a": {"b": 1, "c": 2}}),
            ({"a": {"b": 1}, "a.c": 2}, {"a": {"b": 1, "c": 2}}),
            ({"token-weights": "idf"}, {"token_weights": "idf"}),
            ({"tokens": [{"type": "noun"}]}, {"tokens": [{"type": "noun"}]}),
            ({}, {}),
        ],
    )
    def test_dots_and_tables_are_one(self, given: dict[str, Any], expected: dict[str, Any]) -> None:
        assert raw_options(given) == expected

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"sampler": "cascade", "sampler.hard_negatives": 4}, "sampler and sampler.hard_negatives contradict each other"),
            ({"sampler.hard_negatives": 4, "sampler": "cascade"}, "write sampler.type = 'cascade'"),
            ({"a.b": 1, "a": {"b": 2}}, "a.b is given twice"),
        ],
    )
    def test_contradictions(self, given: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=re.escape(message)):
            raw_options(given)
