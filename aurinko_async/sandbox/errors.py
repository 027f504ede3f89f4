"""Error answers in the vendor's envelope: a status, a code, a message and a reason phrase that says something."""

from __future__ import annotations

from http import HTTPStatus
from uuid import uuid4

from aurinko_async.sandbox.contract import Json

# The codes the vendor documents or shows; its casing is not uniform and neither is this table.
_CODES = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    410: "syncToken.expired",
    412: "preconditionFailed",
    429: "tooManyRequests",
    500: "internalError",
    501: "notImplemented",
    502: "badGateway",
    503: "serviceUnavailable",
    504: "gatewayTimeout",
}


def code_for(status: int) -> str:
    """Give the envelope's usual code for a status."""
    return _CODES.get(status, f"error.{status}")


def phrase_for(status: int) -> str:
    """Give the standard reason phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


class ApiError(Exception):
    """An error answer; raised anywhere while a request is served."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, reason: str | None = None, original: object = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or code_for(status)
        self.message = message
        # A reason is one line of ASCII, whatever the request said that the message repeats.
        self.reason = "".join(c if " " <= c <= "~" else "?" for c in reason or message)
        self.original = original

    def envelope(self) -> Json:
        """Give the body of the answer."""
        return {
            "code": self.code,
            "message": self.message,
            "requestId": str(uuid4()),
            "originalError": self.original,
        }


def bad_request(message: str) -> ApiError:
    return ApiError(400, message)


def unauthorized(code: str = "unauthorized", message: str = "unauthorized") -> ApiError:
    return ApiError(401, message, code=code, reason="Unauthorized")


def not_found(message: str = "The record could not be found") -> ApiError:
    return ApiError(404, message)


def delta_expired() -> ApiError:
    return ApiError(410, "The sync token has expired, start a new sync", reason="Gone")


def delta_invalid() -> ApiError:
    return ApiError(400, "The delta token is not valid", code="token.notValid", reason="Bad Request")


def page_invalid() -> ApiError:
    return ApiError(400, "Page token is invalid", reason="Bad Request")
