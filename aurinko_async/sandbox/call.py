"""One validated request as a handler sees it, its answer, and the register of handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from attrs import frozen

from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.contract import Json, Operation
from aurinko_async.sandbox.errors import page_invalid
from aurinko_async.sandbox.faults import Fault
from aurinko_async.sandbox.mailbox import Mailbox
from aurinko_async.sandbox.tokens import InvalidToken, ListCursor
from aurinko_async.sandbox.world import World

Position = tuple[float, int]


@frozen
class Reply:
    """An answer, ready to be sent."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    reason: str | None = None
    headers: Mapping[str, str] = {}


@frozen
class Call:
    """A request that fits the contract. Path, query and body are keyed by wire names."""

    world: World
    operation: Operation
    path: Json
    query: Json
    body: Json
    headers: Mapping[str, str]
    caller: Account | None
    fault: Fault | None = None

    @property
    def account(self) -> Account:
        """The account the credentials opened."""
        assert self.caller is not None, "this operation is not called for an account"
        return self.caller

    @property
    def mail(self) -> Mailbox:
        """The mailbox of that account."""
        return self.account.mail

    @property
    def now(self) -> float:
        return self.world.clock()

    def hit_by(self, kind: str) -> bool:
        """Whether this request has to go wrong this way."""
        return self.fault is not None and self.fault.kind == kind


Handler = Callable[[Call], Reply | Awaitable[Reply]]
PageReader = Callable[[Json, Position | None], tuple[list[Any], Position | None]]
HANDLERS: dict[str, Handler] = {}

Some = TypeVar("Some", bound=Handler)


def serves(operation: str) -> Callable[[Some], Some]:
    """Register the handler of an operation, by the operation's Python name."""

    def register(handler: Some) -> Some:
        if operation in HANDLERS:
            raise ValueError(f"{operation} has a handler already")
        HANDLERS[operation] = handler
        return handler

    return register


def reply(payload: Any, status: int = 200) -> Reply:
    """Answer with JSON."""
    return Reply(status, msgspec.json.encode(payload))


def done() -> Reply:
    """Answer `{"status": "Ok"}`."""
    return reply({"status": "Ok"})


def nothing() -> Reply:
    """Answer 200 with an empty body."""
    return Reply()


def token_page(call: Call, stream: str, question: Iterable[str], read: PageReader) -> Reply:
    """Answer a page of a list that pages by token.

    A page token remembers the parameters it was made for; a request may repeat them, but not change them.
    """
    asked: Json = {name: call.query[name] for name in question if name in call.query}
    position: Position | None = None
    if (token := call.query.get("pageToken")) is not None:
        cursor = _list_cursor(call, token, stream)
        if any(cursor.question.get(name) != value for name, value in asked.items()):
            raise page_invalid()
        asked, position = cursor.question, cursor.position
    records: list[Any] = []
    onward: Position | None = position or (float("inf"), 0)
    if not call.hit_by("empty_pages"):
        records, onward = read(asked, position)
    page: Json = {"length": len(records), "records": records}
    if onward is not None:
        account = call.account
        cursor = ListCursor(stream, account.id, account.next_serial(), onward, asked)
        page["nextPageToken"] = call.world.mint.issue(cursor)
    return reply(spoil(call, page))


def spoil(call: Call, page: Json) -> Json:
    """Spoil the tokens of a page as the request's fault says."""
    if call.hit_by("neither_token"):
        page.pop("nextPageToken", None)
        page.pop("nextDeltaToken", None)
    elif call.hit_by("repeat_page_token"):
        page.pop("nextDeltaToken", None)
        page["nextPageToken"] = call.query["pageToken"]
    elif call.hit_by("both_tokens"):
        token = page.get("nextPageToken") or page.get("nextDeltaToken")
        page["nextPageToken"] = page["nextDeltaToken"] = token
    return page


def _list_cursor(call: Call, token: str, stream: str) -> ListCursor:
    if call.hit_by("page_invalid"):
        raise page_invalid()
    try:
        cursor = call.world.mint.read(token, ListCursor)
    except InvalidToken as error:
        raise page_invalid() from error
    account = call.account
    if cursor.stream != stream or cursor.account != account.id or cursor.serial <= account.expired["page"]:
        raise page_invalid()
    return cursor
