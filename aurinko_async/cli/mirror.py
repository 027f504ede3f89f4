"""Where a mirror is: a SQLite file or a PostgreSQL database."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import typer
from attrs import field, frozen

from aurinko_async.errors import StoreError
from aurinko_async.sync import PostgresStore, SQLiteStore

SERVERS: Final = ("postgresql://", "postgres://")
_KEYWORDS: Final = re.compile(r"(?:^|\s)(?:host|hostaddr|port|dbname|user|password|service|sslmode)\s*=")
"""libpq's other kind of connection string: as the name of a file it would show its password everywhere."""


class NoMirror(StoreError):
    """There is no file, and looking makes none."""


@frozen
class Database:
    """What `--db` names. `str()` is fit to be shown: it has no password."""

    address: str = field(converter=str, repr=False)

    @property
    def path(self) -> Path | None:
        """The file; `None` when it is a server's."""
        return None if self.address.startswith(SERVERS) else Path(self.address)

    @property
    def is_missing(self) -> bool:
        """It is a file that is not there."""
        return self.path is not None and not self.path.exists()

    def there(self) -> Database:
        """Itself, for those who only look.

        Raises:
            NoMirror: it is a file that is not there.
        """
        if self.is_missing:
            raise NoMirror(f"{self} does not exist: `aurinko sync --db {self}` makes it")
        return self

    def __str__(self) -> str:
        return self.address if self.path is not None else _without_secrets(self.address)


def _without_secrets(url: str) -> str:
    """The URL without its password and its query, where there may be another one."""
    scheme, place, path, _, _ = urlsplit(url)
    who, at, host = place.rpartition("@")
    return f"{scheme}://{who.partition(':')[0]}{at}{host}{path}"


def _is_clear(url: str) -> bool:
    """Nothing of its password can be taken for another part of it."""
    try:
        _, place, path, query, fragment = urlsplit(url)
    except ValueError:
        return False
    return "@" not in path + fragment and ("@" not in query or "@" in place or not place)


def database(text: str | Database) -> Database:
    """What an option's text names; a database stays as it is.

    Raises:
        BadParameter: it is another kind of URL, or one whose password cannot be told apart. The text is not repeated:
            it may have a password.
    """
    if isinstance(text, Database):
        return text
    foreign = "://" in text and not text.startswith(SERVERS)
    if not text or foreign or ("://" not in text and _KEYWORDS.search(text)):
        raise typer.BadParameter("give the path of a file, or postgresql://user@host/database")
    if text.startswith(SERVERS) and not _is_clear(text):
        raise typer.BadParameter("percent-encode what is special in the password, or leave it to PGPASSWORD")
    return Database(text)


def mirror(db: Database, *, read_only: bool = False) -> SQLiteStore | PostgresStore:
    """The store there, to be opened. `read_only` is of a file: it is only looked at, with less memory.

    Raises:
        ModuleNotFoundError: the extra `sqlite` is not installed; `main` says so.
        ConfigError: the extra `postgres` is not installed, or the URL cannot be read.
    """
    if db.path is None:
        return PostgresStore(db.address)
    import_module("aiosqlite")
    return SQLiteStore(db.path, read_only=read_only)
