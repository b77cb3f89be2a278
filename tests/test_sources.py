from __future__ import annotations

import importlib
import importlib.util
import itertools
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import taco_bench
from taco_bench.sources import source_hash

numbers = itertools.count()

Hash = Callable[[], str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, str], str], Hash]]:
    """Writes a package and gives a function that hashes the component ``Thing`` of one of its modules."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(files: dict[str, str], module: str) -> Hash:
        name = f"made_{next(numbers)}"
        for file, text in files.items():
            path = tmp_path / name / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.replace("PACKAGE", name))
        importlib.invalidate_caches()
        thing = importlib.import_module(f"{name}.{module}" if module else name).Thing
        make.root = tmp_path / name
        return lambda: source_hash(thing)

    yield make
    for name in set(sys.modules) - before:
        if name.startswith("made_"):
            del sys.modules[name]


THING = "class Thing:\n    pass\n"


def changes(make: Callable[..., Hash], files: dict[str, str], module: str, changed: str) -> bool:
    """Whether the hash changes with a file, and is the old one again when the change is undone."""
    hashed = make(files, module)
    path = make.root / changed
    before, text = hashed(), path.read_text()
    path.write_text(text + "# changed\n")
    after = hashed()
    path.write_text(text)
    assert hashed() == before
    return after != before


@pytest.mark.parametrize(
    "imports",
    [
        "from PACKAGE.other import value\n",
        "from PACKAGE import other\n",
        "import PACKAGE.other\n",
        "from .other import value\n",
        "from . import other\n",
        "def late():\n    from PACKAGE.other import value\n",
        "from PACKAGE.between import other\n",
    ],
)
def test_a_module_that_is_imported_counts(imports: str, package: Callable[..., Hash]) -> None:
    files = {"__init__.py": "", "thing.py": imports + THING, "other.py": "value = 1\n", "between.py": "from PACKAGE import other\n"}
    assert changes(package, files, "thing", "other.py")
    assert changes(package, files, "thing", "thing.py")


@pytest.mark.parametrize("imports", ["from .other import value\n", "from . import other\n", "from PACKAGE.other import value\n"])
def test_a_component_of_the_package_itself_counts_what_it_imports(imports: str, package: Callable[..., Hash]) -> None:
    assert changes(package, {"__init__.py": imports + THING, "other.py": "value = 1\n"}, "", "other.py")


def test_relative_imports_go_up(package: Callable[..., Hash]) -> None:
    files = {"__init__.py": "", "sub/__init__.py": "", "sub/thing.py": "from ..other import value\n" + THING, "other.py": "value = 1\n"}
    assert changes(package, files, "sub.thing", "other.py")


def test_imports_of_a_subpackage_count(package: Callable[..., Hash]) -> None:
    files = {
        "__init__.py": "",
        "thing.py": "from . import sub\n" + THING,
        "sub/__init__.py": "from .deep import value\n",
        "sub/deep.py": "value = 1\n",
    }
    assert changes(package, files, "thing", "sub/deep.py")


def test_a_module_that_is_not_imported_does_not_count(package: Callable[..., Hash]) -> None:
    assert not changes(package, {"__init__.py": "", "thing.py": THING, "other.py": "value = 1\n"}, "thing", "other.py")


def test_modules_that_import_each_other_come_to_an_end(package: Callable[..., Hash]) -> None:
    files = {"__init__.py": "", "thing.py": THING + "import PACKAGE.other\n", "other.py": "import PACKAGE.thing\n"}
    assert changes(package, files, "thing", "other.py")


def test_the_folder_does_not_count(package: Callable[..., Hash], tmp_path: Path) -> None:
    hashed = package({"__init__.py": "", "thing.py": THING}, "thing")
    before = hashed()
    name = package.root.name
    shutil.move(package.root, tmp_path / "elsewhere" / name)
    module = sys.modules[f"{name}.thing"]
    module.__file__ = str(tmp_path / "elsewhere" / name / "thing.py")
    from taco_bench.sources import _with_imports

    _with_imports.cache_clear()
    assert hashed() == before


class TestCore:
    @pytest.fixture
    def copy(self, tmp_path: Path) -> Path:
        ignored = shutil.ignore_patterns("__pycache__")
        return Path(shutil.copytree(Path(taco_bench.__file__).parent, tmp_path / "taco_bench", ignore=ignored))

    @staticmethod
    def core_hash(copy: Path) -> str:
        spec = importlib.util.spec_from_file_location(f"sources_copy_{next(numbers)}", copy / "sources.py")
        assert spec is not None
        assert spec.loader is not None
        module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.core_hash()

    def test_a_copy_elsewhere_has_the_same_hash(self, copy: Path) -> None:
        from taco_bench.sources import core_hash

        assert self.core_hash(copy) == core_hash()

    @pytest.mark.parametrize("part", ["model", "losses", "train", "data", "text", "metrics"])
    def test_every_file_that_figures_depend_on_counts(self, part: str, copy: Path) -> None:
        before = self.core_hash(copy)
        for path in (copy / part).glob("*.py"):
            text = path.read_text()
            path.write_text(text + "# changed\n")
            assert self.core_hash(copy) != before, path
            path.write_text(text)
        assert self.core_hash(copy) == before

    @pytest.mark.parametrize("change", ["renamed", "added", "removed"])
    def test_which_files_there_are_counts(self, change: str, copy: Path) -> None:
        before = self.core_hash(copy)
        path = copy / "losses" / "token.py"
        if change == "renamed":
            path.rename(path.with_name("tokens.py"))
        elif change == "added":
            path.with_name("extra.py").write_text("")
        else:
            path.unlink()
        assert self.core_hash(copy) != before

    @pytest.mark.parametrize("part", ["cli", "report", "store", "stats"])
    def test_what_only_shows_figures_does_not_count(self, part: str, copy: Path) -> None:
        before = self.core_hash(copy)
        for path in (copy / part).glob("*.py"):
            path.write_text(path.read_text() + "# changed\n")
        assert self.core_hash(copy) == before


def test_hashing_imports_nothing(package: Callable[..., Hash]) -> None:
    """A module that a component imports late, such as one with torch, counts but is not run; neither are names in it taken for modules."""
    late = "def build():\n    from PACKAGE.heavy import Network\n    from PACKAGE.parts.inner import Part\n"
    heavy = "raise AssertionError('imported')\n"
    files = {"__init__.py": "", "thing.py": late + THING, "heavy.py": heavy, "parts/__init__.py": heavy, "parts/inner.py": heavy}
    for changed in ("heavy.py", "parts/inner.py"):
        assert changes(package, files, "thing", changed)
