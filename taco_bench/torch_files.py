"""Files of ``torch.save`` from strangers: tensors, numbers, strings and containers come in, and no function is ever called."""

from __future__ import annotations

import pickle  # for the error that torch raises
import re
import zipfile
from pathlib import Path
from typing import Any

from taco_bench.errors import DataError
from taco_bench.pickles import HINT

TORCH_ENDINGS = (".pt", ".pth")


def read_torch(path: Path) -> Any:
    """What a torch file holds, tensors on the CPU; read with ``weights_only``.

    Raises:
        DataError: the file is missing, empty, truncated or none of torch's, or it asks for more than tensors, such as a function; names it.
    """
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DataError(f"the torch file is refused or corrupt: {_reason(str(error))}", where=str(path), hint=HINT) from None
    except (OSError, EOFError, RuntimeError, ValueError, TypeError, AttributeError, LookupError, zipfile.BadZipFile) as error:
        what = "is empty" if path.is_file() and not path.stat().st_size else f"cannot be read: {error}".splitlines()[0]
        raise DataError(f"the torch file {what}", where=str(path), hint="copy or download it again") from None


def _reason(told: str) -> str:
    """The part of torch's message that says what the file asks for, without its advice to trust it."""
    asked = re.search(r"GLOBAL ([\w.]+)", told)
    if asked:
        return f"it asks for {asked[1]}, which is no tensor, number, string or container"
    return told.partition("WeightsUnpickler error: ")[2].partition("\n")[0] or "it holds more than tensors"


def is_torch(path: Path) -> bool:
    """Whether a file is one of torch's, by its ending or by what is in the archive."""
    if path.suffix in TORCH_ENDINGS:
        return path.is_file()
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/data.pkl") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
