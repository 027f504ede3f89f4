"""One connected mailbox: who it is, what opens it, and all that is in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from attrs import Factory, define, field

from aurinko_async.sandbox.calendars.calendars import Calendars
from aurinko_async.sandbox.calendars.work_hours import nine_to_five
from aurinko_async.sandbox.contacts import AddressBook
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.followups import Followups
from aurinko_async.sandbox.letters import Owner
from aurinko_async.sandbox.mailbox import Mailbox
from aurinko_async.sandbox.task_lists import TaskLists
from aurinko_async.sandbox.times import iso
from aurinko_async.sandbox.tracking import Trackings

if TYPE_CHECKING:
    from aurinko_async.sandbox.world import World

_PROVIDERS = {"IMAP": "Fastmail", "EWS": "EWS", "iCloud": "iCloud"}
_SCOPES = ["Mail.All", "Calendar.ReadWrite", "Contacts.ReadWrite", "Tasks.ReadWrite"]

TokenStatus = Literal["active", "invalid", "dead"]


def _turned(account: Account, _: object, status: TokenStatus) -> TokenStatus:
    account.world.webhooks.wake()
    return status


@define(eq=False)
class Account:
    """One connected mailbox, and the credentials that open it."""

    id: int
    email: str
    name: str
    service_type: str
    token: str = field(repr=False)
    user_id: str
    user_session: str = field(repr=False)
    exchange_id_token: str = field(repr=False)
    created_at: float
    open_mailbox: Callable[[Account], Mailbox] = field(repr=False)
    world: World = field(repr=False)
    token_status: TokenStatus = field(default="active", on_setattr=_turned)
    role: Literal["primary", "secondary"] = "primary"
    deleted: bool = False
    details: Json = field(factory=lambda: Json(), repr=False)
    serial: int = field(default=0, repr=False)
    expired: dict[str, int] = Factory(lambda: {"delta": 0, "page": 0})
    starts: dict[tuple[object, ...], int] = field(factory=lambda: dict[tuple[object, ...], int](), repr=False)
    tracking: Trackings = field(init=False, repr=False)
    followups: Followups = field(init=False, repr=False)
    _mail: Mailbox | None = field(default=None, repr=False)
    _calendars: Calendars | None = field(default=None, repr=False)
    _contacts: AddressBook | None = field(default=None, repr=False)
    _task_lists: TaskLists | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        self.tracking = Trackings(self.id, self.world.clock, partial(self.world.tracked, self))
        self.followups = Followups(self)

    @property
    def mail(self) -> Mailbox:
        """The account's mailbox; made up, or read, when first looked at."""
        if self._mail is None:
            self._mail = self.open_mailbox(self)
        self._mail.settle()
        return self._mail

    @property
    def calendars(self) -> Calendars:
        """The account's calendars; made up when first looked at."""
        if self._calendars is None:
            self._calendars = self.world.open_calendars(self)
        return self._calendars

    @property
    def timezone(self) -> str:
        """The time zone the account lives in."""
        return self.calendars.home

    @property
    def work_hours(self) -> Json:
        """When its user works, a `WeekWorkSchedule`; from nine to five unless somebody said otherwise."""
        return self.world.work_hours.get(self.user_id) or nine_to_five(self.timezone)

    @work_hours.setter
    def work_hours(self, schedule: Json) -> None:
        self.world.work_hours[self.user_id] = schedule

    @property
    def contacts(self) -> AddressBook:
        """The account's contacts; made up when first looked at."""
        if self._contacts is None:
            self._contacts = self.world.open_contacts(self)
        return self._contacts

    @property
    def task_lists(self) -> TaskLists:
        """The account's task lists; made up when first looked at."""
        if self._task_lists is None:
            self._task_lists = self.world.open_task_lists(self)
        return self._task_lists

    def open_tracked(self, tracking_id: int | str, **how: Any) -> int | None:
        """Let somebody open a tracked message; see `Trackings.open`."""
        return self.tracking.open(tracking_id, **how)

    @property
    def owner(self) -> Owner:
        """What a mailbox has to know of the account."""
        return Owner(self.id, self.email, self.name, self.service_type)

    def settle(self) -> None:
        """Do what has come due, such as sending scheduled drafts."""
        if self._mail is not None:
            self._mail.settle()

    def expire_cursors(self, *, delta: bool = True, page: bool = True) -> None:
        """Let the delta tokens, the page tokens or both that were handed out so far be rejected from now on."""
        if delta:
            self.expired["delta"] = self.serial
        if page:
            self.expired["page"] = self.serial

    def next_serial(self) -> int:
        """Number a token that is handed out."""
        self.serial += 1
        return self.serial

    def record(self) -> Json:
        """Give the account as the API does."""
        return {
            "id": self.id,
            "serviceType": self.service_type,
            "serviceProvider": _PROVIDERS.get(self.service_type, self.service_type),
            "active": not self.deleted,
            "tokenStatus": self.token_status,
            **({"tokenError": "invalid_grant"} if self.token_status != "active" else {}),
            "type": "personal",
            "daemon": False,
            "loginString": self.email,
            "email": self.email,
            "mailboxAddress": self.email,
            "name": self.name,
            "authUserId": f"auth-{self.id}",
            "authOrgId": self.email.partition("@")[2],
            "timezone": "Europe/Berlin",
            "tokenIssuedAt": iso(self.created_at),
            "authScopes": _SCOPES,
            "authNativeScopes": ["offline_access"],
            "authObtainedAt": iso(self.created_at),
            "userId": self.user_id,
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.created_at),
            **self.details,
        }
