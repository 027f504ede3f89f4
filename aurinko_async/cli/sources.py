"""Where the mail comes from: which API, with which credentials, which accounts. Or the sandbox."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from attrs import field, frozen

from aurinko_async._session import Hook
from aurinko_async.auth import AppAuth, Credentials, credentials_from_env
from aurinko_async.cli.demo import Demo, running
from aurinko_async.cli.mirror import Database
from aurinko_async.client import BASE_URL, AurinkoClient
from aurinko_async.errors import ConfigError, DecodeError
from aurinko_async.models.accounts import Account
from aurinko_async.retry import RetryPolicy

IMPATIENT: Final = RetryPolicy(attempts=3, deadline=20.0, max_retry_after=20.0)
"""For a command's first question: a wrong URL or a dead network shows at once, not after minutes."""


@frozen(kw_only=True)
class Source:
    """What the options say of it.

    Attributes:
        sandbox: Not the API but this.
        mirror: Where it goes to.
    """

    sandbox: Demo | None = None
    mirror: Database | None = None
    base_url: str | None = None
    account_id: int | None = None
    all_accounts: bool = False


@frozen
class Target:
    """One account, and the credentials that speak for it."""

    id: str
    email: str
    active: bool
    auth: Credentials = field(repr=False)


@frozen
class Connection:
    """A client, and the credentials it has."""

    client: AurinkoClient
    auth: Credentials

    async def targets(self) -> list[Target]:
        """The accounts that the credentials name: one, or all of an application."""
        auth, asking = self.auth, self.client.with_options(retry=IMPATIENT)
        if not isinstance(auth, AppAuth) or auth.account_id is not None:
            return [_target(await asking.account.get(), auth)]
        return [
            _target(account, AppAuth(auth.client_id, auth.client_secret, account.id))
            async for account in asking.accounts.list()
        ]


@asynccontextmanager
async def connected(source: Source, hook: Hook | None = None) -> AsyncGenerator[Connection, None]:
    """A client for the source.

    Raises:
        ConfigError: the environment has no credentials for it.
    """
    async with AsyncExitStack() as stack:
        if source.sandbox is not None:
            sandbox = await stack.enter_async_context(running(source.sandbox, source.mirror))
            first = None if source.all_accounts else sandbox.accounts[0].id
            auth: Credentials = AppAuth(sandbox.client_id, sandbox.client_secret, first)
            url = sandbox.url
        else:
            auth = credentials(source, os.environ)
            url = source.base_url or os.environ.get("AURINKO_BASE_URL") or BASE_URL
        client = await stack.enter_async_context(AurinkoClient(auth, base_url=url, on_attempt=hook))
        yield Connection(client, auth)


def credentials(source: Source, environ: Mapping[str, str]) -> Credentials:
    """The credentials that the environment has for the source.

    Raises:
        ConfigError: none, or of another kind than the options need.
    """
    application = {name: value for name, value in environ.items() if name != "AURINKO_ACCESS_TOKEN"}
    by_option = source.all_accounts or source.account_id is not None
    if by_option and not (environ.get("AURINKO_CLIENT_ID") and environ.get("AURINKO_CLIENT_SECRET")):
        option = "--all-accounts" if source.all_accounts else "--account-id"
        raise ConfigError(
            f"{option} needs an application's credentials: set AURINKO_CLIENT_ID and AURINKO_CLIENT_SECRET"
        )
    try:
        auth = credentials_from_env(application if by_option else environ)
    except ConfigError as error:
        raise ConfigError(f"{error}; or try it without any: aurinko sync --sandbox") from None
    if not isinstance(auth, AppAuth):
        return auth
    if source.all_accounts:
        return AppAuth(auth.client_id, auth.client_secret)
    account_id = source.account_id or auth.account_id
    if account_id is None:
        raise ConfigError(
            "these are an application's credentials: say which account with --account-id N, or --all-accounts"
        )
    return AppAuth(auth.client_id, auth.client_secret, account_id)


def _target(account: Account, auth: Credentials) -> Target:
    if account.id is None:
        raise DecodeError("the account has no id", path="id")
    return Target(str(account.id), account.email or "", account.active is not False, auth)
