"""Webhook receivers behind real servers, on loopback: aiohttp's own, and uvicorn for ASGI."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvicorn
from aiohttp import web

from aurinko_async.webhooks import AsgiReceiver, WebhookReceiver
from aurinko_async.webhooks.aiohttp import aiohttp_handler


@asynccontextmanager
async def on_aiohttp(receiver: WebhookReceiver) -> AsyncIterator[str]:
    """Its URL. The app reads no body above a kilobyte, so that what the handler reads is seen to be its own matter."""
    app = web.Application(client_max_size=1024)
    app.router.add_route("*", "/hook", aiohttp_handler(receiver))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.25)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def on_uvicorn(receiver: WebhookReceiver) -> AsyncIterator[str]:
    """Its URL."""
    app = AsgiReceiver(receiver)
    options = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(options)
    listening = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.ensure_future(server.serve([listening]))
    try:
        async with asyncio.timeout(5):
            while not server.started:  # noqa: ASYNC110 (it has no event)
                await asyncio.sleep(0.001)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    finally:
        server.should_exit = True
        await serving
        listening.close()


SERVERS: dict[str, Callable[[WebhookReceiver], AbstractAsyncContextManager[str]]] = {
    "aiohttp": on_aiohttp,
    "uvicorn": on_uvicorn,
}
