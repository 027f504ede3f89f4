"""The cattrs converter: the plain, tolerant path between wire data and models, with the exact path of what is wrong.

`_codec` takes it where its fast path cannot read a record; users take it (`make_converter`) to add hooks of their own.
"""

from __future__ import annotations

import base64
import binascii
import types
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, cast

from cattrs import ClassValidationError, Converter, IterableValidationError
from cattrs.cols import list_structure_factory, mapping_structure_factory  # pyright: ignore[reportUnknownVariableType]
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from aurinko_async.models._model import fields, is_model, is_union, members, wire_names

_NAMES: dict[Any, str] = {dict: "object", list: "array", types.NoneType: "null"}


def parse_datetime(value: Any) -> datetime:
    """An aware datetime of a timestamp as providers write them; one without an offset is UTC."""
    if not isinstance(value, str) or len(value) <= len("2026-01-01"):
        raise ValueError(f"expected an RFC 3339 timestamp, got {_kind(value)}")
    # RFC 3339 knows leap seconds, datetime does not: the 61st second is the first of the next minute.
    leap = value[16:19] == ":60"
    text = f"{value[:16]}:59{value[19:]}" if leap else value
    try:
        parsed = datetime.fromisoformat(text.upper()) + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        raise ValueError("expected an RFC 3339 timestamp, got another string") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _parse_date(value: Any) -> date:
    if not isinstance(value, str):
        raise TypeError(f"expected a date, got {_kind(value)}")
    return date.fromisoformat(value)


def _parse_bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"expected base64, got {_kind(value)}")
    text = "".join(value.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError("expected base64, got another string") from None


def _kind(value: Any) -> str:
    return _NAMES.get(type(value), type(value).__name__)


def _scalar(kind: type) -> Callable[[Any, Any], Any]:
    def read(value: Any, _: Any) -> Any:
        if type(value) is kind:
            return value
        if kind is float and type(value) is int:
            return float(value)
        if kind is int and type(value) is float and value.is_integer():
            return int(value)
        raise TypeError(f"expected {kind.__name__}, got {_kind(value)}")

    return read


def _union(annotation: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    def read(value: Any, _: Any) -> Any:
        if value is None:
            return None
        alternatives: list[Any] = list(members(annotation))
        if len(alternatives) > 1:
            for kind in alternatives:
                if type(value) is kind:
                    return converter.structure(value, kind)
            raise TypeError(f"expected {' or '.join(kind.__name__ for kind in alternatives)}, got {_kind(value)}")
        return converter.structure(value, alternatives[0])

    return read


def _is_collection(annotation: Any) -> bool:
    origin: Any = typing.get_origin(annotation)
    return origin is list or origin is dict


def _collection(annotation: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    kind: Any = typing.get_origin(annotation)
    read = (list_structure_factory if kind is list else mapping_structure_factory)(annotation, converter)

    def structure(value: Any, to: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError(f"expected {_NAMES[kind]}, got {_kind(value)}")
        return read(value, to)

    return structure


def _structure_model(cls: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    spellings = {field.name: wire_names(field.name) for field in fields(cls)}
    renamed = {name: override(rename=wire[0]) for name, wire in spellings.items()}
    read = make_dict_structure_fn(cls, converter, **renamed)  # type: ignore[arg-type]
    others = {also: wire[0] for wire in spellings.values() for also in wire[1:]}

    def structure(value: Any, to: Any) -> Any:
        if not isinstance(value, Mapping):
            raise TypeError(f"expected object, got {_kind(value)}")
        data = cast("Mapping[str, Any]", value)
        for also, first in others.items():
            if data.get(first) is None and data.get(also) is not None:
                data = {**data, first: data[also]}
        return read(data, to)

    return structure


def _unstructure_model(cls: Any, converter: Converter, *, body: bool) -> Callable[[Any], dict[str, Any]]:
    renamed = {
        field.name: override(
            rename=wire_names(field.name)[0], omit=body and bool(field.metadata.get("read_only")), omit_if_default=True
        )
        for field in fields(cls)
    }
    return make_dict_unstructure_fn(cls, converter, **renamed)  # type: ignore[arg-type]


def make_converter(*, body: bool = False) -> Converter:
    """Make a new cattrs converter that knows every model of this package; add hooks of your own to it.

    `converter.structure(data, EmailMessage)` reads wire data (decoded JSON), `converter.unstructure(message)` writes
    it; a field left at its default is not written.

    Args:
        body: Leave out what only the API writes, as in the body of a request.
    """
    converter = Converter()
    for kind in (str, int, float, bool):
        converter.register_structure_hook(kind, _scalar(kind))
    converter.register_structure_hook(datetime, lambda value, _: parse_datetime(value))
    converter.register_structure_hook(date, lambda value, _: _parse_date(value))
    converter.register_structure_hook(bytes, lambda value, _: _parse_bytes(value))
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(bytes, lambda value: base64.b64encode(value).decode())
    converter.register_structure_hook_factory(is_union, partial(_union, converter=converter))
    converter.register_structure_hook_factory(_is_collection, partial(_collection, converter=converter))
    converter.register_structure_hook_factory(is_model, partial(_structure_model, converter=converter))
    converter.register_unstructure_hook_factory(is_model, partial(_unstructure_model, converter=converter, body=body))
    return converter


def refuse_surrogates(converter: Converter) -> Converter:
    """Have the converter take no string with half a surrogate pair in it: no encoding can write one."""
    read = _scalar(str)

    def text(value: Any, to: Any) -> Any:
        if isinstance(value, str) and not value.isprintable() and any("\ud800" <= c <= "\udfff" for c in value):
            raise ValueError("expected str, got one with half a surrogate pair in it")
        return read(value, to)

    converter.register_structure_hook(str, text)
    return converter


def explain(error: BaseException) -> tuple[str, str]:
    """The path (in wire names) and the words of the first thing wrong in a failed `structure`."""
    if isinstance(error, IterableValidationError):
        first, note = error.group_exceptions()[0][0]
        step = f"[{note.index}]"
    elif isinstance(error, ClassValidationError):
        first, attribute = error.group_exceptions()[0][0]
        step = f".{wire_names(attribute.name)[0]}"
    else:
        return "", "missing" if isinstance(error, KeyError) else str(error)
    path, words = explain(first)
    return step + path, words


def salvage(converter: Converter, cls: type, data: dict[str, Any]) -> Any:
    """Structure what can be read of `data`, leaving out the fields that cannot."""
    readable: dict[str, Any] = {}
    for field in fields(cls):
        for wire in wire_names(field.name):
            if wire in data:
                with suppress(Exception):
                    converter.structure({wire: data[wire]}, cls)
                    readable[wire] = data[wire]
    return cast("Any", converter.structure(readable, cls))
