"""What one store answers all answer: the same random syncs, then the same questions, to each kind of store."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, cast

import pytest
from attrs import frozen
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from aurinko_async._codec import decode
from aurinko_async.errors import AurinkoError, DecodeError
from aurinko_async.models._row import Row
from aurinko_async.models.mail import DeletedEmailMessage
from aurinko_async.models.rows import ContactColumns, EventColumns, MessageColumns, TaskColumns
from aurinko_async.sync.store import AccountState, Commit, Lease, Mark, SyncKey
from aurinko_async.sync.stores import MemoryStore, PostgresStore, SQLiteStore
from support.postgres import PostgresServer
from support.rows import Store

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDS: Final = ("a", "b", "c", "A", "é", "😀", "\ufffd", "\ud800", "x\0y", "a/b", " ")
CONTAINERS: Final = ("", "work", "Work", "wörk\0", "\ud800")
TEXTS: Final = ("", "a", "B", "é", "😀", 'q"\\,{}', "\0", "\udc00", "NULL", "\ufffd", "long " * 99)
TIMES: Final = (
    "2026-02-27T12:00:00Z",
    "2026-02-27T12:00:00.0004Z",
    "2026-02-28T12:00:00.999999Z",
    "2026-02-28T14:00:00.001+02:00",
    "2026-03-01T12:00:00-11:30",
    "0001-01-01T00:00:00+05:00",
    "9999-12-31T23:59:59.999-05:00",
    "no time",
)
BOUNDS: Final = (None, NOW, NOW - timedelta(days=1), datetime(2026, 2, 27, 14, tzinfo=timezone(timedelta(hours=2))))
COLUMNS: Final[dict[str, type[Any]]] = {
    "email": MessageColumns,
    "calendar": EventColumns,
    "contacts": ContactColumns,
    "tasks": TaskColumns,
}
KEYS: Final = (
    ("email", "", ""),
    ("contacts", "", ""),
    *(("calendar", container, "") for container in CONTAINERS),
    ("tasks", "work", ""),
    ("tasks", "play", ""),
    ("email", "", "reader"),
    ("drive", "", "reader"),
)

# --- what syncs bring

_text, _time, _ids = st.sampled_from(TEXTS), st.sampled_from(TIMES), st.sampled_from(IDS)
_label = st.sampled_from(("inbox", "unread", "é", "\0"))
_FIELDS: Final[dict[str, dict[str, st.SearchStrategy[Any]]]] = {
    "email": {
        "threadId": _text,
        "subject": _text,
        "receivedAt": _time,
        "sentAt": _time,
        "sysLabels": st.lists(_label, max_size=2),
        "body": _text,
        "to": st.just([{"address": "ann@example.com"}]),
        "omitted": st.lists(st.sampled_from(("body", "recipients", "threadId", "wings")), unique=True),
    },
    "calendar": {
        "subject": _text,
        "start": st.one_of(_time.map(lambda time: {"dateTime": time}), st.just({"dateOnly": "2026-02-28"})),
        "recurrenceType": st.sampled_from(("master", "single", "odd")),
        "meetingInfo": st.just({"canceled": True, "attendees": []}),
        "omitted": st.lists(st.sampled_from(("description", "attendees")), unique=True),
    },
    "contacts": {
        "name": _text.map(lambda name: {"displayName": name}),
        "emailAddresses": st.lists(_text.map(lambda address: {"address": address}), max_size=2),
    },
    "tasks": {
        "title": _text,
        "status": st.sampled_from(("notStarted", "completed", "\0")),
        "due": _time,
        "completed": _time,
        "omitted": st.just(["notes"]),
        "notes": _text,
    },
}
_STRANGE: Final = st.sampled_from((b"", b',"odd":NaN', b',"odd":"\xff"', b',"odd":"\\ud800"', b' , "odd" : [1.50, {}]'))


@st.composite
def rows(draw: st.DrawFn, resource: str) -> Row[Any]:
    """A record as the API could send it and stores get it."""
    fields = st.fixed_dictionaries({"id": _ids}, optional=_FIELDS[resource])
    plain, strange = json.dumps(draw(fields)).encode()[:-1], draw(_STRANGE)
    row = cast("Any", Row)[COLUMNS[resource]]
    try:
        return cast("Row[Any]", decode(row, plain + strange + b"}"))
    except DecodeError:
        # Too much at once: no answer that a client would take.
        return cast("Row[Any]", decode(row, plain + b"}"))


_MOMENTS: Final = st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))
_GRAVES: Final = st.builds(DeletedEmailMessage, id=st.one_of(_ids, st.none()), timestamp=st.one_of(st.none(), _MOMENTS))
_WINDOWS: Final = st.tuples(st.sampled_from(BOUNDS), st.sampled_from(BOUNDS))


@frozen
class Step:
    """One call of every store.

    Attributes:
        stale: The commit comes with the first lease that was given of the key, not with the last.
    """

    kind: str
    names: tuple[str, str, str]
    account: str
    commit: Commit | None = None
    stale: bool = False


ACCOUNTS: Final = ("one", "two\0", "two\ufffd")


@st.composite
def commits(draw: st.DrawFn, resource: str) -> Commit:
    some = st.lists(rows(resource), max_size=5) if resource in COLUMNS else st.just([])
    return Commit(
        checkpoint=draw(st.sampled_from(("{}", "[1]", '"é\\u0000"'))),
        generation=draw(st.integers(1, 3)),
        at=draw(_MOMENTS),
        rows=draw(some),
        deleted=draw(st.lists(_GRAVES, max_size=4)),
        deleted_rows=draw(some),
        sweep=draw(st.one_of(st.none(), _WINDOWS)),
        finished=draw(st.booleans()),
    )


@st.composite
def steps(draw: st.DrawFn) -> Step:
    kind = draw(st.sampled_from((*["commit"] * 6, "begin", "release", "mark", "mark", "settle", "note")))
    names, account = draw(st.sampled_from(KEYS)), draw(st.sampled_from(ACCOUNTS))
    if kind != "commit":
        return Step(kind, names, account)
    return Step(kind, names, account, draw(commits(names[0])), draw(st.sampled_from((False, False, False, True))))


# --- the same to all


class Stores:
    """One store of each kind, open, and what each has given."""

    def __init__(self, opened: dict[str, Store]) -> None:
        self._opened = opened
        self._leases: dict[tuple[str, SyncKey], list[Lease]] = {}
        self._marks: dict[tuple[str, str, str], list[Mark]] = {}

    async def same(self, what: str, ask: Callable[[str, Store], Awaitable[Any]]) -> Any:
        """The answer of all stores."""
        answers = {name: await _answer(ask(name, store)) for name, store in self._opened.items()}
        first = answers["memory"]
        for name, answer in answers.items():
            assert answer == first, f"{what}: {name} says {answer!r}, memory says {first!r}"
        return first

    async def take(self, step: Step, account: str) -> None:
        key = SyncKey(account, *step.names)
        match step.kind:
            case "commit" | "begin":
                await self.same("begin", lambda name, store: self._begin(name, store, key))
                if step.commit is not None:
                    await self.same("commit", lambda name, store: self._commit(name, store, key, step))
            case "release":
                await self.same("release", lambda name, store: self._release(name, store, key))
            case "mark":
                await self.same("mark", lambda name, store: self._mark(name, store, key))
            case "settle":
                await self.same("settle", lambda name, store: self._settle(name, store, key))
            case _:
                state = AccountState(
                    account=account, resource=key.resource, standing="failed", since=NOW, reason="\0é", until=NOW
                )
                await self.same("note", lambda _, store: store.note(state))

    async def _begin(self, name: str, store: Store, key: SyncKey) -> Any:
        lease, checkpoint = await store.begin(key)
        self._leases.setdefault((name, key), []).append(lease)
        return lease.fence, checkpoint

    async def _commit(self, name: str, store: Store, key: SyncKey, step: Step) -> Any:
        assert step.commit is not None
        leases = self._leases.get((name, key)) or [Lease(key, 7)]
        return await store.commit(leases[0 if step.stale else -1], step.commit)

    async def _release(self, name: str, store: Store, key: SyncKey) -> None:
        for lease in reversed(self._leases.get((name, key), [])):
            await store.release(lease)

    async def _mark(self, name: str, store: Store, key: SyncKey) -> Any:
        marks = self._marks.setdefault((name, key.account, key.resource), [])
        marks.append(await store.mark(key.account, key.resource))
        assert [mark.serial for mark in marks] == sorted({mark.serial for mark in marks})

    async def _settle(self, name: str, store: Store, key: SyncKey) -> None:
        for mark in self._marks.get((name, key.account, key.resource), [])[:2]:
            await store.settle(mark)


async def _answer(question: Awaitable[Any]) -> Any:
    try:
        return await question
    except AurinkoError as error:
        return type(error).__name__


async def questions(stores: Stores, account: str, lists: list[dict[str, Any]]) -> None:
    """All that a mirror can be asked about an account."""
    for resource in COLUMNS:
        held = (None, *CONTAINERS[:4], "play") if resource in ("calendar", "tasks") else (None,)
        await stores.same("containers", lambda _, store: store.containers(account, resource))  # noqa: B023
        for deleted in (False, True):
            of: Any = {"resource": resource, "deleted": deleted}
            await stores.same("iterate_raw", lambda _, store: _drained(store, account, **of))  # noqa: B023
        for container in held:
            where: Any = {"resource": resource, "container": container}
            await stores.same("count", lambda _, store: store.count(account, **where))  # noqa: B023
            for record_id in IDS[:1] + IDS[6:9]:
                await stores.same("raw", lambda _, store: store.raw(account, record_id, **where))  # noqa: B023
            await stores.same("get", lambda _, store: _got(store, account, **where))  # noqa: B023
    for options in lists:
        await stores.same(f"{options}", lambda _, store: _listed(store, account, **options))  # noqa: B023


async def _got(store: Store, account: str, **where: Any) -> object:
    return cast("object", await store.get(account, "a", **where))


async def _drained(store: Store, account: str, **options: Any) -> list[tuple[str, bytes]]:
    return [pair async for pair in store.iterate_raw(account, **options)]


async def _listed(store: Store, account: str, *, of: str, **options: Any) -> list[Any]:
    found: list[Any] = await getattr(store, of)(account, **options)
    return found


async def places(stores: Stores, accounts: set[str], generation: int, window: tuple[Any, Any]) -> None:
    """How keys, wishes and accounts stand."""

    async def of_keys(_: str, store: Store) -> list[Any]:
        return [state for state in await store.status() if state.key.account in accounts]

    async def of_marks(_: str, store: Store) -> list[Any]:
        marks = [mark for mark in await store.marks() if mark.account in accounts]
        return [(mark.account, mark.resource) for mark in marks]

    async def of_accounts(_: str, store: Store) -> list[Any]:
        return [state for state in await store.standings() if state.account in accounts]

    for what in (of_keys, of_marks, of_accounts):
        await stores.same(what.__name__, what)
    for account, names in itertools.product(sorted(accounts), KEYS):
        lease = Lease(SyncKey(account, *names), 1)
        await stores.same("unseen", lambda _, store: store.unseen(lease, generation, *window))  # noqa: B023


_FILTERS: Final[dict[str, dict[str, st.SearchStrategy[Any]]]] = {
    "messages": {"label": _label, "thread_id": _text},
    "events": {"calendar_id": st.sampled_from(CONTAINERS)},
    "contacts": {"email": _text},
    "tasks": {"list_id": st.just("work"), "status": st.sampled_from(("completed", "\0"))},
}
_PAGE: Final = {"include_deleted": st.booleans(), "limit": st.integers(0, 3), "offset": st.integers(0, 2)}
_WINDOW: Final = {"since": st.sampled_from(BOUNDS[1:]), "until": st.sampled_from(BOUNDS[1:])}


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    of = draw(st.sampled_from((*_FILTERS,)))
    window = {} if of == "contacts" else _WINDOW
    return {"of": of, **draw(st.fixed_dictionaries({}, optional=_PAGE | window | _FILTERS[of]))}


class Arena:
    """The stores of this module, and accounts that no example had before."""

    def __init__(self, runner: asyncio.Runner, opened: dict[str, Store]) -> None:
        self._runner = runner
        self._opened = opened
        self._numbers = itertools.count(1)

    def play(self, steps: list[Step], lists: list[dict[str, Any]], generation: int, window: tuple[Any, Any]) -> None:
        self._runner.run(self._play(steps, lists, generation, window))

    async def _play(
        self, steps: list[Step], lists: list[dict[str, Any]], generation: int, window: tuple[Any, Any]
    ) -> None:
        stores, number = Stores(self._opened), next(self._numbers)
        accounts = {account: f"{number} {account}" for account in ACCOUNTS}
        for step in steps:
            await stores.take(step, accounts[step.account])
        for account in sorted({accounts[step.account] for step in steps}):
            await questions(stores, account, lists)
        await places(stores, {*accounts.values()}, generation, window)


@pytest.fixture(scope="module")
def arena(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    path = tmp_path_factory.mktemp("stores") / "mirror.db"
    stack = AsyncExitStack()

    async def opened() -> dict[str, Store]:
        return {
            "memory": await stack.enter_async_context(MemoryStore()),
            "sqlite": await stack.enter_async_context(SQLiteStore(path)),
            "postgres": await stack.enter_async_context(
                PostgresStore(postgres_server.conninfo, schema="test_agreement", max_size=1)
            ),
        }

    with asyncio.Runner() as runner:
        yield Arena(runner, runner.run(opened()))
        runner.run(stack.aclose())


@settings(
    max_examples=45,
    # A failure is shown as it was found: to make it smaller takes minutes.
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    steps=st.lists(steps(), min_size=1, max_size=12),
    lists=st.lists(queries(), min_size=3, max_size=8),
    generation=st.integers(1, 4),
    window=_WINDOWS,
)
def test_all_stores_give_the_same_answers(
    arena: Arena, steps: list[Step], lists: list[dict[str, Any]], generation: int, window: tuple[Any, Any]
) -> None:
    """Whatever is committed, deleted, swept, held and asked, in whatever order."""
    arena.play(steps, lists, generation, window)
