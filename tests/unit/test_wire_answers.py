"""What an answer becomes: a value, an error, a wait."""

import json
import time
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurinko_async import errors
from aurinko_async._types import Call, Response
from aurinko_async._wire import error_of, parse_response, retry_after
from aurinko_async.errors import ApiError, DecodeError, MalformedBody
from aurinko_async.models import OkResponse

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

    def test_a_date_without_a_zone_is_utc_wherever_we_are(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            asked = formatdate(NOW + 30)
            assert asked.endswith("-0000")
            assert retry_after({"Retry-After": asked}, NOW) == pytest.approx(30, abs=1)
        finally:
            monkeypatch.undo()
            time.tzset()

    @given(st.text(max_size=40) | st.from_regex(r"\w{3}, \d{1,3} [A-Z][a-z]{2} \d{1,6} [\d:]{1,9} [-+A-Z0-9]{1,6}"))
    def test_no_header_whatever_breaks_it(self, value: str) -> None:
        seconds = retry_after({"Retry-After": value}, NOW)
        assert seconds is None or seconds >= 0
