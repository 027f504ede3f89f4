"""What is said of syncs under way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from aurinko_async.cli import words
from aurinko_async.cli.board import NOUNS, Board, Entry
from aurinko_async.sync import SyncReport


def phase(entry: Entry) -> str:
    """What a sync is at."""
    at = entry.latest.phase
    if at == "updated":
        return f"reading {NOUNS.get(entry.resource, 'record')}s"
    return {
        "deleted": "reading deletions",
        "sweep": "removing what is gone",
    }.get(at, at)


def progress(entry: Entry, now: float, *, follow: bool) -> str:
    """`reading messages: 1,200 records, 12 pages (8.1 pages/s), 1.5 s`; of all its runs, unless it is followed."""
    report, elapsed = entry.latest, now - entry.began
    if not follow:
        report, elapsed = entry.report, entry.seconds + elapsed
    pace = report.pages / elapsed if elapsed > 0 else 0.0
    counts = f"{words.count(report.records + report.tombstones, 'record')}, {words.count(report.pages, 'page')}"
    return f"{phase(entry)}: {counts} ({pace:.1f} pages/s), {words.seconds(elapsed)}"


def changes(report: SyncReport) -> str:
    """`3 added, 1 changed, 2 deleted`."""
    again = "fetched again" if report.scan and report.updated else "changed"
    return f"{report.added:,} added, {report.updated:,} {again}, {report.deleted:,} deleted"


def reason(entry: Entry) -> str:
    """Why it failed: `needs_reauth: 401 [token.dead] Not authorized`."""
    if entry.standing is None or entry.standing.standing == "retrying":
        return entry.reason
    return f"{entry.standing.standing}: {entry.reason}"


def next_try(entry: Entry) -> str:
    """`5 min`, until it is tried again; nothing when it is due, or is not tried again."""
    until = entry.standing.until if entry.standing is not None else None
    left = 0.0 if until is None else (until - datetime.now(UTC)).total_seconds()
    return words.rough(left) if left >= 1 else ""


def overview(board: Board) -> Iterator[str]:
    """Two lines about all accounts."""
    totals = board.totals()
    counts = totals.accounts
    named = ((counts["done"], "done"), (counts["running"], "running"), (counts["failed"], "failing"))
    states = ", ".join(f"{number:,} {state}" for number, state in (*named, (counts["waiting"], "waiting")) if number)
    yield f"{words.count(counts.total(), 'account')}: {states or 'nothing to sync'}; {words.seconds(board.elapsed)}"
    records, pages = board.pace(totals)
    yield (
        f"{words.count(totals.records, 'record')} ({records:,.0f}/s), {words.count(totals.pages, 'page')} "
        f"({pages:,.1f}/s), lag {words.rough(totals.lag)}"
    )


def idle(board: Board, entry: Entry) -> str:
    """A sync that is followed, and not under way."""
    if entry.state == "failed":
        again = next_try(entry)
        return reason(entry) + (f"; next try in {again}" if again else "")
    if not entry.rounds:
        return "waiting"
    return f"{changes(entry.report)} so far; up to date {words.rough(board.now() - entry.fresh)} ago"
