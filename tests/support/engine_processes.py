"""Engines in processes of their own, and who of them held what, when."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from attrs import define, field

from aurinko_async.sandbox import Sandbox
from support.cli import environment

WORKER = Path(__file__).with_name("engine_worker.py")


@define(eq=False)
class Engines:
    """Starts engines on one database and kills them."""

    where: str
    sandbox: Sandbox
    log: Path
    killed: dict[int, float] = field(factory=dict)

    async def start(self, *mode: str) -> asyncio.subprocess.Process:
        sandbox = self.sandbox
        return await asyncio.create_subprocess_exec(
            sys.executable,
            str(WORKER),
            *(self.where, sandbox.url, sandbox.client_id, sandbox.client_secret, str(self.log), *mode),
            env=environment({"PYTHONWARNINGS": "default"}),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )

    async def until(self, happened: Callable[[], bool], process: asyncio.subprocess.Process) -> None:
        """Wait for something, or for the process to be done."""
        async with asyncio.timeout(60):
            while True:
                if happened() or process.returncode is not None:
                    return
                await asyncio.sleep(0.002)

    def holds(self, process: asyncio.subprocess.Process) -> bool:
        """Whether it has begun to sync."""
        return self.log.exists() and f"\t{process.pid}\n" in self.log.read_text()

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        """Kill -9; what it holds it holds until then."""
        self.killed[process.pid] = time.monotonic()
        if process.returncode is None:
            process.kill()
        await process.communicate()

    async def finish(self, process: asyncio.subprocess.Process) -> None:
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()

    def overlaps(self) -> tuple[int, list[str]]:
        """How often a key was held, and by whom it was held while another held it."""
        held: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
        open_: dict[tuple[str, str, str], float] = {}
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        for line in lines:
            when, what, key, fence, pid = line.split("\t")
            if what == "taken":
                open_[key, fence, pid] = float(when)
            elif (key, fence, pid) in open_:
                held[key].append((open_.pop((key, fence, pid)), float(when), pid))
        for (key, _, pid), since in open_.items():
            held[key].append((since, self.killed.get(int(pid), float("inf")), pid))
        wrong: list[str] = []
        for key, spans in held.items():
            spans.sort()
            wrong += [
                f"{key}: {first} until {first[1]}, {second}"
                for first, second in pairwise(spans)
                if second[0] < first[1]
            ]
        return sum(map(len, held.values())), wrong
