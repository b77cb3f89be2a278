"""Pickles: arrays, numbers, strings and containers as they were; whatever tries to call anything is refused before it is called."""

from __future__ import annotations

import builtins
import contextlib
import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taco_bench.errors import DataError
from taco_bench.pickles import read_pickle

DRAW = np.random.default_rng(0)
GOOD: dict[str, Any] = {
    "floats": DRAW.normal(size=(5, 3)).astype(np.float32),
    "halves": DRAW.normal(size=(4, 2)).astype(np.float16),
    "fortran": np.asfortranarray(DRAW.normal(size=(3, 4))),
    "strided": np.arange(24).reshape(4, 6)[:, ::2],
    "big endian": np.arange(6, dtype=">i4").reshape(2, 3),
    "flags": np.array([True, False]),
    "strings": np.array(["a", "bcd"]),
    "empty": np.zeros((0, 7), np.float32),
    "whole": np.array(2.5),
    "objects": np.array([["x", 1], [None, [2, 3]]], dtype=object),
    "lists of objects": np.array([None, None], dtype=object),
    "number": np.float32(1.25),
    "text": np.str_("v_1"),
    "plain": {"a": [1, 2.5, None, True, "ä", b"\xff\0", (3, 4)], "b": {1, 2}, "c": frozenset("x"), "d": 2 + 1j, "e": 10**30},
    "ordered": OrderedDict(z=1, a=np.arange(3)),
    "bytes": bytearray(b"abc"),
}
GOOD["lists of objects"][:] = [["a", "b"], ["c", "d"]]


def written(path: Path, what: Any, protocol: int = pickle.HIGHEST_PROTOCOL, **kw: Any) -> Path:
    path.write_bytes(pickle.dumps(what, protocol=protocol, **kw))
    return path


def same(a: Any, b: Any) -> None:
    if isinstance(b, np.ndarray):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        if b.dtype == object:
            for x, y in zip(a.flat, b.flat, strict=True):
                same(x, y)
        else:
            np.testing.assert_array_equal(a, b)
    elif isinstance(b, dict):
        assert list(a) == list(b)
        for key in b:
            same(a[key], b[key])
    else:
        assert a == b


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", GOOD)
def test_what_is_written_comes_back(name: str, protocol: int, tmp_path: Path) -> None:
    same(read_pickle(written(tmp_path / "x.pkl", {"it": GOOD[name], "again": [GOOD[name]]}, protocol))["it"], GOOD[name])


@pytest.mark.parametrize(("old", "new"), [(b"numpy._core.", b"numpy.core."), (b"numpy.core.", b"numpy._core.")])
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_both_generations_of_numpy(old: bytes, new: bytes, protocol: int, tmp_path: Path) -> None:
    """At protocol 0 to 3 the module's name is a line; from 4 on it has its length before it."""
    value = np.asfortranarray(DRAW.normal(size=(3, 4))) if protocol < 5 else DRAW.normal(size=(3, 4))
    raw = pickle.dumps({"a": value}, protocol=protocol)
    for module in (b"multiarray", b"numeric"):
        before, after = old + module, new + module
        raw = raw.replace(bytes([len(before)]) + before, bytes([len(after)]) + after) if protocol > 3 else raw.replace(before, after)
    at = raw.find(b"\x95")  # the frame's length changes with the name
    if protocol > 3:
        raw = raw[: at + 1] + (len(raw) - at - 9).to_bytes(8, "little") + raw[at + 9 :]
    (tmp_path / "x.pkl").write_bytes(raw)
    np.testing.assert_array_equal(read_pickle(tmp_path / "x.pkl")["a"], value)


def test_a_pickle_of_python_2(tmp_path: Path) -> None:
    """Its strings are bytes, which is how numpy wrote its arrays there."""
    raw = np.array([1.5, -2.0], "<f4").tobytes()
    head = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\nt"
    kind = b"cnumpy\ndtype\n(S'f4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
    (tmp_path / "x.pkl").write_bytes(b"(dS'v1'\n" + head + kind + b"I00\nS" + repr(raw)[1:].encode() + b"\ntbs.")
    found = read_pickle(tmp_path / "x.pkl")
    assert list(found) == ["v1"]
    np.testing.assert_array_equal(found["v1"], [1.5, -2.0])


def test_what_is_shared_stays_small(tmp_path: Path) -> None:
    """Lists of twice the list before: 2 ** 40 entries if each were copied."""
    nested: list[Any] = []
    for _ in range(40):
        nested = [nested, nested]
    assert len(read_pickle(written(tmp_path / "x.pkl", nested))) == 2


class Calls:
    """Pickled as a call."""

    def __init__(self, function: Callable[..., Any], *arguments: Any, state: Any = None) -> None:
        self.call = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.call


def evil(mark: Path) -> dict[str, Any]:
    code = f"open({str(mark)!r}, 'w').close()"
    return {
        "system": Calls(os.system, f"touch {mark}"),
        "eval": Calls(builtins.eval, code),
        "exec": Calls(builtins.exec, code),
        "getattr": Calls(builtins.getattr, "x", "upper"),
        "import": Calls(builtins.__import__, "antigravity"),
        "open": Calls(builtins.open, str(mark), "w"),
        "np.load": Calls(np.load, str(mark)),
        "np.save": Calls(np.save, str(mark), 1),
        "fromstring": Calls(np.fromfile, str(mark)),
        "path": Path("x"),
        "class": Calls,
    }


@pytest.mark.parametrize("protocol", [0, 4])
@pytest.mark.parametrize("wrap", ["plain", "value", "key", "object array", "state", "deep"])
@pytest.mark.parametrize("name", evil(Path("x")))
def test_code_is_refused_and_never_run(name: str, wrap: str, protocol: int, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    bad = evil(mark)[name]
    boxed = np.empty(1, object)
    boxed[0] = bad
    what = {
        "plain": bad,
        "value": {"v1": np.zeros((2, 2), np.float32), "v2": bad},
        "key": OrderedDict([((bad,), 1)]),
        "object array": {"v1": boxed},
        "state": Calls(np.dtype, "f4", state=(3, bad, None)),
        "deep": [({"a": [[{"b": (1, bad)}]]},)],
    }[wrap]
    path = written(tmp_path / "evil.pkl", what, protocol)
    with pytest.raises(DataError, match="refused: it asks for") as caught:
        read_pickle(path)
    assert caught.value.where == str(path)
    assert "do not open it by other means" in caught.value.hint
    assert not mark.exists()


EMPTY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
KIND = b"cnumpy\ndtype\n(S'%s'\nI0\nI1\ntR"
STATE = b"(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb"
SCALAR = b"cnumpy.core.multiarray\nscalar\n("
TRICKS = {
    # a type of objects that claims to hold none, so that numpy would take bytes for addresses
    "object type with bytes": EMPTY + b"(I1\n(I1\nt" + KIND % b"O" + STATE + b"I00\nS'AAAAAAAA'\ntb.",
    "object scalar from bytes": SCALAR + KIND % b"O" + STATE + b"S'AAAAAAAA'\ntR.",
    "record with objects": SCALAR + KIND % b"O,i4" + b"S'AAAAAAAAAAAA'\ntR.",
    "more shape than bytes": EMPTY + b"(I1\n(I1000000000000\nt" + KIND % b"f4" + b"I00\nS'AAAA'\ntb.",
    "negative shape": EMPTY + b"(I1\n(I-1\nI-1\nt" + KIND % b"f4" + b"I00\nS'AAAA'\ntb.",
    "memory without end": b"cbuiltins\nbytearray\n(I100000000000000\ntR.",
    "extension": b"\x80\x02\x82\x01.",
    "persistent": b"Pos.system\n.",
    "dotted name": b"\x80\x04\x8c\x12numpy.core.numeric\x8c\x17_frombuffer.__globals__\x93.",
    "attribute of a stand-in": b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__init__\x93.",
}


NO_DATA = {
    "a bare type": KIND % b"f4" + b".",
    "a type of objects": KIND % b"O" + STATE + b".",
    "a stand-in's class": b"cnumpy\ndtype\n.",
    "a function": b"cnumpy.core.multiarray\nscalar\n.",
    "a class of Python's": b"cbuiltins\ncomplex\n.",
    "an array without state": EMPTY + b".",
    "many strings of no length": EMPTY + b"(I1\n(I1000000000000\nt" + KIND % b"S0" + b"I00\nS''\ntb.",
    "many texts of no length": EMPTY + b"(I1\n(I1000000\nI1000000\nt" + KIND % b"U0" + b"I00\nS''\ntb.",
}


@pytest.mark.parametrize("name", NO_DATA)
@pytest.mark.parametrize("wrap", [(b"", b""), (b"(lp0\n", b"a"), (b"(dS'v1'\n", b"s")], ids=["alone", "in a list", "in a dictionary"])
def test_what_is_no_data_is_refused_wherever_it_stands(name: str, wrap: tuple[bytes, bytes], tmp_path: Path) -> None:
    before, after = wrap
    (tmp_path / "x.pkl").write_bytes(before + NO_DATA[name][:-1] + after + b".")
    with pytest.raises(DataError, match="refused: it holds") as caught:
        read_pickle(tmp_path / "x.pkl")
    assert caught.value.hint


def test_no_data_in_an_array_of_objects(tmp_path: Path) -> None:
    objects = EMPTY + b"(I1\n(I1\nt" + KIND % b"O" + STATE + b"I00\n(l" + KIND % b"f4" + b"atb."
    (tmp_path / "x.pkl").write_bytes(objects)
    with pytest.raises(DataError, match="refused: it holds a type of numbers"):
        read_pickle(tmp_path / "x.pkl")


def test_nothing_is_no_data_but_may_be_a_value(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it holds nothing"):
        read_pickle(written(tmp_path / "x.pkl", None))
    assert read_pickle(written(tmp_path / "x.pkl", {"a": None, "b": np.str_("")})) == {"a": None, "b": ""}


@pytest.mark.parametrize("name", TRICKS)
def test_tricks_with_arrays(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_bytes(TRICKS[name])
    with pytest.raises(DataError) as caught:
        read_pickle(tmp_path / "x.pkl")
    assert str(tmp_path / "x.pkl") in caught.value.where


def test_what_one_pickle_spoils_no_other_one_sees(tmp_path: Path) -> None:
    """BUILD may set attributes on the stand-ins."""
    (tmp_path / "x.pkl").write_bytes(b"cnumpy\ndtype\n(N(dS'__setstate__'\ncbuiltins\nset\nstb.")
    with contextlib.suppress(DataError):
        read_pickle(tmp_path / "x.pkl")
    same(read_pickle(written(tmp_path / "y.pkl", GOOD["big endian"])), GOOD["big endian"])


@pytest.mark.parametrize("keep", [0, 1, 10, -1, -40])
def test_truncated_and_empty(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps({"v": np.arange(50.0)})[:keep])
    with pytest.raises(DataError, match="is empty" if keep == 0 else "truncated") as caught:
        read_pickle(path)
    assert str(path) in caught.value.where


def test_no_pickle_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_bytes(b"video_id,feature\nv1,x\n")
    with pytest.raises(DataError):
        read_pickle(tmp_path / "x.pkl")
    with pytest.raises(DataError, match="No such file"):
        read_pickle(tmp_path / "none.pkl")
    with pytest.raises(DataError, match="directory"):
        read_pickle(tmp_path)
