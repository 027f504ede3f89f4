"""A call becomes a request; a response becomes a model or an error. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, TypeVar, cast
from urllib.parse import quote

import msgspec
from attrs import has

from aurinko_async import _codec, models
from aurinko_async._types import UNSET, Call, Request, Response
from aurinko_async.auth import Credentials, authorise
from aurinko_async.errors import (
    ApiError,
    BadRequest,
    CursorRejected,
    Forbidden,
    InvalidCursor,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    ProviderTimeout,
    RateLimited,
    ServerError,
    SyncTokenExpired,
    TokenDead,
    TokenRefreshFailed,
    Unauthorized,
)

T = TypeVar("T")

USER_AGENT = "aurinko-async"
_OPTIONS: Mapping[str, str] = {"bodyType": "BodyType", "mode": "CalendarMode", "required": "BookingRequiredMode"}
"""Query parameters with a closed list of values, and the model that has it: few calls need one."""
_OPAQUE = ("Token", "Id", "code")
"""Query parameters that end so are never empty."""
_BAD_CURSOR = (b"token.notValid", b"Page token is invalid")
"""What a 400 says, anywhere in its body, when it means the cursor."""
_INNER = ("originalError", "error", "innerError")
_NESTED = 6
"""How deep an error is looked into: the vendor's own library goes to 4, and providers may nest some more."""
_HEADER_NAME = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_SCALARS: tuple[type, ...] = (str, bytes, bytearray, memoryview, Mapping)
"""Iterables that are no list of values: text is one value, the others are none."""


# --- out


def build_request(call: Call[Any], base_url: str, credentials: Credentials) -> Request:
    """Make a request of a call.

    Raises:
        ConfigError: the credentials cannot authorise it.
        InvalidInput: an argument cannot be sent.
    """
    headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
    headers.update(authorise(credentials, call.audience, f"{call.method} {call.path}"))
    body = None
    if call.body is not UNSET:
        body = _codec.encode(call.body)
        headers["Content-Type"] = "application/json"
    for name, value in call.headers.items():
        if value is not UNSET and value is not None:
            for ours in [other for other in headers if other.lower() == name.lower()]:
                del headers[ours]
            headers[name] = _header(name, value)
    url = base_url + _path(call)
    if call.query:
        url += _query(call.query)
    return Request(call.method, url, headers, body)


def _path(call: Call[Any]) -> str:
    path = call.path
    for name, value in call.path_args.items():
        place = "{" + name + "}"
        if place not in path:
            raise InvalidInput(f"{call.path} has no place for {name}")
        path = path.replace(place, _segment(name, value), 1)
    if "{" in path:
        raise InvalidInput(f"{call.path}: a place in the path was given no value")
    return path


def _segment(name: str, value: object) -> str:
    text = _text(name, value)
    if not text.strip():
        raise InvalidInput(f"{name} is empty")
    if not text.strip("."):
        return text.replace(".", "%2E")
    return _quote(name, text)


def _quote(name: str, text: str) -> str:
    if type(text) is str and text.isascii() and text.isalnum():
        return text
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise InvalidInput(f"{name} holds a lone surrogate, which no URL can carry") from None


def _query(query: Mapping[str, object]) -> str:
    pairs: list[str] = []
    for name, value in query.items():
        if value is None or value is UNSET:
            continue
        if isinstance(value, _SCALARS) or not isinstance(value, Iterable):
            values: Iterable[object] = (value,)
        else:
            values = cast("Iterable[object]", value)
        pairs += [f"{_quote(name, name)}={_quote(name, _checked(name, _text(name, each)))}" for each in values]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _checked(name: str, text: str) -> str:
    options: Iterable[StrEnum] = getattr(models, _OPTIONS[name]) if name in _OPTIONS else ()
    if name in _OPTIONS and text not in list(options):
        raise InvalidInput(f"{name} must be one of {', '.join(map(repr, map(str, options)))}, not {text!r}")
    if not text.strip() and name.endswith(_OPAQUE):
        raise InvalidInput(f"{name} is empty")
    return text


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise InvalidInput(f"{name} is a naive datetime ({value.isoformat()}): give it a time zone")
    if isinstance(value, date):
        return value.isoformat()
    raise InvalidInput(f"{name} cannot be a {type(value).__name__}")


def _header(name: str, value: object) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} is not the name of a header")
    text = _text(name, value)
    if not text.isprintable() or not text.isascii():
        raise InvalidInput(f"{name} has a character that a header cannot carry")
    return text


# --- in


def parse_response(call: Call[T], response: Response) -> T:
    """Decode an answer with a good status; of something that was done it may be empty.

    Raises:
        ApiError: the status is not a good one.
        DecodeError: the body is not what the API documents.
    """
    if 200 <= response.status < 300:
        nothing = call.method != "GET" and has(call.result) and not response.body.strip()
        return _codec.decode(call.result, b"{}" if nothing else response.body)
    raise error_of(call, response)


def error_of(call: Call[Any], response: Response) -> ApiError:
    """The exception for an error status, with all that its body tells (envelope, provider's error, page, nothing)."""
    envelope = _envelope(response.body)
    code, message = _told(envelope)
    kind = _kind(response.status, code, response.body)
    return kind(
        response.status,
        message or _title(response.body) or response.reason or "no message",
        code=code,
        request_id=_string(envelope.get("requestId")),
        provider_error=envelope.get("originalError", envelope.get("error")),
        method=call.method,
        path=call.path,
    )


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def _told(envelope: dict[str, Any]) -> tuple[str | None, str | None]:
    """The vendor's code and message; where it gave none, the ones deepest in the provider's error."""
    code = message = None
    for inner in _provider_errors(envelope):
        code = _string(inner.get("code")) or code
        message = _string(inner.get("message")) or message
    return _string(envelope.get("code")) or code, _string(envelope.get("message")) or message


def _provider_errors(envelope: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The errors within an error, from the outside in."""
    error = envelope
    for _ in range(_NESTED):
        inner: Any = next((error[key] for key in _INNER if error.get(key) is not None), None)
        if isinstance(inner, str):
            inner = {"message": inner}
        if not isinstance(inner, dict):
            return
        error = cast("dict[str, Any]", inner)
        yield error


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _title(body: bytes) -> str | None:
    found = re.search(rb"<title[^>]*>\s*(.{1,200}?)\s*</title>", body[:4096], re.IGNORECASE | re.DOTALL)
    return found[1].decode("utf-8", "replace") if found else None


_BY_CODE: Mapping[tuple[int, str | None], type[ApiError]] = {
    (401, "token.dead"): TokenDead,
    (401, "token.refresh.failed"): TokenRefreshFailed,
}
_BY_STATUS: Mapping[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    408: ProviderTimeout,
    410: SyncTokenExpired,
    412: PreconditionFailed,
    429: RateLimited,
}


def _kind(status: int, code: str | None, body: bytes) -> type[ApiError]:
    if status == 400 and any(words in body for words in _BAD_CURSOR):
        return InvalidCursor
    if code == "syncToken.expired" and status != 410:
        return CursorRejected
    if (status, code) in _BY_CODE:
        return _BY_CODE[status, code]
    return _BY_STATUS.get(status, ServerError if status >= 500 else ApiError)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that `Retry-After` asks for, as a number or as a date; `now` is the time of day in epoch seconds."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.replace(".", "", 1).isdecimal():
        return float(value)
    try:
        date_asked = parsedate_to_datetime(value)
        # A date in `-0000` comes without a zone: it is UTC, and not where this machine stands.
        zoned = date_asked if date_asked.tzinfo else date_asked.replace(tzinfo=UTC)
        return max(0.0, zoned.timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
