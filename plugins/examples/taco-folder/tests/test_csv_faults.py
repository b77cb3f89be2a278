"""Every fault of a csv is told, with its file, its line and its id."""

import pytest
from sample import HEADER, LINES, write_csv
from taco_bench.api import DataError

from taco_folder.dataset import Folder


def told(path, lines, header=HEADER):
    with pytest.raises(DataError) as caught:
        Folder(write_csv(path / "captions.csv", lines, header)).clips()
    text = "\n".join(caught.value.lines())
    assert str(path / "captions.csv") in text
    return text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("dog", "", "train", "", "", ""), "line 8, id 'dog': no caption"),
        (("", "a dog", "train", "", "", ""), "line 8, id '': no id"),
        (("dog", "a dog", "validation", "", "", ""), "line 8, id 'dog': split 'validation' is none of train, val, test"),
        (("dog", "a dog", "", "", "", ""), "line 8, id 'dog': no split, though other lines have one"),
        (("dog", "a dog", "train", "", "soon", ""), "line 8, id 'dog': start 'soon' is no number of seconds"),
        (("dog", "a dog", "train", "", "nan", "-1"), "line 8, id 'dog': end '-1' is no number of seconds"),
        (("dog", "a dog", "train", "", "5", "5"), "line 8, id 'dog': the clip begins at 5 s and ends at 5 s"),
        (("dog", "a dog", "train", "", "", "", " and a cat"), "line 8, id 'dog': more fields than columns"),
        (("walk", "a dog", "test", "", "", ""), "line 8, id 'walk': not the split, video, start and end of line 5"),
        (("street", "a dog", "train", "street", "", ""), "line 8, id 'street': of the video 'street' line 7 is in test"),
    ],
)
def test_a_line_that_cannot_be_used(tmp_path, line, message):
    assert message in told(tmp_path, [*LINES, line])


def test_all_faults_are_told_at_once_and_many_are_counted(tmp_path):
    text = told(tmp_path, [("dog", "", "train", "", "x", "y")] * 3)
    assert text.count("id 'dog': no caption") == 2
    assert "and 4 more" in text


def test_columns(tmp_path):
    assert "no column caption" in told(tmp_path, [], ("id", "split"))
    assert "unknown column 'captoin'" in told(tmp_path, [], ("id", "caption", "captoin"))


def test_no_lines(tmp_path):
    assert "no captions" in told(tmp_path, [])


@pytest.mark.parametrize("content", [b"id,caption\na,\xff\xfe\n", b'id,caption\na,"open\n'])
def test_no_csv(tmp_path, content):
    (tmp_path / "captions.csv").write_bytes(content)
    with pytest.raises(DataError, match="no csv in UTF-8"):
        Folder(str(tmp_path / "captions.csv")).clips()


def test_no_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        Folder(str(tmp_path / "captions.csv")).clips()


def test_a_byte_order_mark_and_captions_over_two_lines(tmp_path):
    """As spreadsheets write them."""
    (tmp_path / "captions.csv").write_bytes('\ufeffid,caption,split\r\na,"one\r\ntwo",train\r\nb,three,test\r\n'.encode())
    assert [clip.captions for clip in Folder(str(tmp_path / "captions.csv")).clips()] == [("one\r\ntwo",), ("three",)]
