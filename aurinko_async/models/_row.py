"""A record as a store keeps it: the API's JSON byte for byte, beside the few fields that are searched by."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from attrs import field, frozen


class Columns(Protocol):
    """What every record has to a sync."""

    @property
    def id(self) -> str | None: ...
    @property
    def omitted(self) -> list[str] | None: ...
    @property
    def deleted(self) -> bool | None: ...


C = TypeVar("C", bound=Columns)


@frozen
class Row(Generic[C]):
    """A record: its JSON as it came (`raw`) and its searchable fields."""

    raw: bytes = field(repr=False)
    columns: C

    @property
    def id(self) -> str | None:
        return self.columns.id

    @property
    def omitted(self) -> list[str] | None:
        return self.columns.omitted

    @property
    def deleted(self) -> bool | None:
        return self.columns.deleted
