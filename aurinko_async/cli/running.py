"""Runs a command's coroutine: the loop, the signals, the errors, the exit code."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, NoReturn, TypeAlias

import typer

from aurinko_async.cli import EXTRAS
from aurinko_async.cli.exits import Exit, Problem, complain, one_line, problem_of

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
ECHO: Final = 0.25
"""Seconds in which a second signal is not a second wish: wrappers pass on what the terminal sends to all anyway."""
KEPT: Final = 2**26
"""Bytes of free memory that the process keeps: more than the pages in flight are."""
M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
"""Of glibc's malloc.h."""


class Interrupted(Exception):
    """A signal ended the work where it was."""

    def __init__(self, code: Exit) -> None:
        super().__init__(code)
        self.code = code


class Interrupts:
    """Ctrl-C and SIGTERM. The first lets the work stop where it is safe, the second ends it, the third the process."""

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self._count = 0
        self._last = 0.0
        self._stop: Callable[[], None] | None = None
        self._main: asyncio.Task[Any] | None = None

    @property
    def exit_code(self) -> Exit:
        """What the process ends with when it was interrupted."""
        return Exit.TERMINATED if self.first is signal.SIGTERM else Exit.INTERRUPTED

    @contextmanager
    def stop_with(self, stop: Callable[[], None]) -> Generator[None, None, None]:
        """Call `stop` on the first signal instead of ending the work."""
        self._stop = stop
        try:
            yield
        finally:
            self._stop = None

    def watch(self) -> None:
        """Take over the signals, for the running task."""
        loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()

        def from_elsewhere(number: int, _: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._received, number)

        for number in SIGNALS:
            try:
                loop.add_signal_handler(number, self._received, number)
            except NotImplementedError:  # Windows
                signal.signal(number, from_elsewhere)

    def _received(self, number: int) -> None:
        now = time.monotonic()
        if self._count and now - self._last < ECHO:
            return
        self._last = now
        self._count += 1
        self.first = self.first or signal.Signals(number)
        if self._count > 2:
            os._exit(self.exit_code)
        if self._count == 1 and self._stop is not None:
            self._stop()
        elif self._main is not None:
            self._main.cancel()


Work: TypeAlias = Callable[[Interrupts], Coroutine[Any, Any, int]]


def execute(work: Work, *, as_json: bool = False, debug: bool = False, interrupted: str = "interrupted") -> NoReturn:
    """Run a command to its exit code; an error becomes a line or two on stderr.

    Args:
        work: The command: it is given the signals and returns its exit code.
        as_json: Report an error as the JSON document, too.
        debug: Log every request and show tracebacks.
        interrupted: What is said when a signal ended the work where it was.
    """
    if debug:
        logging.basicConfig(level=logging.DEBUG, format="%(relativeCreated)6.0f ms %(name)s: %(message)s")
        for chatty in ("asyncio", "aiosqlite"):
            logging.getLogger(chatty).setLevel(logging.INFO)
    try:
        code = _run(work)
    except KeyboardInterrupt:  # before our handlers were in place
        code = Exit.INTERRUPTED
    except Interrupted as end:
        code = end.code
        complain(Problem(code, interrupted), as_json=as_json)
    except BrokenPipeError:  # whoever read our output has gone: `aurinko status | head -n 1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.FAILED
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in EXTRAS:
            raise
        if debug:
            typer.echo(traceback.format_exc(), err=True, nl=False)
        problem = problem_of(error)
        complain(problem, as_json=as_json)
        code = problem.code
    raise typer.Exit(code)


@contextmanager
def warnings_to(say: Callable[[str], None]) -> Generator[None, None, None]:
    """Hand what the library warns of to a display, a line each; not with --debug, which logs it all."""
    logger = logging.getLogger("aurinko_async")
    handler = _Said(say)
    if not logging.root.handlers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _Said(logging.Handler):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(one_line(record.getMessage()))


def _run(work: Work) -> int:
    interrupts = Interrupts()

    async def watched() -> int:
        interrupts.watch()
        return await work(interrupts)

    keep_memory()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            return runner.run(watched())
        except asyncio.CancelledError:
            if interrupts.first is None:
                raise
            raise Interrupted(interrupts.exit_code) from None


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows, PyPy
        return None
    return uvloop.new_event_loop


def keep_memory() -> None:
    """Have glibc keep the memory of a page for the next one: else it is given back and faulted in again."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            mallopt(M_TRIM_THRESHOLD, KEPT)
            mallopt(M_MMAP_THRESHOLD, KEPT // 2)
