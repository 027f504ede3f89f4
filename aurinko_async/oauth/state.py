"""The `state` of an authorisation: signed, bound to a session, good for a while. Pure.

    base64url( version | expires | nonce | mark | payload | signature )

The mark is a MAC of nonce and session: it tells the vendor nothing of the session, and two states of one session
do not show that they belong together. The payload is not encrypted.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from collections.abc import Sequence
from typing import Final, Self, TypeAlias

from attrs import field, frozen

from aurinko_async.errors import ConfigError, InvalidInput, StateExpired, StateRejected

Secrets: TypeAlias = str | bytes | Sequence[str | bytes]

NONCE_BYTES: Final = 16
SHORTEST_SECRET: Final = 16
"""Bytes. Of a secret made at random, these are 128 bits: beyond guessing."""
LONGEST_PAYLOAD: Final = 1000
"""Bytes. The state is part of two URLs, and some servers take no more than 2,000 characters of one."""

_VERSION: Final = b"\x01"
_HEAD: Final = struct.Struct(">cQ16s16s")  # version, milliseconds since the epoch, nonce, mark
_SIGNATURE_BYTES: Final = 32
_LONGEST: Final = -(-(_HEAD.size + LONGEST_PAYLOAD + _SIGNATURE_BYTES) * 4 // 3)
_FOREIGN: Final = "the state is not one that was given out here: ignore this visit"


@frozen
class Seal:
    """What states are signed with: the first key signs, each is good for reading."""

    _keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, secrets: Secrets) -> Self:
        """Make the keys of one secret, or of several while they are changed: the new one first.

        Raises:
            ConfigError: there is none, or one is too short.
        """
        if isinstance(secrets, str | bytes):
            secrets = [secrets]
        if not secrets:
            raise ConfigError("state_secret is empty")
        return cls(tuple(map(_key, secrets)))

    def issue(self, *, bound_to: str, expires: float, nonce: bytes, payload: str) -> str:
        """Make a state, which is text that a URL carries as it is.

        Raises:
            InvalidInput: `bound_to` is empty, or the payload is too long.
        """
        if not bound_to:
            raise InvalidInput("bound_to is empty: a state that is nobody's protects nobody")
        content = _bytes(payload)
        if len(content) > LONGEST_PAYLOAD:
            raise InvalidInput(f"payload has {len(content):,} bytes, and {LONGEST_PAYLOAD:,} are the most")
        key = self._keys[0]
        body = _HEAD.pack(_VERSION, int(expires * 1000), nonce, _mark(key, nonce, bound_to)) + content
        return base64.urlsafe_b64encode(body + _signature(key, body)).rstrip(b"=").decode()

    def open(self, state: str, *, bound_to: str, now: float) -> str:
        """Give the payload of a state that came back.

        Raises:
            StateRejected: it was not made with one of these keys, or for another session.
            StateExpired: it is too old.
        """
        if not state:
            raise StateRejected("the URL has no state: ignore this visit")
        sealed = _decoded(state)
        body, signature = sealed[:-_SIGNATURE_BYTES], sealed[-_SIGNATURE_BYTES:]
        signed = [key for key in self._keys if hmac.compare_digest(_signature(key, body), signature)]
        if not signed or len(body) < _HEAD.size or body[:1] != _VERSION:
            raise StateRejected(_FOREIGN)
        _, expires, nonce, mark = _HEAD.unpack_from(body)
        if not bound_to or not hmac.compare_digest(_mark(signed[0], nonce, bound_to), mark):
            raise StateRejected("the state was given to another session: ignore this visit")
        if now * 1000 >= expires:
            raise StateExpired("the state has expired: send the browser away again")
        return body[_HEAD.size :].decode("utf-8", "surrogatepass")


def _key(secret: str | bytes) -> bytes:
    raw = _bytes(secret) if isinstance(secret, str) else secret
    if len(raw) < SHORTEST_SECRET:
        raise ConfigError(f"state_secret needs {SHORTEST_SECRET} bytes or more: secrets.token_urlsafe(32) makes one")
    # The application may sign other things with its secret: nothing of that can pass for a state.
    return hmac.digest(raw, b"aurinko_async.oauth.state", "sha256")


def _mark(key: bytes, nonce: bytes, bound_to: str) -> bytes:
    return hmac.digest(key, b"session\0" + nonce + _bytes(bound_to), "sha256")[:16]


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"state\0" + body, "sha256")


def _decoded(state: str) -> bytes:
    try:
        if len(state) > _LONGEST:
            raise ValueError
        sealed = base64.b64decode(state + "=" * (-len(state) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise StateRejected(_FOREIGN) from None
    if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode() != state:  # one state has one spelling
        raise StateRejected(_FOREIGN)
    return sealed


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
