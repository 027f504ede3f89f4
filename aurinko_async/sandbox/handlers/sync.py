"""email.sync.*"""

from __future__ import annotations

from aurinko_async.sandbox.call import Call, Reply, serves
from aurinko_async.sandbox.deltas import deleted, start, updated
from aurinko_async.sandbox.errors import bad_request
from aurinko_async.sandbox.times import DAY


@serves("email.sync.start")
def email_start(call: Call) -> Reply:
    days: int | None = call.query.get("daysWithin")
    if days is not None and days < 0:
        raise bad_request("daysWithin is negative")
    since = None if days is None else call.now - days * DAY
    return start(call, "email", call.mail.ledger, since=since, body=call.query.get("bodyType", "html"))


@serves("email.sync.updated")
def email_updated(call: Call) -> Reply:
    return updated(call, "email", call.mail.ledger, call.mail.render.encoded)


@serves("email.sync.deleted")
def email_deleted(call: Call) -> Reply:
    return deleted(call, "email", call.mail.ledger)
