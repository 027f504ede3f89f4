"""Exit codes, and what is said of an error: what happened and what to do. Never a traceback, never a secret."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from enum import IntEnum
from types import MappingProxyType
from typing import Final

import typer
from attrs import frozen

from aurinko_async.errors import (
    ApiError,
    ConfigError,
    ConnectionFailed,
    DecodeError,
    Forbidden,
    LeaseHeld,
    LeaseLost,
    NewerSchema,
    NotAStore,
    NotFound,
    StoreError,
    TokenDead,
    TransportError,
    Unauthorized,
)


class Exit(IntEnum):
    """What the process ends with."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CREDENTIALS = 3
    DATABASE = 4
    INTERRUPTED = 130
    TERMINATED = 143


MEANING: Final[Mapping[Exit, str]] = MappingProxyType(
    {
        Exit.OK: "done",
        Exit.FAILED: "it failed: the API, the network or a file; the same sync resumes",
        Exit.USAGE: "wrong usage or configuration",
        Exit.CREDENTIALS: "the credentials were refused (401, 403)",
        Exit.DATABASE: "the database cannot be used",
        Exit.INTERRUPTED: "interrupted (Ctrl-C), the same sync resumes",
        Exit.TERMINATED: "terminated (SIGTERM), the same sync resumes",
    }
)

LONGEST: Final = 400
"""Characters of an error that are shown: more than a page that a proxy answered with is worth."""
SECRETS: Final = ("AURINKO_ACCESS_TOKEN", "AURINKO_CLIENT_SECRET")
"""The variables whose values are never shown, whoever repeats them."""


@frozen
class Problem:
    """An error for people."""

    code: Exit
    what: str
    advice: str = ""

    def to_json(self) -> dict[str, object]:
        return {"exit_code": int(self.code), "message": self.what, "advice": self.advice}


ADVICE: Final[tuple[tuple[type[BaseException], Exit, str], ...]] = (
    (TokenDead, Exit.CREDENTIALS, "The provider revoked it: the mailbox's owner must authorise the account again."),
    (
        Unauthorized,
        Exit.CREDENTIALS,
        "Check AURINKO_ACCESS_TOKEN, or AURINKO_CLIENT_ID and AURINKO_CLIENT_SECRET (and the account's id).",
    ),
    (Forbidden, Exit.CREDENTIALS, "The credentials do not allow this: `aurinko account` shows the scopes."),
    (NotFound, Exit.FAILED, "Check the base URL: what answers there may not be Aurinko."),
    (ConfigError, Exit.USAGE, ""),
    (NewerSchema, Exit.DATABASE, "Upgrade: pip install -U aurinko-async; or give --db another file."),
    (NotAStore, Exit.DATABASE, "Give --db another file."),
    (StoreError, Exit.DATABASE, ""),
    (sqlite3.Error, Exit.DATABASE, "Check the file that --db names, its directory's permissions and the disk's space."),
    (LeaseHeld, Exit.FAILED, "Another sync of the same mailbox runs: let it finish."),
    (LeaseLost, Exit.FAILED, "Another sync of the same mailbox runs: let it finish."),
    (ConnectionFailed, Exit.FAILED, "Check the network and the base URL."),
    (OSError, Exit.FAILED, ""),
)
"""What each kind of error ends with and what to do about it; the first that fits counts."""

RESUME: Final = "What was fetched is saved: the same command goes on from there."


def problem_of(error: BaseException, *, resumes: bool = False) -> Problem:
    """What to tell of an error. `resumes`: the command goes on where it failed."""
    for kind, code, advice in ADVICE:
        if isinstance(error, kind):
            again = RESUME if resumes and code is Exit.FAILED else ""
            return Problem(code, _told(error), f"{advice} {again}".strip())
    known = isinstance(error, ApiError | TransportError | DecodeError) or type(error).__module__.startswith("aurinko_")
    if known:
        return Problem(Exit.FAILED, _told(error), RESUME if resumes else "")
    what = f"unexpected {type(error).__name__}: {_told(error)}"
    return Problem(Exit.FAILED, what, "This is a bug; --debug shows where.")


def complain(problem: Problem, *, as_json: bool = False) -> None:
    """Say it: on stderr for people, and as the JSON document where one was asked for."""
    typer.echo(f"aurinko: {problem.what}", err=True)
    if problem.advice:
        typer.echo(f"  {problem.advice}", err=True)
    if as_json:
        document = {"ok": False, "exit_code": int(problem.code), "error": problem.to_json()}
        with suppress(OSError):  # stdout may be what failed: a full disk
            typer.echo(json.dumps(document, indent=2))


def _told(error: BaseException) -> str:
    return one_line(str(error)) or type(error).__name__


def one_line(text: str) -> str:
    """Foreign text made fit for a terminal: one line, nothing unprintable, no secret, not too long."""
    for name in SECRETS:
        if secret := os.environ.get(name):
            text = text.replace(secret, "***")
    text = "".join(character for character in " ".join(text.split()) if character.isprintable())
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
