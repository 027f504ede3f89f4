"""Progress on stderr: a live line per account on a terminal, a plain line now and then elsewhere, or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType, TracebackType
from typing import Final, Protocol, Self, TypeAlias

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

from aurinko_async.cli import words
from aurinko_async.sync import SyncReport

Watch: TypeAlias = Callable[[SyncReport], None]

EVERY: Final = 5.0
"""Seconds between two plain lines: enough to see it move, few enough for a log."""

PHASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "starting": "waiting for the mailbox to be ready",
        "deleted": "reading deletions",
        "updated": "reading messages",
        "sweep": "removing what is gone",
        "done": "done",
    }
)


class Display(Protocol):
    """Where the progress of several accounts goes."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def watch(self, label: str) -> Watch:
        """Begin with an account; gives what its sync reports to."""
        ...

    def say(self, line: str) -> None:
        """A line that stays."""
        ...


def display(*, silent: bool) -> Display:
    """The display that fits where stderr goes."""
    if silent:
        return Silent()
    console = Console(stderr=True, highlight=False)
    return Live(console) if console.is_terminal else Plain()


class Silent:
    """No progress, for `--json`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def watch(self, label: str) -> Watch:
        return lambda report: None

    def say(self, line: str) -> None: ...


class Plain(Silent):
    """Lines for a log."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def watch(self, label: str) -> Watch:
        began = time.monotonic()

        def told(report: SyncReport) -> None:
            now = time.monotonic()
            if now - self._last >= EVERY and report.phase != "done":
                self._last = now
                self.say(f"{label}: {progress(report, now - began)}")

        return told

    def say(self, line: str) -> None:
        typer.echo(line, err=True)


class Live:
    """A line per account that moves."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn("line"),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            refresh_per_second=8,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def watch(self, label: str) -> Watch:
        began = time.monotonic()
        line: TaskID = self._progress.add_task(f"{label}: {PHASES['starting']}", total=None)

        def told(report: SyncReport) -> None:
            text = f"{label}: {progress(report, time.monotonic() - began)}"
            self._progress.update(line, description=text, visible=report.phase != "done")

        return told

    def say(self, line: str) -> None:
        self._progress.console.print(line, markup=False, soft_wrap=True)


def progress(report: SyncReport, elapsed: float) -> str:
    """`reading messages: 1,200 records, 12 pages (8.1 pages/s), 1.5 s`."""
    pace = report.pages / elapsed if elapsed > 0 else 0.0
    counts = f"{words.count(report.records + report.tombstones, 'record')}, {words.count(report.pages, 'page')}"
    return f"{PHASES.get(report.phase, report.phase)}: {counts} ({pace:.1f} pages/s), {words.seconds(elapsed)}"
