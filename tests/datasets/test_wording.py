"""Malformed entries are told in words of the file, not of Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from taco_bench_datasets.annotation_files import numbered_lines
from taco_bench_datasets.wording import FormError, in_words
from taco_bench_datasets.youcook2 import YouCook2

from taco_bench.api import DataError

SEGMENT = {"segment": [1, 2], "id": 0, "sentence": "mix"}
PYTHON = ("Error", "None", "dict", "NoneType", "subscript", "object", "()", "zip", "unpack", "convert")


def entry(**changes: Any) -> dict[str, Any]:
    return {"duration": 9, "subset": "training", "annotations": [SEGMENT], **changes}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({}, "it has no 'subset'"),
        ([], "of another kind"),
        (None, "of another kind"),
        (entry(duration="long"), "'long' is no number"),
        (entry(duration=None), "of another kind"),
        (entry(annotations=[{**SEGMENT, "segment": [1]}]), "too short"),
        (entry(annotations=[{**SEGMENT, "segment": [1, 2, 3]}]), "too long"),
        (entry(annotations=[{**SEGMENT, "sentence": None}]), "of another kind"),
        (entry(annotations=[{**SEGMENT, "id": "x"}]), "'x' is no number"),
        (entry(subset="all"), "the subset is 'all'"),
    ],
)
def test_in_words_with_file_id_and_remedy(tmp_path: Path, found: Any, told: str) -> None:
    path = tmp_path / "yc2_annotations_trainval.json"
    path.write_text(json.dumps({"database": {"ok": entry(), "tr7": found}}))
    with pytest.raises(DataError) as caught:
        YouCook2(str(tmp_path), test="all").clips()
    what = caught.value.what
    assert what.startswith("the entry of 'tr7' is malformed: ")
    assert told in what
    assert not [word for word in PYTHON if word in what]
    assert caught.value.where == str(path)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("start"), "it has no 'start'"),
        (IndexError("list index"), "too short"),
        (FormError("no sentence"), "no sentence"),
    ],
)
def test_errors_by_hand(error: Exception, told: str) -> None:
    assert told in in_words(error)


def test_numbered_lines_leave_blank_ones_out_and_count_them(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfa\r\n\r\n b \r\n")
    assert numbered_lines(path) == [(1, "a"), (3, "b")]
    path.write_bytes(b"")
    assert numbered_lines(path) == []
