"""Everything the simulated platform knows: the app, its users and accounts, codes in flight, the clock."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from os import PathLike
from pathlib import Path
from random import Random

from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.booking.profiles import Bookings
from aurinko_async.sandbox.calendars.calendars import Calendars
from aurinko_async.sandbox.calendars.events import Event
from aurinko_async.sandbox.contacts import AddressBook
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError, not_found, unauthorized
from aurinko_async.sandbox.ledger import ChangeType, Ledger
from aurinko_async.sandbox.letters import Message
from aurinko_async.sandbox.mailbox import Mailbox
from aurinko_async.sandbox.realmail import read_mail
from aurinko_async.sandbox.task_lists import TaskLists
from aurinko_async.sandbox.tasks import Task
from aurinko_async.sandbox.tokens import Mint
from aurinko_async.sandbox.webhooks import Webhooks

SERVICE_TYPES = ("Google", "Office365", "IMAP")
_NAMES = ("Dana Ellis", "Renée Fournier", "高橋 健", "Omar Aziz", "Ingrid Sørensen")


class World:
    """The state of one sandbox."""

    def __init__(
        self,
        *,
        accounts: int,
        messages: int,
        events: int,
        seed: int,
        page_size: int,
        ready_after: int,
        mail: str | PathLike[str] | None,
        clock: Callable[[], float],
        born: float | None,
    ) -> None:
        self.seed = seed
        self.page_size = page_size
        self.ready_after = ready_after
        self.clock = clock
        self.random = Random(seed)
        self.born = None if born is None else float(born)
        self.run = 1 + secrets.randbelow(2**31)
        self.mint = Mint(secrets.token_bytes(32))
        if born is not None:
            twins = f"{seed}/{messages}/{events}/{self.born}/{_fingerprint(mail)}"
            self.mint = Mint(blake2b(twins.encode(), digest_size=32).digest())
        self.app_id = 1000 + seed % 1000
        self.client_id = self._key("client", 0)[:32]
        self.client_secret = self._key("secret", 0)
        self.accounts: list[Account] = []
        self.codes: dict[str, tuple[Account, bool]] = {}
        self.prepared: dict[str, str] = {}
        self.work_hours: dict[str, Json] = {}
        self.signing_secret = self._key("signing", 0)
        self.bookings = Bookings(clock)
        self.webhooks = Webhooks(self.signing_secret, clock)
        self._renewals = 0
        self._by_id: dict[int, Account] = {}
        self._by_token: dict[str, Account] = {}
        self._messages = messages
        self._events = events
        self._mail = mail
        for index in range(accounts):
            self.add_account(SERVICE_TYPES[index % len(SERVICE_TYPES)])
        if mail is not None:
            self.accounts[0].mail  # noqa: B018 - read now, so that a wrong path is told here

    def add_account(
        self, service_type: str, *, email: str | None = None, name: str | None = None, user_id: str | None = None
    ) -> Account:
        """Connect one more mailbox."""
        index = len(self.accounts)
        name = name or _NAMES[index % len(_NAMES)]
        host = {"Google": "gmail", "Office365": "office"}.get(service_type, "mail")
        user = self.user(user_id) if user_id is not None else None
        account = Account(
            id=self.seed % 1000 * 1_000_000 + 10_001 + index,
            email=email or f"user{index + 1}@{host}.example.com",
            name=name,
            service_type=service_type,
            token=self._key("token", index),
            user_id=user_id or f"user-{index + 1}",
            user_session=user.user_session if user else self._key("session", index),
            exchange_id_token=self._key("exchange", index),
            created_at=self.clock() if self.born is None else self.born,
            open_mailbox=self._open,
            world=self,
            role="secondary" if user else "primary",
        )
        self.accounts.append(account)
        self._by_id[account.id] = account
        return account

    def account(self, account_id: int) -> Account:
        """Give an account by its id.

        Raises:
            ApiError: 404, there is none, or no more.
        """
        account = self._by_id.get(account_id)
        if account is None or account.deleted:
            raise not_found("The account could not be found")
        return account

    def by_token(self, token: str) -> Account:
        """Give the account of a token.

        Raises:
            ApiError: 401.
        """
        account = self._by_token.get(token)
        if account is None or account.token != token:  # somebody set another token, or deleted it
            account = next((account for account in self.accounts if token and account.token == token), None)
        if account is None or account.deleted:
            raise unauthorized()
        self._by_token[token] = account
        return account

    def user(self, user_id: str) -> Account | None:
        """Give the primary account of a user, which is what makes the user."""
        return next((a for a in self.accounts if a.user_id == user_id and not a.deleted), None)

    def renew_token(self, account: Account) -> None:
        """Give an account whose token was deleted a new one."""
        self._renewals += 1
        account.token = self._key("renewed", self._renewals)

    def of_type(self, *types: str) -> list[Account]:
        """List the accounts of these types: `personal`, `managed`, `daemon`."""
        return [one for one in self.accounts if not one.deleted and one.details.get("type", "personal") in types]

    def members(self, user_id: str) -> list[Account]:
        """List the accounts of a user."""
        return [account for account in self.accounts if account.user_id == user_id and not account.deleted]

    def session(self, account: Account) -> str:
        """Give the session of an account's user; a new one after the user has logged out."""
        if not account.user_session:
            self._renewals += 1
            session = self._key("session again", self._renewals)
            for member in self.members(account.user_id):
                member.user_session = session
        return account.user_session

    def log_out(self, user_id: str) -> None:
        """End a user's session."""
        for account in self.accounts:
            if account.user_id == user_id:
                account.user_session = ""

    def grant(self, account: Account) -> Json:
        """Give what a finished authorization hands over."""
        return {
            "accountId": account.id,
            "accessToken": account.token,
            "userId": account.user_id,
            "userSession": self.session(account),
        }

    def issue_code(self, account: Account) -> str:
        """Make a code for one use, with characters that a path must escape."""
        code = f"eyJ{self._key('code', len(self.codes))}/+=="
        self.codes[code] = (account, False)
        return code

    def redeem(self, code: str) -> Account:
        """Take a code.

        Raises:
            ApiError: 400, it is unknown or was used.
        """
        account, used = self.codes.get(code, (None, True))
        if account is None or used:
            raise ApiError(400, "The code is not valid or was used before", code="code.notValid", reason="Bad Request")
        self.codes[code] = (account, True)
        return account

    def open_calendars(self, account: Account) -> Calendars:
        """Make an account's calendars up."""

        def watch(calendar_id: str, ledger: Ledger[Event]) -> None:
            self.webhooks.watch(account, f"/calendars/{calendar_id}/events", ledger)

        return Calendars(
            account.owner,
            seed=self._seed_of(account),
            clock=self.clock,
            home=account.record()["timezone"],
            events=self._events,
            watch=watch,
            born=self.born,
        )

    def open_contacts(self, account: Account) -> AddressBook:
        """Make an account's contacts up."""
        book = AddressBook(account.owner, seed=self._seed_of(account), clock=self.clock, born=self.born)
        self.webhooks.watch(account, "/contacts", book.ledger)
        return book

    def open_task_lists(self, account: Account) -> TaskLists:
        """Make an account's task lists up."""

        def watch(list_id: str, ledger: Ledger[Task]) -> None:
            self.webhooks.watch(account, f"/tasklists/{list_id}/tasks", ledger)

        seed = self._seed_of(account)
        return TaskLists(account.owner, seed=seed, clock=self.clock, watch=watch, born=self.born)

    def tracked(self, account: Account, event: Json) -> None:
        """Tell of something that happened to a tracked message."""
        self.webhooks.notify(account, "/email/tracking", event)

    def _mail_changed(self, account: Account, message: Message, change: ChangeType) -> None:
        payload = {"id": message.id, "changeType": change, "attributes": {"threadId": message.thread_id}}
        self.webhooks.notify(account, "/email/messages", payload, draft="draft" in message.labels)
        if change == "created":
            account.tracking.arrived(message)
            account.followups.arrived(message)

    def _seed_of(self, account: Account) -> int:
        return int.from_bytes(blake2b(f"{self.seed}/{account.id}".encode(), digest_size=6).digest(), "big")

    def _open(self, account: Account) -> Mailbox:
        mailbox = Mailbox(account.owner, seed=self._seed_of(account), clock=self.clock, born=self.born)
        if self._mail is not None and self.accounts and account is self.accounts[0]:
            mailbox.load(read_mail(self._mail, self.clock() if self.born is None else self.born))
        else:
            mailbox.fill(self._messages)
        mailbox.ledger.seal()
        mailbox.ledger.watch(partial(self._mail_changed, account))
        return mailbox

    def _key(self, kind: str, number: int) -> str:
        digest = blake2b(f"{self.seed}/{kind}/{number}".encode(), digest_size=30).digest()
        return base64.urlsafe_b64encode(digest).decode()


def _fingerprint(mail: str | PathLike[str] | None) -> str:
    """Tell real mail from other real mail, and from what it was before it changed, without reading it."""
    if mail is None:
        return ""
    path = Path(mail)
    files = sorted(file for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
    found = [(str(file.relative_to(path)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return blake2b(repr(found).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
