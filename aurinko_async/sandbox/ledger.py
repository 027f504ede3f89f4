"""The history of a collection: what is there, what changed since a given change, what went away.

Every change takes the next number of the collection. An entry keeps the ordinal it was inserted with for good.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any, Generic, Literal, TypeVar

from attrs import define, field, frozen

from aurinko_async.sandbox.contract import Json


@define(eq=False)
class Entry:
    """What the ledger knows of a record: who, when it came, its last change, the time a sync window is held against."""

    id: str
    when: float
    ordinal: int = field(default=0, kw_only=True)
    changed: int = field(default=0, kw_only=True)
    gone: bool = field(default=False, kw_only=True)

    def within(self, since: float | None, until: float | None, *, ever: bool) -> bool:
        """Whether it is in a sync window, or with `ever` was at any time."""
        return (since is None or self.when >= since) and (until is None or self.when < until)


@frozen
class Tombstone:
    """One deletion, as the deleted stream tells it. It stays, even if the record comes back."""

    seq: int
    record: Json


E = TypeVar("E", bound=Entry)
ChangeType = Literal["created", "updated", "deleted"]


class Ledger(Generic[E]):
    """Entries in order of insertion, a log of changes, and a log of deletions."""

    def __init__(self) -> None:
        self.seq = 0
        self._born = 0
        self._entries: dict[str, E] = {}
        self._order: list[E] = []
        self._log: list[tuple[int, E]] = []
        self._tombstones: list[Tombstone] = []
        self._watchers: list[Callable[[E, ChangeType], None]] = []

    def __iter__(self) -> Iterator[E]:
        return (entry for entry in self._order if not entry.gone)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._entries

    @property
    def pristine(self) -> bool:
        """Whether nothing happened since it was born."""
        return self.seq == self._born

    def watch(self, told: Callable[[E, ChangeType], None]) -> None:
        """Have every change from now on told, once it is made."""
        self._watchers.append(told)

    def seal(self) -> None:
        """Note that what there is now is what it was born with."""
        self._born = self.seq

    @property
    def last_ordinal(self) -> int:
        return len(self._order)

    def find(self, id_: str) -> E | None:
        """Give a live entry."""
        entry = self._entries.get(id_)
        return None if entry is None or entry.gone else entry

    def find_gone(self, id_: str) -> E | None:
        """Give an entry that was deleted."""
        entry = self._entries.get(id_)
        return entry if entry is not None and entry.gone else None

    def at(self, ordinal: int) -> E:
        return self._order[ordinal - 1]

    def insert(self, entry: E) -> None:
        self._order.append(entry)
        self._entries[entry.id] = entry
        entry.ordinal = len(self._order)
        self._note(entry, "created")

    def touch(self, entry: E) -> None:
        """Note a change."""
        self._note(entry, "updated")

    def bury(self, entry: E, tombstone: Json) -> None:
        """Note a deletion."""
        self.seq += 1
        entry.gone = True
        self._tombstones.append(Tombstone(self.seq, tombstone))
        self._tell(entry, "deleted")

    def revive(self, entry: E) -> None:
        """Let a deleted entry come back under the same id."""
        entry.gone = False
        self._note(entry, "created")

    def scan(self, after: int, upto: int, wanted: Callable[[E], bool], limit: int) -> tuple[list[E], int | None]:
        """Give live, wanted entries by ordinal, and the ordinal to go on after: None at the end."""
        found: list[E] = []
        for ordinal in range(after + 1, upto + 1):
            entry = self._order[ordinal - 1]
            if not entry.gone and wanted(entry):
                found.append(entry)
                if len(found) == limit:
                    return found, ordinal if ordinal < upto else None
        return found, None

    def changes(self, after: int, upto: int, wanted: Callable[[E], bool], limit: int) -> tuple[list[E], int | None]:
        """Give live, wanted entries whose last change is after `after` and not beyond `upto`, in order of change."""
        found: list[E] = []
        for index in range(bisect_right(self._log, after, key=_first), len(self._log)):
            seq, entry = self._log[index]
            if seq > upto:
                break
            if entry.changed == seq and not entry.gone and wanted(entry):
                found.append(entry)
                if len(found) == limit:
                    return found, seq if seq < upto else None
        return found, None

    def deletions(self, after: int, upto: int, limit: int) -> tuple[list[Tombstone], int | None]:
        """Give the tombstones of a span of changes, those of records that came back included."""
        found: list[Tombstone] = []
        for index in range(bisect_right(self._tombstones, after, key=_seq), len(self._tombstones)):
            tombstone = self._tombstones[index]
            if tombstone.seq > upto:
                break
            found.append(tombstone)
            if len(found) == limit:
                return found, tombstone.seq if tombstone.seq < upto else None
        return found, None

    def _note(self, entry: E, change: ChangeType) -> None:
        self.seq += 1
        entry.changed = self.seq
        self._log.append((self.seq, entry))
        self._tell(entry, change)

    def _tell(self, entry: E, change: ChangeType) -> None:
        for told in self._watchers:
            told(entry, change)


def _first(item: tuple[int, Any]) -> int:
    return item[0]


def _seq(tombstone: Tombstone) -> int:
    return tombstone.seq
