"""Which contracts of plugins are taken: the same first number, and no second one above ours."""

from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from taco_bench import loading
from taco_bench.errors import PluginError
from taco_bench.hookspecs import CONTRACT_GROUP


def written_against(version: str) -> EntryPoint:
    point = EntryPoint("main", "my_plugin", "taco_bench")
    declared = EntryPoint(version, "my_plugin", CONTRACT_GROUP)
    dist = SimpleNamespace(entry_points=[point, declared], metadata={"Name": "my-plugin"})
    return point._for(dist)  # type: ignore[attr-defined, no-any-return]


@pytest.fixture(autouse=True)
def _ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "CONTRACT", (2, 3))


@pytest.mark.parametrize("version", ["2.0", "2.3"])
def test_taken(version: str) -> None:
    loading.check_contract(written_against(version))


@pytest.mark.parametrize("version", ["2.4", "3.0", "10.0"])
def test_newer(version: str) -> None:
    with pytest.raises(PluginError, match=f"written against contract {version}; .* has contract 2.3") as caught:
        loading.check_contract(written_against(version))
    assert caught.value.hint == "pip install --upgrade taco-bench"


@pytest.mark.parametrize("version", ["1.9", "0.1"])
def test_older_than_the_last_change(version: str) -> None:
    with pytest.raises(PluginError, match=f"written against contract {version}") as caught:
        loading.check_contract(written_against(version))
    assert "a newer my-plugin" in caught.value.hint


@pytest.mark.parametrize("version", ["2.3.0", "2", "soon", "2.x", "02.3"])
def test_no_version(version: str) -> None:
    with pytest.raises(PluginError, match="is no version"):
        loading.check_contract(written_against(version))
