"""Values of the contract's schemas, made to order and checked. It knows the tables and nothing of the package."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import count, cycle
from typing import Any

from attrs import define, field

from support.contract import SCHEMAS

Schema = dict[str, Any]

BASE64 = {("ContactPhoto", "content"), ("EmailAttachment", "content")}
"""Properties that the vendor's text calls base64 and the schema does not."""

TIMES = ("2026-05-01T10:00:00Z", "2026-05-01T23:30:00.250+05:30", "1999-12-31T23:59:59-08:00")
ODD_TIMES = (
    "2026-05-01t10:00:00z",
    "2026-05-01 10:00:00Z",
    "2026-05-01T10:00Z",
    "2026-05-01T10:00:00.123456789Z",
    "2026-05-01T10:00:00.9+00:00",
    "2026-05-01T10:00:00+0000",
    "2026-05-01T10:00:00-00:00",
    "2026-05-01T10:00:00+14:00",
    "2016-12-31T23:59:60Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
)
DATES = ("2026-05-01", "2024-02-29", "0001-01-01", "9999-12-31")
TEXTS = ("", "\x00 \x7f", '"\\/\r\n\t', "日本語 \U0001f600", "\u2028\u202eabc", "<b>&amp;</b>", "null")
HUGE = 'é"\\\n' * 20_000
NUMBERS = (0, -1, 2**63 - 1, 2**53 + 1)
BINARY = ("aGk=", "aGk", "_-8=", "aG\r\nk=", "")

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:([Zz])|([+-])(\d\d):?(\d\d))", re.ASCII
)
_STRICT_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def resolve(schema: Schema) -> Schema:
    return SCHEMAS[schema["ref"]] if "ref" in schema else schema


def properties(name: str, *, skip: str = "") -> dict[str, Schema]:
    """The properties of a schema; without those that are only read (`skip="readOnly"`), or only written."""
    found: dict[str, Schema] = {}
    for wire, schema in SCHEMAS[name]["properties"].items():
        if not skip or not _never(schema, skip):
            found[wire] = {**schema, "format": "base64"} if (name, wire) in BASE64 else schema
    return found


def _never(schema: Schema, skip: str) -> bool:
    """Whether nothing of a value may be there: neither it nor, in an object, any of its properties."""
    if schema.get(skip):
        return True
    if "items" in schema:
        return _never(schema["items"], skip)
    if "ref" not in schema:
        return False
    return bool(resolve(schema).get(skip)) or (
        resolve(schema)["type"] == "object" and not properties(schema["ref"], skip=skip)
    )


@define
class Maker:
    """Makes values of schemas, each string and number another.

    Attributes:
        skip: `readOnly` for requests, `writeOnly` for answers.
        hollow: What to put for whatever is optional this many objects deep: see `empty`.
        empty: `absent`, or `null`.
        hostile: Unknown keys and enumeration values, odd times, huge strings.
    """

    skip: str = "writeOnly"
    hollow: int | None = None
    empty: str = "absent"
    hostile: bool = False
    seen: set[str] = field(factory=set)
    """The schemas that values were made of."""
    _numbers: Iterator[int] = field(factory=lambda: count(1))
    _cycles: dict[Any, Iterator[Any]] = field(factory=dict)

    def value(self, schema: Schema, key: str = "value", depth: int = 0) -> Any:
        if "ref" in schema:
            self.seen.add(schema["ref"])
            if resolve(schema)["type"] == "object":
                return self._object(schema["ref"], depth)
            schema = resolve(schema)
        if schema["type"] == "array":
            return [self.value(schema["items"], key, depth) for _ in range(2)]
        if schema["type"] == "object":
            return self._map(schema.get("additionalProperties"), key)
        return self._scalar(schema, key)

    def _object(self, name: str, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        page = "records" in SCHEMAS[name]["properties"]
        required = SCHEMAS[name].get("required", ())
        for wire, schema in properties(name, skip=self.skip).items():
            hollow = self.hollow == depth and wire not in required and not (page and wire == "records")
            if not hollow:
                made[wire] = self.value(schema, wire, depth + (not page))
            elif self.empty == "null":
                made[wire] = None
        if self.hostile:
            made |= {"unknownKey": {"a": [None, 1.5, {"b": []}]}, "": None, "__class__": "x", "from_": 1, "meta": 1}
            snakes = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", wire).lower() for wire in made}
            made = {**dict.fromkeys(snakes - set(made), 1.5), **made}
        return made

    def _map(self, schema: Schema | None, key: str) -> dict[str, Any]:
        if schema is None:
            return {key: [1, None, "x", {"deep": 2.5}]}
        keys = [f"{key} a", "", "日本 .$"] if self.hostile else [f"{key} a", "b"]
        return {name: self.value(schema, name) for name in keys}

    def _next(self, values: tuple[Any, ...]) -> Any:
        return next(self._cycles.setdefault(values, cycle(values)))

    def _scalar(self, schema: Schema, key: str) -> Any:
        if schema["type"] == "boolean":
            return self._next((True, False))
        if schema["type"] == "integer":
            low, high = schema.get("minimum", 0), schema.get("maximum", 2**31 - 1)
            return self._next(NUMBERS) if self.hostile else min(low + next(self._numbers), high)
        if "enum" in schema:
            return f"aNewOne/{next(self._numbers)}" if self.hostile else self._next(tuple(schema["enum"]))
        if "pattern" in schema:
            return self._next(("09:00:00", "17:30:59", "00:00:00"))
        match schema.get("format"):
            case "date-time" | "datetime":
                return self._next(ODD_TIMES if self.hostile else TIMES)
            case "date":
                return self._next(DATES)
            case "base64":
                made = base64.b64encode(f"{key} {next(self._numbers)}".encode()).decode()
                return self._next(BINARY) if self.hostile else made
            case "email":
                return f"{key}{next(self._numbers)}@example.com"
            case "uuid":
                return f"00000000-0000-4000-8000-{next(self._numbers):012}"
        return self._next((HUGE, *TEXTS * 8)) if self.hostile else f"{key} /+=%é {next(self._numbers)}"


# --- checks


def time_of(text: str) -> tuple[datetime, timedelta]:
    """A timestamp as RFC 3339 (and ISO 8601 where providers go beyond it) has it: the instant and the offset."""
    found = _TIME.fullmatch(text)
    assert found, text
    year, month, day, hour, minute = map(int, found.group(1, 2, 3, 4, 5))
    ahead = timedelta(hours=int(found[10] or 0), minutes=int(found[11] or 0))
    offset = -ahead if found[9] == "-" else ahead
    second = timedelta(seconds=int(found[6] or 0), microseconds=round(float(f"0.{found[7] or 0}") * 1e6))
    return datetime(year, month, day, hour, minute, tzinfo=timezone(offset)) + second, offset


def canonical(schema: Schema, value: Any) -> Any:
    """A JSON value with its times as what they mean, since they can be written in many ways."""
    if isinstance(value, list):
        items = resolve(schema).get("items", schema)
        return [canonical(items, item) for item in value]
    if isinstance(value, dict) and "ref" in schema:
        known = properties(schema["ref"])
        return {wire: canonical(known[wire], item) for wire, item in value.items()}
    is_time = isinstance(value, str) and schema.get("format") in ("date-time", "datetime")
    return time_of(value) if is_time else value


def problems(schema: Schema, value: Any, path: str, seen: set[str]) -> Iterator[str]:
    """What keeps a JSON value from being one that may be sent for a schema."""
    if "ref" in schema:
        seen.add(schema["ref"])
        if resolve(schema)["type"] == "object":
            yield from _object_problems(schema["ref"], value, path, seen)
            return
        schema = resolve(schema)
    kinds: dict[str, type] = {"array": list, "object": dict, "string": str, "integer": int, "boolean": bool}
    if type(value) is not kinds[schema["type"]]:
        yield f"{path} is a {type(value).__name__}, not a {schema['type']}"
    elif schema["type"] == "array":
        for index, item in enumerate(value):
            yield from problems(schema["items"], item, f"{path}[{index}]", seen)
    elif schema["type"] == "object":
        for key, item in value.items():
            yield from problems(schema["additionalProperties"], item, f"{path}.{key}", seen)
    elif schema["type"] == "string":
        yield from text_problems(schema, value, path)


def _object_problems(name: str, value: Any, path: str, seen: set[str]) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is a {type(value).__name__}, not a {name}"
        return
    known = properties(name, skip="readOnly")
    yield from (f"{path}.{wire} is not a property that {name} may be sent with" for wire in value if wire not in known)
    yield from (f"{path}.{wire} is missing" for wire in SCHEMAS[name].get("required", ()) if wire not in value)
    for wire in value.keys() & known.keys():
        yield from problems(known[wire], value[wire], f"{path}.{wire}", seen)


def text_problems(schema: Schema, text: str, path: str) -> Iterator[str]:
    """What is wrong with a string, or with the text of a parameter."""
    schema = resolve(schema)
    forms = {"integer": r"0|-?[1-9]\d*", "boolean": "true|false"}
    formats = {"date": r"\d{4}-\d\d-\d\d", "email": r"[^@\s]+@[^@\s]+", "base64": r"(?:[a-zA-Z0-9+/=]{4})*"}
    kind = schema.get("format", "")
    pattern = forms.get(schema["type"]) or schema.get("pattern") or formats.get(kind, r"(?s:.*)")
    if not re.fullmatch(pattern, text, re.ASCII):
        yield f"{path}: {text[:80]!r} is not a {kind or schema['type']}"
    if "enum" in schema and text not in schema["enum"]:
        yield f"{path}: {text!r} is not one of {schema['enum']}"
    whole_day = kind == "datetime" and re.fullmatch(formats["date"], text, re.ASCII)
    if kind in ("date-time", "datetime") and not (_STRICT_TIME.fullmatch(text) or whole_day):
        yield f"{path}: {text!r} is not a time with an offset"
