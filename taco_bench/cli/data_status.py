"""``taco-bench data status``: which files of a data set are there, missing or wrong, and where to ask for them."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import click
from tabulate import tabulate

from taco_bench.errors import DataError

if TYPE_CHECKING:
    from taco_bench.manifests.schema import Manifest
    from taco_bench.manifests.status import FileStatus

NOT_RIGHT = DataError.exit_code
HEADERS = ("file", "required", "expected", "found", "SHA-256", "state", "what")


@click.command()
@click.argument("name", metavar="[SET]", required=False)
@click.option("--root", default="", help="Folder of the data.  [default: TACO_BENCH_DATA]")
@click.option("--hash", "hash_all", is_flag=True, help="Hash large files too; small ones always are.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(*, name: str | None, root: str, hash_all: bool, as_json: bool) -> int:
    """Say which files of data set SET are there, missing or wrong; of every set in a line where none is named.

    Exit code 3 where something required is missing or wrong; without SET only for sets of which something is there.
    """
    from taco_bench.manifests.load import load_manifest, manifest_names
    from taco_bench.manifests.status import manifest_status

    names = [name] if name else manifest_names()
    found = [(load_manifest(each), manifest_status(load_manifest(each), root, hash_all=hash_all)) for each in names]
    if as_json:
        told = [_as_json(manifest, files) for manifest, files in found]
        click.echo(json.dumps(told[0] if name else told, indent=1))
    elif name:
        click.echo("\n".join(_lines(*found[0])))
    else:
        rows = [[manifest.name, _summary(files), _hashes(files), manifest.what] for manifest, files in found]
        click.echo(tabulate(rows, headers=("set", "files", "SHA-256", "what"), tablefmt="plain"))
    wrong = any(file.bad for _, files in found if name or _present(files) for file in files)
    return NOT_RIGHT if wrong else 0


def _present(files: list[FileStatus]) -> bool:
    return any(file.paths for file in files)


def _summary(files: list[FileStatus]) -> str:
    """In a few words."""
    if not _present(files):
        return "not here"
    wrong = sum(file.state == "wrong" for file in files)
    missing = sum(file.state == "missing" and file.needed for file in files)
    found = [f"{missing} required missing"] * bool(missing) + [f"{wrong} wrong"] * bool(wrong)
    return ", ".join(found) or "complete"


def _hashes(files: list[FileStatus]) -> str:
    """How many of the files that are there have the manifest's hash, another one, or one that nobody knows."""
    counts = Counter(file.sha256 for file in files if file.sha256)
    return ", ".join(f"{counts[state]} {state}" for state in ("OK", "differs", "not known", "not looked at") if counts[state])


def _lines(manifest: Manifest, files: list[FileStatus]) -> list[str]:
    rows = [
        [f.file.name, _required(f), _bytes(f.file.size), _bytes(f.size) if f.paths else "-", f.sha256 or "-", _state(f), f.file.what]
        for f in files
    ]
    lines = [f"{manifest.name}: {manifest.what}", f"{_summary(files)}", ""]
    lines += tabulate(rows, headers=HEADERS, tablefmt="plain", disable_numparse=True).splitlines()
    lines += ["", f"ask:    {manifest.ask}", f"terms:  {manifest.terms}", f"source: {manifest.source}"]
    lines += [f"features: {manifest.features}"] if manifest.features else []
    lines += [f"{figure.value:,} {figure.what} ({figure.source})" for figure in manifest.figure]
    return lines


def _required(file: FileStatus) -> str:
    if not file.file.required:
        return "no"
    return f"one form of {file.file.group}" if file.file.group else "yes"


def _bytes(size: int | str) -> str:
    return f"{size:,} bytes" if isinstance(size, int) else f"size {size}"


def _state(file: FileStatus) -> str:
    return file.state + (f": {file.note}" if file.note else "")


def _as_json(manifest: Manifest, files: list[FileStatus]) -> dict[str, Any]:
    told = [
        {
            **f.file.model_dump(),
            "state": f.state,
            "note": f.note,
            "needed": f.needed,
            "found": [str(path) for path in f.paths][:1],
            "found_sha256": f.sha256 or None,
            "found_size": f.size if f.paths else None,
        }
        for f in files
    ]
    return {**manifest.model_dump(mode="json", exclude={"file"}), "summary": _summary(files), "file": told}
