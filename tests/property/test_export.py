"""Whatever a record says, its file has one record of the right form, and the values that the form can hold."""

from __future__ import annotations

import email
import email.policy
import json
import mailbox
import tempfile
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage as Message
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from dateutil.rrule import rrulestr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aurinko_async.export.calendar import Master, to_vevent, to_vtodo
from aurinko_async.export.contacts import to_vcard
from aurinko_async.export.jsonl import to_line
from aurinko_async.export.mbox import to_mbox
from aurinko_async.models import (
    Attendee,
    Contact,
    ContactCompany,
    ContactEmailAddress,
    ContactName,
    ContactPostalAddress,
    EmailAddress,
    EmailHeader,
    EmailMessage,
    Event,
    EventDateTime,
    MeetingInfo,
    OccurrenceInfo,
    Organizer,
    Recurrence,
    RecurrenceIcal,
    RecurrenceSimple,
    Task,
)
from aurinko_async.sandbox.calendars.moments import Moment
from aurinko_async.sandbox.calendars.series import read_recurrence
from aurinko_async.sandbox.contract import Json

quick = settings(deadline=None, max_examples=60)

EVIL = 'x"\r\nEND:VEVENT\r\nBEGIN:VEVENT\n\rFrom a b\n\nFrom c\0\x1b\x85\u2028\ud800;,\\n^n😀\t'
chunks = st.sampled_from(
    ["\r\n", "\n", "\r", ",", ";", ":", '"', "\\", "\\n", "^", "=", "<b>", "From ", "\u2028", "\x85"]
)
anything = st.lists(chunks | st.text(st.characters(codec=None), max_size=8), max_size=6).map("".join) | st.just(EVIL)
"""All that a `str` can be, lone surrogates too."""
words = st.lists(
    chunks.filter(str.isprintable) | st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"))), min_size=1
)
"""What a line of text can be."""
# The icalendar library takes `\\N` for a line break, when it writes and when it reads.
lines = words.map(lambda given: " ".join(" ".join(given).split())).filter(lambda line: line and "\\N" not in line)
texts = (
    st.lists(lines, min_size=1).map("\n".join).map(str.strip).filter(lambda text: "<" not in text and "&" not in text)
)
maybe = st.none() | anything
addresses = st.builds(EmailAddress, name=maybe, address=maybe)


def the_event(data: bytes | None) -> Any:
    assert data is not None
    (found,) = icalendar.Calendar.from_ical(b"BEGIN:VCALENDAR\r\n" + data + b"END:VCALENDAR\r\n").subcomponents
    assert found.errors == []
    return found


def the_message(data: bytes) -> Message:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.mbox"
        path.write_bytes(data + b"From b@example.com Thu Jan  1 00:00:00 1970\n\nanother\n\n")
        box = mailbox.mbox(path, create=False)
        first, second = (box.get_bytes(key) for key in box.keys())  # noqa: SIM118
        box.close()
    assert second == b"\nanother\n"
    parsed = email.message_from_bytes(first, policy=email.policy.default)
    assert isinstance(parsed, Message)
    return parsed


OWN = {"status", "x-status", "x-aurinko-labels", "x-aurinko-id", "x-aurinko-thread-id", "x-aurinko-omitted"}
OWN |= {f"x-aurinko-{name}" for name in ("from", "to", "cc", "bcc", "reply-to", "message-id")}
KNOWN = {"subject", "from", "to", "cc", "bcc", "reply-to", "date", "message-id", "in-reply-to", "references"}
MIME = {"content-type", "content-transfer-encoding", "mime-version"}


@quick
@given(anything, anything, addresses, st.lists(addresses, max_size=3), st.lists(anything, max_size=3), maybe, maybe)
@example(
    EVIL, EVIL, EmailAddress(name=EVIL, address=EVIL), [EmailAddress(name=EVIL, address="a@b.c")], [EVIL], EVIL, EVIL
)
def test_any_message_is_one_entry_of_an_mbox(
    subject: str, body: str, sender: EmailAddress, to: list[EmailAddress], names: list[str], record_id: Any, other: Any
) -> None:
    message = EmailMessage(
        id=record_id,
        subject=subject,
        body=body,
        from_=sender,
        to=to,
        sys_labels=names,
        keywords=names,
        omitted=names,
        thread_id=other,
        internet_message_id=other,
        references=other,
        internet_headers=[EmailHeader(name=other, value=subject), EmailHeader(name="X-Other", value=other)],
    )
    found = the_message(to_mbox(message))
    extra = {name.lower() for name in found.keys()} - OWN - KNOWN - MIME - {"x-other"}  # noqa: SIM118
    assert extra <= {(other or "").strip().lower()}
    content = found.get_content()
    if body.isprintable():
        assert content.rstrip("\n") == body


@quick
@given(lines, texts)
def test_a_subject_and_a_body_come_back(subject: str, body: str) -> None:
    found = the_message(to_mbox(EmailMessage(subject=subject, body=body)))
    assert " ".join(str(found["Subject"]).split()) == subject
    assert found.get_content() == body + "\n"


START = EventDateTime(date_time=datetime(2026, 3, 1, 9, tzinfo=UTC), timezone="Europe/Berlin")


@quick
@given(anything, maybe, addresses, st.lists(anything, max_size=3), st.lists(anything, max_size=2))
@example(EVIL, EVIL, EmailAddress(name=EVIL, address=EVIL), [EVIL], [EVIL, f"RRULE:FREQ=DAILY{EVIL}"])
@example("\r\n<b>;x", None, EmailAddress(), [], [])
def test_any_event_is_one_component(
    text: str, other: Any, person: EmailAddress, names: list[str], rules: list[str]
) -> None:
    event = Event(
        id=other,
        ical_uid=other,
        calendar_id=other,
        subject=text,
        description=text,
        location=text,
        html_link=text,
        start=EventDateTime(date_time=datetime(2026, 3, 1, tzinfo=UTC), timezone=other),
        categories=names,
        omitted=names,
        organizer=Organizer(email_address=person),
        meeting_info=MeetingInfo(attendees=[Attendee(email_address=person, type=other, response=other)]),
        recurrence=Recurrence(ical=RecurrenceIcal(rules=rules)),
        show_as=other,
        sensitivity=other,
    )
    found = the_event(to_vevent(event))
    assert found.name == "VEVENT"
    assert found.subcomponents == []


@quick
@given(lines, texts, lines)
def test_the_texts_of_an_event_and_a_task_come_back(subject: str, text: str, name: str) -> None:
    people = [Attendee(email_address=EmailAddress(name=name, address="a+b%c@example.com"), response="declined")]
    event = Event(
        subject=subject, description=text, location=text, start=START, meeting_info=MeetingInfo(attendees=people)
    )
    found = the_event(to_vevent(event))
    assert (found["SUMMARY"], found["DESCRIPTION"], found["LOCATION"]) == (subject, text, text)
    assert found["ATTENDEE"].params["CN"] == name.replace("\\", "/")
    assert found["ATTENDEE"].params["PARTSTAT"] == "DECLINED"
    assert found["ATTENDEE"] == "mailto:a+b%25c@example.com"
    task = the_event(to_vtodo(Task(id=subject, title=subject, notes=text, categories=[name])))
    assert (task["UID"], task["SUMMARY"], task["DESCRIPTION"]) == (subject, subject, text)
    assert [str(category) for category in task["CATEGORIES"].cats] == [name]


@quick
@given(maybe, maybe, st.lists(anything, max_size=2))
def test_any_contact_is_one_card(text: Any, other: Any, names: list[str]) -> None:
    contact = Contact(
        id=text,
        name=ContactName(display_name=text, given_name=other, yomi_given_name=other),
        nick_name=other,
        company=ContactCompany(name=text, department=other),
        birthday=other,
        notes=text,
        keywords=names,
        email_addresses=[ContactEmailAddress(address=text, name=other, type=other)],
        addresses=[ContactPostalAddress(street=text, city=other, type=other)],
        omitted=names,
    )
    data = to_vcard(contact).decode()
    assert (data.count("BEGIN:VCARD\r\n"), data.count("\r\nEND:VCARD\r\n")) == (1, 1)
    (card,) = vobject.readComponents(data)
    expected = {
        "version",
        "uid",
        "n",
        "fn",
        "nickname",
        "org",
        "bday",
        "x-birthday",
        "note",
        "categories",
        "email",
        "adr",
    }
    assert set(card.contents) <= expected | {"x-phonetic-first-name", "x-aurinko-omitted"}


@quick
@given(lines, texts)
def test_the_texts_of_a_contact_come_back(name: str, text: str) -> None:
    made = ContactName(display_name=name, given_name=name, family_name=name)
    contact = Contact(name=made, notes=text, keywords=[name], addresses=[ContactPostalAddress(street=text)])
    (card,) = vobject.readComponents(to_vcard(contact).decode())
    assert (card.fn.value, card.n.value.given, card.n.value.family) == (name, name, name)
    assert (card.note.value, card.adr.value.street, card.categories.value) == (text, text, [name])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@quick
@given(values, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_json_stays_what_it_is_in_one_line(value: Any, indent: Any, ascii_: bool) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii_).encode()
    line = to_line(raw)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line) == value
    if b"\n" not in raw:
        assert line == raw + b"\n"


def test_a_break_inside_a_text_becomes_an_escape_and_numbers_keep_their_digits() -> None:
    raw = b'{\r\n "a": "x\ny\\" \\\\", "n": 1.10, "big": 12345678901234567890123 }'
    assert to_line(raw) == b'{"a":"x\\ny\\" \\\\","n":1.10,"big":12345678901234567890123}\n'


# --- times


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "UTC",
    "Pacific Standard Time",
    "no",
    None,
]
instants = st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)


@quick
@given(instants, st.sampled_from(ZONES), st.integers(0, 200))
@example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Berlin", 60)
@example(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin", 60)
def test_an_instant_stays_the_same_in_every_zone(start: datetime, zone: str | None, minutes: int) -> None:
    end = start + timedelta(minutes=minutes)
    times = [EventDateTime(date_time=at, timezone=zone) for at in (start, end)]
    found = the_event(to_vevent(Event(id="e", start=times[0], end=times[1])))
    assert found["DTSTART"].dt.timestamp() == start.timestamp()
    assert found.get("DTEND", found["DTSTART"]).dt.timestamp() == end.timestamp()


FREQUENCIES = ["daily", "weekly", "monthly", "monthlyRelative", "yearly", "yearlyRelative"]
ENDS = [{"type": "byCount", "count": 7}, {"type": "byDate", "recurrenceEnd": "2028-05-03"}, {"type": "unbounded"}]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@quick
@given(
    st.sampled_from(FREQUENCIES),
    st.integers(1, 2),
    st.lists(st.sampled_from(DAYS), min_size=1, unique=True),
    st.sampled_from(["first", "second", "third", "fourth", "last"]),
    st.sampled_from(
        [{"type": "byCount", "count": 7}, {"type": "byDate", "recurrenceEnd": "2028-05-03"}, {"type": "unbounded"}]
    ),
    st.booleans(),
)
def test_a_simple_recurrence_is_the_rule_that_the_sandbox_makes_of_it(
    frequency: str, interval: int, days: list[str], instance: str, span: Json, all_day: bool
) -> None:
    pattern: Json = {"frequency": frequency, "interval": interval, "instance": instance, "weekStart": "sunday"}
    if frequency in ("weekly", "monthlyRelative", "yearlyRelative"):
        pattern["daysOfWeek"] = days
    # The series begins with an occurrence, as those of all providers do.
    simple: Json = {"pattern": pattern, "range": span}
    early = Moment.of_day(date(2026, 2, 10), "Europe/Berlin")
    if not all_day:
        early = Moment(datetime(2026, 2, 10, 9, tzinfo=ZoneInfo("Europe/Berlin")).timestamp(), "Europe/Berlin")
    series = read_recurrence({"simple": simple}, early)
    first = next(series.starts(early))
    if frequency.startswith("yearly"):
        pattern["monthOfYear"] = first.local_date.month
    series = read_recurrence({"simple": simple}, first)
    expected = [at.local_date for at in series.starts(first) if at.local_date <= date(2028, 6, 30)]
    start = EventDateTime(date_only=first.day, timezone="Europe/Berlin")
    if not all_day:
        start = EventDateTime(date_time=first.local, timezone="Europe/Berlin")
    event = Event(id="e", start=start, recurrence=Recurrence(simple=read_simple(simple)))
    found = the_event(to_vevent(event))
    begin = found["DTSTART"].dt
    begin = begin if isinstance(begin, datetime) else datetime(begin.year, begin.month, begin.day)
    rule = rrulestr(found["RRULE"].to_ical().decode(), dtstart=begin)
    last = datetime(2028, 6, 30, 23, tzinfo=begin.tzinfo)
    assert [at.date() for at in rule.between(begin, last, inc=True)] == expected


def read_simple(wire: Json) -> RecurrenceSimple:
    from aurinko_async._codec import decode

    return decode(RecurrenceSimple, json.dumps(wire).encode())


@pytest.mark.parametrize("rule", ["FREQ=NEVER", "RRULE:", "RRULE:FREQ", "EXDATE:2026", "BYDAY=MO", "RRULE:COUNT=-x"])
def test_a_rule_that_is_none_is_kept_as_text(rule: str) -> None:
    event = Event(id="e", start=START, recurrence=Recurrence(ical=RecurrenceIcal(rules=[rule])))
    found = the_event(to_vevent(event))
    assert "RRULE" not in found
    assert found["X-AURINKO-RECURRENCE"] == rule


def test_an_occurrence_is_told_as_its_series_is() -> None:
    day = Master("uid", EventDateTime(date_only=date(2026, 3, 1)))
    info = OccurrenceInfo(master_id="m", original_start=START)
    found = the_event(to_vevent(Event(id="e", ical_uid="own", start=START, occurrence_info=info), {"m": day}))
    assert (found["UID"], found["RECURRENCE-ID"].dt) == ("uid", date(2026, 3, 1))


def test_what_has_no_start_or_is_deleted_is_no_event() -> None:
    assert to_vevent(Event(id="e")) is None
    assert to_vevent(Event(id="e", start=START, occurrence_info=OccurrenceInfo(type="deleted"))) is None
