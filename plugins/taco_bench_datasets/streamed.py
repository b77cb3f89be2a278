"""A JSON object of many entries, read entry by entry: the file may be larger than memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from taco_bench.api import DataError
from taco_bench_datasets.annotation_files import AGAIN

BLOCK = 1 << 20
"""Bytes that are read at once, and more where one entry is larger."""
BLANKS = " \t\r\n"
DECODER = json.JSONDecoder()


def streamed(path: Path, block: int = BLOCK) -> Iterator[tuple[str, Any]]:
    """The keys and values of the object in a JSON file, in the order of the file; no more than one entry is held.

    Args:
        path: of the file, with a byte-order mark or without.
        block: bytes that are read at once.

    Raises:
        DataError: it cannot be read, is not UTF-8, is no whole object, or has a key twice; names the entry after which it breaks.
    """
    try:
        with path.open("rb") as file:
            yield from _entries(_Text(file, block), path)
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror}", where=str(path), hint=AGAIN) from None


def _entries(text: _Text, path: Path) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    last = ""
    try:
        text.expect("{")
        while not text.ends(first=not seen):
            key = text.value()
            text.expect(":")
            if not isinstance(key, str) or key in seen:
                raise _BrokenError(f"the key {key!r} occurs twice" if key in seen else f"{key!r} is no key")
            value = text.value()
            seen.add(key)
            last = key
            yield key, value
    except _BrokenError as error:
        where = f"{path}, after the entry {last!r}" if last else str(path)
        raise DataError(f"this is no valid JSON object: {error}", where=where, hint=f"is the file truncated? {AGAIN}") from None
    except UnicodeDecodeError as error:
        what = f"byte {error.object[error.start]:#04x} is not UTF-8"
        raise DataError(what, where=f"{path}, after the entry {last!r}", hint="save the file as UTF-8") from None


class _BrokenError(Exception):
    """The text is not what it should be."""


class _Text:
    """A window on a text that moves on as it is read."""

    def __init__(self, file: IO[bytes], block: int) -> None:
        self.file, self.block = file, block
        self.window, self.at, self.whole = "", 0, False
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")()

    def expect(self, sign: str) -> None:
        """Go past a sign."""
        found = self._sign()
        if found != sign:
            raise _BrokenError(f"expected {sign!r}, found {found!r}" if found else "the file ends too early")
        self.at += 1

    def ends(self, *, first: bool) -> bool:
        """Whether the object ends here; else go to its next entry."""
        if self._sign() == "}":
            self.at += 1
            if self._sign():
                raise _BrokenError("something follows the object")
            return True
        if not first:
            self.expect(",")
        return False

    def value(self) -> Any:
        """Any value, a string or an object among them; one that reaches the end of the window may go on."""
        self._sign()
        while True:
            try:
                found, end = DECODER.raw_decode(self.window, self.at)
            except json.JSONDecodeError as error:
                if not self._more():
                    raise _BrokenError(error.msg.lower()) from None
                continue
            if end < len(self.window) or not self._more():
                self.at = end
                return found

    def _sign(self) -> str:
        """The next character that is no blank; empty at the end of the file."""
        while True:
            while self.at < len(self.window) and self.window[self.at] in BLANKS:
                self.at += 1
            if self.at < len(self.window) or not self._more():
                return self.window[self.at : self.at + 1]

    def _more(self) -> bool:
        """Read on, at least as much again as is there; whether there was more."""
        if self.whole:
            return False
        self.window, self.at = self.window[self.at :], 0
        raw = self.file.read(max(self.block, len(self.window)))
        self.whole = not raw
        self.window += self.decoder.decode(raw, final=self.whole)
        return True
