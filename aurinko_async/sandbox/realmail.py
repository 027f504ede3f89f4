"""Reading real mail: an mbox, a Maildir, a folder of .eml files, or one message."""

from __future__ import annotations

import mailbox
from collections.abc import Callable, Iterator
from email.parser import BytesHeaderParser
from functools import partial
from hashlib import blake2b
from os import PathLike
from pathlib import Path

from attrs import frozen

from aurinko_async.sandbox.letters import Letter
from aurinko_async.sandbox.parse import header, parse, received_at, related_ids


@frozen
class Found:
    """One message that was found: its bytes, and the flags the store kept beside it (of a Maildir's letters)."""

    source: bytes
    flags: str


@frozen
class Loaded:
    """A message ready to be put into a mailbox; it is parsed when somebody reads it."""

    write: Callable[[], Letter]
    when: float
    thread: str
    internet_id: str | None
    labels: list[str]


def read_mail(path: str | PathLike[str], now: float) -> Iterator[Loaded]:
    """Read every message at `path`. Threads are made of the References; mail without a date came `now`.

    Raises:
        FileNotFoundError: there is nothing at `path`, or no message in it.
    """
    parser = BytesHeaderParser()
    threads = _Threads()
    waiting: list[tuple[Found, float, str, str | None]] = []
    for number, found in enumerate(_find(Path(path))):
        headers = parser.parsebytes(found.source)
        when = received_at(headers)
        related = related_ids(headers) or [f"<{number}>"]
        threads.join(related)
        internet_id = related[-1] if header(headers, "Message-ID") and related_ids(headers) else None
        waiting.append((found, now if when is None else when, related[0], internet_id))
    if not waiting:
        raise FileNotFoundError(f"no mail found in {path}")
    for found, when, related_id, internet_id in waiting:
        write = partial(parse, found.source, when)
        yield Loaded(write, when, threads.name(related_id), internet_id, _labels(found.flags))


def _find(path: Path) -> Iterator[Found]:
    if path.is_dir():
        yield from _maildir(path) if (path / "cur").is_dir() else _folder(path)
    elif path.suffix.lower() != ".eml" and _looks_like_mbox(path):
        yield from _mbox(path)
    else:
        yield Found(path.read_bytes(), "")


def _looks_like_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def _folder(path: Path) -> Iterator[Found]:
    for file in sorted(path.rglob("*.eml")):
        yield Found(file.read_bytes(), "")


def _maildir(path: Path) -> Iterator[Found]:
    for name in ("cur", "new"):
        for file in sorted((path / name).iterdir()):
            yield Found(file.read_bytes(), file.name.partition(":2,")[2])


def _mbox(path: Path) -> Iterator[Found]:
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            source = box.get_bytes(key)
            status = BytesHeaderParser().parsebytes(source)
            flags = f"{header(status, 'Status') or ''}{header(status, 'X-Status') or ''}"
            yield Found(source, flags.replace("R", "S"))
    finally:
        box.close()


def _labels(flags: str) -> list[str]:
    labels = ["inbox"]
    if "S" not in flags:
        labels.append("unread")
    if "F" in flags:
        labels.append("flagged")
    if "T" in flags:
        labels[0] = "trash"
    return labels


class _Threads:
    """Message-IDs that belong together, as sets that merge."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def join(self, ids: list[str]) -> None:
        first = self._root(ids[0])
        for other in ids[1:]:
            self._parents[self._root(other)] = first

    def name(self, id_: str) -> str:
        return f"T{blake2b(self._root(id_).encode(), digest_size=9).hexdigest()}/="

    def _root(self, id_: str) -> str:
        self._parents.setdefault(id_, id_)
        while self._parents[id_] != id_:
            self._parents[id_] = id_ = self._parents[self._parents[id_]]
        return id_
