"""The fixture our pytest plugin gives to users."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aurinko_async.sandbox import Sandbox
from support.bare import bare


async def test_the_fixture_is_a_running_sandbox(aurinko_sandbox: Sandbox) -> None:
    async with bare(aurinko_sandbox, aurinko_sandbox.accounts[0]) as client:
        assert (await client.get("/v1/account")).status == 200


@pytest.mark.aurinko_sandbox(accounts=2, messages=7, page_size=3)
async def test_the_marker_configures_it(aurinko_sandbox: Sandbox) -> None:
    assert [len(account.mail.messages) for account in aurinko_sandbox.accounts] == [7, 7]


def test_the_plugin_module_itself_imports_nothing_heavy() -> None:
    program = (
        "import sys, types\n"
        "import aurinko_async.sandbox as home\n"
        "before = set(sys.modules)\n"
        "import pytest, pytest_asyncio\n"
        "known = set(sys.modules)\n"
        "import aurinko_async.sandbox.pytest_plugin\n"
        "print(sorted(set(sys.modules) - known))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['aurinko_async.sandbox.pytest_plugin']"
