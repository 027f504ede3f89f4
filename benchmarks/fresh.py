"""Memory is measured in a process of its own: what others left behind in the allocator must not count."""

import resource
import sys
from collections.abc import Callable
from multiprocessing import get_context
from typing import TypeVar

T = TypeVar("T")


def _status(name: str) -> float | None:
    """A figure of the process, in MiB, where the system has a file for it."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) / 2**10 for line in file if line.startswith(name))
    except OSError:
        return None


def peak() -> float:
    """The most that the process ever held, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # On Linux that includes what the process that started this one held.
    return _status("VmHWM") or (most / 2**20 if sys.platform == "darwin" else most / 2**10)


def peak_growth(work: Callable[[], object], warm_up: Callable[[], object]) -> float:
    """How far the process grew in `work`, at the most, in MiB."""
    warm_up()
    before = _status("VmRSS") or peak()
    work()
    return peak() - before


def in_fresh_process(function: Callable[..., T], *arguments: object) -> T:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)
