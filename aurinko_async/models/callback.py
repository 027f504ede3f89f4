"""What a browser brings back from an authorisation."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, urlsplit

from attrs import field

from aurinko_async.errors import AuthorizationFailed, InvalidInput
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
        url: The URL with its query; its path with the query is enough.
        state: The state that the browser was sent away with, from the session of the user who comes back.
        response_type: What the URL was asked to bring: `code`, `token`, or nothing with `cookie` and `none`.

    Raises:
        AuthorizationFailed: it has another state, does not tell of success, or does not bring what was asked for.
        InvalidInput: `state` is empty, or there is no such `response_type`.
    """
    if not state:
        raise InvalidInput("state is empty: whoever sends a browser away must remember with what")
    if response_type not in _BRINGS:
        raise InvalidInput(f"response_type must be one of {', '.join(_BRINGS)}")
    query = _query(url)
    if not hmac.compare_digest(_bytes(query.get("state", "")), _bytes(state)):
        raise AuthorizationFailed("the state is not the one that the browser was sent away with: ignore this visit")
    status = query.get("status")
    if status != "success":
        reason = next((_shown(query[name]) for name in _REASONS if query.get(name)), None)
        raise AuthorizationFailed("the authorisation did not succeed", status=status and _shown(status), reason=reason)
    wanted = _BRINGS[response_type]
    if wanted and not any(query.get(name) for name in wanted):
        raise AuthorizationFailed(f"the URL has no {response_type}", status=status)
    account_id = query.get("accountId", "")
    return AuthCallback(
        code=query.get("code") or None,
        token=next((query[name] for name in _TOKENS if query.get(name)), None),
        account_id=int(account_id) if account_id.isascii() and account_id.isdecimal() else None,
    )


def _query(url: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise AuthorizationFailed("the URL cannot be read") from None
    query = dict(pairs)
    if len(query) != len(pairs):
        raise AuthorizationFailed("the URL has a parameter twice")
    return query


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _shown(text: str) -> str:
    """What somebody else wrote, on one short line."""
    return "".join(character if character.isprintable() else " " for character in text[:200])
