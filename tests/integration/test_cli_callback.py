"""The server that a browser comes back to, and the file that a token goes to: nothing is left behind."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from yarl import URL

from aurinko_async.cli import callback
from aurinko_async.cli.callback import CallbackServer
from aurinko_async.cli.token_file import TokenFile
from aurinko_async.errors import ConfigError


async def read(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(URL(url, encoded=True)) as answer:
        return answer.status, await answer.text()


async def test_a_visit_waits_for_its_page_and_has_all_of_it() -> None:
    async with CallbackServer() as server, asyncio.TaskGroup() as group:
        browser = group.create_task(read(f"{server.url}?code=a%2Fb&state=c"))
        visit = await server.visit()
        assert visit.target == "/callback?code=a%2Fb&state=c", "as it came"
        await visit.answer("Café & <b>", "x" * 300_000, status=400)
    status, text = browser.result()
    assert status == 400
    assert "<h1>Café &amp; &lt;b&gt;</h1>" in text
    assert "x" * 300_000 in text


async def test_visits_are_taken_in_their_order() -> None:
    async with CallbackServer() as server, asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(read(f"{server.url}?{number}"))
            visit = await server.visit()
            assert visit.target == f"/callback?{number}"
            await visit.answer("Thanks", "")


async def test_a_browser_that_has_gone_holds_nobody() -> None:
    async with CallbackServer() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.url).port)
        writer.write(b"GET /callback?x HTTP/1.1\r\n\r\n")
        visit = await server.visit()
        writer.transport.abort()
        async with asyncio.timeout(2):
            await visit.answer("Connected", "")


async def test_whoever_is_still_there_at_the_end_is_cut_off() -> None:
    async with CallbackServer() as server:
        port = urlsplit(server.url).port
        connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        connections[1][1].write(b"GET /callback?never-answered HTTP/1.1\r\n\r\n")
        await server.visit()
    for reader, writer in connections:
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_connection_that_says_nothing_for_long_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback, "PATIENCE", 0.01)
    async with CallbackServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.url).port)
        assert await reader.read() == b""
        writer.close()


async def test_a_request_without_end_is_closed() -> None:
    async with CallbackServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.url).port)
        writer.write(b"GET /callback?" + b"x" * callback.LONGEST * 2)
        with suppress(ConnectionResetError):  # we were still writing
            assert await reader.read() == b""
        writer.close()


# --- the token's file


def test_a_file_that_is_not_written_is_not_there(tmp_path: Path) -> None:
    with TokenFile(tmp_path / "token"):
        (beside,) = tmp_path.iterdir()
        assert beside.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with TokenFile(tmp_path / "link") as file:
        file.write("t0ken")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "t0ken\n"
    assert sorted(os.listdir(tmp_path)) == ["link", "real"]


def test_a_directory_that_goes_away_meanwhile_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with TokenFile(folder / "token") as file:
        for left in folder.iterdir():
            left.unlink()
        folder.rmdir()
        with pytest.raises(OSError, match="No such file"):
            file.write("t0ken")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "token", Path("/dev/null")):
        with pytest.raises(ConfigError, match="--token-file"), TokenFile(path):
            pass
    assert os.listdir(tmp_path) == []
