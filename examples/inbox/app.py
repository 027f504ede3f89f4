"""An inbox that follows mailboxes live: FastAPI, a `SyncEngine` with its mirror in SQLite, OAuth and webhooks."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import uvicorn
import views
from connections import Connection, Connections
from demo import Demo
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from live import Live, keep_subscriptions
from settings import CALLBACK, HOOK, Settings

from aurinko_async import (
    AppAuth,
    AurinkoClient,
    AurinkoError,
    EmailPlan,
    EngineOptions,
    OAuthFlow,
    SQLiteStore,
    SyncAccount,
    SyncEngine,
)
from aurinko_async.webhooks import AsgiReceiver, WebhookReceiver, notify_engine

HERE = Path(__file__).parent
DAYS = 90
"""How much mail is mirrored."""
SESSION = 30 * 86400
"""Seconds that a browser keeps its cookie."""

settings = Settings.from_env()
COOKIE = "__Host-inbox" if settings.is_https else "inbox"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = app.state
    async with AsyncExitStack() as stack:
        state.connections = connections = Connections(settings.data / "app.db")
        stack.callback(connections.close)
        state.demo = Demo(connections) if settings.is_sandbox else None
        aurinko = await stack.enter_async_context(state.demo.running(settings)) if state.demo else settings
        auth = AppAuth(aurinko.client_id, aurinko.client_secret)
        state.client = client = await stack.enter_async_context(AurinkoClient(auth, base_url=aurinko.base_url))
        state.store = store = await stack.enter_async_context(SQLiteStore(settings.data / "mirror.db"))

        async def accounts() -> AsyncIterator[SyncAccount]:
            for connection in connections.all():
                yield SyncAccount(connection.account, client.for_account(connection.account).credentials)

        plan = EmailPlan(days_within=DAYS, body_type="html")
        engine = SyncEngine(client, store, accounts=accounts, resources=[plan], options=EngineOptions(poll=300))
        app.add_route(HOOK, AsgiReceiver(WebhookReceiver(aurinko.signing_secret, notify_engine(engine))))
        state_secret = connections.kept("state_secret", secrets.token_urlsafe(32))
        state.flow = OAuthFlow(client, return_url=settings.return_url, state_secret=state_secret)
        state.engine, state.live, state.wake = engine, Live(), asyncio.Event()
        keeping = keep_subscriptions(client, connections, engine, settings.notification_url, state.wake)
        helpers = [asyncio.create_task(state.live.follow(engine)), asyncio.create_task(keeping)]
        stack.push_async_callback(_cancel, helpers)
        await stack.enter_async_context(engine)
        yield


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")


@app.middleware("http")
async def guard(request: Request, call_next) -> Response:
    """Let only our own pages post, and tell browsers what ours may do."""
    changes = request.method not in ("GET", "HEAD") and request.url.path != HOOK
    if changes and request.headers.get("origin") != settings.origin:
        return Response("This came from another site.", 403)
    if settings.is_sandbox and request.url.netloc != urlsplit(settings.public_url).netloc and request.method == "GET":
        return RedirectResponse(settings.public_url)  # localhost and 127.0.0.1 do not share cookies
    response = await call_next(request)
    for name, value in views.HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@app.exception_handler(404)
async def missing(request: Request, _: Exception) -> Response:
    return views.page(request, "missing.html", status=404)


# --- who asks, and for what


async def visitor_of(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


Visitor = Annotated[str, Depends(visitor_of)]


async def connection_of(account: str, request: Request, visitor: Visitor) -> Connection:
    """An account that this visitor has connected; of others nothing is told, not even whether they are there."""
    for connection in request.app.state.connections.of(visitor):
        if connection.account == account:
            return connection
    raise HTTPException(404)


Mine = Annotated[Connection, Depends(connection_of)]


# --- connecting


@app.get("/")
async def home(request: Request, visitor: Visitor) -> Response:
    connected = request.app.state.connections.of(visitor)
    if connected:
        return RedirectResponse(views.inbox_url(connected[0].account), 303)
    return views.page(request, "welcome.html")


@app.get("/connect/{service}")
async def connect(request: Request, service: str, visitor: Visitor, again: int | None = None) -> Response:
    """Send the browser to the provider; `again` is an account that has to be authorised once more."""
    mine = {connection.account for connection in request.app.state.connections.of(visitor)}
    if service not in views.SERVICES or (again is not None and str(again) not in mine):
        raise HTTPException(404)
    visitor = visitor or secrets.token_urlsafe(32)
    url = request.app.state.flow.authorize_url(service, bound_to=visitor, scopes=["Mail.ReadWrite"], account_id=again)
    return _known(RedirectResponse(url, 303), visitor)


def _known(response: Response, visitor: str) -> Response:
    """Let the browser know who it is."""
    response.set_cookie(
        COOKIE, visitor, max_age=SESSION, httponly=True, samesite="lax", secure=settings.is_https, path="/"
    )
    return response


@app.get(CALLBACK)
async def callback(request: Request, visitor: Visitor) -> Response:
    state = request.app.state
    try:
        grant = await state.flow.callback(request.url.query, bound_to=visitor)
        account = await state.client.for_account(grant.account_id).account.get()
    except AurinkoError as error:
        return views.page(request, "failed.html", status=400, reason=views.why(error))
    email = account.email or account.mailbox_address or ""
    connection = Connection(str(grant.account_id), account.service_type or "", email, account.name or email)
    # Whoever may have given the browser its cookie does not get in with it.
    anew = secrets.token_urlsafe(32)
    state.connections.move(visitor, anew)
    state.connections.add(anew, connection)
    await state.engine.notify(connection.account, "email")
    state.wake.set()
    return _known(RedirectResponse(views.inbox_url(connection.account), 303), anew)


# --- reading


@app.get("/inbox/{account}")
async def inbox(request: Request, mine: Mine, visitor: Visitor, message: str = "", limit: int = 50) -> Response:
    listed = await views.listed(request.app.state.store, mine, message, limit)
    opened = await views.opened(request.app.state, mine, message) if message else None
    connected = request.app.state.connections.of(visitor)
    page = views.page(request, "inbox.html", mine=mine, connected=connected, opened=opened, **listed)
    page.background = views.reading(request.app.state, mine, opened)
    return page


@app.get("/inbox/{account}/list")
async def list_(request: Request, mine: Mine, message: str = "", limit: int = 50) -> Response:
    """The list alone, for a page that is open."""
    return views.page(
        request, "_list.html", mine=mine, **await views.listed(request.app.state.store, mine, message, limit)
    )


@app.get("/inbox/{account}/message")
async def message_(request: Request, mine: Mine, message: str) -> Response:
    """A message alone, for a page that is open."""
    opened = await views.opened(request.app.state, mine, message)
    page = views.page(request, "_message.html", mine=mine, opened=opened)
    page.background = views.reading(request.app.state, mine, opened)
    return page


@app.get("/inbox/{account}/body")
async def body(request: Request, mine: Mine, message: str) -> Response:
    """What the sender wrote, for a frame in which it can do nothing."""
    found = await views.complete(request.app.state, mine, message)
    return HTMLResponse(views.letter(found), headers=views.LETTER_HEADERS)


@app.get("/inbox/{account}/events")
async def events(request: Request, mine: Mine) -> Response:
    return StreamingResponse(
        request.app.state.live.listen(mine.account),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@app.post("/inbox/{account}/demo/{action}")
async def act(request: Request, mine: Mine, action: str) -> Response:
    """What only the sandbox can do."""
    demo: Demo | None = request.app.state.demo
    if demo is None or action not in ("send", "expire"):
        raise HTTPException(404)
    if action == "send":
        demo.send(mine.account)
    else:
        demo.expire(mine.account)
    return RedirectResponse(views.inbox_url(mine.account), 303)


class Server(uvicorn.Server):
    """Ends the event streams before it waits for the connections that are open."""

    async def shutdown(self, sockets=None) -> None:
        app.state.live.close()
        await super().shutdown(sockets)


if __name__ == "__main__":
    config = uvicorn.Config(app, settings.host, settings.port, access_log=False, timeout_graceful_shutdown=5)
    with suppress(KeyboardInterrupt):
        Server(config).run()
