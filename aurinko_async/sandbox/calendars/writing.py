"""What a request says of an event, put into it."""

from __future__ import annotations

from typing import Any

from aurinko_async.sandbox.bodies import text_to_html
from aurinko_async.sandbox.calendars import names
from aurinko_async.sandbox.calendars.agenda import Agenda, check_times
from aurinko_async.sandbox.calendars.events import Event
from aurinko_async.sandbox.calendars.moments import Moment, read_moment
from aurinko_async.sandbox.calendars.series import Series, read_recurrence
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request
from aurinko_async.sandbox.letters import Attachment, Owner, address

# What a property is when it was never given, or is taken back with null.
_DEFAULTS: Json = {
    "subject": "",
    "description": "",
    "location": "",
    "showAs": "busy",
    "sensitivity": "normal",
    "reminder": {"useDefault": True},
}
_NO_MEETING: Json = {"attendees": None, "onlineMeeting": False}
_PROVIDERS = {"Google": "hangoutsMeet", "Office365": "teamsForBusiness"}
# How an attendee's own list spells the answers; the contract spells one of them another way there.
_RESPONSES = {"accepted": "accepted", "declined": "declined", "tentative": "tentitive"}
_SHOWN_AS = {"accepted": "busy", "tentative": "tentative", "declined": "free"}


def create(
    agenda: Agenda, body: Json, *, text: bool = False, uid: str | None = None, files: tuple[Attachment, ...] = ()
) -> Event:
    """Make an event of the body of a request; tests may give it `id`, `organizer` and `categories` too.

    Raises:
        ApiError: 400, it makes no sense.
    """
    start, end = _times(agenda, body, None, None)
    recurrence: Json | None = body.get("recurrence")
    series = None if recurrence is None else read_recurrence(recurrence, start)
    me = address(agenda.owner.name, agenda.owner.email)
    number, now = agenda.next_number(), agenda.clock()
    content: Json = {**_DEFAULTS, "organizer": {"emailAddress": me}, "categories": []}
    event = Event(
        body.get("id") or names.event_id(agenda.owner, agenda.id, number),
        start.at,
        start,
        end,
        content | {name: body[name] for name in ("organizer", "categories") if name in body},
        uid or names.ical_uid(agenda.owner, agenda.id, number),
        now,
        now,
        files,
        series,
    )
    event.content |= _content(agenda.owner, event, body, text=text)
    agenda.keep(event)
    return event


def change(agenda: Agenda, event: Event, body: Json) -> None:
    """Change an event as the body of a request says; what it leaves out stays.

    Raises:
        ApiError: 400, it makes no sense.
    """
    start, end = _times(agenda, body, event.start, event.end)
    series = _series(event, body, start)
    content = _content(agenda.owner, event, body, text=False)
    event.start, event.end, event.series = start, end, series
    event.content = {**event.content, **content}
    if event.master is not None:
        event.type = "modified"
    agenda.keep(event)


def respond(agenda: Agenda, event: Event, response: str, comment: str | None) -> None:
    """Answer an invitation.

    Raises:
        ApiError: 400, the account is not invited.
    """
    meeting: Json = event.content.get("meetingInfo") or {}
    me = agenda.owner.email
    if organizer_of(event) == me or not any(address_of(attendee) == me for attendee in meeting.get("attendees", ())):
        raise bad_request("The account is not invited to the event")
    answer: Json = {"response": _RESPONSES[response]} if response in _RESPONSES else {}
    if comment is not None:
        answer["comment"] = comment
    attendees: list[Json] = []
    for attendee in meeting["attendees"]:
        mine = address_of(attendee) == me
        kept = {name: value for name, value in attendee.items() if not (mine and name in ("response", "comment"))}
        attendees.append(kept | answer if mine else kept)
    event.content = {**event.content, "meetingInfo": {**meeting, "response": response, "attendees": attendees}}
    if response in _SHOWN_AS:
        event.content["showAs"] = _SHOWN_AS[response]
    if event.master is not None:
        event.type = "modified"
    agenda.keep(event)


def organizer_of(event: Event) -> str | None:
    """Give the organizer's address."""
    return address_of(event.content.get("organizer") or {})


def address_of(person: Json) -> str | None:
    """Give the address of an attendee or an organizer."""
    email: Json = person.get("emailAddress") or {}
    return email.get("address")


def _times(agenda: Agenda, body: Json, start: Moment | None, end: Moment | None) -> tuple[Moment, Moment]:
    if "start" in body:
        start = None if body["start"] is None else read_moment(body["start"], agenda.home, "start")
    if "end" in body:
        end = None if body["end"] is None else read_moment(body["end"], agenda.home, "end")
    if start is None or end is None:
        raise bad_request("An event has a start and an end")
    check_times(start, end)
    return start, end


def _series(event: Event, body: Json, start: Moment) -> Series | None:
    recurrence: Json | None = body.get("recurrence")
    if recurrence is None:
        return None if "recurrence" in body else event.series
    if event.master is not None:
        raise bad_request("An occurrence does not recur")
    return read_recurrence(recurrence, start)


def _content(owner: Owner, event: Event, body: Json, *, text: bool) -> Json:
    given = {name: default if body[name] is None else body[name] for name, default in _DEFAULTS.items() if name in body}
    if text and "description" in given:
        given["description"] = text_to_html(given["description"])
    if "meetingInfo" in body:
        given["meetingInfo"] = _meeting(
            owner, event, body["meetingInfo"] or {"attendees": None, "onlineMeeting": False}
        )
    return given


def _meeting(owner: Owner, event: Event, given: Json) -> Json | None:
    meeting: Json = dict(event.content.get("meetingInfo") or {})
    if "attendees" in given:
        known = {address_of(attendee): attendee for attendee in meeting.pop("attendees", ())}
        attendees = [_attendee(attendee, known) for attendee in given["attendees"] or ()]
        meeting |= {"attendees": attendees} if attendees else {}
    if given.get("attendeePermissions") is not None:
        meeting["attendeePermissions"] = given["attendeePermissions"]
    if given.get("onlineMeeting") is not None:
        meeting.pop("onlineMeetingProvider", None)
        meeting.pop("onlineMeetingDetails", None)
        if given["onlineMeeting"]:
            meeting |= online_meeting(owner, event.uid, given.get("onlineMeetingProvider"))
    if meeting.get("attendees") or "onlineMeetingDetails" in meeting:
        return {"canceled": False, "response": "accepted", **meeting}
    return None


def online_meeting(owner: Owner, uid: str, provider: str | None = None) -> Json:
    """Give the online meeting of an event; not every provider makes one."""
    provider = provider or _PROVIDERS.get(owner.service_type)
    if provider is None:
        return {}
    code = "".join(letter for letter in uid.lower() if letter.isalnum())[-10:]
    details = {
        "url": f"https://meet.example.com/{code}?authuser=0&pwd=a%2Bb",
        "phone": "+49 30 5550 0123",
        "pin": str(int.from_bytes(code.encode(), "big") % 1_000_000_000),
        "regionCode": "DE",
        "sip": f"sip:{code}@meet.example.com",
        "infoUrl": f"https://meet.example.com/info/{code}",
    }
    return {"onlineMeetingProvider": provider, "onlineMeetingDetails": details}


def _attendee(given: Json, known: dict[str | None, Json]) -> Json:
    person: Json = given.get("emailAddress") or {}
    if not person.get("address"):
        raise bad_request("An attendee has no address")
    same: Any = known.get(person["address"], {})
    attendee: Json = {
        "id": same.get("id") or f"attendee/{person['address']}",
        "emailAddress": address(person.get("name") or "", person["address"]),
        "type": given.get("type") or "required",
    }
    return attendee | {name: same[name] for name in ("response", "comment") if name in same}
