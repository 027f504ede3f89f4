"""A browser without a window or JavaScript: it follows redirects, keeps cookies and submits forms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

import aiohttp
from attrs import Factory, define, frozen
from yarl import URL

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
AWAY = "https://app.example/"
"""Where nobody is: what begins like this is not visited, only looked at."""


@define
class Form:
    """A form with one button."""

    action: str
    fields: dict[str, str] = Factory(dict[str, str])
    button: tuple[str, str] = ("", "")
    label: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.forms: list[Form] = []
        self.text = ""
        self._in_button = self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert len(named) == len(attrs), f"an attribute twice: {attrs}"
        self.tags.append((tag, named))
        self._silent = tag in ("style", "script", "title")
        match tag:
            case "form":
                assert named.get("method") == "get"
                self.forms.append(Form(named["action"] or ""))
            case "input":
                self.forms[-1].fields[named["name"] or ""] = named.get("value") or ""
            case "button":
                self.forms[-1].button = (named["name"] or "", named["value"] or "")
                self._in_button = True
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        self._silent = False
        self._in_button = self._in_button and tag != "button"

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data
        if self._in_button:
            self.forms[-1].label += data


@frozen
class Page:
    """What the browser shows."""

    url: str
    status: int
    headers: Mapping[str, str]
    source: str
    text: str
    forms: list[Form]
    tags: list[tuple[str, dict[str, str | None]]]

    def form(self, label: str) -> Form:
        """The form whose button says so, or a part of it."""
        (found,) = [form for form in self.forms if label in form.label]
        return found


class Browser:
    """One user's browser."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def visit(self, url: str) -> Page:
        for _ in range(10):
            if url.startswith(AWAY):
                return Page(url, 0, {}, "", "", [], [])
            async with self._session.get(URL(url, encoded=True), allow_redirects=False) as answer:
                if answer.status not in (302, 303):
                    return _page(url, answer, await answer.text())
                url = urljoin(url, answer.headers["Location"])
        raise AssertionError("sent in a circle")

    async def click(self, page: Page, label: str, **typed: str) -> Page:
        form = page.form(label)
        fields = {**form.fields, **typed}
        assert set(typed) <= set(form.fields), "there is no such field"
        query = urlencode([*fields.items(), form.button])
        return await self.visit(f"{urljoin(page.url, form.action)}?{query}")


def _page(url: str, answer: aiohttp.ClientResponse, source: str) -> Page:
    reader = _Reader()
    if answer.content_type == "text/html":
        reader.feed(source)
        reader.close()
    return Page(url, answer.status, answer.headers, source, reader.text, reader.forms, reader.tags)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A browser that nobody has used before."""
    jar = aiohttp.CookieJar(unsafe=True)  # our hosts are IP addresses
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(headers={"Accept": ACCEPT}, cookie_jar=jar, timeout=timeout) as session:
        yield Browser(session)
