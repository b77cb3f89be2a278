from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from taco_bench.config import SECTIONS
from taco_bench.errors import ConfigError, UserError
from taco_bench.plugins import load_plugins
from taco_bench.suites import published as module
from taco_bench.suites.published import published, published_names

R1 = "t2v R@1"
DATA = {"youcook2", "msrvtt", "msrvtt-7k", "activitynet", "crosstask", "coin"}


def figures() -> Iterator[tuple[str, str, str, str, float]]:
    """Table, row, data, column and figure of all that the registry holds."""
    for name in published_names():
        table = published(name)
        for row in table.rows:
            for data in row.figures:
                for column in table.columns[data]:
                    figure = table.figure(row.name, data, column)
                    assert figure is not None
                    yield name, row.name, data, column, figure


def effects(table: str, better: str, worse: str) -> list[float]:
    """R@1 of one row less another's, on YouCook2 and MSR-VTT."""
    found = published(table)
    return [round(found.figure(better, d, R1) - found.figure(worse, d, R1), 1) for d in ("youcook2", "msrvtt")]  # type: ignore[operator]


class TestFigures:
    def test_all_fourteen_tables_are_there(self) -> None:
        assert published_names() == [f"table{n}" for n in range(1, 15)]
        assert [published(name).number for name in published_names()] == list(range(1, 15))

    def test_each_has_a_source_a_unit_and_a_confidence(self) -> None:
        for name, row, data, column, _ in figures():
            table = published(name)
            assert table.source.startswith(f"P Tab. {table.number}")
            assert table.units[column]
            assert table.confidence_of(row, data, column).startswith(("two conversions agree", "one conversion only"))
            assert data in DATA | {"model"}

    def test_how_many_there_are(self) -> None:
        counts = dict.fromkeys(published_names(), 0)
        for name, *_ in figures():
            counts[name] += 1
        assert list(counts.values()) == [0, 80, 40, 40, 24, 36, 24, 80, 14, 9, 24, 12, 24, 8]

    @pytest.mark.parametrize(
        ("table", "better", "worse", "expected"),
        [
            ("table3", "L1+L3, cascade", "L1+L3, random", [1.1, 1.2]),
            ("table3", "L1+L2+L3, cascade", "L1+L3, cascade", [0.8, 0.8]),
            ("table3", "L1+L2+L3, cascade", "L3", [2.5, 3.1]),
            ("table3", "L1+L3, random", "L1", [-0.2, -0.4]),
            ("table4", "noun", "verb", [0.1, 0.1]),
        ],
    )
    def test_the_effects_that_others_derived(self, table: str, better: str, worse: str, expected: list[float]) -> None:
        assert effects(table, better, worse) == expected

    def test_one_setting_has_one_set_of_figures(self) -> None:
        """The same trainings stand in several tables; only Tab. 12's first row slips."""
        same = [
            [("table2", "R-152+S3D-HM, TACo"), ("table3", "L1+L2+L3, cascade"), ("table4", "noun+verb")],
            [("table2", "R-152+S3D-HM, baseline"), ("table3", "L3")],
            [("table3", "L1+L3, cascade"), ("table4", "none")],
        ]
        for group in same:
            assert len({tuple(published(table).row(row).figures.items()) for table, row in group}) == 1  # type: ignore[union-attr]
        full = published("table3").row("L1+L2+L3, cascade").figures["youcook2"]  # type: ignore[union-attr]
        for table, row in (("table11", "full model, fused"), ("table13", "1 layer")):
            assert published(table).row(row).figures["youcook2"] == full  # type: ignore[union-attr]
        for table, columns in (("table11", (13.3, 35.8, 48.9, 11.0)), ("table12", (13.3, 35.7, 48.8, 11.0))):
            row = "later only, later score" if table == "table11" else "later only"
            assert published(table).row(row).figures["youcook2"] == columns  # type: ignore[union-attr]
        assert "35.8" in published("table12").notes_of("later only", "youcook2", "t2v R@5")[0]

    @pytest.mark.parametrize(
        ("table", "data", "pool"), [("table5", "youcook2", 3350), ("table6", "msrvtt-7k", 1000), ("table7", "activitynet", 4917)]
    )
    def test_random_rows_pin_the_pool(self, table: str, data: str, pool: int) -> None:
        found = published(table)
        assert found.protocol[data]["pool.queries"] == pool
        for column in found.columns[data]:
            figure = found.figure("random", data, column)
            expected = pool / 2 if column == "t2v MedR" else 100 * int(column.partition("@")[2]) / pool
            assert figure == pytest.approx(expected, abs=1 if column == "t2v MedR" else 0.06)

    def test_recall_grows_with_k(self) -> None:
        for name in published_names():
            for row in published(name).rows:
                for data, values in row.figures.items():
                    recalls = [v for v, c in zip(values, published(name).columns[data], strict=True) if "R@" in c]
                    assert recalls == sorted(recalls), (name, row.name, data)

    def test_a_layer_is_a_layer(self) -> None:
        """7.09 M parameters each: 12 d^2 and the biases and norms at d = 768."""
        table = published("table13")
        layer = (12 * 768**2 + 13 * 768) / 1e6
        none = table.figure("0 layers", "model", "parameters")
        assert none is not None
        for layers in (1, 2, 4):
            name = "1 layer" if layers == 1 else f"{layers} layers"
            assert table.figure(name, "model", "parameters") == pytest.approx(none + layers * layer, abs=0.1)
        assert published("table14").figure("TACo", "model", "FLOPs") == table.figure("4 layers", "model", "FLOPs")


class TestKnownSlips:
    def test_the_header_of_table_7(self) -> None:
        table = published("table7")
        assert "t2v R@10" not in table.columns["activitynet"]
        assert table.figure("TACo", "activitynet", "t2v R@50") == 93.8
        assert "R@50" in table.slips[0]
        assert table.notes_of("TACo", "activitynet", "t2v R@50") == ["printed under the header R@10"]

    def test_two_decimals(self) -> None:
        assert published("table2").figure("I3D-X101, baseline", "msrvtt", "t2v R@5") == 40.83
        recalls = [(n, r, f) for n, r, _, column, f in figures() if column.startswith("t2v")]
        odd = [(n, r) for n, r, f in recalls if round(f, 1) != f]
        assert odd == [("table2", "I3D-X101, baseline"), ("table7", "random"), ("table7", "random")]

    def test_cells_that_one_conversion_alone_shows(self) -> None:
        table = published("table2")
        for row, data, column, confidence in [
            ("R-152, TACo", "youcook2", R1, "one conversion only"),
            ("R-152, TACo", "youcook2", "t2v MedR", "two conversions agree"),
            ("I3D-X101, TACo", "msrvtt", "t2v R@5", "one conversion only"),
            ("R-152, TACo", "msrvtt", "t2v R@5", "two conversions agree"),
            ("R-152, TACo", "msrvtt", "t2v R@10", "one conversion only"),
            ("R-152+S3D-HM, baseline", "youcook2", R1, "two conversions agree"),
        ]:
            assert table.confidence_of(row, data, column) == confidence
        assert published("table5").confidence_of("TACo, S3D-HM", "youcook2", R1) == "one conversion only"
        assert published("table5").confidence_of("TACo, R-152+I3D-X101", "youcook2", R1) == "two conversions agree"


class TestProtocol:
    def test_its_names_are_fields_of_a_cell(self) -> None:
        sampler = {"hard_negatives"}
        for name in published_names():
            table = published(name)
            for data in table.columns:
                for row in table.row_names:
                    for key in table.protocol_of(row, data):
                        section, _, field = key.removeprefix("start.").partition(".")  # of the training that the row's starts from
                        fields = {"pool": {"queries", "videos"}, "sampler": sampler, "text_encoder": {"type", "pooling", "frozen"}}
                        fields |= {"encoder": {""}, "splits": {"train.clips"}}
                        fields |= {section: set(model.model_fields) for section, model in SECTIONS.items()}
                        assert field in fields[section], (name, key)

    def test_its_components_are_there(self) -> None:
        named = {published(n).protocol[d].get("text_encoder.type", "bert") for n in published_names() for d in published(n).protocol}
        assert named == {"bert"}
        load_plugins(third_party=False).get("text-encoder", "bert")

    def test_every_retrieval_table_says_what_it_was_measured_on(self) -> None:
        for n in (*range(2, 9), 11, 12, 13):
            table = published(f"table{n}")
            assert set(table.protocol) == set(table.columns) - {"model"}
            for data, fixed in table.protocol.items():
                assert fixed["pool.queries"] == {"youcook2": 3350, "activitynet": 4917}.get(data, 1000)
                assert fixed["model.width"] == 768

    @pytest.mark.parametrize(("table", "layers"), [("table3", 1), ("table4", 1), ("table5", 2), ("table8", 4), ("table11", 1)])
    def test_video_layers(self, table: str, layers: int) -> None:
        assert {fixed["model.video_layers"] for fixed in published(table).protocol.values()} == {layers}

    def test_a_row_may_differ(self) -> None:
        table = published("table8")
        zero_shot = table.protocol_of("TACo, S3D-HM, zero-shot", "youcook2")
        assert (zero_shot["train.steps"], zero_shot["start.train.steps"]) == (0, 500_000)
        assert table.protocol_of("TACo, S3D-HM, fine-tuned", "youcook2")["train.learning_rate"] == 2e-5
        assert "train.warmup_steps" not in table.protocol_of("TACo, S3D-HM, zero-shot", "youcook2")  # the paper does not state it
        assert published("table13").protocol_of("4 layers", "youcook2")["model.video_layers"] == 4


class TestLookup:
    def test_what_is_not_there_is_none(self) -> None:
        table = published("table3")
        assert table.figure("L1", "coin", R1) is None
        assert table.figure("L4", "youcook2", R1) is None
        assert table.figure("L1", "youcook2", "t2v R@50") is None
        assert published("table8").figure("TACo, S3D-HM, zero-shot", "activitynet", R1) is None

    def test_an_unknown_table_names_the_nearest(self) -> None:
        with pytest.raises(UserError, match="did you mean table3") as caught:
            published("tabel3")
        assert caught.value.where.endswith("paper")

    def test_a_file_that_contradicts_itself(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "paper").mkdir()
        (tmp_path / "paper/table99.toml").write_text(
            'schema = 1\nnumber = 99\ntitle = "t"\nsource = "s"\nconfidence = "c"\n[columns]\na = ["x", "y"]\n[units]\nx = "%"\ny = "%"\n'
            '[[row]]\nname = "one"\nfigures = { a = [1.0] }\n'
        )
        monkeypatch.setattr(module, "registry_root", lambda: tmp_path)
        monkeypatch.setattr(module, "published_names", lambda: ["table99"])
        with pytest.raises(ConfigError, match="'one' has 1 figures on a, which has 2"):
            published("table99")
