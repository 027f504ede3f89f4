"""Notices what a test leaves behind: tasks, aiohttp sessions, transports, sockets the loop still watches."""

from __future__ import annotations

import asyncio
import weakref
from typing import Any

import aiohttp

TURNS = 20
"""Loop turns that a test's things have to end in once it is over; an abandoned async generator takes a few."""

_sessions: weakref.WeakSet[aiohttp.ClientSession] = weakref.WeakSet()
_made = aiohttp.ClientSession.__init__


def _noted(self: aiohttp.ClientSession, *args: Any, **kwargs: Any) -> None:
    _made(self, *args, **kwargs)
    _sessions.add(self)


def watch_sessions() -> None:
    """Keep a (weak) list of the sessions that are made from now on."""
    if aiohttp.ClientSession.__init__ is _made:
        aiohttp.ClientSession.__init__ = _noted  # type: ignore[method-assign]


def open_sessions() -> set[aiohttp.ClientSession]:
    return {session for session in _sessions if not session.closed}


def opened() -> dict[int, str]:
    """The running loop's open transports and all else that it watches, its own wake-up pipe aside.

    A loop that does not tell (uvloop) has none.
    """
    loop: Any = asyncio.get_running_loop()
    selector = getattr(loop, "_selector", None)
    if selector is None:
        return {}
    transports = {fd: transport for fd, transport in loop._transports.items() if not transport.is_closing()}
    watched = [key.fd for key in selector.get_map().values() if key.fd not in (loop._ssock.fileno(), *transports)]
    return {fd: f"watched file descriptor {fd}" for fd in watched} | {fd: repr(it) for fd, it in transports.items()}


async def left_behind(before: set[asyncio.Task[Any]], opened_before: dict[int, str]) -> list[str]:
    """What is still there after a few turns of the loop that was not there before."""

    def found() -> list[str]:
        tasks = asyncio.all_tasks() - before - {asyncio.current_task()}
        return [repr(task) for task in tasks] + [it for fd, it in opened().items() if fd not in opened_before]

    for _ in range(TURNS):
        if not found():
            return []
        await asyncio.sleep(0)
    return found()
