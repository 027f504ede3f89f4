"""Signs requests to webhooks by RFC 2104, written out by hand: neither the package's code nor `hmac`."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

SECRET = "signing-secret-1"
NOW = 1_790_000_000
SIGNATURE, TIMESTAMP = "X-Aurinko-Signature", "X-Aurinko-Request-Timestamp"


def signature(body: bytes, *, secret: str = SECRET, timestamp: str = str(NOW)) -> str:
    key = secret.encode()
    key = (sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in key) + b"v0:" + timestamp.encode() + b":" + body).digest()
    return sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def signed(body: bytes, *, secret: str = SECRET, at: float = NOW) -> list[tuple[str, str]]:
    """The headers of a request as the vendor sends it."""
    timestamp = str(int(at))
    return [(TIMESTAMP, timestamp), (SIGNATURE, signature(body, secret=secret, timestamp=timestamp))]


def told(resource: str = "/email/messages", **more: Any) -> bytes:
    """The body of a notification."""
    return json.dumps({"subscription": 4_000_000_001, "resource": resource, "accountId": 7, **more}).encode()
