"""The file that mail is mirrored into."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from aurinko_async.sync import SQLiteStore


def mirror(db: Path) -> SQLiteStore:
    """The store at `db`, to be opened.

    Raises:
        ModuleNotFoundError: the extra `sqlite` is not installed; `main` says so.
    """
    import_module("aiosqlite")
    return SQLiteStore(db)
