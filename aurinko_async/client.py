"""The client: owns the session, exposes the resources."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import urlsplit

from attrs import evolve

from aurinko_async._limits import Limits
from aurinko_async._session import Hook, Session, Shared, SystemClock
from aurinko_async._transport import HttpSession, Timeout, Transport
from aurinko_async._types import UNSET, Call, Clock
from aurinko_async.auth import AppAuth, Credentials, credentials_from_env
from aurinko_async.errors import ConfigError, InvalidInput
from aurinko_async.retry import RetryPolicy

if TYPE_CHECKING:
    from aurinko_async.resources.account import AccountResource
    from aurinko_async.resources.accounts import Accounts, ManagedAccounts, ServiceAccounts
    from aurinko_async.resources.auth import Auth
    from aurinko_async.resources.booking import Booking
    from aurinko_async.resources.calendars import Calendars
    from aurinko_async.resources.contacts import Contacts
    from aurinko_async.resources.email import Email
    from aurinko_async.resources.followup import Followup
    from aurinko_async.resources.group_booking import GroupBooking
    from aurinko_async.resources.public_booking import PublicBooking
    from aurinko_async.resources.subscriptions import Subscriptions
    from aurinko_async.resources.task_lists import TaskLists
    from aurinko_async.resources.user import User

BASE_URL = "https://api.aurinko.io"


class AurinkoClient:
    """A client of the Aurinko API with one connection pool.

        async with AurinkoClient(AccountAuth(token)) as aurinko:
            me = await aurinko.account.get()

    Args:
        auth: The credentials.
        base_url: Where the API is, without `/v1`.
        retry: How often and how long a request is tried.
        timeout: How long one attempt may take; a number is its total in seconds.
        limits: What may be under way at once, for this client and all its views together.
        session: An aiohttp session of yours to send with; it is yours to close.
        on_attempt: Called after each request with an `Attempt`; it must not block.
        clock: Another notion of time, for tests.

    Raises:
        ConfigError: an option that cannot work.
    """

    def __init__(
        self,
        auth: Credentials,
        *,
        base_url: str = BASE_URL,
        retry: RetryPolicy | None = None,
        timeout: Timeout | float | None = None,
        limits: Limits | None = None,
        session: HttpSession | None = None,
        on_attempt: Hook | None = None,
        clock: Clock | None = None,
    ) -> None:
        limits = limits or Limits()
        policy = retry or RetryPolicy()
        self._shared = Shared(
            Transport(session, connections=limits.in_flight), limits, policy.budget, clock or SystemClock(), on_attempt
        )
        self._session = Session(self._shared, _credentials(auth), _base_url(base_url), policy, _timeout(timeout))
        self._owner = True

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """Make a client from the environment.

        `AURINKO_ACCESS_TOKEN`, or `AURINKO_CLIENT_ID` and `AURINKO_CLIENT_SECRET` (and `AURINKO_ACCOUNT_ID`);
        `AURINKO_BASE_URL` where the API is elsewhere. `options` are those of the class.

        Raises:
            ConfigError: the environment has no credentials.
        """
        if "AURINKO_BASE_URL" in os.environ:
            options.setdefault("base_url", os.environ["AURINKO_BASE_URL"])
        return cls(credentials_from_env(os.environ), **options)

    def with_auth(self, auth: Credentials) -> Self:
        """A view with other credentials on the same pool and limits; it costs next to nothing and needs no closing."""
        return self._view(auth=_credentials(auth))

    def for_account(self, account_id: int | str) -> Self:
        """A view of one account, for a client with an application's credentials.

        Raises:
            ConfigError: the client has other credentials.
        """
        auth = self._session.auth
        if not isinstance(auth, AppAuth):
            raise ConfigError(f"for_account needs an application's credentials (AppAuth), not {type(auth).__name__}")
        if isinstance(account_id, str) and not (account_id.isascii() and account_id.isdigit()):
            raise ConfigError("an account's id is a number")
        return self._view(auth=AppAuth(auth.client_id, auth.client_secret, int(account_id)))

    @property
    def credentials(self) -> Credentials:
        """What it authorises itself with."""
        return self._session.auth

    def with_options(self, *, retry: RetryPolicy | None = None, timeout: Timeout | float | None = None) -> Self:
        """A view with another retry policy or timeout, for some calls."""
        changes: dict[str, Any] = {}
        if retry is not None:
            changes["retry"] = retry
        if timeout is not None:
            changes["timeout"] = _timeout(timeout)
        return self._view(**changes)

    def _view(self, **changes: Any) -> Self:
        view = object.__new__(type(self))
        view._shared = self._shared
        view._session = evolve(self._session, **changes)
        view._owner = False
        return view

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = UNSET,
        headers: Mapping[str, object] | None = None,
        path_args: Mapping[str, str | int] | None = None,
        repeatable: bool = False,
    ) -> Any:
        """Call any path of the API through the same door: credentials, limits, retries, errors.

        Args:
            method: `GET`, `POST`, ...
            path: From `/v1/` on; `{name}` stands for a path argument, which is escaped.
            query: Query parameters by their wire names; sequences are repeated, booleans and datetimes are encoded.
            body: A model, or what JSON can say.
            headers: More headers.
            path_args: Values for the names in `path`.
            repeatable: A POST or PATCH that may be processed twice without harm.

        Returns:
            The decoded JSON; `None` for an empty answer.
        """
        if not path.startswith("/") or not _is_plain(path) or "?" in path or "#" in path:
            raise InvalidInput("path must start with /, be escaped, and hold no query: pass query= and path_args=")
        if not method.isascii() or not method.isalpha():
            raise InvalidInput(f"{method!r} is not a method")
        call = Call(
            method.upper(),
            path,
            cast("type[Any]", Any),
            path_args=path_args or {},
            query=query or {},
            headers=headers or {},
            body=body,
            audience="any",
            repeatable=repeatable,
        )
        return await self._session.request(call)

    async def close(self) -> None:
        """Close the connection pool. A view has none of its own: closing it does nothing."""
        if self._owner:
            await self._shared.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._session.auth!r}, base_url={self._session.base_url!r})"

    # The resources are imported when they are used: most programs use one or two.

    @cached_property
    def account(self) -> AccountResource:
        """The account that the credentials name."""
        from aurinko_async.resources.account import AccountResource

        return AccountResource(self._session)

    @cached_property
    def accounts(self) -> Accounts:
        """All accounts of the application."""
        from aurinko_async.resources.accounts import Accounts

        return Accounts(self._session)

    @cached_property
    def service_accounts(self) -> ServiceAccounts:
        """Service accounts of the application."""
        from aurinko_async.resources.accounts import ServiceAccounts

        return ServiceAccounts(self._session)

    @cached_property
    def managed_accounts(self) -> ManagedAccounts:
        """Accounts under a service account."""
        from aurinko_async.resources.accounts import ManagedAccounts

        return ManagedAccounts(self._session)

    @cached_property
    def auth(self) -> Auth:
        """Authorisation: URLs for the browser, codes into tokens."""
        from aurinko_async.resources.auth import Auth

        return Auth(self._session)

    @cached_property
    def user(self) -> User:
        """The end user that the credentials name."""
        from aurinko_async.resources.user import User

        return User(self._session)

    @cached_property
    def email(self) -> Email:
        """Mail: messages, drafts, folders, conversations, tracking."""
        from aurinko_async.resources.email import Email

        return Email(self._session)

    @cached_property
    def calendars(self) -> Calendars:
        """Calendars and events."""
        from aurinko_async.resources.calendars import Calendars

        return Calendars(self._session)

    @cached_property
    def contacts(self) -> Contacts:
        """The address book."""
        from aurinko_async.resources.contacts import Contacts

        return Contacts(self._session)

    @cached_property
    def task_lists(self) -> TaskLists:
        """Task lists and tasks."""
        from aurinko_async.resources.task_lists import TaskLists

        return TaskLists(self._session)

    @cached_property
    def booking(self) -> Booking:
        """An account's booking profiles."""
        from aurinko_async.resources.booking import Booking

        return Booking(self._session)

    @cached_property
    def group_booking(self) -> GroupBooking:
        """The application's group booking profiles."""
        from aurinko_async.resources.group_booking import GroupBooking

        return GroupBooking(self._session)

    @cached_property
    def public_booking(self) -> PublicBooking:
        """Booking as a visitor sees it."""
        from aurinko_async.resources.public_booking import PublicBooking

        return PublicBooking(self._session)

    @cached_property
    def followup(self) -> Followup:
        """Follow-up rules and conversations."""
        from aurinko_async.resources.followup import Followup

        return Followup(self._session)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Webhook subscriptions."""
        from aurinko_async.resources.subscriptions import Subscriptions

        return Subscriptions(self._session)


def _credentials(auth: Credentials) -> Credentials:
    given: object = auth
    if isinstance(given, type) or not callable(getattr(given, "authorises", None)):
        # Its value is not told: it may be the token itself.
        kind = f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
        raise ConfigError(f"auth must be credentials, such as AccountAuth(token), not {kind}")
    return auth


def _base_url(url: object) -> str:
    if not isinstance(url, str) or not _is_base_url(url):
        raise ConfigError(f"base_url must be like {BASE_URL}: no credentials, no query, nothing to be escaped")
    return url.rstrip("/").removesuffix("/v1")


def _is_base_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if not _is_plain(url) or any(character in url for character in "@?#"):
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _timeout(timeout: Timeout | float | None) -> Timeout:
    if isinstance(timeout, Timeout):
        return timeout
    if timeout is None:
        return Timeout()
    if timeout <= 0:
        raise ConfigError("timeout must be more than 0 seconds")
    return Timeout(connect=timeout, read=timeout, total=timeout)
