"""What is synced of each resource: ranges move seldom, and always cover what was asked for."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurinko_async import CalendarPlan, ContactsPlan, EmailPlan, TasksPlan
from aurinko_async.errors import ConfigError, InvalidInput
from aurinko_async.sync.engine.plans import PERIOD, RESOURCES, anchored, plans_of

INSTANTS = st.datetimes(datetime(1999, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
DAY = timedelta(days=1)


class Asked:
    """A client that keeps what it is asked for."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}
        self.email = self.calendars = self.contacts = self.task_lists = self

    def delta(self, **given: Any) -> str:
        self.given = given
        return "one"

    def delta_all(self, **given: Any) -> str:
        self.given = given
        return "all"


def calendar(now: datetime, account: str, **plan: Any) -> tuple[datetime, datetime]:
    client = Asked()
    CalendarPlan(**plan).sync(client, account, now, skip=())  # type: ignore[arg-type]
    return client.given["time_min"], client.given["time_max"]


@given(INSTANTS, st.text(), st.integers(0, 4000), st.integers(1, 4000))
def test_a_calendar_always_has_what_was_asked_for(now: datetime, account: str, past: int, future: int) -> None:
    since, until = calendar(now, account, past_days=past, future_days=future)
    assert since <= now - past * DAY
    assert now + future * DAY <= until
    assert until - since == (past + future) * DAY + PERIOD


@given(INSTANTS, st.text())
def test_a_range_moves_once_in_thirty_days(now: datetime, account: str) -> None:
    ranges = [calendar(now + n * DAY, account) for n in range(91)]
    moves = sum(before != after for before, after in pairwise(ranges))
    assert moves == 3
    assert ranges[0][0] + PERIOD == ranges[30][0]


def test_accounts_move_on_different_days() -> None:
    now = datetime(2026, 9, 21, tzinfo=UTC)
    days = [(anchored(now, str(10_000 + n)) - now) // DAY for n in range(3000)]
    assert len(set(days)) >= 30
    assert max(days.count(day) for day in set(days)) < 3000 / 30 * 2


@given(INSTANTS, st.text(), st.integers(0, 4000))
def test_completed_tasks_are_there_for_so_long_at_least(now: datetime, account: str, days: int) -> None:
    client = Asked()
    TasksPlan(completed_days=days).sync(client, account, now, skip={"one"})  # type: ignore[arg-type]
    since = client.given["skip_completed_before_date"]
    assert now - days * DAY - PERIOD < since <= now - days * DAY
    TasksPlan().sync(client, account, now, skip=())  # type: ignore[arg-type]
    assert client.given["skip_completed_before_date"] is None


def test_plans_pass_on_what_they_are_given() -> None:
    client, now = Asked(), datetime(2026, 9, 21, tzinfo=UTC)
    EmailPlan(days_within=90, body_type="text", hydrate=True).sync(client, "a", now, skip=(), store="s")  # type: ignore[arg-type]
    assert client.given == {"days_within": 90, "body_type": "text", "hydrate": True, "account": "a", "store": "s"}
    ContactsPlan(hydrate=True).sync(client, "a", now, skip=(), store="s")  # type: ignore[arg-type]
    assert client.given == {"hydrate": True, "account": "a", "store": "s"}
    CalendarPlan(with_shared=True).sync(client, "a", now, skip={"c"}, store="s")  # type: ignore[arg-type]
    assert client.given["with_shared"] is True
    assert (client.given["skip"], client.given["account"], client.given["store"]) == ({"c"}, "a", "s")


def test_resources_are_names_or_plans() -> None:
    plan = EmailPlan(days_within=5)
    assert list(plans_of(RESOURCES)) == ["email", "calendar", "contacts", "tasks"]
    assert plans_of(["tasks", plan]) == {"tasks": TasksPlan(), "email": plan}


@pytest.mark.parametrize("wrong", ["email", [], ["mail"], ["email", EmailPlan()], ["tasks", "tasks"]])
def test_resources_that_cannot_be(wrong: Any) -> None:
    with pytest.raises(ConfigError):
        plans_of(wrong)


@pytest.mark.parametrize(
    ("plan", "wrong"),
    [
        (EmailPlan, {"days_within": 0}),
        (CalendarPlan, {"future_days": 0}),
        (CalendarPlan, {"past_days": -1}),
        (TasksPlan, {"completed_days": -1}),
    ],
)
def test_plans_that_cannot_be(plan: Any, wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        plan(**wrong)
