"""What a message is made of, before it is rendered for an answer."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from email.utils import formataddr, parseaddr
from typing import Any

from attrs import Factory, define, field, frozen

from aurinko_async.sandbox.bodies import html_to_text, text_to_html
from aurinko_async.sandbox.contract import Json, is_object
from aurinko_async.sandbox.ledger import Entry


@frozen
class Attachment:
    """One attachment and its bytes."""

    id: str
    name: str
    mime_type: str
    content: bytes
    inline: bool = False
    content_id: str | None = None
    content_location: str | None = None

    def listed(self, *, loaded: bool = False) -> Json:
        """Give it as a message lists it; `loaded` with its content."""
        listed: Json = {
            "id": self.id,
            "name": self.name,
            "mimeType": self.mime_type,
            "size": len(self.content),
            "inline": self.inline,
        }
        if self.content_id is not None:
            listed["contentId"] = self.content_id
        if self.content_location is not None:
            listed["contentLocation"] = self.content_location
        if loaded:
            listed["content"] = base64.b64encode(self.content).decode()
        return listed


@define(eq=False)
class Letter:
    """The content of a message: `record` holds the wire names that never depend on how it is asked for."""

    record: Json
    html: str | None = None
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    source: bytes | None = None

    def body(self, body_type: str) -> str:
        """Give the body as HTML or text, converted if it only exists as the other."""
        if body_type == "text":
            return self.text if self.text is not None else html_to_text(self.html or "")
        return self.html if self.html is not None else text_to_html(self.text or "")


@define(eq=False)
class Message(Entry):
    """A message in its mailbox: where it lies, and who writes its content when somebody asks."""

    write: Callable[[], Letter]
    thread_id: str
    folder_id: str
    labels: list[str]
    internet_id: str | None = None
    changes: Json = field(factory=lambda: Json(), kw_only=True)
    modified: float | None = field(default=None, kw_only=True)
    home: str | None = field(default=None, kw_only=True)

    def letter(self) -> Letter:
        """Give the content, later changes applied."""
        letter = self.write()
        if self.changes:
            letter.record |= {name: value for name, value in self.changes.items() if name not in ("body", "text")}
            if "body" in self.changes:
                letter.html, letter.text = self.changes["body"], self.changes.get("text")
        return letter


@define(eq=False)
class Draft:
    """A draft: the message that shows it, and when it is to be sent."""

    id: str
    message: Message
    scheduled: Json | None = None


@frozen
class Folder:
    """One folder or label."""

    id: str
    name: str
    full_name: str
    is_label: bool = False
    parent_id: str | None = None
    sys_label: str | None = None

    def record(self) -> Json:
        """Give it as the API does."""
        record: Json = {
            "id": self.id,
            "name": self.name,
            "fullName": self.full_name,
            "isFolder": not self.is_label,
            "isLabel": self.is_label,
        }
        if self.parent_id is not None:
            record["parentId"] = self.parent_id
        if self.sys_label is not None:
            record["sysLabel"] = self.sys_label
        return record


@define
class Owner:
    """What a mailbox has to know of its account."""

    account_id: int
    email: str
    name: str
    service_type: str
    extra: Json = Factory(lambda: Json())

    @property
    def partial(self) -> bool:
        """Whether lists leave out bodies, as they do for providers other than Google and Office365."""
        return self.service_type not in ("Google", "Office365")


def address(name: str, email: str) -> Json:
    """Give an `EmailAddress`."""
    raw = formataddr((name, email)) if (name + email).isascii() else f'"{name}" <{email}>'
    return {"name": name, "address": email, "raw": raw} if name else {"address": email, "raw": email}


def addresses(value: Any) -> list[Json]:
    """Give a list of `EmailAddress` for what a person writes: text, one address, or several of either."""
    if value is None:
        return []
    if isinstance(value, str):
        return [address(*parseaddr(value))]
    if is_object(value):
        return [address(value.get("name") or "", value.get("address") or "")]
    several: Iterable[Any] = value
    return [one for item in several for one in addresses(item)]
