"""What happens while nobody asks: open pages hear of news, and subscriptions are kept alive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

from connections import Connections

from aurinko_async import AurinkoClient, AurinkoError, SyncEngine
from aurinko_async.webhooks import MESSAGES, ensure_subscriptions

HEARTBEAT = 15.0
"""Seconds of silence after which a page is told that the connection still stands."""
SOON, LATER = 1.0, 3600.0
"""Seconds until subscriptions that failed, and those that stand, are looked after again."""

logger = logging.getLogger("inbox")


class Live:
    """Tells open pages, over server-sent events, that there is something new to see of their account."""

    def __init__(self) -> None:
        self._pages: dict[asyncio.Event, str] = {}
        self._over = False

    async def follow(self, engine: SyncEngine) -> None:
        """Pass on what the engine tells, until it ends."""
        async for event in engine.progress():
            if event.kind != "started":
                self.tell(event.account)

    def tell(self, account: str) -> None:
        for news, watched in self._pages.items():
            if watched == account:
                news.set()

    def close(self) -> None:
        """End all streams: a server that stops waits for them."""
        self._over = True
        for news in self._pages:
            news.set()

    async def listen(self, account: str) -> AsyncIterator[str]:
        """The stream of one page. However much happens at once, the page hears of it once."""
        news = asyncio.Event()
        news.set()  # what happened while the page was on its way
        self._pages[news] = account
        try:
            while not self._over:
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        await news.wait()
                except TimeoutError:
                    yield ": still here\n\n"
                else:
                    news.clear()
                    yield "event: news\ndata: look\n\n"
        finally:
            del self._pages[news]


async def keep_subscriptions(
    client: AurinkoClient, connections: Connections, engine: SyncEngine, url: str, wake: asyncio.Event
) -> None:
    """See to it that Aurinko tells us of new mail: now, whenever `wake` is set, and every hour."""
    pause = SOON
    while True:
        wake.clear()
        failed = False
        for connection in connections.all():
            account = client.for_account(connection.account)
            try:
                for one in await ensure_subscriptions(account, [MESSAGES], url):
                    if one.action != "adopted":  # nobody was told of what happened before
                        await engine.notify(connection.account, "email")
            except AurinkoError as error:
                # At the start, too: our own server does not answer the challenge yet.
                failed = True
                logger.info("a subscription could not be made (%s); trying again", type(error).__name__)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause if failed else LATER):
                await wake.wait()
        pause = min(2 * pause, LATER) if failed and not wake.is_set() else SOON
