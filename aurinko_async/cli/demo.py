"""The sandbox as the command starts it: the same settings give the same mailbox, today and in the next process."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import asdict, frozen

from aurinko_async.cli.mirror import Database
from aurinko_async.cli.mirror import mirror as open_mirror
from aurinko_async.errors import ConfigError
from aurinko_async.sync.checkpoint import Checkpoint

if TYPE_CHECKING:
    from aurinko_async.sandbox import Sandbox

DAY: Final = 86400
"""Seconds. A mailbox is made up as of the midnight before, so that all of a day's sandboxes are twins."""


@frozen(kw_only=True)
class Demo:
    """What kind of sandbox."""

    accounts: int = 1
    messages: int = 2000
    seed: int = 1
    mail: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    page_size: int = 100
    latency: float = 0.0

    def born(self, instant: float) -> Sandbox:
        """The sandbox whose mailboxes were made up at `instant`.

        Raises:
            ConfigError: there is no mail at `mail`.
        """
        from aurinko_async.sandbox import Sandbox

        try:
            return Sandbox(**asdict(self, recurse=False), born=instant)
        except OSError as error:
            raise ConfigError(f"--mail: {error}") from error


@asynccontextmanager
async def running(demo: Demo, mirror: Database | None = None) -> AsyncGenerator[Sandbox, None]:
    """A running sandbox: the one that filled the mirror, be it of another day, or else today's."""
    from aurinko_async.sandbox.tokens import born_of

    today = int(time.time()) // DAY * DAY
    tokens = await _tokens(mirror) if mirror is not None and not mirror.is_missing else []
    births = [born for token in tokens if (born := born_of(token)) is not None]
    sandbox = demo.born(births[0] if births else today)
    if births and births[0] != today and not any(map(sandbox.recognises, tokens)):
        sandbox = demo.born(today)
    async with sandbox:
        yield sandbox


async def _tokens(mirror: Database) -> list[str]:
    """The tokens of the mirror's mail."""
    async with open_mirror(mirror) as store:
        return [
            Checkpoint.from_json(state.checkpoint).updated.delta
            for state in await store.status()
            if state.key.resource == "email"
        ]
