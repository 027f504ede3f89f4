"""The retry decision: what is repeated, after how long, how often, and until when."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurinko_async._types import Call
from aurinko_async.errors import ConfigError
from aurinko_async.retry import GiveUp, Outcome, Retry, RetryBudget, RetryPolicy, decide, may_repeat

POLICY = RetryPolicy()
METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"]
STATUSES = [None, 400, 401, 403, 404, 408, 409, 410, 412, 422, 429, 500, 501, 502, 503, 504, 505]
RETRIED = {None, 408, 429, 500, 502, 503, 504}
TWICE_IS_NO_HARM = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}


def call(method: str = "GET", *, repeatable: bool = False) -> Call[Any]:
    return Call(method, "/v1/x", object, repeatable=repeatable)


def retries(outcome: Outcome, method: str = "GET", *, repeatable: bool = False, unsafe: bool = False) -> bool:
    policy = RetryPolicy(repeat_unsafe=unsafe)
    return isinstance(decide(policy, call(method, repeatable=repeatable), 1, outcome, 0.0), Retry)


@pytest.mark.parametrize(
    ("status", "method", "repeatable", "unsafe"), [*product(STATUSES, METHODS, [False, True], [False, True])]
)
def test_an_answer_is_retried_by_status_and_by_what_a_repetition_would_do(
    status: int | None, method: str, repeatable: bool, unsafe: bool
) -> None:
    harmless = method in TWICE_IS_NO_HARM or repeatable or unsafe
    expected = status in RETRIED and (harmless or status == 429)
    assert retries(Outcome(status), method, repeatable=repeatable, unsafe=unsafe) is expected


@pytest.mark.parametrize(("method", "repeatable"), [*product(METHODS, [False, True])])
def test_what_was_never_sent_may_be_sent(method: str, repeatable: bool) -> None:
    assert retries(Outcome(sent=False), method, repeatable=repeatable)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_have_been_processed_is_not_sent_again(method: str) -> None:
    assert not may_repeat(POLICY, call(method), Outcome(sent=True))
    assert not retries(Outcome(sent=True), method)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 412])
def test_retry_after_does_not_make_a_refusal_retryable(status: int) -> None:
    assert not retries(Outcome(status, retry_after=1.0))


@pytest.mark.parametrize(
    ("attempt", "ceiling"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (7, 30.0), (50, 30.0), (5000, 30.0)]
)
def test_waits_double_up_to_their_cap_and_are_all_jitter(attempt: int, ceiling: float) -> None:
    policy = RetryPolicy(attempts=10_000)
    assert decide(policy, call(), attempt, Outcome(503), 0.0) == Retry(0.0, ceiling)


def test_the_first_wait_is_capped_too() -> None:
    assert decide(RetryPolicy(base=8.0, max_wait=3.0), call(), 1, Outcome(503), 0.0) == Retry(0.0, 3.0)
    assert decide(RetryPolicy(base=0.0), call(), 3, Outcome(503), 0.0) == Retry(0.0, 0.0)


@pytest.mark.parametrize(
    ("asked", "waited"), [(0.0, 0.0), (7.0, 7.0), (120.0, 120.0), (86400.0, 120.0), (1e999, 120.0)]
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_kept_to_up_to_its_cap(status: int, asked: float, waited: float) -> None:
    assert decide(POLICY, call(), 1, Outcome(status, retry_after=asked), 0.0) == Retry(waited, 0.0)


@pytest.mark.parametrize(("attempts", "attempt", "again"), [(1, 1, False), (2, 1, True), (2, 2, False), (5, 4, True)])
def test_attempts_are_counted(attempts: int, attempt: int, again: bool) -> None:
    decision = decide(RetryPolicy(attempts=attempts), call(), attempt, Outcome(503), 0.0)
    assert isinstance(decision, Retry) is again


def test_nothing_is_tried_after_the_deadline() -> None:
    policy = RetryPolicy(deadline=10.0)
    assert decide(policy, call(), 1, Outcome(503), 10.1) == GiveUp()
    assert decide(policy, call(), 1, Outcome(503, retry_after=3.0), 7.1) == GiveUp()
    assert decide(policy, call(), 1, Outcome(503, retry_after=3.0), 7.0) == Retry(3.0, 0.0)
    assert decide(RetryPolicy(deadline=0.0), call(), 1, Outcome(503), 0.1) == GiveUp()


def test_the_jitter_does_not_lead_past_the_deadline() -> None:
    policy = RetryPolicy(deadline=10.0, base=4.0)
    assert decide(policy, call(), 1, Outcome(503), 5.0) == Retry(0.0, 4.0)
    assert decide(policy, call(), 1, Outcome(503), 7.5) == Retry(0.0, 2.5)


@given(
    attempt=st.integers(1, 12),
    status=st.sampled_from(STATUSES),
    method=st.sampled_from(METHODS),
    sent=st.booleans(),
    retry_after=st.none() | st.floats(0, 1e6),
    elapsed=st.floats(0, 400),
    policy=st.builds(
        RetryPolicy,
        attempts=st.integers(1, 8),
        base=st.floats(0, 5),
        max_wait=st.floats(0, 60),
        max_retry_after=st.floats(0, 200),
        deadline=st.floats(0, 400),
    ),
)
def test_whatever_happens_a_wait_is_bounded_and_ends_before_the_deadline(
    attempt: int,
    status: int | None,
    method: str,
    sent: bool,
    retry_after: float | None,
    elapsed: float,
    policy: RetryPolicy,
) -> None:
    decision = decide(policy, call(method), attempt, Outcome(status, sent, retry_after), elapsed)
    if isinstance(decision, GiveUp):
        return
    assert attempt < policy.attempts
    assert 0 <= decision.at_least <= policy.max_retry_after
    assert 0 <= decision.jitter <= policy.max_wait
    assert elapsed + decision.at_least + decision.jitter <= policy.deadline + 1e-9


@pytest.mark.parametrize(
    "options",
    [
        {"attempts": 0},
        {"base": -1},
        {"max_wait": -0.1},
        {"max_retry_after": -1},
        {"deadline": -1},
        {"budget": -1},
        {"deadline": float("nan")},
    ],
)
def test_a_policy_that_cannot_work_is_refused(options: dict[str, Any]) -> None:
    [name] = options
    with pytest.raises(ConfigError, match=name):
        RetryPolicy(**options)


class TestBudget:
    def test_each_retry_costs_one(self) -> None:
        budget = RetryBudget(3)
        assert [budget.spend() for _ in range(5)] == [True, True, True, False, False]

    def test_ten_successes_earn_one_back(self) -> None:
        budget = RetryBudget(1)
        assert budget.spend()
        for _ in range(9):
            budget.earn()
        assert not budget.spend()
        budget.earn()
        assert budget.spend()
        assert not budget.spend()

    def test_it_never_grows_beyond_its_size(self) -> None:
        budget = RetryBudget(2)
        for _ in range(100):
            budget.earn()
        assert [budget.spend() for _ in range(3)] == [True, True, False]

    def test_none_at_all(self) -> None:
        budget = RetryBudget(0)
        budget.earn()
        assert not budget.spend()
