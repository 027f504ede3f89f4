"""What a browser brings back from an authorisation."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from attrs import field

from aurinko_async.errors import AuthorizationFailed, InvalidInput, StateRejected
from aurinko_async.models._model import model

# The vendor documents neither of these names; each is used by some of its own answers.
_TOKENS = ("token", "accessToken")
_REASONS = ("error", "errorDescription", "error_description", "errorMessage", "message")
_BRINGS = {"code": ("code",), "token": _TOKENS, "cookie": (), "none": ()}


@model
class AuthCallback:
    """A successful authorisation, as the URL has it that the browser came back to.

    Attributes:
        code: For `client.auth.exchange_code`; it works once.
        token: The account's access token, with `response_type="token"`.
        account_id: The account, where the URL tells.
    """

    code: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    account_id: int | None = None


def parse_callback(url: str, *, state: str, response_type: str = "code") -> AuthCallback:
    """Read the URL that a browser came back to, once it is certain that it is an answer to your own request.

    Args:
        url: The URL with its query; its path with the query, or the query alone, is enough.
        state: The state that the browser was sent away with, from the session of the user who comes back.
        response_type: What the URL was asked to bring: `code`, `token`, or nothing with `cookie` and `none`.

    Raises:
        StateRejected: it has another state, or cannot be read.
        AuthorizationFailed: it does not tell of success, or does not bring what was asked for.
        InvalidInput: `state` is empty, or there is no such `response_type`.
    """
    if not state:
        raise InvalidInput("state is empty: whoever sends a browser away must remember with what")
    if response_type not in _BRINGS:
        raise InvalidInput(f"response_type must be one of {', '.join(_BRINGS)}")
    query = read_query(url)
    if not hmac.compare_digest(_bytes(query.get("state", "")), _bytes(state)):
        raise StateRejected("the state is not the one that the browser was sent away with: ignore this visit")
    return read_answer(query, response_type)


def read_query(url: str) -> dict[str, str]:
    """Read the query of a URL that a browser came back to. Nothing in it is to be believed yet.

    Raises:
        StateRejected: the vendor sends no browser to such a URL.
    """
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query if "?" in url else parts.path, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise StateRejected("the URL cannot be read: ignore this visit") from None
    query = dict(pairs)
    if len(query) != len(pairs):
        raise StateRejected("the URL has a parameter twice: ignore this visit")
    return query


def read_answer(query: Mapping[str, str], response_type: str) -> AuthCallback:
    """Read what a query tells whose `state` was found good.

    Raises:
        AuthorizationFailed: it does not tell of success, or does not bring what was asked for.
    """
    status = query.get("status")
    if status != "success":
        reason = next((_shown(query[name]) for name in _REASONS if query.get(name)), None)
        raise AuthorizationFailed("the authorisation did not succeed", status=status and _shown(status), reason=reason)
    wanted = _BRINGS[response_type]
    if wanted and not any(query.get(name) for name in wanted):
        raise AuthorizationFailed(f"the URL has no {response_type}", status=status)
    account_id = query.get("accountId", "")[:20]  # int() refuses what is endless
    return AuthCallback(
        code=query.get("code") or None,
        token=next((query[name] for name in _TOKENS if query.get(name)), None),
        account_id=int(account_id) if account_id.isascii() and account_id.isdecimal() else None,
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _shown(text: str) -> str:
    """What somebody else wrote, on one short line."""
    return "".join(character if character.isprintable() else " " for character in text[:200])
