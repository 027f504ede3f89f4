"""The sandbox's page for an authorisation: what a browser sees, and where its buttons lead."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from aurinko_async.sandbox import Sandbox
from support.bare import bare, segment
from support.browsing import AWAY, Browser, Page, browser

BACK = f"{AWAY}back?x=1"
NEW = "Connect a new mailbox"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=5, messages=3) as sandbox:
        yield sandbox


@pytest.fixture
async def user() -> AsyncIterator[Browser]:
    async with browser() as user:
        yield user


def address(sandbox: Sandbox, operation: str = "authorize", **query: Any) -> str:
    asked = {"clientId": sandbox.client_id, "serviceType": "Google", "returnUrl": BACK, "state": "s/+=", **query}
    return f"{sandbox.url}/v1/auth/{operation}?{urlencode(asked, quote_via=quote)}"


def back(page: Page) -> dict[str, str]:
    assert page.url.startswith(f"{BACK}&"), page
    answer = dict(parse_qsl(urlsplit(page.url).query, strict_parsing=True))
    assert answer.pop("x") == "1"
    assert answer.pop("state") == "s/+="
    return answer


async def redeemed(sandbox: Sandbox, code: str) -> int:
    """The account that a code is good for."""
    credentials = base64.b64encode(f"{sandbox.client_id}:{sandbox.client_secret}".encode()).decode()
    async with bare(sandbox, Authorization=f"Basic {credentials}") as app:
        answer = await app.post(f"/v1/auth/token/{segment(code)}")
        assert answer.status == 200, answer
        account: int = answer.json["accountId"]
    return account


async def test_it_offers_the_mailboxes_of_the_service_a_new_one_and_no(sandbox: Sandbox, user: Browser) -> None:
    page = await user.visit(address(sandbox, scopes="Mail.Read Mail.Send"))
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    google = [account for account in sandbox.accounts if account.service_type == "Google"]
    assert len(google) == 2
    labels = [f"{a.email}{a.name}, account {a.id}" for a in google]
    assert [form.label for form in page.forms] == [*labels, NEW, "Deny"]
    assert "which mailbox should connect?" in page.text
    assert "app.example wants to connect to Google. It asks for Mail.Read Mail.Send." in page.text
    assert len(sandbox.accounts) == 5, "to look is not to consent"


async def test_the_mailbox_that_is_clicked_is_connected(sandbox: Sandbox, user: Browser) -> None:
    chosen = sandbox.accounts[3]
    chosen.token_status = "dead"
    page = await user.visit(address(sandbox))
    answer = back(await user.click(page, chosen.email))
    assert (answer.keys(), answer["status"]) == ({"status", "code"}, "success")
    assert await redeemed(sandbox, answer["code"]) == chosen.id
    assert (chosen.token_status, len(sandbox.accounts)) == ("active", 5)


async def test_a_new_mailbox_has_the_address_that_is_typed_or_one_that_is_made_up(
    sandbox: Sandbox, user: Browser
) -> None:
    page = await user.visit(address(sandbox))
    await user.click(page, NEW)
    answer = back(await user.click(page, NEW, email=" zoë@example.com "))
    assert [account.email for account in sandbox.accounts[5:]] == ["user6@gmail.example.com", "zoë@example.com"]
    assert await redeemed(sandbox, answer["code"]) == sandbox.accounts[6].id
    for typed in ("nobody", "@", "a@\nb"):
        assert (await user.click(page, NEW, email=typed)).status == 400
    assert len(sandbox.accounts) == 7


async def test_no_is_told_to_the_application(sandbox: Sandbox, user: Browser) -> None:
    page = await user.visit(address(sandbox))
    assert back(await user.click(page, "Deny")) == {"status": "error", "error": "access_denied"}
    assert len(sandbox.accounts) == 5


async def test_recycling_uses_the_account_that_has_the_address(sandbox: Sandbox, user: Browser) -> None:
    taken = sandbox.accounts[0].email
    page = await user.visit(address(sandbox, recycle="true"))
    await user.click(page, NEW, email=taken)
    assert len(sandbox.accounts) == 5
    page = await user.visit(address(sandbox))
    await user.click(page, NEW, email=taken)
    assert [account.email for account in sandbox.accounts].count(taken) == 2


async def test_an_account_that_is_authorised_again_is_the_only_one_offered(sandbox: Sandbox, user: Browser) -> None:
    again = sandbox.accounts[1]
    page = await user.visit(address(sandbox, serviceType="Office365", accountId=again.id))
    assert len(page.forms) == 2
    assert "connect this mailbox again?" in page.text
    assert await redeemed(sandbox, back(await user.click(page, again.email))["code"]) == again.id
    form = page.forms[0]
    for choice in ("new", str(sandbox.accounts[4].id)):
        form.button = ("choice", choice)
        assert (await user.click(page, again.email)).status == 400
    assert (await user.visit(address(sandbox, accountId=1))).status == 404


async def test_a_hint_comes_first_or_is_written_down_already(sandbox: Sandbox, user: Browser) -> None:
    known = sandbox.accounts[3].email
    page = await user.visit(address(sandbox, loginHint=known))
    assert page.forms[0].label.startswith(known)
    assert "suggested" in page.forms[0].label
    assert page.form(NEW).fields["email"] == ""
    page = await user.visit(address(sandbox, loginHint="new@example.com"))
    assert page.form(NEW).fields["email"] == "new@example.com"


async def test_another_address_than_the_one_that_must_sign_in(sandbox: Sandbox, user: Browser) -> None:
    page = await user.visit(address(sandbox, authEmail=sandbox.accounts[0].email))
    refused = {"status": "error", "error": "Another address signed in"}
    assert back(await user.click(page, sandbox.accounts[3].email)) == refused
    assert back(await user.click(page, NEW, email="else@example.com")) == refused
    assert len(sandbox.accounts) == 5
    assert back(await user.click(page, sandbox.accounts[0].email))["status"] == "success"


async def test_the_answer_is_of_the_kind_that_was_asked_for(sandbox: Sandbox, user: Browser) -> None:
    page = await user.visit(address(sandbox, responseType="token"))
    answer = back(await user.click(page, sandbox.accounts[3].email))
    assert answer["token"] == sandbox.accounts[3].token
    page = await user.visit(address(sandbox, "authorizeDaemon", serviceType="GoogleBot"))
    assert [form.label for form in page.forms] == [NEW, "Deny"]
    assert back(await user.click(page, NEW))["code"]
    assert sandbox.accounts[-1].service_type == "GoogleBot"


async def test_a_user_signs_in_on_the_page_too(sandbox: Sandbox, user: Browser) -> None:
    page = await user.visit(address(sandbox, "authorizeUser", accountRole="primary", responseType="code"))
    assert await redeemed(sandbox, back(await user.click(page, sandbox.accounts[0].email))["code"])
    page = await user.visit(address(sandbox, "authorizeUser", accountRole="secondary", userId="u", userSignature="x"))
    assert back(page) == {"status": "error", "error": "userSignature is not valid"}


async def test_whoever_is_no_browser_is_not_asked(sandbox: Sandbox) -> None:
    for accept in ("*/*", "application/json", "text/plain, */*"):
        async with bare(sandbox, Accept=accept) as program:
            answer = await program.get(
                "/v1/auth/authorize", clientId=sandbox.client_id, serviceType="Google", returnUrl=BACK, recycle="true"
            )
            assert (answer.status, answer.headers["Location"].startswith(BACK)) == (303, True)


async def test_the_api_itself_takes_no_choice(sandbox: Sandbox, user: Browser) -> None:
    page = await user.visit(address(sandbox, choice="deny"))
    assert (page.status, "Unknown query parameter" in page.source) == (400, True)
    page = await user.visit(address(sandbox).replace("/v1/auth/", "/sandbox/auth/"))
    assert (page.status, "choice" in page.source) == (400, True)


@pytest.mark.parametrize("name", ["state", "loginHint", "returnUrl", "clientOrgId", "serverUrl", "nativeScopes"])
@pytest.mark.parametrize(
    "attack",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' autofocus onfocus='alert(1)", "</form><form>"],
)
async def test_what_the_address_says_stays_text(sandbox: Sandbox, user: Browser, name: str, attack: str) -> None:
    plain = await user.visit(address(sandbox, **{name: f"{AWAY}x"}))
    value = f"{AWAY}{attack}" if name == "returnUrl" else attack
    page = await user.visit(address(sandbox, **{name: value}))
    assert page.status == 200
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert [sorted(named) for _, named in page.tags] == [sorted(named) for _, named in plain.tags]
    assert page.forms[0].fields[name] == value, "and it is the same when it is sent again"


async def test_a_strange_host_stays_text(sandbox: Sandbox, user: Browser) -> None:
    page = await user.visit(address(sandbox, returnUrl="https://<img src=x onerror=alert(1)>&lt;"))
    assert "An application at <img src=x onerror=alert(1)>&lt; wants" in page.text
    assert "img" not in [tag for tag, _ in page.tags]


async def test_a_mailbox_with_a_strange_name_stays_text_and_the_page_runs_nothing(
    sandbox: Sandbox, user: Browser
) -> None:
    sandbox.add_account("Google", email='"<b>"@example.com', name="<script>alert(1)</script>")
    page = await user.visit(address(sandbox))
    assert '"<b>"@example.com<script>alert(1)</script>, account' in page.forms[2].label
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "b", "img", "link", "iframe"})
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//app.example/", "https://", "http://[::1", f"{AWAY}\r\nX-A: b"]
)
async def test_nobody_is_sent_anywhere_but_to_a_web_page(sandbox: Sandbox, user: Browser, url: str) -> None:
    for target in (address(sandbox, returnUrl=url), address(sandbox, returnUrl=url, clientId="other")):
        page = await user.visit(target)
        assert (page.status, page.headers["Content-Type"]) == (400, "application/json")
