"""The sandbox holds every request against the contract: routes, parameters, bodies, credentials."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest

from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sandbox.call import HANDLERS
from aurinko_async.sandbox.contract import operations
from aurinko_async.sandbox.router import Router
from support.bare import Bare, bare, segment


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=20) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Bare]:
    async with bare(sandbox, account) as client:
        yield client


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def test_every_operation_of_the_contract_is_served_and_no_other() -> None:
    names = {operation.name for operation in operations()}
    assert len(names) == 138
    assert set(HANDLERS) == names


def test_every_operation_is_found_by_a_path_with_awkward_values() -> None:
    router = Router(operations())
    for operation in operations():
        count = len(operation.of("path"))
        values = [f"a/{n}+=%2F é" for n in range(count)]
        path = operation.path
        for parameter, value in zip(operation.of("path"), values, strict=True):
            path = path.replace("{" + parameter.name + "}", segment(value))
        assert router.match(operation.method, path) == (operation, tuple(values))


async def test_what_is_not_served_is_501(client: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(HANDLERS, "account.get")
    answer = await client.get("/v1/account")
    assert (answer.status, answer.json["code"]) == (501, "notImplemented")


async def test_wrong_ways(client: Bare) -> None:
    assert (await client.get("/v1/nowhere")).status == 404
    assert (await client.get("/v1/email/messages/")).status == 404
    assert (await client.send("PUT", "/v1/account")).status == 405


async def test_a_literal_segment_wins(client: Bare, account: Account) -> None:
    assert (await client.get("/v1/email/folders/wellKnown")).json.keys() == {"sent"}


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/v1/email/messages", {"limit": 5}),
        ("GET", "/v1/email/messages", {"bodyType": "markdown"}),
        ("GET", "/v1/email/messages", {"includeTrashAndJunk": "yes"}),
        ("GET", "/v1/email/messages", {"pageToken": "nonsense"}),
        ("GET", "/v1/email/messages", {"q": "after:yesterday"}),
        ("POST", "/v1/email/sync", {"daysWithin": "seven"}),
        ("POST", "/v1/email/sync", {"daysWithin": "-1"}),
        ("POST", "/v1/email/sync", {"daysWithin": "99999999999999999999"}),
        ("POST", "/v1/email/sync", {"awaitReady": "true"}),
        ("GET", "/v1/calendars/primary/events/range", {"timeMin": "2024-01-01T00:00:00Z"}),
        (
            "GET",
            "/v1/calendars/primary/events/range",
            {"timeMin": "2024-01-01T00:00:00", "timeMax": "2024-02-01T00:00Z"},
        ),
        ("GET", "/v1/email/tracking/abc", {}),
        ("PATCH", "/v1/contacts/x", {}),
    ],
)
async def test_bad_parameters(client: Bare, method: str, path: str, query: dict[str, object]) -> None:
    answer = await client.send(method, path, query)
    assert (answer.status, answer.json["code"]) == (400, "badRequest")
    assert answer.json["requestId"]


async def test_a_parameter_given_twice(client: Bare) -> None:
    assert (await client.get("/v1/email/messages?q=a&q=b")).status == 400
    assert (await client.get("/v1/email/messages?nativeProperties=a&nativeProperties=b")).status == 200


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ([], "Not an object: $"),
        ({"subject": 1}, "Not a string: $.subject"),
        ({"to": {"address": "x@example.com"}}, "Not an array: $.to"),
        ({"to": [{"address": True}]}, "Not a string: $.to[0].address"),
        ({"tracking": {"opens": "yes"}}, "Not a boolean: $.tracking.opens"),
        ({"tracking": {"trackOpensAfterSendDelay": 1.5}}, "Not an integer: $.tracking.trackOpensAfterSendDelay"),
        ({"attachments": [{"content": "***"}]}, "Not a base64: $.attachments[0].content"),
        ({"to": []}, "No recipients"),
        ({"to": [{"address": "nobody"}]}, "Not an email address"),
    ],
)
async def test_bad_bodies(client: Bare, body: object, complaint: str) -> None:
    answer = await client.post("/v1/email/messages", body)
    assert (answer.status, answer.json["message"]) == (400, complaint)


async def test_bodies_that_are_not_json(client: Bare) -> None:
    json = {"Content-Type": "application/json"}
    assert (await client.send("POST", "/v1/email/messages", data=b"{", headers=json)).status == 400
    assert (await client.send("POST", "/v1/email/messages", data=b"\xff", headers=json)).status == 400
    assert (await client.send("POST", "/v1/email/messages", data=b"to=x")).status == 400


async def test_unknown_body_properties_are_ignored(client: Bare) -> None:
    body = {"to": [{"address": "x@example.com", "colour": "red"}], "threadId": "t1", "colour": "blue", "subject": None}
    assert (await client.post("/v1/email/messages", body)).status == 201


async def test_the_five_ways_into_an_account(sandbox: Sandbox, account: Account) -> None:
    client_id, account_id = sandbox.client_id, str(account.id)
    ways: list[dict[str, str]] = [
        {"Authorization": f"Bearer {account.token}"},
        {"Authorization": basic(client_id, sandbox.client_secret), "X-Aurinko-Account-Id": account_id},
        {"X-Aurinko-Session": account.user_session, "X-Aurinko-Account-Id": account_id},
    ]
    for spelling in ("X-Aurinko-Client-Id", "X-Aurinko-ClientId"):
        cookie = f"AUR{sandbox.app_id}={account.user_session}"
        ways.append({"Cookie": cookie, spelling: client_id, "X-Aurinko-Account-Id": account_id})
        exchange = {"X-Aurinko-Auth-Type": "exchangeIdToken", "Authorization": f"Bearer {account.exchange_id_token}"}
        ways.append({**exchange, spelling: client_id, "X-Aurinko-Account-Id": account_id})
    for headers in ways:
        async with bare(sandbox, **headers) as client:
            answer = await client.get("/v1/account")
        assert (answer.status, answer.json["id"]) == (200, account.id)
        for missing in headers:
            async with bare(sandbox, **{name: value for name, value in headers.items() if name != missing}) as client:
                answer = await client.get("/v1/account")
            assert (answer.status, answer.json["code"]) == (401, "unauthorized")


async def test_credentials_of_somebody_else(sandbox: Sandbox) -> None:
    one, two = sandbox.accounts[:2]
    async with bare(sandbox, **{"X-Aurinko-Session": one.user_session, "X-Aurinko-Account-Id": str(two.id)}) as client:
        assert (await client.get("/v1/account")).status == 401
    async with bare(sandbox, one) as client:
        assert (await client.get("/v1/am/accounts")).status == 401
    async with bare(sandbox, Authorization=basic(sandbox.client_id, "wrong")) as client:
        assert (await client.get("/v1/am/accounts")).status == 401
    async with bare(sandbox, Authorization=basic(sandbox.client_id, sandbox.client_secret)) as client:
        assert (await client.get("/v1/am/accounts")).status == 200
        assert (await client.get("/v1/account")).status == 401


async def test_credentials_of_a_user(sandbox: Sandbox, account: Account) -> None:
    cookie = f"AUR{sandbox.app_id}={account.user_session}"
    good = [
        {"Cookie": cookie, "X-Aurinko-ClientId": sandbox.client_id},
        {"X-Aurinko-Session": account.user_session},
    ]
    bad = [{"Cookie": cookie}, {"X-Aurinko-ClientId": sandbox.client_id}, {"Authorization": f"Bearer {account.token}"}]
    for headers in good:
        async with bare(sandbox, **headers) as client:
            assert (await client.get("/v1/user")).status in (200, 501)
    for headers in bad:
        async with bare(sandbox, **headers) as client:
            assert (await client.get("/v1/user")).status == 401


async def test_tokens_the_provider_turned_away(client: Bare, account: Account) -> None:
    account.token_status = "dead"
    answer = await client.get("/v1/email/messages")
    assert (answer.status, answer.json["code"]) == (401, "token.dead")
    account.token_status = "invalid"
    assert (await client.get("/v1/email/messages")).json["code"] == "token.refresh.failed"
    account.token_status = "active"
    assert (await client.get("/v1/email/messages")).status == 200


async def test_requests_are_on_record(sandbox: Sandbox, client: Bare, account: Account) -> None:
    await client.get("/v1/email/messages", q="from:ann")
    await client.get("/v1/nowhere")
    method, path, query, account_id, status, operation = sandbox.requests[0]
    assert (method, path, query) == ("GET", "/v1/email/messages", {"q": "from:ann"})
    assert (account_id, status, operation) == (account.id, 200, "email.messages.list")
    assert sandbox.requests[1][3:] == (None, 404, None)
    sandbox.requests.clear()
    assert sandbox.requests == []


async def test_the_same_seed_makes_the_same_world() -> None:
    def picture(seed: int) -> tuple[object, ...]:
        sandbox = Sandbox(accounts=3, messages=12, seed=seed, clock=lambda: 1_790_000_000.0)
        mail = [dict(account.mail.messages) for account in sandbox.accounts]
        return sandbox.client_id, [account.token for account in sandbox.accounts], mail

    assert picture(5) == picture(5)
    assert picture(5) != picture(6)
    with pytest.raises(RuntimeError, match="not running"):
        _ = Sandbox(accounts=1, messages=1).url
