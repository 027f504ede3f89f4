"""iCalendar of a mirror, read by other libraries, against the calendars and task lists in the sandbox."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from dateutil.rrule import rrulestr

from aurinko_async.errors import ConfigError
from aurinko_async.export import Exported, export_ics

DAY = 86_400.0


async def ics_of(synced: Any, resource: str = "calendar") -> tuple[Exported, bytes]:
    file = BytesIO()
    done = await export_ics(synced.store, synced.key, file, resource=resource)
    return done, file.getvalue()


def components(data: bytes, name: str = "VEVENT") -> list[Any]:
    return list(icalendar.Calendar.from_ical(data).walk(name))


def truth_of(synced: Any) -> dict[str, Any]:
    calendars = synced.account.calendars
    return {key: record for agenda in synced.agendas for key, record in calendars.events(agenda.id).items()}


def moment(wire: Any) -> date | datetime:
    if "dateOnly" in wire:
        return date.fromisoformat(wire["dateOnly"])
    return datetime.fromisoformat(wire["dateTime"]).astimezone(UTC)


def read(value: Any) -> date | datetime:
    found: date | datetime = value.dt
    return found.astimezone(UTC) if isinstance(found, datetime) else found


PARTSTATS = {"accepted": "ACCEPTED", "tentitive": "TENTATIVE", "declined": "DECLINED", None: "NEEDS-ACTION"}
ROLES = {"required": "REQ-PARTICIPANT", "optional": "OPT-PARTICIPANT", "resource": "NON-PARTICIPANT"}


async def test_every_event_is_there_with_its_values(synced: Any) -> None:
    done, data = await ics_of(synced)
    truth = truth_of(synced)
    found = {str(one["X-AURINKO-ID"]): one for one in components(data)}
    assert found.keys() == truth.keys()
    assert done == Exported(records=len(truth))
    for event_id, record in truth.items():
        event = found[event_id]
        assert event["UID"] == record["iCalUid"]
        assert event.get("SUMMARY", "") == record["subject"]
        assert event.get("LOCATION", "") == record["location"]
        assert read(event["DTSTART"]) == moment(record["start"])
        assert read(event["DTEND"]) == moment(record["end"])
        assert event.get("X-ALT-DESC", "") == record["description"]
        assert event["CLASS"] == {"normal": "PUBLIC", "private": "PRIVATE"}[record["sensitivity"]]
        assert event["TRANSP"] == ("TRANSPARENT" if record["showAs"] == "free" else "OPAQUE")
        assert event["ORGANIZER"] == "mailto:" + record["organizer"]["emailAddress"]["address"]
        assert event["X-AURINKO-CALENDAR-ID"] == record["calendarId"]
        assert (event["STATUS"] == "CANCELLED") == bool((record.get("meetingInfo") or {}).get("canceled"))
        minutes = [override["minutes"] for override in record["reminder"].get("overrides", ())]
        assert [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")] == [-timedelta(minutes=m) for m in minutes]
        categories = event.get("CATEGORIES")
        assert ([str(one) for one in categories.cats] if categories else []) == record["categories"]


async def test_attendees_are_there_with_their_answers(synced: Any) -> None:
    _, data = await ics_of(synced)
    found = {str(one["X-AURINKO-ID"]): one for one in components(data)}
    answers = set()
    for event_id, record in truth_of(synced).items():
        given = listed(found[event_id].get("ATTENDEE", []))
        told = [(str(a), a.params.get("CN", ""), a.params["ROLE"], a.params["PARTSTAT"]) for a in given]
        expected = [
            (
                "mailto:" + a["emailAddress"]["address"],
                a["emailAddress"].get("name") or "",
                ROLES[a["type"]],
                PARTSTATS[a.get("response")],
            )
            for a in (record.get("meetingInfo") or {}).get("attendees", ())
        ]
        assert told == expected
        answers.update(answer for *_, answer in told)
    assert answers >= {"ACCEPTED", "NEEDS-ACTION"}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def expanded(data: bytes, since: datetime, until: datetime) -> set[tuple[str, date | datetime]]:
    """When each event of a file takes place, as a calendar program works it out."""
    found: set[tuple[str, date | datetime]] = set()
    events = components(data)
    moved = {(str(one["UID"]), read(one["RECURRENCE-ID"])) for one in events if "RECURRENCE-ID" in one}
    for event in events:
        uid = str(event["UID"])
        starts = [read(event["DTSTART"])]
        if "RRULE" in event:
            dropped = {read(time) for one in listed(event.get("EXDATE", [])) for time in one.dts}
            dropped |= {original for other, original in moved if other == uid}
            starts = [start for start in occurrences(event, until) if start not in dropped]
        found |= {(uid, start) for start in starts}
    return {(uid, start) for uid, start in found if since <= midnight(start) < until}


def occurrences(event: Any, until: datetime) -> list[date | datetime]:
    first, text = event["DTSTART"].dt, event["RRULE"].to_ical().decode()
    if isinstance(first, datetime):
        rule = rrulestr(text, dtstart=first)
        return [start.astimezone(UTC) for start in rule.between(first, until, inc=True)]
    begin = datetime(first.year, first.month, first.day)
    rule = rrulestr(text, dtstart=begin)
    return [start.date() for start in rule.between(begin, until.replace(tzinfo=None), inc=True)]


def midnight(start: date | datetime) -> datetime:
    return start if isinstance(start, datetime) else datetime(start.year, start.month, start.day, tzinfo=UTC)


def happening(synced: Any, since: datetime, until: datetime) -> set[tuple[str, date | datetime]]:
    found = set()
    for agenda in synced.agendas:
        for event in agenda.instances(since.timestamp() - 40 * DAY, until.timestamp() + 40 * DAY):
            start = event.start.day or datetime.fromtimestamp(event.start.at, UTC)
            if since <= midnight(start) < until:
                found.add((event.uid, start))
    return found


def cancelled(synced: Any) -> set[tuple[str, date | datetime]]:
    """The occurrences that were taken out of their series, whose master a sync has."""
    return {
        (event.uid, event.original.day or datetime.fromtimestamp(event.original.at, UTC))
        for agenda in synced.agendas
        for event in agenda.ledger
        if event.cancelled
    }


async def test_every_occurrence_that_was_taken_out_is_excluded(synced: Any) -> None:
    _, data = await ics_of(synced)
    excluded = {
        (str(event["UID"]), read(time))
        for event in components(data)
        for one in listed(event.get("EXDATE", []))
        for time in one.dts
    }
    assert cancelled(synced)
    assert excluded >= cancelled(synced)


async def test_it_takes_place_when_the_sandbox_says(synced: Any) -> None:
    now = datetime.now(UTC)
    since, until = now - timedelta(days=200), now + timedelta(days=400)
    _, data = await ics_of(synced)
    expected = happening(synced, since, until)
    assert expanded(data, since, until) == expected
    assert len(expected) > 300, "there are series"


async def test_a_series_without_what_was_moved_and_deleted(changing: Any) -> None:
    calendars = changing.account.calendars
    start = {"dateTime": "2026-03-02T09:00:00", "timezone": "Europe/Berlin"}
    end = {"dateTime": "2026-03-02T10:00:00", "timezone": "Europe/Berlin"}
    rules = ["RRULE:FREQ=DAILY;COUNT=40", "EXDATE;TZID=Europe/Berlin:20260310T090000"]
    master = calendars.add(subject="Übung", start=start, end=end, recurrence={"ical": {"rules": rules}})
    agenda = calendars.primary
    series = agenda.master(master)
    uid = series.uid
    moved, doomed = (agenda.occurrence(series, stamp).id for stamp in ("20260330T070000Z", "20260305T080000Z"))
    for occurrence in (moved, doomed):
        calendars.update("primary", occurrence, subject="verschoben")
    calendars.update("primary", moved, start="2026-03-30T12:00:00+00:00", end="2026-03-30T13:00:00+00:00")
    await changing.sync()
    calendars.remove("primary", doomed)
    await changing.sync()
    _, data = await ics_of(changing)
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    mine = {found for found in expanded(data, since, until) if found[0] == uid}
    assert mine == {found for found in happening(changing, since, until) if found[0] == uid}
    assert len(mine) == 38
    (text,) = (one for one in components(data) if one["UID"] == uid and "RRULE" in one)
    berlin = ZoneInfo("Europe/Berlin")
    assert text["DTSTART"].dt == datetime(2026, 3, 2, 9, tzinfo=berlin)
    assert text["DTSTART"].params["TZID"] == "Europe/Berlin"
    other = next(one for one in components(data) if str(one["X-AURINKO-ID"]) == moved)
    assert (other["UID"], other["SUMMARY"]) == (uid, "verschoben")
    assert other["RECURRENCE-ID"].dt == datetime(2026, 3, 30, 9, tzinfo=berlin)


async def test_a_time_zone_is_defined_as_it_is(synced: Any) -> None:
    _, data = await ics_of(synced)
    used = set(re.findall(rb";TZID=\"?([^:;\"\r]+)", data))
    defined = {str(zone["TZID"]).encode() for zone in components(data, "VTIMEZONE")}
    assert used <= defined
    assert b"Europe/Berlin" in defined
    for zone in components(data, "VTIMEZONE"):
        rules, real = zone.to_tz(), ZoneInfo(str(zone["TZID"]))
        for month in range(1, 13):
            noon = datetime(2026, month, 15, 12)
            assert noon.replace(tzinfo=rules).utcoffset() == noon.replace(tzinfo=real).utcoffset()


async def test_another_library_reads_the_same(synced: Any) -> None:
    _, data = await ics_of(synced)
    (calendar,) = vobject.readComponents(data.decode())
    theirs = sorted((event.uid.value, event.getChildValue("summary") or "") for event in calendar.vevent_list)
    assert theirs == sorted((record["iCalUid"], record["subject"]) for record in truth_of(synced).values())


async def test_no_line_is_too_long_and_each_ends_as_the_standard_says(synced: Any) -> None:
    for resource in ("calendar", "tasks"):
        _, data = await ics_of(synced, resource)
        lines = data.split(b"\r\n")
        assert lines[-1] == b""
        assert max(map(len, lines)) <= 75
        assert not any(b"\n" in line or b"\r" in line for line in lines)
        assert (data.count(b"BEGIN:VCALENDAR\r\n"), data.count(b"END:VCALENDAR\r\n")) == (1, 1)


STATUSES = {"notStarted": "NEEDS-ACTION", "inProgress": "IN-PROCESS", "completed": "COMPLETED"}
STATUSES |= {"waitingOnOthers": "IN-PROCESS", "deferred": "NEEDS-ACTION"}


async def test_every_task_is_there_with_its_values(changing: Any) -> None:
    lists = changing.account.task_lists
    parent = lists.add(
        "Ärger; mit, allem\\n", notes="line\nBEGIN:VTODO\nline 😀", importance="high", due="2026-05-01T10:00:00Z"
    )
    lists.add("child", parentId=parent, startDateTime="2026-05-01T10:00:00Z", due="2026-05-01T10:00:00Z")
    await changing.sync()
    done, data = await ics_of(changing, "tasks")
    truth = {task_id: task for which in lists.records for task_id, task in lists.tasks(which).items()}
    found = {str(one["UID"]): one for one in components(data, "VTODO")}
    assert (found.keys(), done.records) == (truth.keys(), len(truth))
    for task_id, record in truth.items():
        task = found[task_id]
        assert task.get("SUMMARY", "") == record["title"]
        assert task.get("DESCRIPTION", "") == record.get("notes", "")
        assert task["STATUS"] == STATUSES[record["status"]]
        assert task["PRIORITY"] == {"high": 1, "normal": 5, "low": 9}[record["importance"]]
        for name, wire in (("DUE", "due"), ("COMPLETED", "completed")):
            assert (read(task[name]) if name in task else None) == (
                datetime.fromisoformat(record[wire]) if wire in record else None
            )
        assert task.get("RELATED-TO") == record.get("parentId")


async def test_what_is_no_calendar_is_refused(synced: Any) -> None:
    with pytest.raises(ConfigError, match="not contacts"):
        await export_ics(synced.store, synced.key, BytesIO(), resource="contacts")
