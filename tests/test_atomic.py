"""Files appear whole or not at all; hashes tell their parts apart."""

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taco_bench.atomic import replace_file, sha256_of
from taco_bench.errors import UserError


def leftovers(folder: Path, *wanted: str) -> list[str]:
    return sorted({path.name for path in folder.iterdir()} - set(wanted))


def test_a_new_file_in_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "figures.json"
    replace_file(path, lambda temporary: temporary.write_text("{}"))
    assert path.read_text() == "{}"
    assert leftovers(path.parent, path.name) == []


def test_an_old_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("a long old text")
    replace_file(path, lambda temporary: temporary.write_text("new"))
    assert path.read_text() == "new"


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")

    def write(temporary: Path) -> None:
        temporary.write_text("half")
        assert path.read_text() == "old"
        assert temporary.parent == path.parent

    replace_file(path, write)
    assert path.read_text() == "half"


@pytest.mark.parametrize("error", [RuntimeError("a bug"), KeyboardInterrupt()])
def test_a_writer_that_breaks_off_leaves_no_trace(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")

    def write(temporary: Path) -> None:
        temporary.write_text("half")
        raise error

    with pytest.raises(type(error)):
        replace_file(path, write)
    assert path.read_text() == "old"
    assert leftovers(tmp_path, path.name) == []


def test_a_full_disk_is_a_message(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")

    def write(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match=r"figures\.json: No space left on device") as caught:
        replace_file(path, write)
    assert caught.value.where == str(tmp_path)
    assert caught.value.hint
    assert path.read_text() == "old"
    assert leftovers(tmp_path, path.name) == []


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(UserError, match=r"cannot write x\.json"):
        replace_file(tmp_path / "results" / "x.json", lambda temporary: temporary.write_text("x"))


def test_others_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    replace_file(path, lambda temporary: temporary.write_text("x"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_file_counts_by_its_content_not_its_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"same")
    (tmp_path / "b").write_bytes(b"same")
    (tmp_path / "c").write_bytes(b"other")
    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "b") != sha256_of(tmp_path / "c")


def test_text_counts_as_its_utf8_bytes() -> None:
    assert sha256_of("œuf") == sha256_of("œuf".encode())


def test_sixty_four_hexadecimal_digits() -> None:
    assert len(sha256_of("x")) == 64
    assert int(sha256_of("x"), 16) >= 0


@settings(deadline=None, max_examples=100)
@given(st.lists(st.binary(max_size=3), max_size=4), st.lists(st.binary(max_size=3), max_size=4))
def test_parts_do_not_run_into_each_other(one: list[bytes], other: list[bytes]) -> None:
    """("ab", "c") is not ("a", "bc")."""
    assert (sha256_of(*one) == sha256_of(*other)) == (one == other)
