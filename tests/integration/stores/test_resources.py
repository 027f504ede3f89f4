"""What every mirror answers about events, contacts and tasks, and about records of any resource."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aurinko_async.errors import InvalidInput
from aurinko_async.models._row import Row
from aurinko_async.models.calendar import Event
from aurinko_async.models.contacts import Contact
from aurinko_async.models.mail import EmailMessage
from aurinko_async.models.tasks import Task
from aurinko_async.sync.store import Lease, SyncKey
from support.rows import KEY, NOW, Store, commit, contact, event, gone, row, task

DAY = timedelta(days=1)


async def filled(store: Store, key: SyncKey, *rows: Row[Any], deleted: str = "") -> Lease:
    """Commit rows of a key, then delete one."""
    lease, _ = await store.begin(key)
    await store.commit(lease, commit(*rows))
    if deleted:
        await store.commit(lease, commit(deleted=[gone(deleted)]))
    return lease


def ids(records: Any) -> list[str]:
    return [record.id for record in records]


class TestEvents:
    @pytest.fixture(autouse=True)
    async def _agenda(self, store: Store) -> None:
        work = SyncKey("42", "calendar", "work")
        rows = [
            event("late", start=3, subject="Review"),
            event("day", start={"dateOnly": "2026-03-02"}),
            event("series", start=-100, recurrenceType="master"),
            event("undated"),
            event("dead", start=1),
        ]
        await filled(store, work, *rows, deleted="dead")
        await filled(store, SyncKey("42", "calendar", "home"), event("tie", start=3), event("early", start=-1))
        await filled(store, SyncKey("7", "calendar", "work"), event("other", start=1))

    async def test_they_are_in_the_order_of_their_start(self, store: Store) -> None:
        events = await store.events("42")
        assert ids(events) == ["series", "early", "day", "late", "tie", "undated"]
        assert {type(it) for it in events} == {Event}
        assert ids(await store.events("42", include_deleted=True))[2:4] == ["day", "dead"]
        assert ids(await store.events("nobody")) == []

    async def test_they_are_of_a_calendar(self, store: Store) -> None:
        assert ids(await store.events("42", calendar_id="home")) == ["early", "tie"]
        assert ids(await store.events("42", calendar_id="")) == []

    async def test_they_start_in_a_window(self, store: Store) -> None:
        assert ids(await store.events("42", since=NOW - DAY, until=NOW + 3 * DAY)) == ["early", "day"]
        assert ids(await store.events("42", calendar_id="work", since=NOW)) == ["day", "late"]
        assert ids(await store.events("42", until=NOW - DAY)) == ["series"]

    async def test_they_come_in_pages(self, store: Store) -> None:
        assert ids(await store.events("42", limit=2)) == ["series", "early"]
        assert ids(await store.events("42", limit=2, offset=4)) == ["tie", "undated"]

    async def test_those_of_one_id_are_by_calendar(self, store: Store) -> None:
        """An event that is in two calendars: pages must not have one of the two twice."""
        for calendar in ("work", "home", "alpha"):
            lease, _ = await store.begin(SyncKey("8", "calendar", calendar))
            await store.commit(lease, commit(event("same", start=2, calendarId=calendar)))
        pages = [await store.events("8", limit=1, offset=offset) for offset in range(3)]
        assert [it.calendar_id for page in pages for it in page] == ["alpha", "home", "work"]


class TestContacts:
    @pytest.fixture(autouse=True)
    async def _address_book(self, store: Store) -> None:
        rows = [
            contact("c3", "Zoe", "zoe@example.com", "office@example.com"),
            contact("c2", "Ann", "ann@example.com"),
            contact("c1", None, "office@example.com"),
            contact("c4", "Ann", "Ann@example.com"),
            contact("c5", "\u00c4nne"),
            contact("c6", "Bob", "office@example.com"),
        ]
        await filled(store, SyncKey("42", "contacts"), *rows, deleted="c6")

    async def test_they_are_in_the_order_of_their_names(self, store: Store) -> None:
        contacts = await store.contacts("42")
        assert ids(contacts) == ["c2", "c4", "c3", "c5", "c1"]
        assert {type(it) for it in contacts} == {Contact}
        assert ids(await store.contacts("42", limit=1, offset=1)) == ["c4"]

    async def test_they_have_an_address(self, store: Store) -> None:
        assert ids(await store.contacts("42", email="office@example.com")) == ["c3", "c1"]
        assert ids(await store.contacts("42", email="ann@example.com")) == ["c2"]
        assert ids(await store.contacts("42", email="office@example.com", include_deleted=True)) == ["c6", "c3", "c1"]
        assert ids(await store.contacts("42", email="%")) == []


class TestTasks:
    @pytest.fixture(autouse=True)
    async def _lists(self, store: Store) -> None:
        rows = [
            task("k1", due=2, status="notStarted"),
            task("k2", due=1, status="completed"),
            task("k3", status="notStarted"),
            task("k4", due=1.5, status="notStarted"),
        ]
        await filled(store, SyncKey("42", "tasks", "a"), *rows, deleted="k4")
        await filled(store, SyncKey("42", "tasks", "b"), task("k0", due=2, status="notStarted"))

    async def test_they_are_in_the_order_they_are_due(self, store: Store) -> None:
        tasks = await store.tasks("42")
        assert ids(tasks) == ["k2", "k0", "k1", "k3"]
        assert {type(it) for it in tasks} == {Task}

    async def test_they_are_filtered(self, store: Store) -> None:
        assert ids(await store.tasks("42", status="notStarted")) == ["k0", "k1", "k3"]
        assert ids(await store.tasks("42", status="notStarted", list_id="a")) == ["k1", "k3"]
        assert ids(await store.tasks("42", since=NOW + DAY, until=NOW + 2 * DAY)) == ["k2"]
        assert ids(await store.tasks("42", since=NOW + DAY, until=NOW + 2 * DAY, include_deleted=True)) == ["k2", "k4"]


class TestAnyResource:
    @pytest.fixture(autouse=True)
    async def _records(self, store: Store) -> None:
        await filled(store, KEY, row("x", subject="mail"))
        await filled(store, SyncKey("42", "calendar", "b"), event("x", subject="b"), event("only b"), event("a"))
        await filled(store, SyncKey("42", "calendar", "a"), event("x", subject="a"), event("y"), deleted="y")
        await filled(store, SyncKey("42", "tasks", "\u00e9"), task("x", title="task"))
        await filled(store, SyncKey("42", "contacts"), contact("x", "Ann"))

    async def test_a_record_is_read_as_what_it_is(self, store: Store) -> None:
        mail, card = await store.get("42", "x"), await store.get("42", "x", resource="contacts")
        job = await store.get("42", "x", resource="tasks")
        assert isinstance(mail, EmailMessage)
        assert isinstance(card, Contact)
        assert isinstance(job, Task)
        assert (mail.subject, job.title) == ("mail", "task")

    async def test_a_container_need_not_be_told(self, store: Store) -> None:
        told = [await store.get("42", "x", resource="calendar", container=container) for container in ("a", "b", "c")]
        assert [it and it.subject for it in told] == ["a", "b", None]
        first = await store.get("42", "x", resource="calendar")
        assert isinstance(first, Event)
        assert first.subject == "a"
        assert await store.raw("42", "only b", resource="calendar") == b'{"id": "only b"}'
        assert await store.raw("42", "y", resource="calendar") is None
        assert await store.raw("7", "x", resource="calendar") is None

    async def test_they_are_counted(self, store: Store) -> None:
        assert await store.count("42", resource="calendar") == 4
        assert await store.count("42", resource="calendar", container="a") == 1
        assert await store.count("42", resource="tasks", container="\u00e9") == 1
        assert (await store.count("42", resource="contacts"), await store.count("7", resource="contacts")) == (1, 0)

    async def test_an_iteration_is_by_container_and_id(self, store: Store) -> None:
        found = [(it.id, it.subject) async for it in store.iterate("42", resource="calendar")]
        assert found == [("x", "a"), ("a", None), ("only b", None), ("x", "b")]
        assert [it async for it in store.iterate_raw("42", resource="tasks")] == [
            ("x", b'{"id": "x", "title": "task"}')
        ]

    async def test_an_iteration_of_many_has_each_once(self, store: Store) -> None:
        for container in ("p", "q"):
            rows = [event(f"{number:03}") for number in range(250)]
            await filled(store, SyncKey("7", "calendar", container), *rows)
        found = [record_id async for record_id, _ in store.iterate_raw("7", resource="calendar")]
        assert found == [f"{number:03}" for number in range(250)] * 2

    async def test_an_iteration_of_the_deleted_has_each_of_them_once(self, store: Store) -> None:
        for container in ("p", "q"):
            lease, _ = await store.begin(SyncKey("7", "calendar", container))
            await store.commit(lease, commit(*(event(f"{number:03}") for number in range(600))))
            await store.commit(lease, commit(deleted=[gone(f"{number:03}") for number in range(0, 600, 2)]))
            await store.release(lease)
        found = [it.id async for it in store.iterate("7", resource="calendar", deleted=True)]
        assert found == [f"{number:03}" for number in range(0, 600, 2)] * 2
        live = [record_id async for record_id, _ in store.iterate_raw("7", resource="calendar")]
        assert live == [f"{number:03}" for number in range(1, 600, 2)] * 2

    async def test_what_is_not_there_to_be_asked_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidInput, match="email, calendar, contacts, tasks, not drive"):
            await store.count("42", resource="drive")
        with pytest.raises(InvalidInput, match="contacts has no containers"):
            await store.raw("42", "x", resource="contacts", container="a")
