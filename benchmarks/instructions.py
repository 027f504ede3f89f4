"""Instructions instead of seconds, counted by valgrind's callgrind: a busy machine does not change them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence

CALLGRIND = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}")


def countable() -> bool:
    return shutil.which(CALLGRIND[0]) is not None


def count(module: str, arguments: Sequence[str]) -> int:
    """What `python -m module arguments` takes in all, with dictionaries that are the same in each run."""
    done = subprocess.run(
        [*CALLGRIND, sys.executable, "-m", module, *arguments],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found is not None, done.stderr[-1000:]
    return int(found[1])


def between(module: str, arguments: Sequence[str], turns: tuple[int, int]) -> float:
    """What more turns take, each alone: the module is told how many with its last argument."""
    few, many = (count(module, [*arguments, str(number)]) for number in turns)
    return (many - few) / (turns[1] - turns[0])
