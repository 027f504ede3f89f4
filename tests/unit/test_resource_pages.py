"""Lists of resources ask for their next page with everything that the first was asked for with."""

from types import SimpleNamespace
from typing import Any

import pytest

from aurinko_async._types import Call
from aurinko_async.errors import InvalidInput
from aurinko_async.models import EmailMessage, OffsetPage, Subscription, TokenPage
from aurinko_async.resources.email import Email
from aurinko_async.resources.subscriptions import Subscriptions


class Script:
    """Answers calls with pages, one after the other, and keeps the queries."""

    def __init__(self, *pages: Any) -> None:
        self.pages = list(pages)
        self.queries: list[dict[str, object]] = []
        self.shared = SimpleNamespace(gates=SimpleNamespace(roomy=True))

    async def request(self, call: Call[Any]) -> Any:
        self.queries.append({name: value for name, value in call.query.items() if value})
        return self.pages.pop(0)


async def test_a_list_by_tokens_keeps_its_parameters_and_changes_the_token() -> None:
    script = Script(
        TokenPage(records=[EmailMessage(id="1")], next_page_token="two"),
        TokenPage(records=[], next_page_token="three"),
        TokenPage(records=[EmailMessage(id="2")]),
    )
    found = Email(script).messages.list(q="from:ann", body_type="text", page_token="one")  # type: ignore[arg-type]
    assert [message.id async for message in found] == ["1", "2"]
    kept = {"q": "from:ann", "bodyType": "text"}
    assert script.queries == [{**kept, "pageToken": token} for token in ("one", "two", "three")]


async def test_a_counted_list_keeps_its_parameters_and_changes_the_offset() -> None:
    script = Script(
        OffsetPage(records=[Subscription(id=1), Subscription(id=2)], offset=4, total_size=7, done=False),
        OffsetPage(records=[Subscription(id=3)], offset=6, total_size=7, done=True),
    )
    found = Subscriptions(script).list(include_inactive=True, limit=2, offset=4)  # type: ignore[arg-type]
    assert [subscription.id async for subscription in found] == [1, 2, 3]
    kept = {"includeInactive": True, "limit": 2}
    assert script.queries == [{**kept, "offset": offset} for offset in (4, 6)]


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": -1}, {"offset": -1}])
def test_a_counted_list_cannot_be_asked_for_less_than_something(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput, match="or more"):
        Subscriptions(Script()).list(**wrong)  # type: ignore[arg-type]
