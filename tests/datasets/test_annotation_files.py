"""Lists, csv and json as people save them, and what is told of those that are broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.written import Malicious, write_pickle
from hypothesis import given
from hypothesis import strategies as st
from taco_bench_datasets.annotation_files import read_csv, read_json, read_list, read_object
from taco_bench_datasets.held_out import held_out
from taco_bench_datasets.raw_captions import captions_of, read_raw_captions

from taco_bench.api import DataError

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("content", [b"a\nb\nc\n", b"a\r\nb\r\nc\r\n", BOM + b"a\nb\nc", b"a\n\n b \n\nc", b"a\rb\rc"])
def test_a_list(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    assert read_list(path) == ["a", "b", "c"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("start", [b"", BOM])
def test_a_csv(tmp_path: Path, start: bytes, end: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(start + end.join([b"key, id ,text", b'1,v1,"a, quoted ""word"""', b"2,v2,  plain ", b""]))
    assert read_csv(path, ["id", "text"]) == [{"id": "v1", "text": 'a, quoted "word"'}, {"id": "v2", "text": "plain"}]


def test_a_json_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(BOM + b'{"a": 1}')
    assert read_json(tmp_path / "a.json") == {"a": 1}


@pytest.mark.parametrize(
    ("read", "content", "what", "where"),
    [
        (read_list, b"", "is empty", ""),
        (read_list, b" \n\n", "is empty", ""),
        (read_list, b"a\nb\na\n", "'a' occurs twice", "line 3"),
        (read_list, b"a\n\xff\xfe\n", "byte 0xff is not UTF-8", "line 2"),
        (read_json, b'{"a": [1,\n2', "no valid JSON", "line 2, column 2"),
        (read_object, b"[1, 2]", "holds a list, expected an object", ""),
        (lambda path: read_csv(path, ["id", "text"]), b"id,caption\n1,a\n", "no column 'text'; it has id, caption", "line 1"),
        (lambda path: read_csv(path, ["id", "text"]), b"id,text\nv1,a\nv2", "has no text", "line 3"),
        (lambda path: read_csv(path, ["id", "text"]), b"id,text\nv1,a\n,b\n", "has no id", "line 3"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, read: Any, content: bytes, what: str, where: str) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(path)
    assert what in caught.value.what
    assert str(path) in caught.value.where
    assert where in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize("read", [read_list, read_json, lambda path: read_csv(path, ["id"])])
def test_a_missing_file(tmp_path: Path, read: Any) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read(tmp_path / "none")


def test_raw_captions(tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "raw-captions.pkl", {"v1": [["a", "man", "cooks"], ["a", "cook"]], "v2": [["a", "dog"], []]})
    found = read_raw_captions(path)
    assert found == {"v1": ("a man cooks", "a cook"), "v2": ("a dog", "")}
    assert captions_of(["v2"], found, path) == {"v2": ("a dog",)}
    with pytest.raises(DataError, match="1 of 2 listed ids have no caption, the first is 'v3'"):
        captions_of(["v1", "v3"], found, path)


@pytest.mark.parametrize("found", [["a"], {"v1": ["a sentence"]}, {"v1": 3}, {"v1": [[1, 2]]}])
def test_raw_captions_of_another_form(tmp_path: Path, found: Any) -> None:
    with pytest.raises(DataError, match="malformed"):
        read_raw_captions(write_pickle(tmp_path / "raw-captions.pkl", found))


def test_raw_captions_that_would_run_code(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="refused"):
        read_raw_captions(write_pickle(tmp_path / "raw-captions.pkl", {"v1": Malicious()}))


@given(st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=20), st.integers(0, 25), st.randoms())
def test_held_out_videos_depend_on_nothing_but_the_ids(names: list[str], count: int, random: Any) -> None:
    found = held_out(names, count)
    assert len(found) == min(count, len(names))
    shuffled = list(names) * 2
    random.shuffle(shuffled)
    assert held_out(shuffled, count) == found
    assert held_out(names, max(0, count - 1)) <= found
