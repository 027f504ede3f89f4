"""Tracked mail of one account: who opened it, clicked, replied, and what of it is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from html import escape, unescape
from math import floor
from typing import Literal
from urllib.parse import quote

from attrs import define, field

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import not_found
from aurinko_async.sandbox.letters import Message
from aurinko_async.sandbox.times import iso, moment

EventType = Literal["open", "click", "initial", "reply", "replyBounce"]
# Opens this soon after the sending are the sender's own; the contract's default.
_DELAY_SECONDS = 5.0
_BOUNCERS = ("mailer-daemon", "postmaster")
_LINK = re.compile(r'(<a\b[^>]*?\bhref=)(["\'])(https?://.*?)\2', re.IGNORECASE | re.DOTALL)
_END = re.compile(r"</body\s*>", re.IGNORECASE)
_HOST = "https://track.example.com"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Sandbox/1.0"


@define(eq=False)
class Tracking:
    """What is tracked of one message, sent or still a draft."""

    id: int
    code: str
    opens: bool
    replies: bool
    delay: float
    context: str | None
    draft_id: str | None = None
    message_id: str | None = None
    internet_id: str | None = None
    thread_id: str | None = None
    sent: float | None = None
    ignored: bool = False
    events: list[Event] = field(factory=lambda: list["Event"](), repr=False)

    def record(self) -> Json:
        """Give it as `TrackingData`."""
        active = [event for event in self.events if event.kind in ("open", "click")]
        replied = [event.when for event in self.events if event.kind == "reply"]
        times = {
            "sendDate": self.sent,
            "lastActivityTime": active[-1].when if active else None,
            "lastRespondedTime": replied[-1] if replied else None,
        }
        named: Json = {
            "messageId": self.message_id,
            "inetMessageId": self.internet_id,
            "threadId": self.thread_id,
            "context": self.context,
            **{name: iso(when) for name, when in times.items() if when is not None},
            **(active[-1].where if active else {}),
        }
        return {
            "id": self.id,
            "trackReplies": self.replies,
            "trackOpens": self.opens,
            "trackingCode": self.code,
            "openCount": sum(event.kind == "open" for event in self.events),
            "ignoreOpenClicks": self.ignored,
            "hasBounced": any(event.kind == "replyBounce" for event in self.events),
            **{name: value for name, value in named.items() if value is not None},
        }


@define(eq=False)
class Event:
    """Something that happened to a tracked message."""

    id: int
    tracking: Tracking
    kind: EventType
    when: float
    where: Json
    number: int | None = None
    message: Message | None = None

    def record(self) -> Json:
        """Give it as `EmailTrackingEvent`."""
        tracking, message = self.tracking, self.message
        named: Json = {
            **self.where,
            "openNumber": self.number,
            "threadId": message.thread_id if message else tracking.thread_id,
            "messageId": message.id if message else tracking.message_id,
            "internetMessageId": message.internet_id if message else tracking.internet_id,
            "trackingThreadId": tracking.thread_id,
            "trackingMessageId": tracking.message_id,
            "trackingInternetMessageId": tracking.internet_id,
            "context": tracking.context,
        }
        return {
            "id": self.id,
            "createdAt": iso(self.when),
            "eventType": self.kind,
            "trackingId": tracking.id,
            "trackingCode": tracking.code,
            **{name: value for name, value in named.items() if value is not None},
        }


class Trackings:
    """The tracked mail of one account; `tell` takes the record of each event."""

    def __init__(self, account_id: int, clock: Callable[[], float], tell: Callable[[Json], None]) -> None:
        self.all: dict[int, Tracking] = {}
        self._account_id = account_id
        self._clock = clock
        self._tell = tell
        self._made = 0

    # What tests and demos do.

    def open(
        self,
        tracking_id: int | str,
        *,
        at: float | datetime | str | None = None,
        user_agent: str = BROWSER,
        remote_addr: str = "192.0.2.7",
        location: str = "Köln, DE",
    ) -> int | None:
        """Let somebody open a tracked message.

        Args:
            at: when; None is now, or as soon as opens count if that is later.

        Returns:
            The id of the event; None if it does not count: too soon after the sending, not tracked, or ignored.
        """
        tracking = self.get(int(tracking_id))
        from_when = (tracking.sent or 0.0) + tracking.delay
        when = max(self._clock(), from_when) if at is None else moment(at)
        if tracking.sent is None or when < from_when:
            return None
        return self._seen(tracking, "open", when, _where(user_agent, remote_addr, location))

    def click(
        self,
        tracking_id: int | str,
        url: str = "https://example.com/",
        *,
        user_agent: str = BROWSER,
        remote_addr: str = "192.0.2.7",
        location: str = "Köln, DE",
    ) -> int | None:
        """Let somebody click a link of a tracked message; gives the id of the event, None if it does not count."""
        tracking = self.get(int(tracking_id))
        where = {**_where(user_agent, remote_addr, location), "referrer": url}
        return self._seen(tracking, "click", self._clock(), where)

    def reply(self, tracking_id: int | str, message: Message | None = None) -> int | None:
        """Note a reply. Those that arrive in the mailbox are noted without this."""
        return self._answered(self.get(int(tracking_id)), "reply", message)

    def bounce(self, tracking_id: int | str, message: Message | None = None) -> int | None:
        """Note that a tracked message came back."""
        return self._answered(self.get(int(tracking_id)), "replyBounce", message)

    # What the handlers ask.

    def get(self, tracking_id: int) -> Tracking:
        """Give what is tracked of a message.

        Raises:
            ApiError: 404, there is no such tracking.
        """
        if tracking_id not in self.all:
            raise not_found("The tracking could not be found")
        return self.all[tracking_id]

    def newest(self) -> list[Tracking]:
        """Give all trackings, the newest first."""
        return [*reversed(self.all.values())]

    def events(self) -> list[Event]:
        """Give all events, the newest first."""
        events = (event for tracking in self.all.values() for event in tracking.events)
        return sorted(events, key=lambda event: (event.when, event.id), reverse=True)

    def of_draft(self, draft_id: str) -> Tracking:
        """Give the tracking of a draft.

        Raises:
            ApiError: 404, it has none.
        """
        for tracking in self.all.values():
            if tracking.draft_id == draft_id:
                return tracking
        raise not_found("The draft is not tracked")

    def start(self, options: Json, message: Message) -> Tracking:
        """Track a message that is sent now."""
        tracking = self._add(options, None)
        self.sent(tracking, message.id, message.internet_id, message.thread_id)
        return tracking

    def draft(self, options: Json, draft_id: str) -> Tracking:
        """Track what is still a draft; once more changes what is tracked of it."""
        for tracking in self.all.values():
            if tracking.draft_id == draft_id and tracking.sent is None:
                tracking.opens, tracking.replies = bool(options.get("opens")), bool(options.get("threadReplies"))
                tracking.context = options.get("context", tracking.context)
                return tracking
        return self._add(options, draft_id)

    def sent(self, tracking: Tracking, id_: str | None, internet_id: str | None, thread_id: str | None) -> None:
        """Note that a tracked message was sent."""
        tracking.message_id, tracking.internet_id, tracking.thread_id = id_, internet_id, thread_id
        tracking.sent = self._clock()

    def draft_sent(self, draft_id: str, message: Message) -> None:
        """Note that a draft was sent, if it is one that is tracked."""
        for tracking in self.all.values():
            if tracking.draft_id == draft_id and tracking.sent is None:
                self.sent(tracking, message.id, message.internet_id, message.thread_id)

    def arrived(self, message: Message) -> None:
        """Look at a message that arrived: it may be a reply, or come back."""
        answered = [one for one in self.all.values() if one.thread_id == message.thread_id and one.replies]
        if not answered or not {"sent", "draft"}.isdisjoint(message.labels):
            return
        sender: str = message.letter().record["from"]["address"]
        kind: EventType = "replyBounce" if sender.partition("@")[0].lower() in _BOUNCERS else "reply"
        for tracking in answered:
            if all(event.message is not message for event in tracking.events):
                self._answered(tracking, kind, message)

    def purge(self, user_agent: str, thread_id: str | None) -> None:
        """Forget the opens and clicks of one browser, in one thread or in all."""
        for tracking in self.all.values():
            if thread_id in (None, tracking.thread_id):
                tracking.events = [event for event in tracking.events if event.where.get("userAgent") != user_agent]

    def _add(self, options: Json, draft_id: str | None) -> Tracking:
        number = self._account_id * 10_000 + len(self.all) + 1
        delay = options.get("trackOpensAfterSendDelay")
        self.all[number] = tracking = Tracking(
            id=number,
            code=f"tc-{number:x}",
            opens=bool(options.get("opens")),
            replies=bool(options.get("threadReplies")),
            delay=_DELAY_SECONDS if delay is None else delay,
            context=options.get("context"),
            draft_id=draft_id,
        )
        return tracking

    def _seen(self, tracking: Tracking, kind: EventType, when: float, where: Json) -> int | None:
        if not tracking.opens or tracking.ignored:
            return None
        number = 1 + sum(event.kind == "open" for event in tracking.events) if kind == "open" else None
        return self._note(tracking, Event(self._next_id(), tracking, kind, floor(when), where, number))

    def _answered(self, tracking: Tracking, kind: EventType, message: Message | None) -> int | None:
        if not tracking.replies:
            return None
        now = floor(self._clock())
        return self._note(tracking, Event(self._next_id(), tracking, kind, now, {}, message=message))

    def _note(self, tracking: Tracking, event: Event) -> int:
        tracking.events.append(event)
        self._tell(event.record())
        return event.id

    def _next_id(self) -> int:
        self._made += 1
        return self._account_id * 100_000 + self._made


def rewritten(html: str, tracking: Tracking) -> tuple[str, list[Json]]:
    """Put a pixel into the HTML of a tracked draft and lead its links past the tracker; gives the links' codes too."""
    if not tracking.opens:
        return html, []
    links: list[Json] = []

    def detour(found: re.Match[str]) -> str:
        url = unescape(found[3])
        code = f"{tracking.code}-{len(links) + 1}"
        links.append({"code": code, "url": url})
        return f"{found[1]}{found[2]}{_HOST}/c/{code}?u={escape(quote(url, safe=''))}{found[2]}"

    html = _LINK.sub(detour, html)
    pixel = f'<img src="{_HOST}/o/{tracking.code}.gif" width="1" height="1" alt="">'
    end = _END.search(html)
    at = end.start() if end else len(html)
    return html[:at] + pixel + html[at:], links


def _where(user_agent: str, remote_addr: str, location: str) -> Json:
    return {"userAgent": user_agent, "remoteAddr": remote_addr, "location": location}
