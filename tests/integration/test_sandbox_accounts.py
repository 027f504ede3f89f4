"""Accounts and authorisation in the sandbox."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from aurinko_async.sandbox import Sandbox
from support.bare import Bare, bare, segment

AUTHORIZE = "/v1/auth/authorize"
BACK = "https://app.example.com/back?x=1"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=5, messages=3) as sandbox:
        yield sandbox


@pytest.fixture
async def app(sandbox: Sandbox) -> AsyncIterator[Bare]:
    credentials = base64.b64encode(f"{sandbox.client_id}:{sandbox.client_secret}".encode()).decode()
    async with bare(sandbox, Authorization=f"Basic {credentials}") as app:
        yield app


@pytest.fixture
async def browser(sandbox: Sandbox) -> AsyncIterator[Bare]:
    async with bare(sandbox) as browser:
        yield browser


def came_back(location: str) -> dict[str, str]:
    url = urlsplit(location)
    assert url.netloc == "app.example.com"
    return {name: values[0] for name, values in parse_qs(url.query).items()}


async def test_account_of_mine(sandbox: Sandbox) -> None:
    account = sandbox.accounts[1]
    async with bare(sandbox, account) as client:
        record = (await client.get("/v1/account", pingProvider="true")).json
        assert (record["id"], record["serviceType"], record["email"]) == (account.id, "Office365", account.email)
        answer = await client.send("DELETE", "/v1/account/token")
        assert (answer.status, answer.content) == (200, b"")
        assert (await client.get("/v1/account")).json["code"] == "unauthorized"
    async with bare(sandbox, sandbox.accounts[2]) as client:
        assert (await client.send("DELETE", "/v1/account")).status == 200
        assert (await client.get("/v1/account")).status == 401


async def test_accounts_page_by_offset(sandbox: Sandbox, app: Bare) -> None:
    page = (await app.get("/v1/am/accounts", limit=3)).json
    assert (page["offset"], page["totalSize"], page["done"], len(page["records"])) == (0, 5, False, 3)
    page = (await app.get("/v1/am/accounts", limit=3, offset=3)).json
    assert (page["done"], len(page["records"])) == (True, 2)
    page = (await app.get("/v1/am/accounts", serviceType="Google")).json
    assert [record["id"] for record in page["records"]] == [sandbox.accounts[0].id, sandbox.accounts[3].id]
    assert (await app.get("/v1/am/accounts", limit=0)).status == 400


async def test_accounts_come_and_go(sandbox: Sandbox, app: Bare) -> None:
    body = {"serviceType": "IMAP", "active": True, "email": "new@example.com", "serverUrl": "imap.example.com:993"}
    made = (await app.post("/v1/am/accounts", body)).json
    assert (await app.get(f"/v1/am/accounts/{made['accountId']}")).json["serverUrl"] == "imap.example.com:993"
    again = (await app.post("/v1/am/accounts", body, recycleKeys="email,serverUrl")).json
    assert again["accountId"] == made["accountId"]
    assert (await app.post("/v1/am/accounts", body)).json["accountId"] != made["accountId"]
    assert (await app.post("/v1/am/accounts", body, userId="u")).status == 400
    secondary = await app.post("/v1/am/accounts", body, userId=sandbox.accounts[0].user_id, userAccount="secondary")
    assert secondary.json["userSession"] == sandbox.accounts[0].user_session
    assert (await app.send("DELETE", f"/v1/am/accounts/{made['accountId']}")).status == 200
    assert (await app.get(f"/v1/am/accounts/{made['accountId']}")).status == 404
    assert (await app.post("/v1/am/accounts", {"active": True})).status == 400


async def test_check_connection(app: Bare) -> None:
    body = {"serviceType": "IMAP", "active": True, "serverUrl": "imap.example.com:993", "password": "p"}
    assert (await app.post("/v1/am/accounts/connect", body)).json == {"status": "Ok"}
    assert (await app.post("/v1/am/accounts/connect", {**body, "password": None})).status == 400
    assert (await app.post("/v1/am/accounts/connect", {**body, "serviceType": "Slack"})).status == 400


async def test_a_code_is_good_once(sandbox: Sandbox, browser: Bare, app: Bare) -> None:
    query = {"clientId": sandbox.client_id, "serviceType": "Google", "returnUrl": BACK, "state": "s/+="}
    answer = await browser.get(AUTHORIZE, **query, scopes="Mail.Read Mail.Send", loginHint=sandbox.accounts[0].email)
    assert answer.status == 303
    back = came_back(answer.headers["Location"])
    assert (back["status"], back["state"], back["x"]) == ("success", "s/+=", "1")
    granted = await app.post(f"/v1/auth/token/{segment(back['code'])}")
    assert granted.json == {
        "accountId": sandbox.accounts[0].id,
        "accessToken": sandbox.accounts[0].token,
        "userId": sandbox.accounts[0].user_id,
        "userSession": sandbox.accounts[0].user_session,
    }
    assert (await app.post(f"/v1/auth/token/{segment(back['code'])}")).status == 400
    assert (await app.get("/v1/auth/token/none")).status == 400


async def test_authorising_anew_makes_a_new_account_unless_recycled(sandbox: Sandbox, browser: Bare) -> None:
    query = {"clientId": sandbox.client_id, "serviceType": "Google", "returnUrl": BACK}
    await browser.get(AUTHORIZE, **query, recycle="true")
    assert len(sandbox.accounts) == 5
    await browser.get(AUTHORIZE, **query)
    assert len(sandbox.accounts) == 6
    dead = sandbox.accounts[0]
    dead.token_status = "dead"
    await browser.get(AUTHORIZE, **query, accountId=dead.id)
    assert dead.token_status == "active"
    token = came_back((await browser.get(AUTHORIZE, **query, responseType="token")).headers["Location"])
    assert token["token"] == sandbox.accounts[-1].token


async def test_authorising_goes_wrong(sandbox: Sandbox, browser: Bare) -> None:
    query = {"clientId": sandbox.client_id, "serviceType": "Google", "returnUrl": BACK}
    assert (await browser.get(AUTHORIZE, **{**query, "clientId": "other"})).status == 400
    assert (await browser.get(AUTHORIZE, **{**query, "returnUrl": "/back"})).status == 400
    assert (await browser.get(AUTHORIZE, **{**query, "serviceType": "GoogleBot"})).status == 400
    assert (await browser.get(AUTHORIZE, clientId=sandbox.client_id)).status == 400
    answer = await browser.get(AUTHORIZE, **query, accountId=sandbox.accounts[0].id, authEmail="else@example.com")
    assert came_back(answer.headers["Location"])["status"] == "error"
    daemon = await browser.get("/v1/auth/authorizeDaemon", **{**query, "serviceType": "GoogleBot"})
    assert came_back(daemon.headers["Location"])["code"]


async def test_a_user_gets_a_cookie(sandbox: Sandbox, browser: Bare) -> None:
    query = {"clientId": sandbox.client_id, "serviceType": "Office365", "returnUrl": BACK}
    answer = await browser.get("/v1/auth/authorizeUser", **query, accountRole="primary")
    account = sandbox.accounts[-1]
    assert answer.headers["Set-Cookie"].startswith(f"AUR{sandbox.app_id}={account.user_session};")
    assert came_back(answer.headers["Location"]) == {"status": "success", "x": "1"}
    stamp = f"{account.user_id}1790000000".encode()
    signature = hmac.digest(sandbox.client_secret.encode(), stamp, hashlib.sha256).hex()
    more = {"userId": account.user_id, "timestamp": 1790000000, "responseType": "code", "accountRole": "secondary"}
    for signed, status in ((signature, "success"), ("forged", "error")):
        answer = await browser.get("/v1/auth/authorizeUser", **query, **more, userSignature=signed)
        assert came_back(answer.headers["Location"])["status"] == status
    assert sandbox.accounts[-1].user_id == account.user_id


async def test_an_exchange_identity_becomes_known(sandbox: Sandbox, browser: Bare) -> None:
    identity = {"X-Aurinko-Auth-Type": "exchangeIdToken", "Authorization": "Bearer my-identity"}
    identity["X-Aurinko-Client-Id"] = sandbox.client_id
    async with bare(sandbox, **identity) as addin:
        token = (await addin.post("/v1/auth/prepare")).json["token"]
        query = {"clientId": sandbox.client_id, "serviceType": "Office365", "returnUrl": BACK, "accountRole": "primary"}
        await browser.get("/v1/auth/authorizeUser", **query, token=token)
        account = sandbox.accounts[-1]
        answer = await addin.send("GET", "/v1/account", headers={"X-Aurinko-Account-Id": str(account.id)})
        assert answer.json["id"] == account.id
    assert (await browser.post("/v1/auth/prepare")).status == 401
