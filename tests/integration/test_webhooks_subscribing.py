"""ensure_subscriptions against the sandbox: one working subscription for each resource, whatever was there before."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from aurinko_async import AccountAuth, AppAuth, AurinkoClient, RetryPolicy
from aurinko_async.errors import AmbiguousResult, BadRequest, ConfigError, InvalidInput, ServerError
from aurinko_async.models import SubscriptionRequest
from aurinko_async.sandbox import Account, Fault, Sandbox
from aurinko_async.webhooks import CONTACTS, MESSAGES, EnsuredSubscription, ensure_subscriptions, events_of, tasks_of
from support.clock import FakeClock
from support.receiver import Receiver, receiving
from support.server import failing

SUBSCRIPTIONS = "/v1/subscriptions"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=2, messages=3, events=3, clock=FakeClock().time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[AurinkoClient]:
    options = {"retry": RetryPolicy(attempts=1), "base_url": sandbox.url}
    async with AurinkoClient(AccountAuth(account.token), **options) as client:  # type: ignore[arg-type]
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def subscribe(client: AurinkoClient, url: str, resource: str = MESSAGES, **more: Any) -> int:
    request = SubscriptionRequest(resource=resource, notification_url=url, **more)
    made = await client.subscriptions.create(request)
    assert made.id is not None
    return made.id


def there(sandbox: Sandbox, account: Account) -> list[tuple[int, str, str, bool]]:
    """What subscriptions an account has, dead ones included."""
    found = sandbox.webhooks.of(account)
    return [(one.id, one.resource, one.notification_url, one.active) for one in found]


def done(ensured: list[EnsuredSubscription]) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(one.resource, one.action, one.removed) for one in ensured]


async def test_what_is_missing_is_created_and_then_adopted(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    resources = [MESSAGES, events_of(), CONTACTS, tasks_of(), MESSAGES]
    first = await ensure_subscriptions(client, resources, receiver.url)
    assert done(first) == [(resource, "created", ()) for resource in resources[:4]]
    ids = [one.subscription.id for one in first]
    assert there(sandbox, account) == [
        (id_, one, receiver.url, True) for id_, one in zip(ids, resources[:4], strict=True)
    ]
    challenges, requests = len(receiver.challenges), len(sandbox.requests)
    again = await ensure_subscriptions(client, reversed(resources), receiver.url)
    assert done(again) == [(resource, "adopted", ()) for resource in dict.fromkeys(reversed(resources))]
    assert {one.subscription.id for one in again} == set(ids)
    assert len(receiver.challenges) == challenges == 4
    assert len(sandbox.requests) == requests + 1, "where nothing is to do, one request tells so"


async def test_nothing_to_do_sends_nothing(sandbox: Sandbox, client: AurinkoClient) -> None:
    assert await ensure_subscriptions(client, [], "https://example.com/hook") == []
    assert sandbox.requests == []


@pytest.mark.parametrize("how", ["inactive", "failing"])
async def test_what_failed_is_replaced(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver, how: str
) -> None:
    old = await subscribe(client, receiver.url)
    if how == "inactive":
        sandbox.webhooks.subscriptions[old].active = False
    else:
        sandbox.webhooks.subscriptions[old].fail_since = 1_790_000_000.0
    (one,) = await ensure_subscriptions(client, [MESSAGES], receiver.url)
    assert (one.action, one.removed) == ("replaced", (old,))
    assert one.subscription.id not in (None, old)
    assert there(sandbox, account) == [(one.subscription.id, MESSAGES, receiver.url, True)]
    account.mail.add()
    assert [delivery.status for delivery in await sandbox.deliver_webhooks()] == [200]


async def test_the_old_one_goes_only_when_the_new_one_is_there(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    old = await subscribe(client, receiver.url)
    sandbox.webhooks.subscriptions[old].fail_since = 1_790_000_000.0
    receiver.challenge = failing(500)
    with pytest.raises(BadRequest, match="answered 500"):
        await ensure_subscriptions(client, [MESSAGES], receiver.url)
    assert there(sandbox, account) == [(old, MESSAGES, receiver.url, True)]
    receiver.challenge = None
    await ensure_subscriptions(client, [MESSAGES], receiver.url)
    made = [request.method for request in sandbox.requests if request.path.startswith(SUBSCRIPTIONS)]
    assert made.index("DELETE") > len(made) - 1 - made[::-1].index("POST")


async def test_other_filters_are_another_subscription(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    old = await subscribe(client, receiver.url)
    (any_,) = await ensure_subscriptions(client, [MESSAGES], receiver.url)
    (new,) = await ensure_subscriptions(client, [MESSAGES], receiver.url, filters=["withoutDrafts"])
    (same,) = await ensure_subscriptions(client, [MESSAGES], receiver.url, filters=["withoutDrafts"])
    assert (any_.action, any_.subscription.id) == ("adopted", old)
    assert (new.action, new.removed, new.subscription.filters) == ("replaced", (old,), ["withoutDrafts"])
    assert (same.action, same.subscription.id) == ("adopted", new.subscription.id)
    assert len(there(sandbox, account)) == 1


async def test_the_detail_level_is_asked_for(sandbox: Sandbox, client: AurinkoClient, receiver: Receiver) -> None:
    (one,) = await ensure_subscriptions(client, [MESSAGES], receiver.url, detail_level="signal")
    assert sandbox.webhooks.subscriptions[one.subscription.id or 0].detail_level == "signal"


async def test_duplicates_are_removed_and_the_oldest_that_works_is_kept(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    ids = [await subscribe(client, receiver.url) for _ in range(4)]
    sandbox.webhooks.subscriptions[ids[0]].active = False
    (one,) = await ensure_subscriptions(client, [MESSAGES], receiver.url)
    assert (one.action, one.subscription.id, sorted(one.removed)) == ("adopted", ids[1], [ids[0], *ids[2:]])
    assert [id_ for id_, *_ in there(sandbox, account)] == [ids[1]]


async def test_what_is_not_ours_is_left_alone(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    elsewhere = [await subscribe(client, receiver.url + "&b", CONTACTS) for _ in range(2)]
    other_url = [await subscribe(client, receiver.url + "&b") for _ in range(2)]
    other_resource = [await subscribe(client, receiver.url, CONTACTS) for _ in range(2)]
    for id_ in (elsewhere[0], other_url[0], other_resource[0]):
        sandbox.webhooks.subscriptions[id_].active = False
    stranger = sandbox.accounts[1]
    async with AurinkoClient(AccountAuth(stranger.token), base_url=sandbox.url) as theirs:
        await subscribe(theirs, receiver.url)
    before = there(sandbox, account)
    (one,) = await ensure_subscriptions(client, [MESSAGES], receiver.url)
    assert (one.action, one.removed) == ("created", ())
    assert there(sandbox, account) == [*before, (one.subscription.id, MESSAGES, receiver.url, True)]
    assert len(there(sandbox, stranger)) == 1


async def test_more_than_a_page_of_subscriptions(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    for number in range(120):
        await subscribe(client, f"{receiver.url}&n={number % 60}", CONTACTS)
    ours = await subscribe(client, receiver.url)
    (one,) = await ensure_subscriptions(client, [MESSAGES], receiver.url)
    assert (one.action, one.subscription.id) == ("adopted", ours)
    assert len(there(sandbox, account)) == 121


async def test_calls_at_the_same_time_end_with_one_subscription(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    resources = [MESSAGES, events_of(), CONTACTS]
    calls = [ensure_subscriptions(client, resources, receiver.url) for _ in range(6)]
    results = await asyncio.gather(*calls)
    left = there(sandbox, account)
    assert Counter(resource for _, resource, *_ in left) == dict.fromkeys(resources, 1)
    assert all(active for *_, active in left)
    (final,) = {tuple(sorted(one.subscription.id or 0 for one in result)) for result in results}
    assert list(final) == sorted(id_ for id_, *_ in left), "each call names the one that is left"


async def test_calls_at_the_same_time_replace_what_failed_once(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    old = await subscribe(client, receiver.url)
    sandbox.webhooks.subscriptions[old].active = False
    await asyncio.gather(*(ensure_subscriptions(client, [MESSAGES], receiver.url) for _ in range(5)))
    ((id_, *_),) = there(sandbox, account)
    assert id_ != old


async def test_a_creation_whose_answer_was_lost_is_found_in_the_list(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    sandbox.faults.add(Fault("processed_then_reset", method="POST", path=SUBSCRIPTIONS))
    (one,) = await ensure_subscriptions(client, [MESSAGES], receiver.url)
    assert one.action == "created"
    assert there(sandbox, account) == [(one.subscription.id, MESSAGES, receiver.url, True)]


@pytest.mark.parametrize(
    ("fault", "error"), [(Fault("reset"), AmbiguousResult), (Fault("status", status=500), ServerError)]
)
async def test_a_creation_that_failed_is_an_error_and_the_next_call_makes_it(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver, fault: Fault, error: Any
) -> None:
    fault = Fault(fault.kind, method="POST", path=SUBSCRIPTIONS, **fault.detail)
    sandbox.faults.add(fault)
    with pytest.raises(error):
        await ensure_subscriptions(client, [MESSAGES], receiver.url)
    assert there(sandbox, account) == []
    (one,) = await ensure_subscriptions(client, [MESSAGES], receiver.url)
    assert (one.action, len(there(sandbox, account))) == ("created", 1)


async def test_one_that_billing_switched_off_is_not_made_again_and_again(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    old = await subscribe(client, receiver.url)
    sandbox.webhooks.subscriptions[old].disabled_by_billing = True
    sandbox.webhooks.subscriptions[old].active = False
    (one,) = await ensure_subscriptions(client, [MESSAGES], receiver.url)
    assert (one.action, one.subscription.id, one.subscription.disabled_by_billing) == ("adopted", old, True)


async def test_a_resource_that_is_listed_in_another_spelling_is_the_same(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver
) -> None:
    calendar = next(id_ for id_ in account.calendars.ids if "@" in id_)
    escaped = f"/calendars/{quote(calendar, safe='')}/events"
    assert escaped != events_of(calendar)
    old = await subscribe(client, receiver.url, escaped)
    (one,) = await ensure_subscriptions(client, [events_of(calendar)], receiver.url)
    assert (one.resource, one.action, one.subscription.id) == (events_of(calendar), "adopted", old)


@pytest.mark.parametrize("again", range(2))
async def test_an_api_that_answers_with_another_name_of_a_resource_does_not_pile_up(
    sandbox: Sandbox, client: AurinkoClient, account: Account, receiver: Receiver, again: int
) -> None:
    subscribing = sandbox.webhooks.subscribe

    async def renaming(account: Account, request: Any) -> Any:
        made = await subscribing(account, request)
        made.resource = made.topic
        return made

    sandbox.webhooks.subscribe = renaming  # type: ignore[method-assign]
    for _ in range(2 + again):
        (one,) = await ensure_subscriptions(client, [events_of()], receiver.url)
        assert one.resource == events_of()
        ((id_, *_),) = there(sandbox, account)
        assert id_ == one.subscription.id


@pytest.mark.parametrize(
    ("resources", "url"),
    [
        (MESSAGES, "https://example.com/hook"),
        (["email/messages"], "https://example.com/hook"),
        ([""], "https://example.com/hook"),
        ([MESSAGES], "example.com/hook"),
        ([MESSAGES], ""),
    ],
)
async def test_what_cannot_be_meant(sandbox: Sandbox, client: AurinkoClient, resources: Any, url: str) -> None:
    with pytest.raises(InvalidInput):
        await ensure_subscriptions(client, resources, url)
    assert sandbox.requests == []


async def test_the_clients_view_carries_the_account(sandbox: Sandbox, account: Account, receiver: Receiver) -> None:
    app = AppAuth(sandbox.client_id, sandbox.client_secret)
    async with AurinkoClient(app, base_url=sandbox.url) as client:
        with pytest.raises(ConfigError):
            await ensure_subscriptions(client, [MESSAGES], receiver.url)
        auth = AppAuth(sandbox.client_id, sandbox.client_secret, account_id=account.id)
        (one,) = await ensure_subscriptions(client.with_auth(auth), [MESSAGES], receiver.url)
    assert there(sandbox, account) == [(one.subscription.id, MESSAGES, receiver.url, True)]
