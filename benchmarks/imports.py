"""What an import costs against `import aiohttp, msgspec, attrs`: CPU of a fresh interpreter, less its own start.

The package imports what is used when it is used, so its bare import says little: a client is made, and an engine.
"""

import resource
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import Result, compare

CLIENT = "from aurinko_async import AccountAuth, AurinkoClient; AurinkoClient(AccountAuth('token'))"
ENGINE = f"{CLIENT}.email.delta; from aurinko_async import EmailPlan, SQLiteStore, SyncEngine"
STATEMENTS = {
    "nothing": "pass",
    "floor": "import aiohttp, msgspec, attrs",
    "bare": "import aurinko_async",
    "client": CLIENT,
    "engine": ENGINE,
}
FLOOR = "CPU of `import aiohttp, msgspec, attrs`"


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
    bare, client, engine, floor = (
        [taken - nothing for taken, nothing in zip(times[name], times["nothing"], strict=True)]
        for name in ("bare", "client", "engine", "floor")
    )
    yield compare(f"`import aurinko_async`, {FLOOR}", bare, floor, "≤ 1.3")
    yield compare(f"a client imported and made, {FLOOR}", client, floor, "≤ 1.3")
    yield compare(f"a client, `SyncEngine` and `SQLiteStore` imported, {FLOOR}", engine, floor, "")
