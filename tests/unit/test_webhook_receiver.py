"""The receiver without a server: what it answers, when it runs its handler, and that it never answers 422."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Any

import pytest

from aurinko_async.errors import ConfigError
from aurinko_async.webhooks import Notification, WebhookReceiver, WebhookResponse, notify_engine
from support.signing import NOW, SECRET, SIGNATURE, TIMESTAMP, signature, signed, told

BODY = told(payloads=[{"id": "m1", "changeType": "created"}])


class Taken:
    """A handler that fails as often as told, and holds on to what it takes until told."""

    def __init__(self, *failures: BaseException) -> None:
        self.seen: list[Notification] = []
        self.failures = list(failures)
        self.gate = asyncio.Event()
        self.gate.set()
        self.cancelled = 0

    async def __call__(self, notification: Notification) -> None:
        self.seen.append(notification)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failures:
            raise self.failures.pop(0)


def receiving(handler: Any, **options: Any) -> WebhookReceiver:
    return WebhookReceiver(SECRET, handler, **{"clock": lambda: float(NOW), **options})


async def send(receiver: WebhookReceiver, body: bytes = BODY, **more: Any) -> WebhookResponse:
    given: dict[str, Any] = {"method": "POST", "query": "", "headers": signed(body), "body": body, **more}
    return await receiver.handle(**given)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


# --- what is refused


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "GET"}, 405),
        ({"method": "HEAD"}, 405),
        ({"method": "post"}, 405),
        ({"method": ""}, 405),
        ({"method": "G\r\nT\x00"}, 405),
        ({"headers": []}, 401),
        ({"headers": {}}, 401),
        ({"headers": signed(BODY, secret="other")}, 401),
        ({"headers": signed(BODY, at=NOW - 3 * 86_400)}, 401),
        ({"headers": signed(BODY, at=NOW + 3600)}, 401),
        ({"headers": signed(BODY) * 2}, 401),
        ({"body": BODY[:-1], "headers": signed(BODY)}, 401),
        ({"body": b"", "headers": signed(BODY)}, 401),
        ({"body": b""}, 400),
        ({"body": b"{"}, 400),
        ({"body": b"[]"}, 400),
        ({"body": b"\xff\xfe{}"}, 400),
        ({"body": b"[" * 50_000}, 400),
        ({"body": b'{"accountId": {}}'}, 400),
        ({"body": b" " * 10_000_000}, 413),
        ({"body": b" " * 10_000_000, "headers": []}, 413),
        ({"body": told(payloads=[0] * 10_001)}, 413),
        ({"headers": None}, 503),
        ({"headers": [3]}, 503),
        ({"body": "text"}, 503),
    ],
)
async def test_what_is_refused_never_reaches_the_handler(request_: dict[str, Any], status: int) -> None:
    handler = Taken()
    body = request_.get("body", BODY)
    default = signed(body) if isinstance(body, bytes) else signed(BODY)
    answer = await receiving(handler).handle(request_.get("method", "POST"), "", request_.get("headers", default), body)
    assert (answer.status, handler.seen) == (status, [])
    assert answer.headers["Content-Type"] == "text/plain"
    assert ("Retry-After" in answer.headers) == (status == 503)


async def test_the_caps_can_be_set() -> None:
    handler = Taken()
    receiver = receiving(handler, max_body=len(BODY), max_items=1)
    assert (await send(receiver)).status == 200
    assert (await send(receiver, BODY + b" ")).status == 413
    assert (await send(receiving(handler, max_items=1), told(payloads=[1, 2]))).status == 413
    assert len(handler.seen) == 1


async def test_a_method_that_is_not_allowed_is_told_which_is() -> None:
    assert (await send(receiving(Taken()), method="GET")).headers["Allow"] == "POST"


@pytest.mark.parametrize("secrets", [None, "", [], [""], ()])
async def test_there_is_no_receiver_without_a_secret(secrets: Any) -> None:
    with pytest.raises(ConfigError, match="secret"):
        WebhookReceiver(secrets, Taken())


@pytest.mark.parametrize(
    "options",
    [
        {"max_body": 0},
        {"max_items": 0},
        {"capacity": 0},
        {"dedupe": -1},
        {"handler_timeout": 0},
        {"body_timeout": 0},
        {"handler_timeout": math.nan},
        {"replay_window": 0},
    ],
)
async def test_options_that_cannot_work(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        receiving(Taken(), **options)
    with pytest.raises(ConfigError, match="handler"):
        receiving(None)


# --- the challenge


async def challenge(query: str | bytes, **more: Any) -> WebhookResponse:
    handler = Taken()
    answer = await send(receiving(handler), b"", query=query, **more)
    assert handler.seen == []
    return answer


@pytest.mark.parametrize(
    ("query", "token"),
    [
        ("validationToken=abc", b"abc"),
        (b"a=%2F&validationToken=x%252B%2B%2F%3D", b"x%2B+/="),
        ("validationToken=%3Cscript%3E", b"<script>"),
        ("validationToken=" + "x" * 1024, b"x" * 1024),
    ],
)
async def test_a_challenge_is_answered_with_exactly_its_token(query: Any, token: bytes) -> None:
    answer = await challenge(query)
    assert (answer.status, answer.body) == (200, token)
    assert (answer.headers["Content-Type"], answer.headers["X-Content-Type-Options"]) == ("text/plain", "nosniff")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "validationToken=",
        "validationToken",
        "ValidationToken=x",
        "validationToken=a&validationToken=a",
        "validationToken=" + "x" * 1025,
        "validationToken=a%0D%0ASet-Cookie:x",
        "validationToken=%00",
        "validationToken=%C3%BC",
        "validationToken=%FF",
        b"validationToken=\xff",
        "validationToken=\udcff",
        "&".join(f"a{n}=1" for n in range(200)),
    ],
)
async def test_a_challenge_that_cannot_be_answered(query: str | bytes) -> None:
    answer = await challenge(query)
    assert answer.status == 400
    assert b"Cookie" not in answer.body


async def test_a_challenge_must_be_signed() -> None:
    assert (await challenge("validationToken=abc", headers=[])).status == 401
    assert (await challenge("validationToken=abc", headers=signed(b"", secret="other"))).status == 401


async def test_a_query_cannot_turn_a_notification_into_a_challenge() -> None:
    handler = Taken()
    answer = await send(receiving(handler), query="validationToken=abc")
    assert (answer.status, answer.body, len(handler.seen)) == (200, b"", 1)


# --- the handler


async def test_200_is_said_when_the_handler_is_done_and_not_before() -> None:
    handler = Taken()
    handler.gate.clear()
    answering = asyncio.ensure_future(send(receiving(handler)))
    await turns()
    assert (len(handler.seen), answering.done()) == (1, False)
    handler.gate.set()
    assert (await answering).status == 200


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), TimeoutError(), RecursionError(), MemoryError()])
async def test_a_handler_that_fails_gets_the_notification_again(error: Exception) -> None:
    handler = Taken(error)
    receiver = receiving(handler)
    answer = await send(receiver)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert [(await send(receiver)).status for _ in range(3)] == [200, 200, 200]
    assert len(handler.seen) == 2


async def test_a_handler_that_is_no_coroutine_function_is_no_success() -> None:
    seen: list[Notification] = []
    assert (await send(receiving(seen.append))).status == 503


async def test_a_handler_that_takes_too_long_is_cancelled() -> None:
    handler = Taken()
    handler.gate.clear()
    receiver = receiving(handler, handler_timeout=0.005)
    answer = await send(receiver)
    assert (answer.status, "Retry-After" in answer.headers, handler.cancelled) == (503, True, 1)
    handler.gate.set()
    assert (await send(receiver)).status == 200


async def test_without_a_limit_the_handler_takes_its_time() -> None:
    assert (await send(receiving(Taken(), handler_timeout=None))).status == 200


async def test_a_receiver_that_is_full_says_so_and_is_not_full_for_ever() -> None:
    handler = Taken()
    handler.gate.clear()
    receiver = receiving(handler, capacity=2)
    bodies = [told(payloads=[{"id": str(number)}]) for number in range(3)]
    first = [asyncio.ensure_future(send(receiver, body)) for body in bodies[:2]]
    await turns()
    full = await send(receiver, bodies[2])
    assert (full.status, full.headers["Retry-After"], len(handler.seen)) == (503, "5", 2)
    assert (await send(receiver, b"", query="validationToken=x")).status == 200
    handler.gate.set()
    assert [(await answer).status for answer in first] == [200, 200]
    assert (await send(receiver, bodies[2])).status == 200


async def test_the_cancellation_of_the_caller_passes_and_leaves_nothing() -> None:
    handler = Taken()
    handler.gate.clear()
    receiver = receiving(handler, capacity=1)
    answering = asyncio.ensure_future(send(receiver))
    await turns()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    assert handler.cancelled == 1
    handler.gate.set()
    assert (await send(receiver)).status == 200


async def test_a_cancellation_inside_the_handler_is_its_failure() -> None:
    handler = Taken(asyncio.CancelledError())
    receiver = receiving(handler)
    assert (await send(receiver)).status == 503
    assert (await send(receiver)).status == 200


async def test_an_error_that_ends_the_program_passes() -> None:
    class TheEnd(BaseException):
        pass

    receiver = receiving(Taken(TheEnd()))
    with pytest.raises(TheEnd):
        await send(receiver)
    assert (await send(receiver)).status == 200


async def test_what_failed_is_logged_without_what_it_was_about(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    receiver = receiving(Taken(ValueError("account 7 of ann@example.com")))
    await send(receiver)
    await send(receiver, headers=signed(BODY, secret="other"))
    await send(receiver, b'{"accountId": {"secret": 1}}')
    assert [record.getMessage() for record in caplog.records] == [
        "a webhook was not handled: ValueError",
        "refused a webhook: the signature is wrong",
        "cannot read a notification: accountId",
    ]
    assert "ann@" not in caplog.text


# --- the same notification again


async def test_what_was_taken_is_not_taken_again() -> None:
    handler = Taken()
    receiver = receiving(handler)
    assert [(await send(receiver)).status for _ in range(3)] == [200, 200, 200]
    assert len(handler.seen) == 1
    later = signed(BODY, at=NOW + 1)
    assert (await send(receiver, headers=later)).status == 200
    assert len(handler.seen) == 2, "the same words of another time are another notification"


@pytest.mark.parametrize("failure", [None, ValueError()])
async def test_the_same_at_the_same_time_runs_once_and_shares_the_result(failure: Exception | None) -> None:
    handler = Taken(*[failure] if failure else [])
    handler.gate.clear()
    receiver = receiving(handler, capacity=1)
    answers = [asyncio.ensure_future(send(receiver)) for _ in range(20)]
    await turns()
    assert (len(handler.seen), any(answer.done() for answer in answers)) == (1, False)
    handler.gate.set()
    assert {(await answer).status for answer in answers} == {503 if failure else 200}
    assert (await send(receiver)).status == 200
    assert len(handler.seen) == (2 if failure else 1)


async def test_one_who_waits_for_the_first_may_go_without_harm() -> None:
    handler = Taken()
    handler.gate.clear()
    receiver = receiving(handler)
    first, second, third = [asyncio.ensure_future(send(receiver)) for _ in range(3)]
    await turns()
    second.cancel()
    await turns()
    assert (second.cancelled(), first.done()) == (True, False)
    handler.gate.set()
    assert [(await answer).status for answer in (first, third)] == [200, 200]
    assert len(handler.seen) == 1


async def test_when_the_first_is_cancelled_its_twin_is_sent_again() -> None:
    handler = Taken()
    handler.gate.clear()
    receiver = receiving(handler)
    first, second = [asyncio.ensure_future(send(receiver)) for _ in range(2)]
    await turns()
    first.cancel()
    assert (await second).status == 503
    handler.gate.set()
    assert (await send(receiver)).status == 200
    assert len(handler.seen) == 2


async def test_the_memory_of_what_was_taken_is_bounded() -> None:
    handler = Taken()
    receiver = receiving(handler, dedupe=2)
    bodies = [told(payloads=[{"id": str(number)}]) for number in range(3)]
    for body in bodies:
        await send(receiver, body)
    await send(receiver, bodies[1])
    await send(receiver, bodies[2])
    assert len(handler.seen) == 3
    await send(receiver, bodies[0])
    assert len(handler.seen) == 4, "the oldest was forgotten"


async def test_nothing_is_remembered_when_told_so() -> None:
    handler = Taken()
    receiver = receiving(handler, dedupe=0)
    assert [(await send(receiver)).status for _ in range(2)] == [200, 200]
    assert len(handler.seen) == 2


async def test_secrets_can_be_rotated() -> None:
    receiver = WebhookReceiver(["new", SECRET], Taken(), clock=lambda: float(NOW))
    answers = [await send(receiver, headers=signed(BODY, secret=secret)) for secret in ("new", SECRET, "old")]
    assert [answer.status for answer in answers] == [200, 200, 401]


async def test_the_time_is_the_clocks() -> None:
    times = iter([NOW, NOW + 61.0])
    receiver = receiving(Taken(), clock=lambda: next(times), replay_window=60)
    assert [(await send(receiver)).status for _ in range(2)] == [200, 401]


async def test_headers_of_any_kind_are_fine() -> None:
    receiver, timestamp = receiving(Taken()), str(NOW)
    pairs = [(b"x-aurinko-signature", signature(BODY).encode()), (b"X-AURINKO-REQUEST-TIMESTAMP", timestamp.encode())]
    for headers in (pairs, dict(pairs), {SIGNATURE.lower(): signature(BODY), TIMESTAMP: timestamp}):
        assert (await send(receiver, headers=headers)).status == 200


# --- a sync engine


class Engine:
    def __init__(self) -> None:
        self.told: list[tuple[str, str | None]] = []

    async def notify(self, account: str, resource: str | None = None) -> None:
        self.told.append((account, resource))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (told(), [("7", "email")]),
        (told("/calendars/a%2Fb/events"), [("7", "calendar")]),
        (told("/contacts", payloads=[]), [("7", "contacts")]),
        (told("/tasklists/default/tasks"), [("7", "tasks")]),
        (told("/email/tracking"), []),
        (told("/booking/1"), []),
        (told("/of/tomorrow"), []),
        (told(lifecycleEvent="error", error="x"), [("7", None)]),
        (told("/contacts", lifecycleEvent="active"), [("7", None)]),
        (b"{}", []),
    ],
)
async def test_a_sync_engine_is_notified(body: bytes, expected: list[Any]) -> None:
    engine = Engine()
    assert (await send(receiving(notify_engine(engine)), body)).status == 200
    assert engine.told == expected


def test_a_receiver_can_be_made_where_no_loop_runs() -> None:
    receiver = receiving(taking())
    statuses = [asyncio.run(send(receiver, told(payloads=[number]))).status for number in range(2)]
    assert statuses == [200, 200]


def taking() -> Callable[[Notification], Any]:
    async def take(notification: Notification) -> None:
        await asyncio.sleep(0)

    return take
