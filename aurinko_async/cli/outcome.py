"""What became of a sync, account by account: as a summary for people, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias

import typer
from attrs import evolve, field, frozen

from aurinko_async.cli import words
from aurinko_async.cli.board import NOUNS, Entry
from aurinko_async.cli.exits import Exit, Problem, complain, one_line
from aurinko_async.cli.phrases import changes
from aurinko_async.errors import DecodeError
from aurinko_async.sync import SyncReport

UNREADABLE: Final = 10
"""Unreadable records that are listed for people; JSON has all."""
LISTED: Final = 20
"""Outcomes that are told one by one, and failures; of more only the sums. JSON has all."""

Status: TypeAlias = Literal["complete", "stopped", "failed", "skipped"]
STATUSES: Final[tuple[Status, ...]] = ("complete", "stopped", "failed", "skipped")


@frozen(kw_only=True)
class Outcome:
    """One resource's of one account. `live` is what the mirror holds now.

    Attributes:
        label: Whose, for people.
        rounds: When it was followed, how many syncs came to their end.
    """

    account: str
    email: str
    resource: str = "email"
    label: str = ""
    status: Status = "stopped"
    report: SyncReport = field(factory=SyncReport)
    problem: Problem | None = None
    live: int = 0
    seconds: float = 0.0
    rounds: int | None = None

    @classmethod
    def of(cls, entry: Entry, live: int, *, follow: bool, several: bool) -> Outcome:
        """`several`: it is to be told which resource it is about."""
        status: Status = "complete" if entry.state == "done" else "failed" if entry.problem else "stopped"
        label = f"{entry.email} ({entry.account})" if entry.email else entry.account
        return cls(
            account=entry.account,
            email=entry.email,
            resource=entry.resource,
            label=f"{label}, {entry.resource}" if several else label,
            status=status if entry.active else "skipped",
            report=entry.report,
            problem=entry.problem,
            live=live,
            seconds=entry.seconds,
            rounds=entry.rounds if follow else None,
        )

    @property
    def unchanged(self) -> bool:
        return not (self.report.added or self.report.updated or self.report.deleted)

    @property
    def noun(self) -> str:
        return NOUNS.get(self.resource, "record")

    def to_json(self) -> dict[str, Any]:
        report = self.report
        return {
            "account": self.account,
            "email": self.email,
            "resource": self.resource,
            "status": self.status,
            "scan": "full" if report.scan else "incremental",
            "generation": report.generation,
            "added": report.added,
            "changed": report.updated,
            "deleted": report.deleted,
            "live": self.live,
            **({"messages": self.live} if self.resource == "email" else {}),
            "pages": report.pages,
            "records": report.records,
            "tombstones": report.tombstones,
            **({} if self.rounds is None else {"syncs": self.rounds}),
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
        if self.rounds is not None:
            kind = f"synced {words.count(self.rounds, 'time')}"
        partly = "" if self.status == "complete" else ", not complete"
        yield f"{self.label}: {kind}{partly}, generation {report.generation}"
        if self.status == "complete" and self.unchanged:
            yield f"  Nothing changed: {words.count(self.live, self.noun)}."
        else:
            yield f"  {changes(report)}"
            yield f"  {words.count(self.live, self.noun)} now"
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
    """All accounts'. `follow`: it would have gone on for ever."""

    database: str
    outcomes: Sequence[Outcome]
    requests: int
    retried: int
    seconds: float
    interrupted: Exit | None
    follow: bool = False

    @property
    def exit_code(self) -> Exit:
        if self.interrupted is not None and (self.follow or any(one.status == "stopped" for one in self.outcomes)):
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
        failed = [(outcome.label, outcome.problem) for outcome in self.outcomes if outcome.problem]
        for label, problem in failed[:LISTED]:
            complain(evolve(problem, what=f"{label}: {problem.what}"))
        if len(failed) > LISTED:
            typer.echo(f"aurinko: {len(failed) - LISTED:,} more failed (--json lists all)", err=True)

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.exit_code is Exit.OK,
            "exit_code": int(self.exit_code),
            "database": self.database,
            "requests": self.requests,
            "retried": self.retried,
            "seconds": round(self.seconds, 3),
            "accounts": [outcome.to_json() for outcome in self.outcomes],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self.outcomes:
            yield "The application has no accounts."
        if len(self.outcomes) <= LISTED:
            for outcome in self.outcomes:
                yield from outcome.lines()
        else:
            yield from self._sums()
        pages = sum(outcome.report.pages for outcome in self.outcomes)
        retried = f" ({self.retried:,} repeated)" if self.retried else ""
        yield (
            f"{words.count(self.requests, 'request')}{retried}, {words.count(pages, 'page')} "
            f"in {words.seconds(self.seconds)}; saved in {self.database}"
        )
        if self.exit_code in (Exit.INTERRUPTED, Exit.TERMINATED):
            yield "Interrupted: what was fetched is saved, the next run resumes here."

    def _sums(self) -> Iterator[str]:
        accounts = len({outcome.account for outcome in self.outcomes})
        yield f"{words.count(accounts, 'account')}:"
        for resource in dict.fromkeys(outcome.resource for outcome in self.outcomes):
            mine = [outcome for outcome in self.outcomes if outcome.resource == resource]
            counts = Counter(outcome.status for outcome in mine)
            states = ", ".join(f"{counts[status]:,} {status}" for status in STATUSES if counts[status])
            total = sum((outcome.report for outcome in mine), SyncReport())
            live = words.count(sum(outcome.live for outcome in mine), mine[0].noun)
            yield f"  {resource}: {states}; {changes(total)}; {live} now"
            if total.errors:
                yield f"    {words.count(len(total.errors), 'record')} could not be read (--json lists them)"
