from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import ClassVar

import pytest
from helpers.cli import Cli, Results, Started, assert_told
from helpers.distributions import install

from taco_bench.errors import PluginError, UserError
from taco_bench.plugins import FIRST_PARTY, GROUP, HOOKS, Plugins, load_plugins

pytest_plugins = ("helpers.fixtures",)

SAMPLER = """
from taco_bench import hookimpl

class Thing:
    '''A sampler.'''
    def __init__(self, hard_negatives: int = 2) -> None:
        self.hard_negatives = hard_negatives

@hookimpl
def taco_bench_samplers(register):
    register({name!r}, Thing, summary="a sampler of {name}")
"""

FIRST_PARTY_NAMES = {
    "encoder": {"tiles", "motion", "vgg16-ae128"},
    "tokens": {"noun", "verb", "propn", "adj", "det", "adp", "all", "top-idf"},
    "token-weights": {"idf", "idf-max", "uniform"},
    "sampler": {"cascade", "sentence", "random", "all"},
    "text-encoder": {"bert", "minilm", "tiny"},
    "tagger": {"spacy", "wordlist"},
    "data": {"babyai", "msrvtt1k"},
    "task": {"retrieval"},
    "control": {"shuffled-captions", "constant-scores"},
    "launcher": {"local"},
    "reader": {
        "npy-folder",
        "howto100m-npy",
        "howto100m-pickle",
        "howto100m-torch",
        "univl-pickle",
        "univl-csv",
        "crosstask",
        "ms-tcn",
        "bmt",
    },
    "extractor": set(),
}

OURS = ("taco-small", "taco-picks")
Install = Callable[..., None]


@pytest.fixture
def other_site(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs further distributions for this test alone; their modules are forgotten after it."""
    folder = tmp_path / "other-site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)

    def add(name: str, source: str, *, version: str = "1.0", entry_point: str = "main") -> None:
        install(folder, name, version, name.replace("-", "_"), source, entry_point=entry_point)
        load_plugins.cache_clear()

    yield add
    for module in set(sys.modules) - before:
        if getattr(sys.modules[module], "__file__", None) and str(folder) in str(sys.modules[module].__file__):
            del sys.modules[module]


def owners(plugins: Plugins) -> set[str]:
    return {component.distribution for component in plugins.all()}


class TestDiscovery:
    def test_every_kind_has_its_first_party_components(self, fresh_plugins: None) -> None:
        plugins = load_plugins()
        for kind in HOOKS:
            assert FIRST_PARTY_NAMES[kind] <= set(plugins.names(kind)), kind
            for name in FIRST_PARTY_NAMES[kind]:
                assert plugins.get(kind, name).distribution == FIRST_PARTY

    def test_first_party_components_come_through_entry_points(self, fresh_plugins: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: ())
        assert list(load_plugins().all()) == []

    def test_an_entry_point_of_another_distribution_adds_components(self, site: Path) -> None:
        component = load_plugins().get("sampler", "neighbours")
        assert (component.distribution, component.version) == ("taco-picks", "2.5")
        assert component.summary == "the next pairs of the batch"

    def test_a_loaded_plugin_says_where_it_comes_from(self, site: Path) -> None:
        found = {loaded.distribution: loaded for loaded in load_plugins().loaded}
        assert (found["taco-small"].version, found["taco-small"].entry_point, found["taco-small"].module) == ("0.1", "small", "taco_small")

    @pytest.mark.parametrize(
        ("limit", "there"),
        [("taco-picks", {"taco-picks"}), ("picks", {"taco-picks"}), ("small,picks", {"taco-picks", "taco-small"}), ("", set())],
    )
    def test_third_parties_are_limited_by_name_or_entry_point(
        self, limit: str, there: set[str], site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TACO_BENCH_PLUGINS", limit)
        assert owners(load_plugins()) == {FIRST_PARTY, *there}

    def test_a_limit_may_have_spaces(self, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACO_BENCH_PLUGINS", "taco-picks, taco-small")
        assert owners(load_plugins()) == {FIRST_PARTY, "taco-picks", "taco-small"}

    def test_no_plugins_leaves_third_parties_out(self, cli: Cli) -> None:
        assert "neighbours" in cli("list", "sampler").out
        left = cli("--no-plugins", "list", "sampler").out
        assert "neighbours" not in left
        assert "cascade" in left

    def test_a_trace_prints_each_hook_call(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "hook" not in cli("list").err
        monkeypatch.setenv("TACO_BENCH_TRACE", "1")
        err = cli("list").err
        assert "taco_bench_samplers: taco-picks:picks" in err
        assert "taco_bench_datasets: taco-small:small" in err
        assert "taco_bench_samplers: taco-small" not in err


class TestFailures:
    """A plugin that fails is recorded; everything that does not need it works."""

    SOURCES: ClassVar = {
        "exception": ("raise RuntimeError('no battery')", "RuntimeError", "no battery"),
        "exit": ("import sys; sys.exit('bye')", "SystemExit", "bye"),
        "syntax": ("def broken(:", "SyntaxError", ""),
        "missing import": ("import no_such_module_at_all", "ModuleNotFoundError", "no_such_module_at_all"),
        "in the hook": (
            "from taco_bench import hookimpl\n@hookimpl\ndef taco_bench_samplers(register):\n    raise KeyError('lost')",
            "KeyError",
            "lost",
        ),
        "misspelt hook": (
            "from taco_bench import hookimpl\n@hookimpl\ndef taco_bench_sampler(register):\n    pass",
            "PluginValidationError",
            "taco_bench_sampler",
        ),
        "argument that the hook lacks": (
            "from taco_bench import hookimpl\n@hookimpl\ndef taco_bench_samplers(registry):\n    pass",
            "PluginValidationError",
            "registry",
        ),
        "losses that no sampler reads": (
            SAMPLER.format(name="deep").replace("summary=", "reads=('l9',), summary="),
            "PluginError",
            "sampler 'deep' of taco-broken 1.0: reads=('l9',)",
        ),
        "bad name": (SAMPLER.format(name="My Sampler"), "PluginError", "My Sampler"),
        "no summary": (SAMPLER.format(name="mute").replace("summary=", "description="), "TypeError", "description"),
        "factory that cannot be called": (SAMPLER.format(name="dead").replace("Thing, ", "42, "), "PluginError", "dead"),
    }

    @pytest.mark.parametrize("case", SOURCES)
    def test_it_is_recorded_and_the_doctor_shows_why(self, case: str, other_site: Install, cli: Cli) -> None:
        source, kind, word = self.SOURCES[case]
        other_site("taco-broken", source, entry_point="broken")
        listed = cli("list", "sampler")
        assert listed.code == 0
        assert "neighbours" in listed.out
        assert "cascade" in listed.out
        assert "plugins doctor" in listed.err
        (failure,) = load_plugins().failures
        assert (failure.distribution, failure.entry_point) == ("taco-broken", "broken")
        doctor = cli("plugins", "doctor")
        assert doctor.code == 4
        for expected in ("taco-broken", kind, word, "Traceback"):
            assert expected in doctor.out

    def test_a_wrong_argument_is_told_with_the_right_one(self, other_site: Install) -> None:
        other_site("taco-broken", "from taco_bench import hookimpl\n\n@hookimpl\ndef taco_bench_samplers(reg):\n    pass\n")
        (failure,) = load_plugins().failures
        assert failure.reason == "taco_bench_samplers() takes 'reg'; the hook passes 'register'"
        assert failure.where.endswith("taco_broken.py, line 3")

    def test_one_is_counted_in_the_singular(self, other_site: Install, cli: Cli) -> None:
        other_site("taco-broken", "raise RuntimeError('no battery')")
        assert cli("list", "sampler").err.startswith("1 plugin failed to load;")

    def test_it_does_not_stop_a_run(self, other_site: Install, cli: Cli) -> None:
        other_site("taco-broken", "raise RuntimeError('no battery')")
        run = cli("run", "--data", "small", "--no-control", "--steps", 1)
        assert run.code == 0, run.err
        assert "taco-broken" in run.err
        assert "sentence score" in run.out

    def test_it_leaves_none_of_its_components_behind(self, other_site: Install) -> None:
        good_then_bad = SAMPLER.format(name="good") + '    register("Bad Name", Thing, summary="refused")\n'
        other_site("taco-half", good_then_bad)
        plugins = load_plugins()
        assert [failure.distribution for failure in plugins.failures] == ["taco-half"]
        assert "good" not in plugins.names("sampler")

    def test_the_message_for_an_unknown_name_says_which_plugin_failed(self, other_site: Install, cli: Cli) -> None:
        other_site("taco-broken", "raise RuntimeError('no battery')")
        assert_told(cli("run", "--data", "small", "--sampler", "cascad"), 2, "cascade", "taco-broken", "no battery")

    def test_plugins_lists_what_was_loaded_and_counts_what_failed(self, other_site: Install, cli: Cli) -> None:
        other_site("taco-broken", "raise RuntimeError('no battery')")
        found = cli("plugins")
        assert found.code == 0
        assert "taco-small" in found.out
        assert "2.5" in found.out
        assert "taco-broken" not in found.out
        assert "1 failed" in found.err

    def test_the_doctor_is_content_where_all_is_well(self, cli: Cli) -> None:
        doctor = cli("plugins", "doctor")
        assert doctor.code == 0
        assert "well" in doctor.out


class TestNamesTakenTwice:
    @pytest.fixture(autouse=True)
    def two_owners(self, other_site: Install) -> None:
        other_site("taco-one", SAMPLER.format(name="dice"), version="1.1")
        other_site("taco-two", SAMPLER.format(name="dice"), version="2.2")

    def test_using_the_name_is_an_error_that_names_both(self, cli: Cli, results: Results) -> None:
        run = cli("run", "--data", "small", "--sampler", "dice")
        assert_told(run, 4, "dice", "taco-one 1.1", "taco-two 2.2")
        assert results.files() == []

    def test_showing_the_name_is_an_error_that_names_both(self, cli: Cli) -> None:
        assert_told(cli("show", "sampler", "dice"), 4, "taco-one", "taco-two")

    def test_everything_else_works(self, cli: Cli) -> None:
        listed = cli("list", "sampler").out
        assert "taco-one 1.1" in listed
        assert "taco-two 2.2" in listed
        assert cli("run", "--data", "small", "--sampler", "random", "--no-control", "--steps", 1).code == 0

    def test_the_doctor_names_both(self, cli: Cli) -> None:
        doctor = cli("plugins", "doctor")
        assert doctor.code == 4
        for expected in ("dice", "taco-one 1.1", "taco-two 2.2"):
            assert expected in doctor.out

    def test_leaving_one_out_mends_it(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACO_BENCH_PLUGINS", "taco-one")
        assert cli("plugins", "doctor").code == 0
        assert cli("show", "sampler", "dice").code == 0


def test_a_third_party_cannot_silently_take_a_first_party_name(other_site: Install, cli: Cli) -> None:
    other_site("taco-coup", SAMPLER.format(name="cascade"), version="6.6")
    with pytest.raises(PluginError, match=r"taco-bench .* and taco-coup 6\.6") as caught:
        load_plugins().get("sampler", "cascade")
    assert "`pip uninstall taco-coup`" in caught.value.hint
    assert "--no-plugins" in caught.value.hint
    assert caught.value.hint in cli("plugins", "doctor").out
    assert cli("--no-plugins", "show", "sampler", "cascade").code == 0


class TestLimit:
    """What TACO_BENCH_PLUGINS names in vain, and what it leaves out."""

    MISSPELT = "TACO_BENCH_PLUGINS names 'taco-piks', which is not installed; there are taco-picks, taco-small"

    @pytest.fixture(autouse=True)
    def alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Other plugins that are installed where tests run are not among those that the messages list."""
        kept = [point for point in entry_points(group=GROUP) if point.dist and point.dist.name == FIRST_PARTY]
        monkeypatch.setattr(
            "importlib.metadata.entry_points",
            lambda group: [*kept, *(point for point in entry_points(group=group) if point.dist and point.dist.name in OURS)],
        )

    def test_a_misspelt_name_is_told_once(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACO_BENCH_PLUGINS", "taco-piks,small")
        listed = cli("list", "sampler")
        assert (listed.code, listed.err) == (0, self.MISSPELT + "\n")
        assert cli("--no-plugins", "list", "sampler").err == ""

    def test_the_doctor_is_not_content_with_it(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACO_BENCH_PLUGINS", "taco-piks")
        doctor = cli("plugins", "doctor")
        assert doctor.code == 4
        assert self.MISSPELT in doctor.out
        assert "are well" not in doctor.out

    @pytest.mark.parametrize("limit", ["", "picks", "taco-small, taco-picks", "taco-bench,small,"])
    def test_names_that_are_there_are_not_told(self, limit: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACO_BENCH_PLUGINS", limit)
        assert cli("list", "sampler").err == ""

    def test_what_is_not_found_may_be_left_out(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        assert_told(cli("--no-plugins", "show", "sampler", "neighbours"), 2, "left out by --no-plugins: taco-picks, taco-small")
        monkeypatch.setenv("TACO_BENCH_PLUGINS", "small")
        assert_told(cli("show", "sampler", "neighbours"), 2, "left out by TACO_BENCH_PLUGINS: taco-picks")
        assert_told(cli("plugins", "show", "taco-picks"), 2, "left out by TACO_BENCH_PLUGINS: taco-picks")


class TestGet:
    def test_an_unknown_kind_names_the_nearest(self, fresh_plugins: None) -> None:
        with pytest.raises(UserError, match="did you mean sampler"):
            load_plugins().get("samplers", "cascade")

    def test_an_unknown_name_names_the_nearest(self, fresh_plugins: None) -> None:
        with pytest.raises(UserError, match="did you mean cascade") as caught:
            load_plugins().get("sampler", "casacde")
        assert caught.value.where == "--sampler"

    def test_a_name_like_no_other_lists_them_all(self, fresh_plugins: None) -> None:
        with pytest.raises(UserError, match=r"known names: .*cascade.*random"):
            load_plugins(third_party=False).get("sampler", "xyzzy")


class TestInARun:
    def test_third_party_components_and_their_versions_are_recorded(self, cli: Cli, results: Results) -> None:
        run = cli("run", "--data", "small", "--sampler", "neighbours", "--tokens", "longest", "--no-control", "--steps", 2)
        assert run.code == 0, run.err
        (cell,) = results.cells().values()
        assert cell["experiment"]["sampler"]["type"] == "neighbours"
        assert [spec["type"] for spec in cell["experiment"]["tokens"]] == ["longest"]
        assert cell["versions"]["taco-small"] == "0.1"
        assert cell["versions"]["taco-picks"] == "2.5"
        assert "taco-bench" in cell["versions"]
        assert "torch" in cell["versions"]

    def test_a_factory_that_raises_is_the_plugins_fault(self, cli: Cli) -> None:
        run = cli("run", "--data", "small", "--sampler", "unbuildable", "--no-control", "--steps", 2)
        assert_told(run, 4, "unbuildable", "taco-picks 2.5", "no dice today", "TACO_BENCH_TRACE")

    def test_a_trace_shows_where_a_factory_raised(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACO_BENCH_TRACE", "1")
        run = cli("run", "--data", "small", "--sampler", "unbuildable", "--no-control", "--steps", 2)
        assert run.code == 4
        assert "Traceback" in run.err
        assert "taco_picks.py" in run.err

    def test_a_sampler_that_picks_the_positive_is_caught(self, cli: Cli, results: Results) -> None:
        run = cli("run", "--data", "small", "--sampler", "careless", "--no-control", "--steps", 2)
        assert_told(run, 5, "Careless", "no valid negatives")
        assert results.cells() == {}

    def test_a_sampler_that_raises_fails_its_cell_and_no_other(self, cli: Cli, results: Results) -> None:
        run = cli("run", "--data", "small", "--sampler", "raises", "--sampler", "random", "--no-control", "--steps", 4)
        assert_told(run, 5, "raises", "the dice fell off the table")
        assert [cell["experiment"]["sampler"]["type"] for cell in results.cells().values()] == ["random"]


def test_discovery_imports_nothing_heavy(start: Callable[..., Started]) -> None:
    script = "import sys; from taco_bench.plugins import load_plugins; assert load_plugins().loaded; "
    heavy = "print([name for name in ('torch', 'transformers', 'mmengine', 'spacy', 'sklearn') if name in sys.modules]); sys.exit()\n"
    found = start(before=script + heavy).finish()
    assert json.loads(found.out.replace("'", '"')) == []


def test_the_components_of_a_kind_are_an_mmengine_registry(site: Path) -> None:
    plugins = load_plugins()
    registry = plugins.registry("sampler")
    assert sorted(registry.module_dict) == plugins.names("sampler")
    assert registry.build({"type": "neighbours", "hard_negatives": 3}).hard_negatives == 3
