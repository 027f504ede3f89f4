"""Faults on demand: what goes wrong, where, how often. Choosing one is here, performing it is the server's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Literal, get_args

from attrs import define

from aurinko_async.sandbox.contract import Operation

FaultKind = Literal[
    "status",
    "html",
    "truncated",
    "reset",
    "reset_in_body",
    "processed_then_reset",
    "hang",
    "slow",
    "delta_expired",
    "delta_invalid",
    "page_invalid",
    "both_tokens",
    "neither_token",
    "repeat_page_token",
    "empty_pages",
    "never_ready",
    "incomplete",
]


@define(init=False, eq=False)
class Fault:
    """Something that goes wrong with the requests it fits.

    Kinds:
        `status` an error answer: `status` (503), `retry_after` (seconds, or "date" for a date
            `seconds` ahead: 2), `code`, `message`.
        `html` a page of HTML with `status` (200).
        `truncated` JSON cut short, of the length it announces.
        `reset` the connection is dropped before any byte, the request not processed.
        `reset_in_body` the request is processed, the connection dropped in the middle of the answer.
        `processed_then_reset` the request is processed, the connection dropped before any byte.
        `hang` no answer until the client goes away; with `processed=True` the request is processed first.
        `slow` the answer drips over `seconds` (1.0).
        `delta_expired` 410, `delta_invalid` 400 `token.notValid`: for requests with a delta token.
        `page_invalid` 400 "Page token is invalid": for requests with a page token.
        `both_tokens`, `neither_token` a page with a next page token and a next delta token, or with none of them.
        `repeat_page_token` a page that names its own page token as the next.
        `empty_pages` pages without records and with a fresh next page token; the place in the chain is kept.
        `never_ready` a sync start that says `ready: false`.
        `incomplete` a send that says `processingStatus: Incomplete`, with `failed_steps` (["returnIds"]).

    Args:
        times: how many requests it hits; None for every one.
        after: how many fitting requests pass unharmed before.
        method: the HTTP method it is limited to.
        path: a pattern (as in `fnmatch`) for the path as sent, or for the operation's Python name.
        account: the account, or its id, it is limited to.
        probability: the chance for each fitting request, drawn from the sandbox's seed.
    """

    kind: FaultKind
    times: int | None
    after: int
    method: str | None
    path: str | None
    account: Any
    probability: float | None
    detail: dict[str, Any]

    def __init__(
        self,
        kind: FaultKind,
        times: int | None = 1,
        after: int = 0,
        method: str | None = None,
        path: str | None = None,
        account: Any = None,
        probability: float | None = None,
        **detail: Any,
    ) -> None:
        if kind not in get_args(FaultKind):
            raise ValueError(f"unknown kind of fault: {kind!r}; one of {', '.join(get_args(FaultKind))}")
        self.kind = kind
        self.times = times
        self.after = after
        self.method = method
        self.path = path
        self.account = account
        self.probability = probability
        self.detail = detail

    def fits(
        self, method: str, path: str, operation: Operation | None, account: int | None, query: Mapping[str, str]
    ) -> bool:
        """Whether a request is one this fault is meant for."""
        if self.times == 0 or (self.method is not None and self.method.upper() != method):
            return False
        if self.account is not None and getattr(self.account, "id", self.account) != account:
            return False
        name = operation.name if operation else ""
        if self.path is not None and not (fnmatchcase(path, self.path) or fnmatchcase(name, self.path)):
            return False
        return self._makes_sense(operation, query)

    def _makes_sense(self, operation: Operation | None, query: Mapping[str, str]) -> bool:
        match self.kind:
            case "delta_expired" | "delta_invalid":
                return "deltaToken" in query
            case "page_invalid" | "repeat_page_token":
                return "pageToken" in query
            case "both_tokens":
                return operation is not None and operation.is_sync_page
            case "neither_token" | "empty_pages":
                return operation is not None and any(p.name == "pageToken" for p in operation.of("query"))
            case "never_ready":
                return operation is not None and operation.is_sync_start
            case "incomplete":
                return operation is not None and operation.name in ("email.messages.send", "email.messages.reply")
            case _:
                return True


class Faults:
    """The faults of a sandbox, in the order they were added; the first that fits a request hits it."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._faults: list[Fault] = []
        self.injected: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def add(self, *faults: Fault) -> None:
        """Arm faults."""
        self._faults.extend(faults)

    def remove(self, fault: Fault) -> None:
        """Disarm a fault; one that is not armed is no error."""
        if fault in self._faults:
            self._faults.remove(fault)

    def clear(self) -> None:
        """Disarm all faults. What was injected stays counted."""
        self._faults.clear()

    def take(
        self, method: str, path: str, operation: Operation | None, account: int | None, query: Mapping[str, str]
    ) -> Fault | None:
        """Choose the fault that hits a request, and count it."""
        for fault in self._faults:
            if not fault.fits(method, path, operation, account, query):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.probability is not None and self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
            self.injected[fault.kind] += 1
            return fault
        return None
