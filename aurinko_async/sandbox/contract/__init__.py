"""The API's contract as tables: its operations and schemas. Nothing here knows how they are served."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeGuard

import msgspec
from attrs import frozen

Json = dict[str, Any]
Credential = Literal["account", "app", "user", "public"]


@frozen
class Parameter:
    """One path, query or header parameter, under its wire name."""

    name: str
    where: str
    required: bool
    schema: Json


@frozen
class Operation:
    """One row of the contract: the operation behind a method and a path template."""

    name: str
    method: str
    path: str
    credential: Credential
    parameters: tuple[Parameter, ...]
    body: Json | None
    statuses: tuple[int, ...]

    def of(self, where: str) -> list[Parameter]:
        """List the parameters that travel in `path`, `query` or `header`, in their order."""
        return [parameter for parameter in self.parameters if parameter.where == where]

    @property
    def is_sync_page(self) -> bool:
        """Whether it is one of the `.../sync/updated` and `.../sync/deleted` operations."""
        return self.path.endswith(("/sync/updated", "/sync/deleted"))

    @property
    def is_sync_start(self) -> bool:
        """Whether it is one of the `.../sync` operations."""
        return self.path.endswith("/sync")


def _load(name: str) -> Any:
    return msgspec.json.decode((files(__name__) / name).read_bytes())


def _credential(auth: Any) -> Credential:
    if auth == "account":
        return "account"
    if not auth:
        return "public"
    return "app" if auth == [["AppAuth"]] else "user"


def _operation(row: Json) -> Operation:
    body = row["body"]
    return Operation(
        name=row["python"],
        method=row["method"],
        path=row["path"],
        credential=_credential(row["auth"]),
        parameters=tuple(Parameter(p["name"], p["in"], p["required"], p["schema"]) for p in row["params"]),
        body=body["content"]["application/json"] if body else None,
        statuses=tuple(int(status) for status in row["responses"] if status.isdigit()),
    )


@cache
def operations() -> tuple[Operation, ...]:
    """Give every operation of the contract."""
    return tuple(_operation(row) for row in _load("operations.json"))


@cache
def schemas() -> dict[str, Json]:
    """Give every schema of the contract, by its name."""
    loaded: dict[str, Json] = _load("schemas.json")
    return loaded


def is_object(value: object) -> TypeGuard[Json]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def resolve(schema: Json) -> Json:
    """Follow a `ref` to the schema it names."""
    while "ref" in schema:
        schema = schemas()[schema["ref"]]
    return schema
