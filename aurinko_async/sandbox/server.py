"""The sandbox itself: a socket, the road a request takes from it to a handler, and faults performed on the way back."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from os import PathLike
from random import Random
from typing import Any, Literal, NamedTuple, Self, cast
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from aurinko_async.sandbox import handlers
from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.authorize_page import choices
from aurinko_async.sandbox.call import HANDLERS, Call, Reply
from aurinko_async.sandbox.contract import Operation, operations
from aurinko_async.sandbox.credentials import Identity, identify
from aurinko_async.sandbox.errors import ApiError, code_for, delta_expired, delta_invalid, page_invalid, phrase_for
from aurinko_async.sandbox.faults import Fault, Faults
from aurinko_async.sandbox.router import Router
from aurinko_async.sandbox.tokens import Cursor, InvalidToken
from aurinko_async.sandbox.validation import check_headers, read_body, read_path, read_query
from aurinko_async.sandbox.webhooks import Delivery, Webhooks
from aurinko_async.sandbox.world import World

# Attachments come as base64 in JSON; providers stop at about 25 MB of them.
_MAX_BODY_BYTES = 64 * 2**20
# How long a close waits for handlers, all of which end at once when the sandbox closes.
_SHUTDOWN_SECONDS = 0.25
_DRIPS = 20
_LOG = logging.getLogger("aurinko_async.sandbox")

handlers.register_all()


class Served(NamedTuple):
    """One request that was served. Status 0: it got no complete answer."""

    method: str
    path: str
    query: dict[str, str]
    account: int | None
    status: int
    operation: str | None


class _Dropped(Exception):
    """The connection was cut on purpose."""


class Sandbox:
    """A simulated Aurinko server on a local port.

    Args:
        accounts: how many mailboxes are connected at the start: Google, Office365 and IMAP in turn.
        messages: how many messages each begins with.
        events: how many events its main calendar begins with; its other calendars have fewer.
        seed: the same seed makes the same accounts, credentials and mail.
        page_size: records per page, in lists and syncs.
        ready_after: how many sync starts with the same parameters answer `ready: false` first.
        latency: seconds before each answer.
        mail: real mail for the first account: an mbox, a Maildir, a folder of .eml files, or one .eml file.
        port: 0 takes a free one.
        clock: seconds since the epoch, for everything that depends on the time.
        born: when the mailboxes were made up, in seconds since the epoch; None is now. Sandboxes that were born at the
            same instant, with the same seed, messages, events and mail, are twins, in other processes too: each takes
            the sync tokens of the other until something happens to the mailbox.
        webhooks: `auto` delivers notifications when they are due, while the sandbox runs; `manual` when
            `deliver_webhooks` is called. Receivers have to be on this machine.
    """

    def __init__(
        self,
        *,
        accounts: int = 3,
        messages: int = 5000,
        events: int = 150,
        seed: int = 1,
        page_size: int = 100,
        ready_after: int = 1,
        latency: float = 0.0,
        mail: str | PathLike[str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        born: float | None = None,
        webhooks: Literal["manual", "auto"] = "manual",
    ) -> None:
        self._world = World(
            accounts=accounts,
            messages=messages,
            events=events,
            seed=seed,
            page_size=page_size,
            ready_after=ready_after,
            mail=mail,
            clock=clock,
            born=born,
        )
        self.faults = Faults(Random(seed))
        self.requests: list[Served] = []
        self.latency = latency
        self._host, self._port = host, port
        self._router = Router([*operations(), *choices(operations())])
        self._runner: web.ServerRunner | None = None
        self._closing = asyncio.Event()
        self._delivers = webhooks == "auto"
        self._delivering: asyncio.Task[None] | None = None

    @property
    def accounts(self) -> list[Account]:
        """The connected mailboxes, deleted ones included."""
        return self._world.accounts

    @property
    def client_id(self) -> str:
        """The app's client id."""
        return self._world.client_id

    @property
    def client_secret(self) -> str:
        """The app's client secret."""
        return self._world.client_secret

    @property
    def signing_secret(self) -> str:
        """What requests to webhooks are signed with."""
        return self._world.signing_secret

    @property
    def webhooks(self) -> Webhooks:
        """The subscriptions, and what was delivered to them."""
        return self._world.webhooks

    @property
    def app_id(self) -> int:
        """The app's id, which is part of the name of its users' cookie."""
        return self._world.app_id

    @property
    def url(self) -> str:
        """The base URL. There is one while the sandbox runs."""
        if self._runner is None or not self._runner.addresses:
            raise RuntimeError("the sandbox is not running: use it as `async with Sandbox() as sandbox`")
        return f"http://{self._host}:{self._runner.addresses[0][1]}"

    async def deliver_webhooks(self) -> list[Delivery]:
        """Attempt the notifications that are due by the sandbox's clock, each once, and tell how it went."""
        return await self._world.webhooks.deliver()

    def recognises(self, token: str) -> bool:
        """Whether a sync token is its own, or a twin's."""
        try:
            self._world.mint.read(token, Cursor)
        except InvalidToken:
            return False
        return True

    def add_account(
        self, service_type: str = "Google", *, email: str | None = None, name: str | None = None
    ) -> Account:
        """Connect one more mailbox, made up like the others."""
        return self._world.add_account(service_type, email=email, name=name)

    async def __aenter__(self) -> Self:
        self._closing.clear()
        server = web.Server(
            self._serve, request_factory=_request, handler_cancellation=True, access_log=None, lingering_time=0
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        if self._delivers:
            self._delivering = asyncio.create_task(self._world.webhooks.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        delivering, self._delivering = self._delivering, None
        if delivering is not None:
            delivering.cancel()
            await asyncio.wait([delivering])
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._world.webhooks.close()
        if delivering is not None and not delivering.cancelled():
            delivering.result()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        raw_path, _, raw_query = request.raw_path.partition("?")
        pairs = parse_qsl(raw_query, keep_blank_values=True)
        query = dict(pairs)
        matched = self._router.match(request.method, raw_path)
        operation = matched[0] if matched else None
        identity = identify(self._world, operation, request.headers, request.cookies)
        account = identity.account.id if identity.account else None
        fault = self.faults.take(request.method, raw_path, operation, account, query)

        async def process() -> Reply:
            return await self._answer(request, raw_path, matched, identity, pairs, body, fault)

        status = 0
        try:
            if self.latency:
                await self._pause(self.latency)
            response = await self._perform(request, fault, process)
            status = response.status
        except (_Dropped, ConnectionError):  # cut by us, or by a client that did not wait
            response = web.Response()
        finally:
            name = operation.name if operation else None
            self.requests.append(Served(request.method, raw_path, query, account, status, name))
        return response

    async def _answer(
        self,
        request: web.BaseRequest,
        raw_path: str,
        matched: tuple[Operation, tuple[str, ...]] | None,
        identity: Identity,
        pairs: list[tuple[str, str]],
        body: bytes,
        fault: Fault | None,
    ) -> Reply:
        try:
            if matched is None:
                raise self._no_operation(raw_path)
            operation, values = matched
            if identity.error is not None:
                raise identity.error
            check_headers(operation, request.headers)
            call = Call(
                world=self._world,
                operation=operation,
                path=read_path(operation, values),
                query=read_query(operation, pairs),
                body=read_body(operation, request.content_type, body),
                headers=request.headers,
                caller=identity.account,
                fault=fault,
            )
            _reject_token(fault)
            if operation.name not in HANDLERS:
                raise ApiError(501, f"The sandbox does not serve {operation.name} yet", reason="Not Implemented")
            answer = HANDLERS[operation.name](call)
            return answer if isinstance(answer, Reply) else await answer
        except ApiError as error:
            return _failed(error)
        except Exception:
            _LOG.exception("The sandbox failed to serve %s", matched[0].name if matched else raw_path)
            return _failed(ApiError(500, "The sandbox failed", reason="Internal Server Error"))

    def _no_operation(self, raw_path: str) -> ApiError:
        methods = self._router.methods(raw_path)
        if methods:
            return ApiError(405, f"Method not allowed; allowed are {', '.join(methods)}", code="methodNotAllowed")
        return ApiError(404, "No such resource", reason="Not Found")

    async def _perform(
        self, request: web.BaseRequest, fault: Fault | None, process: Callable[[], Awaitable[Reply]]
    ) -> web.StreamResponse:
        detail: dict[str, Any] = fault.detail if fault else {}
        match fault.kind if fault else None:
            case "status":
                return _response(self._status(detail))
            case "html":
                page = b"<!DOCTYPE html><html><head><title>Just a moment</title></head><body>Gateway</body></html>"
                return _response(Reply(detail.get("status", 200), page, "text/html"))
            case "truncated":
                whole = await process()
                return _response(Reply(whole.status, whole.body[: len(whole.body) // 2], whole.content_type))
            case "reset":
                raise _drop(request)
            case "processed_then_reset":
                await process()
                raise _drop(request)
            case "hang":
                if detail.get("processed"):
                    await process()
                await self._closing.wait()
                raise _drop(request)
            case "reset_in_body":
                await self._send_half(request, await process())
                raise _Dropped
            case "slow":
                return await self._drip(request, await process(), float(detail.get("seconds", 1.0)))
            case _:
                return _response(await process())

    def _status(self, detail: dict[str, Any]) -> Reply:
        status: int = detail.get("status", 503)
        message = detail.get("message") or f"Simulated failure: {phrase_for(status)}"
        failed = _failed(
            ApiError(status, message, code=detail.get("code") or code_for(status), reason=phrase_for(status))
        )
        retry_after = detail.get("retry_after")
        if retry_after is None:
            return failed
        if retry_after == "date":
            retry_after = formatdate(self._world.clock() + detail.get("seconds", 2), usegmt=True)
        return Reply(failed.status, failed.body, reason=failed.reason, headers={"Retry-After": str(retry_after)})

    async def _send_half(self, request: web.BaseRequest, reply: Reply) -> None:
        response = _stream(reply)
        await response.prepare(request)
        await response.write(reply.body[: max(1, len(reply.body) // 2)])
        if request.transport is not None:
            request.transport.close()

    async def _drip(self, request: web.BaseRequest, reply: Reply, seconds: float) -> web.StreamResponse:
        response = _stream(reply)
        await response.prepare(request)
        step = -(-len(reply.body) // _DRIPS) or 1
        for start in range(0, len(reply.body), step):
            await self._pause(seconds / _DRIPS)
            await response.write(reply.body[start : start + step])
        await response.write_eof()
        return response

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_MAX_BODY_BYTES)


def _failed(error: ApiError) -> Reply:
    return Reply(error.status, msgspec.json.encode(error.envelope()), reason=error.reason)


def _reject_token(fault: Fault | None) -> None:
    match fault.kind if fault else None:
        case "delta_expired":
            raise delta_expired()
        case "delta_invalid":
            raise delta_invalid()
        case "page_invalid":
            raise page_invalid()
        case _:
            pass


def _response(reply: Reply) -> web.Response:
    headers = dict(reply.headers)
    if reply.body:
        headers["Content-Type"] = reply.content_type
    return web.Response(status=reply.status, body=reply.body, reason=reply.reason, headers=headers)


def _stream(reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(
        status=reply.status, reason=reply.reason, headers={"Content-Type": reply.content_type}
    )
    response.content_length = len(reply.body)
    return response


def _drop(request: web.BaseRequest) -> _Dropped:
    transport = request.transport
    if transport is not None:
        connection = cast("socket.socket | None", transport.get_extra_info("socket"))
        if connection is not None:  # a linger of zero makes it a reset, not an orderly end
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return _Dropped()
