"""Reading manifests."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING

from taco_bench.errors import UserError, nearest
from taco_bench.resources import registry_root

if TYPE_CHECKING:
    from taco_bench.manifests.schema import Manifest

CARDS = "planted-"
"""Cards of made-up worlds lie in the same folder and are no manifests."""


def manifest_names() -> list[str]:
    """The data sets that have a manifest."""
    found = (registry_root() / "datasets").glob("*.toml")
    return sorted(path.stem for path in found if not path.stem.startswith(CARDS))


@cache
def load_manifest(name: str) -> Manifest:
    """The manifest of a data set.

    Raises:
        UserError: there is none of that name, or it is not valid; names the file and the key.
    """
    import pydantic

    from taco_bench.manifests.schema import Manifest

    if name not in manifest_names():
        raise UserError(f"no data set {name!r} has a manifest", where="registry/datasets", hint=nearest(name, manifest_names()))
    path = registry_root() / "datasets" / f"{name}.toml"
    try:
        return Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except pydantic.ValidationError as error:
        detail = error.errors()[0]
        key = ".".join(map(str, detail["loc"]))
        raise UserError(f"the manifest is not valid: {key}: {detail['msg'].lower()}", where=str(path), hint="mend that key") from None
