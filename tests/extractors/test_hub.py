"""Checkpoints from the hub: its cache first, one error without noise where it cannot be reached. No test goes there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from taco_bench_extractors.hub import HubError, from_hub

NAMES = ("model.safetensors", "pytorch_model.bin")


@pytest.fixture(autouse=True)
def _nothing_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda model, name: None)


def hub_has(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    files = [SimpleNamespace(rfilename=name) for name in names]
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda self, model, timeout: SimpleNamespace(siblings=files))
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda model, name: f"/cache/{model}/{name}")


def test_the_first_name_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    hub_has(monkeypatch, "README.md", *NAMES)
    assert from_hub("a/b", NAMES) == Path("/cache/a/b/model.safetensors")
    hub_has(monkeypatch, "README.md", NAMES[1])
    assert from_hub("a/b", NAMES) == Path("/cache/a/b/pytorch_model.bin")
    hub_has(monkeypatch, "README.md")
    with pytest.raises(HubError, match=r"no model\.safetensors and no pytorch_model\.bin on the hub"):
        from_hub("a/b", NAMES)


def test_what_is_cached_needs_no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        pytest.fail("the hub was asked")

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", never)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda model, name: f"/cached/{name}" if name == NAMES[1] else None)
    assert from_hub("a/b", NAMES) == Path("/cached/pytorch_model.bin")


@pytest.mark.parametrize("error", [OSError("Name or service not known\nmore"), RuntimeError("Name or service not known")])
def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, error: Exception, capfd: pytest.CaptureFixture[str]) -> None:
    asked = []

    def fails(self: Any, model: str, timeout: float) -> None:
        asked.append(model)
        raise error

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", fails)
    with pytest.raises(HubError, match=r"cannot be reached \(Name or service not known\)"):
        from_hub("a/b", NAMES)
    assert asked == ["a/b"]
    assert capfd.readouterr() == ("", "")


def test_no_name_of_the_hub() -> None:
    with pytest.raises(HubError, match="no such model"):
        from_hub("no name", NAMES)
