"""From the contract to the package and back: arguments for methods, and what came back held against what was sent."""

from __future__ import annotations

import base64
import inspect
import re
import typing
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from aurinko_async.models import Page
from support.contract import SCHEMAS, classes_of, is_page, page_of
from support.contract_values import Maker, Schema, canonical, properties, resolve, time_of

IDS = ("/", "+", "=", "%", ".", "..", " a b ", "é", "日本", "a/b+c=%2F", "?x#y&z", "%2E", "...")
"""Ids that must arrive as one segment each. Their number is a prime: taken in turns, every place gets each of them."""

SPELLED: dict[str, str] = {"from": "from_", "iCalUid": "ical_uid", "iCalUId": "ical_uid"}


def attribute(wire: str) -> str:
    """The Python name of a wire name, as the documentation has the rule."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wire.replace("-", "_"))
    return SPELLED.get(wire) or spaced.lower()


# --- out


def method_of(client: Any, name: str) -> Any:
    found: Any = client
    for part in name.split("."):
        found = getattr(found, part)
    return found


def argument(schema: Schema, made: Any, cls: Any = None) -> Any:
    """The Python value of a JSON value: models, datetimes, dates, bytes. `cls` is a model's class, if not the first."""
    if made is None:
        return None
    if "ref" in schema and resolve(schema)["type"] == "object":
        known = properties(schema["ref"])
        cls = cls or classes_of(schema["ref"])[0]
        return cls(**{attribute(wire): argument(known[wire], value) for wire, value in made.items()})
    schema = resolve(schema)
    if schema["type"] == "array":
        return [argument(schema["items"], item) for item in made]
    match schema.get("format"):
        case "date-time" | "datetime":
            return datetime.fromisoformat(made)
        case "date":
            return date.fromisoformat(made)
        case "base64":
            return base64.b64decode(made)
    return made


def made_arguments(
    operation: dict[str, Any], method: Any, maker: Maker, ids: Iterator[str], *, optional: bool, body_class: int = 0
) -> tuple[list[Any], dict[str, Any], dict[str, Any], Any]:
    """Arguments by a method's signature, positional and by keyword; and what they are on the wire, parameters and body.

    Without the `optional` ones, what the signature does not require is not given.
    """
    signature = inspect.signature(method).parameters.values()
    by_place = [p for p in signature if p.kind is p.POSITIONAL_OR_KEYWORD]
    by_name = {p.name: p for p in signature if p.kind is p.KEYWORD_ONLY}
    schemas = {p["name"]: p["schema"] for p in operation["params"]}
    wire: dict[str, Any] = {}
    places: list[Any] = []
    for name in re.findall(r"\{(\w+)\}", operation["path"]):
        free = schemas[name] == {"type": "string"}
        wire[name] = next(ids) if free else maker.value(schemas[name], name)
        places.append(argument(schemas[name], wire[name]))
    names: dict[str, Any] = {}
    for parameter in (p for p in operation["params"] if p["in"] != "path"):
        name = attribute(parameter["name"])
        if optional or by_name[name].default is inspect.Parameter.empty:
            # A header cannot carry what the texts made here hold.
            made = '"an etag"' if parameter["in"] == "header" else maker.value(parameter["schema"], name)
            wire[parameter["name"]] = made
            names[name] = argument(parameter["schema"], made)
    body = None
    if operation["body"]:
        (schema,) = operation["body"]["content"].values()
        if optional or by_place[-1].default is inspect.Parameter.empty:
            body = maker.value(schema, "body")
            if not optional:
                body = {key: body[key] for key in SCHEMAS[schema["ref"]].get("required", ())}
            places.append(argument(schema, body, classes_of(schema["ref"])[body_class]))
    assert len(places) == len(by_place) - (operation["body"] is not None and body is None)
    return places, names, wire, body


def texts(schema: Schema, made: Any) -> list[Any]:
    """What a JSON value is as a parameter, times as what they mean."""
    if isinstance(made, list):
        return [text for item in made for text in texts(schema["items"], item)]
    return [canonical(schema, str(made).lower() if isinstance(made, bool) else str(made))]


# --- in


def differences(schema: Schema, sent: Any, got: Any, path: str, seen: set[str]) -> Iterator[str]:
    """How a result differs from what was sent, for every property that the schema has.

    What was not sent, or null, is None, or an empty list in a page; a string of digits is no number.
    """
    if "ref" in schema:
        seen.add(schema["ref"])
        if resolve(schema)["type"] == "object":
            yield from _object_differences(schema["ref"], sent, got, path, seen)
            return
        schema = resolve(schema)
    if sent is None or got is None:
        if sent is not got:
            yield f"{path}: {got!r:.80}, not {sent!r:.80}"
    elif schema["type"] == "array":
        if not isinstance(got, list) or len(got) != len(sent):
            yield f"{path}: {got!r:.80}, not a list of {len(sent)}"
        else:
            for index, (item, its) in enumerate(zip(sent, got, strict=True)):
                yield from differences(schema["items"], item, its, f"{path}[{index}]", seen)
    elif not _same(schema.get("format", ""), sent, got):
        yield f"{path}: {got!r:.80}, not {sent!r:.80}"


def _object_differences(name: str, sent: Any, got: Any, path: str, seen: set[str]) -> Iterator[str]:
    if sent is None:
        if got is not None:
            yield f"{path}: {got!r:.80}, not None"
        return
    expected = typing.get_origin(page_of(name)) if is_page(SCHEMAS[name]) else classes_of(name)[0]
    if type(got) is not expected:
        yield f"{path}: a {type(got).__name__}, not a {expected.__name__}"
        return
    if isinstance(got, Page) and got.errors:
        yield f"{path}: {got.errors}"
    for wire, schema in properties(name).items():
        value = sent.get(wire)
        if wire == "records" and value is None and isinstance(got, Page):
            value = []
        yield from differences(schema, value, getattr(got, attribute(wire)), f"{path}.{wire}", seen)


def _same(kind: str, sent: Any, got: Any) -> bool:
    match kind:
        case "date-time" | "datetime":
            instant, offset = time_of(sent)
            close = isinstance(got, datetime) and abs(got - instant) <= timedelta(microseconds=1)
            return close and got.utcoffset() == offset
        case "date":
            return type(got) is date and got == date.fromisoformat(sent)
        case "base64":
            plain = "".join(sent.split()).translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
            return isinstance(got, bytes) and base64.b64encode(got).decode().rstrip("=") == plain
    return type(got) is type(sent) and bool(got == sent)


# --- records that cannot be read


def _spots(schema: Schema, made: Any, kind: str, path: str) -> Iterator[tuple[Any, Any, Any, str]]:
    """Where in a record something of a kind can be spoilt: the container, the key, the spoilt value, the path."""
    for wire, item in properties(schema["ref"], skip="writeOnly").items():
        where, value, simple = f"{path}{wire}", made[wire], resolve(item)
        form = simple.get("format", "")
        if simple["type"] == "array":
            inner = resolve(simple["items"])
            if kind == "a null in a list":
                yield value, 1, None, f"{where}[1]"
            elif inner["type"] == "object" and "ref" in simple["items"]:
                yield from _spots(simple["items"], value[0], kind, f"{where}[0].")
            elif kind == "a wrong scalar":
                yield value, 0, 5 if inner["type"] == "string" else "5", f"{where}[0]"
        elif simple["type"] == "object":
            if "ref" in item:
                yield from _spots(item, value, kind, f"{where}.")
        elif kind == "a lone surrogate" and simple["type"] == "string" and not form:
            yield made, wire, "a \ud800 b", where
        elif kind == "a wrong scalar":
            yield made, wire, {"string": 5.5, "integer": "5", "boolean": 1}[simple["type"]], where
        elif kind == "a date where a time belongs" and form == "date-time":
            yield made, wire, "2026-05-01", where


def spoilt(schema: Schema, made: Any, kind: str) -> list[tuple[Any, Any, Any, str]]:
    """All the places where a record can be spoilt in a way: assign the third to the first at the second."""
    return list(_spots(schema, made, kind, ""))


KINDS = ("a lone surrogate", "a null in a list", "a wrong scalar", "a date where a time belongs")
