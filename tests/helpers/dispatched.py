"""What torch is asked to do: operations that do work, and reads, which on a GPU make the CPU wait for all that was launched before.

A read is an operation whose answer the CPU needs: a number, or how long a result is. It is one on the CPU's tensors too, where it waits
for nothing, so that reads can be counted without a GPU. Copies of tensors to the device are no reads and are not seen here.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

READS = {
    "_local_scalar_dense",  # item(), int(), float(), bool(), if
    "nonzero",
    "nonzero_numpy",
    "masked_select",
    "equal",
    "is_nonzero",
    "_unique",
    "_unique2",
    "unique_dim",
    "unique_consecutive",
    "unique_dim_consecutive",
    "bincount",
}
INDEXING = ("index", "index_put", "index_put_", "_index_put_impl_")
WHOLE = (torch.Tensor.tolist, torch.Tensor.cpu, torch.Tensor.numpy)
"""Reads that need no operation where the tensor is on the CPU."""
IDLE = ("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "_unsafe_view", "_local_scalar_dense")
"""What launches nothing, beside views; a number is copied, not computed."""


@dataclass
class Dispatched:
    """What was counted.

    Attributes:
        operations: by name, such as ``addmm``; without views and empty tensors.
        reads: by place in this repository and by operation: ``("taco_bench/train/loop.py step", "nonzero")``.
    """

    operations: Counter[str] = field(default_factory=Counter)
    reads: Counter[tuple[str, str]] = field(default_factory=Counter)

    def reads_under(self, *folders: str) -> dict[tuple[str, str], int]:
        """Those that come from files below one of the folders."""
        return {(place, name): count for (place, name), count in self.reads.items() if place.startswith(folders)}


@contextmanager
def dispatched() -> Iterator[Dispatched]:
    """Counts in the block, in this thread, a backward pass included."""
    found = Dispatched()
    with _Methods(found), _Operations(found):
        yield found


class _Operations(TorchDispatchMode):
    def __init__(self, found: Dispatched) -> None:
        super().__init__()
        self.found = found

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        if not _is_view(func) and name not in IDLE:
            self.found.operations[name] += 1
        if name in READS or _reads_by_its_arguments(name, func, args, kwargs):
            self.found.reads[_place(), name] += 1
        return func(*args, **kwargs)


class _Methods(TorchFunctionMode):
    def __init__(self, found: Dispatched) -> None:
        super().__init__()
        self.found = found

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        if func in WHOLE:
            self.found.reads[_place(), func.__name__] += 1
        return func(*args, **(kwargs or {}))


def _is_view(func: Any) -> bool:
    return any(one.alias_info is not None and not one.alias_info.is_write for one in func._schema.returns)


def _reads_by_its_arguments(name: str, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    if name == "repeat_interleave":  # of lengths whose sum is not given
        return kwargs.get("output_size") is None
    if name in INDEXING and len(args) > 1:  # by a mask
        return any(one is not None and one.dtype in (torch.bool, torch.uint8) for one in args[1])
    if name in ("_to_copy", "copy_"):  # from a device; only where there is one
        source, target = (args[0], kwargs.get("device")) if name == "_to_copy" else (args[1], args[0].device)
        waits = not (kwargs.get("non_blocking") or (name == "copy_" and len(args) > 2 and args[2]))
        return waits and target is not None and source.device.type != "cpu" and torch.device(target).type == "cpu"
    return False


def _place() -> str:
    """The innermost function of taco-bench and its own plugins that is at work; by its module, wherever that is installed."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        package = module.partition(".")[0]
        if package == "taco_bench" or package.startswith("taco_bench_"):
            folder = "" if package == "taco_bench" else "plugins/"
            return f"{folder}{module.replace('.', '/')}.py {frame.f_code.co_name}"
        frame = frame.f_back
    return "elsewhere"
