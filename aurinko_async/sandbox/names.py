"""Identifiers as the providers make them: with `/ + = %` in them, so that what is not escaped shows."""

from __future__ import annotations

import base64
from hashlib import blake2b
from urllib.parse import quote

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.letters import Folder, Owner


def message_id(owner: Owner, number: int) -> str:
    """Give the id of the account's message number `number`."""
    match owner.service_type:
        case "Office365":
            return "AAMkAGI2" + _hashed("message", owner.account_id, number, 26)
        case "Google":
            tail = "+/=%2F" if number % 10 == 3 else ""
            return f"{0x18C0_0000_0000_0000 + owner.account_id * 0x1000_0000 + number:x}{tail}"
        case _:
            return f"{owner.account_id}/UID={number}" + ("+%41" if number % 5 == 2 else "")


def thread_id(owner: Owner, number: int) -> str:
    """Give the id of the account's conversation number `number`."""
    if owner.service_type == "Office365":
        return "AAQkAGI2" + _hashed("thread", owner.account_id, number, 16)
    return f"t{owner.account_id}-{number:x}" + ("+/=" if number % 10 == 4 else "")


def new_draft_id(owner: Owner, message_id: str) -> str:
    """Give the id of a draft: with Google another than that of its message."""
    return f"r-{message_id}/+" if owner.service_type == "Google" else message_id


def web_link(owner: Owner, id_: str) -> str:
    """Give where a person would open a message."""
    match owner.service_type:
        case "Office365":
            return f"https://outlook.example.com/owa/?ItemID={quote(id_, safe='')}&exvsurl=1"
        case "Google":
            return f"https://mail.example.com/mail/#all/{quote(id_, safe='')}"
        case _:
            return f"https://webmail.example.com/?id={quote(id_, safe='')}"


def extras(owner: Owner, index: int, thread: int) -> Json:
    """Give what only some providers add to a message."""
    if owner.service_type == "Office365":
        return {"threadIndex": "Ac" + _hashed("index", thread, index, 16)}
    return {}


def folders(owner: Owner) -> list[Folder]:
    """Give the folders every mailbox begins with: the six of the system, then some of the user's own."""
    google = owner.service_type == "Google"
    system = ("inbox", "sent", "draft", "junk", "trash")
    titles = ("Inbox", "Sent", "Drafts", "Junk", "Trash")
    made = [
        Folder(_folder_id(owner, title), title, title, is_label=google, sys_label=label)
        for label, title in zip(system, titles, strict=True)
    ]
    made.append(Folder(_folder_id(owner, "Archive"), "Archive", "Archive", is_label=google))
    projects = Folder(_folder_id(owner, "Projects"), "Projects", "Projects", is_label=google)
    budget = "Budget 50% / 2025+"
    made.append(projects)
    made.append(Folder(_folder_id(owner, budget), budget, f"Projects/{budget}", google, projects.id))
    made += [Folder(_folder_id(owner, name), name, name, is_label=google) for name in ("Reçus", "旅行 ✈")]
    return made


def _folder_id(owner: Owner, title: str) -> str:
    match owner.service_type:
        case "Office365":
            return "AQMkADAw" + _hashed("folder" + title, owner.account_id, 0, 20)
        case "Google":
            return title.upper() if title.isalpha() and title.isascii() else f"Label_{quote(title, safe='/+ ')}="
        case _:
            return f"INBOX/{title}" if title != "Inbox" else "INBOX"


def new_folder_id(owner: Owner, full_name: str) -> str:
    """Give the id of a folder that is created later."""
    return _folder_id(owner, full_name)


def _hashed(kind: str, one: int, two: int, size: int) -> str:
    return base64.b64encode(blake2b(f"{kind}/{one}/{two}".encode(), digest_size=size).digest()).decode()
