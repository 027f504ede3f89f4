"""Options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from aurinko_async.cli.mirror import Database, database
from aurinko_async.models import BodyType
from aurinko_async.resources.email import MAX_DAYS_WITHIN


class Resource(StrEnum):
    """What `--resource` takes."""

    EMAIL = "email"
    CALENDAR = "calendar"
    CONTACTS = "contacts"
    TASKS = "tasks"
    ALL = "all"


MAX_ACCOUNTS: Final = 10_000
"""Of a sandbox, whose mailboxes are in memory."""

Db: TypeAlias = Annotated[
    Database,
    typer.Option(
        "--db", metavar="PATH|URL", parser=database, help="The mirror: a SQLite file, or postgresql://user@host/name."
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")]
Debug: TypeAlias = Annotated[bool, typer.Option("--debug", help="Log each request; show tracebacks.")]
BaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="Where the API is; else AURINKO_BASE_URL.", show_default=False),
]
AccountId: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--account-id",
        metavar="N",
        min=1,
        help="With an application's credentials: the account; else AURINKO_ACCOUNT_ID.",
        show_default=False,
    ),
]
Mail: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--mail",
        metavar="PATH",
        exists=True,
        help="Real mail for the sandbox: an mbox, a Maildir, a folder of .eml files.",
        show_default=False,
    ),
]
Seed: TypeAlias = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="The same seed makes the same mail.")]

SandboxFlag: TypeAlias = Annotated[
    bool, typer.Option("--sandbox", help="Sync simulated mailboxes: no credentials, no network.")
]
Messages: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--messages",
        metavar="N",
        min=0,
        help="Messages in each mailbox of the sandbox; 2000 if not given.",
        show_default=False,
    ),
]
Accounts: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--accounts",
        metavar="N",
        min=1,
        max=MAX_ACCOUNTS,
        help="Accounts in the sandbox; 3 with --all-accounts if not given, else 1.",
        show_default=False,
    ),
]
AllAccounts: TypeAlias = Annotated[
    bool, typer.Option("--all-accounts", help="Every account of the application, many at once.")
]
Resources: TypeAlias = Annotated[
    list[Resource] | None,
    typer.Option("--resource", help="What to sync; can be repeated. Mail if not given.", show_default=False),
]
Follow: TypeAlias = Annotated[
    bool, typer.Option("--follow", help="Go on: sync again and again until Ctrl-C or SIGTERM.")
]
Poll: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--poll",
        metavar="SECONDS",
        min=0.1,
        help="With --follow: from one sync of an account to the next; 300 if not given.",
        show_default=False,
    ),
]
PastDays: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--past-days",
        metavar="N",
        min=0,
        max=MAX_DAYS_WITHIN,
        help="How far back calendars go; 90 if not given.",
        show_default=False,
    ),
]
FutureDays: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--future-days",
        metavar="N",
        min=1,
        max=MAX_DAYS_WITHIN,
        help="How far ahead calendars go; 365 if not given.",
        show_default=False,
    ),
]
DaysWithin: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--days-within",
        metavar="N",
        min=1,
        max=MAX_DAYS_WITHIN,
        help="Only the mail of the last N days.",
        show_default=False,
    ),
]
Body: TypeAlias = Annotated[
    BodyType | None,
    typer.Option("--body-type", help="Which bodies to fetch; what the API likes if not given.", show_default=False),
]
Hydrate: TypeAlias = Annotated[
    bool, typer.Option("--hydrate", help="Fetch what a provider left out of its lists, record by record.")
]

DEFAULT_DB: Final = Database("aurinko.db")
DEFAULT_ACCOUNTS: Final = 3
DEFAULT_MESSAGES: Final = 2000
"""In the sandbox of `aurinko sync`: a mailbox to believe in, mirrored in a second."""
