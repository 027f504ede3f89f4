"""Does a mirror of all four resources equal the truth?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec

from aurinko_async import CalendarPlan, EmailPlan
from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sandbox.errors import ApiError

ALL = ["email", "calendar", "contacts", "tasks"]
WIDE = [
    EmailPlan(),
    CalendarPlan(past_days=3650, future_days=3650, with_shared=True),
    "contacts",
    "tasks",
]
"""The four, with all that there is of each."""


def truth(account: Account, resource: str) -> dict[str, Any]:
    """What the sandbox has of a resource, as it would answer, by id."""
    if resource == "email":
        return dict(account.mail.messages)
    if resource == "contacts":
        return dict(account.contacts.records)
    if resource == "tasks":
        return {
            i: task for list_id in account.task_lists.records for i, task in account.task_lists.tasks(list_id).items()
        }
    # A group's calendars are listed apart.
    listed = [agenda.id for agenda in account.calendars if not agenda.group]
    events = {i: event for id_ in listed for i, event in account.calendars.events(id_).items()}
    return {i: event for i, event in events.items() if (event.get("occurrenceInfo") or {}).get("type") != "deleted"}


def _lines(mirror: dict[str, Any], real: dict[str, Any], where: str) -> Iterator[str]:
    for record_id in real.keys() - mirror.keys():
        yield f"{where}: missing {record_id}"
    for record_id in mirror.keys() - real.keys():
        yield f"{where}: ghost {record_id}"
    for record_id in real.keys() & mirror.keys():
        have, want = mirror[record_id], dict(real[record_id])
        for name in have.get("omitted") or ():
            _leave_out(want, name)
        for name in want.keys() - {"omitted"}:
            if have.get(name) != want[name]:
                yield f"{where}: {record_id}.{name}: {have.get(name)!r} is {want[name]!r}"


def _leave_out(record: dict[str, Any], name: str) -> None:
    """What a list says that it lacks: recipients are several fields, attendees are inside another."""
    for field in ("to", "cc", "bcc", "replyTo") if name == "recipients" else (name,):
        record.pop(field, None)
    if name == "attendees":
        record["meetingInfo"] = {key: value for key, value in record["meetingInfo"].items() if key != name}


async def mismatches(store: Any, account: Account, resources: list[str] = ALL) -> list[str]:
    """What a mirror has wrong of an account, a line for each value; empty when it equals the sandbox."""
    lines: list[str] = []
    for resource in resources:
        found = store.iterate_raw(str(account.id), resource=resource)
        mirror = {record_id: msgspec.json.decode(raw) async for record_id, raw in found}
        lines += _lines(mirror, truth(account, resource), f"{account.id} {resource}")
    return lines


async def all_mismatches(store: Any, sandbox: Sandbox, resources: list[str] = ALL) -> list[str]:
    return [line for account in sandbox.accounts for line in await mismatches(store, account, resources)]


def records(sandbox: Sandbox) -> int:
    return sum(len(truth(account, resource)) for account in sandbox.accounts for resource in ALL)


class Meddler:
    """What goes on in mailboxes while they are synced: adds, changes, removes and restores, seeded."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._removed: dict[tuple[int, str], list[Any]] = {}
        self.changes = 0

    def meddle(self, account: Account) -> None:
        """One change somewhere in an account."""
        self.changes += 1
        resource = self._dice.choice(ALL)
        what = self._dice.choice(["add", "update", "update", "remove", "restore"])
        removed = self._removed.setdefault((account.id, resource), [])
        if what == "restore" and removed:
            # An occurrence cannot come back without its series.
            with suppress(ApiError):
                self._restore(account, resource, removed.pop(self._dice.randrange(len(removed))))
            return None
        places = (
            [agenda.id for agenda in account.calendars if account.calendars.events(agenda.id)]
            if resource == "calendar"
            else []
        )
        here = self._dice.choice(places) if places else ""
        ids = list(account.calendars.events(here)) if resource == "calendar" else list(truth(account, resource))
        if not ids or what in ("add", "restore"):
            return self._add(account, resource)
        one = self._dice.choice(ids)
        if what == "remove":
            removed.append((here, one))
        return self._change(account, resource, here, one, remove=what == "remove")

    def _add(self, account: Account, resource: str) -> None:
        match resource:
            case "email":
                account.mail.add_many(1)
            case "contacts":
                account.contacts.add_many(1)
            case "tasks":
                account.task_lists.add_many(1, list_id=self._dice.choice(list(account.task_lists.records)))
            case _:
                account.calendars.add_many(account.calendars.ids[0], 1)

    def _change(self, account: Account, resource: str, here: str, one: str, *, remove: bool) -> None:
        word = f"changed {self._dice.random()}"
        match resource:
            case "email":
                account.mail.remove(one) if remove else account.mail.update(one, subject=word)
            case "contacts":
                account.contacts.remove(one) if remove else account.contacts.update(one, nickName=word)
            case "tasks":
                account.task_lists.remove(one) if remove else account.task_lists.update(one, title=word)
            case _:
                if remove:
                    account.calendars.remove(here, one)
                else:
                    account.calendars.update(here, one, subject=word)

    def _restore(self, account: Account, resource: str, gone: tuple[str, str]) -> None:
        here, one = gone
        match resource:
            case "email":
                account.mail.restore(one)
            case "contacts":
                account.contacts.restore(one)
            case "tasks":
                account.task_lists.restore(one)
            case _:
                account.calendars.restore(here, one)
