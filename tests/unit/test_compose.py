"""Replies and forwards written from a message: whom they go to, what they are called, what they quote."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from aurinko_async import _codec
from aurinko_async._types import UNSET
from aurinko_async.errors import InvalidInput
from aurinko_async.models import EmailAddress, EmailAttachment, EmailMessage, OutgoingEmailAttachment

ANN, BOB, CAT, ME = (f"{name}@example.com" for name in ("ann", "bob", "cat", "me"))


def people(*texts: str) -> list[EmailAddress]:
    return [EmailAddress(name=None, address=text, raw=f"<{text}>") for text in texts]


def message(**fields: Any) -> EmailMessage:
    return EmailMessage(**{"subject": "Lunch", "from_": people(ANN)[0], "to": people(ME), **fields})


def addresses(found: Any) -> list[str | None]:
    return [address.address for address in found or ()]


# --- replies


@pytest.mark.parametrize(
    ("subject", "replied"),
    [
        ("Lunch", "Re: Lunch"),
        ("Re: Lunch", "Re: Lunch"),
        ("RE: re:Re : Lunch", "Re: Lunch"),
        ("Re[2]: Re(3): Lunch", "Re: Lunch"),
        ("Fwd: Re: Lunch", "Re: Fwd: Re: Lunch"),
        ("Regarding: lunch", "Re: Regarding: lunch"),
        ("Re: ", "Re:"),
        ("", "Re:"),
        (None, "Re:"),
        ("  Lunch\r\nBcc: eve@example.com", "Re: Lunch Bcc: eve@example.com"),
    ],
)
def test_the_subject_of_a_reply_has_a_single_re(subject: str | None, replied: str) -> None:
    assert message(subject=subject).reply("Yes").subject == replied


def test_a_reply_goes_to_the_sender_alone() -> None:
    reply = message(to=people(ME, BOB), cc=people(CAT)).reply("Yes")
    assert json.loads(_codec.encode(reply)) == {"subject": "Re: Lunch", "body": "Yes", "to": [{"address": ANN}]}


def test_a_reply_goes_to_where_replies_are_asked_for() -> None:
    assert addresses(message(reply_to=people(BOB, CAT)).reply("Yes").to) == [BOB, CAT]
    assert addresses(message(reply_to=[]).reply("Yes").to) == [ANN]
    assert addresses(message(reply_to=[EmailAddress(name="nobody")]).reply("Yes").to) == [ANN]


def test_everyone_gets_a_copy_once_and_i_do_not() -> None:
    original = message(
        to=people("Me@Example.COM", BOB, "ANN@example.com"), cc=people("BOB@EXAMPLE.com", CAT, CAT.title())
    )
    reply = original.reply("Yes", everyone=True, me=ME)
    assert addresses(reply.to) == [ANN]
    assert addresses(reply.cc) == [BOB, CAT]


def test_several_addresses_are_mine() -> None:
    original = message(to=people(ME, BOB), cc=people("me@work.example", CAT))
    assert addresses(original.reply("Yes", everyone=True, me=[ME, "Me <ME@work.example>"]).cc) == [BOB, CAT]


def test_without_others_there_is_no_copy() -> None:
    assert message().reply("Yes", everyone=True, me=ME).cc is UNSET


def test_a_reply_to_my_own_message_goes_where_that_went() -> None:
    mine = message(from_=people(ME)[0], to=people(BOB, CAT))
    assert addresses(mine.reply("And", me=ME).to) == [BOB, CAT]
    assert addresses(mine.reply("And").to) == [ME], "nobody said who I am"
    note = message(from_=people(ME)[0], to=people(ME))
    assert addresses(note.reply("And", me=ME).to) == [ME]


def test_who_cannot_be_replied_to() -> None:
    with pytest.raises(InvalidInput, match="no address"):
        EmailMessage(subject="x").reply("Yes")
    with pytest.raises(InvalidInput, match="get it by its id"):
        message(omitted=["recipients"]).reply("Yes", everyone=True)
    assert addresses(message(omitted=["recipients"]).reply("Yes").to) == [ANN]


def test_the_message_is_left_as_it_is() -> None:
    original = message(cc=people(BOB))
    before = repr(original)
    reply = original.reply("Yes", everyone=True)
    assert repr(original) == before
    assert original.from_ is not reply.to[0]  # type: ignore[index]


# --- forwards


@pytest.mark.parametrize(
    ("subject", "forwarded"),
    [("Lunch", "Fwd: Lunch"), ("Fwd: FW: Lunch", "Fwd: Lunch"), ("Re: Lunch", "Fwd: Re: Lunch"), (None, "Fwd:")],
)
def test_the_subject_of_a_forward_has_a_single_fwd(subject: str | None, forwarded: str) -> None:
    assert message(subject=subject, body="").forward(BOB).subject == forwarded


def test_a_forward_goes_to_addresses_of_any_form() -> None:
    original = message(body="")
    assert addresses(original.forward("Bob <bob@example.com>").to) == [BOB]
    assert addresses(original.forward(people(BOB)[0]).to) == [BOB]
    assert addresses(original.forward([BOB, *people(CAT), BOB.upper()]).to) == [BOB, CAT]
    for nobody in ([], "nobody", EmailAddress(name="Bob")):
        with pytest.raises(InvalidInput, match="address"):
            original.forward(nobody)  # type: ignore[arg-type]


def test_text_is_quoted_under_its_heading() -> None:
    original = message(
        from_=EmailAddress(name="Ann & Co", address=ANN),
        cc=people(BOB, CAT),
        sent_at=datetime(2026, 5, 1, 12, 0, tzinfo=UTC),
        body="1 < 2\n",
    )
    assert original.forward(BOB, "See below", body_type="text").body == (
        "See below\n\n---------- Forwarded message ----------\n"
        "From: Ann & Co <ann@example.com>\nDate: Fri, 01 May 2026 12:00:00 +0000\nSubject: Lunch\n"
        "To: me@example.com\nCc: bob@example.com, cat@example.com\n\n1 < 2\n"
    )


def test_html_is_quoted_as_it_is_and_its_heading_is_escaped() -> None:
    original = message(
        subject='<script>"&\r\nx',
        from_=EmailAddress(name="<b>Ann</b>", address=ANN),
        received_at=datetime(2026, 5, 1, 12, 0, tzinfo=UTC),
        body="<p>Hi &amp; bye</p>",
    )
    body = original.forward(BOB, "<p>See below</p>").body
    assert isinstance(body, str)
    assert body.startswith("<p>See below</p><br>")
    assert "&lt;script&gt;&quot;&amp; x" in body
    assert "<b>" not in body
    assert "&quot;&lt;b&gt;Ann&lt;/b&gt;&quot; &lt;ann@example.com&gt;" in body
    assert "Date: Fri, 01 May 2026 12:00:00 +0000" in body
    assert '<blockquote type="cite"><p>Hi &amp; bye</p></blockquote>' in body


def test_files_whose_content_is_here_go_along() -> None:
    logo = EmailAttachment(id="1", name="logo.png", mime_type="image/png", inline=True, content_id="l", content=b"png")
    original = message(body="", attachments=[logo, EmailAttachment(id="2", name="big.zip", size=10**9)])
    more = OutgoingEmailAttachment.from_bytes("big.zip", b"zip")
    sent = json.loads(_codec.encode(original.forward(BOB, attachments=[more])))["attachments"]
    assert [file["name"] for file in sent] == ["logo.png", "big.zip"]
    assert sent[0] == {
        "inline": True,
        "name": "logo.png",
        "mimeType": "image/png",
        "contentId": "l",
        "content": "cG5n",
    }
    assert message(body="").forward(BOB).attachments is UNSET


def test_a_message_without_its_body_is_not_passed_on() -> None:
    for partial in (message(omitted=["body"]), message(body_snippet="Hi")):
        with pytest.raises(InvalidInput, match="get it by its id"):
            partial.forward(BOB)
    assert "cite" in str(message().forward(BOB).body), "it has no body, and nothing says that it should"
    with pytest.raises(InvalidInput, match="html, text"):
        message(body="").forward(BOB, body_type="markdown")
