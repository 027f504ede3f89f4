"""calendars.list, create, get, update, and calendars.sync.*"""

from __future__ import annotations

from typing import Any

from aurinko_async.sandbox import deltas
from aurinko_async.sandbox.calendars.agenda import Agenda
from aurinko_async.sandbox.calendars.events import Event
from aurinko_async.sandbox.calendars.moments import read_window
from aurinko_async.sandbox.calendars.rendering import listed
from aurinko_async.sandbox.call import Call, Position, Reply, reply, serves, token_page
from aurinko_async.sandbox.contract import Json


@serves("calendars.list")
def list_calendars(call: Call) -> Reply:
    def read(question: Json, position: Position | None) -> tuple[list[Any], Position | None]:
        after = position[1] if position is not None and position[0] != float("inf") else 0
        numbered = [(number, agenda) for number, agenda in enumerate(call.account.calendars, 1) if number > after]
        wanted = [(number, agenda) for number, agenda in numbered if _is_asked_for(call, agenda, question)]
        page = wanted[: call.world.page_size]
        onward = (0.0, page[-1][0]) if len(wanted) > len(page) else None
        return [agenda.record for _, agenda in page], onward

    return token_page(call, "calendars", ("withShared", "mode"), read)


@serves("calendars.create")
def create_calendar(call: Call) -> Reply:
    return reply(call.account.calendars.create(call.body).record)


@serves("calendars.get")
def get_calendar(call: Call) -> Reply:
    return reply(call.account.calendars.agenda(call.path["id"]).record)


@serves("calendars.update")
def update_calendar(call: Call) -> Reply:
    agenda = call.account.calendars.writable(call.path["id"])
    agenda.record |= {name: call.body[name] for name in ("name", "description") if call.body.get(name) is not None}
    return reply(agenda.record)


@serves("calendars.sync.start")
def start_events(call: Call) -> Reply:
    agenda = _agenda(call)
    since, until = read_window(call.query)
    return deltas.start(call, _stream(agenda), agenda.ledger, since=since, until=until)


@serves("calendars.sync.updated")
def updated_events(call: Call) -> Reply:
    agenda = _agenda(call)

    def render(event: Event, _: str) -> Json:
        return listed(agenda, event)

    return deltas.updated(call, _stream(agenda), agenda.ledger, render)


@serves("calendars.sync.deleted")
def deleted_events(call: Call) -> Reply:
    agenda = _agenda(call)
    return deltas.deleted(call, _stream(agenda), agenda.ledger)


def _agenda(call: Call) -> Agenda:
    return call.account.calendars.agenda(call.path["calendarId"])


def _stream(agenda: Agenda) -> str:
    return f"calendars/{agenda.id}"


def _is_asked_for(call: Call, agenda: Agenda, question: Json) -> bool:
    """Whether a list shows it: shared ones on request; the groups' ones too, which only Office365 has."""
    if question.get("mode") == "group" and call.account.service_type == "Office365":
        return agenda.group
    return not agenda.group and (question.get("withShared", False) or agenda.role == "owner")
