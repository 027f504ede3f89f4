"""The `aurinko` command and its subcommands."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from aurinko_async.cli.account import account
from aurinko_async.cli.connect import connect
from aurinko_async.cli.exits import MEANING
from aurinko_async.cli.export import export
from aurinko_async.cli.sandbox import sandbox
from aurinko_async.cli.status import status
from aurinko_async.cli.sync import sync

EXIT_CODES = f"Exit codes: {'; '.join(f'{int(code)} {meaning}' for code, meaning in MEANING.items())}."

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog=EXIT_CODES,
    help="Mirror Aurinko mailboxes, and never lose a record. Try it without credentials: aurinko sync --sandbox",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aurinko {version('aurinko-async')}")
        raise typer.Exit


@app.callback()
def aurinko(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None: ...


for command in (sync, status, export, account, connect, sandbox):
    app.command(epilog=EXIT_CODES)(command)
