"""Users, service accounts and managed accounts in the sandbox."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Sandbox
from support.clock import FakeClock
from support.receiver import receiving
from support.strict import Strict, strict

USER, ACCOUNTS, SERVICE = "/v1/user", "/v1/user/accounts", "/v1/am/svc_accounts"
BACK = "https://app.example.com/back"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=3, page_size=2, clock=FakeClock().time) as sandbox:
        yield sandbox


@pytest.fixture
async def app(sandbox: Sandbox) -> AsyncIterator[Strict]:
    credentials = base64.b64encode(f"{sandbox.client_id}:{sandbox.client_secret}".encode()).decode()
    async with strict(sandbox, Authorization=f"Basic {credentials}") as app:
        yield app


@pytest.fixture
def primary(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def secondary(sandbox: Sandbox, app: Strict, primary: Account) -> Account:
    body = {"serviceType": "IMAP", "active": True, "email": "second@example.com", "serverUrl": "imap.example.com:993"}
    await app.post("/v1/am/accounts", body, userId=primary.user_id, userAccount="secondary")
    return sandbox.accounts[-1]


@pytest.fixture
async def user(sandbox: Sandbox, primary: Account, secondary: Account) -> AsyncIterator[Strict]:
    async with strict(sandbox, None, **{"X-Aurinko-Session": primary.user_session}) as user:
        yield user


async def test_a_user_has_accounts(sandbox: Sandbox, user: Strict, primary: Account, secondary: Account) -> None:
    record = (await user.get(USER)).json
    assert (record["id"], record["appId"], record["email"]) == (primary.user_id, sandbox.app_id, primary.email)
    assert [account["id"] for account in record["accounts"]] == [primary.id, secondary.id]
    assert [account["userAccountType"] for account in record["accounts"]] == ["primary", "secondary"]
    assert record["accounts"][1]["serverUrl"] == "imap.example.com:993"
    assert await user.walk(ACCOUNTS) == record["accounts"]
    assert (await user.get(f"{ACCOUNTS}/{secondary.id}")).json == record["accounts"][1]
    for unknown in (sandbox.accounts[1].id, 1):
        assert (await user.get(f"{ACCOUNTS}/{unknown}")).status == 404
    cookie = {"Cookie": f"AUR{sandbox.app_id}={primary.user_session}", "X-Aurinko-ClientId": sandbox.client_id}
    async with strict(sandbox, None, **cookie) as browser:
        assert (await browser.get(USER)).json == record


async def test_all_accounts_of_a_user_are_on_one_page(user: Strict, app: Strict, primary: Account) -> None:
    body = {"serviceType": "Google", "active": True, "loginString": "third@example.com"}
    await app.post("/v1/am/accounts", body, userId=primary.user_id, userAccount="secondary")
    page = (await user.get(ACCOUNTS)).json
    assert (page["length"], len(page["records"]), "nextPageToken" in page) == (3, 3, False)
    assert (await user.get(ACCOUNTS, pageToken="x")).status == 400


async def test_deleting_a_secondary_account(user: Strict, secondary: Account) -> None:
    assert (await user.send("DELETE", f"{ACCOUNTS}/{secondary.id}")).json == {"status": "Ok"}
    assert (await user.send("DELETE", f"{ACCOUNTS}/{secondary.id}")).status == 404
    assert len((await user.get(USER)).json["accounts"]) == 1
    assert secondary.deleted


async def test_deleting_the_primary_account_ends_the_session(user: Strict, primary: Account) -> None:
    assert (await user.send("DELETE", f"{ACCOUNTS}/{primary.id}")).status == 200
    assert (await user.get(USER)).json["code"] == "unauthorized"


async def test_a_logout_ends_the_session_everywhere(sandbox: Sandbox, user: Strict, primary: Account) -> None:
    session = primary.user_session
    account = {"X-Aurinko-Session": session, "X-Aurinko-Account-Id": str(primary.id)}
    assert (await user.send("GET", "/v1/account", headers=account)).status == 200
    assert (await user.post(f"{USER}/logout")).json == {"status": "Ok"}
    assert (await user.get(USER)).status == 401
    assert (await user.send("GET", "/v1/account", headers=account)).status == 401
    async with strict(sandbox, primary) as client:
        assert (await client.get("/v1/account")).status == 200
    query = {"clientId": sandbox.client_id, "serviceType": "Google", "returnUrl": BACK, "accountId": primary.id}
    query |= {"accountRole": "primary"}
    async with strict(sandbox) as browser:
        cookie = (await browser.get("/v1/auth/authorizeUser", **query)).headers["Set-Cookie"]
    renewed = cookie.partition("=")[2].partition(";")[0]
    assert renewed not in ("", session)
    async with strict(sandbox, None, **{"X-Aurinko-Session": renewed}) as again:
        assert (await again.get(USER)).json["id"] == primary.user_id


async def test_settings(sandbox: Sandbox, user: Strict, primary: Account) -> None:
    day = {"dayOfWeek": "monday", "workingIntervals": [{"start": "09:00:00", "end": "17:00:00"}]}
    hours = {"daySchedules": [day], "timezone": "Europe/Berlin"}
    answer = await user.send("PATCH", f"{USER}/settings", json={"workHours": hours})
    assert answer.json == (await user.get(USER)).json
    assert primary.world.work_hours == {primary.user_id: hours}
    wrong: list[Any] = [{"workHours": {"daySchedules": [{"dayOfWeek": "someday"}]}}, {"workHours": []}]
    for body in wrong:
        assert (await user.send("PATCH", f"{USER}/settings", json=body)).status == 400


async def test_an_account_is_copied_as_managed(user: Strict, app: Strict, secondary: Account) -> None:
    path = f"{ACCOUNTS}/{secondary.id}/managed"
    copy = (await user.post(path, clientOrgId="org")).json
    assert (copy["type"], copy["parentId"], copy["email"]) == ("managed", secondary.id, secondary.email)
    assert (copy["clientOrgId"], copy["id"] != secondary.id) == ("org", True)
    assert (await app.get(f"/v1/am/accounts/{copy['id']}")).json["type"] == "managed"
    assert len((await user.get(USER)).json["accounts"]) == 2
    assert (await user.post(f"{ACCOUNTS}/1/managed")).status == 404


async def test_service_accounts(app: Strict) -> None:
    body = {"serviceType": "Office365", "active": True, "email": "admin@example.com", "clientOrgId": "c"}
    made = (await app.post(SERVICE, {**body, "authOrgId": "o"})).json
    assert made.keys() == {"accountId", "accessToken"}
    assert (await app.post(SERVICE, body)).json["accountId"] != made["accountId"]
    again = {**body, "authOrgId": "o", "timezone": "Asia/Tokyo"}
    assert (await app.post(SERVICE, again, recycleKeys="email,orgId,clientOrgId")).json == made
    google = {"serviceType": "Google", "active": True, "loginString": "robot"}
    await app.post(SERVICE, google)
    page = (await app.get(SERVICE)).json
    assert (page["totalSize"], {record["type"] for record in page["records"]}) == (3, {"daemon"})
    assert (page["records"][0]["timezone"], page["records"][0]["daemon"]) == ("Asia/Tokyo", True)
    for query, count in (({"clientOrgId": "c"}, 2), ({"authOrgId": "o"}, 1), ({"serviceType": "Google"}, 1)):
        assert (await app.get(SERVICE, **query)).json["totalSize"] == count
    assert (await app.get(SERVICE, serviceType="IMAP")).status == 400
    assert (await app.get("/v1/am/accounts")).json["totalSize"] == 3
    assert (await app.send("DELETE", f"/v1/am/accounts/{made['accountId']}")).status == 200
    assert (await app.get(SERVICE)).json["totalSize"] == 2
    for bad in ({"serviceType": "Google", "active": True}, {"email": "x@example.com", "active": True}):
        assert (await app.post(SERVICE, bad)).status == 400


async def test_managed_accounts(sandbox: Sandbox, app: Strict, primary: Account) -> None:
    service = {"serviceType": "Office365", "active": True, "email": "admin@example.com"}
    service_id = (await app.post(SERVICE, service)).json["accountId"]
    path = f"{SERVICE}/{service_id}/accounts"
    body = {"serviceType": "Office365", "active": True, "email": "member@example.com"}
    made = (await app.post(path, body)).json
    assert made.keys() == {"accountId", "accessToken"}
    assert (await app.post(path, body, recycleKeys="email")).json == made
    other = (await app.post(path, body, userId=primary.user_id, userAccount="secondary")).json
    assert (other["userId"], other["userSession"]) == (primary.user_id, primary.user_session)
    assert (await app.post(path, body, userId=primary.user_id)).status == 400
    record = (await app.get(f"/v1/am/accounts/{made['accountId']}")).json
    assert (record["type"], record["parentId"], record["email"]) == ("managed", service_id, "member@example.com")
    for unknown in (1, primary.id, made["accountId"]):
        assert (await app.post(f"{SERVICE}/{unknown}/accounts", body)).status == 404
    async with strict(sandbox, Authorization=f"Bearer {made['accessToken']}") as member:
        assert (await member.get("/v1/account")).json["id"] == made["accountId"]


async def test_accounts_are_found_by_a_subscription(sandbox: Sandbox, app: Strict, primary: Account) -> None:
    async with receiving() as receiver, strict(sandbox, primary) as client:
        body = {"resource": "/contacts", "notificationUrl": receiver.url}
        id_ = (await client.post("/v1/subscriptions", body)).json["id"]
    assert [one["id"] for one in (await app.get("/v1/am/accounts", subscriptionId=id_)).json["records"]] == [primary.id]
    assert (await app.get("/v1/am/accounts", subscriptionId=1)).json["records"] == []
    assert (await app.get(SERVICE, subscriptionId=id_)).json["records"] == []
