"""What is shown: templates escape whatever they are given, and a letter's HTML stays in a frame of its own."""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from connections import Connection
from fastapi import HTTPException, Request, Response
from fastapi.templating import Jinja2Templates
from starlette.background import BackgroundTask

from aurinko_async import AmbiguousResult, AurinkoClient, AurinkoError, SQLiteStore
from aurinko_async.errors import AuthorizationFailed, NotFound, StateExpired, StateRejected
from aurinko_async.models import EmailAddress, EmailMessage, UpdateMessageStatusData

SERVICES = {"Google": "Gmail", "Office365": "Outlook", "iCloud": "iCloud", "IMAP": "IMAP"}
MOST = 500
"""Messages that a page lists at most."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
LETTER_HEADERS = {
    # No scripts, no forms, no origin, nothing from the network: a letter cannot tell its sender that it was read.
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "X-DNS-Prefetch-Control": "off",
}
LINK = re.compile(r"<link\b", re.IGNORECASE)
"""What could have a browser connect to somebody's server, policy or not."""
LETTER = """<!DOCTYPE html><html lang=""><head><meta charset="utf-8"><base target="_blank"><title>Message</title><style>
:root{color-scheme:light}html{background:#fff;color:#1c1c22}body{font:15px/1.6 system-ui,sans-serif;margin:20px 24px;
overflow-wrap:anywhere}img{max-width:100%;height:auto}img[src^="cid:"]{display:none}table{max-width:100%}
pre{white-space:pre-wrap}blockquote{margin-inline:0;padding-inline-start:1em;border-inline-start:3px solid #d5d5de;
color:#5c5c6b}a{color:#4338ca}</style></head><body>"""

templates = Jinja2Templates(Path(__file__).with_name("templates"))


def inbox_url(account: str, message: str = "", part: str = "") -> str:
    """The address of an inbox, or of a part of it."""
    return f"/inbox/{account}{part}" + (f"?{urlencode({'message': message})}" if message else "")


def named(address: EmailAddress | None) -> str:
    return (address and (address.name or address.address)) or "Unknown sender"


def initials(name: str) -> str:
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


def hue(name: str) -> int:
    """One of the eight colours of avatars."""
    return zlib.crc32(name.encode("utf-8", "replace")) % 8


def iso(when: datetime | None) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds") if when else ""


def day(when: datetime | None) -> str:
    """For who has no JavaScript; with it times are those of the reader."""
    return f"{when:%d %b}" if when else ""


def size(count: int | None) -> str:
    return "" if not count else f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


templates.env.filters |= {"named": named, "initials": initials, "hue": hue, "iso": iso, "day": day, "size": size}
templates.env.globals |= {"inbox_url": inbox_url, "services": SERVICES}


def page(request: Request, name: str, status: int = 200, **what: Any) -> Response:
    return templates.TemplateResponse(request, name, {**what, "demo": request.app.state.demo}, status_code=status)


async def listed(store: SQLiteStore, mine: Connection, selected: str, limit: int) -> dict[str, Any]:
    """The newest messages of an inbox, and how its sync fares."""
    limit = max(1, min(limit, MOST))
    found = await store.messages(mine.account, label="inbox", limit=limit + 1)
    states = {state.account: state for state in await store.standings()}
    return {
        "messages": found[:limit],
        "more": limit + 50 if len(found) > limit < MOST else 0,
        "limit": limit,
        "state": states.get(mine.account),
        "troubled": {account for account, state in states.items() if state.standing != "ok"},
        "selected": selected,
    }


async def opened(state: Any, mine: Connection, message: str) -> EmailMessage:
    found = await state.store.get(mine.account, message)
    if found is None:
        raise HTTPException(404)
    return found


async def complete(state: Any, mine: Connection, message: str) -> EmailMessage:
    """A message with its body: the mirror has what the sync brought, and some providers leave bodies out of that."""
    found = await opened(state, mine, message)
    if "body" not in (found.omitted or ()):
        return found
    try:
        return await state.client.for_account(mine.account).email.messages.get(message, body_type="html")
    except NotFound:
        raise HTTPException(404) from None
    except AurinkoError:
        return found


def reading(state: Any, mine: Connection, message: EmailMessage | None) -> BackgroundTask | None:
    """What is to be done when a message has been shown: it is unread no more, at the provider too."""
    if message is None or message.id is None or "unread" not in (message.sys_labels or ()):
        return None
    return BackgroundTask(_mark_read, state.client.for_account(mine.account), message.id)


async def _mark_read(account: AurinkoClient, message: str) -> None:
    with suppress(AurinkoError):  # it stays unread, then
        await account.email.messages.update_status(message, UpdateMessageStatusData(unread=False))


def letter(message: EmailMessage) -> str:
    if message.body is None:
        return f"{LETTER}<p>{escape(message.body_snippet or 'This message has no text.')}</p>"
    return LETTER + LINK.sub("<no-link", message.body)


def why(error: AurinkoError) -> str:
    """What to tell somebody whose mailbox could not be connected."""
    match error:
        case StateExpired():
            return "That took a little too long. Please start again."
        case StateRejected():
            return "This link belongs to another browser, or was used before. Please start again."
        case AuthorizationFailed():
            return "The connection was not allowed. Nothing was changed."
        case AmbiguousResult():
            return "The answer got lost on its way. Please start again."
        case _:
            return "Your provider could not be reached, or did not accept the sign-in. Please start again."
