"""How a model class is made, and how its attributes are spelled on the wire."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar, dataclass_transform

from attrs import define, field

from aurinko_async._types import Unset

C = TypeVar("C", bound=type)
T = TypeVar("T")

Opt: TypeAlias = T | Unset | None
"""A field that only the caller writes: a value, `None` for null, or `UNSET` (the default) for not sent."""

READ_ONLY: Final[Mapping[str, bool]] = MappingProxyType({"read_only": True})
"""The metadata of a field that only the API writes, in a class that is also a request body: it is never sent."""

_EXCEPTIONS: dict[str, tuple[str, ...]] = {
    "from_": ("from",),
    "ical_uid": ("iCalUid", "iCalUId"),
    "meta": ("__meta",),
    "reservation_id": ("ReservationId", "reservationId"),
    "yomi_company_name": ("yomiCompanyName", "yomiName"),
}


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def model(cls: C) -> C:
    """Make an attrs class with slots and keyword-only arguments.

    What the API returns defaults to `None` (absent or null). What only the caller writes defaults to `UNSET`
    (not sent), so that `None` can be sent as null. A field left at its default is not sent.
    """
    return define(cls, slots=True, kw_only=True, weakref_slot=False)


def wire_names(attribute: str) -> tuple[str, ...]:
    """The spellings of an attribute on the wire: the first is written, all are read."""
    if attribute in _EXCEPTIONS:
        return _EXCEPTIONS[attribute]
    first, *rest = attribute.split("_")
    return (first + "".join(part[:1].upper() + part[1:] for part in rest),)
