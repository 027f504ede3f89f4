"""A webhook receiver as a handler of aiohttp's server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from aurinko_async.webhooks.receiver import WebhookReceiver, too_slow


def aiohttp_handler(receiver: WebhookReceiver) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make an aiohttp handler: `app.router.add_post("/hooks/aurinko", aiohttp_handler(receiver))`.

    It reads bodies itself, so the app's `client_max_size` does not bound them: the receiver's `max_body` does.
    """

    async def handle(request: web.Request) -> web.Response:
        # As they came: aiohttp's own views of both have been decoded and normalised.
        query, headers = request.raw_path.partition("?")[2], request.raw_headers
        try:
            async with asyncio.timeout(receiver.body_timeout):
                body = await _read(request, receiver.max_body)
        except TimeoutError:
            return await _cut_off(request)
        except Exception:
            # The sender has gone, or what it sent is not HTTP; nobody reads this.
            return web.Response(status=400)
        answer = await receiver.handle(request.method, query, headers, body)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    return handle


async def _cut_off(request: web.Request) -> web.Response:
    """Answer and hang up: aiohttp would wait for the rest of the body for ten seconds more."""
    answer = too_slow()
    response = web.Response(status=answer.status, headers=answer.headers, body=answer.body)
    await response.prepare(request)
    await response.write_eof()
    request.protocol.force_close()
    return response


async def _read(request: web.Request, limit: int) -> bytes:
    """The body, or of one that is too large no more than shows that."""
    body = bytearray()
    while len(body) <= limit and (piece := await request.content.read(limit + 1 - len(body))):
        body += piece
    return bytes(body)
