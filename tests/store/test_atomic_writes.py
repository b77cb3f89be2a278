from __future__ import annotations

import errno
from pathlib import Path

import pytest

from taco_bench.atomic import replace_file, sha256_of
from taco_bench.errors import UserError


class TestReplaceFile:
    def test_it_makes_folders_and_the_file(self, tmp_path: Path) -> None:
        replace_file(tmp_path / "a" / "b" / "file", lambda path: path.write_text("new"))
        assert (tmp_path / "a" / "b" / "file").read_text() == "new"
        assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["file"]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError])
    def test_an_exception_in_the_writer_leaves_the_old_file_and_nothing_else(self, error: type[BaseException], tmp_path: Path) -> None:
        def write(path: Path) -> None:
            path.write_text("half")
            raise error

        (tmp_path / "file").write_text("old")
        with pytest.raises(error):
            replace_file(tmp_path / "file", write)
        assert (tmp_path / "file").read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    def test_a_full_disk_is_told_and_leaves_the_old_file(self, tmp_path: Path) -> None:
        def write(path: Path) -> None:
            path.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

        (tmp_path / "file").write_text("old")
        with pytest.raises(UserError, match="No space left on device") as caught:
            replace_file(tmp_path / "file", write)
        assert caught.value.where == str(tmp_path)
        assert caught.value.hint
        assert (tmp_path / "file").read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    def test_no_file_appears_before_the_writer_is_done(self, tmp_path: Path) -> None:
        seen = []
        replace_file(tmp_path / "file", lambda path: seen.append((path != tmp_path / "file", (tmp_path / "file").exists(), path.parent)))
        assert seen == [(True, False, tmp_path)]  # in the same folder, so that renaming is atomic


class TestSha256:
    def test_it_is_the_hash_of_parts_with_their_lengths(self, tmp_path: Path) -> None:
        assert sha256_of("ab", "c") != sha256_of("a", "bc") != sha256_of("abc")
        assert sha256_of() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    def test_a_text_is_its_utf8_bytes(self) -> None:
        assert sha256_of("é") == sha256_of("é".encode())

    def test_a_file_counts_by_its_content(self, tmp_path: Path) -> None:
        for name, text in {"a": "same", "b": "same", "c": "other"}.items():
            (tmp_path / name).write_text(text)
        assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "b") != sha256_of(tmp_path / "c")
