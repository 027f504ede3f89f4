"""Signatures of webhooks: what openssl signs is taken, everything else is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from multidict import CIMultiDict

from aurinko_async.errors import ConfigError, SignatureRejected
from aurinko_async.webhooks import REPLAY_WINDOW, Verifier, sign
from support.signing import NOW, SECRET, SIGNATURE, TIMESTAMP, signature, signed

BODY = b'{"subscription":4000000001,"resource":"/email/messages","accountId":7,"payloads":[]}'
PROVEN = "973a072344cb6ca24478c04d9ca2791853936805b6ccc95dc2a704a18d02e289"

# Each made by: printf 'v0:<timestamp>:<body>' | openssl dgst -sha256 -hmac '<secret>'
VECTORS = [
    (SECRET, "1790000000", b"", "3778c48effcc4572f85c1aeaa354ebbacf0902fdefdd372e55b6173935ebb2e7"),
    (SECRET, "1790000000", BODY, PROVEN),
    ("clé-2", "1790000000", BODY, "a292da3fc969870563c05fa752bc9971e0ca4b5edd979efc231691ba24410c1a"),
    (SECRET, "1790000000", b"\xff\x00\xc3", "3acf9f32822706e9b0b5752d5fbba02f7c04e22aac36dbac9222fc62f534bfeb"),
    ("k" * 100, "0", b"x", "5ec7ad157e6026a96c3b1441a3ffd90b2378d0413859ff8ffe299c0456f7fe94"),
]


def refused(headers: Any, body: bytes = BODY, *, now: float = NOW, secrets: Any = SECRET) -> str:
    with pytest.raises(SignatureRejected) as caught:
        Verifier(secrets).verify(headers, body, now=now)
    return str(caught.value)


@pytest.mark.parametrize(("secret", "timestamp", "body", "expected"), VECTORS)
def test_what_openssl_signs_is_taken(secret: str, timestamp: str, body: bytes, expected: str) -> None:
    assert signature(body, secret=secret, timestamp=timestamp) == expected, "the tests' own implementation"
    assert sign(secret, timestamp, body) == expected
    headers = {TIMESTAMP: timestamp, SIGNATURE: expected}
    assert Verifier(secret).verify(headers, body, now=int(timestamp)) == expected
    assert Verifier(secret.encode()).verify(headers, body, now=int(timestamp)) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {"x-aurinko-signature": PROVEN, "x-aurinko-request-timestamp": "1790000000"},
        {"X-AURINKO-SIGNATURE": PROVEN, "X-AURINKO-REQUEST-TIMESTAMP": "1790000000", "Host": "x"},
        {b"x-aurinko-Signature": PROVEN.encode(), b"X-Aurinko-request-Timestamp": b"1790000000"},
        [("X-Aurinko-Signature", PROVEN), ("a", "b"), ("a", "c"), ("X-Aurinko-Request-Timestamp", "1790000000")],
        [(b"x-aurinko-signature", PROVEN.encode()), ["x-aurinko-request-timestamp", "1790000000"]],
        CIMultiDict({SIGNATURE: PROVEN, TIMESTAMP: "1790000000"}),
    ],
)
def test_headers_may_come_in_any_case_and_shape(headers: Any) -> None:
    assert Verifier(SECRET).verify(headers, BODY, now=NOW) == PROVEN


def test_headers_may_come_from_a_generator() -> None:
    assert Verifier(SECRET).verify((pair for pair in signed(BODY)), BODY, now=NOW) == PROVEN


@pytest.mark.parametrize("position", range(0, len(BODY), 7))
@pytest.mark.parametrize("bit", [0, 5])
def test_a_flipped_bit_of_the_body_is_noticed(position: int, bit: int) -> None:
    tampered = bytearray(BODY)
    tampered[position] ^= 1 << bit
    assert refused(signed(BODY), bytes(tampered)) == "the signature is wrong"


@pytest.mark.parametrize("body", [b"", BODY[:-1], BODY + b"\n", b" " + BODY])
def test_a_body_cut_or_grown_is_noticed(body: bytes) -> None:
    assert refused(signed(BODY), body) == "the signature is wrong"


@pytest.mark.parametrize("position", range(64))
def test_each_digit_of_the_signature_counts(position: int) -> None:
    other = "0" if PROVEN[position] != "0" else "1"
    changed = PROVEN[:position] + other + PROVEN[position + 1 :]
    assert refused({TIMESTAMP: str(NOW), SIGNATURE: changed}) == "the signature is wrong"


def test_another_timestamp_is_noticed() -> None:
    assert refused({TIMESTAMP: str(NOW + 1), SIGNATURE: PROVEN}) == "the signature is wrong"


def test_another_secret_is_noticed() -> None:
    assert refused(signed(BODY, secret="signing-secret-2")) == "the signature is wrong"
    assert refused(signed(BODY, secret="")) == "the signature is wrong"


@pytest.mark.parametrize(
    "given",
    [
        PROVEN.upper(),
        PROVEN[:-1],
        PROVEN + "0",
        PROVEN + "\n",
        f"sha256={PROVEN}",
        f"{PROVEN}, {PROVEN}",
        "",
        "٣" * 64,  # digits, but not of ASCII
        "\udcff" * 64,
        b"\xff" * 64,
    ],
)
def test_a_signature_that_is_none(given: Any) -> None:
    assert refused({TIMESTAMP: str(NOW), SIGNATURE: given}) == "the signature is not 64 lowercase hexadecimal digits"


@pytest.mark.parametrize("given", ["", " 1790000000", "+1790000000", "1790000000.0", "1_790_000_000", "-1", "9" * 16])
def test_a_timestamp_that_is_none(given: str) -> None:
    headers = {TIMESTAMP: given, SIGNATURE: signature(BODY, timestamp=given)}
    assert refused(headers) == "the timestamp is not a number of seconds"


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP])
def test_a_header_that_is_missing_or_doubled(name: str) -> None:
    pairs = signed(BODY)
    assert refused([pair for pair in pairs if pair[0] != name]) == f"the header {name} is missing"
    again = next(pair for pair in pairs if pair[0] == name)
    assert refused([*pairs, again]) == f"the header {name} came more than once"
    assert refused([*pairs, (name.lower().encode(), b"x")]) == f"the header {name} came more than once"
    assert refused(CIMultiDict([*pairs, again])) == f"the header {name} came more than once"
    assert refused({**dict(pairs), name: [again[1]]}) == f"the header {name} is no text"
    assert refused([]) == f"the header {SIGNATURE} is missing"


def test_the_replay_window_is_wide_enough_for_a_day_of_redeliveries() -> None:
    headers = signed(BODY)
    for age in (0, 301, 86_400 + 600, REPLAY_WINDOW):
        assert Verifier(SECRET).verify(headers, BODY, now=NOW + age) == PROVEN
    assert refused(headers, now=NOW + REPLAY_WINDOW + 1) == "the request is older than the replay window"


def test_the_replay_window_can_be_set() -> None:
    narrow = Verifier(SECRET, replay_window=300)
    assert narrow.verify(signed(BODY), BODY, now=NOW + 300) == PROVEN
    with pytest.raises(SignatureRejected, match="older"):
        narrow.verify(signed(BODY), BODY, now=NOW + 300.5)
    assert Verifier(SECRET, replay_window=math.inf).verify(signed(BODY), BODY, now=NOW * 2) == PROVEN


def test_a_clock_that_is_a_little_behind_does_no_harm() -> None:
    assert Verifier(SECRET).verify(signed(BODY), BODY, now=NOW - 300) == PROVEN
    assert "from the future" in refused(signed(BODY), now=NOW - 301)


def test_only_who_has_the_secret_learns_of_our_clock() -> None:
    assert refused(signed(BODY, secret="other"), now=NOW * 2) == "the signature is wrong"


def test_secrets_can_be_rotated() -> None:
    both = Verifier(["new", SECRET])
    for secret in ("new", SECRET):
        assert both.verify(signed(BODY, secret=secret), BODY, now=NOW)
    assert refused(signed(BODY), secrets=["new"]) == "the signature is wrong"
    assert refused(signed(BODY), secrets=("new", b"newer")) == "the signature is wrong"


@pytest.mark.parametrize("none", [None, "", b"", [], (), [""], ["a", ""], ["a", None], "  ", [b""], 0, {}])
def test_without_a_secret_nothing_is_accepted_and_nothing_starts(none: Any) -> None:
    with pytest.raises(ConfigError, match="secret"):
        Verifier(none)


@pytest.mark.parametrize("window", [0, -1, math.nan])
def test_a_window_that_is_none(window: float) -> None:
    with pytest.raises(ConfigError, match="replay_window"):
        Verifier(SECRET, replay_window=window)


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(Verifier(SECRET))
