"""Makes up what a calendar begins with: the same events for the same seed and the same day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from aurinko_async.sandbox import attachments, prose
from aurinko_async.sandbox.calendars.agenda import Agenda
from aurinko_async.sandbox.calendars.events import Event
from aurinko_async.sandbox.calendars.moments import is_zone, local, read_moment
from aurinko_async.sandbox.calendars.series import read_recurrence
from aurinko_async.sandbox.calendars.writing import address_of, change, create, respond
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.letters import Attachment, address
from aurinko_async.sandbox.times import DAY

# How far made-up events reach back and ahead.
_DAYS_BACK, _DAYS_AHEAD = 120, 180
_ELSEWHERE = ("America/New_York", "Australia/Sydney", "Asia/Kolkata", "Europe/London", "America/Sao_Paulo")
_PLACES = ("Raum 3.14", "", "会議室さくら", "Café de la Gare, 2ᵉ étage", "https://meet.example.com/x?a=1&b=2", "")
_RESPONSES = ("accepted", "accepted", "tentative", "declined", "noResponse")
_HTML = '<html><body><p dir="auto">{}</p></body></html>'


class Habit(NamedTuple):
    """A series: when it began, in weeks from this one, or the day of a month from this one; all day without `at`."""

    subject: str
    began: int | tuple[int, int]
    at: str
    minutes: int
    zone: str
    recurrence: Json
    people: int = 0


def _simple(frequency: str, end: Json | None = None, **pattern: Any) -> Json:
    return {"simple": {"pattern": {"frequency": frequency, **pattern}, "range": end or {"type": "unbounded"}}}


def _ical(*rules: str) -> Json:
    return {"ical": {"rules": list(rules)}}


_WORKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]
_AT_WORK = (
    Habit("Standup ☕", -26, "09:15", 15, "", _simple("weekly", daysOfWeek=_WORKDAYS), 4),
    Habit(
        "1:1 Zoé / New York", -20, "10:00", 45, "America/New_York", _ical("RRULE:FREQ=WEEKLY;COUNT=60;BYDAY=TU,TH"), 1
    ),
    Habit("シドニー定例", -40, "08:00", 60, "Australia/Sydney", _ical("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"), 2),
    Habit("Monatsabschluss", (-11, 31), "17:00", 30, "", _simple("monthly", dayOfMonth=31)),
    Habit(
        "All hands", (-8, 1), "15:00", 60, "", _simple("monthlyRelative", daysOfWeek=["friday"], instance="last"), 12
    ),
    Habit("Steering committee", (-5, 1), "14:00", 90, "Europe/London", _ical("RRULE:FREQ=MONTHLY;BYDAY=2TU,4TU"), 3),
    Habit("Urlaub 🏖", 3, "", 0, "", _simple("daily", {"type": "byCount", "count": 9})),
    Habit("Gießen & lüften", -6, "07:30", 10, "", _simple("daily", {"type": "byCount", "count": 40}, interval=3)),
)
_AT_HOME = (
    Habit("Anniversaire (29 février)", (-118, 29), "", 0, "", _simple("yearly", dayOfMonth=29, monthOfYear=2)),
    Habit("יום הולדת", (0, 12), "", 0, "", _simple("yearly")),
    Habit(
        "Thanksgiving",
        (-30, 1),
        "",
        0,
        "",
        _simple("yearlyRelative", daysOfWeek=["thursday"], instance="fourth", monthOfYear=11),
    ),
    Habit("Chorprobe", -10, "19:30", 120, "", _simple("weekly", daysOfWeek=["wednesday"])),
)


class Author:
    """Fills one calendar, as of `now`."""

    def __init__(self, agenda: Agenda, seed: int, now: float) -> None:
        self._agenda = agenda
        self._random = Random(seed)
        self._today = local(now, agenda.home).date()
        self._now = now
        self._zones = [name for name in _ELSEWHERE if is_zone(name)]

    def fill(self, count: int, *, work: bool, home: bool) -> None:
        """Make up `count` events, the series among them."""
        habits = (*(_AT_WORK if work else ()), *(_AT_HOME if home else ()))[:count]
        for habit in habits:
            self._spoil(self._age(self._begin(habit)))
        for _ in range(count - len(habits)):
            self._age(self.add())

    def add(self) -> Event:
        """Make up one event."""
        random = self._random
        day = self._today + timedelta(days=random.randint(-_DAYS_BACK, _DAYS_AHEAD))
        draw = random.random()
        body: Json = {
            "subject": random.choice(prose.SUBJECTS),
            "location": random.choice(_PLACES),
            "sensitivity": "private" if random.random() < 0.05 else "normal",
            "showAs": "tentative" if random.random() < 0.08 else "busy",
            "categories": [random.choice(prose.KEYWORDS)] if random.random() < 0.15 else [],
        }
        if random.random() < 0.6:
            body["description"] = _HTML.format(" ".join(html for _, html in random.choices(prose.SENTENCES, k=3)))
        if random.random() < 0.2:
            body["reminder"] = {"useDefault": False, "overrides": [{"minutes": 10}, {"minutes": 1440}]}
        if draw < 0.1:
            body |= {"start": _day(day), "end": _day(day + timedelta(days=random.randint(1, 3))), "showAs": "free"}
        else:
            at, zone = time(random.randint(8, 17), random.choice((0, 15, 30, 45))), self._agenda.home
            if random.random() < 0.15 and self._zones:
                zone = random.choice(self._zones)
            body |= _hours(day, at, random.choice((15, 30, 30, 45, 60, 90)), zone)
        if 0.1 <= draw < 0.3:
            body["meetingInfo"] = {"attendees": self._people(random.randint(1, 4)), "onlineMeeting": draw < 0.2}
        event = create(self._agenda, body, files=self._files())
        if draw > 0.75:
            self._invite(event, canceled=draw > 0.97)
        return event

    def _begin(self, habit: Habit) -> Event:
        body: Json = {"subject": habit.subject, "recurrence": habit.recurrence}
        if not habit.at:
            body["showAs"] = "outOfOffice" if habit in _AT_WORK else "free"
        elif self._random.random() < 0.5:
            body["description"] = _HTML.format(self._random.choice(prose.SENTENCES)[1])
        if habit.people:
            body["meetingInfo"] = {"attendees": self._people(habit.people), "onlineMeeting": True}
        earliest = self._times(habit, self._first_day(habit.began))
        start = read_moment(earliest["start"], self._agenda.home)
        first = next(read_recurrence(habit.recurrence, start).starts(start))
        return create(self._agenda, body | self._times(habit, first.local_date), files=self._files())

    def _age(self, event: Event) -> Event:
        """Let it have been made some time ago."""
        event.created -= self._random.random() * 90 * DAY
        event.modified = (event.created + self._now) / 2
        return event

    def _times(self, habit: Habit, day: date) -> Json:
        if not habit.at:
            return {"start": _day(day), "end": _day(day + timedelta(days=1))}
        zone = habit.zone if habit.zone in self._zones else self._agenda.home
        return _hours(day, time.fromisoformat(habit.at), habit.minutes, zone)

    def _first_day(self, began: int | tuple[int, int]) -> date:
        if isinstance(began, int):
            return self._today + timedelta(days=7 * began - self._today.weekday())
        month = self._today.year * 12 + self._today.month - 1 + began[0]
        year, month = month // 12, month % 12 + 1
        return date(year, month, min(began[1], monthrange(year, month)[1]))

    def _spoil(self, master: Event) -> None:
        """Cancel two occurrences of a busy series, and move two others."""
        if master.start.day is not None:
            return
        starts = list(master.starts_between(self._now - 30 * DAY, self._now + 30 * DAY))
        for number, start in enumerate(self._random.sample(starts, min(4, len(starts)))):
            event = self._agenda.occurrence(master, start.stamp)
            if number % 2:
                self._agenda.remove(event)
                continue
            later = {"start": event.start.at + 5400, "end": event.end.at + 5400}
            wire = {name: {"dateTime": at, "timezone": master.start.zone} for name, at in later.items()}
            change(self._agenda, event, {"subject": f"{event.content['subject']} (verschoben → 90 min)", **wire})

    def _people(self, count: int) -> list[Json]:
        people = self._random.sample(prose.PEOPLE, count)
        kinds = ("required", "required", "optional", "resource")
        return [
            {"emailAddress": address(name, f"{local_}@{domain}"), "type": kinds[number % 4]}
            for number, (name, local_, domain) in enumerate(people)
        ]

    def _files(self) -> tuple[Attachment, ...]:
        if self._random.random() > 0.12:
            return ()
        return tuple(attachments.make(self._random, number) for number in range(self._random.randint(1, 2)))

    def _invite(self, event: Event, *, canceled: bool) -> None:
        """Let somebody else have invited the account to it."""
        owner = self._agenda.owner
        host, *others = self._people(self._random.randint(1, 4))
        me: Json = {"id": "me", "emailAddress": address(owner.name, owner.email), "type": "required"}
        attendees = [{"id": f"attendee/{address_of(other)}", **other, "response": "accepted"} for other in others]
        event.content = {
            **event.content,
            "organizer": {"emailAddress": host["emailAddress"]},
            "meetingInfo": {"canceled": canceled, "response": "noResponse", "attendees": [me, *attendees]},
        }
        respond(self._agenda, event, self._random.choice(_RESPONSES), None)


def _day(day: date) -> Json:
    return {"dateOnly": day.isoformat()}


def _hours(day: date, at: time, minutes: int, zone: str) -> Json:
    start = datetime.combine(day, at)
    end = start + timedelta(minutes=minutes)
    return {"start": _local(start, zone), "end": _local(end, zone)}


def _local(when: datetime, zone: str) -> Json:
    return {"dateTime": when.isoformat(), "timezone": zone}
