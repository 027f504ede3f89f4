"""Progress on stderr: live on a terminal, a plain line now and then elsewhere, or nothing."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Protocol, Self

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.text import Text

from aurinko_async.cli.board import Board, Entry
from aurinko_async.cli.phrases import changes, idle, next_try, overview, progress, reason
from aurinko_async.cli.table import picture
from aurinko_async.sync.engine import EngineEvent

EVERY: Final = 5.0
"""Seconds between two plain lines: enough to see it move, few enough for a log."""
RARELY: Final = 60.0
"""The same once all accounts that are followed were synced for the first time: such a log has no end."""
FEW: Final = 10
"""Accounts of which each sync that changed something has a plain line of its own when following."""
SPINS: Final = "-\\|/"


class Display(Protocol):
    """Where the progress goes."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, event: EngineEvent, entry: Entry) -> None:
        """The board has taken note of an event about an entry."""
        ...

    def refresh(self) -> None:
        """Time has gone by."""
        ...

    def say(self, line: str) -> None:
        """A line that stays."""
        ...


def display(board: Board, *, silent: bool) -> Display:
    """The display that fits where stderr goes."""
    if silent:
        return Silent()
    console = Console(stderr=True, highlight=False)
    return Live(board, console) if console.is_terminal else Plain(board)


class Silent:
    """No progress, for `--json`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, event: EngineEvent, entry: Entry) -> None: ...

    def refresh(self) -> None: ...

    def say(self, line: str) -> None: ...


class Plain(Silent):
    """Lines for a log."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._last = board.now()
        self._failing: dict[Entry, str] = {}

    def update(self, event: EngineEvent, entry: Entry) -> None:
        board = self._board
        if event.kind == "ended" and board.follow:
            self._tell_end(event, entry)
        now = board.now()
        if now - self._last < EVERY:
            return
        if not board.is_one:
            if now - self._last >= (RARELY if self._is_settled() else EVERY):
                self._last = now
                self.say("; ".join(overview(board)))
        elif event.kind == "page":
            self._last = now
            self.say(f"{board.label(entry)}: {progress(entry, now, follow=board.follow)}")

    def say(self, line: str) -> None:
        typer.echo(line, err=True)

    def _tell_end(self, event: EngineEvent, entry: Entry) -> None:
        """A failure is told when it begins and when it is over, not each time."""
        label, before = self._board.label(entry), self._failing.pop(entry, None)
        if entry.state == "failed":
            self._failing[entry] = why = reason(entry)
            if why != before:
                again = next_try(entry)
                self.say(f"{label}: {why}{f'; next try in {again}' if again else ''}")
        elif entry.state == "done":
            report = event.report
            if before is not None:
                self.say(f"{label}: synced again")
            few = len(self._board) <= FEW * len(self._board.resources)
            if few and (report.added or report.updated or report.deleted):
                self.say(f"{label}: {changes(report)}")

    def _is_settled(self) -> bool:
        return self._board.follow and all(entry.rounds or entry.state == "failed" for entry in self._board)


class Live:
    """A picture that moves: a line per sync of one account, a table of more."""

    def __init__(self, board: Board, console: Console) -> None:
        self._board = board
        self._console = console
        # Without a thread of its own: the board is the event loop's.
        self._live = RichLive(console=console, auto_refresh=False, transient=True, get_renderable=self._picture)

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def update(self, event: EngineEvent, entry: Entry) -> None: ...

    def refresh(self) -> None:
        self._live.refresh()

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)

    def _picture(self) -> RenderableType:
        if not self._board.is_one:
            return picture(self._board, self._console)
        return Group(*(self._line(entry) for entry in self._board if entry.active and self._is_shown(entry)))

    def _is_shown(self, entry: Entry) -> bool:
        return self._board.follow or entry.state in ("running", "waiting")

    def _line(self, entry: Entry) -> Text:
        board = self._board
        runs = entry.state == "running"
        spin = SPINS[int(board.now() * 8) % len(SPINS)] if runs else " "
        said = progress(entry, board.now(), follow=board.follow) if runs else idle(board, entry)
        line = Text(overflow="ellipsis", no_wrap=True)
        return line.append(spin, style="green").append(f" {board.label(entry)}: {said}")
