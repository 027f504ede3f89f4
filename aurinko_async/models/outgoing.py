"""Mail that callers write: what to send, what to track of it, and what the API says when it was sent."""

from __future__ import annotations

import mimetypes
import os
from enum import StrEnum
from pathlib import Path

from attrs import field

from aurinko_async._types import UNSET
from aurinko_async.models._model import Opt, model
from aurinko_async.models.addresses import EmailAddress, EmailHeader


class SendStatus(StrEnum):
    """What became of a message or draft; the API may send others."""

    OK = "Ok"
    SCHEDULED = "Scheduled"


class ProcessingStatus(StrEnum):
    """Whether all that goes with sending was done; the API may send others."""

    OK = "Ok"
    INCOMPLETE = "Incomplete"


class SendStep(StrEnum):
    """What goes with sending; the API may send others."""

    TRACKING = "tracking"
    FOLLOW_UP = "followUp"
    KEYWORDS = "keywords"
    RETURN_IDS = "returnIds"


@model
class OutgoingEmailAttachment:
    """A file to send.

    Attributes:
        inline: Whether the body shows it rather than offers it.
        content_id: What the body calls it by: `cid:...`.
        content: Its bytes as they are; they are encoded for you.
    """

    inline: Opt[bool] = UNSET
    name: Opt[str] = UNSET
    mime_type: Opt[str] = UNSET
    content_id: Opt[str] = UNSET
    content: Opt[bytes] = field(default=UNSET, repr=False)

    @classmethod
    def from_bytes(cls, name: str, content: bytes, mime_type: str | None = None) -> OutgoingEmailAttachment:
        """Make an attachment of bytes; the type is guessed from the name when it is not given."""
        return cls(name=name, content=content, mime_type=mime_type or _guess(name))

    @classmethod
    def from_path(
        cls, path: str | os.PathLike[str], *, inline: bool | None = None, content_id: str | None = None
    ) -> OutgoingEmailAttachment:
        """Make an attachment of a file, which is read at once (and blocks while it is).

        Raises:
            OSError: the file cannot be read.
        """
        file = Path(path)
        return cls(
            inline=UNSET if inline is None else inline,
            name=file.name,
            mime_type=_guess(file.name),
            content_id=UNSET if content_id is None else content_id,
            content=file.read_bytes(),
        )


def _guess(name: str) -> str:
    kind, encoding = mimetypes.guess_type(name)
    return kind if kind and not encoding else "application/octet-stream"


@model
class OutEmailTrack:
    """What to track of a message.

    Attributes:
        thread_replies: Notice replies, and bounces.
        opens: Notice when it is opened.
        links: Notice clicks on its links. The vendor's own SDK has it, its reference does not.
        track_opens_after_send_delay: Seconds after sending in which opening does not count; 5 when not given.
        context: Any text of yours; it comes back with every tracking event.
        custom_domain_alias: A domain of yours for the tracking links. Not in the vendor's reference either.
    """

    thread_replies: Opt[bool] = UNSET
    opens: Opt[bool] = UNSET
    links: Opt[bool] = UNSET
    track_opens_after_send_delay: Opt[int] = UNSET
    context: Opt[str] = UNSET
    custom_domain_alias: Opt[str] = UNSET


@model
class FollowUpOutgoing:
    """The follow-up rule to apply to the conversation, and the values of its template's variables."""

    rule_id: Opt[int] = UNSET
    action_vars: Opt[dict[str, str]] = UNSET


@model
class OutgoingEmail:
    """A message to send, or to keep as a draft.

    It has no thread id: what makes it part of a conversation is `in_reply_to` and `references`, or replying with
    `client.email.messages.reply`.

    Attributes:
        from_: One of the account's addresses; its own when not given.
        body: HTML, or text where `body_type` says so.
        in_reply_to: The Message-Id of the message it answers.
        references: The Message-Ids of the messages before it, with spaces between.
        x_headers: Headers of your own; their names begin with `X-`.
        keywords: The labels or categories that the sent message gets.
    """

    from_: Opt[EmailAddress] = UNSET
    subject: Opt[str] = UNSET
    body: Opt[str] = UNSET
    in_reply_to: Opt[str] = UNSET
    references: Opt[str] = UNSET
    to: Opt[list[EmailAddress]] = UNSET
    cc: Opt[list[EmailAddress]] = UNSET
    bcc: Opt[list[EmailAddress]] = UNSET
    reply_to: Opt[list[EmailAddress]] = UNSET
    x_headers: Opt[list[EmailHeader]] = UNSET
    attachments: Opt[list[OutgoingEmailAttachment]] = UNSET
    tracking: Opt[OutEmailTrack] = UNSET
    follow_up: Opt[FollowUpOutgoing] = UNSET
    keywords: Opt[list[str]] = UNSET


@model
class OutgoingEmailReply:
    """A reply to a message, which makes it part of the conversation.

    Attributes:
        from_: One of the account's addresses; its own when not given.
        body: HTML, or text where `body_type` says so.
        x_headers: Headers of your own; their names begin with `X-`.
    """

    from_: Opt[EmailAddress] = UNSET
    subject: Opt[str] = UNSET
    body: Opt[str] = UNSET
    to: Opt[list[EmailAddress]] = UNSET
    cc: Opt[list[EmailAddress]] = UNSET
    bcc: Opt[list[EmailAddress]] = UNSET
    reply_to: Opt[list[EmailAddress]] = UNSET
    x_headers: Opt[list[EmailHeader]] = UNSET
    attachments: Opt[list[OutgoingEmailAttachment]] = UNSET
    tracking: Opt[OutEmailTrack] = UNSET
    follow_up: Opt[FollowUpOutgoing] = UNSET


@model
class EmailSendError:
    """What was not done although the message was sent; the steps are some of `SendStep`."""

    failed_steps: list[str] | None = None
    error_message: str | None = None


@model
class EmailSendResponse:
    """A message that was sent.

    Attributes:
        status: One of `SendStatus`.
        id: Its id, where it was asked for and the provider tells.
        submitted_message_id: The Message-Id it was handed over with; some mail servers give it another.
        thread_id: The conversation it is part of, where it was asked for and the provider tells.
        tracking_id: The id of its tracking data. The vendor's descriptions differ on whether it is a number.
        processing_status: One of `ProcessingStatus`. `Incomplete` means that the message was sent all the same: do
            not send it again.
        processing_error: What was not done.
    """

    status: str | None = None
    id: str | None = None
    submitted_message_id: str | None = None
    thread_id: str | None = None
    tracking_id: str | int | None = None
    processing_status: str | None = None
    processing_error: EmailSendError | None = None


@model
class DraftSendDetails:
    """What to track of a draft that is sent."""

    tracking: Opt[OutEmailTrack] = UNSET


@model
class EmailDraftSendResponse:
    """A draft that was sent, or that will be: `status` is `Ok` or `Scheduled`.

    Attributes:
        tracking_id: The id of its tracking data. The vendor's descriptions differ on whether it is a number.
        id, submitted_message_id, thread_id, processing_status, processing_error: As in `EmailSendResponse`. The
            vendor's own SDK reads them, its reference does not name them.
    """

    status: str | None = None
    tracking_id: str | int | None = None
    id: str | None = None
    submitted_message_id: str | None = None
    thread_id: str | None = None
    processing_status: str | None = None
    processing_error: EmailSendError | None = None
