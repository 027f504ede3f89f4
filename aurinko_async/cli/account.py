"""`aurinko account`: whose credentials these are."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from aurinko_async.cli import options
from aurinko_async.cli.exits import Exit, one_line
from aurinko_async.cli.running import execute
from aurinko_async.cli.sources import IMPATIENT, Source, connected
from aurinko_async.models import Account


def account(
    *,
    ping: Annotated[bool, typer.Option("--ping", help="Ask the provider whether it still takes the token.")] = False,
    account_id: options.AccountId = None,
    base_url: options.BaseUrl = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Show the account that the credentials name: mailbox, service, scopes, state of its token."""
    source = Source(base_url=base_url, account_id=account_id)
    execute(lambda _: _account(source, ping, as_json), as_json=as_json, debug=debug)


async def _account(source: Source, ping: bool, as_json: bool) -> int:
    async with connected(source) as connection:
        client = connection.client.with_options(retry=IMPATIENT)
        me = await client.account.get(ping_provider=ping or None)
    if as_json:
        typer.echo(json.dumps(_json(me), indent=2))
    else:
        for line in _lines(me, ping):
            typer.echo(line)
    return Exit.OK


def _json(me: Account) -> dict[str, object]:
    return {
        "id": me.id,
        "email": me.email,
        "name": me.name,
        "service_type": me.service_type,
        "service_provider": me.service_provider,
        "active": me.active,
        "token_status": me.token_status,
        "token_error": me.token_error,
        "scopes": me.auth_scopes or [],
    }


def _lines(me: Account, ping: bool) -> list[str]:
    error = f" ({me.token_error})" if me.token_error else ""
    asked = ", the provider was asked" if ping else ""
    provider = f" ({me.service_provider})" if me.service_provider not in (None, me.service_type) else ""
    facts = {
        "id": f"{me.id}{'' if me.active is not False else ', not active'}",
        "service": f"{me.service_type or 'unknown'}{provider}",
        "token": f"{me.token_status or 'unknown'}{error}{asked}",
        "scopes": ", ".join(me.auth_scopes or []) or "none",
    }
    title = one_line(", ".join(part for part in (me.email, me.name) if part))
    return [title or "no address", *(f"  {name:9}{one_line(fact)}" for name, fact in facts.items())]
