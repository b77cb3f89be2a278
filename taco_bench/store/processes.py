"""Which process on which machine: what a lease says of its holder."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path
from typing import Any


@cache
def this_machine() -> str:
    """Names the machine and its space of process numbers: two containers with one name are told apart, a reboot too."""
    boot = _read(Path("/proc/sys/kernel/random/boot_id"))
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return " ".join(filter(None, [socket.gethostname(), boot, space]))


def this_process() -> dict[str, Any]:
    """Names this process for :func:`has_ended`."""
    return {"machine": this_machine(), "pid": os.getpid(), "started": started_at(os.getpid())}


def has_ended(process: dict[str, Any]) -> bool:
    """Whether a process of this machine is no longer there; one of another machine counts as alive."""
    return process.get("machine") == this_machine() and started_at(int(process["pid"])) != str(process["started"])


def started_at(pid: int) -> str:
    """When a process of this machine started, in the kernel's ticks; empty where there is none, or it has ended and waits to be reaped."""
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    if fields:
        return "" if fields[0] in ("Z", "X") else fields[19]
    return "" if Path("/proc/self/stat").exists() or not _answers(pid) else "running"


def _answers(pid: int) -> bool:
    """Where there is no /proc: whether a signal would reach it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
