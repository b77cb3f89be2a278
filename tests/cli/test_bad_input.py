"""Bad input: what is wrong, where, and what to do next; the right exit code, no traceback, nothing half-written."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.cli import ONE, SMALL, Cli, Results, Started, assert_told

pytest_plugins = ("helpers.fixtures",)


@pytest.fixture(autouse=True)
def nothing_half_written(results: Results) -> object:
    """What a failed run leaves behind is whole: no file at all, or files of finished cells and trainings."""
    yield
    for name in results.files():
        assert not Path(name).name.startswith("."), name
        assert Path(name).name not in ("state.safetensors", "best.safetensors"), name
    others = [name for name in results.files() if name.startswith(("tables/", "failures/"))]
    assert len(results.files()) == len(results.cells()) * 2 + len(results.weights()) * 3 + len(others)


class TestConfiguration:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--sampler", "casacde"], ["casacde", "did you mean cascade?"]),
            (["--encoder", "dotz"], ["dotz", "did you mean dots?"]),
            (["--encoder", "dots+dotz"], ["dotz", "did you mean dots?"]),
            (["--text-encoder", "tinny"], ["tinny", "did you mean tiny?"]),
            (["--task", "retreival"], ["retreival", "did you mean retrieval?"]),
            (["--token-weights", "idff"], ["idff", "did you mean idf"]),
            (["--tokens", "noun,vreb"], ["vreb", "did you mean", "verb"]),
            (["--tokens", ""], ["tokens"]),
            (["--losses", "l1,l4"], ["l4", "l1"]),
            (["--losses", ""], ["losses"]),
            (["--scores", "tokne"], ["tokne", "token"]),
            (["--losses", "l1,l2", "--scores", "fusion"], ["fusion", "not trained", "--scores"]),
            (["--losses", "l2", "--tokens", "none"], ["no loss"]),
            (["--losses", "l3"], ["cascade", "l1", "l2", "trained", "--sampler random"]),
            (["--losses", "l2,l3", "--sampler", "sentence"], ["sentence", "l1"]),
            (["--set", "sampler.hard_negatives=8"], ["K'", "8", "K - 1"]),
            (["--set", "sampler.hard_negatives=80"], ["K'", "80", "8", "--set"]),
            (["--set", "sampler.hard_negatives=0"], ["hard_negatives"]),
            (["--set", "sampler.hard_negatives=two"], ["hard_negatives", "two", "int"]),
            (["--set", "sampler.hard_negative=2"], ["hard_negative", "did you mean hard_negatives?"]),
            (["--sampler", "all:3"], ["all", "no options"]),
            (["--set", "train.stpes=3"], ["train.stpes", "did you mean train.steps?"]),
            (["--set", "trian.steps=3"], ["trian", "did you mean train?"]),
            (["--set", "train.batch_size=0"], ["train.batch_size", "greater than 0"]),
            (["--set", "train.batch_size=1", "--losses", "l1"], ["batch of one", "train.batch_size"]),
            (["--set", "train.learning_rate=nan"], ["train.learning_rate"]),
            (["--set", "train.learning_rate=-1"], ["train.learning_rate"]),
            (["--set", "train.warmup_steps=10", "--steps", "5"], ["warm", "10", "5"]),
            (["--set", "train.checkpoint=best"], ["best", "validate_every"]),
            (["--set", "model.heads=3"], ["16", "3 heads"]),
            (["--set", "model.positions=10"], ["positions", "16"]),
            (["--set", "evaluation.token_weight=2"], ["evaluation.token_weight"]),
            (["--set", "train.fusion_memory=0.0000001"], ["GiB", "fusion"]),
            (["--set", "train.steps"], ["train.steps", "a.b=c"]),
            (["--set", "=3"], ["a.b=c"]),
            (["--set", "=" ], ["a.b=c"]),
            (["--set", "model=3"], ["model"]),
            (["--set", "train=[1, 2]"], ["train"]),
            (["--set", "model.width.deep=3"], ["model.width"]),
            (["--set", "sampler=3"], ["sampler"]),
            (["--set", "tokens=3"], ["tokens"]),
            (["--set", "tokens=[3]"], ["tokens"]),
            (["--set", "encoder={}"], ["encoder"]),
            (["--set", "sampler.type=3"], ["sampler"]),
            (["--set", "data.=3"], ["data"]),
            (["--device", "cuda"], ["GPU", "--device cpu"]),
            (["--set", "train.precision=bfloat16", "--device", "cpu"], ["bfloat16", "train.precision"]),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else None,
    )  # fmt: skip
    def test_a_wrong_option(self, arguments: list[str], words: list[str], cli: Cli, results: Results) -> None:
        import torch

        if "cuda" in arguments and torch.cuda.is_available():
            pytest.skip("there is a GPU here")
        found = cli(*SMALL, *arguments)
        assert_told(found, 2, *words)
        assert found.out == ""
        assert not results.root.exists()

    def test_an_unknown_data_set(self, cli: Cli) -> None:
        assert_told(cli("run", "--data", "smal"), 2, "smal", "did you mean", "small")

    def test_all_that_is_wrong_is_said_at_once(self, cli: Cli) -> None:
        found = cli(*SMALL, "--sampler", "casacde", "--tokens", "vreb", "--set", "train.stpes=3", "--set", "model.width=-1")
        assert_told(found, 2, "casacde", "vreb", "train.stpes", "model.width")

    def test_one_wrong_point_of_a_grid_stops_it_before_it_starts(self, cli: Cli, results: Results) -> None:
        assert_told(cli(*SMALL, "--sampler", "random", "--sampler", "casacde"), 2, "casacde")
        assert not results.root.exists()

    def test_a_message_has_what_where_and_try(self, cli: Cli) -> None:
        lines = cli(*SMALL, "--sampler", "casacde").err.splitlines()
        assert lines == ["error: unknown sampler 'casacde'", "  where: --sampler", "  try:   did you mean cascade?"]


class TestConfigurationFile:
    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("absent.py", None, ["absent.py", "cannot be read"]),
            ("broken.py", "train = dict(steps=", ["broken.py", "cannot be read"]),
            ("raises.py", "1 / 0", ["raises.py", "division by zero"]),
            ("broken.json", '{"train": ', ["broken.json", "cannot be read"]),
            ("broken.yaml", "train: [1, 2", ["broken.yaml", "cannot be read"]),
            ("list.json", "[1, 2]", ["list.json"]),
            ("empty.yaml", "", ["empty.yaml"]),
            ("config.toml", "steps = 3", ["config.toml"]),
            ("unknown.json", '{"smapler": "random"}', ["smapler", "did you mean sampler?"]),
            ("section.json", '{"train": {"stpes": 3}}', ["train.stpes", "did you mean train.steps?"]),
            ("scalar.json", '{"train": 3}', ["train"]),
            ("kind.json", '{"sampler": 3}', ["sampler"]),
            ("null.json", '{"tokens": [null]}', ["tokens"]),
        ],
        ids=lambda value: value if isinstance(value, str) and "." in value and " " not in value else "",
    )
    def test_a_bad_file(self, name: str, text: str | None, words: list[str], cli: Cli, results: Results, tmp_path: Path) -> None:
        if text is not None:
            (tmp_path / name).write_text(text)
        assert_told(cli(*SMALL, "--config", tmp_path / name), 2, *words)
        assert not results.root.exists()

    def test_a_folder_is_no_file(self, cli: Cli, tmp_path: Path) -> None:
        assert_told(cli(*SMALL, "--config", tmp_path), 2, str(tmp_path))


class TestData:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--set", "data.train=5"], ["5 clips", "8 (K)", "train.batch_size=5"]),
            (["--set", "data.train=3", "--set", "sampler.hard_negatives=4"], ["3 clips"]),
            (["--set", "data.train=0"], ["no training clips", "--init TRAINING --steps 0"]),
            (["--set", "data.fault=nan"], ["test-3", "row 1", "not finite"]),
            (["--set", "data.fault=wide"], ["test-3", "16", "8"]),
            (["--set", "data.fault=flat"], ["test-3", "[8]"]),
            (["--set", "data.fault=empty"], ["test-3", "no row"]),
            (["--set", "data.fault=missing"], ["test-3", "dots", "--on-missing skip"]),
            (["--encoder", "tiles"], ["frames", "dots"]),
        ],
    )
    def test_features_and_splits(self, arguments: list[str], words: list[str], cli: Cli) -> None:
        assert_told(cli(*SMALL, *arguments), 3, *words)

    @pytest.mark.parametrize("arguments", [["--set", "data.train=5"], ["--set", "data.train=4", "--set", "sampler.hard_negatives=5"]])
    def test_what_is_advised_for_a_small_training_split_works(self, arguments: list[str], cli: Cli) -> None:
        """The second is smaller than K and than K' + 1."""
        advice = re.findall(r"--set \S+=\d+", cli(*ONE, *arguments).err.split("try:")[1])
        assert advice
        found = cli(*ONE, *arguments, *(word for each in advice for word in each.split()))
        assert found.code == 0, found.err

    @pytest.mark.parametrize("size", [0, 1, 4])
    def test_a_test_split_of_few_clips(self, size: int, cli: Cli) -> None:
        """Recalls at 5 and 10 exist for small pools too; for an empty one there is a message."""
        found = cli(*SMALL, "--set", f"data.test={size}", "--steps", 1)
        if size:
            assert found.code == 0, found.err
        else:
            assert_told(found, 3, "test", "0")

    def test_clips_without_features_are_skipped_and_counted(self, cli: Cli, results: Results) -> None:
        found = cli(*ONE, "--set", "data.fault=missing", "--on-missing", "skip", "--steps", 1)
        assert found.code == 0, found.err
        header = found.out.split("t2v R@1")[0]
        assert "15 queries, 15 videos" in header
        assert "1 clips without features skipped" in header
        assert "test-3" in found.err
        (cell,) = results.cells().values()
        assert cell["skipped"] == ["test-3"]
        assert "test-3" not in cell["queries"]["clip"]

    def test_skipping_where_nothing_is_missing_changes_no_figure(self, cli: Cli, results: Results) -> None:
        cli(*ONE, "--steps", 1)
        cli(*ONE, "--steps", 1, "--on-missing", "skip")
        first, *others = results.cells().values()
        for other in others:
            assert other["rows"] == first["rows"]

    def test_an_error_is_not_cached_as_a_skip(self, cli: Cli) -> None:
        cli(*ONE, "--set", "data.fault=missing", "--on-missing", "skip", "--steps", 1)
        assert_told(cli(*ONE, "--set", "data.fault=missing", "--steps", 1), 3, "test-3")


@pytest.fixture
def msrvtt(tmp_path: Path) -> Path:
    """A made-up folder of the data set msrvtt1k, whole until a test breaks it."""
    folder = tmp_path / "msrvtt"
    folder.mkdir()
    (folder / "caption.txt").write_text("".join(f"video{i}|a man number {i} sings\n" for i in range(1000)))
    save_features(folder, np.random.default_rng(0).normal(size=(1000, 2, 128)))
    return folder


def save_features(folder: Path, values: np.ndarray, key: str = "features") -> None:
    np.savez(folder / "features.npz", **{key: values.astype(np.float16)})


class TestMsrvtt1k:
    """The data set that reads a folder of the user's."""

    ARGUMENTS = (
        "run", "--data", "msrvtt1k", "--text-encoder", "tiny", "--set", "tagger=wordlist", "--steps", "1", "--no-control", "--losses", "l1",
        "--set", "model.width=16", "--set", "model.feedforward=32", "--set", "text_encoder.width=16",
    )  # fmt: skip

    def test_a_whole_folder_works(self, msrvtt: Path, cli: Cli) -> None:
        found = cli(*self.ARGUMENTS, "--set", f"data.root={msrvtt}")
        assert found.code == 0, found.err
        assert "200 videos" in found.out

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            (b"video500|", ["video500", "empty caption", "line 501"]),
            (b"video500|   ", ["video500", "empty caption", "line 501"]),
            (b"video500", ["video500", "line 501", "id|caption"]),
            (b"|a man sings", ["line 501"]),
            (b"video499|a man sings", ["video499", "twice", "line 501"]),
            (b"video500|caf\xe9", ["UTF-8", "0xe9", "line 501"]),
            (b"other|a man sings", ["video500", "no caption"]),
        ],
    )
    def test_captions(self, line: bytes, words: list[str], msrvtt: Path, cli: Cli) -> None:
        file = msrvtt / "caption.txt"
        lines = file.read_bytes().splitlines()
        lines[500] = line
        file.write_bytes(b"\n".join(lines))
        assert_told(cli(*self.ARGUMENTS, "--set", f"data.root={msrvtt}"), 3, "caption.txt", *words)

    def test_blank_lines_and_a_byte_order_mark_are_no_harm(self, msrvtt: Path, cli: Cli) -> None:
        file = msrvtt / "caption.txt"
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n\r\n"))
        assert cli(*self.ARGUMENTS, "--set", f"data.root={msrvtt}").code == 0

    def test_features_that_are_not_finite(self, msrvtt: Path, cli: Cli) -> None:
        values = np.zeros((1000, 2, 128))
        values[7, 1, 3] = np.inf
        save_features(msrvtt, values)
        assert_told(cli(*self.ARGUMENTS, "--set", f"data.root={msrvtt}"), 3, "video7'", "row 1", "not finite")

    @pytest.mark.parametrize(
        ("shape", "words"),
        [
            ((1000, 2, 64), ["64]", "128"]),
            ((1000, 0, 128), ["no row"]),
            ((1000, 128), ["128]", "frames"]),
            ((900, 2, 128), ["video9", "vgg16-ae128"]),
        ],
    )
    def test_features_of_a_wrong_shape(self, shape: tuple[int, ...], words: list[str], msrvtt: Path, cli: Cli) -> None:
        save_features(msrvtt, np.zeros(shape))
        assert_told(cli(*self.ARGUMENTS, "--set", f"data.root={msrvtt}"), 3, *words)

    def test_features_under_another_key(self, msrvtt: Path, cli: Cli) -> None:
        save_features(msrvtt, np.zeros((1000, 2, 128)), key="feats")
        assert_told(cli(*self.ARGUMENTS, "--set", f"data.root={msrvtt}"), 3, "features.npz", "'features'")

    @pytest.mark.parametrize("content", [b"", b"not an archive", None])
    def test_features_that_are_no_archive(self, content: bytes | None, msrvtt: Path, cli: Cli) -> None:
        file = msrvtt / "features.npz"
        file.write_bytes(file.read_bytes()[:5000] if content is None else content)
        assert_told(cli(*self.ARGUMENTS, "--set", f"data.root={msrvtt}"), 3, "features.npz", "cannot be read")

    def test_pickled_features_are_refused(self, msrvtt: Path, cli: Cli, tmp_path: Path) -> None:
        class Bomb:
            def __reduce__(self) -> tuple[object, ...]:
                return Path.touch, (tmp_path / "exploded",)

        np.savez(msrvtt / "features.npz", features=np.array([Bomb()], dtype=object))
        assert_told(cli(*self.ARGUMENTS, "--set", f"data.root={msrvtt}"), 3, "features.npz")
        assert not (tmp_path / "exploded").exists()

    def test_no_features_at_all(self, msrvtt: Path, cli: Cli) -> None:
        (msrvtt / "features.npz").unlink()
        assert_told(cli(*self.ARGUMENTS, "--set", f"data.root={msrvtt}"), 3, str(msrvtt), ".npz")

    def test_a_folder_that_does_not_exist(self, cli: Cli, tmp_path: Path) -> None:
        assert_told(cli(*self.ARGUMENTS, "--set", f"data.root={tmp_path}/nowhere"), 3, "nowhere", "does not exist", "data.root=")

    def test_a_folder_without_the_files(self, cli: Cli, tmp_path: Path) -> None:
        assert_told(cli(*self.ARGUMENTS, "--set", f"data.root={tmp_path}"), 3, "caption.txt", "data.root=")

    def test_no_folder_named(self, cli: Cli) -> None:
        assert_told(cli(*self.ARGUMENTS), 3, "TACO_BENCH_DATA", "data.root=")


class TestFolders:
    @pytest.fixture
    def below_a_file(self, tmp_path: Path) -> Path:
        """A folder that nobody can make, whoever runs the tests."""
        (tmp_path / "file").write_text("")
        return tmp_path / "file" / "folder"

    def test_results_that_cannot_be_written_are_found_before_anything_is_trained(self, below_a_file: Path, cli: Cli) -> None:
        started = time.monotonic()
        found = cli(*SMALL, "--results", below_a_file, "--steps", 100_000)
        assert_told(found, 2, str(below_a_file), "--results")
        assert time.monotonic() - started < 30

    def test_a_cache_that_cannot_be_written(self, below_a_file: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACO_BENCH_CACHE", str(below_a_file))
        assert_told(cli(*SMALL), 2, str(below_a_file), "TACO_BENCH_CACHE")


class TestLossThatIsNotFinite:
    def test_it_names_step_term_and_clips(self, cli: Cli, results: Results) -> None:
        found = cli(*ONE, "--set", "train.learning_rate=1e30", "--set", "train.warmup_steps=0", "--steps", 6)
        assert_told(found, 5, "nan", "at step ", "train-", "learning_rate")
        assert any(f"loss {term}" in found.err for term in ("L1", "L2", "L3"))
        assert [name.split("/")[0] for name in results.files()] == ["failures"]

    def test_huge_features(self, cli: Cli, results: Results) -> None:
        found = cli(*ONE, "--set", "data.fault=huge")
        assert found.code in (0, 5)
        assert "Traceback" not in found.err
        if found.code == 5:
            assert_told(found, 5, "at step 0", "train-")

    def test_in_the_last_step_it_is_found_in_the_weights(self, cli: Cli, results: Results) -> None:
        found = cli(*ONE, "--set", "train.learning_rate=1e38", "--set", "train.warmup_steps=0", "--steps", 1)
        assert_told(found, 5, "not finite after the last")
        assert results.cells() == {}

    def test_other_cells_are_made(self, cli: Cli, results: Results) -> None:
        found = cli(*ONE, "--set", "train.learning_rate=1e30", "--losses", "l1", "--losses", "l1,l2", "--steps", 6)
        assert found.code == 5
        assert found.err.count("failed: ") == 2


class TestEmptyOptions:
    @pytest.mark.parametrize("option", ["--sampler", "--tokens", "--data", "--losses"])
    def test_an_empty_value_is_no_default(self, cli: Cli, results: Results, option: str) -> None:
        found = cli(*ONE, option, "")
        assert_told(found, 2, option)
        assert results.cells() == {}


class TestTextEncoders:
    def test_bert_without_the_hub(self, start: Callable[..., Started], tmp_path: Path) -> None:
        started = time.monotonic()
        found = start(*SMALL, "--text-encoder", "bert", HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "hub")).finish()
        assert_told(found, 3, "bert-base-uncased", "text_encoder.name", "--text-encoder tiny")
        assert time.monotonic() - started < 30

    def test_a_bert_folder_that_is_none(self, start: Callable[..., Started], tmp_path: Path) -> None:
        found = start(*SMALL, "--text-encoder", "bert", "--set", f"text_encoder.name={tmp_path}").finish()
        assert_told(found, 3, str(tmp_path), "text_encoder.name")


def test_a_tagger_that_is_not_installed(cli: Cli) -> None:
    assert_told(cli(*SMALL, "--set", "tagger.type=spacy", "--set", "tagger.model=xx_not_there"), 2, "xx_not_there", "not installed")


def test_what_a_task_cannot_evaluate_is_told_before_anything_is_trained(cli: Cli, results: Results) -> None:
    small = ("data.train=64", "data.test=20", "data.val=10", "data.bags=32", "task.left_out=500")
    options = [word for option in small for word in ("--set", option)]
    found = cli("run", "--data", "planted", "--task", "step-localization", "--steps", 2, "--no-control", *options)
    assert_told(found, 2, "leaving out 500 videos leaves none of the ", "task.left_out", "or fewer")
    assert not results.weights()
