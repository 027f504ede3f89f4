"""What a call becomes on the wire, and what an answer becomes: values, errors, waits."""

import enum
import json
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurinko_async import errors
from aurinko_async._types import UNSET, Call, Request, Response
from aurinko_async._wire import build_request, error_of, parse_response, retry_after
from aurinko_async.auth import AccountAuth, NoAuth
from aurinko_async.errors import ApiError, DecodeError, InvalidInput, MalformedBody
from aurinko_async.models import BodyType, OkResponse

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


# --- in

CALL: Call[Any] = Call("GET", "/v1/things/{id}", Any, path_args={"id": "private-id"})


def answer(status: int, body: bytes = b"", reason: str = "The reason", **headers: str) -> Response:
    return Response(status, reason, headers, body)


def failed(status: int, body: object = b"", reason: str = "The reason") -> ApiError:
    return error_of(CALL, answer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), reason))


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (302, None, errors.ApiError),
            (304, None, errors.ApiError),
            (400, "badRequest", errors.BadRequest),
            (400, None, errors.BadRequest),
            (401, "unauthorized", errors.Unauthorized),
            (401, "token.dead", errors.TokenDead),
            (401, "token.refresh.failed", errors.TokenRefreshFailed),
            (403, "token.dead", errors.Forbidden),
            (404, "not_found", errors.NotFound),
            (404, "notFound", errors.NotFound),
            (405, None, errors.ApiError),
            (408, None, errors.ProviderTimeout),
            (409, None, errors.ApiError),
            (410, "syncToken.expired", errors.SyncTokenExpired),
            (410, None, errors.SyncTokenExpired),
            (400, "syncToken.expired", errors.CursorRejected),
            (400, "token.notValid", errors.InvalidCursor),
            (412, None, errors.PreconditionFailed),
            (422, None, errors.ApiError),
            (429, None, errors.RateLimited),
            (500, "someCode", errors.ServerError),
            (501, None, errors.ServerError),
            (503, "token.notValid", errors.ServerError),
            (504, None, errors.ServerError),
            (599, None, errors.ServerError),
        ],
    )
    def test_the_class_is_told_by_status_and_code(self, status: int, code: str | None, kind: type) -> None:
        error = failed(status, {"code": code, "message": "words"})
        assert type(error) is kind
        assert (error.status, error.code, error.message) == (status, code, "words")

    @pytest.mark.parametrize(
        "body",
        [
            {"code": "badRequest", "message": "Page token is invalid"},
            {"code": "badRequest", "message": "token.notValid: deltaToken"},
            {"code": "token.notValid", "message": "Not valid"},
            {"message": "400 Bad Request: Page token is invalid."},
            {"code": "badRequest", "message": "Invalid data", "originalError": {"message": "Page token is invalid"}},
            {"code": "badRequest", "message": "Invalid", "originalError": {"error": {"code": "token.notValid"}}},
            {"code": "badRequest", "message": "Invalid data", "originalError": "Page token is invalid"},
            {"error": {"code": "x", "message": "outer", "innerError": {"message": "Page token is invalid"}}},
            b"Page token is invalid",
        ],
    )
    def test_a_400_that_means_the_cursor_wherever_it_says_so(self, body: object) -> None:
        assert type(failed(400, body)) is errors.InvalidCursor
        assert type(failed(404, body)) is errors.NotFound

    def test_the_envelope(self) -> None:
        provider = {"error": {"code": "ErrorItemNotFound", "message": "gone", "innerError": {"date": "today"}}}
        error = failed(
            404, {"code": "notFound", "message": "No such thing", "requestId": "r-1", "originalError": provider}
        )
        assert (error.code, error.message, error.request_id) == ("notFound", "No such thing", "r-1")
        assert error.provider_error == provider
        assert (error.method, error.path) == ("GET", "/v1/things/{id}")
        assert str(error) == "GET /v1/things/{id}: 404 [notFound] No such thing (request r-1)"

    @pytest.mark.parametrize(
        ("body", "code", "message"),
        [
            ({"error": {"code": "Forbidden", "message": "outer"}}, "Forbidden", "outer"),
            (
                {"error": {"code": "Forbidden", "message": "", "innerError": {"code": "3", "message": "off"}}},
                "3",
                "off",
            ),
            (
                {"error": {"code": "Forbidden", "message": "outer", "innerError": {"code": "3", "message": "off"}}},
                "3",
                "off",
            ),
            (
                {"error": {"code": "Forbidden", "message": "outer", "innerError": {"date": "d", "request-id": "r"}}},
                "Forbidden",
                "outer",
            ),
            (
                {"originalError": {"error": {"code": "a", "innerError": {"innerError": {"message": "deepest"}}}}},
                "a",
                "deepest",
            ),
            ({"code": "ours", "originalError": {"error": {"code": "a", "message": "m"}}}, "ours", "m"),
            ({"code": "ours", "message": "", "originalError": "in words"}, "ours", "in words"),
            ({"code": "ours", "message": "m", "originalError": [1]}, "ours", "m"),
            ({"code": 5, "message": {"a": 1}, "originalError": None}, None, "The reason"),
            ({"error": "invalid_grant"}, None, "invalid_grant"),
            ({}, None, "The reason"),
        ],
    )
    def test_what_the_body_tells(self, body: object, code: str | None, message: str) -> None:
        error = failed(403, body)
        assert (error.code, error.message) == (code, message)

    def test_the_providers_own_shape_without_an_envelope(self) -> None:
        own = {"error": {"code": "Forbidden", "message": "m", "innerError": {"request-id": "theirs"}}}
        error = failed(403, own)
        assert type(error) is errors.Forbidden
        assert error.provider_error == own["error"]
        assert error.request_id is None

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"", "The reason"),
            (b"  \n", "The reason"),
            (b"<html><head><title>\n 502 Bad Gateway </title></head><body>...", "502 Bad Gateway"),
            (b"<TITLE lang='en'>Down \xff</TITLE>", "Down \ufffd"),
            (b"<html>no title", "The reason"),
            (b"[1, 2]", "The reason"),
            (b'"words"', "The reason"),
            (b"null", "The reason"),
            (b"17", "The reason"),
            (b'{"message": "cut', "The reason"),
            (b'{"message": "\xff\xfe"}', "The reason"),
            (b"\x1f\x8b\x08\x00", "The reason"),
            (b"[" * 100_000, "The reason"),
            (b'{"originalError":' * 100_000, "The reason"),
        ],
    )
    def test_a_body_that_tells_nothing_costs_nothing(self, body: bytes, message: str) -> None:
        error = failed(502, body)
        assert type(error) is errors.ServerError
        assert (error.code, error.message, error.provider_error) == (None, message, None)

    def test_no_body_and_no_reason(self) -> None:
        assert str(failed(500, b"", reason="")) == "GET /v1/things/{id}: 500 no message"

    def test_neither_the_id_nor_the_body_is_in_the_text(self) -> None:
        error = failed(500, {"message": "m", "originalError": {"private": "content"}})
        for shown in (str(error), repr(error)):
            assert "private" not in shown

    @given(
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["code", "message", "requestId", "originalError", "error", "innerError"]),
                    inner,
                    max_size=6,
                )
            ),
        )
    )
    def test_no_json_whatever_breaks_it(self, body: object) -> None:
        error = failed(500, body)
        assert isinstance(error.message, str)
        assert error.message
        assert error.code is None or isinstance(error.code, str)


class TestAnswers:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_any_good_status_is_good(self, status: int) -> None:
        assert parse_response(CALL, answer(status, b'{"a":1}')) == {"a": 1}
        assert parse_response(CALL, answer(status)) is None

    @pytest.mark.parametrize("status", [100, 199, 300, 302, 304, 400, 500])
    def test_any_other_is_not(self, status: int) -> None:
        with pytest.raises(ApiError) as told:
            parse_response(CALL, answer(status, b'{"a":1}'))
        assert told.value.status == status

    @pytest.mark.parametrize("body", [b"<html>", b'{"a": 1', b'{"a": "\xff"}', b"[" * 100_000])
    def test_what_is_not_json_is_malformed(self, body: bytes) -> None:
        with pytest.raises(MalformedBody):
            parse_response(CALL, answer(200, body))

    def test_json_of_another_shape_is_not_malformed(self) -> None:
        for body in (b"[]", b'{"status": 5}'):
            with pytest.raises(DecodeError) as told:
                parse_response(Call("GET", "/v1/x", OkResponse), answer(200, body))
            assert not isinstance(told.value, MalformedBody)

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_a_change_may_be_answered_with_nothing(self, method: str) -> None:
        for body in (b"", b" \r\n"):
            assert parse_response(Call(method, "/v1/x", OkResponse), answer(200, body)) == OkResponse()

    def test_a_question_may_not(self) -> None:
        with pytest.raises(MalformedBody, match="empty"):
            parse_response(Call("GET", "/v1/x", OkResponse), answer(200, b""))


NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC).timestamp()


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("0", 0.0),
            ("120", 120.0),
            (" 7 ", 7.0),
            ("1.5", 1.5),
            ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
            ("Sat, 21 Nov 2026 11:59:30 GMT", 0.0),
            ("Saturday, 21-Nov-26 12:00:30 GMT", 30.0),
            ("Sat, 21 Nov 2026 13:00:30 +0100", 30.0),
            ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("1e3", None),
            ("nan", None),
            ("inf", None),
            ("12 parsecs", None),
            (".", None),
            ("Sat, 99 Nov 2026 12:00:30 GMT", None),
            ("Sat, 21 Nov 99999999 12:00:30 GMT", None),
        ],
    )
    def test_seconds_or_a_date_or_nothing(self, value: str, seconds: float | None) -> None:
        assert retry_after({"Retry-After": value}, NOW) == seconds

    def test_no_header_no_wait(self) -> None:
        assert retry_after({}, NOW) is None

    @given(st.text(max_size=40) | st.from_regex(r"\w{3}, \d{1,3} [A-Z][a-z]{2} \d{1,6} [\d:]{1,9} [-+A-Z0-9]{1,6}"))
    def test_no_header_whatever_breaks_it(self, value: str) -> None:
        seconds = retry_after({"Retry-After": value}, NOW)
        assert seconds is None or seconds >= 0
