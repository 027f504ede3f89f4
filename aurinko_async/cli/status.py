"""`aurinko status`: how the mirrors in a database stand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from attrs import frozen
from rich.console import Console

from aurinko_async.cli import options
from aurinko_async.cli.mirror import Database, mirror
from aurinko_async.cli.running import execute
from aurinko_async.cli.standing import Key, Overview, detail
from aurinko_async.cli.table import listing

WIDE: Final = 1000
"""Columns where there is no terminal."""
ROWS: Final = 50
"""Rows of the table: those that fare worst come first."""


def status(
    *,
    db: options.Db = options.DEFAULT_DB,
    account_id: Annotated[
        str | None, typer.Option("--account-id", metavar="ID", help="Only this account.", show_default=False)
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only those whose sync fails.")] = False,
    everything: Annotated[bool, typer.Option("--all", help=f"All rows, not only the first {ROWS}.")] = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Show what a mirror holds, how far its syncs got, and how the accounts fare.

    One account is told in detail; several are a table, those that fail first.
    """
    question = Question(db, account_id, failed, everything, as_json)
    execute(lambda _: _status(question), as_json=as_json, debug=debug)


@frozen
class Question:
    """What was asked."""

    db: Database
    account_id: str | None
    failed: bool
    everything: bool
    as_json: bool


async def _status(question: Question) -> int:
    async with mirror(question.db.there()) as store:
        states, standings = await store.status(), await store.standings()
    mine = question.account_id
    overview = Overview.of(
        [Key.of(state) for state in states if mine in (None, state.key.account)],
        [standing for standing in standings if mine in (None, standing.account)],
        datetime.now(UTC),
        failed=question.failed,
    )
    if question.as_json:
        typer.echo(json.dumps({"database": str(question.db), **overview.to_json()}, indent=2))
    else:
        _show(question, overview)
    return 0


def _show(question: Question, overview: Overview) -> None:
    db, rows = question.db, overview.rows
    if not rows and not overview.keys:
        what = "nothing fails" if question.failed else "nothing was synced yet"
        typer.echo(f"{db}: {what if question.account_id is None else f'{what} of account {question.account_id}'}")
        return
    if overview.accounts <= 1 and not question.failed:
        for line in (str(db), *detail(overview)):
            typer.echo(line)
        return
    typer.echo(str(db))
    for line in overview.summary():
        typer.echo(line)
    typer.echo()
    shown = rows if question.everything else rows[:ROWS]
    console = Console(highlight=False)
    wide = not console.is_terminal  # who reads it by program, or with a pager, wants whole lines
    console.print(listing(shown, overview.now, fills=not wide), width=WIDE if wide else None)
    if len(rows) > len(shown):
        typer.echo(f"and {len(rows) - len(shown):,} more (--all shows them; --failed, --account-id ID and --json, too)")
