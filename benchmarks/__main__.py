"""Run all benchmarks and print one table of ratios."""

import argparse
import os
import platform
import sys
from importlib.metadata import version
from importlib.util import find_spec

from benchmarks import (
    choices,
    decode,
    end_to_end,
    gzip_pages,
    imports,
    latency,
    mirror,
    postgres,
    scale,
    session,
    store,
)

BENCHMARKS = (decode, session, end_to_end, gzip_pages, latency, scale, store, mirror, postgres, imports, choices)
PACKAGES = ("aiohttp", "attrs", "cattrs", "isal", "msgspec", "orjson", "psycopg", "pydantic", "uvloop")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few rounds only, to see that everything runs")
    parser.add_argument("--markdown", metavar="FILE", help="also write the table here")
    arguments = parser.parse_args()
    rounds = 2 if arguments.quick else 40
    lines = ["| what | ratio | middle half | target |", "|---|---|---|---|"]
    sys.stdout.write("\n".join(lines) + "\n")
    for benchmark in BENCHMARKS:
        for result in benchmark.run(rounds):
            lines.append(result.row())
            sys.stdout.write(lines[-1] + "\n")
            sys.stdout.flush()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES if find_spec(name))
    machine = f"{os.cpu_count()} cores of {platform.machine()}, {platform.system()}"
    lines.append(
        f"\nPython {platform.python_version()} on {machine}; {packages}; {rounds} rounds, fewer of the long ones."
    )
    sys.stdout.write(lines[-1] + "\n")
    if arguments.markdown:
        with open(arguments.markdown, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
