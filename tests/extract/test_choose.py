"""Which videos, which extractor, which device."""

from __future__ import annotations

from pathlib import Path

import pytest

from taco_bench.errors import ConfigError, DataError, UserError
from taco_bench.extract import choose
from taco_bench.extract.choose import devices, extractor_spec
from taco_bench.extract.videos import find_videos
from taco_bench.plugins import Component, Plugins, load_plugins

NAMES = {"resnet152": "r152", "resnext101-3d": "i3d-x101", "s3d": "s3d-hm", "efficientnet-lite0": "efficientnet-lite0"}


@pytest.fixture
def plugins() -> Plugins:
    return load_plugins(third_party=False)


@pytest.mark.parametrize(("name", "stream"), NAMES.items())
def test_by_name_or_by_stream(name: str, stream: str, plugins: Plugins) -> None:
    assert extractor_spec(name, {}, plugins) == extractor_spec(stream, {}, plugins)
    assert plugins.build("extractor", extractor_spec(stream, {}, plugins)).stream == stream


def test_options(plugins: Plugins) -> None:
    spec = extractor_spec("s3d-hm:mixed_5c", {"weights": "w.pth", "normalize": "false"}, plugins)
    assert spec == {"type": "s3d", "output": "mixed_5c", "weights": "w.pth", "normalize": False}
    assert plugins.build("extractor", spec).width == 1024


def test_an_unknown_one_names_the_nearest(plugins: Plugins) -> None:
    with pytest.raises(UserError) as caught:
        extractor_spec("resnet125", {}, plugins)
    assert "resnet152" in caught.value.hint


def test_the_known_names_are_each_told_once(plugins: Plugins) -> None:
    """An extractor and its stream may have one name."""
    with pytest.raises(UserError) as caught:
        extractor_spec("zzz", {}, plugins)
    names = caught.value.hint.removeprefix("known names: ").split(", ")
    assert len(names) == len(set(names))
    assert "efficientnet-lite0" in names


@pytest.mark.parametrize(("name", "options", "words"), [("s3d", {"wieghts": "x"}, "wieghts"), ("s3d:mixed_6", {}, "mixed_6")])
def test_wrong_options(name: str, options: dict[str, str], words: str, plugins: Plugins) -> None:
    with pytest.raises(ConfigError, match=words):
        extractor_spec(name, options, plugins)


def test_a_stream_of_two_extractors_must_be_named_by_extractor() -> None:
    class One:
        stream = "same"

    class Other(One):
        pass

    plugins = Plugins()
    for name, factory in (("one", One), ("other", Other)):
        plugins.add(Component("extractor", name, factory, "", "tests", "0"))
    assert extractor_spec("other", {}, plugins) == {"type": "other"}
    with pytest.raises(UserError, match="several extractors") as caught:
        extractor_spec("same", {}, plugins)
    assert "one, other" in caught.value.hint


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "has_driver", lambda: False)
    assert devices("auto") == devices("cpu") == ["cpu"]
    with pytest.raises(UserError, match="no GPU"):
        devices("cuda")
    monkeypatch.setattr(choose, "has_driver", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert devices("auto") == devices("cuda") == ["cuda:0", "cuda:1"]
    assert devices("cpu") == ["cpu"]


class TestVideos:
    def make(self, folder: Path, *names: str) -> Path:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(b"")
        return folder

    def test_by_id_in_order(self, tmp_path: Path) -> None:
        folder = self.make(tmp_path, "b.mp4", "sub/a.WEBM", "sub/deep/c.f137.mkv", "notes.txt", ".hidden.mp4")
        (tmp_path / "folder.mp4").mkdir()
        assert list(find_videos(folder).items()) == [
            ("a", tmp_path / "sub/a.WEBM"),
            ("b", tmp_path / "b.mp4"),
            ("c.f137", tmp_path / "sub/deep/c.f137.mkv"),
        ]

    def test_two_of_one_id(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"'a' belongs to 2 videos: a\.mp4, sub/a\.webm"):
            find_videos(self.make(tmp_path, "a.mp4", "sub/a.webm"))

    def test_none(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="no video"):
            find_videos(self.make(tmp_path, "a.txt"))
        with pytest.raises(DataError, match="no such folder"):
            find_videos(tmp_path / "nowhere")
