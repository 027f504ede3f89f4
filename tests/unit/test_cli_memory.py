"""The command's process keeps the memory of pages; the library's user has it as it was."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
{first}
def pages():
    return [bytearray(450_000) for _ in range(48)]
for _ in range(5):
    pages()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    pages()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""

COMMAND = """
from aurinko_async.cli.running import execute
async def command(interrupts):
    return 0
try:
    execute(command)
except BaseException:
    pass
"""


def faults(first: str) -> int:
    """Pages of memory that the system had to give again for what was held before."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTS.format(first=first)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's")
def test_memory_is_kept_for_the_next_page() -> None:
    as_it_is = faults("import aurinko_async, aurinko_async.client")
    if as_it_is < 1000:
        pytest.skip("this allocator keeps it anyway")
    assert faults(COMMAND) < as_it_is / 10
