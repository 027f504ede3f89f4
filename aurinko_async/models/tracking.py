"""What became of mail that was sent: opens, clicks, replies, bounces."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from aurinko_async._types import UNSET
from aurinko_async.models._model import Opt, model
from aurinko_async.models.outgoing import OutEmailTrack


class TrackingEventType(StrEnum):
    """What was noticed; the API may send others."""

    OPEN = "open"
    CLICK = "click"
    INITIAL = "initial"
    REPLY = "reply"
    REPLY_BOUNCE = "replyBounce"


@model
class TrackingData:
    """The tracking of one message.

    Attributes:
        inet_message_id: The Message-Id of the message.
        track_replies, track_opens, track_links: What is tracked; the vendor's reference does not name the last.
        tracking_code: What its tracking links carry.
        context: Your own text, as it was given when the message was sent.
        location, user_agent, remote_addr: Where it was opened last, as far as that can be told.
        ignore_open_clicks: Whether opens and clicks are no longer counted.
        has_bounced: Whether it could not be delivered.
    """

    id: int | None = None
    message_id: str | None = None
    inet_message_id: str | None = None
    thread_id: str | None = None
    send_date: datetime | None = None
    last_activity_time: datetime | None = None
    last_responded_time: datetime | None = None
    track_replies: bool | None = None
    track_opens: bool | None = None
    track_links: bool | None = None
    tracking_code: str | None = None
    context: str | None = None
    location: str | None = None
    user_agent: str | None = None
    remote_addr: str | None = None
    open_count: int | None = None
    ignore_open_clicks: bool | None = None
    has_bounced: bool | None = None


@model
class EmailTrackingEvent:
    """Something that was noticed about a tracked message.

    Attributes:
        event_type: One of `TrackingEventType`.
        open_number: Which opening of the message it was.
        thread_id, message_id, internet_message_id: The message that caused the event, such as the reply.
        tracking_id: The id of the tracking it belongs to.
        tracking_thread_id, tracking_message_id, tracking_internet_message_id: The message that is tracked.
        context: Your own text, as it was given when the message was sent.
    """

    id: int | None = None
    created_at: datetime | None = None
    event_type: str | None = None
    location: str | None = None
    user_agent: str | None = None
    referrer: str | None = None
    remote_addr: str | None = None
    open_number: int | None = None
    thread_id: str | None = None
    message_id: str | None = None
    internet_message_id: str | None = None
    tracking_id: int | None = None
    tracking_thread_id: str | None = None
    tracking_message_id: str | None = None
    tracking_internet_message_id: str | None = None
    context: str | None = None
    tracking_code: str | None = None


@model
class RewriteHtml:
    """The HTML of a draft that is to be tracked, and what to track of it."""

    html_text: Opt[str] = UNSET
    tracking: Opt[OutEmailTrack] = UNSET


@model
class EmailDraftCreateTrackingResponse:
    """A draft made ready for tracking.

    Attributes:
        html_body: The HTML to send in place of the one that was given.
        link_codes: The codes of its links. The vendor does not document their shape: they stay as they come.
        tracking_id: The id of its tracking data. The vendor's descriptions differ on whether it is a number.
    """

    track_replies: bool | None = None
    html_body: str | None = None
    tracking_code: str | None = None
    context: str | None = None
    link_codes: list[Any] | None = None
    tracking_id: str | int | None = None


@model
class ConvertDraft:
    """The message that a tracked draft has become."""

    thread_id: Opt[str] = UNSET
    message_id: Opt[str] = UNSET
    internet_message_id: Opt[str] = UNSET


@model
class UpdateDraftTrackingIn:
    """A change to the tracking of a draft."""

    context: Opt[str] = UNSET
