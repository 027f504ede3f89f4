"""What the command makes of an engine's events: who is done, how fast it goes, what a log and a terminal see of it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from aurinko_async import AccountAuth, errors
from aurinko_async.cli import display, phrases
from aurinko_async.cli.board import Board
from aurinko_async.cli.outcome import Outcome, Summary
from aurinko_async.cli.sources import Target
from aurinko_async.cli.table import picture
from aurinko_async.sync import SyncReport
from aurinko_async.sync.engine import EngineEvent
from aurinko_async.sync.store import AccountState

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


class Story:
    """A board that is told a story, at the times it says."""

    def __init__(
        self, accounts: int, resources: tuple[str, ...] = ("email",), *, follow: bool = False, host: str = "example.com"
    ) -> None:
        self.now = 100.0
        self.host = host
        self.board = Board(resources, follow=follow, clock=lambda: self.now)
        self.expect(accounts)
        self.shown: Any = None

    def expect(self, accounts: int) -> None:
        numbers = range(1, accounts + 1)
        self.board.expect([Target(str(n), f"user{n}@{self.host}", True, AccountAuth("token")) for n in numbers])

    def tell(self, account: int, kind: Any, resource: str = "email", *, after: float = 0.0, **facts: Any) -> None:
        self.now += after
        names = ("standing", "error")
        report = SyncReport(**{name: fact for name, fact in facts.items() if name not in names})
        state = None
        if "standing" in facts:
            until = datetime.now(UTC) + timedelta(hours=1, seconds=30)
            state = AccountState(
                account=str(account), resource=resource, standing=facts["standing"], since=NOW, until=until
            )
        event = EngineEvent(
            account=str(account),
            resource=resource,
            kind=kind,
            report=report,
            state=state,
            error=facts.get("error"),
            at=NOW,
        )
        entry = self.board.take(event)
        if self.shown is not None and entry is not None:
            self.shown.update(event, entry)

    def sync(self, account: int, resource: str = "email", *, after: float = 0.0, **facts: Any) -> None:
        self.tell(account, "started", resource)
        self.tell(account, "ended", resource, after=after, phase="done", complete=True, generation=1, **facts)

    def dies(self, account: int, resource: str = "email") -> None:
        self.tell(account, "started", resource)
        dead = errors.TokenDead(401, "Not authorized", code="token.dead")
        self.tell(account, "ended", resource, standing="needs_reauth", error=dead)


def test_one_account_is_a_plain_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    story = Story(1)
    with display.Plain(story.board) as story.shown:
        story.tell(1, "started")
        for step in range(1, 101):
            story.tell(1, "page", after=0.125, phase="updated", pages=step, records=step * 100)
        story.tell(1, "ended", after=7, phase="done", pages=120, complete=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "user1@example.com: reading messages: 4,000 records, 40 pages (8.0 pages/s), 5.0 s",
        "user1@example.com: reading messages: 8,000 records, 80 pages (8.0 pages/s), 10 s",
    ]


def test_many_accounts_are_sums_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    story = Story(4)
    with display.Plain(story.board) as story.shown:
        story.sync(1, pages=2, records=200)
        story.dies(2)
        story.tell(3, "started")
        story.tell(3, "page", after=6, phase="updated", pages=1, records=100)
        story.tell(3, "page", after=1, phase="updated", pages=2, records=200)
    assert capsys.readouterr().err.splitlines() == [
        "4 accounts: 1 done, 1 running, 1 failing, 1 waiting; 6.0 s; 300 records (50/s), 3 pages (0.5/s), lag 6 s"
    ]


def test_what_a_slice_of_a_sync_did_counts_with_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    story = Story(2)
    story.tell(1, "started")
    story.tell(1, "paused", after=2, phase="updated", generation=1, scan=True, pages=50, records=5000, added=5000)
    assert story.board.totals().accounts == Counter(waiting=2)
    story.sync(1, after=3, pages=10, records=1000, added=900, updated=100)
    (entry, _) = story.board
    assert (entry.report.pages, entry.report.added, entry.report.updated) == (60, 5900, 100)
    assert (entry.report.scan, entry.report.complete) == (True, True)
    assert (entry.state, entry.seconds, entry.rounds) == ("done", 5.0, 1)


def test_an_account_is_done_when_all_of_it_is() -> None:
    story = Story(1, ("email", "tasks"))
    story.sync(1)
    assert story.board.totals().accounts == Counter(waiting=1)
    story.dies(1, "tasks")
    assert story.board.totals().accounts == Counter(failed=1)
    story.sync(1, "tasks")
    assert story.board.totals().accounts == Counter(done=1)


def test_the_lag_is_since_the_oldest_complete_sync_began_and_leaves_out_the_dead() -> None:
    story = Story(2, follow=True)
    story.dies(2)
    story.sync(1, after=5)
    story.now += 10
    assert story.board.totals().lag == 15
    story.sync(1)
    assert story.board.totals().lag == 0
    story.expect(3)
    story.now += 7
    assert story.board.totals().lag == 7


def test_a_pace_is_that_of_the_last_seconds() -> None:
    story = Story(2)
    story.sync(1, after=1, pages=100, records=1000)
    assert story.board.pace(story.board.totals()) == (1000, 100)
    paces = []
    for _ in range(30):
        story.now += 1
        paces.append(story.board.pace(story.board.totals()))
    assert paces[-1] == (0, 0)


def test_an_account_that_is_not_active_is_skipped() -> None:
    story = Story(2)
    off = Target("3", "off@example.com", False, AccountAuth("token"))
    story.board.expect([Target("1", "on@example.com", True, AccountAuth("token")), off])
    story.sync(1)
    assert story.board.totals().accounts == Counter(done=1)
    outcomes = [Outcome.of(entry, 0, follow=False, several=False) for entry in story.board]
    assert [outcome.status for outcome in outcomes] == ["complete", "skipped"]
    assert list(outcomes[1].lines()) == ["off@example.com (3): skipped, the account is not active"]


def test_accounts_that_are_no_more_are_forgotten_and_the_others_are_not() -> None:
    story = Story(3, follow=True)
    story.sync(1, pages=3)
    story.sync(3, pages=5)
    story.expect(2)
    story.tell(3, "page", pages=6)
    assert [entry.account for entry in story.board] == ["1", "2"]
    assert story.board.totals().pages == 3


def test_followed_a_log_tells_changes_failures_and_their_end_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    story = Story(2, follow=True)
    with display.Plain(story.board) as story.shown:
        story.sync(1, added=3, updated=1)
        story.sync(1)
        story.dies(2)
        story.dies(2)
        story.sync(2)
    assert capsys.readouterr().err.splitlines() == [
        "user1@example.com: 3 added, 1 changed, 0 deleted",
        "user2@example.com: needs_reauth: 401 [token.dead] Not authorized; next try in 60 min",
        "user2@example.com: synced again",
    ]


def test_another_engines_sync_is_no_failure_when_following_and_one_when_not() -> None:
    held = errors.LeaseHeld("runs already")
    for follow, state in ((True, "waiting"), (False, "failed")):
        story = Story(1, follow=follow)
        story.tell(1, "started")
        story.tell(1, "ended", error=held)
        assert [entry.state for entry in story.board] == [state]


@pytest.mark.parametrize("host", ["example.com", f"{'long-name.' * 6}example.com"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 60)])
def test_the_table_fits_the_terminal(width: int, height: int, host: str) -> None:
    story = Story(300, ("email", "calendar"), follow=True, host=host)
    for number in range(1, 150):
        story.sync(number, records=10, pages=1)
    for number in range(150, 170):
        story.dies(number)
    for number in range(170, 200):
        story.tell(number, "started", after=0.25)
        story.tell(number, "page", phase="updated", records=100, pages=1)
    console = Console(width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(picture(story.board, console))
    lines = captured.get().splitlines()
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("300 accounts: 30 running, 20 failing, 250 waiting; ")
    assert any(line.startswith("user170@") and "reading messages" in line for line in lines)
    assert any(line.startswith("user150@") and "needs_reauth: 401" in line for line in lines)
    assert not any("resour…" in line or "next …" in line for line in lines)
    assert sum(line.startswith("and ") and line.rstrip().endswith(" more") for line in lines) == 2


def test_what_is_idle_says_since_when_it_is_up_to_date() -> None:
    story = Story(1, follow=True)
    (entry,) = story.board
    assert phrases.idle(story.board, entry) == "waiting"
    story.sync(1, after=2, added=5)
    story.now += 40
    assert phrases.idle(story.board, entry) == "5 added, 0 changed, 0 deleted so far; up to date 42 s ago"


def test_of_many_accounts_the_summary_has_the_sums() -> None:
    outcomes = [
        Outcome(
            account=str(number),
            email="",
            status="complete",
            report=SyncReport(scan=True, generation=1, added=10, pages=2, complete=True),
            live=10,
        )
        for number in range(1000)
    ]
    summary = Summary(
        database="a.db", outcomes=outcomes, requests=4000, retried=0, seconds=12.0, interrupted=None, follow=False
    )
    assert list(summary.lines()) == [
        "1,000 accounts:",
        "  email: 1,000 complete; 10,000 added, 0 changed, 0 deleted; 10,000 messages now",
        "4,000 requests, 2,000 pages in 12 s; saved in a.db",
    ]
