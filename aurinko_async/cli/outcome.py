"""What became of a sync, account by account: as a summary for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import typer
from attrs import evolve, field, frozen

from aurinko_async.cli import words
from aurinko_async.cli.exits import Exit, Problem, complain, one_line
from aurinko_async.errors import DecodeError
from aurinko_async.sync import SyncReport

UNREADABLE: Final = 10
"""Unreadable records that are listed for people; JSON has all."""


@frozen(kw_only=True)
class Outcome:
    """One account's. `messages` is what the mirror holds now."""

    account: str
    email: str
    status: Literal["complete", "stopped", "failed", "skipped"] = "stopped"
    report: SyncReport = field(factory=SyncReport)
    problem: Problem | None = None
    messages: int = 0
    seconds: float = 0.0

    @property
    def label(self) -> str:
        return f"{self.email} ({self.account})" if self.email else self.account

    @property
    def unchanged(self) -> bool:
        return not (self.report.added or self.report.updated or self.report.deleted)

    @property
    def scan(self) -> str:
        return "full" if self.report.scan else "incremental"

    def to_json(self) -> dict[str, Any]:
        report = self.report
        return {
            "account": self.account,
            "email": self.email,
            "status": self.status,
            "scan": self.scan,
            "generation": report.generation,
            "added": report.added,
            "changed": report.updated,
            "deleted": report.deleted,
            "messages": self.messages,
            "pages": report.pages,
            "records": report.records,
            "tombstones": report.tombstones,
            "seconds": round(self.seconds, 3),
            "unreadable": [{"id": error.record_id, "reason": one_line(str(error))} for error in report.errors],
            "error": self.problem.to_json() if self.problem else None,
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        report = self.report
        if self.status == "skipped":
            yield f"{self.label}: skipped, the account is not active"
            return
        if report.generation == 0:
            yield f"{self.label}: nothing was fetched"
            return
        kind = "full scan" if report.scan else "incremental"
        partly = "" if self.status == "complete" else ", not complete"
        yield f"{self.label}: {kind}{partly}, generation {report.generation}"
        if self.status == "complete" and self.unchanged:
            yield f"  Nothing changed: {words.count(self.messages, 'message')}."
        else:
            again = "fetched again" if report.scan and report.updated else "changed"
            yield f"  {report.added:,} added, {report.updated:,} {again}, {report.deleted:,} deleted"
            yield f"  {words.count(self.messages, 'message')} now"
        yield from _unreadable(report.errors)


def _unreadable(errors: Sequence[DecodeError]) -> Iterator[str]:
    if not errors:
        return
    yield f"  {words.count(len(errors), 'record')} could not be read; all others are saved:"
    for error in errors[:UNREADABLE]:
        yield f"    {one_line(error.record_id or 'without an id')}: {one_line(str(error))}"
    if len(errors) > UNREADABLE:
        yield f"    and {len(errors) - UNREADABLE:,} more (--json lists all)"


@frozen(kw_only=True)
class Summary:
    """All accounts'."""

    database: Path
    outcomes: Sequence[Outcome]
    requests: int
    retried: int
    seconds: float
    interrupted: Exit | None

    @property
    def exit_code(self) -> Exit:
        if self.interrupted is not None and any(outcome.status == "stopped" for outcome in self.outcomes):
            return self.interrupted
        codes = {outcome.problem.code for outcome in self.outcomes if outcome.problem}
        if not codes:
            return Exit.OK
        return codes.pop() if len(codes) == 1 else Exit.FAILED

    def show(self, *, as_json: bool) -> None:
        """Print it: on stdout; what failed on stderr."""
        if as_json:
            typer.echo(json.dumps(self.to_json(), indent=2))
        else:
            for line in self.lines():
                typer.echo(line)
        for outcome in self.outcomes:
            if outcome.problem:
                complain(evolve(outcome.problem, what=f"{outcome.label}: {outcome.problem.what}"))

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.exit_code is Exit.OK,
            "exit_code": int(self.exit_code),
            "database": str(self.database),
            "requests": self.requests,
            "retried": self.retried,
            "seconds": round(self.seconds, 3),
            "accounts": [outcome.to_json() for outcome in self.outcomes],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self.outcomes:
            yield "The application has no accounts."
        for outcome in self.outcomes:
            yield from outcome.lines()
        pages = sum(outcome.report.pages for outcome in self.outcomes)
        retried = f" ({self.retried:,} repeated)" if self.retried else ""
        yield (
            f"{words.count(self.requests, 'request')}{retried}, {words.count(pages, 'page')} "
            f"in {words.seconds(self.seconds)}; saved in {self.database}"
        )
        if self.exit_code in (Exit.INTERRUPTED, Exit.TERMINATED):
            yield "Interrupted: what was fetched is saved, the next run resumes here."
