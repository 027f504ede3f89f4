"""What the README says is true: its code runs, its tests exist, its diagram is the machine's table."""

import ast
import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from aurinko_async.sandbox import Sandbox
from aurinko_async.sync.machine import TABLE, Done, StartSync

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {page: (ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/sync.md")}
PROGRAMS = {
    f"{page}:{number}": code
    for page, text in DOCS.items()
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    if "asyncio.run" in code
}
TESTS = [code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "def test_" in code]


async def run(*command: str, cwd: Path, **env: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


@pytest.mark.parametrize("where", PROGRAMS)
async def test_the_programs_run(where: str, tmp_path: Path) -> None:
    async with Sandbox(accounts=1, messages=60, seed=3) as sandbox:
        environment = {"AURINKO_BASE_URL": sandbox.url}
        if "application_accounts" in PROGRAMS[where]:
            environment |= {"AURINKO_CLIENT_ID": sandbox.client_id, "AURINKO_CLIENT_SECRET": sandbox.client_secret}
        else:
            environment |= {"AURINKO_ACCESS_TOKEN": sandbox.accounts[0].token}
        for _ in range(2):
            await run(sys.executable, "-W", "error", "-c", PROGRAMS[where], cwd=tmp_path, **environment)
        assert sandbox.requests


async def test_the_test_of_users_code_passes(tmp_path: Path) -> None:
    (test,) = TESTS
    (tmp_path / "test_users_code.py").write_text(test, encoding="utf-8")
    command = (sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider")
    assert "1 passed" in await run(*command, cwd=tmp_path)


def test_every_guarantee_names_a_test_that_exists() -> None:
    table = README.split("## Guarantees")[1].split("##")[0]
    named = re.findall(r"\| `(test_\w+)` \|", table)
    assert len(named) > 9
    defined = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert set(named) - defined == set()


def diagram() -> str:
    lines = ["stateDiagram-v2", f"    [*] --> {StartSync.__name__}"]
    lines += [
        f"    {state.__name__} --> {target.__name__}: {event.__name__}"
        for (state, event), targets in TABLE.items()
        for target in targets
    ]
    return "\n".join([*lines, f"    {Done.__name__} --> [*]"])


def test_the_diagram_is_the_table() -> None:
    (drawn,) = re.findall(r"```mermaid\n(.*?)\n?```", README, re.DOTALL)
    assert drawn == diagram()


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 250
