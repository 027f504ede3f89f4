"""What the command says, word by word: progress, counts, times, errors."""

import errno
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from aurinko_async import errors
from aurinko_async.cli import exits, words
from aurinko_async.cli.exits import Exit, problem_of
from aurinko_async.cli.outcome import Outcome
from aurinko_async.sync import SyncReport


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0421, "0.042 s"), (1.94, "1.9 s"), (9.96, "10.0 s"), (12.4, "12 s"), (125, "2 min 5 s")]
)
def test_durations(seconds: float, said: str) -> None:
    assert words.seconds(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 s"), (12.4, "12 s"), (99.4, "99 s"), (100, "2 min"), (3600, "60 min"), (7200, "2 h"), (3 * 86400, "3 d")],
)
def test_rough_durations(seconds: float, said: str) -> None:
    assert words.rough(seconds) == said


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (-5, "just now"),
        (0.4, "just now"),
        (1, "1 second ago"),
        (59.9, "59 seconds ago"),
        (60, "1 minute ago"),
        (7200, "2 hours ago"),
        (86400 * 364, "364 days ago"),
        (86400 * 800, "2 years ago"),
    ],
)
def test_ages(age: float, said: str) -> None:
    now = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    assert words.ago(now - timedelta(seconds=age), now).startswith(f"{said} (20")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.TokenDead(401, "Not authorized", code="token.dead"), Exit.CREDENTIALS),
        (errors.Unauthorized(401, "unauthorized"), Exit.CREDENTIALS),
        (errors.Forbidden(403, "forbidden"), Exit.CREDENTIALS),
        (errors.InvalidInput("days_within must be 1 or more"), Exit.USAGE),
        (errors.NewerSchema("schema 9"), Exit.DATABASE),
        (errors.NotAStore("not a database"), Exit.DATABASE),
        (errors.StoreError("disk full"), Exit.DATABASE),
        (sqlite3.OperationalError("database is locked"), Exit.DATABASE),
        (errors.LeaseLost("taken over"), Exit.FAILED),
        (errors.LeaseHeld("runs already"), Exit.FAILED),
        (errors.ConnectionFailed("cannot connect"), Exit.FAILED),
        (errors.ServerError(503, "down"), Exit.FAILED),
        (errors.RepeatedPageToken("a circle"), Exit.FAILED),
        (errors.DecodeError("odd"), Exit.FAILED),
        (OSError(errno.ENOSPC, "No space left on device"), Exit.FAILED),
        (KeyError("x"), Exit.FAILED),
    ],
)
def test_every_error_has_its_exit_code(error: Exception, code: Exit) -> None:
    assert problem_of(error).code is code


def test_only_the_unexpected_is_called_a_bug() -> None:
    assert "bug" in problem_of(KeyError("x")).advice
    assert "bug" not in problem_of(errors.TooManyRestarts("again and again")).advice
    assert "bug" not in problem_of(OSError(errno.ENOSPC, "No space left on device")).advice


def test_what_failed_on_the_way_resumes() -> None:
    assert exits.RESUME in problem_of(errors.ServerError(503, "down"), resumes=True).advice
    assert exits.RESUME not in problem_of(errors.Unauthorized(401, "no"), resumes=True).advice


def test_every_exit_code_has_a_meaning() -> None:
    assert set(exits.MEANING) == set(Exit)


def test_foreign_text_is_made_fit_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURINKO_CLIENT_SECRET", "s3cr3t")
    told = exits.one_line("a\nb\x1b[31mred\x07 with s3cr3t " + "x" * 1000)
    assert told.startswith("a b[31mred with *** xxx")
    assert len(told) == exits.LONGEST + 1


def test_a_run_that_changed_nothing_says_so() -> None:
    report = SyncReport(phase="done", generation=3, complete=True)
    outcome = Outcome(
        account="7", email="ann@example.com", label="ann@example.com (7)", status="complete", report=report, live=1
    )
    assert list(outcome.lines()) == [
        "ann@example.com (7): incremental, generation 3",
        "  Nothing changed: 1 message.",
    ]


def test_many_unreadable_records_are_counted_not_listed() -> None:
    report = SyncReport(generation=1, added=1, errors=tuple(errors.DecodeError("odd") for _ in range(25)))
    lines = list(Outcome(account="7", email="", report=report).lines())
    assert lines[3] == "  25 records could not be read; all others are saved:"
    assert lines[-1] == "    and 15 more (--json lists all)"
