"""`import aurinko_async` against `import aiohttp, msgspec, attrs`: CPU of a fresh interpreter, less its own start."""

import resource
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import Result, compare

STATEMENTS = {"nothing": "pass", "floor": "import aiohttp, msgspec, attrs", "ours": "import aurinko_async"}


def cpu(statement: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(rounds: int) -> Iterator[Result]:
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for counted in [False] + [True] * (rounds // 2 + 1):
        for name, statement in STATEMENTS.items():
            taken = cpu(statement)
            if counted:
                times[name].append(taken)
    ours, floor = ([a - b for a, b in zip(times[name], times["nothing"], strict=True)] for name in ("ours", "floor"))
    yield compare("`import aurinko_async`, CPU of `import aiohttp, msgspec, attrs`", ours, floor, "≤ 1.3")
