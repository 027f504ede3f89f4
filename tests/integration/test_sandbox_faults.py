"""Each kind of fault, seen from the other end of a socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec
import pytest

from aurinko_async.sandbox import Fault, Sandbox
from support.bare import Bare, bare

UPDATED = "/v1/email/sync/updated"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=2, messages=35, page_size=10, ready_after=0) as sandbox:
        yield sandbox


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Bare]:
    async with bare(sandbox, sandbox.accounts[0]) as client:
        yield client


async def test_status_with_retry_after(sandbox: Sandbox, client: Bare) -> None:
    sandbox.faults.add(Fault("status", status=429, retry_after=3))
    answer = await client.get("/v1/account")
    assert (answer.status, answer.reason, answer.headers["Retry-After"]) == (429, "Too Many Requests", "3")
    assert set(answer.json) == {"code", "message", "requestId", "originalError"}
    assert (await client.get("/v1/account")).status == 200
    assert sandbox.faults.injected == {"status": 1}


async def test_retry_after_as_a_date_of_the_sandbox_clock() -> None:
    async with (
        Sandbox(accounts=1, messages=0, clock=lambda: 1_790_000_000.0) as sandbox,
        bare(sandbox, sandbox.accounts[0]) as client,
    ):
        sandbox.faults.add(Fault("status", status=503, retry_after="date", seconds=60))
        date = parsedate_to_datetime((await client.get("/v1/account")).headers["Retry-After"])
        assert date.timestamp() == 1_790_000_060.0


@pytest.mark.parametrize("status", [401, 500, 502, 504])
async def test_other_statuses_have_their_code(sandbox: Sandbox, client: Bare, status: int) -> None:
    sandbox.faults.add(Fault("status", status=status, code="special"))
    answer = await client.get("/v1/account")
    assert (answer.status, answer.json["code"]) == (status, "special")


async def test_html(sandbox: Sandbox, client: Bare) -> None:
    sandbox.faults.add(Fault("html"))
    answer = await client.get("/v1/account")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.content.startswith(b"<!DOCTYPE html>")


async def test_truncated_json_of_the_length_it_announces(sandbox: Sandbox, client: Bare) -> None:
    sandbox.faults.add(Fault("truncated"))
    answer = await client.get("/v1/email/messages")
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(msgspec.DecodeError):
        _ = answer.json


async def test_reset_before_any_byte_does_not_process(sandbox: Sandbox, client: Bare) -> None:
    mail = sandbox.accounts[0].mail
    sandbox.faults.add(Fault("reset"))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post("/v1/email/messages", {"to": [{"address": "x@example.com"}]})
    assert len(mail.messages) == 35


async def test_processed_then_reset_processes(sandbox: Sandbox, client: Bare) -> None:
    mail = sandbox.accounts[0].mail
    sandbox.faults.add(Fault("processed_then_reset", method="POST", path="email.messages.send"))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post("/v1/email/messages", {"to": [{"address": "x@example.com"}]})
    assert len(mail.messages) == 36
    assert sandbox.requests[-1].status == 0


async def test_reset_in_body(sandbox: Sandbox, client: Bare) -> None:
    sandbox.faults.add(Fault("reset_in_body"))
    with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientConnectionError)):
        await client.get("/v1/email/messages")
    assert (await client.get("/v1/email/messages")).status == 200


async def test_hang_until_the_client_goes(sandbox: Sandbox, client: Bare) -> None:
    sandbox.faults.add(Fault("hang"))
    with pytest.raises(TimeoutError):
        await client.send("GET", "/v1/account", timeout=aiohttp.ClientTimeout(total=0.05))
    assert (await client.get("/v1/account")).status == 200


async def test_closing_is_prompt_while_requests_hang_and_drip() -> None:
    async with aiohttp.ClientSession() as session:
        async with Sandbox(accounts=1, messages=5) as sandbox:
            sandbox.faults.add(Fault("hang", times=2), Fault("slow", seconds=60))
            headers = {"Authorization": f"Bearer {sandbox.accounts[0].token}"}

            async def ask() -> int:
                async with session.get(f"{sandbox.url}/v1/account", headers=headers) as response:
                    await response.read()
                    return response.status

            asked = [asyncio.create_task(ask()) for _ in range(3)]
            while sum(sandbox.faults.injected.values()) < 3:  # noqa: ASYNC110 - a counter has no event
                await asyncio.sleep(0.001)
            started = time.monotonic()
        assert time.monotonic() - started < 1.0
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(result, aiohttp.ClientConnectionError) for result in results) >= 2


async def test_slow_still_gives_it_all(sandbox: Sandbox, client: Bare) -> None:
    whole = await client.get("/v1/email/folders")
    sandbox.faults.add(Fault("slow", seconds=0.05))
    started = time.monotonic()
    assert (await client.get("/v1/email/folders")).content == whole.content
    assert time.monotonic() - started >= 0.04


async def test_rejected_cursors_hit_only_requests_that_carry_them(sandbox: Sandbox, client: Bare) -> None:
    sandbox.faults.add(Fault("delta_expired"), Fault("delta_invalid"), Fault("page_invalid"))
    token = (await client.start())["syncUpdatedToken"]
    assert (await client.get(UPDATED, deltaToken=token)).status == 410
    answer = await client.get(UPDATED, deltaToken=token)
    assert (answer.status, answer.json["code"]) == (400, "token.notValid")
    page = (await client.get(UPDATED, deltaToken=token)).json["nextPageToken"]
    answer = await client.get(UPDATED, pageToken=page)
    assert (answer.status, answer.json["message"]) == (400, "Page token is invalid")
    assert (await client.get(UPDATED, pageToken=page)).status == 200
    assert sandbox.faults.injected == {"delta_expired": 1, "delta_invalid": 1, "page_invalid": 1}


async def test_spoilt_pages(sandbox: Sandbox, client: Bare) -> None:
    token = (await client.start())["syncUpdatedToken"]
    sandbox.faults.add(Fault("both_tokens"), Fault("neither_token"), Fault("repeat_page_token"))
    both = (await client.get(UPDATED, deltaToken=token)).json
    assert both["nextPageToken"]
    assert both["nextDeltaToken"]
    neither = (await client.get(UPDATED, deltaToken=token)).json
    assert neither.keys() == {"length", "records"}
    page = (await client.get(UPDATED, deltaToken=token)).json["nextPageToken"]
    repeated = (await client.get(UPDATED, pageToken=page)).json
    assert repeated["nextPageToken"] == page
    assert repeated["length"] == 10


@pytest.mark.parametrize("path", [UPDATED, "/v1/email/messages"])
async def test_empty_pages_keep_the_place(sandbox: Sandbox, client: Bare, path: str) -> None:
    query = {"deltaToken": (await client.start())["syncUpdatedToken"]} if path == UPDATED else {"q": "is:read"}
    whole, _ = await _walk(client, path, query)
    sandbox.faults.add(Fault("empty_pages", times=2), Fault("empty_pages", times=3, after=1))
    records, tokens = await _walk(client, path, query)
    assert records == whole
    assert len(tokens) == len(set(tokens))
    assert sandbox.faults.injected["empty_pages"] == 5


async def _walk(client: Bare, path: str, query: dict[str, str]) -> tuple[list[str], list[str]]:
    records: list[str] = []
    tokens: list[str] = []
    while query:
        page = (await client.get(path, **query)).json
        records += [record["id"] for record in page["records"]]
        query = {"pageToken": page["nextPageToken"]} if "nextPageToken" in page else {}
        tokens += query.values()
    return records, tokens


async def test_never_ready(sandbox: Sandbox, client: Bare) -> None:
    sandbox.faults.add(Fault("never_ready", times=None))
    for _ in range(5):
        assert (await client.post("/v1/email/sync")).json == {"ready": False}
    sandbox.faults.clear()
    assert (await client.post("/v1/email/sync")).json["ready"] is True


async def test_an_incomplete_send_was_sent(sandbox: Sandbox, client: Bare) -> None:
    sandbox.faults.add(Fault("incomplete"))
    answer = await client.post("/v1/email/messages", {"to": [{"address": "x@example.com"}]}, returnIds="true")
    assert answer.status == 201
    assert answer.json["processingStatus"] == "Incomplete"
    assert answer.json["processingError"]["failedSteps"] == ["returnIds"]
    assert len(sandbox.accounts[0].mail.messages) == 36


async def test_faults_are_aimed(sandbox: Sandbox, client: Bare) -> None:
    one, two = sandbox.accounts
    sandbox.faults.add(Fault("status", times=None, after=1, method="get", path="/v1/email/*", account=one, status=500))
    async with bare(sandbox, two) as other:
        assert (await other.get("/v1/email/folders")).status == 200
    assert (await client.get("/v1/account")).status == 200
    assert (await client.post("/v1/email/sync")).status == 200
    assert [(await client.get("/v1/email/folders")).status for _ in range(3)] == [200, 500, 500]


async def test_chance_is_drawn_from_the_seed() -> None:
    runs: list[list[int]] = []
    for _ in range(2):
        async with Sandbox(accounts=1, messages=0, seed=7) as sandbox, bare(sandbox, sandbox.accounts[0]) as client:
            sandbox.faults.add(Fault("status", times=None, probability=0.5, status=503))
            runs.append([(await client.get("/v1/account")).status for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(ValueError, match="unknown kind of fault"):
        Fault("meteor")  # type: ignore[arg-type]
