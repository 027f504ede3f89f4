"""Bytes to models and back. The fast path lives here and only here.

Decoding a page is the hot path of every sync, so each model class gets, once and on first use, two things compiled
from its attrs fields: a *mirror*, a msgspec Struct with the same fields under their wire names, into which msgspec
decodes at the speed of C; and a *mover*, a generated function that makes the attrs instance from the mirror with one
plain assignment per field, the models within it in place, and lists and objects kept, for the mirror has no further use
for them. What msgspec refuses (a timestamp without an offset, a wrong type) goes through the tolerant cattrs path in
`_converter` record by record, so a record that nobody can read costs only itself. The cyclic garbage collector is
paused while one page is decoded: a page makes thousands of objects and no garbage, and one that is dropped before
anything else is allocated is never walked at all. A store needs no models: it takes `Row`s, slices of the page's bytes
with the few values that are searched by, made of the mirrors. `_converter`, and cattrs with it, is imported when it is
needed.
"""

from __future__ import annotations

import functools
import gc
import json
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, TypeVar, cast

import attrs
import msgspec

from aurinko_async._types import UNSET, Unset
from aurinko_async.errors import DecodeError, InvalidInput, MalformedBody
from aurinko_async.models._model import fields, is_model, is_union, members, wire_names
from aurinko_async.models._row import Row, rows
from aurinko_async.models.pages import Page, PageOrRecord

T = TypeVar("T")
Decode = Callable[[bytes], Any]

_AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises on bytes that it cannot take; the last on brackets within brackets without end."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_new = object.__new__


# --- mirrors: what msgspec decodes into


def _mirror_type(annotation: Any) -> Any:
    if is_union(annotation):
        alternatives = [_mirror_type(member) for member in members(annotation)]
        extra = [msgspec.UnsetType] if Unset in typing.get_args(annotation) else []
        return typing.Union[(*alternatives, None, *extra)]
    if annotation is datetime:
        return _AwareDatetime
    if is_model(annotation):
        return _mirror(annotation)
    arguments = typing.get_args(annotation)
    if arguments:
        return typing.get_origin(annotation)[tuple(_mirror_type(argument) for argument in arguments)]
    return annotation


@functools.cache
def _mirror(cls: type) -> type[msgspec.Struct]:
    definitions: list[Any] = []
    rename: dict[str, str] = {}
    for field in fields(cls):
        for position, wire in enumerate(wire_names(field.name)):
            name = field.name + "_also" * position
            rename[name] = wire
            kind = _mirror_type(field.type)
            if position == 0 and field.default is attrs.NOTHING:
                definitions.append((name, kind))
            else:
                definitions.append((name, kind, msgspec.UNSET if field.default is UNSET else None))
    definitions.sort(key=len)
    return msgspec.defstruct(cls.__name__, definitions, rename=rename, gc=False)


# --- movers: from the mirror to the attrs instance


def _make(cls: type, made: str, mirror: str, names: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """The lines that make `made` of its mirror. Models within are made in place: a call would cost as much as they."""
    assert names.setdefault(cls.__name__, cls) is cls, f"two classes named {cls.__name__}"
    value = f"v{depth}"
    yield f"{made} = new({cls.__name__})"
    for field in fields(cls):
        spellings = range(len(wire_names(field.name)))
        first, *others = (f"{mirror}.{field.name}{'_also' * position}" for position in spellings)
        for other in others:
            yield f"if {first} is None or {first} is MISSING: {first} = {other}"
        within = list(_make_within(field.type, value, names, depth))
        if not within and field.default is not UNSET:
            yield f"{made}.{field.name} = {first}"
            continue
        yield f"{value} = {first}"
        if field.default is UNSET:
            yield f"if {value} is MISSING: {value} = UNSET"
        if within:
            # Else it is None or UNSET, or an empty list or object, which is nobody else's.
            yield f"if {value}:"
            yield from (f"    {line}" for line in within)
        yield f"{made}.{field.name} = {value}"


def _make_within(annotation: Any, value: str, names: dict[str, Any], depth: int) -> Iterator[str]:
    """The lines that replace the mirrors in a field's value, if there can be any, by models."""
    alternatives = members(annotation)
    only = alternatives[0] if len(alternatives) == 1 else None
    origin, arguments = typing.get_origin(only), typing.get_args(only)
    key, mirror, made = f"k{depth}", f"m{depth}", f"n{depth}"
    if is_model(only):
        yield f"{mirror} = {value}"
        yield from _make(cast("type", only), value, mirror, names, depth + 1)
    elif origin in (list, dict) and is_model(arguments[-1]):
        yield f"for {key}, {mirror} in {f'enumerate({value})' if origin is list else f'{value}.items()'}:"
        yield from (f"    {line}" for line in _make(arguments[-1], made, mirror, names, depth + 1))
        yield f"    {value}[{key}] = {made}"


@functools.cache
def _mover(cls: type) -> Callable[[Any], Any]:
    names: dict[str, Any] = {"new": _new, "UNSET": UNSET, "MISSING": msgspec.UNSET}
    lines = ["def move(mirror):", *(f"    {line}" for line in _make(cls, "made", "mirror", names)), "    return made"]
    exec(compile("\n".join(lines), f"<mover of {cls.__name__}>", "exec"), names)
    return cast("Callable[[Any], Any]", names["move"])


# --- one value


def _decode_plain(cls: Any, body: bytes) -> Any:
    """The tolerant path: cattrs on decoded JSON, with the path of what is wrong."""
    data = _load(body)
    try:
        return _strict_converter().structure(data, cls)
    except Exception as error:
        from aurinko_async._converter import explain

        path, words = explain(error)
        raise DecodeError(words, path=path.lstrip("."), record_id=_record_id(data)) from None


def _load(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except _UNREADABLE as error:
        if not body.strip():
            raise MalformedBody("the answer is empty, expected JSON") from None
        if body.lstrip()[:1] == b"<":
            raise MalformedBody("the answer is an HTML or XML page, expected JSON") from None
        if _SURROGATE.search(body):
            # The stdlib's reader, unlike msgspec's, takes half a surrogate pair: what has one is then told by its path.
            with suppress(ValueError, RecursionError):
                return json.loads(body)
        raise MalformedBody(f"the answer is not JSON: {error}") from None


def _record_id(data: Any) -> str | None:
    value = cast("dict[str, Any]", data).get("id") if isinstance(data, dict) else None
    return value if isinstance(value, str) and value.isprintable() else None


@functools.cache
def _converter() -> Any:
    from aurinko_async._converter import make_converter

    return make_converter()


@functools.cache
def _strict_converter() -> Any:
    from aurinko_async._converter import make_converter, refuse_surrogates

    return refuse_surrogates(make_converter())


def _model_decode(cls: type) -> Decode:
    decoder = msgspec.json.Decoder(_mirror(cls))
    move = _mover(cls)

    def decode(body: bytes) -> Any:
        try:
            return move(decoder.decode(body))
        except _UNREADABLE:
            return _decode_plain(cls, body)

    return decode


# --- pages


def _page_struct(page: type, record: Any) -> type[msgspec.Struct]:
    definitions: list[Any] = [("records", list[record] | None, None)]
    definitions += [(field.name, field.type, None) for field in fields(page) if field.name not in ("records", "errors")]
    return msgspec.defstruct(
        page.__name__, definitions, rename={name: wire_names(name)[0] for name, *_ in definitions}, gc=False
    )


def _page_decode(page: Any, record: Any) -> Decode:
    """Decode pages of `record`: all at once, or record by record where one is at fault or rows are wanted."""
    searched = typing.get_args(record)[0] if typing.get_origin(record) is Row else None
    whole = None if searched else (msgspec.json.Decoder(_page_struct(page, _mirror(record))), _mover(record))
    slices = msgspec.json.Decoder(_page_struct(page, msgspec.Raw))
    others = [field.name for field in fields(page) if field.name not in ("records", "errors")]
    decode_one = _searched_decode(searched) if searched else _decoder(record)

    def read(body: bytes, errors: list[DecodeError]) -> tuple[Any, list[Any]]:
        struct: Any
        if whole is not None:
            decoder, move = whole
            try:
                struct = decoder.decode(body)
                return struct, [move(mirrored) for mirrored in struct.records or ()]
            except _UNREADABLE:
                pass
        struct = _page_of(slices, body)
        raws, records = _one_by_one(decode_one, struct.records or (), errors)
        return struct, rows(searched, raws, records) if searched else records

    def decode(body: bytes) -> Any:
        errors: list[DecodeError] = []
        paused = gc.isenabled()
        if paused:
            gc.disable()
        try:
            struct, records = read(body, errors)
            if page == PageOrRecord and struct.records is None:
                alone = _decoder(record)(body)
                records = [] if alone.id is None else [alone]
            return page(records=records, errors=tuple(errors), **{name: getattr(struct, name) for name in others})
        finally:
            if paused:
                gc.enable()

    return decode


def _page_of(slices: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return slices.decode(body)
    except msgspec.ValidationError as error:
        words, _, path = str(error).partition(" - at ")
        raise DecodeError(words.lower(), path=path.strip("`").removeprefix("$").lstrip(".")) from None
    except _UNREADABLE:
        return _page_with_surrogates(slices, body)


def _page_with_surrogates(slices: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """Slice a page that msgspec refuses because a string in it holds half a surrogate pair.

    Every surrogate is replaced by another character of the same length, the result is sliced, and the slices are cut
    from the original at the same places.
    """
    sliceable = _SURROGATE.sub(rb"\\ufffd", body)
    try:
        page = slices.decode(sliceable)
    except _UNREADABLE:
        _load(body)
        raise
    end, records = 0, cast("list[bytes]", [])
    for piece in page.records or ():
        start = sliceable.index(bytes(piece), end)
        end = start + len(bytes(piece))
        records.append(body[start:end])
    page.records = records
    return page


def _one_by_one(decode: Decode, slices: Iterable[Any], errors: list[DecodeError]) -> tuple[list[bytes], list[Any]]:
    """The records that can be read, each one's bytes and what it is decoded to."""
    raws: list[bytes] = []
    records: list[Any] = []
    for index, piece in enumerate(slices):
        raw = bytes(piece)
        try:
            records.append(decode(raw))
            raws.append(raw)
        except DecodeError as error:
            path = f"records[{index}]" + ("." * (error.path[:1] not in ("", "[")) + error.path)
            errors.append(DecodeError(error.args[0], path=path, index=index, record_id=error.record_id))
    return raws, records


# --- rows


def _searched_decode(searched: Any) -> Decode:
    """Decode what a record is searched by. A row is made of it at once, so the mirror does as well as the model."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_mirror(searched))

    def decode(body: bytes) -> Any:
        try:
            found = decoder.decode(body)
        except _UNREADABLE:
            found = decode_leniently(searched, body)
        if not found.id:
            raise DecodeError("the record has no id", path="id")
        return found

    return decode


def _salvaged(cls: type, body: bytes) -> Any:
    from aurinko_async._converter import salvage

    try:
        # The stdlib's reader, unlike msgspec's, takes lone surrogates.
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return salvage(_converter(), cls, cast("dict[str, Any]", data)) if isinstance(data, dict) else None


# --- the doors


@functools.cache
def _decoder(result: Any) -> Decode:
    if result is types.NoneType:
        return lambda body: None
    if result is str:
        # Mail may hold bytes that are no UTF-8: they survive as surrogates, as the email package has them.
        return lambda body: body.decode("utf-8", "surrogateescape")
    if result is bytes:
        return lambda body: body
    if result is Any:
        return lambda body: _load(body) if body.strip() else None
    origin = typing.get_origin(result)
    if origin is Row:
        (searched,) = typing.get_args(result)
        read = _searched_decode(searched)
        return lambda body: rows(searched, [body], [read(body)])[0]
    if isinstance(origin, type) and issubclass(origin, Page):
        return _page_decode(origin, typing.get_args(result)[0])
    return _model_decode(result)


def decode(result: type[T], body: bytes) -> T:
    """Decode the body of an answer into `result`: a model, a page of models, `str`, `bytes`, `Any` or `None`.

    Raises:
        MalformedBody: the body is not JSON.
        DecodeError: it is, but not of this shape; a page keeps the errors of single records in `errors`.
    """
    return _decoder(result)(body)  # type: ignore[no-any-return, arg-type]


def decode_leniently(cls: type[T], body: bytes) -> T:
    """Decode a record as a sync takes it: a field that cannot be read is `None`.

    Raises:
        DecodeError: it is no record at all.
    """
    try:
        return _decoder(cls)(body)  # type: ignore[no-any-return, arg-type]
    except DecodeError as error:
        found = _salvaged(cls, body)
        if found is None:
            raise error from None
        return cast("T", found)


@functools.cache
def _body_converter() -> Any:
    from aurinko_async._converter import make_converter

    return make_converter(body=True)


def encode(model: object) -> bytes:
    """Encode the body of a request: a model, or plain JSON data for the raw door.

    Raises:
        InvalidInput: a field holds what cannot be sent, with its path in wire names.
    """
    if not is_model(type(model)):
        return _encode_json(model)
    payload = _body_converter().unstructure(model)
    try:
        msgspec.convert(payload, _mirror(cast("Any", type(model))))
    except msgspec.ValidationError as error:
        words, _, path = str(error).partition(" - at ")
        where = path.strip("`").removeprefix("$")
        raise InvalidInput(f"{type(model).__name__}{where}: {words[:1].lower()}{words[1:]}") from None
    return _encode_json(payload)


def _encode_json(data: object) -> bytes:
    try:
        return msgspec.json.encode(data)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"the body cannot be sent as JSON: {error}") from None
