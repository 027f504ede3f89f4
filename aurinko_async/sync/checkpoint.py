"""What a sync must remember, as data: cursors, generation, and which ids came live of late."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

import msgspec
from attrs import evolve, frozen

from aurinko_async.errors import InvalidInput

Stream: TypeAlias = Literal["deleted", "updated"]
Params: TypeAlias = Mapping[str, str | int | None]
Window: TypeAlias = tuple[str | None, str | None]
Digests: TypeAlias = frozenset[str] | None
"""Digests of ids that came live; `None` is too many to remember: any id may be among them."""

RECENT: Final = 512
"""Ids remembered, to tell which tombstones may be late; beyond it any may be (each costs one fetch)."""

RETIRED: Final[Params] = {"retired": 1}
"""Start parameters that no sync has: whichever comes differs, and so begins a new generation."""


@frozen
class Cursor:
    """Where a stream goes on: inside a chain of pages at `page`, else at `delta`, where the chain began."""

    delta: str
    page: str | None = None


@frozen
class Checkpoint:
    """All that a sync must remember, never ahead of the data it was saved with.

    Attributes:
        params: The start parameters of this generation.
        generation: Counts the full scans, from 1.
        window: What the scan covers, from and to in RFC 3339; `None` is unbounded.
        scanning: The scan of this generation is not complete: it has not been swept.
        recent, seen: The ids that came live in earlier rounds and in this one.
    """

    params: Params
    generation: int
    window: Window
    deleted: Cursor
    updated: Cursor
    scanning: bool
    recent: Digests
    seen: Digests

    @property
    def inside(self) -> bool:
        """A chain of pages is open."""
        return self.deleted.page is not None or self.updated.page is not None

    def cursor(self, stream: Stream) -> Cursor:
        return self.deleted if stream == "deleted" else self.updated

    @property
    def retired(self) -> bool:
        """The container is gone."""
        return self.params == RETIRED

    def retire(self) -> Checkpoint:
        """The checkpoint of a container that is gone: should it come back, a new generation begins."""
        return evolve(self, params=RETIRED, generation=self.generation + 1, window=(None, None), scanning=False)

    def to_json(self) -> str:
        # The order of a set is another each time: what does not change should not be written as if it did.
        return msgspec.json.encode(self, order="deterministic").decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Checkpoint:
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: it is not a checkpoint.
        """
        try:
            # msgspec checks each type on the way: what is no checkpoint is refused whole.
            return msgspec.json.decode(text, type=cls, strict=True)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise InvalidInput("the checkpoint is not one that this package wrote") from None


def digest(record_id: str) -> str:
    return hashlib.blake2b(record_id.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def remember(seen: Digests, ids: Iterable[str]) -> Digests:
    """The ids of a round with those of one more page."""
    if seen is None:
        return None
    together = seen.union([digest(record_id) for record_id in ids])
    return together if len(together) <= RECENT else None


def merge(before: Digests, seen: Digests) -> Digests:
    """The ids of this round, with those of earlier rounds while there is room: tombstones may lag by several."""
    if before is None or seen is None or len(before | seen) > RECENT:
        return seen
    return before | seen
