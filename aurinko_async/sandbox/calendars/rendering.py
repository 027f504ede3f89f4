"""From a stored event to the record an answer carries."""

from __future__ import annotations

from hashlib import blake2b

from aurinko_async.sandbox import records
from aurinko_async.sandbox.calendars import names
from aurinko_async.sandbox.calendars.agenda import Agenda
from aurinko_async.sandbox.calendars.events import Event
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.times import iso

# What lists leave out for the providers whose lists are partial; of a big meeting Office365 leaves out who comes.
_OMITTED = ("description", "attachments")
_MANY_ATTENDEES = 8


def full(agenda: Agenda, event: Event) -> Json:
    """Give the complete record, as a GET does; of a deleted occurrence what is left of it."""
    if event.cancelled:
        return _cancelled(agenda, event)
    utc = agenda.owner.service_type != "Google"
    record: Json = {
        **_identity(agenda, event),
        "createdTime": iso(event.created),
        "lastModifiedTime": iso(event.modified),
        "start": event.start.wire(utc=utc),
        "end": event.end.wire(utc=utc),
        **{name: value for name, value in event.content.items() if value is not None},
        "iCalUid": event.uid,
        "globalId": global_id(event),
        "htmlLink": names.link(agenda.owner, event.id),
        "hasAttachments": bool(event.files),
        "attachments": [file.listed() for file in event.files],
        "omitted": [],
    }
    if event.series is not None:
        record["recurrence"] = event.series.write(event.start, utc=utc)
    if event.master is not None:
        record["occurrenceInfo"] = occurrence_info(agenda, event)
    return record


def listed(agenda: Agenda, event: Event) -> Json:
    """Give the record as lists and syncs do: partial for some providers."""
    record = full(agenda, event)
    if event.cancelled:
        return record
    omitted: list[str] = []
    meeting: Json = record.get("meetingInfo") or {}
    if agenda.owner.partial:
        omitted += _OMITTED
    if agenda.owner.service_type == "Office365" and len(meeting.get("attendees", ())) > _MANY_ATTENDEES:
        omitted.append("attendees")
        record["meetingInfo"] = {name: value for name, value in meeting.items() if name != "attendees"}
    kept = {name: value for name, value in record.items() if name not in omitted}
    return kept | {"omitted": omitted}


def changed(agenda: Agenda, event: Event, *, with_record: bool) -> Json:
    """Give an `EventOrId`, the answer to a change."""
    meeting: Json = event.content.get("meetingInfo") or {}
    answer: Json = {
        "id": event.id,
        "etag": etag(agenda, event),
        "iCalUId": event.uid,
        "globalId": global_id(event),
        **{name: meeting[name] for name in ("onlineMeetingProvider", "onlineMeetingDetails") if name in meeting},
    }
    return answer | {"record": full(agenda, event)} if with_record else answer


def occurrence_info(agenda: Agenda, event: Event) -> Json:
    """Give the `OccurrenceInfo` of an occurrence."""
    assert event.master is not None, "this is no occurrence"
    assert event.original is not None, "this is no occurrence"
    utc = agenda.owner.service_type != "Google"
    info: Json = {"id": event.id, "type": event.type, "originalStart": event.original.wire(utc=utc)}
    if not event.cancelled:
        info["start"] = event.start.wire(utc=utc)
    return info | {"masterId": event.master.id}


def etag(agenda: Agenda, event: Event) -> str:
    """Give the tag of the event's state."""
    return records.etag(agenda.owner, event.id, event.version)


def global_id(event: Event) -> str:
    """Give what the copies of an event in several calendars share."""
    return blake2b(event.uid.encode(), digest_size=12).hexdigest()


def _identity(agenda: Agenda, event: Event) -> Json:
    return {
        "id": event.id,
        "etag": etag(agenda, event),
        "calendarId": agenda.id,
        "recurrenceType": event.kind,
    }


def _cancelled(agenda: Agenda, event: Event) -> Json:
    return {
        **_identity(agenda, event),
        "meetingInfo": {"canceled": True},
        "occurrenceInfo": occurrence_info(agenda, event),
        "omitted": [],
    }
