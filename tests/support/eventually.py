"""Waiting for what other tasks do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import repeat, takewhile

PATIENCE = 20.0
"""Seconds: what has not happened by then never will."""


async def eventually(condition: Callable[[], object]) -> None:
    """Go on when it holds."""
    end = time.monotonic() + PATIENCE
    for _ in takewhile(lambda _: not condition(), repeat(None)):
        assert time.monotonic() < end, "it never happened"
        await asyncio.sleep(0.001)
