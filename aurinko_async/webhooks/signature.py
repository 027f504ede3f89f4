"""Whether a request to a webhook comes from the vendor: its HMAC over the raw bytes, and its age."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, TypeAlias, cast

from aurinko_async.errors import ConfigError, SignatureRejected

Headers: TypeAlias = Mapping[Any, Any] | Iterable[tuple[Any, Any]]
"""Header names and values, `str` or `bytes`, in any case: a mapping, or pairs as they came."""

SIGNATURE_HEADER: Final = "X-Aurinko-Signature"
TIMESTAMP_HEADER: Final = "X-Aurinko-Request-Timestamp"

# Redeliveries repeat the first timestamp and signature, up to ten minutes apart and for perhaps a day; this is two.
REPLAY_WINDOW: Final = 2 * 86_400.0
# How far the vendor's clock may be ahead of ours.
_AHEAD_SECONDS = 300.0

_TIMESTAMP = re.compile(rb"[0-9]{1,15}")
_SIGNATURE = re.compile(rb"[0-9a-f]{64}")


def sign(secret: str | bytes, timestamp: str | bytes, body: bytes) -> str:
    """Sign a request as the vendor does.

    Args:
        secret: The application's signing secret, which is not its client secret.
        timestamp: Seconds since the epoch, as the header has them.
        body: The raw body; a challenge has an empty one.
    """
    return hmac.digest(_bytes(secret), b"v0:" + _bytes(timestamp) + b":" + body, sha256).hex()


class Verifier:
    """Verifies requests with one signing secret, or with several while they are rotated.

    Args:
        secrets: A secret, or all that are valid now.
        replay_window: How old a request may be, in seconds.

    Raises:
        ConfigError: there is no secret, or one is empty.
    """

    def __init__(self, secrets: str | bytes | Iterable[str | bytes], *, replay_window: float = REPLAY_WINDOW) -> None:
        self._secrets = _secrets(secrets)
        if not replay_window > 0:
            raise ConfigError("replay_window must be more than 0 seconds")
        self._replay_window = replay_window

    def verify(self, headers: Headers, body: bytes, *, now: float) -> str:
        """Verify one request and return its signature, which no other request has.

        Args:
            now: Seconds since the epoch.

        Raises:
            SignatureRejected: the signature is missing, doubled, malformed, wrong, or not of this time.
        """
        pairs = _pairs(headers)
        signature, timestamp = _only(pairs, SIGNATURE_HEADER), _only(pairs, TIMESTAMP_HEADER)
        if not _SIGNATURE.fullmatch(signature):
            raise SignatureRejected("the signature is not 64 lowercase hexadecimal digits")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise SignatureRejected("the timestamp is not a number of seconds")
        given, proven = signature.decode(), False
        for secret in self._secrets:
            # No way out in between: the time taken must not tell which secret is the right one.
            proven |= hmac.compare_digest(sign(secret, timestamp, body), given)
        if not proven:
            raise SignatureRejected("the signature is wrong")
        age = now - int(timestamp)
        if age > self._replay_window:
            raise SignatureRejected("the request is older than the replay window")
        if age < -_AHEAD_SECONDS:
            raise SignatureRejected("the request is from the future: is this machine's clock right?")
        return given


def _secrets(given: Any) -> list[bytes]:
    listed: list[Any] = [given] if isinstance(given, str | bytes) else list(given or ())
    if not listed:
        raise ConfigError("webhooks need a signing secret: the application's, from the vendor's dashboard")
    if not all(isinstance(secret, str | bytes) and secret.strip() for secret in listed):
        raise ConfigError("a signing secret of webhooks is empty or no text")
    return [_bytes(secret) for secret in listed]


def _pairs(headers: Any) -> list[tuple[Any, Any]]:
    items: Any = getattr(headers, "items", None)
    return list(headers if items is None else items())


def _only(pairs: list[tuple[Any, Any]], name: str) -> bytes:
    """The value of a header that must be there once: of two, who knows which one others would look at."""
    wanted = name.lower().encode()
    found = [value for key, value in pairs if _bytes(key).lower() == wanted]
    if len(found) != 1:
        raise SignatureRejected(f"the header {name} {'is missing' if not found else 'came more than once'}")
    if not isinstance(found[0], str | bytes):
        raise SignatureRejected(f"the header {name} is no text")
    return _bytes(found[0])


def _bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else cast("str", text).encode("utf-8", "surrogatepass")
