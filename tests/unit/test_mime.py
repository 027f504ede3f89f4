"""What `to_email` makes is read back as what the API told, whoever writes it."""

from __future__ import annotations

import copy
import csv
import email
import email.policy
import pickle
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage as Message
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aurinko_async.models import EmailAddress, EmailAttachment, EmailMessage, parse_raw

POLICIES = [None, email.policy.default, email.policy.SMTP, email.policy.SMTPUTF8, email.policy.HTTP]


def read(data: bytes, *, utf8: bool = False) -> Message:
    """What others read, with the standard library as it is."""
    if utf8:  # it does not decode headers of UTF-8
        message = email.message_from_string(data.decode(), policy=email.policy.default)
    else:
        message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, Message)
    return message


def people(header: Any) -> list[tuple[str, str]]:
    return [(squeezed(one.display_name), one.addr_spec) for one in header.addresses]


def squeezed(name: str) -> str:
    """The name without its blanks: some Pythons read those that separate the pieces of a long one."""
    return name.replace(" ", "")


def listed(header: Any) -> list[str]:
    return next(csv.reader([str(header)])) if header else []


NAMES = ["O'Brien, Siobhán", "Jörg, F. (home) <x@y>", "Zoë, " * 40 + "Zoë", 'a "b" \\ c', "=?utf-8?q?a=2Cb?=", "李, 雷"]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", NAMES)
def test_one_address_stays_one(name: str, policy: Any) -> None:
    message = EmailMessage(to=[EmailAddress(name=name, address="x@y.example"), EmailAddress(address="z@y.example")])
    made = message.to_email()
    expected = [(squeezed(name), "x@y.example"), ("", "z@y.example")]
    assert people(made["To"]) == expected
    assert people(read(made.as_bytes(policy=policy), utf8=policy is email.policy.SMTPUTF8)["To"]) == expected


@pytest.mark.parametrize("name", NAMES[:3])
def test_one_address_stays_one_when_others_change_the_message(name: str) -> None:
    made = EmailMessage(subject="s").to_email()
    made["To"] = [Address(name, "x", "y.example")]
    assert people(read(bytes(made))["To"]) == [(squeezed(name), "x@y.example")]
    del made["To"]
    made["To"] = "team: a@y.example, b@y.example;, undisclosed:;, c@y.example"
    groups = read(bytes(made))["To"].groups
    assert [(group.display_name, len(group.addresses)) for group in groups] == [
        ("team", 2),
        ("undisclosed", 0),
        (None, 1),
    ]
    again = parse_raw(bytes(EmailMessage(to=[EmailAddress(name=name, address="x@y.example")]).to_email()))
    assert people(read(bytes(again))["To"]) == [(squeezed(name), "x@y.example")]


def test_what_an_address_header_cannot_hold_is_kept_in_another() -> None:
    given = [
        EmailAddress(name="Jörg, F.", address="jörg@exämple.de"),
        EmailAddress(name="Ann", address="ann@example.com"),
        EmailAddress(address="a b@example.com\r\nX-Evil: 1"),
        EmailAddress(name="Nobody"),
        EmailAddress(address="x" * 400 + "@example.com"),
    ]
    message = EmailMessage(from_=given[0], to=given, cc=given[1:2], bcc=given[:1], reply_to=[given[3]])
    found = read(bytes(message.to_email()))
    assert people(found["To"]) == [("Ann", "ann@example.com")]
    jorg = '"Jörg, F." <jörg@exämple.de>'
    odd = "a b@example.com X-Evil: 1"
    assert listed(found["X-Aurinko-To"]) == [jorg, odd, "Nobody", "x" * 400 + "@example.com"]
    assert listed(found["X-Aurinko-From"]) == listed(found["X-Aurinko-Bcc"]) == [jorg]
    assert listed(found["X-Aurinko-Reply-To"]) == ["Nobody"]
    assert (found["From"], found["Bcc"], found["Reply-To"], found["X-Aurinko-Cc"]) == (None, None, None, None)
    assert found["X-Evil"] is None


@pytest.mark.parametrize("address", ['"a b"@example.com', "a@[127.0.0.1]", "a+b/c=d@x.example", "a..b@example.com"])
def test_unusual_addresses_are_kept_as_they_are(address: str) -> None:
    found = read(bytes(EmailMessage(to=[EmailAddress(address=address)]).to_email()))
    there = [] if found["To"] is None else [one.addr_spec for one in found["To"].addresses]
    assert [*there, *listed(found["X-Aurinko-To"])] == [address]


def test_ids_are_written_as_they_are() -> None:
    long = f"<{'A' * 90}@{'b' * 90}.example>"
    message = EmailMessage(internet_message_id=long, in_reply_to=long, references=f"{long} <é@x> {long}")
    data = bytes(message.to_email())
    assert data.count(long.encode()) == 2
    found = read(data)
    assert (found["Message-ID"], found["In-Reply-To"]) == (long, long)
    assert found["References"] == f"{long} <é@x> {long}"


@pytest.mark.parametrize("record_id", ["<é@example.com>", "no brackets", "<@>", "<a@b@c>", "<>", "[x]"])
def test_a_malformed_id_is_not_lost(record_id: str) -> None:
    found = read(bytes(EmailMessage(internet_message_id=record_id).to_email()))
    assert record_id in (found["Message-ID"], found["X-Aurinko-Message-ID"])


def test_headers_are_what_the_standard_library_has() -> None:
    date = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    made = EmailMessage(subject="Größe " * 30, sent_at=date, to=[EmailAddress(address="a@b.example")]).to_email()
    for one in (made, copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert one["Date"].datetime == date
        assert one["Subject"] == ("Größe " * 30).strip()
        assert bytes(one) == bytes(made)
        with pytest.raises(ValueError, match="at most 1 To"):
            one["To"] = "another@b.example"
    assert max(map(len, bytes(made).splitlines())) <= 78
    assert ("Größe " * 30).strip() in str(made).replace("\n ", " ")


anything = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(["=?utf-8?q?=C3?=", "a,b", " \r\n x", ""])
quick = settings(deadline=None, max_examples=80)


@quick
@given(anything, anything, anything, anything, anything)
@example("\ud83d\ude00\udc80 \x00", "\r", "\udcff@x", "<@", "\x85\u2028")
@example("", "", "", "0/0", "")
def test_whatever_it_says_it_can_be_written_and_adds_no_header(
    subject: str, name: str, address: str, record_id: str, body: str
) -> None:
    message = EmailMessage(
        subject=subject,
        from_=EmailAddress(name=name, address="a@b.example"),
        to=[EmailAddress(name=name, address=address)],
        internet_message_id=record_id,
        references=record_id,
        body=body,
        attachments=[EmailAttachment(name=name, mime_type=record_id, content_id=address, content=b"x")],
    )
    found = read(bytes(message.to_email()))
    known = {"subject", "from", "to", "message-id", "references", "mime-version", "content-type"}
    assert {key.lower() for key in found} <= known | {"x-aurinko-to", "x-aurinko-message-id", "x-aurinko-references"}
    assert [one.addr_spec for one in found["From"].addresses] == ["a@b.example"]
    (attachment,) = found.iter_attachments()
    # Not get_content(), which knows only the types that there are.
    assert attachment.get_payload(decode=True) == b"x"


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), min_size=1)
lines = texts.map(lambda text: " ".join(text.split())).filter(bool)


@quick
@given(st.lists(lines, min_size=1, max_size=4), lines)
def test_names_and_subjects_come_back(names: list[str], subject: str) -> None:
    message = EmailMessage(subject=subject, to=[EmailAddress(name=name, address="a@b.example") for name in names])
    found = read(bytes(message.to_email()))
    assert [name for name, _ in people(found["To"])] == [squeezed(name) for name in names]
    assert [one.display_name for one in found["To"].addresses if len(one.display_name) < 10] == [
        name for name in names if len(name) < 10
    ]
    assert found["Subject"] == subject


@quick
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp"))), max_size=4), st.booleans()
)
@example(["x" * 2000, "é" * 500, "=20", ". ", ".", "a=\t "], False)
def test_a_body_comes_back(body: list[str], html: bool) -> None:
    text = "\n".join([*["<p>"] * html, *body])
    for message in (EmailMessage(body=text), EmailMessage(body=text, attachments=[EmailAttachment(content=b"x")])):
        data = bytes(message.to_email())
        assert max(map(len, data.splitlines())) <= 998
        part = read(data).get_body()
        assert part is not None
        assert part.get_content() == text + "\n" * (not text.endswith("\n") or text == "")
        assert part.get_content_subtype() == ("html" if html else part.get_content_subtype())
