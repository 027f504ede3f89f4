"""The `aurinko_sandbox` fixture: a running sandbox for a test. The sandbox is imported when a test asks for it.

Configure it with a marker, whose arguments are those of `Sandbox`:

    @pytest.mark.aurinko_sandbox(accounts=2, messages=50)
    async def test_reads_mail(aurinko_sandbox): ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from aurinko_async.sandbox.server import Sandbox

# Enough for several pages; a marker asks for more.
_MESSAGES = 250


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "aurinko_sandbox(**options): the options of the `aurinko_sandbox` fixture")


async def _running(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """A running simulated Aurinko server; `sandbox.url` is its address."""
    from aurinko_async.sandbox.server import Sandbox

    marker: pytest.Mark | None = request.node.get_closest_marker("aurinko_sandbox")
    options: dict[str, Any] = {"messages": _MESSAGES, **(marker.kwargs if marker else {})}
    async with Sandbox(**options) as sandbox:
        yield sandbox


def _not_installed() -> None:
    raise pytest.UsageError("the fixture aurinko_sandbox is asynchronous: install pytest-asyncio to use it")


if find_spec("pytest_asyncio") is None:
    aurinko_sandbox: Any = pytest.fixture(_not_installed)
else:
    import pytest_asyncio

    aurinko_sandbox = pytest_asyncio.fixture(_running)
