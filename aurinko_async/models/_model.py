"""How a model class is made, what its fields are, and how they are spelled on the wire."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Mapping
from typing import Any, Final, TypeAlias, TypeVar, cast, dataclass_transform

import attrs
from attrs import define, field

from aurinko_async._types import Unset

C = TypeVar("C", bound=type)
T = TypeVar("T")

Opt: TypeAlias = T | Unset | None
"""A field that only the caller writes: a value, `None` for null, or `UNSET` (the default) for not sent."""

READ_ONLY: Final[Mapping[str, bool]] = types.MappingProxyType({"read_only": True})
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


def is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def members(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a field's type, without `None` and `Unset`."""
    if is_union(annotation):
        return tuple(member for member in typing.get_args(annotation) if member not in (types.NoneType, Unset))
    return (annotation,)


@functools.cache
def fields(cls: type) -> tuple[attrs.Attribute[Any], ...]:
    """The attrs fields of a model class, their types resolved."""
    return cast("tuple[attrs.Attribute[Any], ...]", attrs.fields(attrs.resolve_types(cls)))


def is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and attrs.has(annotation)
