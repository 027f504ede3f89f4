"""Every exception this package raises on purpose.

AurinkoError
├── ConfigError                 credentials or options that cannot work; nothing was sent
│   └── InvalidInput            an argument that cannot be sent (also a ValueError); nothing was sent
├── TransportError              no answer arrived
│   ├── ConnectionFailed        never connected: the request was not sent
│   ├── ConnectionLost          the connection broke: the request may have been processed
│   └── RequestTimeout          no answer in time: the request may have been processed
├── AmbiguousResult             a request that must not be repeated lost its answer: was it processed?
├── AuthorizationFailed         a browser came back without an authorisation: refused, no code
│   ├── StateRejected           with a state that is not its own: ignore the visit
│   └── StateExpired            with a state that is its own, too late: send it away again
├── SignatureRejected           a request to a webhook that is not signed as it must be, or too old
├── ApiError                    the API answered with an error status
│   ├── BadRequest              400
│   ├── Unauthorized            401: the credentials are missing or unknown
│   │   ├── TokenDead           401 token.dead: the user must authorise again
│   │   └── TokenRefreshFailed  401 token.refresh.failed: the provider did not renew its token
│   ├── Forbidden               403
│   ├── NotFound                404: deleted, or no permission
│   ├── ProviderTimeout         408: the mail provider did not answer in time
│   ├── CursorRejected          a delta or page token that is no longer taken
│   │   ├── SyncTokenExpired    410
│   │   └── InvalidCursor       400 that names the token (also a BadRequest)
│   ├── PreconditionFailed      412: If-Match names an older version
│   ├── RateLimited             429
│   └── ServerError             5xx
├── DecodeError                 an answer that is not what the API documents, with the path to it
│   └── MalformedBody           an answer that is not JSON at all: truncated, HTML
├── PagingError                 a chain of pages that does not come to its end
│   ├── CursorMissing           a page with neither a next page token nor a next delta token
│   ├── CursorConflict          a page with both
│   ├── RepeatedPageToken       a chain that runs in a circle
│   └── TooManyEmptyPages       page after page without a record
├── SyncError                   a sync that cannot go on
│   ├── SyncNotReady            `ready` never came
│   ├── TooManyRestarts         cursors that are rejected again and again
│   ├── MachineError            an event that does not fit the state of the sync machine
│   ├── LeaseHeld               another sync of the same mailbox runs
│   └── LeaseLost               another sync of the same mailbox took over; nothing of this one was saved after it
└── StoreError                  the database cannot be used
    ├── NotAStore               the file is not a database, or another program's
    └── NewerSchema             written by a newer version of this package
"""

from __future__ import annotations

from typing import Any


def _rebuild(cls: type[AurinkoError], args: tuple[Any, ...], state: dict[str, Any]) -> AurinkoError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class AurinkoError(Exception):
    """The root of every exception of this package. All of them pickle."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class ConfigError(AurinkoError):
    """Credentials or options that cannot work. Nothing was sent."""


class InvalidInput(ConfigError, ValueError):
    """An argument that cannot be sent: an empty id, a naive datetime, a value of the wrong shape. Nothing was sent."""


class TransportError(AurinkoError):
    """No answer arrived. `attempts` counts the requests that were made."""

    attempts: int = 1


class ConnectionFailed(TransportError):
    """The connection was never made, so the request was not sent."""


class ConnectionLost(TransportError):
    """The connection broke after the request was sent: it may have been processed."""


class RequestTimeout(TransportError):
    """No answer came in time: the request may have been processed."""


class AmbiguousResult(AurinkoError):
    """A request that must not be repeated lost its answer, so nobody here knows whether it was processed.

    Look before you send again: for mail, search the sent folder. The cause (`__cause__`) says how the answer was lost.
    """

    def __init__(self, message: str, *, method: str, path: str) -> None:
        super().__init__(message)
        self.method = method
        self.path = path


class AuthorizationFailed(AurinkoError):
    """A browser came back without the authorisation that it was sent away for, or with somebody else's.

    Attributes:
        status: What the URL says instead of `success`, if it says anything.
        reason: The words it gives for that.
    """

    def __init__(self, message: str, *, status: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason

    def __str__(self) -> str:
        status = f" (status {self.status})" if self.status else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.args[0]}{status}{reason}"


class StateRejected(AuthorizationFailed):
    """The `state` is missing, made up, altered, or was given to another session: ignore the visit."""


class StateExpired(AuthorizationFailed):
    """The `state` was given to this session, but too long ago: send the browser away again."""


class SignatureRejected(AurinkoError):
    """A request to a webhook whose signature is missing or wrong, or that is too old: do not act on it."""


class ApiError(AurinkoError):
    """The API answered with an error status.

    Attributes:
        status: The HTTP status.
        code: The vendor's code, e.g. `token.dead`; `None` when the body had none.
        message: The vendor's (or, failing that, the provider's or the server's) words.
        request_id: The vendor's id of the request, to quote in a support case.
        provider_error: The mail provider's own error as it came, when the body carried one.
        retry_after: Seconds the server asked to wait, when it did.
        method, path: The operation; the path is the template, without ids.
        attempts: How many requests were made.
        maybe_processed: A send or a creation that failed with a 408 or 5xx: look whether it was processed all the same
            before you repeat it. Only requests that must not be repeated have it set.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        request_id: str | None = None,
        provider_error: Any = None,
        retry_after: float | None = None,
        method: str = "",
        path: str = "",
    ) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.code = code
        self.request_id = request_id
        self.provider_error = provider_error
        self.retry_after = retry_after
        self.method = method
        self.path = path
        self.attempts = 1
        self.maybe_processed = False

    def __str__(self) -> str:
        where = f"{self.method} {self.path}: " if self.path else ""
        code = f" [{self.code}]" if self.code else ""
        request = f" (request {self.request_id})" if self.request_id else ""
        tries = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        doubt = "; it may have been processed all the same" if self.maybe_processed else ""
        return f"{where}{self.status}{code} {self.message}{request}{tries}{doubt}"


class BadRequest(ApiError):
    """400: the API cannot take the request as it is."""


class Unauthorized(ApiError):
    """401: the credentials are missing, unknown or no longer accepted."""


class TokenDead(Unauthorized):
    """401 `token.dead`: the provider revoked its authorisation; the user must authorise the account again."""


class TokenRefreshFailed(Unauthorized):
    """401 `token.refresh.failed`: the provider's token could not be renewed."""


class Forbidden(ApiError):
    """403: the credentials do not allow this."""


class NotFound(ApiError):
    """404: deleted, or not visible to these credentials."""


class ProviderTimeout(ApiError):
    """408: the mail provider did not answer in time."""


class CursorRejected(ApiError):
    """A delta or page token that the API no longer takes; `DeltaSync` recovers from it by itself."""


class SyncTokenExpired(CursorRejected):
    """410: the sync cursor has expired."""


class InvalidCursor(CursorRejected, BadRequest):
    """400 that says that the token is not valid."""


class PreconditionFailed(ApiError):
    """412: `If-Match` names an older version; read the record again and repeat the change."""


class RateLimited(ApiError):
    """429: too many requests, for this API or for the mail provider behind it."""


class ServerError(ApiError):
    """5xx: the API or the provider failed."""


class DecodeError(AurinkoError):
    """An answer that is not what the API documents.

    Attributes:
        path: Where, in wire names: `records[3].from.address`. Empty for the whole answer.
        index: The index of the unreadable record in its page, when one record is at fault.
        record_id: That record's id, when it could be read.
    """

    def __init__(self, message: str, *, path: str = "", index: int | None = None, record_id: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.index = index
        self.record_id = record_id

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.args[0]}"


class MalformedBody(DecodeError):
    """An answer that is not JSON at all: cut short, or an HTML page of something in between."""


class PagingError(AurinkoError):
    """A chain of pages that does not come to its end. What was saved stays."""


class CursorMissing(PagingError):
    """A page had neither a next page token nor a next delta token."""


class CursorConflict(PagingError):
    """A page had both a next page token and a next delta token."""


class RepeatedPageToken(PagingError):
    """A page token came back: the chain of pages runs in a circle."""


class TooManyEmptyPages(PagingError):
    """Page after page came without a record and with a next page token."""


class SyncError(AurinkoError):
    """A sync that cannot go on. What was saved stays; the next run resumes from it."""


class SyncNotReady(SyncError):
    """The API kept answering `ready: false` for as long as we were willing to ask."""


class TooManyRestarts(SyncError):
    """The API rejected the cursors of fresh starts again and again."""


class MachineError(SyncError):
    """An event that does not fit the state of the sync machine; the state is unchanged."""


class LeaseHeld(SyncError):
    """Another sync of the same account and resource runs, in this process or another; it can be tried again later."""


class LeaseLost(SyncError):
    """Another sync of the same account and resource took over; nothing of this one was saved after that."""


class StoreError(AurinkoError):
    """The database cannot be used; the cause says why."""


class NotAStore(StoreError):
    """The file is not a database of this package."""


class NewerSchema(StoreError):
    """The database was written by a newer version of this package; upgrade the package to use it."""
