"""What mail models offer beyond their fields."""

import pathlib
from datetime import UTC, datetime

import pytest

from aurinko_async import _codec
from aurinko_async.errors import InvalidInput
from aurinko_async.models import (
    AccountInput,
    EmailAddress,
    EmailAttachment,
    EmailAttachmentContent,
    EmailMessage,
    EmailSendResponse,
    OutgoingEmail,
    OutgoingEmailAttachment,
    SysLabel,
    WellKnownFoldersIn,
    parse_raw,
)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("bob@example.com", None, "bob@example.com"),
        ("Bob <bob@example.com>", "Bob", "bob@example.com"),
        ('"Doe, Bob" <bob@example.com>', "Doe, Bob", "bob@example.com"),
        (r'"The \"Bob\"" <bob@example.com>', 'The "Bob"', "bob@example.com"),
        ("Jürgen <j@example.com>", "Jürgen", "j@example.com"),
    ],
)
def test_an_address_is_read_and_written_as_people_write_it(text: str, name: str | None, address: str) -> None:
    parsed = EmailAddress.parse(text)
    assert parsed == EmailAddress(name=name, address=address)
    assert str(parsed) == text
    assert EmailAddress.parse(str(parsed)) == parsed


@pytest.mark.parametrize("text", ["", "bob", "Bob <>", "a@x.org, b@x.org", "Doe, Bob <bob@x.org>", "a b@x.org"])
def test_what_is_not_one_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not one address"):
        EmailAddress.parse(text)


def test_an_address_without_a_part_is_written_without_it() -> None:
    assert str(EmailAddress()) == ""
    assert str(EmailAddress(name="Bob")) == "Bob"
    assert str(EmailAddress(raw="undisclosed")) == "undisclosed"


def test_the_raw_address_is_read_and_never_sent() -> None:
    message = _codec.decode(EmailMessage, b'{"from": {"address": "a@x.org", "raw": "<a@x.org>"}}')
    assert message.from_ is not None
    assert message.from_.raw == "<a@x.org>"
    assert _codec.encode(OutgoingEmail(to=[message.from_])) == b'{"to":[{"address":"a@x.org"}]}'


def test_an_attachment_is_made_of_a_file(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(b"\x89PNG\x00")
    attachment = OutgoingEmailAttachment.from_path(file, inline=True, content_id="logo")
    body = _codec.encode(OutgoingEmail(attachments=[attachment]))
    assert body == (
        b'{"attachments":[{"inline":true,"name":"logo.png","mimeType":"image/png",'
        b'"contentId":"logo","content":"iVBORwA="}]}'
    )


@pytest.mark.parametrize(
    ("name", "given", "kind"),
    [
        ("a.pdf", None, "application/pdf"),
        ("a.pdf", "text/plain", "text/plain"),
        ("a", None, "application/octet-stream"),
        ("a.tar.gz", None, "application/octet-stream"),
    ],
)
def test_an_attachment_of_bytes_has_a_type(name: str, given: str | None, kind: str) -> None:
    assert OutgoingEmailAttachment.from_bytes(name, b"", given).mime_type == kind


def test_the_content_of_an_attachment_is_bytes() -> None:
    assert bytes(_codec.decode(EmailAttachmentContent, b'{"content": "aGk="}')) == b"hi"
    assert bytes(EmailAttachmentContent()) == b""


def test_raw_mail_keeps_bytes_that_are_no_utf_8() -> None:
    raw = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/plain; charset=latin-1\r\n\r\nna\xefve\r\n"
    for form in (raw, _codec.decode(str, raw)):
        message = parse_raw(form)
        assert message["subject"] == "Grüße"
        assert message.get_content() == "naïve\r\n"


def test_labels_compare_equal_to_plain_text_and_unknown_ones_stay() -> None:
    message = _codec.decode(EmailMessage, b'{"sysLabels": ["unread", "brandNew"]}')
    assert message.sys_labels == [SysLabel.UNREAD, "brandNew"]


@pytest.mark.parametrize("tracking_id", ['"12"', "12"])
def test_an_answer_to_a_send_is_read_whether_its_tracking_id_is_a_number_or_not(tracking_id: str) -> None:
    answer = _codec.decode(EmailSendResponse, b'{"trackingId": %s}' % tracking_id.encode())
    assert str(answer.tracking_id) == "12"


def test_none_clears_a_folder_and_what_is_not_given_is_not_sent() -> None:
    assert _codec.encode(WellKnownFoldersIn(archive=None)) == b'{"archive":null}'


def test_secrets_are_not_shown() -> None:
    shown = repr(AccountInput(active=True, service_type="IMAP", password="s3cret", auth_string1="s3cret"))
    assert "s3cret" not in shown


class TestToEmail:
    def test_of_its_source_it_is_exact(self) -> None:
        raw = b"Subject: caf\xe9\r\nFrom: ann@example.com\r\n\r\nHello\r\n"
        for source in (raw, raw.decode("utf-8", "surrogateescape")):
            made = EmailMessage().to_email(source)
            assert made.get_content().strip() == "Hello"
            assert made["From"].addresses[0].addr_spec == "ann@example.com"

    def test_without_its_source_it_is_made_of_what_is_here(self) -> None:
        message = EmailMessage(
            subject="Zoë's\r\n report",
            from_=EmailAddress(name="Zoë", address="zoe@example.com"),
            to=[EmailAddress(address="bob@example.com"), EmailAddress(name='O"Neil, Ann', address="ann@example.com")],
            sent_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC),
            internet_message_id="<1@example.com>",
            body="<p>Grüße</p>",
            attachments=[
                EmailAttachment(name="a.pdf", mime_type="application/pdf", content=b"%PDF"),
                EmailAttachment(name="not here.bin"),
                EmailAttachment(name="odd", mime_type="nonsense", content=b"\x00", inline=True, content_id="<i@x>"),
            ],
        )
        again = parse_raw(bytes(message.to_email()))
        assert again["Subject"] == "Zoë's report"
        assert [str(address) for address in again["To"].addresses] == [
            "bob@example.com",
            '"O\\"Neil, Ann" <ann@example.com>',
        ]
        assert again["From"].addresses[0].display_name == "Zoë"
        assert again["Date"].datetime == message.sent_at
        body, pdf, odd = again.iter_parts()
        assert body.get_content_type() == "text/html"
        assert body.get_content() == "<p>Grüße</p>\n"
        assert (pdf.get_filename(), pdf.get_content()) == ("a.pdf", b"%PDF")
        assert (odd.get_content_type(), odd.get_content_disposition(), odd["Content-ID"]) == (
            "application/octet-stream",
            "inline",
            "<i@x>",
        )

    def test_what_no_header_can_hold_does_not_stand_in_one(self) -> None:
        """Else one malformed value of a provider would cost the whole message."""
        message = EmailMessage(
            subject="Hi",
            from_=EmailAddress(name="Ann\r\nBcc: x@example.com", address="ann@example.com"),
            to=[EmailAddress(address="<@"), EmailAddress(address="a:;"), EmailAddress(address="bob@example.com")],
            internet_message_id="<é@example.com>",
            attachments=[
                EmailAttachment(name="a\r\nb.txt", content=b"x", content_id="i\r\nX-Evil: 1", mime_type="é/é")
            ],
        )
        again = parse_raw(bytes(message.to_email()))
        assert again["From"].addresses[0].display_name == "Ann Bcc: x@example.com"
        assert "bob@example.com" in [address.addr_spec for address in again["To"].addresses]
        assert (again["Subject"], again["Bcc"], again["Message-ID"]) == ("Hi", None, None)
        (attachment,) = again.iter_attachments()
        assert attachment.get_filename() == "a b.txt"
        assert attachment["X-Evil"] is None

    def test_of_an_empty_message_it_is_an_empty_one(self) -> None:
        assert EmailMessage().to_email().get_content() == "\n"
