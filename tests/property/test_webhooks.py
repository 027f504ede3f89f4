"""Whatever arrives, the receiver answers 200, a 4xx other than 422, or 503, and takes nothing that is not signed."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aurinko_async.webhooks import Notification, WebhookReceiver
from support.signing import NOW, SECRET, SIGNATURE, TIMESTAMP, signature, signed, told

ANY_TEXT = st.text(st.characters(codec=None, categories=None))
NAMES = st.one_of(st.sampled_from([SIGNATURE, TIMESTAMP, SIGNATURE.lower(), TIMESTAMP.upper()]), ANY_TEXT, st.binary())
VALUES = st.one_of(ANY_TEXT, st.binary(), st.just(str(NOW)), st.from_regex(r"[0-9a-f]{64}", fullmatch=True))
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
HEADERS = st.one_of(PAIRS, st.dictionaries(NAMES, VALUES, max_size=6))
METHODS = st.one_of(st.just("POST"), ANY_TEXT)
QUERIES = st.one_of(ANY_TEXT, st.binary(), ANY_TEXT.map(lambda text: f"validationToken={text}"))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(ANY_TEXT, inner)),
    max_leaves=12,
)
FIELDS = st.sampled_from(["subscription", "resource", "accountId", "error", "lifecycleEvent", "payloads"])
NOTIFICATIONS = st.dictionaries(FIELDS, st.one_of(JSON, st.integers(), st.lists(JSON))).map(
    lambda data: json.dumps(data).encode()
)
BODIES = st.one_of(
    st.binary(), NOTIFICATIONS, JSON.map(lambda data: json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
)


class Seen:
    """A handler that looks at everything there is in a notification."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, notification: Notification) -> None:
        self.count += 1
        _ = (notification.changes, notification.tracking_events, notification.bookings, notification.sync_key)


def answer(method: Any, query: Any, headers: Any, body: bytes) -> tuple[int, int]:
    """The status, and how often the handler ran."""
    handler = Seen()
    receiver = WebhookReceiver(SECRET, handler, clock=lambda: float(NOW))
    response = asyncio.run(receiver.handle(method, query, headers, body))
    assert response.status in (200, 400, 401, 405, 413, 503)
    assert ("Retry-After" in response.headers) == (response.status == 503)
    assert all(text.isprintable() for pair in response.headers.items() for text in pair)
    assert response.headers["Content-Type"] == "text/plain"
    return response.status, handler.count


@given(METHODS, QUERIES, HEADERS, BODIES)
def test_whatever_arrives_unsigned_is_refused(method: Any, query: Any, headers: Any, body: bytes) -> None:
    assert answer(method, query, headers, body) == (401 if method == "POST" else 405, 0)


@given(QUERIES, BODIES)
def test_whatever_is_signed_is_taken_or_is_no_notification(query: Any, body: bytes) -> None:
    expected = {(200, 1), (400, 0)} if body else {(200, 0), (400, 0)}
    assert answer("POST", query, signed(body), body) in expected


@given(BODIES, PAIRS)
def test_other_headers_make_no_difference(body: bytes, others: list[tuple[Any, Any]]) -> None:
    ours = {SIGNATURE.lower(), TIMESTAMP.lower()}
    harmless = [(name, value) for name, value in others if _text(name).lower() not in ours]
    assert answer("POST", "", [*harmless, *signed(body)], body) == answer("POST", "", signed(body), body)


@given(st.binary(min_size=1), st.data())
def test_no_change_of_a_signed_request_goes_unnoticed(body: bytes, data: st.DataObject) -> None:
    timestamp, proof = str(NOW), signature(body)
    kind = data.draw(st.sampled_from(["body", "timestamp", "signature"]))
    if kind == "body":
        body = data.draw(st.binary().filter(lambda other: other != body))
    elif kind == "timestamp":
        timestamp = data.draw(st.integers(0, 2 * NOW).map(str).filter(lambda other: other != str(NOW)))
    else:
        digits = st.text("0123456789abcdef", min_size=64, max_size=64)
        proof = data.draw(digits.filter(lambda other: other != signature(body)))
    assert answer("POST", "", [(TIMESTAMP, timestamp), (SIGNATURE, proof)], body) == (401, 0)


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["ok", "fail", "slow", "cancel"])), min_size=1, max_size=12
)


@given(STEPS, st.integers(1, 4), st.integers(1, 8))
def test_200_means_that_the_handler_took_it_and_no_more_run_at_once_than_allowed(
    steps: list[tuple[int, str]], capacity: int, dedupe: int
) -> None:
    asyncio.run(_play(steps, capacity, dedupe))


async def _play(steps: list[tuple[int, str]], capacity: int, dedupe: int) -> None:
    taken: Counter[int] = Counter()
    running: Counter[int] = Counter()
    fates: dict[int, str] = {}
    most = [0, 0]
    """The most at once: of the same notification, and of all."""

    async def handle(notification: Notification) -> None:
        number = int(str(notification.account_id))
        running[number] += 1
        most[0], most[1] = max(most[0], running[number]), max(most[1], running.total())
        try:
            fate = fates[number]
            await asyncio.sleep(0.002 if fate == "slow" else 0)
            if fate == "fail":
                raise ValueError
            taken[number] += 1
        finally:
            running[number] -= 1

    receiver = WebhookReceiver(SECRET, handle, capacity=capacity, dedupe=dedupe, clock=lambda: float(NOW))
    sent: list[tuple[int, asyncio.Task[Any]]] = []
    for number, fate in steps:
        fates[number] = fate
        body = told(accountId=number)
        sent.append((number, asyncio.create_task(receiver.handle("POST", "", signed(body), body))))
        await asyncio.sleep(0)
        if fate == "cancel":
            sent[-1][1].cancel()
    answers = await asyncio.gather(*(task for _, task in sent), return_exceptions=True)
    for (number, _), given_ in zip(sent, answers, strict=True):
        if isinstance(given_, asyncio.CancelledError):
            continue
        assert given_.status in (200, 503)
        assert given_.status == 503 or taken[number] >= 1
    assert most[0] <= 1, "the same notification runs twice at once"
    assert most[1] <= capacity
    fates.update(dict.fromkeys(fates, "ok"))
    for number in fates:
        body = told(accountId=number)
        assert (await receiver.handle("POST", "", signed(body), body)).status == 200, "nothing stays behind"
        assert taken[number] >= 1


def _text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("latin-1")
