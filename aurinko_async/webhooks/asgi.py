"""A webhook receiver as an ASGI app: to be mounted in FastAPI, Starlette, Django or Litestar, or run by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, TypeAlias

from aurinko_async.webhooks.receiver import WebhookReceiver, WebhookResponse, too_slow

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class AsgiReceiver:
    """An ASGI app that answers every path with a receiver: put it where the notification URL points.

    `app.add_route("/hooks/aurinko", AsgiReceiver(receiver))` in FastAPI and Starlette, or `uvicorn module:app` alone.
    Under `app.mount` of these the notification URL must end with a slash: without it they redirect, and nobody follows.
    """

    def __init__(self, receiver: WebhookReceiver) -> None:
        self._receiver = receiver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection as the ASGI specification has it."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            raise NotImplementedError(f"webhooks are not served over {scope['type']}")

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._receiver.body_timeout):
                body = await _read(receive, self._receiver.max_body)
        except TimeoutError:
            answer = too_slow()
        else:
            if body is None:
                return
            headers = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
            query = bytes(scope.get("query_string", b""))
            answer = await self._receiver.handle(scope["method"], query, headers, body)
        with suppress(OSError):
            # The sender may have gone meanwhile, of which servers tell in this way.
            await _send(answer, send)


async def _read(receive: Receive, limit: int) -> bytes | None:
    """The body, or of one that is too large no more than shows that; None when the sender has gone."""
    body, more = bytearray(), True
    while more and len(body) <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += memoryview(message.get("body", b""))[: limit + 1 - len(body)]
        more = message.get("more_body", False)
    return bytes(body)


async def _send(answer: WebhookResponse, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
