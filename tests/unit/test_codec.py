"""Bytes to models and back: what is tolerated, what is refused, and how it is said."""

import gc
import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
import pytest
from attrs import define

from aurinko_async import UNSET, _codec, make_converter
from aurinko_async.errors import DecodeError, InvalidInput, MalformedBody
from aurinko_async.models import (
    Account,
    EmailAddress,
    EmailAttachmentContent,
    EmailMessage,
    OutgoingEmail,
    OutgoingEmailAttachment,
    WellKnownFoldersIn,
)
from aurinko_async.models._row import Row
from aurinko_async.models.pages import DeltaPage, TokenPage
from aurinko_async.models.rows import MessageColumns


def read(**fields: Any) -> EmailMessage:
    return _codec.decode(EmailMessage, json.dumps(fields).encode())


def page(*records: Any) -> TokenPage[EmailMessage]:
    return _codec.decode(TokenPage[EmailMessage], json.dumps({"records": records}).encode())


def test_absent_and_null_read_as_none_and_unknown_keys_are_ignored() -> None:
    message = read(id="1", subject=None, somethingNew={"a": 1})
    assert (message.id, message.subject, message.body, message.to) == ("1", None, None, None)


def test_unknown_enum_values_are_kept_as_given() -> None:
    assert read(sysLabels=["inbox", "snoozed"]).sys_labels == ["inbox", "snoozed"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789+02:00", datetime(2026, 1, 2, 1, 4, 5, 123457, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04:05+0200", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
    ],
)
def test_datetimes_are_always_aware(text: str, expected: datetime) -> None:
    at = read(receivedAt=text).received_at
    assert at is not None
    assert at.tzinfo is not None
    assert abs(at - expected) <= timedelta(microseconds=1)


@pytest.mark.parametrize("text", ["aGVsbG8_IA==", "aGVsbG8/IA", "aGVs\r\nbG8/IA=="])
def test_base64_is_read_in_every_dialect(text: str) -> None:
    assert _codec.decode(EmailAttachmentContent, json.dumps({"content": text}).encode()).content == b"hello? "


@pytest.mark.parametrize(
    ("record", "path", "words"),
    [
        ({"from": {"address": 5}}, "from.address", "expected str, got int"),
        ({"to": [{"address": "a"}, {"address": []}]}, "to[1].address", "expected str, got array"),
        ({"to": "ann@example.com"}, "to", "expected array, got str"),
        ({"hasAttachments": "yes"}, "hasAttachments", "expected bool, got str"),
        ({"receivedAt": "2026-01-01"}, "receivedAt", "expected an RFC 3339 timestamp"),
        ({"receivedAt": "yesterday at noon"}, "receivedAt", "expected an RFC 3339 timestamp"),
        ({"nativeProperties": ["a"]}, "nativeProperties", "expected object, got array"),
        ({"to": [None]}, "to[0]", "expected object, got null"),
        ({"sysLabels": [None]}, "sysLabels[0]", "expected str, got null"),
    ],
)
def test_a_wrong_shape_names_its_path(record: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words.replace("(", r"\(")) as caught:
        read(id="m1", **record)
    assert caught.value.path == path
    assert caught.value.record_id == "m1"

    with_neighbours = page({"id": "m0"}, {"id": "m1", **record}, {"id": "m2"})
    assert [message.id for message in with_neighbours.records] == ["m0", "m2"]
    assert [(error.index, error.path) for error in with_neighbours.errors] == [(1, f"records[1].{path}")]


def test_a_lone_surrogate_costs_its_record_only() -> None:
    body = b'{"records": [{"id": "a"}, {"id": "b", "subject": "\\ud800"}, {"id": "c"}]}'
    found = _codec.decode(TokenPage[EmailMessage], body)
    assert [message.id for message in found.records] == ["a", "c"]
    assert [error.index for error in found.errors] == [1]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  <!doctype html><html><title>Sign in</title></html>", "HTML"),
        (b'{"records": [{"id": "1"}, {"id"', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_what_is_no_json_is_said_to_be_none(body: bytes, words: str) -> None:
    for result in (EmailMessage, DeltaPage[EmailMessage], DeltaPage[Row[MessageColumns]]):
        with pytest.raises(MalformedBody, match=words):
            _codec.decode(result, body)


@pytest.mark.parametrize(("body", "path"), [(b"[]", ""), (b'"x"', ""), (b'{"records": {}}', "records"), (b"null", "")])
def test_a_page_of_the_wrong_shape_is_refused_whole(body: bytes, path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        _codec.decode(DeltaPage[EmailMessage], body)
    assert caught.value.path == path


def test_rows_keep_the_json_byte_for_byte() -> None:
    first = '{ "id":"1" , "subject":"caf\\u00e9  ☃", "x" : [1.0,1e3], "receivedAt":"2026-01-01T00:00:00Z"}'.encode()
    odd = b'{"id":"2","subject":7,"receivedAt":"2026-01-01T00:00:00","from":{"address":"a@b"}}'
    lone = b'{"id":"3","subject":"\\ud800"}'
    body = b'{"records":[' + first + b", " + odd + b"," + lone + b', {"subject":"no id"}],"nextDeltaToken":"d"}'
    found = _codec.decode(DeltaPage[Row[MessageColumns]], body)
    assert [row.raw for row in found.records] == [first, odd, lone]
    assert [row.id for row in found.records] == ["1", "2", "3"]
    names = [column.name for column in MessageColumns.COLUMNS]
    values = [dict(zip(names, row.values, strict=True)) for row in found.records]
    assert [each["subject"] for each in values] == ["café  ☃", None, "\ufffd"]
    assert [each["from_address"] for each in values] == [None, "a@b", None]
    assert [each["received_at"] for each in values] == ["2026-01-01T00:00:00.000Z"] * 2 + [None]
    assert [(error.index, error.path) for error in found.errors] == [(3, "records[3].id")]


def test_the_collector_is_put_back_even_after_an_error() -> None:
    assert gc.isenabled()
    with pytest.raises(DecodeError):
        _codec.decode(DeltaPage[EmailMessage], b"[]")
    assert gc.isenabled()
    gc.disable()
    try:
        page({"id": "1"})
        assert not gc.isenabled()
    finally:
        gc.enable()


# --- out


def sent(model: object) -> Any:
    return json.loads(_codec.encode(model))


def test_unset_is_not_sent_and_none_is_null() -> None:
    assert sent(WellKnownFoldersIn(archive=None)) == {"archive": None}
    assert sent(WellKnownFoldersIn()) == {}
    assert sent(OutgoingEmail(to=[EmailAddress(address="bob@example.com")], subject="Hi", body=UNSET)) == {
        "to": [{"address": "bob@example.com"}],
        "subject": "Hi",
    }


def test_attachments_are_sent_as_base64() -> None:
    mail = OutgoingEmail(attachments=[OutgoingEmailAttachment(name="a.bin", content=b"\x00\xff")])
    assert sent(mail)["attachments"] == [{"name": "a.bin", "content": "AP8="}]


def test_enum_members_are_sent_as_their_values() -> None:
    class Colour(StrEnum):
        RED = "red"

    assert sent(OutgoingEmail(subject=Colour.RED)) == {"subject": "red"}


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (OutgoingEmail(to="bob@example.com"), r"OutgoingEmail\.to: expected `array"),  # type: ignore[arg-type]
        (OutgoingEmail(to=[EmailAddress(address=5)]), r"OutgoingEmail\.to\[0\]\.address"),  # type: ignore[arg-type]
        (Account(created_at=datetime(2026, 1, 1)), r"Account\.createdAt: .*timezone"),
        ({"key": object()}, "cannot be sent as JSON"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_path(model: object, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        _codec.encode(model)


def test_users_add_hooks_of_their_own() -> None:
    @define
    class Ticket:
        number: int

    converter = make_converter()
    converter.register_structure_hook(Ticket, lambda value, _: Ticket(int(value["subject"].split("#")[1])))
    assert converter.structure({"subject": "Re: #42"}, Ticket) == Ticket(42)
    assert converter.structure({"id": "1", "from": {"address": "a@b"}}, EmailMessage).from_ == EmailAddress(
        address="a@b"
    )
    assert msgspec.json.encode(converter.unstructure(EmailMessage(id="1"))) == b'{"id":"1"}'
