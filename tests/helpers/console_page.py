"""A page of the documentation, done as a reader would do it.

Code blocks with a ``:caption:`` are files, written as they stand. In ``console`` blocks a line that begins with ``$`` is a command,
which must succeed, and the lines after it are what it prints: compared without numbers and blanks, and with ``...`` for any lines between.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```\{code-block\} (?P<language>\w+)\n(?::caption: (?P<path>\S+)\n)?\n?(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Written:
    """A file that the page says to write."""

    path: str
    text: str


@dataclass(frozen=True)
class Called:
    """A command of the page, and the lines that it shows."""

    command: str
    shown: tuple[str, ...]


def steps(page: str) -> list[Written | Called]:
    """What a page says to do, in order."""
    found: list[Written | Called] = []
    for block in BLOCK.finditer(page):
        if block["path"]:
            found.append(Written(block["path"], block["body"]))
        elif block["language"] == "console":
            found += _calls(block["body"].replace("\\\n", " "))
    return found


def _calls(body: str) -> list[Called]:
    parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    return [Called(lines[0], tuple(lines[1:])) for lines in (part.rstrip().splitlines() for part in parts)]


def do(step: Written | Called, folder: Path, environment: dict[str, str]) -> None:
    """Do one step in a folder; what a command prints must be what the page shows."""
    if isinstance(step, Written):
        (folder / step.path).write_text(step.text, encoding="utf-8")
        return
    done = subprocess.run(step.command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, f"$ {step.command}\n{printed}"
    missing = not_printed(step.shown, printed.splitlines())
    assert not missing, f"$ {step.command}\ndoes not print\n{missing}\nbut\n{printed}"


def not_printed(shown: tuple[str, ...], printed: list[str]) -> str:
    """The first line shown that was not printed in its place; empty where all were."""
    rest, free = [_without_numbers(line) for line in printed if line.strip()], True
    for line in filter(str.strip, shown):
        if line.strip() == "...":
            free = True
            continue
        wanted = _without_numbers(line)
        if wanted not in (rest if free else rest[:1]):
            return line
        rest, free = rest[rest.index(wanted) + 1 :], False
    return ""


def _without_numbers(line: str) -> str:
    """Figures are what they are on another machine; words are not."""
    bare = re.sub(r"[-+±]?\d+(?:[.,:]\d+)*", "#", line)
    return " ".join(re.sub(r"-{2,}", "--", bare).split())
