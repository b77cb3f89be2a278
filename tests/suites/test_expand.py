"""Suites on data sets: which cells, which are shared, and which rows are not run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from suite_plugin.filed import PRESET
from suite_world import SUITE, Paperlike, expanded, plugins_with, write_suite

from taco_bench.errors import ConfigError, DataError
from taco_bench.jobs.plan import Line, job_of, unique_jobs
from taco_bench.jobs.states import states_of
from taco_bench.plugins import Component, Plugins, load_plugins
from taco_bench.store.cells import Store
from taco_bench.store.identity import id_of
from taco_bench.suites.expand import Expanded, expand
from taco_bench.suites.load import load_suite, suite_names


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins(third_party=False)


def on_planted(name: str, plugins: Plugins, seeds: int = 2, above: list[dict[str, Any]] | None = None) -> Expanded:
    return expand(load_suite(name), "planted", [], above or [], range(seeds), plugins, lambda _: None)


def cells(line: Line) -> list[str]:
    return [job.cell for job in line.jobs]


def trainings(line: Line) -> list[str]:
    return [job.training for job in line.jobs]


class TestShared:
    def test_a_row_of_two_suites_is_one_cell(self, plugins: Plugins) -> None:
        """The full model of table 3 is the noun+verb row of table 4."""
        full = on_planted("paper/table3", plugins).line("full")
        tokens = on_planted("paper/table4", plugins).line("noun-verb")
        assert cells(full) == cells(tokens)
        assert len(set(cells(full))) == 2
        assert len(unique_jobs([full, tokens])) == 2

    def test_scores_of_one_training_are_cells_of_one_training(self, plugins: Plugins) -> None:
        """Figure 3 evaluates one training at three weights, table 11 the same one by its scores."""
        weights, scores = on_planted("paper/figure3", plugins), on_planted("paper/table11", plugins)
        lines = [*weights.lines, *(line for line in scores.lines if line.name.startswith("full-"))]
        assert len(lines) == 7
        assert len({tuple(trainings(line)) for line in lines}) == 1
        assert len({tuple(cells(line)) for line in lines}) == 6  # weight 0.5 is the fused score
        assert cells(weights.line("weight-0.5")) == cells(scores.line("full-fused"))

    def test_all_suites_together(self, plugins: Plugins) -> None:
        known = [name for name in suite_names() if load_suite(name).task in plugins.names("task")]
        lines = [line for name in known for line in on_planted(name, plugins).every]
        jobs = [job for line in lines for job in line.jobs]
        unique = unique_jobs(lines)
        assert {job.cell for job in jobs} == {job.cell for job in unique}
        assert len(unique) < len(jobs)
        assert len({job.training for job in unique}) < len(unique)

    def test_a_shared_cell_is_planned_once_a_table(self, tmp_path: Path) -> None:
        same = SUITE.replace(
            'sampler = "random", tokens = "none", "losses.use" = ["l1", "l3"]',
            'sampler = "cascade", tokens = "none", "losses.use" = ["l1", "l3"]',
        )
        table = expanded(tmp_path, text=same, seeds=[0, 1])
        assert cells(table.line("good")) == cells(table.line("plain"))
        states = states_of(table.lines, Store(tmp_path / "results"), {}, plugins_with("elsewhere"))
        assert len(states) == 4

    def test_seeds_share_all_but_the_seed(self, plugins: Plugins) -> None:
        """What is not hashed twice is what hashing it again gives."""
        line = on_planted("paper/table3", plugins, 3).line("l1")
        assert line.experiment is not None
        from taco_bench.jobs.facts import facts_of

        for job in line.jobs:
            again = job_of("", line.experiment, facts_of(line.experiment, plugins), job.seed, plugins)
            assert (again.cell, again.training, again.parts) == (job.cell, job.training, job.parts)
            assert job.parts["cell"]["training"] == id_of(job.parts["training"]) == job.training
        assert len({job.cell for job in line.jobs}) == 3


class TestNotRun:
    def test_a_feature_without_an_encoder(self, plugins: Plugins) -> None:
        table = on_planted("paper/table2", plugins)
        line = table.line("s3d-taco")
        assert (line.experiment, line.jobs) == (None, ())
        assert line.not_run == "planted has no encoder that stands for S3D-HM"
        assert table.line("r152-s3d-taco").jobs
        assert table.controls == ()  # the control row has none either

    def test_more_negatives_than_a_batch_has(self, plugins: Plugins) -> None:
        """K' = 32 of K = 32."""
        table = on_planted("extra/negatives", plugins)
        (line,) = [line for line in table.lines if line.name == "cascade-32"]
        assert line.not_run == "32 negatives an anchor (K') do not fit into batches of 32 pairs (K): K' is at most K - 1"
        assert all(line.jobs for line in table.lines if not line.name.endswith("-32"))

    def test_a_batch_that_is_large_enough_runs_them(self, plugins: Plugins) -> None:
        table = on_planted("extra/negatives", plugins, above=[{"train": {"batch_size": 40}}])
        assert all(line.jobs for line in table.lines if line.name == "cascade-32")

    def test_what_the_suite_says_itself(self, plugins: Plugins) -> None:
        """Without a results folder nothing can be found to start from."""
        assert {line.not_run for line in on_planted("paper/figure2", plugins).lines} == {"there is no results folder to find the start in"}


class TestErrors:
    @pytest.mark.parametrize(
        ("old", "new", "what", "hint"),
        [
            ('sampler = "cascade"', 'sampler = "cascde"', "unknown sampler 'cascde'", "did you mean cascade?"),
            ('tokens = "none"', 'tokens = "nuon"', "unknown tokens 'nuon'", "noun"),
            ('"losses.use" = ["l1", "l3"]', '"losses.use" = ["l4"]', "--losses='l4' is not valid", "taco-bench show options"),
            ('"losses.use" = ["l1", "l3"]', '"train.stpes" = 3', "unknown option 'train.stpes'", "did you mean train.steps?"),
            (
                '"losses.use" = ["l1", "l3"]',
                '"losses.use" = ["l3"]',
                "the sampler 'cascade' selects by the scores of l1 and l2",
                "--sampler random",
            ),
        ],
    )
    def test_it_names_the_file_and_the_row(self, old: str, new: str, what: str, hint: str, tmp_path: Path) -> None:
        assert old in SUITE
        with pytest.raises(ConfigError) as caught:
            expanded(tmp_path, text=SUITE.replace(old, new, 1))
        (problem,) = caught.value.problems
        assert what in problem.what
        assert f"{tmp_path}/mine.toml: row 'good'" in problem.where
        assert hint in problem.hint

    def test_all_rows_are_looked_at(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            expanded(tmp_path, text=SUITE.replace('sampler = "random"', 'sampler = "dice"'))
        assert ["row 'plain'" in p.where or "row 'third'" in p.where for p in caught.value.problems] == [True, True]

    def test_an_unknown_data_set(self, tmp_path: Path) -> None:
        suite = load_suite(str(write_suite(tmp_path)))
        with pytest.raises(ConfigError, match="unknown data 'plantd'"):
            expand(suite, "plantd", [{"data": "plantd"}], [], [0], plugins_with(), lambda _: None)


class TestLayers:
    def test_the_command_line_goes_over_the_suite_and_the_suite_over_a_file(self, plugins: Plugins) -> None:
        suite = load_suite("paper/table3")
        below = [{"model": {"video_layers": 3}, "train": {"learning_rate": 0.5}}]

        def video_layers(above: list[dict[str, Any]]) -> tuple[int, float]:
            line = expand(suite, "planted", below, above, [0], plugins, lambda _: None).line("full")
            assert line.experiment is not None
            return line.experiment.model.video_layers, line.experiment.train.learning_rate

        assert video_layers([]) == (1, 0.5)
        assert video_layers([{"model": {"video_layers": 2}}]) == (2, 0.5)

    def test_options_of_a_data_set_stand_between_the_suites_and_a_rows(self, tmp_path: Path) -> None:
        text = SUITE.replace('token_weights = "idf"', 'token_weights = "idf"\n"train.steps" = 3\n"train.batch_size" = 9')
        text = text.replace("[[row]]", '[data.elsewhere.options]\n"train.steps" = 4\n"model.width" = 32\n[[row]]', 1)
        text = text.replace('"losses.use" = ["l3"] }', '"losses.use" = ["l3"], "model.width" = 64 }')
        table = expanded(tmp_path, text=text, seeds=[0])
        found = {line.name: line.experiment for line in table.lines}
        good, third = found["good"], found["third"]
        assert good is not None
        assert third is not None
        assert (good.train.batch_size, good.train.steps, good.model.width) == (9, 4, 32)
        assert (third.train.steps, third.model.width) == (4, 64)
        other = expanded(tmp_path, "another", text=text, seeds=[0]).line("good").experiment
        assert other is not None
        assert (other.train.steps, other.model.width) == (3, 16)

    def test_the_first_option_of_a_data_set_may_stand_behind_a_colon(self, plugins: Plugins) -> None:
        table = expand(load_suite("paper/table3"), "planted:null", [], [], [0], plugins, lambda _: None)
        experiment = table.line("full").experiment
        assert experiment is not None
        assert experiment.data["world"] == "null"
        assert (table.data, table.title) == ("planted", "paper/table3@planted:null")
        assert table.command == "taco-bench reproduce paper/table3 --data planted:null"


class TestOverrides:
    """Options from outside that would make the rows something else than their labels say."""

    @pytest.mark.parametrize(
        ("name", "above", "what"),
        [
            ("paper/table3", {"losses": {"use": ["l1"]}}, "--losses is what the rows of paper/table3 differ in"),
            ("paper/table3", {"losses": "l1"}, "--losses is what the rows of paper/table3 differ in"),
            ("paper/table3", {"sampler": "random"}, "--sampler is what"),
            ("paper/table3", {"sampler": {"type": "random"}}, "--sampler is what"),
            ("paper/table3", {"sampler": "random:4"}, "--sampler is what"),
            ("paper/table3", {"tokens": "noun"}, "--tokens is what"),
            ("paper/table4", {"sampler": "random"}, "--sampler is a part of the rows of paper/table4"),
            ("paper/table2", {"encoder": "planted"}, "--encoder is what"),
            ("paper/table11", {"evaluation": {"scores": ["fusion"]}}, "--scores is what"),
            ("paper/table13", {"model": {"video_layers": 3}}, "--set model.video_layers is what"),
            ("paper/figure3", {"evaluation": {"token_weight": 1.0}}, "--set evaluation.token_weight is what"),
            ("extra/negatives", {"sampler": {"hard_negatives": 4}}, "--set sampler.hard_negatives is what"),
        ],
    )
    def test_what_makes_the_rows_is_refused(self, name: str, above: dict[str, Any], what: str, plugins: Plugins) -> None:
        with pytest.raises(ConfigError) as caught:
            on_planted(name, plugins, above=[{}, above])
        (problem,) = caught.value.problems
        assert problem.what.startswith(what)
        assert f"{name}.toml" in problem.hint

    @pytest.mark.parametrize(
        "above",
        [
            {"sampler": {"hard_negatives": 4}},
            {"train": {"steps": 7, "batch_size": 16}},
            {"model": {"video_layers": 0}},
            {"token_weights": "uniform"},
            {"losses": {"symmetric": True}},
            {"evaluation": {"metric_convention": "howto100m"}},
            {"data": {"seed": 3}, "controls": "constant-scores"},
        ],
    )
    def test_the_rest_is_free(self, above: dict[str, Any], plugins: Plugins) -> None:
        lines = on_planted("paper/table3", plugins, seeds=1, above=[above]).lines
        assert len({cells(line)[0] for line in lines}) == 5

    def test_every_such_option_is_told(self, plugins: Plugins) -> None:
        with pytest.raises(ConfigError) as caught:
            on_planted("paper/table3", plugins, above=[{"losses": {"use": ["l1"]}}, {"sampler": "random", "train": {"steps": 3}}])
        assert [problem.where for problem in caught.value.problems] == ["--losses", "--sampler"]


class TestLabels:
    def test_jobs_of_two_worlds_of_a_data_set_are_told_apart(self, plugins: Plugins) -> None:
        """A failure is found again by its job's label."""
        suite = load_suite("paper/table3")
        tables = [expand(suite, f"planted:{world}", [], [], [0], plugins, lambda _: None) for world in ("holds", "null")]
        labels = [job.label for table in tables for line in table.every for job in line.jobs]
        assert len(set(labels)) == len(labels) == 12
        assert "L1+L2+L3, cascade on planted:holds, seed 0" in labels
        assert "L1+L2+L3, cascade on planted:null, shuffled-captions, seed 0" in labels
        assert [line.label for line in tables[0].every] == [line.label for line in tables[1].every]
        assert tables[0].controls[0].label == "L1+L2+L3, cascade, shuffled-captions"


class TestControls:
    def test_the_control_row_is_trained_once_more_on_shuffled_captions(self, tmp_path: Path) -> None:
        table = expanded(tmp_path, seeds=[0, 1])
        (line,) = table.controls
        assert line.experiment is not None
        assert (line.name, line.control_of, line.experiment.train.shuffle_captions) == ("good/shuffled-captions", "good", True)
        assert table.every == [*table.lines, line]
        assert set(trainings(line)).isdisjoint(trainings(table.line("good")))

    def test_it_can_be_left_out(self, tmp_path: Path) -> None:
        assert expanded(tmp_path, seeds=[0], above=[{"controls": "constant-scores"}]).controls == ()


def test_what_is_decided_in_the_users_place_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows have tokens of interest, and the usual tagger is not there."""
    monkeypatch.setattr("taco_bench_text.spacy_tagger.SpacyTagger.missing", lambda self: "it is not installed")
    text = SUITE.replace('tokens = "none", "losses.use" = ["l1", "l3"]', 'tokens = "noun", "losses.use" = ["l1", "l2"]')
    plugins, said = plugins_with(), list[str]()
    preset = {key: value for key, value in PRESET.items() if key != "tagger"}
    plugins.add(Component("data", "untagged", Paperlike, "no tagger of its own", "test", "0", preset=preset))
    table = expand(load_suite(str(write_suite(tmp_path, text))), "untagged", [], [], [0], plugins, said.append)
    taggers = [line.experiment.tagger for line in table.lines if line.experiment]
    assert taggers == [{"type": "wordlist"}, {"type": "wordlist"}, None]
    assert len(said) == 1
    assert "it is not installed" in said[0]


def test_a_column_that_the_task_does_not_make(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        expanded(tmp_path, text=SUITE.replace('"t2v MedR"]', '"t2v MdR"]'))
    assert caught.value.problems[0].what == "the task retrieval has no column 't2v MdR'"
    assert "t2v MedR" in caught.value.problems[0].hint
    assert expanded(tmp_path, text=SUITE.replace('"t2v MedR"]', '"v2t ties"]')).lines


class TestStreamsThatAreNotThere:
    """Rows of features; ``tiles`` reads a stream that planted does not have."""

    FEATURES = """
    [data.planted.features]
    "A" = "{0}"
    "B" = "{1}"
    """

    def suite(self, folder: Path, first: str, second: str) -> Any:
        text = SUITE.replace("[smallest_effect]", self.FEATURES.format(first, second) + "\n[smallest_effect]\nplanted = 2.0")
        for name, feature in {"good": "A", "plain": "B", "third": "A"}.items():
            text = text.replace(f'name = "{name}"\nlabel', f'name = "{name}"\nfeature = "{feature}"\nlabel')
        return load_suite(str(write_suite(folder, text)))

    def expand(self, folder: Path, first: str, second: str, plugins: Plugins) -> Expanded:
        return expand(self.suite(folder, first, second), "planted", [], [], [0, 1], plugins, lambda _: None)

    def test_such_a_row_is_not_run_and_the_others_are(self, tmp_path: Path, plugins: Plugins) -> None:
        table = self.expand(tmp_path, "planted", "tiles", plugins)
        assert {line.name: line.not_run for line in table.lines} == {
            "good": "", "plain": "the data set has no stream 'frames'", "third": "",
        }  # fmt: skip
        assert [len(line.jobs) for line in table.lines] == [2, 0, 2]
        assert table.controls

    def test_so_is_the_row_of_the_control(self, tmp_path: Path, plugins: Plugins) -> None:
        table = self.expand(tmp_path, "tiles", "planted", plugins)
        assert [line.name for line in table.lines if line.jobs] == ["plain"]
        assert not table.controls

    def test_where_no_row_can_be_run_the_whole_is_refused(self, tmp_path: Path, plugins: Plugins) -> None:
        with pytest.raises(DataError, match="the data set has no stream 'frames'") as caught:
            self.expand(tmp_path, "tiles", "tiles", plugins)
        assert "its streams: planted" in caught.value.hint

    def test_with_other_reasons_beside_it_each_row_says_its_own(self, tmp_path: Path, plugins: Plugins) -> None:
        """As a table of fine-tuned rows with some of the features, and no training to start from: no one cause is the whole's."""
        suite = self.suite(tmp_path, "tiles", "planted")
        text = suite.path.read_text().replace('name = "plain"\n', 'name = "plain"\nnot_run = "needs a licence"\n')
        suite.path.write_text(text)
        table = expand(load_suite(str(suite.path)), "planted", [], [], [0], plugins, lambda _: None)
        absent = "the data set has no stream 'frames'"
        assert {line.name: line.not_run for line in table.lines} == {"good": absent, "plain": "needs a licence", "third": absent}
        assert not any(line.jobs for line in table.every)
