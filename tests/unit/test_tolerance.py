"""What providers may write although few do: leap seconds, whole numbers with a fraction, half surrogate pairs."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from aurinko_async import _codec
from aurinko_async.errors import DecodeError, MalformedBody
from aurinko_async.models import Account, EmailMessage, EmailSendResponse, TokenPage


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31t18:59:60.5-05:00", datetime(2016, 12, 31, 19, 0, 0, 500_000, timezone(timedelta(hours=-5)))),
    ],
)
def test_a_leap_second_is_the_first_second_of_the_next_minute(text: str, instant: datetime) -> None:
    message = _codec.decode(EmailMessage, b'{"sentAt": "%s"}' % text.encode())
    assert message.sent_at == instant


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:60Z", "2016-12-31T23:59:61Z", "2016-12-31T23:60:00Z", ":60:60:60:60:60:60"]
)
def test_other_times_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="sentAt: expected an RFC 3339 timestamp"):
        _codec.decode(EmailMessage, b'{"sentAt": "%s"}' % text.encode())


def test_a_time_in_small_letters_is_read_beside_one_that_takes_the_slow_way() -> None:
    message = _codec.decode(EmailMessage, b'{"sentAt": "2026-05-01t10:00:00z", "receivedAt": "2026-05-01T10:00Z"}')
    assert message.sent_at == message.received_at == datetime(2026, 5, 1, 10, tzinfo=UTC)


def test_a_whole_number_may_have_a_fraction_of_nothing() -> None:
    assert repr(_codec.decode(Account, b'{"id": 3.0, "parentId": 1e3}').id) == "3"
    with pytest.raises(DecodeError, match="id: expected int, got float"):
        _codec.decode(Account, b'{"id": 3.5}')


def test_half_a_surrogate_pair_is_told_by_its_path() -> None:
    with pytest.raises(DecodeError) as told:
        _codec.decode(EmailMessage, rb'{"id": "m1", "to": [{}, {"name": "cut \ud83d"}]}')
    assert (told.value.path, told.value.record_id) == ("to[1].name", "m1")
    assert not isinstance(told.value, MalformedBody), "it is whole: asking again would not help"
    with pytest.raises(DecodeError, match="trackingId"):
        _codec.decode(EmailSendResponse, rb'{"trackingId": "\udc00"}')


def test_half_a_surrogate_pair_in_what_nobody_reads_costs_nothing() -> None:
    body = rb'{"records": [{"id": "m1", "unknown": "\ud83d"}, {"id": "m2", "\ud83d": 1}]}'
    page = _codec.decode(TokenPage[EmailMessage], body)
    assert [message.id for message in page] == ["m1", "m2"]
    assert page.errors == ()


def test_an_id_that_cannot_be_written_is_not_told() -> None:
    page = _codec.decode(TokenPage[EmailMessage], rb'{"records": [{"id": "\ud83d"}]}')
    assert [(error.path, error.record_id) for error in page.errors] == [("records[0].id", None)]


def test_what_is_broken_besides_is_still_no_json() -> None:
    for body in (rb'{"id": "\ud83d', rb'{"id": "\ud83d\ude00"', rb'{"id": "\ud83d", }'):
        with pytest.raises(MalformedBody):
            _codec.decode(EmailMessage, body)
