"""An API built from the contract's tables alone: it checks each request, and answers with what it is told to.

It knows nothing of the package. A request that is not what the contract says is answered with a 400 that tells why.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_to_bytes

from attrs import define, field, frozen

from support.contract import OPERATIONS, SECURITY
from support.contract_values import problems, text_problems
from support.server import Arrived, Server, reply

Operation = dict[str, Any]

ACCOUNT = (
    ("AccountToken",),
    ("AppAuth", "AccountIdHeader"),
    ("UserSessionHeader", "AccountIdHeader"),
    ("UserSessionCookie", "ClientIdHeader", "AccountIdHeader"),
    ("ExchangeIdToken", "AuthTypeHeader", "ClientIdHeader", "AccountIdHeader"),
)
"""The alternatives of an operation of an account."""

USER = (("UserSessionCookie", "ClientIdHeader"), ("UserSessionHeader",))
"""The alternatives of an operation of a user: the table has the first as two, the vendor's samples and text as one,
and its own SDK sends the second."""

PREPARE = ("ExchangeIdToken", "AuthTypeHeader", "ClientIdHeader")
"""How an Exchange identity token is presented the first time, when there is no account yet."""

ALSO = {"X-Aurinko-Client-Id": "X-Aurinko-ClientId", "X-Aurinko-Auth-Type": "X-Aurinko-AuthType"}
"""Headers that the vendor spells in two ways: both must be there."""

SHAPES = {
    "basic": r"Basic [A-Za-z0-9+/]+=*",
    "bearer": r"Bearer \S+",
    "UserSessionCookie": r"AUR\w+=[^\s;,]+",
    "AccountIdHeader": r"[1-9]\d*",
    "AuthTypeHeader": r"exchangeIdToken",
}

PLAIN = {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length", "connection"}
"""Headers that say nothing to the API."""

JOINED = {"scopes", "nativeScopes"}
"""Arrays that are one value with spaces between."""

BEYOND: dict[str, dict[str, Any]] = {
    "user.accounts.list": {"pageToken": {"type": "string"}},
    "followup.rules.list": {"limit": {"type": "integer"}, "offset": {"type": "integer"}},
}
"""Query parameters that the table lacks: the page of one names a next one, the vendor's SDK counts the other."""


class Broken(Exception):
    """The request is not what the contract says."""


@frozen
class Request:
    """A request that is what the contract says, decoded.

    Attributes:
        scheme: The alternative of credentials that it came with.
        credentials: Their headers.
        empty: Whether it had no body.
    """

    operation: Operation
    path: dict[str, str]
    query: dict[str, list[str]]
    headers: dict[str, str]
    scheme: tuple[str, ...]
    credentials: dict[str, str]
    body: Any
    empty: bool

    @property
    def name(self) -> str:
        return str(self.operation["python"])


def success(operation: Operation) -> tuple[int, str | None, dict[str, Any] | None]:
    """The status, the content type and the schema of a good answer."""
    status, contents = next((s, c) for s, c in operation["responses"].items() if s[0] in "23")
    kind, schema = next(iter(contents.items())) if contents else (None, None)
    return int(status), kind, schema


def schemes(operation: Operation) -> tuple[tuple[str, ...], ...]:
    """The alternatives of credentials, any one of which authorises an operation."""
    if operation["operation"] == "prepareAuth":
        return (*ACCOUNT, PREPARE)
    if operation["auth"] == "account":
        return ACCOUNT
    if operation["auth"] == [["UserSessionCookie"], ["ClientIdHeader"]]:
        return USER
    return tuple(map(tuple, operation["auth"])) or ((),)


# --- the parts of a request


def _segment(raw: str, where: str) -> str:
    if not re.fullmatch(r"(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})+", raw) or raw in (".", ".."):
        raise Broken(f"{where}: {raw!r} is not one percent-encoded segment")
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise Broken(f"{where}: {raw!r} is no UTF-8") from None


def route(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """The operation that a raw path means, and its decoded path parameters. Literal segments go before parameters."""
    segments = path.split("/")
    found: list[tuple[list[bool], Operation]] = []
    for operation in OPERATIONS:
        template = operation["path"].split("/")
        free = [part.startswith("{") for part in template]
        fits = all(is_free or part == raw for is_free, part, raw in zip(free, template, segments, strict=False))
        if operation["method"] == method and len(template) == len(segments) and fits:
            found.append((free, operation))
    if not found:
        raise Broken(f"no operation is {method} {path}")
    free, operation = min(found, key=lambda match: match[0])
    names = [part[1:-1] for part, is_free in zip(operation["path"].split("/"), free, strict=True) if is_free]
    values = [raw for raw, is_free in zip(segments, free, strict=True) if is_free]
    return operation, {name: _segment(raw, name) for name, raw in zip(names, values, strict=True)}


def _query(raw: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair in raw.split("&") if raw else ():
        if not re.fullmatch(r"\w+=(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*", pair):
            raise Broken(f"query: {pair[:80]!r} is not a name and a percent-encoded value")
        name, _, value = pair.partition("=")
        found.setdefault(name, []).append(unquote_to_bytes(value).decode())
    return found


def _parameter_problems(parameter: dict[str, Any], values: list[str], seen: set[str]) -> Iterator[str]:
    schema, name = parameter["schema"], parameter["name"]
    if "ref" in schema.get("items", schema):
        seen.add(schema.get("items", schema)["ref"])
    if schema.get("type") == "array":
        if name in JOINED and len(values) > 1:
            yield f"{name} came {len(values)} times"
        for item in values[0].split(" ") if name in JOINED else values:
            yield from text_problems(schema["items"], item, name)
    elif len(values) > 1:
        yield f"{name} came {len(values)} times"
    else:
        yield from text_problems(schema, values[0], name)


def _scheme(operation: Operation, sent: dict[str, str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The alternative whose headers these are: all of them, and no other."""
    given = {name: value for name, value in sent.items() if name.startswith("x-aurinko-")}
    given |= {name: sent[name] for name in ("authorization", "cookie") if name in sent}
    for scheme in schemes(operation):
        wanted: dict[str, str] = {}
        for name in scheme:
            entry = SECURITY[name]
            place = {"http": "Authorization", "apiKey": entry.get("name", "")}[entry["type"]]
            place = "Cookie" if entry.get("in") == "cookie" else place
            for spelling in (place, *([ALSO[place]] if place in ALSO else [])):
                wanted[spelling.lower()] = SHAPES.get(name) or SHAPES.get(entry.get("scheme", "")) or r"\S+"
        alike = all(given.get(one.lower()) == given.get(other.lower()) for one, other in ALSO.items())
        if wanted.keys() == given.keys() and alike and all(re.fullmatch(wanted[name], given[name]) for name in wanted):
            return scheme, given
    raise Broken(f"the credentials {sorted(given)} are none of {schemes(operation)}")


def _body(operation: Operation, arrived: Arrived, sent: dict[str, str], seen: set[str]) -> Any:
    if not arrived.body:
        if "content-type" in sent:
            raise Broken("there is no body, but a Content-Type")
        return None
    if operation["body"] is None:
        raise Broken("there is a body")
    ((kind, schema),) = operation["body"]["content"].items()
    if sent.get("content-type", "").partition(";")[0] != kind:
        raise Broken(f"the body is {sent.get('content-type')}, not {kind}")
    body = json.loads(arrived.body.decode(), object_pairs_hook=_object)
    found = list(problems(schema, body, "body", seen))
    if found:
        raise Broken("; ".join(found))
    return body


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Broken(f"a key comes twice in {[key for key, _ in pairs]}")
    return made


def check(arrived: Arrived, seen: set[str]) -> Request:
    """Take a request apart; `seen` gets the schemas that it was held against.

    Raises:
        Broken: it is not what the contract says.
    """
    operation, path = route(arrived.method, arrived.path)
    query = _query(arrived.query)
    sent = {name.lower(): value for name, value in arrived.headers}
    known = {p["name"]: p for p in operation["params"] if p["in"] == "query"}
    known |= {name: {"name": name, "schema": s} for name, s in BEYOND.get(operation["python"], {}).items()}
    headers = {p["name"]: p for p in operation["params"] if p["in"] == "header"}

    found = [f"there is no query parameter {name}" for name in query if name not in known]
    found += [f"{name} is missing" for name, p in known.items() if p.get("required") and name not in query]
    found += [f"{name} is missing" for name, p in headers.items() if p["required"] and name.lower() not in sent]
    for name in query.keys() & known.keys():
        found += _parameter_problems(known[name], query[name], seen)
    for parameter in operation["params"]:
        if parameter["in"] == "path":
            found += text_problems(parameter["schema"], path[parameter["name"]], parameter["name"])
    scheme, credentials = _scheme(operation, sent)
    strange = sent.keys() - PLAIN - credentials.keys() - {name.lower() for name in headers}
    found += [f"the header {name} is not one of the operation" for name in sorted(strange)]
    _, kind, _ = success(operation)
    if kind and kind not in sent.get("accept", "") and "*/*" not in sent.get("accept", ""):
        found.append(f"{kind} is not accepted")
    if len(sent) != len(arrived.headers):
        found.append(f"a header comes twice in {arrived.headers}")
    if found:
        raise Broken("; ".join(found))
    named = {name: sent[name.lower()] for name in headers if name.lower() in sent}
    body = _body(operation, arrived, sent, seen)
    return Request(operation, path, query, named, scheme, credentials, body, not arrived.body)


def decode_basic(header: str) -> str:
    return base64.b64decode(header.removeprefix("Basic "), validate=True).decode()


@define(eq=False)
class ContractServer(Server):
    """Answers each request with the next of `answers` (no body when there is none) and the contract's status.

    Attributes:
        got: The requests that were what the contract says.
        seen: The schemas that they were held against.
        failing: Answer with this status instead.
    """

    answers: list[bytes] = field(factory=list)
    got: list[Request] = field(factory=list)
    seen: set[str] = field(factory=set)
    failing: int | None = None

    def __attrs_post_init__(self) -> None:
        self.default = self._answer

    async def _answer(self, arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        try:
            request = check(arrived, self.seen)
        except Broken as broken:
            error = {"code": "contract", "message": f"{arrived.method} {arrived.path}: {broken}"}
            await reply(error, 400)(arrived, writer)
            return
        self.got.append(request)
        status, kind, _ = success(request.operation)
        body = self.answers.pop(0) if self.answers else b""
        headers = {"Content_Type": kind} if kind else {}
        with suppress(ConnectionError):
            await reply(body, self.failing or status, **headers)(arrived, writer)
