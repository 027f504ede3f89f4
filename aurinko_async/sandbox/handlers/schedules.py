"""calendars.free_busy, suggest_meeting_times and work_hours."""

from __future__ import annotations

from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.calendars.free_time import busy_times
from aurinko_async.sandbox.calendars.moments import read_window
from aurinko_async.sandbox.calendars.suggesting import suggest
from aurinko_async.sandbox.call import Call, Reply, reply, serves
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.times import iso


@serves("calendars.free_busy")
def free_busy(call: Call) -> Reply:
    since, until = read_window(call.body)
    emails: list[str] = call.body.get("emails") or [call.account.email]
    return reply({"records": [_schedule(call, email, since, until) for email in emails]})


@serves("calendars.suggest_meeting_times")
def suggest_meeting_times(call: Call) -> Reply:
    request = {**call.body, "attendees": call.body.get("attendees") or [{"email": call.account.email}]}
    return reply(suggest(request, call.account.timezone, lambda email: _find(call, email)))


@serves("calendars.work_hours")
def work_hours(call: Call) -> Reply:
    emails: list[str] = call.body.get("emails") or [call.account.email]
    found = ((email, _find(call, email)) for email in emails)
    return reply({"items": [{"email": email, "workHours": who.work_hours} for email, who in found if who]})


def _schedule(call: Call, email: str, since: float, until: float) -> Json:
    account = _find(call, email)
    if account is None:
        return {"email": email, "error": "The mailbox could not be found"}
    items = [
        {"start": iso(busy.start), "end": iso(busy.end), "status": busy.status}
        for busy in busy_times(account.calendars.primary, since, until)
    ]
    return {"email": email, "items": items, "workHours": account.work_hours}


def _find(call: Call, email: str) -> Account | None:
    """Give the account of an address that the provider can look at."""
    for account in call.world.accounts:
        if account.email.lower() == email.lower() and not account.deleted and account.token_status == "active":
            return account
    return None
