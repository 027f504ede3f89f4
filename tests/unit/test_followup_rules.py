"""Follow-up rules: the contract answers with one, the vendor's own client reads counted pages; both are a list."""

import json
from typing import Any

from aurinko_async import _codec
from aurinko_async._types import Call
from aurinko_async.models import FollowupRule
from aurinko_async.resources.followup import Rules


class Script:
    """Answers calls one after the other, and keeps the queries."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.queries: list[Any] = []

    async def request(self, call: Call[Any]) -> Any:
        self.queries.append(call.query)
        return _codec.decode(call.result, json.dumps(self.answers.pop(0)).encode())


async def test_a_single_rule_is_a_list_of_one_and_nothing_undocumented_is_sent() -> None:
    script = Script({"id": 1, "name": "Nudge"})
    rules = [rule async for rule in Rules(script).list()]  # type: ignore[arg-type]
    assert rules == [FollowupRule(id=1, name="Nudge")]
    assert script.queries == [{}]


async def test_counted_pages_are_followed() -> None:
    script = Script(
        {"records": [{"id": 1}, {"id": 2}], "totalSize": 3, "done": False},
        {"records": [{"id": 3}], "totalSize": 3, "done": True},
    )
    assert [rule.id async for rule in Rules(script).list()] == [1, 2, 3]  # type: ignore[arg-type]
    assert script.queries == [{}, {"limit": 50, "offset": 2}]


async def test_counted_pages_that_do_not_tell_their_end_are_followed() -> None:
    script = Script({"records": [{"id": 1}], "offset": 0, "totalSize": 2}, {"records": [{"id": 2}], "totalSize": 2})
    assert [rule.id async for rule in Rules(script).list()] == [1, 2]  # type: ignore[arg-type]


async def test_records_that_are_not_counted_are_all_there_is() -> None:
    script = Script({"records": [{"id": 1}]})
    assert [rule.id async for rule in Rules(script).list()] == [1]  # type: ignore[arg-type]


async def test_nothing_is_no_rule() -> None:
    for answer in ({}, {"records": None}, {"id": None}):
        assert (await Rules(Script(answer)).list()).records == []  # type: ignore[arg-type]


async def test_a_rule_that_cannot_be_read_costs_itself() -> None:
    page = await Rules(Script({"records": [{"id": 1}, {"id": "x"}, {"id": 3}]})).list()  # type: ignore[arg-type]
    assert [rule.id for rule in page] == [1, 3]
    assert [error.path for error in page.errors] == ["records[1].id"]
