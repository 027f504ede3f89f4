"""calendars.events.*"""

from __future__ import annotations

import base64
from typing import Any

from aurinko_async.sandbox.calendars.agenda import Agenda
from aurinko_async.sandbox.calendars.events import Event
from aurinko_async.sandbox.calendars.moments import read_moment, read_window
from aurinko_async.sandbox.calendars.rendering import changed, etag, full, global_id, listed, occurrence_info
from aurinko_async.sandbox.calendars.writing import change, create, respond
from aurinko_async.sandbox.call import Call, Position, Reply, done, nothing, reply, serves, token_page
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import not_found
from aurinko_async.sandbox.records import require_match

# What a request cannot say of an event, though tests can.
_READ_ONLY = ("id", "organizer", "categories")


@serves("calendars.events.list")
def list_events(call: Call) -> Reply:
    agenda = _agenda(call)
    read_window(call.query)

    def read(question: Json, position: Position | None) -> tuple[list[Any], Position | None]:
        return _page(call, agenda, agenda.instances(*read_window(question)), position)

    return token_page(call, f"events/{agenda.id}", ("timeMin", "timeMax"), read)


@serves("calendars.events.find")
def find_events(call: Call) -> Reply:
    agenda = _agenda(call)

    def read(question: Json, position: Position | None) -> tuple[list[Any], Position | None]:
        wanted = set(question["iCalUId"])
        found = [event for event in agenda.ledger if event.uid in wanted and not event.cancelled]
        return _page(call, agenda, sorted(found, key=_place), position)

    return token_page(call, f"events/find/{agenda.id}", ("iCalUId",), read)


@serves("calendars.events.create")
def create_event(call: Call) -> Reply:
    agenda = _writable(call)
    event = create(agenda, _said(call), text=call.query.get("bodyType") == "text")
    return reply(changed(agenda, event, with_record=call.query["returnRecord"]), 201)


@serves("calendars.events.get")
def get_event(call: Call) -> Reply:
    agenda = _agenda(call)
    return reply(full(agenda, agenda.get(call.path["eventId"])))


@serves("calendars.events.update")
def update_event(call: Call) -> Reply:
    agenda = _writable(call)
    event = agenda.get(call.path["eventId"])
    require_match(etag(agenda, event), call.headers.get("If-Match"))
    change(agenda, event, _said(call))
    return reply(changed(agenda, event, with_record=call.query["returnRecord"]))


@serves("calendars.events.delete")
def delete_event(call: Call) -> Reply:
    agenda = _writable(call)
    agenda.remove(agenda.get(call.path["eventId"]))
    return nothing()


@serves("calendars.events.get_attachment")
def get_attachment(call: Call) -> Reply:
    for file in _agenda(call).get(call.path["eventId"]).files:
        if file.id == call.path["attachmentId"]:
            return reply({"content": base64.b64encode(file.content).decode()})
    raise not_found("The attachment could not be found")


@serves("calendars.events.respond")
def respond_to_event(call: Call) -> Reply:
    agenda = _writable(call)
    respond(agenda, agenda.get(call.path["eventId"]), call.body["response"], call.body.get("comment"))
    return done()


@serves("calendars.events.get_series")
def get_series(call: Call) -> Reply:
    agenda = _agenda(call)
    master = agenda.master(call.path["masterId"])
    assert master.series is not None, "a master is a series"
    exceptions = agenda.exceptions(master)
    return reply(
        {
            "id": master.id,
            "globalId": global_id(master),
            "recurrence": full(agenda, master)["recurrence"],
            "modifiedOccurrences": [occurrence_info(agenda, event) for event in exceptions if not event.cancelled],
            "deletedOccurrences": [occurrence_info(agenda, event) for event in exceptions if event.cancelled],
        }
    )


@serves("calendars.events.get_occurrence")
def get_occurrence(call: Call) -> Reply:
    agenda = _agenda(call)
    master = agenda.master(call.path["masterId"])
    return reply(full(agenda, agenda.occurrence_at(master, read_moment(call.path["ost"], master.start.zone, "ost"))))


def _agenda(call: Call) -> Agenda:
    return call.account.calendars.agenda(call.path["calendarId"])


def _writable(call: Call) -> Agenda:
    return call.account.calendars.writable(call.path["calendarId"])


def _said(call: Call) -> Json:
    return {name: value for name, value in call.body.items() if name not in _READ_ONLY}


def _place(event: Event) -> Position:
    return event.start.at, event.ordinal


def _page(
    call: Call, agenda: Agenda, events: list[Event], position: Position | None
) -> tuple[list[Json], Position | None]:
    """Give the events after a place; `events` are in the order of their places."""
    after = position if position is not None and position[0] != float("inf") else (float("-inf"), 0)
    rest = [event for event in events if _place(event) > after]
    page = rest[: call.world.page_size]
    onward = _place(page[-1]) if len(rest) > len(page) else None
    return [listed(agenda, event) for event in page], onward
