"""A JSON object read entry by entry equals one read whole, wherever blocks end; what is broken is named by the entry before it."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from taco_bench_datasets.streamed import streamed

from taco_bench.api import DataError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), values, max_size=5), st.integers(1, 40), st.booleans(), st.sampled_from([None, 1]))
def test_as_read_whole(tmp_path_factory: pytest.TempPathFactory, found: dict[str, Any], block: int, bom: bool, indent: int | None) -> None:
    path = tmp_path_factory.mktemp("json") / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" * bom + json.dumps(found, ensure_ascii=bom, indent=indent).encode())
    assert list(streamed(path, block)) == list(found.items())


@pytest.mark.parametrize(
    ("content", "what", "where"),
    [
        (b"", "the file ends too early", ""),
        (b"[1]", "expected '{', found '['", ""),
        (b'{"a": 1, "b": [1', "expecting ',' delimiter", "after the entry 'a'"),
        (b'{"a": 1', "the file ends too early", "after the entry 'a'"),
        (b'{"a": 1, "a": 2}', "the key 'a' occurs twice", "after the entry 'a'"),
        (b'{"a": 1, 2: 3}', "2 is no key", "after the entry 'a'"),
        (b'{"a": 1 "b": 2}', "expected ','", "after the entry 'a'"),
        (b'{"a": 1}}', "something follows", "after the entry 'a'"),
        (b'{"a": 1, "b": "\xff"}', "byte 0xff is not UTF-8", ""),
    ],
)
@pytest.mark.parametrize("block", [1, 1000])
def test_what_is_broken_is_named(tmp_path: Path, content: bytes, what: str, where: str, block: int) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        list(streamed(path, block))
    assert what in caught.value.what
    assert caught.value.where.startswith(str(path))
    assert where in caught.value.where
    assert caught.value.hint


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        list(streamed(tmp_path / "none.json"))


def test_one_entry_at_a_time(tmp_path: Path) -> None:
    """Of 20 MB no more than a few blocks are held."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps({f"v{number}": ["x" * 1000] * 20 for number in range(1000)}))
    tracemalloc.start()
    assert sum(len(value) for _, value in streamed(path, 1 << 16)) == 20_000
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
