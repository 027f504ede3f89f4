"""Values that every layer speaks: UNSET, Call -> Request -> Response, Clock."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, Protocol, TypeAlias, TypeVar

from attrs import Attribute, evolve, field, frozen

from aurinko_async.errors import InvalidInput

T = TypeVar("T")


class Unset(enum.Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""Not sent at all; `None` is JSON null."""

Audience: TypeAlias = Literal["account", "app", "user", "prepare", "public", "any"]
"""Whom an operation must be called as; `any` is the raw door, called as whatever the credentials are."""


_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@frozen(slots=False)
class Call(Generic[T]):
    """One operation as a resource states it: wire names verbatim, values as the caller gave them.

    `repeatable` marks a POST or PATCH that may be processed twice without harm.
    """

    method: str
    path: str
    result: type[T]
    path_args: Mapping[str, str | int | date] = _NOTHING
    query: Mapping[str, object] = _NOTHING
    headers: Mapping[str, object] = _NOTHING
    body: object = UNSET
    audience: Audience = "account"
    repeatable: bool = False

    def with_query(self, **query: object) -> Call[T]:
        return evolve(self, query={**self.query, **query})


@frozen(slots=False)
class Request:
    """A call made concrete: nothing left to decide, nothing sent yet."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


@frozen(slots=False)
class Response:
    """An answer read to its end."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Clock(Protocol):
    """Time as the session and the sync driver see it; tests pass their own."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...

    def time(self) -> float:
        """Seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None: ...


def at_least(
    low: float, *, excluded: bool = False, or_none: bool = False
) -> Callable[[Any, Attribute[Any], Any], None]:
    """An attrs validator of options: a number from `low` on, `low` itself `excluded` or not."""

    def check(instance: object, attribute: Attribute[Any], value: Any) -> None:
        if (value is None and or_none) or (value is not None and (value > low or (value == low and not excluded))):
            return
        bound = f"{'more than' if excluded else 'at least'} {low:g}"
        raise InvalidInput(f"{type(instance).__name__}: {attribute.name} must be {bound}, not {value!r}")

    return check
