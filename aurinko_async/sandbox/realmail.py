"""Reading real mail: an mbox, a Maildir, a folder of .eml files or one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from os import PathLike

from .letters import Letter


def read_mail(
    path: str | PathLike[str], now: float
) -> Iterator[tuple[Callable[[], Letter], float, str, str | None, list[str]]]:
    raise NotImplementedError
    yield
