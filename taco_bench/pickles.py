"""Pickles of strangers: arrays, numbers, strings and containers come in, and nothing else is ever called.

A pickle is a program. This one may call the stand-ins below and no function of numpy: numpy's own ``__setstate__`` trusts what it is
given (a type that claims to hold no objects makes it read bytes as addresses). Shapes and sizes are checked here instead.
"""

from __future__ import annotations

import math
import pickle  # only its machine is used, with every name that it may look up listed below
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from taco_bench.errors import DataError

CONTAINERS = (dict, list, tuple, set, frozenset, np.ndarray)
LEAVES = (str, bytes, bytearray, bool, int, float, complex, np.generic, type(None))
PICKLE_ENDINGS = (".pkl", ".pickle", ".p")
HINT = "do not open it by other means; ask whoever made it for .npy files, or make it anew from them"


def read_pickle(path: Path) -> Any:
    """What a pickle holds: numpy arrays and scalars, numbers, strings, bytes, None, and lists, tuples, sets and dictionaries of them.

    Pickles of Python 2 and 3 and of numpy 1 and 2 are understood. Arrays of Python objects hold no more than the above.

    Raises:
        DataError: the file is missing, empty, truncated or no pickle, it asks for anything else, such as a function, or something in it is
            no data, such as a type; names what. None alone is no data either.
    """
    try:
        with path.open("rb") as file:
            found = _plain(_Restricted(file, encoding="latin1").load(), {})
            if found is None:
                raise _RefusedError("it holds nothing")
            return found
    except _RefusedError as error:
        raise DataError(f"the pickle is refused: {error}", where=str(path), hint=HINT) from None
    except OSError as error:
        raise DataError(f"the pickle cannot be read: {error.strerror or error}", where=str(path), hint="check the path") from None
    except Exception as error:  # a broken pickle can raise whatever its instructions lead to
        what = "is empty" if not path.stat().st_size else f"is truncated or corrupt ({type(error).__name__}: {error})"
        raise DataError(f"the pickle {what}", where=str(path), hint="copy or download it again") from None


class _RefusedError(Exception):
    """The pickle asks for what it may not have."""


class _Restricted(pickle.Unpickler):
    def __init__(self, file: Any, *, encoding: str) -> None:
        super().__init__(file, encoding=encoding)
        self._known = _stand_ins()  # made anew each time: a pickle can put attributes on what it is given

    def find_class(self, module: str, name: str) -> Any:
        known = self._known.get(f"{module.replace('numpy._core', 'numpy.core').replace('__builtin__', 'builtins')}.{name}")
        if known is None:
            raise _RefusedError(f"it asks for {module}.{name}, which is no array, number, string or container")
        return known


class _Made:
    """What a stand-in will have become once the whole pickle is read."""

    value: Any = None

    def made(self) -> Any:
        """The value."""
        if self.value is None or isinstance(self.value, np.dtype):
            what = "a type of numbers" if self.value is not None else "an array without its numbers"
            raise _RefusedError(f"it holds {what} in the place of a value")
        return self.value


def _plain(found: Any, done: dict[int, Any]) -> Any:
    """``found`` with the stand-ins' values in their places; ``done`` keeps what is shared shared."""
    if isinstance(found, _Made):
        found = found.made()
    if isinstance(found, LEAVES) or (isinstance(found, np.ndarray) and found.dtype != object):
        return found
    if not isinstance(found, CONTAINERS):
        raise _RefusedError("it holds a type or a function in the place of a value")
    if id(found) in done:
        return done[id(found)]
    if isinstance(found, dict):
        plain: Any = {_plain(key, done): _plain(value, done) for key, value in found.items()}
    elif isinstance(found, np.ndarray):
        plain = np.empty(found.shape, object)
        for place, value in enumerate(found.flat):
            plain.flat[place] = _plain(value, done)
    else:
        plain = type(found)([_plain(value, done) for value in found])
    done[id(found)] = plain
    return plain


def _stand_ins() -> dict[str, Any]:
    """By the name that a pickle asks for."""

    class Kind(_Made):
        """numpy.dtype: of plain numbers and strings, or of objects."""

        def __init__(self, text: Any, *_: Any) -> None:
            code = text if isinstance(text, str) else ""
            self.value = np.dtype(object) if code in ("O", "O8", "|O") else _number(code)

        def __setstate__(self, state: Any) -> None:
            if state[1] in ("<", ">"):
                self.value = self.value.newbyteorder(state[1])

    class Array(_Made):
        """numpy.ndarray, once its state is set."""

        def __setstate__(self, state: Any) -> None:
            _, shape, kind, fortran, raw = state
            self.value = _array(raw, kind, shape, "F" if fortran else "C")

    def frombuffer(raw: Any, kind: Any, shape: Any, order: Any) -> _Made:
        made = _Made()
        made.value = _array(raw, kind, shape, order)
        return made

    def scalar(kind: Any, raw: Any) -> _Made:
        made = _Made()
        made.value = _array(raw, kind, (), "C")[()]
        return made

    def as_bytes(text: Any = b"", *_: Any) -> bytes:
        return text.encode("latin1") if isinstance(text, str) else bytes(memoryview(text))  # never a number, which would ask for memory

    functions: dict[str, Callable[..., Any]] = {
        "numpy.dtype": Kind,
        "numpy.ndarray": lambda *_: Array(),
        "numpy.core.multiarray._reconstruct": lambda *_: Array(),
        "numpy.core.multiarray.scalar": scalar,
        "numpy.core.numeric._frombuffer": frombuffer,
        "_codecs.encode": lambda text, *_: str(text).encode("latin1"),  # how old protocols write bytes
        "builtins.bytes": as_bytes,
        "builtins.bytearray": as_bytes,
        "collections.OrderedDict": OrderedDict,
        "builtins.set": set,
        "builtins.frozenset": frozenset,
        "builtins.complex": complex,
    }
    return functions


def _number(code: str) -> np.dtype[Any]:
    kind = np.dtype(code)
    if kind.kind not in "biufcSU" or kind.shape or kind.fields:
        raise _RefusedError(f"it holds an array of {code!r}, which are neither numbers nor strings")
    return kind


def _array(raw: Any, kind: Any, shape: Any, order: str) -> np.ndarray:
    """An array from its bytes, or from the list of its objects."""
    if not isinstance(kind, _Made) or not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise _RefusedError("it holds an array without type or shape")
    if kind.value.kind == "O":
        if not isinstance(raw, list) or len(raw) != math.prod(shape):
            raise _RefusedError("it holds an array of objects that is not a list of them")
        array = np.empty(len(raw), object)
        for place, value in enumerate(raw):
            array[place] = value
        return array.reshape(shape, order="F" if order == "F" else "C")
    raw = raw.encode("latin1") if isinstance(raw, str) else bytes(raw) if isinstance(raw, bytearray) else raw
    if not kind.value.itemsize and math.prod(shape) > 1:
        raise _RefusedError(f"it holds an array of {math.prod(shape)} values without a byte each")
    if not isinstance(raw, bytes) or len(raw) != math.prod(shape) * kind.value.itemsize:
        raise _RefusedError("it holds an array whose bytes do not fill its shape")
    return np.ndarray(shape, kind.value, raw, order="F" if order == "F" else "C")
