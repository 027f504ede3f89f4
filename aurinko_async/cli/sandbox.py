"""`aurinko sandbox`: a simulated API on a local port, until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from aurinko_async.cli import options, words
from aurinko_async.cli.demo import Demo, running
from aurinko_async.cli.running import Interrupts, execute
from aurinko_async.errors import ConfigError

if TYPE_CHECKING:
    from aurinko_async.sandbox import Sandbox


def sandbox(
    *,
    accounts: Annotated[int, typer.Option(metavar="N", min=1, max=999, help="Mailboxes.")] = 3,
    messages: Annotated[int, typer.Option(metavar="N", min=0, help="Messages in each mailbox.")] = 5000,
    host: Annotated[str, typer.Option(metavar="NAME", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0 takes a free one.")] = 8025,
    seed: options.Seed = 1,
    mail: options.Mail = None,
    page_size: Annotated[int, typer.Option(metavar="N", min=1, help="Records per page.")] = 100,
    latency: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long each answer takes.")] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when it is up.")] = False,
    debug: options.Debug = False,
) -> None:
    """Run a simulated Aurinko API and print its credentials, ready to paste; Ctrl-C ends it."""
    demo = Demo(
        accounts=accounts,
        messages=messages,
        seed=seed,
        mail=mail,
        host=host,
        port=port,
        page_size=page_size,
        latency=latency,
    )
    execute(lambda interrupts: _serve(demo, as_json, interrupts), as_json=as_json, debug=debug)


async def _serve(demo: Demo, as_json: bool, interrupts: Interrupts) -> int:
    ended = asyncio.Event()
    async with AsyncExitStack() as stack:
        try:
            sandbox_ = await stack.enter_async_context(running(demo))
        except OSError as error:
            where = f"{demo.host}:{demo.port}"
            raise ConfigError(f"cannot listen at {where}: {error.strerror} (--port 0 takes a free one)") from error
        counts = [len(account.mail.messages) for account in sandbox_.accounts]
        if as_json:
            typer.echo(json.dumps(_json(sandbox_, counts)))
        else:
            for line in _lines(sandbox_, counts):
                typer.echo(line)
        with interrupts.stop_with(ended.set):
            await ended.wait()
    return interrupts.exit_code


def _json(sandbox_: Sandbox, counts: list[int]) -> dict[str, object]:
    return {
        "url": sandbox_.url,
        "client_id": sandbox_.client_id,
        "client_secret": sandbox_.client_secret,
        "accounts": [
            {
                "id": account.id,
                "email": account.email,
                "service_type": account.service_type,
                "token": account.token,
                "messages": count,
            }
            for account, count in zip(sandbox_.accounts, counts, strict=True)
        ],
    }


def _lines(sandbox_: Sandbox, counts: list[int]) -> Iterator[str]:
    url = f"export AURINKO_BASE_URL={sandbox_.url}"
    yield f"The sandbox runs at {sandbox_.url}; Ctrl-C ends it."
    yield ""
    yield "The application:"
    yield f"  {url} AURINKO_CLIENT_ID={sandbox_.client_id} AURINKO_CLIENT_SECRET={sandbox_.client_secret}"
    for account, count in zip(sandbox_.accounts, counts, strict=True):
        yield f"{account.email} (account {account.id}, {account.service_type}, {words.count(count, 'message')}):"
        yield f"  {url} AURINKO_ACCESS_TOKEN={account.token}"
