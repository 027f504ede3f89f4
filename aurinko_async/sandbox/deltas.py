"""The two streams of a sync, over any collection: start, updated, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import msgspec

from aurinko_async.sandbox.call import Call, Reply, reply, spoil
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request, delta_expired, delta_invalid, page_invalid
from aurinko_async.sandbox.ledger import Entry, Ledger
from aurinko_async.sandbox.tokens import Cursor, InvalidToken

E = TypeVar("E", bound=Entry)
Stream = Literal["updated", "deleted"]


def start(
    call: Call,
    resource: str,
    ledger: Ledger[Any],
    *,
    since: float | None = None,
    until: float | None = None,
    body: str = "",
) -> Reply:
    """Answer a sync start: not ready for the first calls with these parameters, then a token for each stream."""
    account = call.account
    key = (resource, *sorted(call.query.items()))
    if call.hit_by("never_ready"):
        return reply({"ready": False})
    account.starts[key] = account.starts.get(key, 0) + 1
    if account.starts[key] <= call.world.ready_after:
        return reply({"ready": False})

    def token(stream: Stream) -> str:
        first = stream == "updated"
        name = f"{resource}/{stream}"
        run = 0 if ledger.pristine else call.world.run
        serial, born = account.next_serial(), call.world.born
        cursor = Cursor(
            "delta", name, account.id, serial, ledger.seq, since, body, first, born=born, run=run, until=until
        )
        return call.world.mint.issue(cursor)

    return reply({"ready": True, "syncUpdatedToken": token("updated"), "syncDeletedToken": token("deleted")})


def updated(call: Call, resource: str, ledger: Ledger[E], render: Callable[[E, str], Any]) -> Reply:
    """Answer a page of what was inserted or changed: by ordinal while the first pass lasts, then by change."""
    place = _place(call, f"{resource}/updated", ledger)

    def wanted(entry: E) -> bool:
        return entry.within(place.since, place.until, ever=not place.first)

    found: list[E] = []
    onward: int | None = place.after
    if not call.hit_by("empty_pages"):
        read = ledger.scan if place.first else ledger.changes
        found, onward = read(place.after, place.upto, wanted, call.world.page_size)
    return _page(call, place, ledger, [render(entry, place.body) for entry in found], onward)


def deleted(call: Call, resource: str, ledger: Ledger[Any]) -> Reply:
    """Answer a page of tombstones."""
    place = _place(call, f"{resource}/deleted", ledger)
    records: list[Json] = []
    onward: int | None = place.after
    if not call.hit_by("empty_pages"):
        found, onward = ledger.deletions(place.after, place.upto, call.world.page_size)
        records = [tombstone.record for tombstone in found]
    return _page(call, place, ledger, records, onward)


def _place(call: Call, stream: str, ledger: Ledger[Any]) -> Cursor:
    delta, page = call.query.get("deltaToken"), call.query.get("pageToken")
    if (delta is None) == (page is None):
        raise bad_request("Exactly one of deltaToken and pageToken is required")
    if page is not None:
        return _read(call, page, stream, "page")
    cursor = _read(call, delta or "", stream, "delta")
    after, upto = (0, ledger.last_ordinal) if cursor.first else (cursor.seq, ledger.seq)
    return msgspec.structs.replace(cursor, kind="page", seq=ledger.seq, after=after, upto=upto)


def _read(call: Call, token: str, stream: str, kind: Literal["delta", "page"]) -> Cursor:
    invalid = delta_invalid if kind == "delta" else page_invalid
    try:
        cursor = call.world.mint.read(token, Cursor)
    except InvalidToken as error:
        raise invalid() from error
    if (cursor.kind, cursor.stream, cursor.account) != (kind, stream, call.account.id):
        raise invalid()
    if cursor.serial <= call.account.expired[kind] or cursor.run not in (0, call.world.run):
        raise delta_expired() if kind == "delta" else page_invalid()
    return cursor


def _page(call: Call, place: Cursor, ledger: Ledger[Any], records: list[Any], onward: int | None) -> Reply:
    place = msgspec.structs.replace(
        place, serial=call.account.next_serial(), run=0 if ledger.pristine else call.world.run
    )
    page: Json = {"length": len(records), "records": records}
    if onward is None:
        end = msgspec.structs.replace(place, kind="delta", first=False, after=0, upto=0)
        page["nextDeltaToken"] = call.world.mint.issue(end)
    else:
        page["nextPageToken"] = call.world.mint.issue(msgspec.structs.replace(place, after=onward))
    return reply(spoil(call, page))
