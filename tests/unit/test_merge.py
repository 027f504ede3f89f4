"""A partial record never erases what a fuller one had, and nothing is re-encoded on the way."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurinko_async._codec import decode
from aurinko_async.models._row import Row
from aurinko_async.models.rows import EventColumns, MessageColumns
from aurinko_async.sync.stores import _merge
from aurinko_async.sync.stores._merge import GROUPS
from aurinko_async.sync.stores._tables import MESSAGES
from support.rows import of_json, row

FULL = (
    b'{ "id":"m1","threadId" : "t1","subject":"old",\n "body":"<p>\\u00e9 \\/ \xc3\xa9</p>","size":1.0,'
    b'"to":[ {"address":"a@x"} ],"cc":[],"bcc":null,"replyTo":[{"name":"\\ud83d\\ude00"}],'
    b'"attachments":[{"id":"1","size":1E2}],"internetHeaders":[{"name":"X","value":"\\t"}]}'
)


def completed(new: Row[Any], stored: bytes, searched: type[Any] = MessageColumns) -> Row[Any]:
    return _merge.completed(searched, new, stored)


def test_what_is_omitted_is_kept_byte_for_byte() -> None:
    new = of_json(b'{"id":"m1","subject" : "n\\u0065w","omitted":["body","attachments"],"body":null}')
    merged = completed(new, FULL)
    assert b'"body":"<p>\\u00e9 \\/ \xc3\xa9</p>"' in merged.raw
    assert b'"attachments":[{"id":"1","size":1E2}]' in merged.raw
    assert b'"subject":"n\\u0065w"' in merged.raw
    assert json.loads(merged.raw)["omitted"] == []


def test_what_is_not_omitted_is_the_new_ones() -> None:
    merged = completed(of_json(b'{"id":"m1","to":[],"omitted":["body"]}'), FULL)
    data = json.loads(merged.raw)
    assert data["to"] == []
    assert data["body"]
    assert not data.keys() & {"subject", "threadId", "internetHeaders", "size"}


def test_recipients_are_four_fields() -> None:
    merged = completed(of_json(b'{"id":"m1","cc":[{"address":"stray"}],"omitted":["recipients"]}'), FULL)
    kept = {name: json.loads(FULL)[name] for name in ("to", "cc", "bcc", "replyTo")}
    assert {name: json.loads(merged.raw)[name] for name in kept} == kept


def test_attendees_are_inside_the_meeting() -> None:
    stored = b'{"id":"e1","meetingInfo":{"canceled":false,"attendees": [{"id" : "a"}]},"description":"old"}'
    partial = b'{"id":"e1","meetingInfo":{"canceled":true},"omitted":["attendees"]}'
    merged = completed(decode(Row[EventColumns], partial), stored, EventColumns)
    assert b'"meetingInfo":{"canceled":true,"attendees":[{"id" : "a"}]}' in merged.raw
    assert (merged.omitted, json.loads(merged.raw).get("attendees")) == ([], None)
    for bare in (b"null", b"{}"):
        new = decode(Row[EventColumns], b'{"id":"e1","meetingInfo":%b,"omitted":["attendees"]}' % bare)
        assert json.loads(completed(new, stored, EventColumns).raw)["meetingInfo"] == {"attendees": [{"id": "a"}]}
        assert json.loads(completed(new, b'{"id":"e1"}', EventColumns).raw).get("meetingInfo") in (None, {})


@pytest.mark.parametrize("gone", [b'"occurrenceInfo":{"type":"deleted","masterId":"m"}', b'"deleted":true'])
def test_what_only_says_that_it_is_gone_completes_nothing(gone: bytes) -> None:
    partial = decode(Row[EventColumns], b'{"id":"e1","subject":"back","omitted":["description"]}')
    assert completed(partial, b'{"id":"e1",%b}' % gone, EventColumns) is partial


def test_the_columns_are_those_of_the_merged_record() -> None:
    merged = completed(of_json(b'{"id":"m1","subject":"new","omitted":["threadId","body"]}'), FULL)
    assert (MESSAGES.value(merged, "thread_id"), MESSAGES.value(merged, "subject"), merged.omitted) == ("t1", "new", [])


def test_what_neither_has_stays_omitted() -> None:
    stored = b'{"id":"m1","threadId":"t1","body":null,"omitted":["body"]}'
    merged = completed(row("m1", omitted=["body", "threadId"]), stored)
    assert (merged.omitted, MESSAGES.value(merged, "thread_id")) == (["body"], "t1")
    assert json.loads(merged.raw)["omitted"] == ["body"]


def test_nothing_to_keep_leaves_the_record_as_it_came() -> None:
    new = of_json(b'{ "id" : "m1", "omitted" : ["body"] }')
    assert completed(new, b'{"id":"m1","omitted":["body","threadId"]}') is new


def test_a_field_that_the_fuller_record_did_not_have_is_not_made_up() -> None:
    merged = completed(of_json(b'{"id":"m1","body":"","omitted":["body"]}'), b'{"id":"m1"}')
    assert json.loads(merged.raw) == {"id": "m1", "omitted": []}


def test_a_name_that_nobody_knows_is_the_field_of_this_name() -> None:
    merged = completed(of_json(b'{"id":"m1","omitted":["webLink"]}'), b'{"id":"m1","webLink":"https://x"}')
    assert json.loads(merged.raw)["webLink"] == "https://x"


@pytest.mark.parametrize("omitted", [b"null", b'"body"', b"[1]", b'["\xed\xa0\xbd"]'])
def test_a_stored_omitted_that_cannot_be_read_omits_nothing(omitted: bytes) -> None:
    merged = completed(of_json(b'{"id":"m1","omitted":["body"]}'), b'{"id":"m1","body":"x","omitted":' + omitted + b"}")
    assert json.loads(merged.raw)["body"] == "x"


def test_lone_surrogates_are_kept_as_they_are() -> None:
    stored = b'{ "id" : "m1" , "body" : "\\ud83d cut" , "n\\ud83dme" : [ 1 , { "a" : "}" } ] }'
    merged = completed(of_json(b'{"id":"m1","subject":"\\ude00","omitted":["body","n\\ud83dme"]}'), stored)
    assert b'"body":"\\ud83d cut"' in merged.raw
    assert b'"n\\ud83dme":[ 1 , { "a" : "}" } ]' in merged.raw
    assert b'"subject":"\\ude00"' in merged.raw


@pytest.mark.parametrize("subject", [b"new", b"\\ud83d"])
def test_invalid_utf8_is_kept_as_it_is(subject: bytes) -> None:
    new = of_json(b'{"id":"m1","subject":"' + subject + b'","omitted":["body"]}')
    merged = completed(new, b'{"id":"m1","body":"\xff"}')
    assert merged.raw == b'{"id":"m1","subject":"' + subject + b'","omitted":[],"body":"\xff"}'
    assert MESSAGES.value(merged, "subject") == MESSAGES.value(new, "subject")


def test_within_one_page_a_partial_record_keeps_what_an_earlier_one_had() -> None:
    found = _merge.by_id(
        MessageColumns,
        [row("a", body="whole"), row("b"), row("a", subject="late", omitted=["body"]), row("b", subject="2")],
    )
    assert list(found) == ["a", "b"]
    assert json.loads(found["a"].raw) == {"id": "a", "subject": "late", "body": "whole", "omitted": []}
    assert MESSAGES.value(found["b"], "subject") == "2"


VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))
NAMES = st.sampled_from(["threadId", "body", "attachments", "to", "cc", "bcc", "replyTo", "internetHeaders", "webLink"])
OMITTED = st.lists(st.sampled_from(["threadId", "body", "recipients", "webLink", "attachments"]), unique=True)


@settings(deadline=None)
@given(st.dictionaries(NAMES, VALUES), OMITTED, st.dictionaries(NAMES, VALUES), OMITTED)
def test_each_field_comes_from_the_record_that_had_it(
    old: dict[str, Any], old_omitted: list[str], new: dict[str, Any], omitted: list[str]
) -> None:
    stored = json.dumps({"id": "m", **old, "omitted": old_omitted}).encode()
    merged = json.loads(completed(row("m", **new, omitted=omitted), stored).raw)
    regained = [name for name in omitted if name not in old_omitted]
    kept = {wire for name in regained for wire in GROUPS.get(name, (name,))}
    expected = {name: value for name, value in new.items() if name not in kept}
    expected |= {name: value for name, value in old.items() if name in kept}
    assert merged == {"id": "m", **expected, "omitted": [name for name in omitted if name in old_omitted]}
