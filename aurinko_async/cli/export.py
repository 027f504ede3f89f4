"""`aurinko export`: what a mirror holds, as files that other programs read."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from attrs import define, frozen
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from aurinko_async.cli import options, words
from aurinko_async.cli.exits import one_line
from aurinko_async.cli.mirror import Database, mirror
from aurinko_async.cli.running import execute
from aurinko_async.errors import ConfigError
from aurinko_async.export import Exported, export_ics, export_jsonl, export_mbox, export_vcf
from aurinko_async.sync import PostgresStore, SQLiteStore

STDOUT: Final = Path("-")
EVERY: Final = 64
"""Records between two looks at the progress: some hundredths of a second."""
NAMED: Final = 20
"""Records that failed and are named: enough to look into, not so many that they hide the rest."""


class Format(StrEnum):
    """What is written."""

    JSONL = "jsonl"
    MBOX = "mbox"
    ICS = "ics"
    VCF = "vcf"


class Resource(StrEnum):
    """What is exported."""

    EMAIL = "email"
    CALENDAR = "calendar"
    CONTACTS = "contacts"
    TASKS = "tasks"


HOLDS: Final = {
    Format.JSONL: (Resource.EMAIL, Resource.CALENDAR, Resource.CONTACTS, Resource.TASKS),
    Format.MBOX: (Resource.EMAIL,),
    Format.ICS: (Resource.CALENDAR, Resource.TASKS),
    Format.VCF: (Resource.CONTACTS,),
}
"""What each format can hold; the first unless another one is asked for."""
RECORDS: Final = {
    Resource.EMAIL: "message",
    Resource.CALENDAR: "event",
    Resource.CONTACTS: "contact",
    Resource.TASKS: "task",
}


def export(
    *,
    format_: Annotated[
        Format,
        typer.Option("--format", help="jsonl: the API's own JSON; mbox: mail; ics: events, tasks; vcf: contacts."),
    ],
    db: options.Db = options.DEFAULT_DB,
    resource: Annotated[
        Resource | None,
        typer.Option(help="What to export, where the format does not say it; mail if not given.", show_default=False),
    ] = None,
    account_id: Annotated[
        str | None,
        typer.Option(
            "--account-id", metavar="N", help="Whose, if the mirror has several accounts.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The file to write; - is stdout, as is a pipe.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Write what a mirror holds to a file: JSON Lines, mbox, iCalendar or vCard.

    It reads the mirror only and never goes online: bodies and attachments are as complete as the mirror is. What is
    missing is counted in the end; `aurinko sync --hydrate` fetches bodies that a provider left out.

    The file appears when it is complete. An existing one is kept, unless --force is given. A record that cannot be
    converted is left out and named on stderr.
    """
    if resource is None:
        resource = HOLDS[format_][0]
    elif resource not in HOLDS[format_]:
        raise typer.BadParameter(f"--format {format_} has {' or '.join(HOLDS[format_])}, not {resource}")
    if out is None:
        if sys.stdout.isatty():
            raise typer.BadParameter("give --out PATH; --out - writes to the terminal")
        out = STDOUT
    if as_json and out == STDOUT:
        raise typer.BadParameter("--json goes to stdout, where the records go: give --out PATH")
    plan = Plan(db, format_, resource, account_id, out, force)
    execute(
        lambda _: _export(plan, as_json),
        as_json=as_json,
        debug=debug,
        interrupted="interrupted; the output is not complete" if out == STDOUT else "interrupted; nothing was written",
    )


@frozen
class Plan:
    """What was asked for."""

    db: Database
    format: Format
    resource: Resource
    account: str | None
    out: Path
    force: bool


async def _export(plan: Plan, as_json: bool) -> int:
    async with mirror(plan.db.there(), read_only=True) as store:
        account = await _account(store, plan)
        total = await store.count(account, resource=plan.resource)
        failures = Failures(RECORDS[plan.resource])
        with _opened(plan) as file, _shown(total, silent=as_json or _on_screen(plan)) as progress:
            done = await _written(store, plan, account, file, progress, failures)
            file.flush()
        failures.tell_rest()
    if as_json:
        typer.echo(json.dumps(_json(plan, account, done), indent=2))
    else:
        for line in _lines(plan, done):
            typer.echo(line, err=plan.out == STDOUT)
    return 0


async def _account(store: SQLiteStore | PostgresStore, plan: Plan) -> str:
    """Whose records: the one account that has such, or the one that was named."""
    keys = [state.key for state in await store.status()]
    there = sorted({key.account for key in keys if key.resource == plan.resource and not key.consumer})
    if plan.account is not None:
        if plan.account not in there:
            raise ConfigError(f"{plan.db} has no {plan.resource} of account {plan.account}: see `aurinko status`")
        return plan.account
    if not there:
        raise ConfigError(f"{plan.db} has no {plan.resource}: see `aurinko status`")
    if len(there) > 1:
        raise ConfigError(f"{plan.db} has {plan.resource} of {len(there)} accounts: give --account-id {there[0]}, say")
    return there[0]


async def _written(
    store: SQLiteStore | PostgresStore,
    plan: Plan,
    account: str,
    file: BinaryIO,
    progress: Callable[[int], None],
    failed: Callable[[str, Exception], None],
) -> Exported:
    resource = plan.resource
    match plan.format:
        case Format.JSONL:
            return await export_jsonl(store, account, file, resource=resource, progress=progress, failed=failed)
        case Format.MBOX:
            return await export_mbox(store, account, file, progress=progress, failed=failed)
        case Format.ICS:
            return await export_ics(store, account, file, resource=resource, progress=progress, failed=failed)
        case Format.VCF:
            return await export_vcf(store, account, file, progress=progress, failed=failed)


# --- the file


@contextmanager
def _opened(plan: Plan) -> Generator[BinaryIO, None, None]:
    """Where the records go: a file that gets its name when all is in it."""
    if plan.out == STDOUT:
        yield sys.stdout.buffer
        return
    path = plan.out.resolve()  # what a link leads to is replaced, not the link
    if path.exists() and not path.is_file():
        raise ConfigError(f"{plan.out} is no regular file: --out - writes to stdout")
    if path.exists() and not plan.force:
        raise _there(plan)
    if not path.parent.is_dir():
        raise ConfigError(f"{plan.out.parent} is no directory")
    handle, name = tempfile.mkstemp(prefix=".aurinko-export-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _publish(Path(name), path, plan)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _publish(made: Path, path: Path, plan: Plan) -> None:
    """Give the file its name; unless it may be replaced, never over one that has come meanwhile."""
    if not plan.force:
        try:
            os.link(made, path)
        except FileExistsError:
            raise _there(plan) from None
        except OSError:  # a file system without links
            if path.exists():
                raise _there(plan) from None
        else:
            return
    made.replace(path)


def _there(plan: Plan) -> ConfigError:
    return ConfigError(f"{plan.out} exists: --force replaces it")


# --- what is told


@define
class Failures:
    """Says which records were left out because they failed: the first of them, and how many more."""

    what: str
    count: int = 0

    def __call__(self, record_id: str, error: Exception) -> None:
        self.count += 1
        if self.count <= NAMED:
            # Not what the error says, which may be of the record.
            told = f"aurinko: {self.what} {one_line(record_id)} is left out: {type(error).__name__}"
            typer.echo(told, err=True)

    def tell_rest(self) -> None:
        if self.count > NAMED:
            typer.echo(f"aurinko: so are {words.count(self.count - NAMED, f'other {self.what}')}", err=True)


def _on_screen(plan: Plan) -> bool:
    """Whether the records themselves go to the terminal."""
    return plan.out == STDOUT and sys.stdout.isatty()


@contextmanager
def _shown(total: int, *, silent: bool) -> Generator[Callable[[int], None], None, None]:
    """The progress, on stderr if that is a terminal."""
    console = Console(stderr=True, highlight=False)
    if silent or not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("exporting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)

        def told(number: int) -> None:
            if number % EVERY == 0:
                bar.update(task, completed=number)

        yield told


def _json(plan: Plan, account: str, done: Exported) -> dict[str, object]:
    return {
        "database": str(plan.db),
        "account": account,
        "resource": plan.resource,
        "format": plan.format,
        "file": str(plan.out),
        "records": done.records,
        "partial": done.partial,
        "left_out": done.left_out,
        "failed": done.failed,
    }


def _lines(plan: Plan, done: Exported) -> Iterator[str]:
    what = RECORDS[plan.resource]
    where = "stdout" if plan.out == STDOUT else str(plan.out)
    yield f"{where}: {words.count(done.records, what)}"
    if done.partial:
        yield f"  {done.partial:,} partial: the provider left something out of them"
        if plan.resource is Resource.EMAIL:
            yield "  `aurinko sync --hydrate` fetches it"
    if done.failed:
        yield f"  {words.count(done.failed, what)} left out: they could not be converted"
    if done.left_out > done.failed:
        unfit = words.count(done.left_out - done.failed, what)
        yield f"  {unfit} left out: {plan.format} cannot hold them (deleted, or no start)"
