"""Everything the simulated platform knows: the app, its users and accounts, codes in flight, the clock."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from hashlib import blake2b
from os import PathLike
from pathlib import Path
from random import Random
from typing import Literal

from attrs import Factory, define, field

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError, not_found, unauthorized
from aurinko_async.sandbox.letters import Owner
from aurinko_async.sandbox.mailbox import Mailbox
from aurinko_async.sandbox.realmail import read_mail
from aurinko_async.sandbox.times import iso
from aurinko_async.sandbox.tokens import Mint

SERVICE_TYPES = ("Google", "Office365", "IMAP")
_PROVIDERS = {"IMAP": "Fastmail", "EWS": "EWS", "iCloud": "iCloud"}
_NAMES = ("Dana Ellis", "Renée Fournier", "高橋 健", "Omar Aziz", "Ingrid Sørensen")
_SCOPES = ["Mail.All", "Calendar.ReadWrite", "Contacts.ReadWrite", "Tasks.ReadWrite"]

TokenStatus = Literal["active", "invalid", "dead"]


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
    token_status: TokenStatus = "active"
    role: Literal["primary", "secondary"] = "primary"
    deleted: bool = False
    details: Json = field(factory=lambda: Json(), repr=False)
    serial: int = field(default=0, repr=False)
    expired: dict[str, int] = Factory(lambda: {"delta": 0, "page": 0})
    starts: dict[tuple[object, ...], int] = field(factory=lambda: dict[tuple[object, ...], int](), repr=False)
    trackings: dict[int, Json] = field(factory=lambda: dict[int, Json](), repr=False)
    _mail: Mailbox | None = field(default=None, repr=False)

    @property
    def mail(self) -> Mailbox:
        """The account's mailbox; made up, or read, when first looked at."""
        if self._mail is None:
            self._mail = self.open_mailbox(self)
        self._mail.settle()
        return self._mail

    @property
    def owner(self) -> Owner:
        """What a mailbox has to know of the account."""
        return Owner(self.id, self.email, self.name, self.service_type)

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


class World:
    """The state of one sandbox."""

    def __init__(
        self,
        *,
        accounts: int,
        messages: int,
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
            twins = f"{seed}/{messages}/{self.born}/{_fingerprint(mail)}"
            self.mint = Mint(blake2b(twins.encode(), digest_size=32).digest())
        self.app_id = 1000 + seed % 1000
        self.client_id = self._key("client", 0)[:32]
        self.client_secret = self._key("secret", 0)
        self.accounts: list[Account] = []
        self.codes: dict[str, tuple[Account, bool]] = {}
        self.prepared: dict[str, str] = {}
        self._renewals = 0
        self._by_id: dict[int, Account] = {}
        self._by_token: dict[str, Account] = {}
        self._messages = messages
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

    def grant(self, account: Account) -> Json:
        """Give what a finished authorization hands over."""
        return {
            "accountId": account.id,
            "accessToken": account.token,
            "userId": account.user_id,
            "userSession": account.user_session,
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

    def _open(self, account: Account) -> Mailbox:
        seed = int.from_bytes(blake2b(f"{self.seed}/{account.id}".encode(), digest_size=6).digest(), "big")
        mailbox = Mailbox(account.owner, seed=seed, clock=self.clock, born=self.born)
        if self._mail is not None and self.accounts and account is self.accounts[0]:
            mailbox.load(read_mail(self._mail, self.clock() if self.born is None else self.born))
        else:
            mailbox.fill(self._messages)
        mailbox.ledger.seal()
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
