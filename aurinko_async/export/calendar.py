"""iCalendar: events as VEVENT, tasks as VTODO. Needs the extra `export`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

import icalendar
from attrs import field, frozen

from aurinko_async.export._text import clean, is_html, line, plain
from aurinko_async.export.recurrence import recurrence_lines
from aurinko_async.export.zones import When, like, local, when
from aurinko_async.models.calendar import Attendee, AttendeeResponse, Event, MeetingInfo, MeetingResponseType, Reminder
from aurinko_async.models.recurrence import EventDateTime, OccurrenceType
from aurinko_async.models.tasks import Task, TaskStatus

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLASSES: Final = {"normal": "PUBLIC", "private": "PRIVATE", "personal": "PRIVATE", "confidential": "CONFIDENTIAL"}
_ROLES: Final = {"optional": "OPT-PARTICIPANT", "resource": "NON-PARTICIPANT"}
_RESPONSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        AttendeeResponse.ACCEPTED: "ACCEPTED",
        AttendeeResponse.TENTATIVE: "TENTATIVE",
        MeetingResponseType.TENTATIVE: "TENTATIVE",  # the API spells it in either way
        AttendeeResponse.DECLINED: "DECLINED",
    }
)
_BUSY: Final = {"free": "FREE", "tentative": "TENTATIVE", "busy": "BUSY", "outOfOffice": "OOF"}
_PROGRESS: Final[Mapping[str, str]] = MappingProxyType(
    {
        TaskStatus.COMPLETED: "COMPLETED",
        TaskStatus.IN_PROGRESS: "IN-PROCESS",
        TaskStatus.WAITING_ON_OTHERS: "IN-PROCESS",
    }
)
_PRIORITIES: Final = {"high": 1, "normal": 5, "low": 9}


@frozen
class Master:
    """What the occurrences of a series have of it, and the original starts of those that are deleted."""

    uid: str = ""
    start: EventDateTime | None = None
    deleted: list[EventDateTime] = field(factory=lambda: list[EventDateTime]())


NO_SERIES: Final[Mapping[str, Master]] = MappingProxyType({})


def to_vevent(event: Event, series: Mapping[str, Master] = NO_SERIES) -> bytes | None:
    """An event as a VEVENT; `None` for what is none: it has no start, or it is an occurrence that is deleted.

    Args:
        series: The series that are known, by the ids of their masters.
    """
    made = _vevent(event, series)
    return None if made is None else bytes(made.to_ical())


def to_vtodo(task: Task) -> bytes:
    """A task as a VTODO."""
    made: Any = icalendar.Todo()
    _put(made, "UID", line(task.id))
    _stamp(made, task.last_modified_time)
    _put(made, "SUMMARY", line(task.title))
    _put(made, "DESCRIPTION", plain(task.notes))
    _put(made, "STATUS", _PROGRESS.get(task.status or "", "NEEDS-ACTION"))
    _put(made, "X-AURINKO-STATUS", line(task.status))
    if task.status == TaskStatus.COMPLETED:
        _put(made, "PERCENT-COMPLETE", 100)
    _put(made, "PRIORITY", _PRIORITIES.get(task.importance or ""))
    _put(made, "DTSTART", _begin(task))
    _put(made, "DUE", task.due and local(task.due, None))
    _put(made, "COMPLETED", task.completed and local(task.completed, None))
    _put(made, "CATEGORIES", _lines(task.categories))
    _put(made, "RELATED-TO", line(task.parent_id))
    _put(made, "URL", next((_uri(link.link) for link in task.links or () if link.link), None))
    return bytes(made.to_ical())


def _begin(task: Task) -> datetime | None:
    """A task that would begin after it is due has no beginning."""
    if task.start_date_time is None or (task.due and task.due <= task.start_date_time):
        return None
    return local(task.start_date_time, None)


def _vevent(event: Event, series: Mapping[str, Master]) -> Any:
    info = event.occurrence_info
    master = series.get(info.master_id or "") if info else None
    if info is not None and info.type == OccurrenceType.DELETED:
        return None
    start = when(event.start, repeats=event.recurrence is not None)
    if start is None:
        return None
    made: Any = icalendar.Event()
    _put(made, "UID", (master and master.uid) or line(event.ical_uid) or line(event.id))
    _stamp(made, event.last_modified_time or event.created_time)
    _put(made, "CREATED", event.created_time and local(event.created_time, None))
    _put(made, "DTSTART", start)
    _put(made, "DTEND", _end(start, when(event.end)))
    if info is not None and info.original_start is not None:
        first = master.start if master and master.start else event.start
        _put(made, "RECURRENCE-ID", like(info.original_start, first))
    else:
        own = series.get(event.id or "")
        for name, value in recurrence_lines(event.recurrence, event.start, own.deleted if own else ()):
            _put(made, name, value)
    _describe(made, event)
    _meet(made, event, event.meeting_info or MeetingInfo())
    for alarm in _alarms(event.reminder, line(event.subject)):
        made.add_component(alarm)
    return made


def _end(start: When, end: When | None) -> When | None:
    """The end, if it is one: of the kind of the start, and after it."""
    if end is None or isinstance(start, datetime) != isinstance(end, datetime):
        return None
    return end if start < end else None


def _describe(made: Any, event: Event) -> None:
    _put(made, "SUMMARY", line(event.subject))
    _put(made, "LOCATION", clean(event.location).strip())
    _put(made, "DESCRIPTION", plain(event.description))
    if is_html(event.description or ""):
        # Programs do not unescape it, and a line break in HTML is as good as a blank.
        made.add("X-ALT-DESC", clean(event.description).replace("\n", " "), parameters={"FMTTYPE": "text/html"})
    _put(made, "CATEGORIES", _lines(event.categories))
    _put(made, "CLASS", _CLASSES.get(event.sensitivity or ""))
    _put(made, "TRANSP", event.show_as and ("TRANSPARENT" if event.show_as == "free" else "OPAQUE"))
    _put(made, "X-MICROSOFT-CDO-BUSYSTATUS", _BUSY.get(event.show_as or ""))
    _put(made, "URL", _uri(event.html_link))
    _put(made, "X-AURINKO-ID", line(event.id))
    _put(made, "X-AURINKO-CALENDAR-ID", line(event.calendar_id))
    _put(made, "X-AURINKO-OMITTED", ",".join(_lines(event.omitted)))


def _meet(made: Any, event: Event, meeting: MeetingInfo) -> None:
    if meeting.canceled:
        _put(made, "STATUS", "CANCELLED")
    elif event.show_as is not None:
        _put(made, "STATUS", "TENTATIVE" if event.show_as == "tentative" else "CONFIRMED")
    host = event.organizer.email_address if event.organizer else None
    if host is not None and line(host.address):
        _put(made, "ORGANIZER", _person(host.address, host.name))
    for attendee in meeting.attendees or ():
        if attendee.email_address and line(attendee.email_address.address):
            _put(made, "ATTENDEE", _invited(attendee))
    details = meeting.online_meeting_details
    if details is not None and (uri := _uri(details.url)):
        made.add("CONFERENCE", uri, parameters={"VALUE": "URI"})


def _invited(attendee: Attendee) -> Any:
    assert attendee.email_address is not None, "whom nobody can write to is left out"
    person = _person(attendee.email_address.address, attendee.email_address.name)
    person.params["CUTYPE"] = "RESOURCE" if attendee.type == "resource" else "INDIVIDUAL"
    person.params["ROLE"] = _ROLES.get(attendee.type or "", "REQ-PARTICIPANT")
    person.params["PARTSTAT"] = _RESPONSES.get(attendee.response or "", "NEEDS-ACTION")
    return person


def _person(address: str | None, name: str | None) -> Any:
    person = icalendar.vCalAddress("mailto:" + quote(line(address), safe="@!#$&'*+-./=?^_`{|}~:,;()"))
    if shown := line(name):
        # A parameter has no escapes, yet some readers take a backslash for the beginning of one.
        person.params["CN"] = shown.replace("\\", "/")
    return person


def _alarms(reminder: Reminder | None, subject: str) -> Iterator[Any]:
    for override in (reminder.overrides if reminder else None) or ():
        if override.minutes is None:
            continue
        alarm: Any = icalendar.Alarm()
        try:
            _put(alarm, "TRIGGER", -timedelta(minutes=override.minutes))
        except OverflowError:
            continue
        _put(alarm, "ACTION", "DISPLAY")
        # A display alarm needs something to display.
        _put(alarm, "DESCRIPTION", subject or "Reminder")
        yield alarm


def _stamp(made: Any, modified: datetime | None) -> None:
    """DTSTAMP is required; the same mirror makes the same file."""
    _put(made, "DTSTAMP", local(modified, None) if modified else _EPOCH)
    _put(made, "LAST-MODIFIED", modified and local(modified, None))


def _put(made: Any, name: str, value: Any) -> None:
    if value is None or value in ("", []):
        return
    if name in ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE") and not isinstance(value, datetime):
        made.add(name, value, parameters={"VALUE": "DATE"} if isinstance(value, date) else {})
    else:
        made.add(name, value)


def _lines(texts: Iterable[str] | None) -> list[str]:
    return [text for given in texts or () if (text := line(given))]


def _uri(text: str | None) -> Any:
    """A link, with what no URI has percent-encoded."""
    given = line(text)
    return icalendar.vUri(quote(given, safe="!#$%&'()*+,/:;=?@[]~")) if given else None
