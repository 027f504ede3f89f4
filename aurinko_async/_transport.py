"""Requests over aiohttp: the only file that imports its client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from math import inf
from typing import Any, TypeAlias

import aiohttp
from attrs import field, frozen
from yarl import URL

from aurinko_async._types import Request, Response, at_least
from aurinko_async._watch import Watch, Watched
from aurinko_async.errors import ConfigError, ConnectionFailed, ConnectionLost, RequestTimeout

HttpSession: TypeAlias = aiohttp.ClientSession
"""What a caller may bring to send with."""

KEEPALIVE = 15.0
"""Seconds an idle connection is kept: shorter than servers keep theirs, so that a request seldom meets a closed one."""

LARGE_BODY = 2**20
"""Bytes that are sent in one go: from here on aiohttp warns."""

CONNECT_SHARE = 0.75
"""The part of an attempt's total that it has to connect in: well before the end, lest both limits fire at once."""

_NO_CONTENT_TYPE = ("Content-Type",)
"""What aiohttp would make up for a request without a body."""

_SENT_AGAIN = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)
"""Seeing these, aiohttp would send a GET, PUT or DELETE a second time, uncounted."""

# aiohttp takes 0 for no limit at all, which nobody means.
_seconds = at_least(0, excluded=True, or_none=True)


@frozen(kw_only=True, cache_hash=True)
class Timeout:
    """How long one attempt may take, in seconds; `None` waits for ever.

    Args:
        connect: For the connection to be had, address look-up included.
        read: Between two pieces of the answer.
        total: For the whole attempt.
    """

    connect: float | None = field(default=10.0, validator=_seconds)
    read: float | None = field(default=60.0, validator=_seconds)
    total: float | None = field(default=300.0, validator=_seconds)


@lru_cache(maxsize=32)
def _limits(timeout: Timeout, watched: bool) -> aiohttp.ClientTimeout:
    """The limits in aiohttp's terms, without those that the watch keeps.

    What cannot connect ends first: it was not sent, and may be sent again.
    """
    connect = timeout.connect
    if timeout.total is not None:
        connect = min(connect or timeout.total, CONNECT_SHARE * timeout.total)
    total, read = (None, None) if watched else (timeout.total, timeout.read)
    return aiohttp.ClientTimeout(total, connect, read, connect, ceil_threshold=inf)


class _Connector(aiohttp.TCPConnector):
    """Tells the watch when a request has its connection: from then on its answer is waited for."""

    watch: Watch

    async def connect(self, *args: Any, **options: Any) -> Any:
        connection = await super().connect(*args, **options)
        watched = self.watch.current()
        if watched is not None:
            watched.go_on()
        return connection


class _Answer(aiohttp.ClientResponse):
    """Keeps aiohttp from sending a request twice."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        try:
            return await super().start(connection)
        except _SENT_AGAIN as error:
            raise _lost(error) from error


def _exactly(ours: Request) -> aiohttp.ClientMiddlewareType:
    """Keep a caller's session to this request.

    That is, sent once, and without the cookies in its jar, which another account may have got.
    """
    cookie = next((value for name, value in ours.headers.items() if name.lower() == "cookie"), None)

    async def send(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        request.headers.popall("Cookie", None)
        if cookie is not None:
            request.headers["Cookie"] = cookie
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except _SENT_AGAIN as error:
            raise _lost(error) from error

    return send


def _middlewares(session: aiohttp.ClientSession) -> tuple[aiohttp.ClientMiddlewareType, ...]:
    # aiohttp has no public name for a session's own middlewares, which ours would replace.
    return tuple(getattr(session, "_middlewares", ()))


def _in_pieces(body: bytes | None) -> bytes | BytesIO | None:
    """A large body as something that aiohttp sends piece by piece, so that it does not hold up the loop (nor warns)."""
    return BytesIO(body) if body is not None and len(body) > LARGE_BODY else body


async def _read(answer: aiohttp.ClientResponse, watched: Watched | None, arrived: Callable[[], None]) -> bytes:
    """Read the body; that frees the connection, or closes it when it fails."""
    content = answer.content
    content.on_eof(arrived)
    if content.is_eof() and answer.method == "GET":
        # It came with the head.
        return content.read_nowait()
    pieces: list[bytes] = []
    try:
        while piece := await content.readany():
            if watched is not None:
                watched.go_on()
            pieces.append(piece)
        await answer.read()
    except BaseException:
        answer.close()
        raise
    return b"".join(pieces)


def _lost(error: Exception) -> ConnectionLost:
    # aiohttp quotes the URL, and with it ids and query values, and the answer where it is no HTTP.
    words = "the answer is not HTTP" if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return ConnectionLost(f"the connection broke: {words or type(error).__name__}")


class Transport:
    """Sends requests over a pool of connections, its own or the caller's session."""

    def __init__(self, session: HttpSession | None = None, *, connections: int) -> None:
        self._session = session
        self._owned = session is None
        self._connections = connections
        self._watch = Watch()
        self.closed = False

    async def send(self, request: Request, timeout: Timeout, arrived: Callable[[], None]) -> Response:
        """Send a request and read its answer to the end.

        Args:
            arrived: Called as soon as all of the answer is there, before it is given back.

        Raises:
            ConnectionFailed: it was surely not sent.
            ConnectionLost, RequestTimeout: it may have been processed.
        """
        client = self._client()
        watched = self._watch.begin(total=timeout.total, read=timeout.read) if self._owned else None
        try:
            answer = await client.request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=_in_pieces(request.body),
                timeout=_limits(timeout, self._owned),
                allow_redirects=False,
                raise_for_status=False,
                skip_auto_headers=_NO_CONTENT_TYPE if request.body is None and request.method != "GET" else None,
                middlewares=None if self._owned else (*_middlewares(client), _exactly(request)),
            )
            return Response(answer.status, answer.reason or "", answer.headers, await _read(answer, watched, arrived))
        except asyncio.CancelledError:
            if watched is not None and self._watch.end(watched):
                raise RequestTimeout("no answer in time") from None
            task = asyncio.current_task()
            if client.closed and not (task and task.cancelling()):
                # Closing ends address look-ups by cancellation, which is nobody's wish for the caller.
                raise ConnectionFailed("the client was closed") from None
            raise
        except aiohttp.ConnectionTimeoutError:
            raise ConnectionFailed("no connection in time") from None
        except TimeoutError:
            raise RequestTimeout("no answer in time") from None
        except aiohttp.ClientConnectorError as error:
            raise ConnectionFailed(f"cannot connect to {error.host}:{error.port}: {error.strerror}") from error
        except aiohttp.InvalidURL as error:
            raise ConfigError("base_url is not a URL") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _lost(error) from error
        finally:
            if watched is not None:
                self._watch.end(watched)

    def _client(self) -> aiohttp.ClientSession:
        if self.closed:
            raise ConfigError("the client is closed")
        if self._session is not None and self._session.closed:
            raise ConfigError("the aiohttp session is closed")
        if self._session is None:
            connector = _Connector(limit=self._connections, keepalive_timeout=KEEPALIVE)
            connector.watch = self._watch
            self._session = aiohttp.ClientSession(
                connector=connector,
                response_class=_Answer,
                # One pool serves many accounts: a cookie set for one must not go out with another.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Close the pool, unless it is the caller's."""
        self.closed = True
        self._watch.close()
        if self._owned and self._session is not None:
            await self._session.close()
