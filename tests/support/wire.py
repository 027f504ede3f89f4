"""Wire data for model classes, as hypothesis draws it: full, sparse, null, unknown keys and values."""

import base64
import functools
import types
import typing
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import attrs
from hypothesis import strategies as st

from aurinko_async._types import UNSET, Unset
from aurinko_async.models._model import wire_names

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=ZONES)
UNKNOWN = st.dictionaries(st.sampled_from(["unknownKey", "x", "__other"]), TEXT | st.integers() | st.none(), max_size=2)


def fields(cls: type) -> tuple[Any, ...]:
    return attrs.fields(attrs.resolve_types(cls))


def value_of(annotation: Any) -> st.SearchStrategy[Any]:
    """JSON values that a field of this type takes."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(annotation) if member is not Unset]
        return st.one_of([value_of(member) for member in members])
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXT,
        int: st.integers(-(2**53), 2**63 - 1),
        bool: st.booleans(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bytes: st.binary(max_size=12).map(lambda data: base64.b64encode(data).decode()),
        datetime: TIMES.map(lambda time: time.isoformat().replace("+00:00", "Z")),
        date: st.dates().map(date.isoformat),
        types.NoneType: st.none(),
        Any: st.none() | TEXT | st.integers(0, 9),
    }
    if annotation in simple:
        return simple[annotation]
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is list:
        return st.lists(value_of(arguments[0]), max_size=2)
    if typing.get_origin(annotation) is dict:
        return st.dictionaries(TEXT, value_of(arguments[1]), max_size=2)
    return object_of(annotation)


@functools.cache
def object_of(cls: type) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects of a model class: any optional key may be missing, unknown keys may be there."""
    required = {wire_names(f.name)[0]: value_of(f.type) for f in fields(cls) if f.default is attrs.NOTHING}
    optional = {
        spelling: value_of(f.type)
        for f in fields(cls)
        if f.default is not attrs.NOTHING
        for spelling in wire_names(f.name)[:1]
    }
    known = st.fixed_dictionaries(required, optional=optional)
    return st.tuples(UNKNOWN, known).map(lambda parts: {**parts[0], **parts[1]})


def is_write_only(cls: type) -> bool:
    return any(f.default is UNSET for f in fields(cls))
