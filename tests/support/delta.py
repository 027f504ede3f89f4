"""What the tests of delta sync share."""

from typing import Any

from aurinko_async.sandbox import Sandbox
from aurinko_async.sync.checkpoint import Checkpoint

PAGE = 20
MESSAGES = 130
DAY = 86_400.0


def pages_served(sandbox: Sandbox, stream: str) -> int:
    return sum(served.operation == f"email.sync.{stream}" and served.status == 200 for served in sandbox.requests)


async def checkpoint_of(store: Any) -> Checkpoint:
    (state,) = [state for state in await store.status() if not state.key.consumer]
    return Checkpoint.from_json(state.checkpoint)
