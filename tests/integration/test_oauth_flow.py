"""A web application connects mailboxes with `OAuthFlow`: users in browsers, the sandbox, and one another's links."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from aiohttp import web

from aurinko_async import AccountAuth, AppAuth, AurinkoClient, Grant, OAuthFlow
from aurinko_async.errors import ApiError, AuthorizationFailed, BadRequest, DecodeError, StateExpired, StateRejected
from aurinko_async.sandbox import Sandbox
from support.browsing import AWAY, Browser, browser
from support.clock import FakeClock
from support.server import reply, serve

SECRET = "a secret of the application's"


class Application:
    """A small web application: `/connect?to=...` sends away, `/callback` takes what comes back."""

    def __init__(self, aurinko: AurinkoClient, clock: FakeClock) -> None:
        self.aurinko = aurinko
        self.clock = clock
        self.url = ""
        self.grants: dict[str, Grant] = {}

    @property
    def flow(self) -> OAuthFlow:
        """A new one for each request, as if each came to another process."""
        return OAuthFlow(self.aurinko, return_url=f"{self.url}/callback", state_secret=SECRET, clock=self.clock.time)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        session = request.cookies.get("sid") or secrets.token_hex(8)
        away = self.flow.authorize_url("Google", bound_to=session, payload=request.query["to"], scopes=["Mail.Read"])
        response = web.Response(status=303, headers={"Location": away})
        response.set_cookie("sid", session)
        return response

    async def callback(self, request: web.Request) -> web.StreamResponse:
        session = request.cookies.get("sid")
        try:
            grant = await self.flow.callback(str(request.url), bound_to=session)
        except StateExpired:
            return web.Response(status=408, text="too late")
        except StateRejected:
            return web.Response(status=400, text="no")
        except AuthorizationFailed as error:
            return web.Response(status=403, text=f"refused: {error.reason}")
        except ApiError as error:
            return web.Response(status=502, text=type(error).__name__)
        assert session is not None
        self.grants[session] = grant
        return web.Response(status=303, headers={"Location": grant.payload})

    async def home(self, request: web.Request) -> web.StreamResponse:
        grant = self.grants.get(request.cookies.get("sid", ""))
        return web.Response(text=str(grant.account_id) if grant else "nothing is connected")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Application]:
        app = web.Application()
        app.router.add_get("/connect", self.connect)
        app.router.add_get("/callback", self.callback)
        app.router.add_get("/home", self.home)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=4, messages=3) as sandbox:
        yield sandbox


@pytest.fixture
async def app(sandbox: Sandbox) -> AsyncIterator[Application]:
    auth = AppAuth(sandbox.client_id, sandbox.client_secret)
    async with (
        AurinkoClient(auth, base_url=sandbox.url) as aurinko,
        Application(aurinko, FakeClock()).running() as app,
    ):
        yield app


@pytest.fixture
async def ann() -> AsyncIterator[Browser]:
    async with browser() as ann:
        yield ann


@pytest.fixture
async def mallory() -> AsyncIterator[Browser]:
    async with browser() as mallory:
        yield mallory


def start(app: Application) -> str:
    return f"{app.url}/connect?to=/home%3Ftab%3D1%26x"


async def test_a_user_connects_a_mailbox_and_goes_on_where_she_was(
    sandbox: Sandbox, app: Application, ann: Browser
) -> None:
    mailbox = sandbox.accounts[3]
    page = await ann.visit(start(app))
    page = await ann.click(page, mailbox.email)
    assert (page.url, page.source) == (f"{app.url}/home?tab=1&x", str(mailbox.id))
    (grant,) = app.grants.values()
    assert (grant.access_token, grant.user_id, grant.user_session) == (
        mailbox.token,
        mailbox.user_id,
        mailbox.user_session,
    )
    for secret in (mailbox.token, mailbox.user_session, "/home"):
        assert secret not in repr(grant)
    me = await app.aurinko.with_auth(AccountAuth(grant.access_token)).account.get()
    assert me.email == mailbox.email


async def test_a_user_who_denies_is_heard(app: Application, ann: Browser) -> None:
    page = await ann.click(await ann.visit(start(app)), "Deny")
    assert (page.status, page.source) == (403, "refused: access_denied")
    assert not app.grants


async def back_of(app: Application, sandbox: Sandbox, user: Browser) -> str:
    """The URL that would bring a user's browser back, had it followed: with a good code and a good state."""
    page = await user.visit(start(app))
    fields = dict(page.form("Deny").fields)
    account = sandbox.accounts[0]
    code = sandbox._world.issue_code(account)
    answer = {"status": "success", "code": code, "state": fields["state"]}
    return f"{fields['returnUrl']}?{urlencode(answer)}"


async def test_another_users_callback_connects_nothing(
    sandbox: Sandbox, app: Application, ann: Browser, mallory: Browser
) -> None:
    """Mallory sends Ann her own callback, to have Ann work with Mallory's mailbox."""
    trap = await back_of(app, sandbox, mallory)
    before = len(sandbox.requests)
    assert (await ann.visit(trap)).source == "no", "Ann has no session"
    await ann.visit(start(app))
    assert (await ann.visit(trap)).source == "no", "Ann has another session"
    assert not app.grants
    assert [r.operation for r in sandbox.requests[before:]] == ["auth.authorize_url"], "no code was spent"
    assert (await mallory.visit(trap)).status == 200, "it is good for whom it was made"


async def test_a_state_that_was_altered_spends_no_code(sandbox: Sandbox, app: Application, ann: Browser) -> None:
    good = await back_of(app, sandbox, ann)
    url, _, query = good.partition("?")
    answer = dict(parse_qsl(query))
    state = answer["state"]
    flipped = state[:30] + ("A" if state[30] != "A" else "B") + state[31:]
    for wrong in ({**answer, "state": flipped}, {**answer, "state": ""}, {"status": "success", "code": "x"}):
        assert (await ann.visit(f"{url}?{urlencode(wrong)}")).source == "no"
    assert (await ann.visit(good)).status == 200, "the code is as good as it was"


async def test_whoever_takes_too_long_begins_again(sandbox: Sandbox, app: Application, ann: Browser) -> None:
    page = await ann.visit(start(app))
    app.clock.now += 599
    assert (await ann.click(page, sandbox.accounts[0].email)).status == 200
    page = await ann.visit(start(app))
    app.clock.now += 600
    assert (await ann.click(page, sandbox.accounts[0].email)).source == "too late"
    assert (await ann.click(await ann.visit(start(app)), sandbox.accounts[0].email)).status == 200


async def test_a_code_works_once(sandbox: Sandbox, app: Application, ann: Browser) -> None:
    good = await back_of(app, sandbox, ann)
    assert (await ann.visit(good)).status == 200
    again = await ann.visit(good)
    assert (again.status, again.source) == (502, "BadRequest")


async def test_the_options_reach_the_vendor(sandbox: Sandbox) -> None:
    async with AurinkoClient(AppAuth("own", "secret")) as aurinko:
        flow = OAuthFlow(aurinko, return_url=AWAY, state_secret=SECRET)
        url = flow.authorize_url(
            "IMAP",
            bound_to="s",
            scopes=["Mail.Read", "Mail.Send"],
            native_scopes=["a"],
            account_id=7,
            login_hint="ann@example.com",
            client_org_id="org",
            server_url="imap.example.com:993",
            ensure_scopes=True,
            ensure_access=True,
            recycle=False,
            auth_email="ann@example.com",
        )
    query = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
    assert len(query.pop("state")) >= 98
    assert query == {
        "clientId": "own",
        "serviceType": "IMAP",
        "returnUrl": AWAY,
        "scopes": "Mail.Read Mail.Send",
        "nativeScopes": "a",
        "accountId": "7",
        "loginHint": "ann@example.com",
        "clientOrgId": "org",
        "serverUrl": "imap.example.com:993",
        "ensureScopes": "true",
        "ensureAccess": "true",
        "recycle": "false",
        "authEmail": "ann@example.com",
    }


@pytest.mark.parametrize(
    ("answer", "missing"), [({"accountId": 1}, "accessToken"), ({"accessToken": "t"}, "accountId"), ({}, "accountId")]
)
async def test_an_answer_without_a_token_is_no_grant(answer: dict[str, object], missing: str) -> None:
    async with serve(reply(answer)) as server, AurinkoClient(AppAuth("own", "secret"), base_url=server.url) as aurinko:
        flow = OAuthFlow(aurinko, return_url=AWAY, state_secret=SECRET)
        state = dict(parse_qsl(urlsplit(flow.authorize_url("Google", bound_to="s")).query))["state"]
        with pytest.raises(DecodeError, match=missing):
            await flow.callback(f"status=success&code=a%2Fb&state={state}", bound_to="s")
    assert [(r.method, r.target) for r in server.requests] == [("POST", "/v1/auth/token/a%2Fb")]


async def test_no_error_has_the_code_or_the_state_in_it(sandbox: Sandbox) -> None:
    auth = AppAuth(sandbox.client_id, sandbox.client_secret)
    async with AsyncExitStack() as stack:
        aurinko = await stack.enter_async_context(AurinkoClient(auth, base_url=sandbox.url))
        flow = OAuthFlow(aurinko, return_url=AWAY, state_secret=SECRET)
        state = dict(parse_qsl(urlsplit(flow.authorize_url("Google", bound_to="s")).query))["state"]
        for query, session in (("code=c0de", "s"), ("code=c0de", "t"), ("nothing=c0de", "s")):
            with pytest.raises((BadRequest, AuthorizationFailed)) as told:
                await flow.callback(f"status=success&{query}&state={state}", bound_to=session)
            shown = f"{told.value} {told.value!r} {vars(told.value)}"
            assert "c0de" not in shown
            assert state not in shown
