"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from aurinko_async.models import BodyType
from aurinko_async.resources.email import MAX_DAYS_WITHIN

Db: TypeAlias = Annotated[
    Path, typer.Option("--db", metavar="PATH", readable=False, help="The SQLite file of the mirror.")
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
    bool, typer.Option("--sandbox", help="Sync a simulated mailbox: no credentials, no network.")
]
Messages: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--messages",
        metavar="N",
        min=0,
        help="Messages in the sandbox; 2000 if not given.",
        show_default=False,
    ),
]
AllAccounts: TypeAlias = Annotated[
    bool, typer.Option("--all-accounts", help="Every account of the application, a few at once.")
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
    bool, typer.Option("--hydrate", help="Fetch what a provider left out of its lists, message by message.")
]

DEFAULT_DB: Final = Path("aurinko.db")
DEFAULT_MESSAGES: Final = 2000
"""In the sandbox of `aurinko sync`: a mailbox to believe in, mirrored in a second."""
