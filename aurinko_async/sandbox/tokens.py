"""Opaque tokens: cursors signed with the sandbox's own secret, with characters in them that a URL must escape."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Literal, TypeVar

import msgspec

from aurinko_async.sandbox.contract import Json

# Every token ends with these, so a client that does not escape a query value never gets past its first page.
_TAIL = "%2B+/="
_SIGNATURE_BYTES = 12


class InvalidToken(Exception):
    """Not a token of this sandbox, or not of this kind."""


class Cursor(msgspec.Struct, frozen=True, array_like=True, tag="sync"):
    """A place in a sync stream: what a delta token knows, or where a chain of pages stands.

    `seq` is the change the next delta token will know; `after` and `upto` are ordinals while `first`, changes later.
    `born` is the sandbox's; `run` is 0 while the collection is as it was born, which its twins in other processes
    share, and the sandbox's own number after that.
    """

    kind: Literal["delta", "page"]
    stream: str
    account: int
    serial: int
    seq: int
    since: float | None
    body: str
    first: bool
    after: int = 0
    upto: int = 0
    born: float | None = None
    run: int = 0
    until: float | None = None


class ListCursor(msgspec.Struct, frozen=True, array_like=True, tag="list"):
    """A place in a list that is not a sync: after which record, and for which question."""

    stream: str
    account: int
    serial: int
    position: tuple[float, int]
    question: Json


AnyCursor = TypeVar("AnyCursor", Cursor, ListCursor)


def born_of(token: str) -> float | None:
    """Tell when the sandbox was born that a sync token claims to be from: None if it does not say."""
    try:
        data = base64.b64decode(token.removesuffix(_TAIL), validate=True)
        return msgspec.msgpack.decode(data[_SIGNATURE_BYTES:], type=Cursor).born
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None


class Mint:
    """Makes tokens of cursors and takes them back."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, cursor: Cursor | ListCursor) -> str:
        payload = msgspec.msgpack.encode(cursor)
        return base64.b64encode(self._sign(payload) + payload).decode() + _TAIL

    def read(self, token: str, cursor_type: type[AnyCursor]) -> AnyCursor:
        """Give the cursor back.

        Raises:
            InvalidToken: it was made elsewhere, changed on the way, or is of another kind.
        """
        if not token.endswith(_TAIL):
            raise InvalidToken
        try:
            data = base64.b64decode(token[: -len(_TAIL)], validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidToken from error
        signature, payload = data[:_SIGNATURE_BYTES], data[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(payload)):
            raise InvalidToken
        try:
            return msgspec.msgpack.decode(payload, type=cursor_type)
        except msgspec.ValidationError as error:
            raise InvalidToken from error

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._secret, payload, hashlib.sha256)[:_SIGNATURE_BYTES]
