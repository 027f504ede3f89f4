"""Mail as the API returns it: messages, attachments, drafts, folders, and where a sync stands."""

from __future__ import annotations

import email.message
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import field

from aurinko_async._types import UNSET
from aurinko_async.models import compose, mime
from aurinko_async.models._model import Opt, model
from aurinko_async.models.addresses import EmailAddress, EmailHeader
from aurinko_async.models.common import BodyType
from aurinko_async.models.outgoing import OutgoingEmail, OutgoingEmailAttachment, OutgoingEmailReply


class SysLabel(StrEnum):
    """The meanings of labels and folders that all providers share; the API may send others."""

    JUNK = "junk"
    TRASH = "trash"
    SENT = "sent"
    INBOX = "inbox"
    UNREAD = "unread"
    FLAGGED = "flagged"
    IMPORTANT = "important"
    DRAFT = "draft"


class SysClassification(StrEnum):
    """What kind of mail the provider takes a message for; the API may send others."""

    PERSONAL = "personal"
    SOCIAL = "social"
    PROMOTIONS = "promotions"
    UPDATES = "updates"
    FORUMS = "forums"


class Sensitivity(StrEnum):
    """How private the sender marked a message; the API may send others."""

    NORMAL = "normal"
    PRIVATE = "private"
    PERSONAL = "personal"
    CONFIDENTIAL = "confidential"


class MeetingMessageMethod(StrEnum):
    """What a message about a meeting does; the API may send others."""

    REQUEST = "request"
    REPLY = "reply"
    CANCEL = "cancel"
    COUNTER = "counter"
    OTHER = "other"


class EmailOmission(StrEnum):
    """What a message of a list, a page or a sync may lack; the API may send others."""

    THREAD_ID = "threadId"
    BODY = "body"
    ATTACHMENTS = "attachments"
    RECIPIENTS = "recipients"
    INTERNET_HEADERS = "internetHeaders"


class ScheduledDraftStatus(StrEnum):
    """How a scheduled draft stands; the API may send others."""

    SCHEDULED = "scheduled"
    SENT = "sent"
    FAILED = "failed"


@model
class EmailAttachment:
    """A file in a message.

    Attributes:
        size: Its length in bytes, as the provider counts.
        inline: Whether the body shows it rather than offers it.
        content_id: What the body calls it by: `cid:...`.
        content: Its bytes, where inline attachments were asked for; else get the attachment.
    """

    id: str | None = None
    name: str | None = None
    mime_type: str | None = None
    size: int | None = None
    inline: bool | None = None
    content_id: str | None = None
    content: bytes | None = field(default=None, repr=False)
    content_location: str | None = None


@model
class EmailAttachmentContent:
    """The bytes of an attachment, decoded; `bytes(...)` gives them too, empty when there are none."""

    content: bytes | None = field(default=None, repr=False)

    def __bytes__(self) -> bytes:
        return self.content or b""


@model
class RecordMeta:
    """What the API adds about a record; the vendor's own SDK reads it, its reference does not name it.

    Attributes:
        update_token: What stands for this version of the record.
    """

    update_token: str | None = None


@model
class EmailMessage:
    """A message.

    Messages of lists, pages and syncs can be partial: `omitted` says what is missing, and getting the message by its
    id completes it.

    Attributes:
        internet_message_id: Its Message-Id, the only id that stays when it moves between folders.
        sys_labels: Some of `SysLabel`; `unread`, `flagged` and `draft` are among them.
        keywords: The labels or categories that its owner gave it.
        sys_classifications: Some of `SysClassification`.
        sensitivity: One of `Sensitivity`.
        meeting_message_method: One of `MeetingMessageMethod`.
        body: Its text or HTML, as asked for; `None` when it is `omitted`.
        body_snippet: The first words of the body, as plain text.
        native_properties: The provider's own properties that were asked for, by name; strings, and whatever else
            providers have.
        omitted: Some of `EmailOmission`.
        etag, deleted, meta: Some records carry them: the version, whether the message is gone, what the API adds.
    """

    id: str | None = None
    thread_id: str | None = None
    created_time: datetime | None = None
    last_modified_time: datetime | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    internet_message_id: str | None = None
    subject: str | None = None
    sys_labels: list[str] | None = None
    keywords: list[str] | None = None
    sys_classifications: list[str] | None = None
    sensitivity: str | None = None
    meeting_message_method: str | None = None
    from_: EmailAddress | None = None
    to: list[EmailAddress] | None = None
    cc: list[EmailAddress] | None = None
    bcc: list[EmailAddress] | None = None
    reply_to: list[EmailAddress] | None = None
    has_attachments: bool | None = None
    body: str | None = None
    body_snippet: str | None = None
    attachments: list[EmailAttachment] | None = None
    in_reply_to: str | None = None
    references: str | None = None
    thread_index: str | None = None
    internet_headers: list[EmailHeader] | None = None
    native_properties: dict[str, Any] | None = None
    folder_id: str | None = None
    web_link: str | None = None
    omitted: list[str] | None = None
    etag: str | None = None
    deleted: bool | None = None
    meta: RecordMeta | None = None

    def reply(self, body: str, *, everyone: bool = False, me: str | Sequence[str] | None = None) -> OutgoingEmailReply:
        """Write a reply, for `client.email.messages.reply(message.id, ...)`. Nothing is sent.

        It goes to whom the message asks for replies, else to its sender; a reply to a message of one's own, to whom
        that went.

        Args:
            body: HTML, or text with `body_type="text"`.
            everyone: Send a copy to all others that the message went to.
            me: The addresses of the account, which get no copy.

        Raises:
            InvalidInput: the message has no address to reply to, or is partial: get it by its id first.
        """
        return compose.reply(self, body, everyone=everyone, me=me)

    def forward(
        self,
        to: str | EmailAddress | Sequence[str | EmailAddress],
        body: str = "",
        *,
        body_type: str = BodyType.HTML,
        attachments: Sequence[OutgoingEmailAttachment] = (),
    ) -> OutgoingEmail:
        """Write a message that passes this one on, for `client.email.messages.send`. Nothing is sent.

        Attachments whose content is here go with it (`load_inlines=True` brings those that the body shows); get the
        content of others, and give them as `attachments`.

        Args:
            to: Whom to send it to.
            body: What to say before the message that is passed on.
            body_type: What `body` and the message's own body are: `html`, or `text`. Send it as the same.
            attachments: More attachments.

        Raises:
            InvalidInput: an address cannot be read, or the message is here without its body: get it by its id first.
        """
        return compose.forward(self, to, body, body_type=body_type, attachments=attachments)

    def to_email(self, raw: str | bytes | None = None) -> email.message.EmailMessage:
        """The message as the standard library has it.

        Args:
            raw: Its source, from `client.email.messages.get_raw(message.id)`: then it is complete and exact. Without,
                it is made of what is here: the known headers, the body, and the attachments whose content is here.
                What its header cannot hold stands in one of its own: an address that is not ASCII or malformed, with
                its name, in `X-Aurinko-To`, `X-Aurinko-From` and so on, several as the fields of a line of CSV; a
                malformed id in `X-Aurinko-Message-ID`. Control characters are left out of headers.
        """
        return mime.compose_email(self) if raw is None else mime.parse_raw(raw)


@model
class DeletedEmailMessage:
    """A message that is gone from its folder; when it was moved, `internet_message_id` is the same in the other one."""

    id: str | None = None
    folder_id: str | None = None
    internet_message_id: str | None = None
    timestamp: datetime | None = None


@model
class UpdateMessageStatusData:
    """A change to the state of a message: what is not given stays as it is.

    Attributes:
        keywords: All labels or categories the message is to have.
    """

    unread: Opt[bool] = UNSET
    archived: Opt[bool] = UNSET
    keywords: Opt[list[str]] = UNSET


@model
class ScheduledDraft:
    """When a draft is sent, and what came of it.

    Attributes:
        status: One of `ScheduledDraftStatus`.
    """

    job_id: int | None = None
    send_time: datetime | None = None
    status: str | None = None
    error_message: str | None = None


@model
class EmailDraft:
    """A draft: the message so far, and when it is sent, if that is settled."""

    id: str | None = None
    message: EmailMessage | None = None
    scheduled: ScheduledDraft | None = None


@model
class EmailDraftResponse:
    """The draft that was saved; its id may be another one than before."""

    id: str | None = None
    web_link: str | None = None


@model
class EmailFolderInfo:
    """A folder, or a label where the provider has labels.

    Attributes:
        full_name: Its name with those of the folders it is in.
        sys_label: What it is for, one of `SysLabel`.
    """

    id: str | None = None
    name: str | None = None
    full_name: str | None = None
    is_folder: bool | None = None
    is_label: bool | None = None
    parent_id: str | None = None
    sys_label: str | None = None


@model
class EmailFolderCreate:
    """A new folder."""

    name: Opt[str] = UNSET
    parent_id: Opt[str] = UNSET


@model
class WellKnownFoldersOut:
    """The ids of the folders that are used as archive and for sent mail."""

    archive: str | None = None
    sent: str | None = None


@model
class WellKnownFoldersIn:
    """The ids of the folders to use as archive and for sent mail; `None` clears the choice."""

    archive: Opt[str] = UNSET
    sent: Opt[str] = UNSET


@model
class SyncStatus:
    """Whether a sync can start; the tokens are there once it is `ready`.

    Attributes:
        sync_updated_token: The first delta token of the stream of updated records.
        sync_deleted_token: The first delta token of the stream of deleted ones.
    """

    ready: bool | None = None
    sync_updated_token: str | None = None
    sync_deleted_token: str | None = None
