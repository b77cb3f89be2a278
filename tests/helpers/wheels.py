"""Small distributions that pip really installs: wheels without a build, so that many of them take a second and no network."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TAG = "py3-none-any"


@dataclass(frozen=True)
class Project:
    """A distribution of one module, which is called like it, with one entry point in the group ``taco_bench``.

    Attributes:
        name: of the distribution, and with underscores of the module.
        source: of the module.
        version: of the distribution.
        contract: that it says it was written against; empty: it says nothing.
    """

    name: str
    source: str
    version: str = "1.0"
    contract: str = "0.1"

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")

    def wheel(self, folder: Path) -> Path:
        """Its wheel, made in ``folder``."""
        info = f"{self.module}-{self.version}.dist-info"
        points = f"[taco_bench]\n{self.name} = {self.module}\n"
        points += f"[taco_bench_contract]\n{self.contract} = {self.module}\n" if self.contract else ""
        files = {
            f"{self.module}.py": self.source,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\nRequires-Dist: taco-bench\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {TAG}\n",
            f"{info}/entry_points.txt": points,
        }
        record = "".join(f"{name},sha256={_hash(text)},{len(text.encode())}\n" for name, text in files.items())
        path = folder / f"{self.module}-{self.version}-{TAG}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
                archive.writestr(name, text)
        return path


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def pip_install(projects: Sequence[Project], folder: Path, wheels: Path) -> Path:
    """Install the projects into ``folder``, to be put on PYTHONPATH, by one call of pip."""
    wheels.mkdir(parents=True, exist_ok=True)
    pip(folder, [str(project.wheel(wheels)) for project in projects])
    return folder


def pip(folder: Path, sources: Sequence[str], *options: str) -> None:
    """``pip install --target folder`` of wheels or project folders, without their dependencies and without an index."""
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    done = subprocess.run([*command, *options, "--target", str(folder), *sources], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
