"""`aurinko connect`: authorises an account from the terminal, with a browser."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shlex
import sys
import threading
import webbrowser
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from attrs import frozen

from aurinko_async.auth import AccountAuth, AppAuth
from aurinko_async.cli import options, words
from aurinko_async.cli.callback import HOST, CallbackServer
from aurinko_async.cli.demo import Demo, running
from aurinko_async.cli.exits import Exit, one_line
from aurinko_async.cli.running import execute
from aurinko_async.cli.sources import IMPATIENT
from aurinko_async.cli.token_file import TokenFile
from aurinko_async.client import BASE_URL, AurinkoClient
from aurinko_async.errors import AurinkoError, AuthorizationFailed, ConfigError, StateExpired, StateRejected
from aurinko_async.models.accounts import Account, ServiceType
from aurinko_async.oauth import Grant, OAuthFlow

DEFAULT_PORT: Final = 8026
"""One that stays the same: the return URL has to be registered in the portal. Beside that of `aurinko sandbox`."""
DEFAULT_TIMEOUT: Final = 300.0
SANDBOX: Final = Demo(accounts=6, messages=200)
"""Two mailboxes to choose from, of each service."""


def connect(
    *,
    service_type: Annotated[
        ServiceType,
        typer.Option("--service-type", metavar="NAME", case_sensitive=False, help="Google, Office365, IMAP, ..."),
    ] = ServiceType.GOOGLE,
    scopes: Annotated[
        str, typer.Option("--scopes", metavar="LIST", help="What to ask for, with spaces or commas between.")
    ] = "Mail.Read",
    account_id: Annotated[
        int | None,
        typer.Option("--account-id", metavar="N", min=1, help="Authorise this account again.", show_default=False),
    ] = None,
    recycle: Annotated[bool, typer.Option("--recycle", help="Use an account that is there rather than a new one.")] = (
        False
    ),
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="N",
            min=0,
            max=65535,
            help=f"Where the browser comes back to: http://{HOST}:N/callback, as registered in the portal; "
            f"{DEFAULT_PORT} if not given; 0 takes a free one.",
            show_default=False,
        ),
    ] = None,
    open_browser: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Open a browser; as a rule on a terminal only.", show_default=False),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, max=86400, help="How long to wait for the browser.")
    ] = DEFAULT_TIMEOUT,
    show_token: Annotated[bool, typer.Option("--show-token", help="Print the account's access token.")] = False,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="PATH",
            help="Write the access token there, for nobody else to read.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Connect a simulated mailbox: no credentials, no network.")
    ] = False,
    base_url: options.BaseUrl = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Connect a mailbox: somebody authorises it in a browser, and its account is yours to use.

    The application's credentials come from the environment: AURINKO_CLIENT_ID and AURINKO_CLIENT_SECRET.

    The URL to open is printed on stderr, the account on stdout; its access token only with --show-token.
    """
    if sandbox and base_url:
        raise typer.BadParameter("--sandbox has its own URL: leave out --base-url")
    plan = Plan(
        asked={
            "service_type": service_type.value,
            "scopes": [scope for scope in re.split(r"[\s,]+", scopes) if scope],
            "account_id": account_id,
            "recycle": recycle or None,
        },
        port=(0 if sandbox else DEFAULT_PORT) if port is None else port,
        timeout=timeout,
        opens=sys.stderr.isatty() if open_browser is None else open_browser,
        sandbox=sandbox,
        base_url=base_url,
    )
    report = Report(show_token=show_token, token_file=token_file, sandbox=sandbox, as_json=as_json)
    execute(lambda _: _connect(plan, report), as_json=as_json, debug=debug)


@frozen(kw_only=True)
class Plan:
    """What to authorise, and how to come back from it."""

    asked: dict[str, Any]
    port: int
    timeout: float
    opens: bool
    sandbox: bool
    base_url: str | None


@frozen(kw_only=True)
class Report:
    """What to tell of it, and where."""

    show_token: bool
    token_file: Path | None
    sandbox: bool
    as_json: bool

    def show(self, grant: Grant, me: Account | None) -> None:
        if self.as_json:
            typer.echo(json.dumps(self._json(grant, me), indent=2))
        else:
            for line in self._lines(grant, me):
                typer.echo(line)

    def _json(self, grant: Grant, me: Account | None) -> dict[str, object]:
        return {
            "ok": True,
            "exit_code": 0,
            "account_id": grant.account_id,
            "email": me and me.email,
            "service_type": me and me.service_type,
            "user_id": grant.user_id,
            "token_file": None if self.token_file is None else str(self.token_file),
            **({"access_token": grant.access_token} if self.show_token else {}),
        }

    def _lines(self, grant: Grant, me: Account | None) -> Iterator[str]:
        who = [one_line(fact) for fact in (me.email, me.service_type) if fact] if me else []
        yield f"Connected: {', '.join([*who, f'account {grant.account_id}'])}"
        if self.show_token:
            yield f"  access token: {grant.access_token}"
        if self.token_file is not None:
            yield f"  the access token is in {self.token_file}, for you alone to read"
        if self.sandbox:
            yield "The sandbox has ended, and the account with it: `aurinko sandbox` runs one that stays."
            return
        yield "Mirror its mail with the credentials of the application, or with its own:"
        yield f"  aurinko sync --account-id {grant.account_id}"
        if self.token_file is not None:
            yield f'  AURINKO_ACCESS_TOKEN="$(cat {shlex.quote(str(self.token_file))})" aurinko sync'
        else:
            yield "  AURINKO_ACCESS_TOKEN=... aurinko sync" + ("" if self.show_token else "    (see --token-file)")


async def _connect(plan: Plan, report: Report) -> int:
    async with AsyncExitStack() as stack:
        token_file = stack.enter_context(TokenFile(report.token_file)) if report.token_file is not None else None
        client = await stack.enter_async_context(_client(plan))
        server = await _listening(stack, plan.port)
        session = secrets.token_urlsafe(32)
        flow = OAuthFlow(
            client, return_url=server.url, state_secret=secrets.token_bytes(32), state_lifetime=plan.timeout
        )
        _invite(flow.authorize_url(**plan.asked, bound_to=session), server.url, plan)
        grant = await _granted(flow, server, session, plan.timeout)
        if token_file is not None:
            _keep(token_file, grant)
        me = await _account(client, grant)
    report.show(grant, me)
    return Exit.OK


@asynccontextmanager
async def _client(plan: Plan) -> AsyncGenerator[AurinkoClient, None]:
    async with AsyncExitStack() as stack:
        if plan.sandbox:
            sandbox = await stack.enter_async_context(running(SANDBOX))
            auth, url = AppAuth(sandbox.client_id, sandbox.client_secret), sandbox.url
        else:
            auth, url = _application(), plan.base_url or os.environ.get("AURINKO_BASE_URL") or BASE_URL
        yield await stack.enter_async_context(AurinkoClient(auth, base_url=url, retry=IMPATIENT))


def _application() -> AppAuth:
    names = ("AURINKO_CLIENT_ID", "AURINKO_CLIENT_SECRET")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise ConfigError(
            f"connecting needs an application's credentials: set {' and '.join(missing)}; "
            "or try it without any: aurinko connect --sandbox"
        )
    client_id, client_secret = (os.environ[name] for name in names)
    return AppAuth(client_id, client_secret)


async def _listening(stack: AsyncExitStack, port: int) -> CallbackServer:
    try:
        return await stack.enter_async_context(CallbackServer(port))
    except OSError as error:
        raise ConfigError(f"cannot listen at {HOST}:{port}: {error.strerror} (--port N takes another one)") from error


def _invite(url: str, back: str, plan: Plan) -> None:
    """Say where to go, and go there."""
    lines = [f"To connect a mailbox ({plan.asked['service_type']}), open this in a browser:", "", f"  {url}", ""]
    registered = "" if plan.sandbox else ", which must be a return URL that is registered in the portal"
    lines.append(f"Waiting at {back}{registered}, for {words.seconds(plan.timeout)}; Ctrl-C ends it.")
    typer.echo("\n".join(lines), err=True)
    if plan.opens:
        # A browser in the terminal runs until it is left: we must not wait for it, nor for its thread at the end.
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


async def _granted(flow: OAuthFlow, server: CallbackServer, session: str, timeout: float) -> Grant:
    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                visit = await server.visit()
        except TimeoutError:
            raise AuthorizationFailed(f"nobody came back to {server.url} within {words.seconds(timeout)}") from None
        try:
            grant = await flow.callback(visit.target, bound_to=session)
        except (StateRejected, StateExpired):  # a stranger must not be able to end our wait
            typer.echo("Somebody came back from elsewhere, and was ignored.", err=True)
            await visit.answer("Ignored", "This is not an answer to what the terminal has asked for.", status=400)
        except AurinkoError as error:
            await visit.answer("Not connected", one_line(str(error)))
            raise
        else:
            await visit.answer("Connected", "You can close this window.")
            return grant


def _keep(token_file: TokenFile, grant: Grant) -> None:
    try:
        token_file.write(grant.access_token)
    except OSError as error:
        raise OSError(f"account {grant.account_id} is connected, but its token was not written: {error}") from error


async def _account(client: AurinkoClient, grant: Grant) -> Account | None:
    """Whose account it is; it is connected even if nobody can tell."""
    try:
        return await client.with_auth(AccountAuth(grant.access_token)).account.get()
    except AurinkoError:
        return None
