"""What a call becomes on the wire: paths, queries, headers, bodies."""

import enum
import json
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurinko_async._types import UNSET, Call, Request
from aurinko_async._wire import build_request
from aurinko_async.auth import AccountAuth, NoAuth
from aurinko_async.errors import InvalidInput
from aurinko_async.models import BodyType

BASE = "https://api.example"


def build(path: str = "/v1/things", **call: Any) -> Request:
    return build_request(Call(call.pop("method", "GET"), path, Any, audience="any", **call), BASE, NoAuth())


def target(path: str = "/v1/things", **call: Any) -> str:
    return build(path, **call).url.removeprefix(BASE)


class TestPath:
    @pytest.mark.parametrize(
        ("given_id", "segment"),
        [
            ("AAMkAGI=", "AAMkAGI%3D"),
            ("a/b", "a%2Fb"),
            ("a+b", "a%2Bb"),
            ("50%", "50%25"),
            ("%2F", "%252F"),
            (".", "%2E"),
            ("..", "%2E%2E"),
            ("...", "%2E%2E%2E"),
            ("../../v1/account", "..%2F..%2Fv1%2Faccount"),
            ("a b", "a%20b"),
            (" a", "%20a"),
            ("\u00e9", "%C3%A9"),
            ("\u65e5\u672c", "%E6%97%A5%E6%9C%AC"),
            ("a?b#c", "a%3Fb%23c"),
            ("a;b,c:d@e&f", "a%3Bb%2Cc%3Ad%40e%26f"),
            ("a\r\nHost: x", "a%0D%0AHost%3A%20x"),
            ("{name}", "%7Bname%7D"),
            ("a.b-c_d~e", "a.b-c_d~e"),
            (7, "7"),
            (date(2020, 4, 1), "2020-04-01"),
        ],
    )
    def test_an_id_is_exactly_one_segment(self, given_id: Any, segment: str) -> None:
        path = "/v1/things/{id}/parts/{name}"
        assert target(path, path_args={"id": given_id, "name": "x"}) == f"/v1/things/{segment}/parts/x"
        assert target(path, path_args={"name": given_id, "id": "x"}) == f"/v1/things/x/parts/{segment}"

    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
    def test_any_id_arrives_as_it_was(self, given_id: str) -> None:
        before, segment, after = target("/v1/{id}/x", path_args={"id": given_id})[1:].split("/")
        assert (before, unquote(segment), after) == ("v1", given_id, "x")
        assert segment.strip(".")
        assert segment.isascii()
        assert segment.isprintable()

    @pytest.mark.parametrize("empty", ["", " ", "\t\n"])
    def test_an_empty_id_is_refused(self, empty: str) -> None:
        with pytest.raises(InvalidInput, match="id is empty"):
            target("/v1/things/{id}", path_args={"id": empty})

    @pytest.mark.parametrize("wrong", [None, UNSET, 1.5, b"id", ["id"], object(), "\ud800"])
    def test_what_is_no_id_is_refused(self, wrong: Any) -> None:
        with pytest.raises(InvalidInput, match="id "):
            target("/v1/things/{id}", path_args={"id": wrong})

    def test_a_place_left_open_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="id"):
            target("/v1/things/{id}")

    def test_an_argument_without_a_place_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="id"):
            target("/v1/things", path_args={"id": "1"})


class Colour(str, enum.Enum):  # noqa: UP042 (a str mixin as others write it, whose str() is not its value)
    RED = "red"


class Vague(tzinfo):
    """A time zone that does not know its offset: a datetime with it is naive all the same."""

    def utcoffset(self, moment: datetime | None, /) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None, /) -> str | None:
        return None

    def dst(self, moment: datetime | None, /) -> timedelta | None:
        return None


NOON = datetime(2026, 11, 21, 12, 0, 0)


class TestQuery:
    @pytest.mark.parametrize(
        ("value", "sent"),
        [
            ("a b&c=d", "x=a%20b%26c%3Dd"),
            ("", "x="),
            ("1+1", "x=1%2B1"),
            ("\u65e5", "x=%E6%97%A5"),
            (True, "x=true"),
            (False, "x=false"),
            (0, "x=0"),
            (-5, "x=-5"),
            (2**63, f"x={2**63}"),
            (date(2026, 11, 21), "x=2026-11-21"),
            (NOON.replace(tzinfo=UTC), "x=2026-11-21T12%3A00%3A00%2B00%3A00"),
            (NOON.replace(tzinfo=timezone(timedelta(hours=-8))), "x=2026-11-21T12%3A00%3A00-08%3A00"),
            (["a", "b c"], "x=a&x=b%20c"),
            (("a", 2, True), "x=a&x=2&x=true"),
            ([], ""),
            (Colour.RED, "x=red"),
            (None, ""),
            (UNSET, ""),
        ],
    )
    def test_a_value_is_sent_as_this(self, value: object, sent: str) -> None:
        assert target(query={"x": value}) == "/v1/things" + (f"?{sent}" if sent else "")

    def test_what_is_not_given_leaves_no_trace_among_the_others(self) -> None:
        assert target(query={"a": None, "b": 1, "c": UNSET, "d": [], "e": "2"}) == "/v1/things?b=1&e=2"

    @pytest.mark.parametrize("naive", [NOON, NOON.replace(tzinfo=Vague()), [NOON]])
    def test_a_naive_datetime_is_refused(self, naive: object) -> None:
        with pytest.raises(InvalidInput, match="timeMin is a naive datetime"):
            target(query={"timeMin": naive})

    @pytest.mark.parametrize(
        "wrong", [1.5, b"bytes", bytearray(b"b"), {"a": 1}, object(), [None], [UNSET], [["a"]], timedelta(1), "\udfff"]
    )
    def test_what_has_no_one_form_is_refused(self, wrong: object) -> None:
        with pytest.raises(InvalidInput, match="x "):
            target(query={"x": wrong})

    @pytest.mark.parametrize(
        ("name", "good", "bad"),
        [
            ("bodyType", "html", "markdown"),
            ("bodyType", BodyType.TEXT, "HTML"),
            ("mode", "user", "users"),
            ("required", "one", "some"),
        ],
    )
    def test_an_unknown_option_is_refused(self, name: str, good: str, bad: str) -> None:
        assert target(query={name: good}).endswith(f"?{name}={good}")
        for wrong in (bad, "", [good, bad]):
            with pytest.raises(InvalidInput, match=f"{name} must be one of '"):
                target(query={name: wrong})

    @pytest.mark.parametrize("name", ["deltaToken", "pageToken", "threadId", "accountId", "code"])
    def test_an_empty_token_or_id_is_refused(self, name: str) -> None:
        for empty in ("", " ", ["1", ""]):
            with pytest.raises(InvalidInput, match=f"{name} is empty"):
                target(query={name: empty})
        assert target(query={name: "1", "q": ""}) == f"/v1/things?{name}=1&q="


class TestHeaders:
    def test_every_request_says_what_it_takes_and_who_asks(self) -> None:
        request = build()
        assert request.headers == {"Accept": "application/json", "User-Agent": "aurinko-async"}
        assert request.body is None

    def test_a_header_of_the_call_replaces_ours_however_it_is_spelled(self) -> None:
        call = Call("GET", "/v1/x", Any, headers={"user-agent": "a browser", "ACCEPT": "text/plain"})
        headers = build_request(call, BASE, AccountAuth("t")).headers
        assert headers == {"Authorization": "Bearer t", "user-agent": "a browser", "ACCEPT": "text/plain"}

    def test_what_is_not_given_is_not_sent(self) -> None:
        assert "If-Match" not in build(headers={"If-Match": None}).headers
        assert "If-Match" not in build(headers={"If-Match": UNSET}).headers
        assert build(headers={"If-Match": 'W/"etag"'}).headers["If-Match"] == 'W/"etag"'

    @pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\tb", "na\u00efve", 1.5, b"x"])
    def test_a_value_that_would_be_more_than_a_value_is_refused(self, value: object) -> None:
        with pytest.raises(InvalidInput, match="If-Match"):
            build(headers={"If-Match": value})

    @pytest.mark.parametrize("name", ["", "X-A\r\nX-Evil", "X A", "X:A", "X-\u00c4", "X\0"])
    def test_a_name_that_is_no_name_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidInput, match="header"):
            build(headers={name: "1"})


class TestBody:
    def test_json_is_sent_as_json(self) -> None:
        request = build(method="POST", body={"a": [1, None, "\u65e5"]})
        assert json.loads(request.body or b"") == {"a": [1, None, "\u65e5"]}
        assert request.headers["Content-Type"] == "application/json"

    def test_null_is_a_body_and_nothing_is_none(self) -> None:
        assert build(method="POST", body=None).body == b"null"
        assert build(method="POST").body is None
        assert "Content-Type" not in build(method="POST").headers

    @pytest.mark.parametrize("wrong", [object(), {"a": object()}, {"a": "\ud800"}, {1j: 1}])
    def test_what_json_cannot_say_is_refused(self, wrong: object) -> None:
        with pytest.raises(InvalidInput):
            build(method="POST", body=wrong)


def test_a_request_shows_neither_its_headers_nor_its_body() -> None:
    request = build_request(Call("POST", "/v1/x", Any, body={"a": "private"}), BASE, AccountAuth("s3cret"))
    assert "s3cret" not in repr(request)
    assert "private" not in repr(request)
