"""The rules of the sync, held against every step of a simulated life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aurinko_async.sync.checkpoint import Checkpoint, Window
from aurinko_async.sync.machine import Deliver, FetchPage, Started, Sweep, Wait
from support.sync_server import Served, Server, Violation, complete, inside


@dataclass(slots=True)
class Row:
    version: int
    time: int
    generation: int


class Store:
    """What survives a crash: rows and the last checkpoint, read back from its JSON."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.checkpoint: Checkpoint | None = None

    def save(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = Checkpoint.from_json(checkpoint.to_json())

    def sweep(self, generation: int, window: Window) -> None:
        self.rows = {
            record_id: row
            for record_id, row in self.rows.items()
            if row.generation >= generation or not inside(window, row.time)
        }


def expect(holds: bool, rule: str) -> None:
    if not holds:
        raise Violation(rule)


class Rules:
    """Knows the server and the store, and what this run has done so far.

    Args:
        exact: The machine remembers every id, so it settles those that came live and no others.
    """

    def __init__(self, server: Server, store: Store, *, exact: bool) -> None:
        self._server, self._store, self._exact = server, store, exact
        self._live: set[str] = set()
        self._known: set[str] = set()

    @property
    def _saved(self) -> Checkpoint:
        saved = self._store.checkpoint
        if saved is None:
            raise Violation("works without a durable generation")
        return saved

    def begin(self, params: Mapping[str, Any]) -> None:
        self._params = params
        self._rejected: set[str] = set()
        self._fell_back: set[str] = set()
        self._drained: set[str] = set()
        self._page: Served | None = None
        self._swept: int | None = None
        self._waits = 0
        saved = self._store.checkpoint
        self._due = saved is None or saved.params != params
        resumes = None if self._due else saved
        self._finishes = resumes is not None and resumes.updated.page is not None
        self._resumed = resumes is not None and (self._finishes or resumes.deleted.page is not None)

    def started(self, started: Started) -> None:
        expect(self._due, "a new start without a need")
        self._waits = 0 if started.ready else self._waits + 1
        if started.ready:
            self._due = self._finishes = self._resumed = False
            self._fell_back.clear()
            self._drained.clear()

    def wait(self, action: Wait) -> None:
        expect(action.attempt == self._waits, "waits are not counted")

    def fetch(self, action: FetchPage) -> None:
        expect(self._saved.params == self._params, "fetches for other start parameters")
        expect(not self._due, "a fetch where only a new start helps")
        cursor = self._saved.deleted if action.stream == "deleted" else self._saved.updated
        if cursor.page is None or cursor.page in self._rejected:
            expect((action.delta, action.page) == (cursor.delta, None), "not the saved delta token")
        else:
            expect((action.delta, action.page) == (None, cursor.page), "does not resume at the saved page")
        if action.stream == "deleted":
            expect(self._saved.updated.page is None, "drains deleted while a chain of updated is open")
        else:
            expect(self._finishes or "deleted" in self._drained, "updated before deleted is drained")
        expect(action.stream not in self._drained, "a stream drained twice")

    def fetched(self, action: FetchPage, page: Served | None) -> None:
        if page is None:
            self._rejected.add(action.page or action.delta or "")
            self._due = action.page is None or action.stream in self._fell_back
            if action.page is not None:
                self._fell_back.add(action.stream)
            return
        self._page = page
        if action.stream == "updated":
            self._live.update(page.ids)
        if page.next.chain is None:
            self._drained.add(action.stream)

    def deliver(self, action: Deliver) -> None:
        page = self._page
        assert page is not None
        expect(action.records is page and not page.applied, "delivers other than the page that came")
        start = self._server.tokens[self._saved.updated.delta].start
        expect(page.source.start == start, "delivers of a generation that is not durable")
        expect(action.checkpoint.generation == self._saved.generation, "delivers with another generation's mark")
        expect(set(action.settle) <= set(page.ids), "settles what the page does not have")
        if self._exact:
            expect(set(action.settle) <= self._live, "settles what never came live")
            late = self._known & set(page.ids) if action.stream == "deleted" else set[str]()
            expect(late <= set(action.settle), "believes a tombstone of what came live")

    def sweep(self, action: Sweep) -> None:
        token = self._server.tokens[self._saved.updated.delta]
        expect(self._saved.scanning and not action.checkpoint.scanning, "sweeps a scan that is closed")
        whole = self._saved.updated.page is None and token.born is not None and complete(token)
        expect(whole, "sweeps before every page of the scan was applied")
        expect(action.generation == self._saved.generation, "sweeps with another generation")
        expect(action.window == self._server.starts[token.start][0], "sweeps another window than was scanned")
        self._swept = token.start

    def save(self, checkpoint: Checkpoint) -> None:
        start = self._check_cursors(checkpoint)
        window, params = self._server.starts[start]
        expect(checkpoint.window == window and checkpoint.params == params, "not the scan that was started")
        before, tokens = self._store.checkpoint, self._server.tokens
        if before is None or tokens[before.updated.delta].start != start:
            generation = before.generation if before is not None else 0
            expect(checkpoint.generation == generation + 1, "each start is one new generation")
            expect(checkpoint.scanning, "a new generation that does not scan")
            self._known.clear()
            return
        expect(checkpoint.generation == before.generation, "a new generation without a new start")
        if checkpoint == before:
            return
        if checkpoint.scanning != before.scanning:
            expect(before.scanning and self._swept == start, "a scan is closed without its sweep")
        else:
            self._check_step(before, checkpoint)

    def _check_cursors(self, checkpoint: Checkpoint) -> int:
        tokens, starts = self._server.tokens, set[int]()
        for stream, cursor in (("deleted", checkpoint.deleted), ("updated", checkpoint.updated)):
            delta, token = tokens[cursor.delta], tokens[cursor.page or cursor.delta]
            starts |= {delta.start, token.start}
            expect({delta.stream, token.stream} == {stream}, "the cursors are swapped")
            expect(complete(token), "the checkpoint is ahead of the data")
            expect(delta.chain is None, "a page token in the place of a delta token")
            expect(token.chain is None or token.chain.origin is delta, "not the delta token of the chain")
        expect(len(starts) == 1, "the cursors are of two starts")
        return starts.pop()

    def _check_step(self, before: Checkpoint, checkpoint: Checkpoint) -> None:
        assert self._page is not None
        if self._page.source.stream == "deleted":
            moved, other = checkpoint.deleted, checkpoint.updated == before.updated
        else:
            moved, other = checkpoint.updated, checkpoint.deleted == before.deleted
            self._known.update(self._page.ids)
        expect((moved.page or moved.delta) == self._page.next.name, "does not save where the page led")
        expect(other, "a page of one stream moves the other")

    def done(self, checkpoint: Checkpoint | None, *, again: bool) -> None:
        streams = {"updated"} if self._finishes else {"deleted", "updated"}
        expect(self._drained == streams, "done without both streams")
        expect(again == self._resumed, "one more round is due when this one resumed inside a chain, and only then")
        expect(checkpoint == self._saved, "done with a checkpoint that was not saved")
        expect(not self._saved.scanning, "done without the sweep")
