"""Identifiers of calendars, events and occurrences as the providers make them: what is not escaped shows."""

from __future__ import annotations

import base64
from hashlib import blake2b
from urllib.parse import quote

from aurinko_async.sandbox.letters import Owner


def calendar_id(owner: Owner, title: str) -> str:
    """Give the id of a calendar; the empty title is the primary one."""
    match owner.service_type:
        case "Google":
            return f"{_hex(owner, title, 13)}+{_slug(title)}#%2F@group.calendar.example.com" if title else owner.email
        case "Office365":
            return "AQMkADAw" + _base64(owner, "calendar" + title, 24)
        case _:
            return f"/calendars/{owner.account_id}/{quote(title or 'home')}/ ="


def event_id(owner: Owner, calendar: str, number: int) -> str:
    """Give the id of a calendar's event number `number`."""
    match owner.service_type:
        case "Google":
            return _hex(owner, f"{calendar}/{number}", 13) + ("+/=%2F" if number % 10 == 3 else "")
        case "Office365":
            return "AAMkADAw" + _base64(owner, f"{calendar}/{number}", 26)
        case _:
            return f"{_hex(owner, f'{calendar}/{number}', 8)}/{number}.ics" + ("+%41" if number % 5 == 2 else "")


def occurrence_id(owner: Owner, master_id: str, stamp: str) -> str:
    """Give the id of the occurrence of a series that was to start then."""
    return f"{master_id}{_joint(owner)}{stamp}"


def occurrence_of(owner: Owner, id_: str) -> tuple[str, str] | None:
    """Tell the series and the stamp from the id of an occurrence; None if it is none."""
    master_id, joint, stamp = id_.rpartition(_joint(owner))
    return (master_id, stamp) if joint and stamp[:8].isdecimal() else None


def ical_uid(owner: Owner, calendar: str, number: int) -> str:
    """Give the iCalendar UID of an event."""
    if owner.service_type == "Office365":
        return "040000008200E00074C5B7101A82E008" + _hex(owner, f"uid/{calendar}/{number}", 16).upper()
    return f"{_hex(owner, f'uid/{calendar}/{number}', 13)}+%2F@calendar.example.com"


def link(owner: Owner, id_: str) -> str:
    """Give where a person would open an event."""
    return f"https://calendar.example.com/{owner.account_id}/event?eid={quote(id_, safe='')}"


def _joint(owner: Owner) -> str:
    match owner.service_type:
        case "Google":
            return "_"
        case "Office365":
            return "=OID."
        case _:
            return "?recurrence-id="


def _slug(title: str) -> str:
    return "".join(letter for letter in title.lower() if letter.isalnum())


def _hashed(owner: Owner, text: str, size: int) -> bytes:
    return blake2b(f"{owner.account_id}/{text}".encode(), digest_size=size).digest()


def _hex(owner: Owner, text: str, size: int) -> str:
    return _hashed(owner, text, size).hex()


def _base64(owner: Owner, text: str, size: int) -> str:
    return base64.b64encode(_hashed(owner, text, size)).decode()
