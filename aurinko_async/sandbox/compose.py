"""A letter into an RFC 822 message, for mail that has no source of its own."""

from __future__ import annotations

from email import encoders, policy
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate
from hashlib import blake2b

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.letters import Attachment, Letter

_POLICY = policy.compat32.clone(linesep="\r\n")


def compose(letter: Letter, when: float) -> bytes:
    """Write the message that was sent at `when`."""
    record = letter.record
    body: MIMEBase = MIMEMultipart("alternative")
    body.attach(MIMEText(letter.body("text"), "plain", "utf-8"))
    body.attach(MIMEText(letter.body("html"), "html", "utf-8"))
    inline = [file for file in letter.attachments if file.inline]
    body = _around(body, "related", inline)
    body = _around(body, "mixed", [file for file in letter.attachments if not file.inline])
    for name, value in _headers(record, when):
        text = " ".join(value.split())
        body[name] = text if text.isascii() else Header(text, "utf-8", header_name=name).encode()
    for number, part in enumerate(part for part in body.walk() if part.get_content_maintype() == "multipart"):
        part.set_boundary(_boundary(record, number))
    return body.as_bytes(policy=_POLICY)


def _around(body: MIMEBase, kind: str, files: list[Attachment]) -> MIMEBase:
    if not files:
        return body
    outer = MIMEMultipart(kind)
    outer.attach(body)
    for file in files:
        outer.attach(_part(file))
    return outer


def _part(file: Attachment) -> MIMEBase:
    maintype, _, subtype = file.mime_type.partition("/")
    part = MIMEBase(maintype or "application", subtype or "octet-stream")
    part.set_payload(file.content)
    encoders.encode_base64(part)
    name = file.name if file.name.isascii() else ("utf-8", "", file.name)
    part.add_header("Content-Disposition", "inline" if file.inline else "attachment", filename=name)
    if file.content_id:
        part["Content-ID"] = f"<{file.content_id}>"
    return part


def _headers(record: Json, when: float) -> list[tuple[str, str]]:
    people = [
        (name, ", ".join(_mailbox(one) for one in record.get(key) or ()))
        for name, key in (("To", "to"), ("Cc", "cc"), ("Reply-To", "replyTo"))
    ]
    headers = [
        ("From", _mailbox(record["from"])),
        *people,
        ("Subject", record.get("subject") or ""),
        ("Date", formatdate(when)),
        ("Message-ID", record.get("internetMessageId") or ""),
        ("In-Reply-To", record.get("inReplyTo") or ""),
        ("References", record.get("references") or ""),
    ]
    written = {name.lower() for name, _ in headers} | {"mime-version", "content-type", "received"}
    more = [(h["name"], h["value"]) for h in record.get("internetHeaders", ()) if h["name"].lower() not in written]
    return [(name, value) for name, value in (*headers, *more) if value]


def _mailbox(person: Json) -> str:
    try:
        return formataddr((person.get("name") or "", person["address"]))
    except UnicodeEncodeError:  # an address beyond ASCII
        return str(person["raw"])


def _boundary(record: Json, number: int) -> str:
    return "=_" + blake2b(f"{record.get('internetMessageId')}/{number}".encode(), digest_size=12).hexdigest()
