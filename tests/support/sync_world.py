"""A life of the sync machine: a server that changes and expires at will, a store that survives crashes.

`Simulation.play` puts a machine through bad weather, then lets it settle and compares what was mirrored with the truth.
With `watch` every step is held against the rules as well. What is broken raises `Violation`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from aurinko_async.errors import SyncNotReady, TooManyRestarts
from aurinko_async.sync import checkpoint as checkpoint_module
from aurinko_async.sync.checkpoint import Checkpoint, Window
from aurinko_async.sync.machine import (
    Action,
    Bounds,
    Deliver,
    Delivered,
    Done,
    Event,
    FetchPage,
    PageArrived,
    Saved,
    StartSync,
    Sweep,
    Swept,
    SyncMachine,
    TokenRejected,
    Wait,
    Waited,
)
from support.sync_rules import Row, Rules, Store, expect
from support.sync_server import Served, Server, Tape, inside

IDS: Final = "abcdefgh"
TIMES: Final = 6
BOUNDS: Final = Bounds(waits=3, restarts=3, empty_pages=100)
WINDOWS: Final[tuple[tuple[Mapping[str, int | None], Window], ...]] = (
    ({"days": 4}, ("2", None)),
    ({"days": None}, (None, None)),
    ({"days": 2}, ("4", None)),
    ({"days": 2, "until": 5}, ("4", "5")),
)
"""Start parameters and what a scan with them covers: records have a time from 0 to 5."""
MODES: Final = ("mirror", "hand over", "own database")
LIMITS: Final = (512, 2, 0)
"""Ids the machine remembers: all, too few, none."""
LAGS: Final = (0, 0, 2, 5)
"""Changes until a tombstone is listed; one that lags by rounds does no harm while the machine remembers all ids."""


class Crash(Exception):
    """The process dies."""


@contextmanager
def remembering(limit: int) -> Iterator[None]:
    """The machine remembers so many ids."""
    before = checkpoint_module.RECENT
    checkpoint_module.RECENT = limit  # type: ignore[misc]
    try:
        yield
    finally:
        checkpoint_module.RECENT = before  # type: ignore[misc]


class Simulation:
    """One life of a sync.

    Args:
        tape: The choices: how the world is made, and what happens between any two steps.
        machine: The class under test.
        mode: `mirror` applies and saves a page in one transaction at the save, `own database` at the delivery;
            `hand over` makes delivered rows durable at once and the checkpoint at the save. `None`: the tape decides.
        script: Instead of the tape: what happens before which step.
        as_opened: Pages are as of when their chain was opened, else the tape decides.
        watch: Hold every step against the rules; else only the outcome counts.
    """

    def __init__(
        self,
        tape: bytes = b"",
        machine: type[SyncMachine] = SyncMachine,
        *,
        mode: str | None = None,
        script: Mapping[int, str] | None = None,
        as_opened: bool = False,
        watch: bool = True,
    ) -> None:
        self.tape = choose = Tape(tape)
        self.machine, self.script, self.watch = machine, script, watch
        self.mode = mode or MODES[choose(len(MODES))]
        self.limit = LIMITS[choose(len(LIMITS))]
        style = choose(256)
        self.server = Server(
            choose,
            tail=bool(style & 1),
            everywhere=not style & 2,
            repeats=bool(style & 4),
            early=bool(style & 8),
            newest=bool(style & 16),
            as_opened=as_opened or bool(style & 32),
            lag=LAGS[style >> 6] if self.limit >= len(IDS) else 0,
        )
        self.store = Store()
        self.rules = Rules(self.server, self.store, exact=self.limit >= len(IDS))
        self.params, self.window = WINDOWS[choose(len(WINDOWS))]
        self.calm = (4, 2, 12)[choose(3)]
        climate = choose(32)
        self.rush = bool(climate & 16)
        self.weathers = [
            name for at, names in enumerate(CLIMATE) if at == 0 or climate >> (at - 1) & 1 for name in names
        ]
        for at, record_id in enumerate(IDS[:6]):
            self.server.put(record_id, (at + choose(TIMES)) % TIMES)
        self.steps = 0
        self.trace: list[Any] = []
        self._begin()

    def _begin(self) -> None:
        self.rules.begin(self.params)
        self.page: Served | None = None
        self.pending: Callable[[], None] | None = None
        self.ahead: tuple[FetchPage, Served | None] | None = None
        self.fetches = self.starts = self.waits = 0

    def play(self) -> None:
        """Live through the weather, settle, compare."""
        with remembering(self.limit):
            while self._stormy:
                self.run()
            self.server.not_ready = self.server.lag = 0
            expect(any(self.run() for _ in range(3)), "a quiet server, and the sync does not come to its end")
            expect(self.run(), "a quiet server, and a full round does not come to its end")
            quiet = len(self.trace)
            expect(self.run(), "a quiet server, and a quiet round does not come to its end")
            expect(not any(isinstance(action, Deliver) for action in self.trace[quiet:]), "a quiet round delivers")

    @property
    def _stormy(self) -> bool:
        return not self.tape.over if self.script is None else self.steps <= max(self.script)

    def run(self) -> bool:
        """One run, as the driver makes it; `True` when it came to its end. Then it has all that was done before it."""
        began, again = self.server.clock, True
        for _ in range(2):
            self._begin()
            machine = self.machine(self.store.checkpoint, self.params, BOUNDS)
            if not self._round(machine):
                return False
            again = machine.resumed
            if self.watch:
                self.rules.done(machine.checkpoint, again=again)
            if not again:
                break
        expect(not again, "rounds without end")
        self.compare(began)
        return True

    def _round(self, machine: SyncMachine) -> bool:
        action = machine.action
        try:
            while not isinstance(action, Done):
                self.weather(action)
                self.trace.append(action)
                action = machine.handle(self.perform(action))
                if machine.lookahead and self.ahead is None and self.tape(3) == 1:
                    self.ahead = (machine.lookahead, self.server.fetch(machine.lookahead))
        except Crash:
            return False
        except SyncNotReady:
            expect(self.waits > BOUNDS.waits, "gave up too early to wait")
            return False
        except TooManyRestarts:
            expect(self.starts >= BOUNDS.restarts, "gave up too early to start again")
            return False
        self.trace.append(action)
        return True

    # --- weather

    def weather(self, action: Action) -> None:
        """What happens before the next step; in a rush mostly between the two streams, where it hurts."""
        self.steps += 1
        what = None
        if self.script is not None:
            what = self.script.get(self.steps)
        elif self.rush and isinstance(action, FetchPage) and action.delta and action.stream == "updated":
            what = (None, "flicker", "flicker", "flicker", "delete", "put")[self.tape(6)]
        elif self.tape(self.calm) == 1:
            what = self.weathers[self.tape(len(self.weathers))]
        if what is not None:
            self.trace.append(what)
            getattr(self, what)()

    def _any(self) -> str:
        return IDS[(2 + self.tape(len(IDS))) % len(IDS)]

    def put(self) -> None:
        self.server.put(self._any(), self.tape(TIMES))

    def update(self) -> None:
        record_id = self._any()
        if record_id in self.server.records:
            self.server.put(record_id, self.server.records[record_id][1])

    def update_all(self) -> None:
        for record_id, (_, time) in list(self.server.records.items()):
            self.server.put(record_id, time)

    def delete(self) -> None:
        self.server.delete(self._any())

    def flicker(self) -> None:
        """Deleted and restored at once."""
        record_id = self._any()
        if record_id in self.server.records:
            _, time = self.server.records[record_id]
            self.server.delete(record_id)
            self.server.put(record_id, time)

    def flash(self) -> None:
        """Written and deleted at once."""
        record_id = self._any()
        self.server.put(record_id, self.tape(TIMES))
        self.server.delete(record_id)

    def delete_all(self) -> None:
        for record_id in list(self.server.records):
            self.server.delete(record_id)

    def restore_all(self) -> None:
        for record_id in dict.fromkeys(record_id for _, record_id in self.server.tombstones):
            if record_id not in self.server.records:
                self.server.put(record_id, TIMES - 1)

    def crash(self) -> None:
        raise Crash

    def outage(self) -> None:
        """Dies, and something is deleted before it lives again."""
        self.delete()
        raise Crash

    def expire_pages(self) -> None:
        self.server.expire(lambda token: token.chain is not None)

    def expire_deltas(self) -> None:
        self.server.expire(lambda token: token.chain is None)

    def expire_updated(self) -> None:
        self.server.expire(lambda token: token.stream == "updated")

    def expire_deleted(self) -> None:
        self.server.expire(lambda token: token.stream == "deleted")

    def expire_all(self) -> None:
        self.server.expire(lambda token: True)

    def change_params(self) -> None:
        others = [choice for choice in WINDOWS if choice[0] != self.params]
        self.params, self.window = others[self.tape(len(others))]
        raise Crash

    def be_not_ready(self) -> None:
        self.server.not_ready = 1 + self.tape(BOUNDS.waits + 2)

    # --- steps

    def perform(self, action: Action) -> Event:
        if isinstance(action, StartSync):
            return self._start()
        if isinstance(action, Wait):
            if self.watch:
                self.rules.wait(action)
            return Waited()
        if isinstance(action, FetchPage):
            return self._fetch(action)
        if isinstance(action, Deliver):
            return self._deliver(action)
        if isinstance(action, Sweep):
            if self.watch:
                self.rules.sweep(action)
            self._change(lambda: self.store.sweep(action.generation, action.window), action.checkpoint)
            return Swept()
        assert not isinstance(action, Done)
        pending, self.pending = self.pending, None
        if pending is not None:
            pending()
        self._save(action.checkpoint)
        return Saved()

    def _start(self) -> Event:
        started = self.server.start(self.params, self.window)
        if self.watch:
            self.rules.started(started)
        self.waits = 0 if started.ready else self.waits + 1
        self.starts += started.ready
        expect(self.waits <= BOUNDS.waits + 1, "waits without end")
        expect(self.starts <= BOUNDS.restarts + 1, "restarts without end")
        return started

    def _fetch(self, action: FetchPage) -> Event:
        self.fetches += 1
        allowed = (BOUNDS.restarts + 1) * 2 * 2 * (self.server.longest + 1)
        expect(self.fetches <= allowed, "fetches without end")
        if self.watch:
            self.rules.fetch(action)
        ahead, self.ahead = self.ahead, None
        page = ahead[1] if ahead is not None and ahead[0] == action else self.server.fetch(action)
        if self.watch:
            self.rules.fetched(action, page)
        if page is None:
            return TokenRejected()
        self.page = page
        following = page.next.name
        return PageArrived(page, page.ids, *((None, following) if page.next.chain is None else (following, None)))

    def _deliver(self, action: Deliver) -> Event:
        if self.watch:
            self.rules.deliver(action)
        page = self.page
        assert page is not None
        batch: list[tuple[str, tuple[int, int] | None]] = list(page.live.items())
        if action.stream == "deleted":
            batch = [(record_id, None) for record_id in page.ids if record_id not in action.settle]
            for record_id in action.settle:
                batch.append((record_id, self.server.records.get(record_id)))
                if self.tape(8) == 1:
                    self.flicker()
        self._change(lambda: self._apply(batch, action.checkpoint.generation, page), action.checkpoint)
        return Delivered()

    def _change(self, change: Callable[[], None], checkpoint: Checkpoint) -> None:
        if self.mode == "mirror":
            self.pending = change
            return
        change()
        if self.mode == "own database":
            self._save(checkpoint)

    def _apply(self, batch: Iterable[tuple[str, tuple[int, int] | None]], generation: int, page: Served) -> None:
        for record_id, record in batch:
            if self.mode == "hand over" and self.tape(24) == 1:
                raise Crash  # in the midst of the batch
            if record is None:
                self.store.rows.pop(record_id, None)
            else:
                self.store.rows[record_id] = Row(*record, generation)
        page.applied = True

    def _save(self, checkpoint: Checkpoint) -> None:
        if self.watch:
            self.rules.save(checkpoint)
        self.store.save(checkpoint)

    # --- the outcome

    def compare(self, until: int) -> None:
        """What was done before `until` is mirrored: inside the window the mirror is the truth, nowhere are ghosts.

        A row outside the window may outlive its record only when it is of an older generation; any may as long as the
        tombstone lags.
        """
        saved, server = self.store.checkpoint, self.server
        assert saved is not None
        for record_id, (version, time) in server.records.items():
            if version <= until and inside(self.window, time):
                row = self.store.rows.get(record_id)
                expect(row is not None, f"{record_id} is missing")
                expect(row is None or row.version == version, f"{record_id} is stale")
        late = {record_id for at, record_id in server.tombstones if at > until - server.lag}
        for record_id, row in self.store.rows.items():
            if record_id not in server.records and record_id not in late:
                kept = row.generation < saved.generation and not inside(self.window, row.time)
                expect(kept, f"{record_id} is a ghost")


CHANGES: Final = ("put", "update", "delete", "flicker", "flicker", "flash", "update_all", "delete_all", "restore_all")
CLIMATE: Final = (
    CHANGES,
    ("crash", "crash", "crash", "outage"),
    ("expire_pages", "expire_pages"),
    ("expire_deltas", "expire_updated", "expire_deleted", "expire_all"),
    ("change_params", "be_not_ready"),
)
"""What may happen between two steps: users always do something; each world knows some of the rest."""


def tapes(count: int) -> Iterator[bytes]:
    """The same tapes every time."""
    for seed in range(count):
        chance = random.Random(seed)
        yield chance.randbytes(chance.randrange(20, 250))


def pairs(events: Iterable[str], *, first: int, later: int) -> Iterator[dict[int, str]]:
    """Every script of two events: one before each of the `first` steps, one up to `later` steps after it."""
    names = list(events)
    for step in range(1, first + 1):
        for one in names:
            for gap in range(1, later + 1):
                for other in names:
                    yield {step: one, step + gap: other}
