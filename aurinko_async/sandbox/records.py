"""What collections share: a live view of their records, and the tags that say which version of one is meant."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from typing import Generic

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError
from aurinko_async.sandbox.ledger import E, Ledger
from aurinko_async.sandbox.letters import Owner


class Records(Mapping[str, Json], Generic[E]):
    """A live, read-only view: id -> the record a GET gives now."""

    def __init__(self, ledger: Ledger[E], render: Callable[[E], Json]) -> None:
        self._ledger = ledger
        self._render = render

    def __getitem__(self, id_: str) -> Json:
        entry = self._ledger.find(id_)
        if entry is None:
            raise KeyError(id_)
        return self._render(entry)

    def __iter__(self) -> Iterator[str]:
        return (entry.id for entry in self._ledger)

    def __len__(self) -> int:
        return sum(1 for _ in self._ledger)

    def __contains__(self, id_: object) -> bool:
        return isinstance(id_, str) and self._ledger.find(id_) is not None


def etag(owner: Owner, id_: str, version: int) -> str:
    """Give the entity tag of a version, in the provider's own style."""
    mark = hashed(owner, f"etag/{id_}", version, 9)
    match owner.service_type:
        case "Office365":
            return f'W/"{mark}"'
        case "Google":
            return f"%Eg{mark}="
        case _:
            return f'"{version}-{mark}"'


def require_match(current: str, given: str | None) -> None:
    """Hold an `If-Match` against the tag a record has now.

    Raises:
        ApiError: 412, the record is another version.
    """
    if given is not None and given.strip() not in (current, "*"):
        raise ApiError(412, "The record was changed in the meantime", reason="Precondition Failed")


def hashed(owner: Owner, kind: str, number: int, size: int) -> str:
    """Give base64 that looks random and is the same every time."""
    text = f"{kind}/{owner.account_id}/{number}".encode()
    return base64.b64encode(blake2b(text, digest_size=size).digest()).decode()
