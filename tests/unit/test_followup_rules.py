"""Follow-up rules: the contract answers with one, the vendor's own client reads counted pages; both are a list."""

from typing import Any

from aurinko_async._types import Call
from aurinko_async.models import FollowupRule
from aurinko_async.models.followup import FollowupRules
from aurinko_async.resources.followup import Rules


class Script:
    """Answers calls one after the other, and keeps the queries."""

    def __init__(self, *answers: FollowupRules) -> None:
        self.answers = list(answers)
        self.queries: list[Any] = []

    async def request(self, call: Call[Any]) -> Any:
        self.queries.append(call.query)
        return self.answers.pop(0)


async def test_a_single_rule_is_a_list_of_one_and_nothing_undocumented_is_sent() -> None:
    script = Script(FollowupRules(id=1, name="Nudge"))
    rules = [rule async for rule in Rules(script).list()]  # type: ignore[arg-type]
    assert rules == [FollowupRule(id=1, name="Nudge")]
    assert script.queries == [{}]


async def test_counted_pages_are_followed() -> None:
    script = Script(
        FollowupRules(records=[FollowupRule(id=1), FollowupRule(id=2)], total_size=3, done=False),
        FollowupRules(records=[FollowupRule(id=3)], total_size=3, done=True),
    )
    assert [rule.id async for rule in Rules(script).list()] == [1, 2, 3]  # type: ignore[arg-type]
    assert script.queries == [{}, {"limit": 50, "offset": 2}]


async def test_records_that_are_not_counted_are_all_there_is() -> None:
    script = Script(FollowupRules(records=[FollowupRule(id=1)]))
    assert [rule.id async for rule in Rules(script).list()] == [1]  # type: ignore[arg-type]
