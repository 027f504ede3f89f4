"""One account's mail: the messages there are, how they got there, and what tests and demos do to them."""

from __future__ import annotations

import base64
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from aurinko_async.sandbox import names
from aurinko_async.sandbox.author import Author, Plan
from aurinko_async.sandbox.bodies import html_to_text, snippet
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError, bad_request, not_found
from aurinko_async.sandbox.ledger import Ledger
from aurinko_async.sandbox.letters import Attachment, Draft, Folder, Letter, Message, Owner, address, addresses
from aurinko_async.sandbox.realmail import Loaded
from aurinko_async.sandbox.render import Renderer
from aurinko_async.sandbox.times import iso, moment


class Messages(Mapping[str, Json]):
    """A live, read-only view: message id -> the record a full GET gives now."""

    def __init__(self, ledger: Ledger[Message], render: Renderer) -> None:
        self._ledger = ledger
        self._render = render

    def __getitem__(self, id_: str) -> Json:
        message = self._ledger.find(id_)
        if message is None:
            raise KeyError(id_)
        return self._render.full(message)

    def __iter__(self) -> Iterator[str]:
        return (message.id for message in self._ledger)

    def __len__(self) -> int:
        return sum(1 for _ in self._ledger)

    def __contains__(self, id_: object) -> bool:
        return isinstance(id_, str) and self._ledger.find(id_) is not None


class Mailbox:
    """The mail of one account."""

    def __init__(self, owner: Owner, *, seed: int, clock: Callable[[], float], born: float | None = None) -> None:
        self.ledger: Ledger[Message] = Ledger()
        self.render = Renderer(owner)
        self.messages: Mapping[str, Json] = Messages(self.ledger, self.render)
        self.folders: dict[str, Folder] = {folder.id: folder for folder in names.folders(owner)}
        self.well_known: dict[str, str | None] = {"sent": self.system_folder("sent"), "archive": None}
        self._owner = owner
        self._clock = clock
        self._author = Author(owner, seed, clock() if born is None else born)
        self._dated: list[tuple[float, int]] = []
        self._threads: dict[str, list[Message]] = {}
        self._by_internet_id: dict[str, Message] = {}
        self._made = 0
        self._due: list[tuple[float, Callable[[], None]]] = []
        self.drafts: dict[str, Draft] = {}

    # What tests and demos do.

    def add(
        self,
        *,
        subject: str = "",
        body: str = "",
        text: str | None = None,
        from_: Any = None,
        to: Any = None,
        received_at: float | datetime | str | None = None,
        attachments: Iterable[Mapping[str, Any]] = (),
        **fields: Any,
    ) -> str:
        """Let a message arrive.

        Args:
            body: HTML.
            text: the body as text; None derives it from the HTML.
            from_: who it is from, as an address, `Name <address>` or a wire `EmailAddress`. `to` likewise, or a list.
            received_at: None is now.
            attachments: each with `name`, `mimeType`, `content` (bytes, or base64 text), `inline`, `contentId`.
            fields: any other property of a message, by its wire name: `threadId`, `folderId`, `sysLabels`, ...

        Returns:
            Its id.
        """
        when = self._clock() if received_at is None else moment(received_at)
        me = address(self._owner.name, self._owner.email)
        record: Json = {
            "createdTime": iso(when),
            "lastModifiedTime": iso(when),
            "sentAt": iso(when),
            "subject": subject,
            "keywords": [],
            "sysClassifications": ["personal"],
            "sensitivity": "normal",
            "from": (addresses(from_) or [address("Ann Lee", "ann@example.com")])[0],
            "to": [me] if to is None else addresses(to),
            "cc": addresses(fields.pop("cc", None)),
            "bcc": addresses(fields.pop("bcc", None)),
            "replyTo": addresses(fields.pop("replyTo", None)),
            **fields,
        }
        plain = html_to_text(body) if text is None else text
        files = tuple(_attachment(given, number) for number, given in enumerate(attachments))
        return self.accept(Letter(record, body, plain, files), when).id

    def add_many(self, count: int) -> list[str]:
        """Let `count` made-up messages arrive now, and give their ids."""
        return [self._deliver(plan).id for plan in self._author.plan_more(count, self._clock())]

    def update(self, id_: str, **changes: Any) -> None:
        """Change properties of a message, by their wire names. `body` is HTML."""
        message = self.get(id_)
        message.labels = list(changes.pop("sysLabels", message.labels))
        message.folder_id = changes.pop("folderId", message.folder_id)
        if (thread := changes.pop("threadId", None)) is not None:
            self._threads[message.thread_id].remove(message)
            message.thread_id = thread
            self._threads.setdefault(thread, []).append(message)
        if (when := changes.pop("receivedAt", None)) is not None:
            message.when = moment(when)
            insort(self._dated, (message.when, message.ordinal))
        for name in ("from_", "from"):
            if name in changes:
                changes["from"] = addresses(changes.pop(name))[0]
        changes |= {name: addresses(changes[name]) for name in ("to", "cc", "bcc", "replyTo") if name in changes}
        if "body" in changes:
            changes.setdefault("text", html_to_text(changes["body"]))
            changes.setdefault("bodySnippet", snippet(changes["text"]))
        message.changes |= changes
        self.touch(message)

    def remove(self, id_: str) -> None:
        """Delete a message for good: it leaves a tombstone."""
        message = self.get(id_)
        tombstone: Json = {"id": id_, "folderId": message.folder_id, "timestamp": iso(self._clock())}
        if message.internet_id is not None:
            tombstone["internetMessageId"] = message.internet_id
        self.ledger.bury(message, tombstone)

    def trash(self, id_: str) -> None:
        """Move a message to the trash, as a DELETE does. One that is there already stays."""
        message = self.get(id_)
        if "trash" in message.labels:
            return
        message.home = message.folder_id
        message.folder_id = self.system_folder("trash")
        message.labels = [*(label for label in message.labels if label != "inbox"), "trash"]
        self.touch(message)

    def restore(self, id_: str) -> None:
        """Bring a message back under the same id: out of the trash, or after it was removed for good."""
        gone = self.ledger.find_gone(id_)
        if gone is not None:
            gone.modified = self._clock()
            self.ledger.revive(gone)
            return
        message = self.get(id_)
        if "trash" in message.labels:
            message.folder_id = message.home or self.system_folder("inbox")
            label = ["inbox"] if message.folder_id == self.system_folder("inbox") else []
            message.labels = [*label, *(label for label in message.labels if label != "trash")]
            self.touch(message)

    # What the handlers ask.

    def get(self, id_: str) -> Message:
        """Give a live message.

        Raises:
            ApiError: 404, there is none.
        """
        message = self.ledger.find(id_)
        if message is None:
            raise not_found("The message could not be found")
        return message

    def accept(self, letter: Letter, when: float, *, id_: str | None = None) -> Message:
        """Take a written letter in; its record may say `id`, `threadId`, `folderId` and `sysLabels`."""
        record = letter.record
        self._made += 1
        number = 0x0F00_0000 + self._made
        made_id = id_ or record.pop("id", None) or names.message_id(self._owner, number)
        if made_id in self.ledger:
            raise ValueError(f"there is or was a message with this id: {made_id}")
        internet_id = self._complete(letter, f"<sandbox.{self._owner.account_id}.{number}@example.com>")
        thread = record.pop("threadId", None) or self._thread_of(record) or names.thread_id(self._owner, number)
        folder = record.pop("folderId", None) or self.system_folder("inbox")
        labels = list(record.pop("sysLabels", ["inbox", "unread"]))
        write = partial(_copy, letter)
        return self._insert(Message(made_id, when, write, thread, folder, labels, internet_id))

    def rewrite(self, message: Message, letter: Letter) -> None:
        """Replace the content of a message."""
        self._complete(letter, message.internet_id or "")
        message.write = partial(_copy, letter)
        message.changes = {}
        self.touch(message)

    def mark(self, message: Message, *, unread: bool | None, archived: bool | None, keywords: list[str] | None) -> None:
        """Change what a reader changes; None leaves it."""
        labels = [label for label in message.labels if unread is None or label != "unread"]
        message.labels = [*labels, "unread"] if unread else labels
        if archived:
            message.labels = [label for label in message.labels if label != "inbox"]
            message.folder_id = self.well_known["archive"] or self._titled("Archive")
        elif archived is False and "inbox" not in message.labels:
            message.labels = ["inbox", *message.labels]
            message.folder_id = self.system_folder("inbox")
        if keywords is not None:
            message.changes["keywords"] = keywords
        self.touch(message)

    def fill(self, count: int) -> None:
        """Make the mail up that the mailbox begins with."""
        for plan in self._author.plan(count):
            self._deliver(plan)

    def load(self, messages: Iterable[Loaded]) -> None:
        """Take real mail in."""
        for real in messages:
            self._made += 1
            id_ = names.message_id(self._owner, self._made)
            folder = self.system_folder(real.labels[0])
            self._insert(Message(id_, real.when, real.write, real.thread, folder, real.labels, real.internet_id))

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Let something happen once the clock has come to `when`."""
        self._due.append((when, act))

    def settle(self) -> None:
        """Do what has come due."""
        if self._due:
            now = self._clock()
            due = [act for when, act in self._due if when <= now]
            self._due = [(when, act) for when, act in self._due if when > now]
            for act in due:
                act()

    def touch(self, message: Message) -> None:
        """Note that a message changed."""
        message.modified = self._clock()
        self.ledger.touch(message)

    def system_folder(self, label: str) -> str:
        """Give the id of the folder of a system label."""
        return next(folder.id for folder in self.folders.values() if folder.sys_label == label)

    def thread(self, thread_id: str) -> list[Message]:
        """Give the live messages of a conversation, oldest first."""
        return [message for message in self._threads.get(thread_id, ()) if not message.gone]

    def by_internet_id(self, internet_id: str | None) -> Message | None:
        """Give the live message with this Message-ID."""
        message = self._by_internet_id.get(internet_id or "")
        return None if message is None or message.gone else message

    def newest(
        self, before: tuple[float, int] | None, limit: int, wanted: Callable[[Message], bool]
    ) -> tuple[list[Message], tuple[float, int] | None]:
        """Give messages, newest first, and the place to go on from: None at the end."""
        index = len(self._dated) if before is None else bisect_left(self._dated, before)
        found: list[Message] = []
        while index > 0:
            index -= 1
            message = self.ledger.at(self._dated[index][1])
            if message.gone or message.when != self._dated[index][0] or not wanted(message):
                continue
            found.append(message)
            if len(found) == limit:
                return found, self._dated[index] if index else None
        return found, None

    def create_folder(self, name: str, parent_id: str | None) -> Folder:
        """Make a folder.

        Raises:
            ApiError: 400 for a name that is empty or taken, 404 for a parent that is not there.
        """
        if not name:
            raise bad_request("The folder has no name")
        parent = None if parent_id is None else self.folder(parent_id)
        full_name = f"{parent.full_name}/{name}" if parent else name
        if any(folder.full_name == full_name for folder in self.folders.values()):
            raise ApiError(400, "A folder with this name exists", code="alreadyExists")
        id_ = names.new_folder_id(self._owner, full_name)
        folder = Folder(id_, name, full_name, self._owner.service_type == "Google", parent_id)
        self.folders[id_] = folder
        return folder

    def folder(self, id_: str) -> Folder:
        """Give a folder.

        Raises:
            ApiError: 404, there is none.
        """
        if id_ not in self.folders:
            raise not_found("The folder could not be found")
        return self.folders[id_]

    def _insert(self, message: Message) -> Message:
        self.ledger.insert(message)
        insort(self._dated, (message.when, message.ordinal))
        self._threads.setdefault(message.thread_id, []).append(message)
        if message.internet_id:
            self._by_internet_id[message.internet_id] = message
        return message

    def _complete(self, letter: Letter, internet_id: str) -> str:
        record = letter.record
        record.setdefault("internetMessageId", internet_id)
        record.setdefault("bodySnippet", snippet(letter.body("text")))
        record.setdefault("hasAttachments", any(not file.inline for file in letter.attachments))
        record.setdefault("internetHeaders", _headers(record))
        given: str = record["internetMessageId"]
        return given

    def _titled(self, name: str) -> str:
        return next(folder.id for folder in self.folders.values() if folder.full_name == name)

    def _thread_of(self, record: Json) -> str | None:
        for internet_id in (record.get("inReplyTo"), *reversed((record.get("references") or "").split())):
            answered = self.by_internet_id(internet_id)
            if answered is not None:
                return answered.thread_id
        return None

    def _deliver(self, plan: Plan) -> Message:
        folder, labels = self._place(plan)
        id_ = names.message_id(self._owner, plan.index)
        thread = names.thread_id(self._owner, plan.thread)
        write = partial(self._author.write, plan)
        return self._insert(Message(id_, plan.when, write, thread, folder, labels, self._author.internet_id(plan)))

    def _place(self, plan: Plan) -> tuple[str, list[str]]:
        own = [folder.id for folder in self.folders.values() if folder.sys_label is None]
        if plan.mine:
            return self.system_folder("sent"), ["sent"]
        marks = [
            *(["unread"] if plan.draw * 7 % 1 < 0.25 else []),
            *(["flagged"] if plan.draw * 11 % 1 < 0.04 else []),
            *(["important"] if plan.draw * 13 % 1 < 0.1 else []),
        ]
        if plan.draw < 0.66:
            return self.system_folder("inbox"), ["inbox", *marks]
        if plan.draw < 0.96:
            return own[int(plan.draw * 1000) % len(own)], marks
        label = "junk" if plan.kind == "robot" else "trash"
        return self.system_folder(label), [label, *marks]


def _copy(letter: Letter) -> Letter:
    return Letter(dict(letter.record), letter.html, letter.text, letter.attachments, letter.source)


def _attachment(given: Mapping[str, Any], number: int) -> Attachment:
    content = given.get("content") or b""
    return Attachment(
        id=given.get("id") or f"att{number}+/%2F=",
        name=given.get("name") or "unnamed",
        mime_type=given.get("mimeType") or "application/octet-stream",
        content=base64.b64decode(content) if isinstance(content, str) else bytes(content),
        inline=bool(given.get("inline")),
        content_id=given.get("contentId"),
    )


def _headers(record: Json) -> list[Json]:
    pairs = (
        ("From", record["from"]["raw"]),
        ("Subject", record["subject"]),
        ("Message-ID", record["internetMessageId"]),
        ("In-Reply-To", record.get("inReplyTo")),
        ("References", record.get("references")),
    )
    return [*({"name": name, "value": value} for name, value in pairs if value), *record.pop("xHeaders", ())]
