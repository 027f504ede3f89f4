"""The ASGI app at the edges of the protocol, driven message by message."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aurinko_async.webhooks import AsgiReceiver, Notification, WebhookReceiver
from support.signing import NOW, SECRET, signed, told

BODY = told(payloads=[{"id": "m1", "changeType": "created"}])


class Connection:
    """One connection: what comes in is given, what goes out is kept."""

    def __init__(self, *incoming: dict[str, Any], gone: bool = False) -> None:
        self.incoming = list(incoming)
        self.sent: list[Any] = []
        self.gone = gone
        self.seen: list[Notification] = []

    async def receive(self) -> dict[str, Any]:
        return self.incoming.pop(0)

    async def send(self, message: Any) -> None:
        if self.gone:
            raise OSError
        self.sent.append(message)

    async def run(self, scope: dict[str, Any], **options: Any) -> None:
        async def handle(notification: Notification) -> None:
            self.seen.append(notification)

        receiver = WebhookReceiver(SECRET, handle, **{"clock": lambda: float(NOW), **options})
        await AsgiReceiver(receiver)(scope, self.receive, self.send)

    @property
    def status(self) -> int:
        start, body = self.sent
        assert (start["type"], body["type"]) == ("http.response.start", "http.response.body")
        headers = dict(start["headers"])
        assert headers[b"content-length"] == str(len(body["body"])).encode()
        assert all(name == name.lower() for name in headers)
        return int(start["status"])


def http(headers: Any = None, query: bytes = b"", method: str = "POST") -> dict[str, Any]:
    pairs = [[name.lower().encode(), value.encode()] for name, value in headers or signed(BODY)]
    return {"type": "http", "method": method, "path": "/", "query_string": query, "headers": pairs}


def pieces(*bodies: bytes) -> list[dict[str, Any]]:
    last = len(bodies) - 1
    return [{"type": "http.request", "body": body, "more_body": n < last} for n, body in enumerate(bodies)]


@pytest.mark.parametrize(
    "incoming",
    [pieces(BODY), pieces(*(BODY[n : n + 1] for n in range(len(BODY)))), pieces(b"", BODY[:9], b"", BODY[9:], b"")],
)
async def test_the_body_may_come_in_pieces(incoming: list[dict[str, Any]]) -> None:
    connection = Connection(*incoming)
    await connection.run(http())
    assert (connection.status, len(connection.seen), connection.incoming) == (200, 1, [])


async def test_a_request_without_a_body_is_a_challenge() -> None:
    connection = Connection({"type": "http.request"})
    await connection.run(http(signed(b""), b"validationToken=x%2By"))
    assert connection.status == 200
    assert connection.sent[1]["body"] == b"x+y"
    assert (b"content-type", b"text/plain") in connection.sent[0]["headers"]


async def test_a_body_is_read_no_further_than_its_cap() -> None:
    connection = Connection(*pieces(b"x" * 60, b"x" * 60, b"x" * 60, b"x" * 60))
    await connection.run(http(), max_body=100)
    assert (connection.status, len(connection.incoming)) == (413, 2)


async def test_headers_that_come_twice_arrive_twice() -> None:
    connection = Connection(*pieces(BODY))
    await connection.run(http(signed(BODY) * 2))
    assert (connection.status, connection.seen) == (401, [])


@pytest.mark.parametrize("before", [[], pieces(BODY[:9], b"")[:1]])
async def test_who_has_gone_before_the_end_of_the_body_is_not_answered(before: list[dict[str, Any]]) -> None:
    connection = Connection(*before, {"type": "http.disconnect"})
    await connection.run(http())
    assert (connection.sent, connection.seen) == ([], [])


async def test_a_body_that_does_not_end_is_not_waited_for() -> None:
    connection = Connection(*pieces(BODY[:9], b"")[:1])
    begun = connection.receive

    async def receive() -> dict[str, Any]:
        return await begun() if connection.incoming else await asyncio.get_running_loop().create_future()

    connection.receive = receive  # type: ignore[method-assign]
    await connection.run(http(), body_timeout=0.005)
    assert (connection.status, connection.seen) == (408, [])


async def test_who_has_gone_before_the_answer_does_no_harm() -> None:
    connection = Connection(*pieces(BODY), gone=True)
    await connection.run(http())
    assert (len(connection.seen), connection.sent) == (1, [])


async def test_run_by_itself_it_starts_and_ends() -> None:
    connection = Connection({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    await connection.run({"type": "lifespan"})
    assert connection.sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


async def test_a_websocket_is_turned_away() -> None:
    connection = Connection({"type": "websocket.connect"})
    await connection.run({"type": "websocket"})
    assert connection.sent == [{"type": "websocket.close", "code": 1008}]


async def test_what_the_specification_does_not_know_is_an_error() -> None:
    with pytest.raises(NotImplementedError, match="carrier-pigeon"):
        await Connection().run({"type": "carrier-pigeon"})


@pytest.mark.parametrize(
    ("place", "path", "status"),
    [("add_route", "/hooks", 200), ("mount", "/hooks/", 200), ("mount", "/hooks", 307)],
)
async def test_in_starlette_a_route_takes_the_url_as_it_is_and_a_mount_wants_a_slash(
    place: str, path: str, status: int
) -> None:
    applications = pytest.importorskip("starlette.applications", reason="it needs Starlette")

    async def handle(notification: Notification) -> None: ...

    app = applications.Starlette()
    getattr(app, place)("/hooks", AsgiReceiver(WebhookReceiver(SECRET, handle, clock=lambda: float(NOW))))
    connection = Connection(*pieces(BODY))
    server = {"path": path, "root_path": "", "scheme": "https", "server": ("app.example", 443)}
    await app({**http(), **server}, connection.receive, connection.send)
    assert connection.status == status
