"""The reference pages are current, and whatever they document is tested."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

from taco_bench.cli.main import VERBS, main
from taco_bench.errors import EXIT_CODES, UserError
from taco_bench.plugins import HOOKS

ROOT = Path(__file__).parents[2]
SOURCES = [*sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "plugins" / "template").rglob("*.py"))]  # tests install the templates
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path != Path(__file__))


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(command: click.Command | None = None, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every verb and every verb of a verb, with the words that call it."""
    context = click.Context(command or main)
    group = command or main
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        inner = group.get_command(context, name)
        assert inner is not None
        yield (*words, name), inner
        yield from commands(inner, (*words, name))


OPTIONS = sorted(
    {name for _, command in commands() for option in command.params if isinstance(option, click.Option) for name in option.opts}
)


def test_no_page_is_stale() -> None:
    """In a process of its own: click keeps the words of a command's help option from its first use on."""
    check = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    found = subprocess.run(check, capture_output=True, text=True, check=False, cwd=ROOT)
    assert found.returncode == 0, found.stderr


def test_every_page_is_in_the_contents(generate: ModuleType) -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert [name for name in generate.PAGES if f"reference/{name}" not in index] == []


@pytest.mark.parametrize("words", [words for words, _ in commands()], ids=" ".join)
def test_every_verb_is_called_by_a_test(words: tuple[str, ...]) -> None:
    call = r",\s*".join(f'"{word}"' for word in words)
    assert re.search(call, TESTS) or re.search(rf'"{" ".join(words)}\b', TESTS) or f"taco-bench {' '.join(words)}" in TESTS


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_given_by_a_test(option: str) -> None:
    assert re.search(rf'["\s]{option}\b', TESTS)


@pytest.mark.parametrize(("words", "command"), [pytest.param(*pair, id=" ".join(pair[0])) for pair in commands()])
def test_every_verb_and_option_says_what_it_is(words: tuple[str, ...], command: click.Command) -> None:
    undocumented = [p.name for p in command.params if isinstance(p, click.Option) and not (p.help or "").strip()]
    assert (command.help or "").strip()
    assert undocumented == []


@pytest.mark.parametrize("hook", HOOKS.values())
def test_every_hook_is_implemented_by_a_plugin_of_a_test(hook: str) -> None:
    assert f"def {hook}(" in TESTS


@pytest.mark.parametrize("code", EXIT_CODES)
def test_every_exit_code_is_expected_by_a_test(code: int) -> None:
    assert re.search(rf"(==|is|code=|exits?\w*\(|\b) ?{code}\b", TESTS)


def test_every_error_has_a_documented_exit_code() -> None:
    def below(kind: type[Any]) -> Iterator[type[Any]]:
        yield kind
        for inner in kind.__subclasses__():
            yield from below(inner)

    assert {kind.exit_code for kind in below(UserError)} <= set(EXIT_CODES)
    assert all(line.strip() for line in VERBS.values())
