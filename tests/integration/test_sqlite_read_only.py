"""A SQLite store that only looks: what it can see, where nothing may be written, and that it writes nothing."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from aurinko_async.errors import NewerSchema, NotAStore, StoreError
from aurinko_async.sync.stores import SQLiteStore
from support.rows import KEY, commit, row

NOBODY = 65534
DATA = Path(__file__).parents[1] / "data"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a process of this user, without root's rights, may read and not write."""
    with tempfile.TemporaryDirectory(prefix="a?b#") as name:
        yield Path(name)
        may_write_again(Path(name))


def may_only_read(folder: Path, mode: int = 0o555) -> None:
    for it in folder.iterdir():
        it.chmod(0o444)
    folder.chmod(mode)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)


def may_write_again(folder: Path) -> None:
    os.seteuid(os.getuid())
    folder.chmod(0o755)


def content(folder: Path) -> dict[str, bytes]:
    return {it.name: it.read_bytes() for it in folder.iterdir()}


async def look(path: Path) -> list[str | None]:
    """What a store that only looks has."""
    async with SQLiteStore(path, read_only=True) as store:
        assert [state.live for state in await store.status()] == [await store.count("42")]
        return [message.id for message in await store.messages("42")]


async def filled(path: Path) -> None:
    async with SQLiteStore(path) as store:
        lease, _ = await store.begin(KEY)
        await store.commit(lease, commit(row("a"), checkpoint="1"))


@pytest.mark.parametrize("mode", [0o555, 0o777])
async def test_what_may_only_be_read_can_be_looked_at(folder: Path, mode: int) -> None:
    await filled(folder / "mirror.db")
    may_only_read(folder, mode)
    before = content(folder)
    assert await look(folder / "mirror.db") == ["a"]
    assert content(folder) == before


async def test_it_sees_what_another_store_writes_meanwhile(folder: Path) -> None:
    path = folder / "mirror.db"
    async with SQLiteStore(path) as writer:
        lease, _ = await writer.begin(KEY)
        await writer.commit(lease, commit(row("a"), checkpoint="1"))
        async with SQLiteStore(path, read_only=True) as store:
            assert await store.count("42") == 1
            await writer.commit(lease, commit(row("b"), checkpoint="2"))
            assert await store.count("42") == 2
        may_only_read(folder)
        assert sorted(await look(path), key=str) == ["a", "b"]
        may_write_again(folder)


async def test_a_link_is_looked_at_where_it_leads(folder: Path) -> None:
    """What others are writing is beside the file itself, not beside the link."""
    path = folder / "mirror.db"
    with tempfile.TemporaryDirectory() as elsewhere:
        link = Path(elsewhere) / "link.db"
        link.symlink_to(path)
        async with SQLiteStore(path) as writer:
            lease, _ = await writer.begin(KEY)
            await writer.commit(lease, commit(row("a"), checkpoint="1"))
            link.parent.chmod(0o755)
            may_only_read(folder)
            assert await look(link) == ["a"]
            may_write_again(folder)


async def test_it_writes_nothing(folder: Path) -> None:
    path = folder / "mirror.db"
    await filled(path)
    before = content(folder)
    async with SQLiteStore(path, read_only=True) as store:
        with pytest.raises(StoreError, match="cannot be written"):
            await store.begin(KEY)
        with pytest.raises(StoreError, match="cannot be written"):
            await store.mark("42", "email")
    assert content(folder) == before


async def test_an_older_schema_is_looked_at_as_it_is(folder: Path) -> None:
    path = folder / "mirror.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.executescript((DATA / "schema1.sql").read_text(encoding="utf-8"))
    may_only_read(folder)
    async with SQLiteStore(path, read_only=True) as store:
        assert len(await store.status()) == 5
        assert [event.id for event in await store.events("42")] == ["e2", "e1"]


async def test_what_is_no_mirror_is_told(folder: Path) -> None:
    path = folder / "mirror.db"
    with pytest.raises(StoreError, match="does not exist"):
        await look(path)
    assert content(folder) == {}
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("VACUUM")
        with pytest.raises(NotAStore, match="empty"):
            await look(path)
    path.unlink()
    await filled(path)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 3")
    with pytest.raises(NewerSchema):
        await look(path)
