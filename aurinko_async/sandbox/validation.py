"""Holding a request against the contract: its parameters and its body, before any handler sees them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from aurinko_async.sandbox.contract import Json, Operation, Parameter, is_array, is_object, resolve
from aurinko_async.sandbox.errors import bad_request

_INTEGER = re.compile(r"-?\d+\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_LISTED = re.compile(r"[,\s]+")
_BITS = {"int32": 31, "int64": 63}


def read_path(operation: Operation, values: Iterable[str]) -> Json:
    """Give the path parameters by wire name, as the types the contract says."""
    return {p.name: _from_text(p.schema, value, p.name) for p, value in zip(operation.of("path"), values, strict=True)}


def read_query(operation: Operation, pairs: Iterable[tuple[str, str]]) -> Json:
    """Give the query parameters by wire name, defaults filled in; raise on an unknown, missing or ill-typed one."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    known = {p.name: p for p in operation.of("query")}
    for name in given:
        if name not in known:
            raise bad_request(f"Unknown query parameter: {name}")
    return {name: value for name, p in known.items() if (value := _parameter(p, given.get(name, []))) is not None}


def check_headers(operation: Operation, headers: Mapping[str, str]) -> None:
    """Raise when a header the operation requires is not there."""
    for parameter in operation.of("header"):
        if parameter.required and not headers.get(parameter.name):
            raise bad_request(f"Required header is missing: {parameter.name}")


def read_body(operation: Operation, content_type: str, raw: bytes) -> Json:
    """Give the JSON object of the body, empty if the operation takes none; raise where a property is ill-typed."""
    if operation.body is None:
        return {}
    if not raw:
        value: Any = {}
    elif content_type != "application/json":
        raise bad_request(f"Content type is not application/json: {content_type}")
    else:
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise bad_request(f"The body is not JSON: {error}") from error
    _check(operation.body, value, "$")
    body: Json = value
    return body


def _parameter(parameter: Parameter, values: list[str]) -> Any:
    schema = resolve(parameter.schema)
    if not values:
        if parameter.required:
            raise bad_request(f"Required query parameter is missing: {parameter.name}")
        return schema.get("default")
    if schema["type"] == "array":
        items = [item for value in values for item in _LISTED.split(value) if item]
        return [_from_text(schema["items"], item, parameter.name) for item in items]
    if len(values) > 1:
        raise bad_request(f"Query parameter is given twice: {parameter.name}")
    return _from_text(schema, values[0], parameter.name)


def _from_text(schema: Json, text: str, name: str) -> Any:
    schema = resolve(schema)
    match schema["type"]:
        case "integer":
            if not _INTEGER.match(text):
                raise bad_request(f"Not an integer: {name}")
            _check_integer(schema, int(text), name)
            return int(text)
        case "boolean":
            if text not in ("true", "false"):
                raise bad_request(f"Neither true nor false: {name}")
            return text == "true"
        case _:
            _check_string(schema, text, name)
            return text


def _check_integer(schema: Json, value: int, name: str) -> None:
    limit = 2 ** _BITS.get(schema.get("format", "int64"), 63)
    if not -limit <= value < limit:
        raise bad_request(f"Out of range: {name}")


def _check_string(schema: Json, text: str, name: str) -> None:
    if "enum" in schema and text not in schema["enum"]:
        raise bad_request(f"Unknown value for {name}: expected one of {', '.join(schema['enum'])}")
    try:
        match schema.get("format"):
            case "datetime" if _DATE.match(text):  # the contract's word for a time that may be a date
                date.fromisoformat(text)
            case "date-time" | "datetime":
                if datetime.fromisoformat(text).tzinfo is None:
                    raise ValueError("no offset")
            case "date":
                date.fromisoformat(text)
            case "base64":
                base64.b64decode(text, validate=True)
            case _:
                pass
    except (ValueError, binascii.Error) as error:
        raise bad_request(f"Not a {schema['format']}: {name}") from error


def _check(schema: Json, value: Any, path: str) -> None:
    schema = resolve(schema)
    match schema.get("type"):
        case "object":
            _check_object(schema, value, path)
        case "array":
            if not is_array(value):
                raise bad_request(f"Not an array: {path}")
            for index, item in enumerate(value):
                _check(schema["items"], item, f"{path}[{index}]")
        case "integer":
            if not isinstance(value, int) or isinstance(value, bool):
                raise bad_request(f"Not an integer: {path}")
            _check_integer(schema, value, path)
        case "number":
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise bad_request(f"Not a number: {path}")
        case "boolean":
            if not isinstance(value, bool):
                raise bad_request(f"Not a boolean: {path}")
        case "string":
            if not isinstance(value, str):
                raise bad_request(f"Not a string: {path}")
            _check_string(schema, value, path)
        case _:
            pass


def _check_object(schema: Json, value: Any, path: str) -> None:
    if not is_object(value):
        raise bad_request(f"Not an object: {path}")
    for name in schema.get("required", ()):
        if value.get(name) is None:
            raise bad_request(f"Required property is missing: {path}.{name}")
    properties: dict[str, Json] = schema.get("properties", {})
    rest: Json | None = schema.get("additionalProperties")
    for name, member in value.items():
        known = properties.get(name, rest)
        if known and member is not None and not known.get("readOnly"):
            _check(known, member, f"{path}.{name}")
