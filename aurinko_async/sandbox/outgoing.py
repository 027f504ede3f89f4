"""From what a program sends to what lands in mailboxes: mail, replies, drafts, and those that wait for their time."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request
from aurinko_async.sandbox.letters import Attachment, Draft, Letter, Message, address
from aurinko_async.sandbox.names import new_draft_id
from aurinko_async.sandbox.times import iso

if TYPE_CHECKING:
    from aurinko_async.sandbox.account import Account
    from aurinko_async.sandbox.world import World

_KINDS = ("to", "cc", "bcc")


def write_letter(account: Account, body: Json, body_type: str, now: float, answers: Message | None = None) -> Letter:
    """Write an outgoing mail; one that answers a message joins its thread."""
    when = iso(now)
    record: Json = {
        "createdTime": when,
        "lastModifiedTime": when,
        "sentAt": when,
        "subject": body.get("subject") or "",
        "keywords": body.get("keywords") or [],
        "sysClassifications": ["personal"],
        "sensitivity": "normal",
        "from": _person(body.get("from")) or address(account.name, account.email),
        **{kind: [one for given in body.get(kind) or () if (one := _person(given))] for kind in (*_KINDS, "replyTo")},
    }
    for name in ("inReplyTo", "references"):
        if body.get(name):
            record[name] = body[name]
    if answers is not None:
        _answer(record, answers, subject_given=body.get("subject") is not None)
    text = body.get("body") or ""
    files = tuple(_attachment(given, number) for number, given in enumerate(body.get("attachments") or ()))
    if headers := body.get("xHeaders"):
        record["xHeaders"] = [{"name": h.get("name") or "", "value": h.get("value") or ""} for h in headers]
    return Letter(record, text, None, files) if body_type == "html" else Letter(record, None, text, files)


def send(world: World, account: Account, letter: Letter) -> Message:
    """Put a mail into the sender's sent folder, and into the inbox of every other account it is addressed to.

    Raises:
        ApiError: 400, nobody is to get it.
    """
    reached = {one["address"].lower() for kind in _KINDS for one in letter.record.get(kind) or ()}
    if not reached:
        raise bad_request("No recipients")
    mail, now = account.mail, world.clock()
    folder = mail.well_known["sent"] or mail.system_folder("sent")
    letter.record |= {"sysLabels": ["sent"], "folderId": folder, "sentAt": iso(now), "createdTime": iso(now)}
    message = mail.accept(letter, now)
    for other in world.accounts:
        if other is not account and not other.deleted and other.email.lower() in reached:
            copy = message.letter()
            copy.record["bcc"] = []
            other.mail.accept(copy, now)
    return message


def track(account: Account, message: Message, tracking: Json | None) -> str | None:
    """Start tracking, if that was asked for, and give the tracking id."""
    if not tracking or not (tracking.get("opens") or tracking.get("threadReplies")):
        return None
    return str(account.tracking.start(tracking, message).id)


def track_draft(account: Account, draft: Draft, tracking: Json | None) -> str | None:
    """Track a draft from when it is sent, if that was asked for, and give the tracking id."""
    if not tracking or not (tracking.get("opens") or tracking.get("threadReplies")):
        return None
    return str(account.tracking.draft(tracking, draft.id).id)


def save_draft(account: Account, letter: Letter, now: float) -> Draft:
    """Keep a new draft."""
    mail = account.mail
    letter.record |= {"sysLabels": ["draft"], "folderId": mail.system_folder("draft")}
    message = mail.accept(letter, now)
    draft = Draft(new_draft_id(account.owner, message.id), message)
    mail.drafts[draft.id] = draft
    return draft


def send_draft(world: World, account: Account, draft: Draft) -> Message:
    """Send a draft. It goes, and a sent message with an id of its own comes."""
    letter = draft.message.letter()
    letter.record["threadId"] = draft.message.thread_id
    message = send(world, account, letter)
    account.tracking.draft_sent(draft.id, message)
    discard_draft(account, draft)
    return message


def discard_draft(account: Account, draft: Draft) -> None:
    """Delete a draft for good."""
    del account.mail.drafts[draft.id]
    if not draft.message.gone:
        account.mail.remove(draft.message.id)


def schedule(world: World, account: Account, draft: Draft, when: float) -> None:
    """Let a draft be sent when the clock has come to `when`."""
    job = account.id * 1000 + account.next_serial()
    draft.scheduled = {"jobId": job, "sendTime": iso(when), "status": "scheduled"}
    account.mail.at(when, _job(world, account, draft, job))


def _job(world: World, account: Account, draft: Draft, job: int) -> Callable[[], None]:
    def run() -> None:
        if draft.id in account.mail.drafts and draft.scheduled and draft.scheduled["jobId"] == job:
            send_draft(world, account, draft)

    return run


def _answer(record: Json, answered: Message, *, subject_given: bool) -> None:
    original = answered.letter().record
    record["threadId"] = answered.thread_id
    if answered.internet_id:
        record["inReplyTo"] = answered.internet_id
        record["references"] = f"{original.get('references') or ''} {answered.internet_id}".strip()
    if not subject_given:
        subject: str = original.get("subject") or ""
        record["subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    if not any(record[kind] for kind in _KINDS):
        record["to"] = original.get("replyTo") or [original["from"]]


def _person(given: Json | None) -> Json | None:
    if not given:
        return None
    if "@" not in (given.get("address") or ""):
        raise bad_request("Not an email address")
    return address(given.get("name") or "", given["address"])


def _attachment(given: Json, number: int) -> Attachment:
    return Attachment(
        id=f"out{number}+/%2F=",
        name=given.get("name") or "unnamed",
        mime_type=given.get("mimeType") or "application/octet-stream",
        content=base64.b64decode(given.get("content") or ""),
        inline=bool(given.get("inline")),
        content_id=given.get("contentId"),
    )
