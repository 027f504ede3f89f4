"""One account's calendars, and what tests and demos do to them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from aurinko_async.sandbox.calendars import names
from aurinko_async.sandbox.calendars.agenda import Agenda
from aurinko_async.sandbox.calendars.author import Author
from aurinko_async.sandbox.calendars.events import Event
from aurinko_async.sandbox.calendars.moments import Moment, is_zone, read_moment
from aurinko_async.sandbox.calendars.rendering import full
from aurinko_async.sandbox.calendars.writing import change, create
from aurinko_async.sandbox.contract import Json, is_object
from aurinko_async.sandbox.errors import ApiError, bad_request, not_found
from aurinko_async.sandbox.ledger import Ledger
from aurinko_async.sandbox.letters import Attachment, Owner, addresses
from aurinko_async.sandbox.times import moment

When = float | date | datetime | str | Json
_HALF_AN_HOUR = 1800.0
# Title, colour, role, and its share of the primary calendar's events.
_OTHERS = (
    ("Privat ♥", "#7986cb", "owner", 0.2),
    ("Projekt 50% / 2026+", "#33b679", "writer", 0.1),
    ("Feiertage & Ferien", "#f6bf26", "reader", 0.1),
)
_GROUP = ("Équipe Köln", "#8e24aa", "writer", 0.1)


class Events(Mapping[str, Json]):
    """A live, read-only view of a calendar: event id -> the record a full GET gives now.

    Single events, series, and those occurrences that are not as their series says. Deleted occurrences are not there.
    """

    def __init__(self, agenda: Agenda, since: float | None, until: float | None) -> None:
        self._agenda = agenda
        self._since, self._until = since, until

    def __getitem__(self, id_: str) -> Json:
        event = self._agenda.ledger.find(id_)
        if event is None or not self._shows(event):
            raise KeyError(id_)
        return full(self._agenda, event)

    def __iter__(self) -> Iterator[str]:
        return (event.id for event in self._agenda.ledger if self._shows(event))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _shows(self, event: Event) -> bool:
        return not event.cancelled and event.within(self._since, self._until, ever=False)


class Calendars:
    """The calendars of one account, by id; `primary` stands for the id of the main one."""

    def __init__(
        self,
        owner: Owner,
        *,
        seed: int,
        clock: Callable[[], float],
        home: str,
        events: int,
        watch: Callable[[str, Ledger[Event]], None],
        born: float | None = None,
    ) -> None:
        self.owner = owner
        self.home = home if is_zone(home) else "UTC"
        self._seed = seed
        self._now = clock() if born is None else born
        self._clock = clock
        self._watch = watch
        self._agendas: dict[str, Agenda] = {}
        self._authors: dict[str, Author] = {}
        main = self._open("", owner.name, "#039be5", "owner")
        self._author(main).fill(events, work=True, home=False)
        for title, colour, role, share in (*_OTHERS, *([_GROUP] if owner.service_type == "Office365" else ())):
            agenda = self._open(title, title, colour, role, group=title == _GROUP[0])
            self._author(agenda).fill(round(events * share), work=False, home=role != "writer")
        for agenda in self._agendas.values():
            agenda.ledger.seal()
            watch(agenda.id, agenda.ledger)

    # What tests and demos do.

    @property
    def ids(self) -> list[str]:
        """The ids of all calendars, the primary one first."""
        return list(self._agendas)

    def events(self, calendar_id: str = "primary", *, time_min: Any = None, time_max: Any = None) -> Mapping[str, Json]:
        """Give a live view of a calendar, or of what is in a window of it, as a sync of that window mirrors it."""
        since, until = (None if bound is None else moment(bound) for bound in (time_min, time_max))
        return Events(self.agenda(calendar_id), since, until)

    def add(
        self,
        calendar_id: str = "primary",
        *,
        start: When | None = None,
        end: When | None = None,
        subject: str = "",
        attendees: Iterable[Any] = (),
        recurrence: Json | str | None = None,
        attachments: Iterable[Mapping[str, Any]] = (),
        **fields: Any,
    ) -> str:
        """Put an event into a calendar.

        Args:
            start: None is now; a date makes it last all day; a wire `EventDateTime` may name a time zone.
            end: None is half an hour later, or the end of the day.
            attendees: addresses, each as text, `Name <address>` or a wire `EmailAddress`.
            recurrence: a wire `Recurrence`, or the text of an RRULE.
            attachments: each with `name`, `mimeType` and `content` (bytes, or base64 text).
            fields: any other property of an event, by its wire name; `id`, `organizer` and `categories` too.

        Returns:
            Its id.
        """
        agenda = self.agenda(calendar_id)
        begin = read_moment(self._clock() if start is None else start, self.home, "start")
        finish = _usual_end(begin).wire(utc=False) if end is None else _wire(end)
        body: Json = {**fields, "subject": subject, "start": begin.wire(utc=False), "end": finish}
        if people := addresses(list(attendees)):
            body.setdefault("meetingInfo", {})["attendees"] = [{"emailAddress": person} for person in people]
        if recurrence is not None:
            rule = {"ical": {"rules": [f"RRULE:{recurrence}"]}} if isinstance(recurrence, str) else recurrence
            body["recurrence"] = rule
        files = tuple(_attachment(given, number) for number, given in enumerate(attachments))
        return create(agenda, body, files=files).id

    def add_many(self, calendar_id: str, count: int) -> list[str]:
        """Put `count` made-up events into a calendar, and give their ids."""
        author = self._author(self.agenda(calendar_id))
        return [author.add().id for _ in range(count)]

    def update(self, calendar_id: str, event_id: str, **changes: Any) -> None:
        """Change properties of an event, by their wire names; an occurrence of a series becomes a modified one."""
        agenda = self.agenda(calendar_id)
        times: Json = {name: _wire(changes[name]) for name in ("start", "end") if name in changes}
        change(agenda, agenda.get(event_id), {**changes, **times})

    def remove(self, calendar_id: str, event_id: str) -> None:
        """Delete an event: it leaves a tombstone. An occurrence of a series is cancelled."""
        agenda = self.agenda(calendar_id)
        agenda.remove(agenda.get(event_id))

    def clear(self, calendar_id: str = "primary") -> None:
        """Delete all events of a calendar."""
        agenda = self.agenda(calendar_id)
        for event in list(agenda.ledger):
            if event.master is None:
                agenda.remove(event)

    def restore(self, calendar_id: str, event_id: str) -> None:
        """Bring a deleted event, series or occurrence back under the same id."""
        self.agenda(calendar_id).restore(event_id)

    def cancel_occurrence(self, calendar_id: str, master_id: str, original_start: When) -> str:
        """Delete one occurrence of a series, by the start it has in the series or that start's day; give its id."""
        agenda = self.agenda(calendar_id)
        master = agenda.master(master_id)
        event = agenda.occurrence_at(master, read_moment(original_start, master.start.zone, "original_start"))
        agenda.remove(event)
        return event.id

    # What the handlers ask.

    def __iter__(self) -> Iterator[Agenda]:
        return iter(self._agendas.values())

    @property
    def primary(self) -> Agenda:
        return next(iter(self._agendas.values()))

    def agenda(self, calendar_id: str) -> Agenda:
        """Give a calendar.

        Raises:
            ApiError: 404, there is none.
        """
        if calendar_id == "primary":
            return self.primary
        if calendar_id not in self._agendas:
            raise not_found("The calendar could not be found")
        return self._agendas[calendar_id]

    def writable(self, calendar_id: str) -> Agenda:
        """Give a calendar that the account may change.

        Raises:
            ApiError: 404, there is none; 403, it may only be read.
        """
        agenda = self.agenda(calendar_id)
        if agenda.role == "reader":
            raise ApiError(403, "The calendar may only be read", reason="Forbidden")
        return agenda

    def create(self, body: Json) -> Agenda:
        """Make a calendar.

        Raises:
            ApiError: 400, for a name that is empty or taken.
        """
        name: str = body.get("name") or ""
        if not name:
            raise bad_request("The calendar has no name")
        if any(agenda.record["name"] == name for agenda in self):
            raise ApiError(400, "A calendar with this name exists", code="alreadyExists")
        agenda = self._open(name, name, body.get("color") or "#616161", "owner")
        agenda.record["description"] = body.get("description") or ""
        self._watch(agenda.id, agenda.ledger)
        return agenda

    def _open(self, title: str, name: str, colour: str, role: str, *, group: bool = False) -> Agenda:
        record: Json = {
            "id": names.calendar_id(self.owner, title),
            "name": name,
            "color": colour,
            "description": f"{name} & Co." if title else "",
            "accessRole": role,
            "primary": not title,
            "multipleRemindersSupported": self.owner.service_type == "Google",
            "defaultReminders": [{"minutes": 10}] if role == "owner" else [],
        }
        agenda = Agenda(self.owner, record, home=self.home, clock=self._clock, group=group)
        self._agendas[agenda.id] = agenda
        return agenda

    def _author(self, agenda: Agenda) -> Author:
        if agenda.id not in self._authors:
            self._authors[agenda.id] = Author(agenda, self._seed + len(self._authors), self._now)
        return self._authors[agenda.id]


def _usual_end(start: Moment) -> Moment:
    if start.day is not None:
        return Moment.of_day(start.day + timedelta(days=1), start.zone)
    return Moment(start.at + _HALF_AN_HOUR, start.zone)


def _wire(value: Any) -> Json:
    if is_object(value):
        return value
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return {"dateOnly" if is_day or (isinstance(value, str) and len(value) == 10) else "dateTime": value}


def _attachment(given: Mapping[str, Any], number: int) -> Attachment:
    content = given.get("content") or b""
    return Attachment(
        id=given.get("id") or f"att{number}+/%2F=",
        name=given.get("name") or "unnamed",
        mime_type=given.get("mimeType") or "application/octet-stream",
        content=base64.b64decode(content) if isinstance(content, str) else bytes(content),
    )
