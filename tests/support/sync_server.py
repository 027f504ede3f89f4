"""The API as a sync sees it, small and hostile: it changes, expires, cuts its pages and repeats itself at will.

Written from the rules of the API, not from the machine. Every choice comes from a tape of bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aurinko_async.sync.checkpoint import Window
from aurinko_async.sync.machine import FetchPage, Started


class Violation(AssertionError):
    """A rule of the sync was broken."""


class Tape:
    """Choices out of bytes. When they run out every choice is 0, and 0 is always the quiet one."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def over(self) -> bool:
        return self._at >= len(self._data)

    def __call__(self, choices: int) -> int:
        if self.over:
            return 0
        self._at += 1
        return self._data[self._at - 1] % choices


def inside(window: Window, time: int) -> bool:
    since, until = window
    return (since is None or time >= int(since)) and (until is None or time < int(until))


@dataclass(slots=True, eq=False)
class Token:
    """A delta token (a position in the log) or a page token (a place in a chain); `born` is the page it came with."""

    name: str
    stream: str
    start: int
    position: int = 0
    scan: Window | None = None
    chain: Chain | None = None
    index: int = 0
    born: Served | None = None
    expired: bool = False


@dataclass(slots=True, eq=False)
class Chain:
    """What one delta token opened: the ids, cut into pages; where the next delta token will stand.

    `records` are all there were when it was opened.
    """

    origin: Token
    window: Window
    pages: list[list[str]]
    end: int
    records: Mapping[str, tuple[int, int]]


@dataclass(slots=True, eq=False)
class Served:
    """A page as it went out, the token that it was had for, the one it carries; whether it was applied durably."""

    source: Token
    ids: tuple[str, ...]
    live: dict[str, tuple[int, int]]
    next: Token
    applied: bool = False
    complete: bool = False


def complete(token: Token) -> bool:
    """Everything before the token was applied."""
    page = token.born
    if page is None:
        return True
    page.complete = page.complete or (page.applied and complete(page.source))
    return page.complete


class Server:
    """Records with a log of changes and a log of tombstones; a token is a position in them.

    Args:
        tape: Where it cuts its chains.
        tail: A chain goes on until it has caught up, instead of ending where it was opened for.
        everywhere: Changes outside the window are reported too.
        repeats: A record that changed twice is listed twice.
        early: The tokens of a start stand where the first question for it came, not where it was answered.
        newest: The newest come first.
        as_opened: Pages show the records as they were when the chain was opened, instead of as they are now.
        lag: A tombstone is listed only after so many more changes.
    """

    def __init__(
        self,
        tape: Tape,
        *,
        tail: bool,
        everywhere: bool,
        repeats: bool,
        early: bool,
        newest: bool,
        as_opened: bool,
        lag: int,
    ) -> None:
        self._tape = tape
        self._tail, self._everywhere, self._repeats = tail, everywhere, repeats
        self._early, self._newest, self._as_opened = early, newest, as_opened
        self.lag = lag
        self.records: dict[str, tuple[int, int]] = {}
        self.updates: list[tuple[int, str]] = []
        self.tombstones: list[tuple[int, str]] = []
        self.clock = 0
        self.tokens: dict[str, Token] = {}
        self.starts: list[tuple[Window, Mapping[str, Any]]] = []
        self.not_ready = 0
        self.longest = 1
        self._asked: int | None = None

    # what users do

    def put(self, record_id: str, time: int) -> None:
        self.clock += 1
        self.records[record_id] = (self.clock, time)
        self.updates.append((self.clock, record_id))

    def delete(self, record_id: str) -> None:
        if record_id in self.records:
            self.clock += 1
            del self.records[record_id]
            self.tombstones.append((self.clock, record_id))

    def expire(self, which: Callable[[Token], bool]) -> None:
        for token in self.tokens.values():
            if which(token):
                token.expired = True

    # what the API does

    def start(self, params: Mapping[str, Any], window: Window) -> Started:
        if self._asked is None or not self._early:
            self._asked = self.clock
        if self.not_ready:
            self.not_ready -= 1
            return Started(False)
        position, self._asked = self._asked, None
        number = len(self.starts)
        self.starts.append((window, dict(params)))
        updated = self._token("updated", start=number, position=position, scan=window)
        deleted = self._token("deleted", start=number, position=position)
        return Started(True, updated.name, deleted.name, window)

    def fetch(self, action: FetchPage) -> Served | None:
        """A page, or `None` when the token is not (or no longer) taken."""
        if (action.delta is None) == (action.page is None):
            raise Violation(f"not exactly one token: {action}")
        token = self.tokens.get(action.page or action.delta or "")
        if token is None or token.stream != action.stream or (token.chain is None) != (action.page is None):
            return None
        return None if token.expired else self._serve(token, token.chain or self._open(token))

    def _serve(self, token: Token, chain: Chain) -> Served:
        """Records that are gone are left out: by now, or when the chain was opened."""
        ids = chain.pages[token.index]
        live: dict[str, tuple[int, int]] = {}
        if token.stream == "updated":
            records = chain.records if self._as_opened else self.records
            live = {i: records[i] for i in ids if i in records and self._reports(chain, records[i])}
            ids = list(live)
        index = token.index + 1
        now = self._now(token.stream)
        if index == len(chain.pages) and self._tail and chain.end < now:
            chain.pages += self._cut(self._changes(token.stream, chain.end))
            chain.end, chain.records = now, dict(self.records)
        self.longest = max(self.longest, len(chain.pages))
        if index < len(chain.pages):
            following = self._token(token.stream, start=token.start, chain=chain, index=index)
        else:
            following = self._token(token.stream, start=token.start, position=chain.end)
        following.born = Served(token, tuple(ids), live, following, applied=not ids)
        return following.born

    def _token(self, stream: str, **fields: Any) -> Token:
        token = Token(f"{stream[0]}{len(self.tokens)}", stream, **fields)
        self.tokens[token.name] = token
        return token

    def _reports(self, chain: Chain, record: tuple[int, int]) -> bool:
        return self._everywhere or inside(chain.window, record[1])

    def _now(self, stream: str) -> int:
        """How far a stream can tell."""
        return self.clock - self.lag if stream == "deleted" else self.clock

    def _open(self, token: Token) -> Chain:
        ids = self._changes(token.stream, token.position)
        if token.scan is not None:
            scanned = sorted(record_id for record_id, (_, time) in self.records.items() if inside(token.scan, time))
            ids = scanned + [record_id for record_id in ids if self._repeats or record_id not in scanned]
        end = max(token.position, self._now(token.stream))
        return Chain(token, self.starts[token.start][0], self._cut(ids), end, dict(self.records))

    def _changes(self, stream: str, position: int) -> list[str]:
        log = self.tombstones if stream == "deleted" else self.updates
        ids = [record_id for at, record_id in log if position < at <= self._now(stream)]
        if self._newest:
            ids.reverse()
        return ids if self._repeats else list(dict.fromkeys(ids))

    def _cut(self, ids: list[str]) -> list[list[str]]:
        """Pages of 1 to 3 ids, at will with empty ones before, between and behind; at least one page."""
        choice = self._tape(256)
        size, empty = (2, 1, 3)[choice % 3], choice // 3
        pages: list[list[str]] = []
        for at in range(0, len(ids), size):
            if empty & 1:
                pages.append([])
            empty >>= 1
            pages.append(ids[at : at + size])
        return [*pages, []] if empty & 1 or not pages else pages
