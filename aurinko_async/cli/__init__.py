"""The `aurinko` command. Needs the extra `cli`; this file runs without it, to say so."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

INSTALL: Final = "pip install 'aurinko-async[cli,sqlite]'"
EXTRAS: Final = frozenset({"typer", "rich", "aiosqlite"})
"""The top-level modules that come with the extras."""


def main() -> None:
    """Run the `aurinko` command; never returns."""
    _opened()
    for stream in (sys.stdout, sys.stderr):
        _tolerate(stream)
    try:
        from aurinko_async.cli.app import app

        app(prog_name="aurinko")
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:  # what a command meets, it tells by itself: this is the help, on a full disk
        sys.stderr.write(f"aurinko: {error.strerror}\n")
        sys.exit(1)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRAS:
            raise
        sys.stderr.write(f"aurinko: this command needs {error.name}, which is not installed: {INSTALL}\n")
        sys.exit(2)


def _opened() -> None:
    """Open what the caller closed (`>&-`): else the next file or socket takes its number and is printed into."""
    for name, flags in (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            mode = "r" if flags == os.O_RDONLY else "w"
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))


def _tolerate(stream: TextIO) -> None:
    """Write what the terminal cannot show as an escape instead of failing on it."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
