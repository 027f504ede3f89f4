"""Many accounts on a terminal: what is under way, what fails, how fast it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from aurinko_async.cli import phrases, words
from aurinko_async.cli.board import STATES, Board, Entry
from aurinko_async.cli.standing import Row

RUNNING: Final = 8
FAILING: Final = 5
"""Rows at the most: the first of each tell enough."""
TALL: Final = 34
"""Lines of a terminal in which all rows have room; a smaller one shows fewer."""
NARROW: Final = 100
"""Columns under which the accounts' ids are left out."""
NAME: Final = 26
"""Characters of an address in a narrow terminal: with the rest of a row it fits into 80."""


def picture(board: Board, console: Console) -> RenderableType:
    """The live table."""
    short = 1.0 if console.height >= TALL else console.height / TALL
    narrow = console.width < NARROW
    return Group(
        *_parts(board, narrow=narrow, running=max(1, int(RUNNING * short)), failing=max(1, int(FAILING * short)))
    )


def _parts(board: Board, *, narrow: bool, running: int, failing: int) -> Iterator[RenderableType]:
    first, second = phrases.overview(board)
    yield Text(first, style="bold", no_wrap=True, overflow="ellipsis")
    yield Text(second, no_wrap=True, overflow="ellipsis")
    if len(board.resources) > 1:
        yield from _section(_resources(board))
    under_way = sorted((entry for entry in board if entry.state == "running"), key=lambda entry: entry.began)
    if under_way:
        yield from _section(_running(board, under_way[:running], narrow=narrow), len(under_way) - running)
    failed = [entry for entry in board if entry.state == "failed"]
    if failed:
        yield from _section(_failing(board, failed[:failing], narrow=narrow), len(failed) - failing)


def _section(table: Table, more: int = 0) -> Iterator[RenderableType]:
    yield Text()
    yield table
    if more > 0:
        yield Text(f"and {more:,} more", style="dim")


def _resources(board: Board) -> Table:
    table = _table(
        "resource", *("failing" if state == "failed" else state for state in STATES), "records", right=range(1, 6)
    )
    counts: dict[str, Counter[str]] = {resource: Counter() for resource in board.resources}
    records: Counter[str] = Counter()
    for entry in board:
        report = entry.report
        counts[entry.resource][entry.state] += entry.active
        records[entry.resource] += report.records + report.tombstones
    for resource, count in counts.items():
        table.add_row(resource, *(f"{count[state]:,}" for state in STATES), f"{records[resource]:,}")
    return table


def _running(board: Board, entries: list[Entry], *, narrow: bool) -> Table:
    several = len(board.resources) > 1
    columns = ["running", *(["resource"] if several else []), "at", "records", "pages", "for"]
    table = _table(*columns, right=range(len(columns) - 3, len(columns)), name=_room(narrow=narrow))
    for entry in entries:
        report = entry.report
        table.add_row(
            Text(_name(entry, narrow=narrow)),
            *([entry.resource] if several else []),
            phrases.phase(entry),
            f"{report.records + report.tombstones:,}",
            f"{report.pages:,}",
            words.seconds(board.now() - entry.began),
        )
    return table


def _failing(board: Board, entries: list[Entry], *, narrow: bool) -> Table:
    several = len(board.resources) > 1
    columns = ["failing", *(["resource"] if several else []), *(["next try"] if board.follow else []), "reason"]
    table = _table(*columns, right=range(0), name=_room(narrow=narrow), fills=True)
    for entry in entries:
        table.add_row(
            Text(_name(entry, narrow=narrow)),
            *([entry.resource] if several else []),
            *([phrases.next_try(entry) or "soon"] if board.follow else []),
            Text(phrases.reason(entry), style="red"),
        )
    return table


def _name(entry: Entry, *, narrow: bool) -> str:
    if not entry.email:
        return entry.account
    return entry.email if narrow else f"{entry.email} ({entry.account})"


def _room(*, narrow: bool) -> int:
    return NAME if narrow else 2 * NAME


def _table(*columns: str, right: range, name: int | None = None, fills: bool = False) -> Table:
    """`name`: the width that a name in the first column may have. `fills`: the last column takes the rest."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="cyan", expand=fills)
    for number, column in enumerate(columns):
        table.add_column(
            column,
            justify="right" if number in right else "left",
            no_wrap=True,
            overflow="ellipsis",
            max_width=name if number == 0 else None,
            ratio=1 if fills and number == len(columns) - 1 else None,
        )
    return table


def listing(rows: Sequence[Row], now: datetime, *, fills: bool) -> Table:
    """The table of `aurinko status`. `fills`: it is as wide as the terminal, and what does not fit is cut off."""
    table = _table(
        "account", "resource", "records", "deleted", "last complete", "standing", right=range(2, 4), fills=fills
    )
    for row in rows:
        lag, again = row.lag(now), row.next_try(now)
        told = f"{row.standing}, {again}: {row.reason}" if again else row.standing
        table.add_row(
            Text(row.account),
            row.resource,
            f"{row.live:,}",
            f"{row.deleted:,}",
            "never" if lag is None else f"{words.rough(lag)} ago",
            Text(told, style="red" if row.fails else ""),
        )
    return table
