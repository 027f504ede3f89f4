"""What a mirror holds, written to files: a few records in memory at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import msgspec
from attrs import frozen

from aurinko_async.errors import ConfigError
from aurinko_async.export.jsonl import to_line
from aurinko_async.export.mbox import to_mbox
from aurinko_async.models._row import Columns
from aurinko_async.models.calendar import Event
from aurinko_async.sync.stores._mirror import Mirror

if TYPE_CHECKING:
    from aurinko_async.export.series import Survey

R = TypeVar("R", bound=Columns)
T = TypeVar("T")

BREATH: Final = 16
"""Records that are converted between two chances for the rest of the program: some milliseconds."""
PAGE: Final = 500
"""Events looked at together for those that are deleted: about 1 MB."""
INSTALL: Final = "pip install 'aurinko-async[export]'"


class Sink(Protocol):
    """A file that is open for writing bytes."""

    def write(self, data: bytes, /) -> object: ...
    def writelines(self, lines: Iterable[bytes], /) -> object: ...


@frozen(kw_only=True)
class Exported:
    """What an export wrote.

    Attributes:
        records: How many records are in the file.
        partial: How many of them are here without something that the API has of them (`omitted`).
        left_out: Records that the format cannot hold: an event without a start.
    """

    records: int = 0
    partial: int = 0
    left_out: int = 0


class _Omitted(msgspec.Struct):
    omitted: list[str] | None = None


async def export_jsonl(
    store: Mirror,
    account: str,
    file: Sink,
    *,
    resource: str = "email",
    progress: Callable[[int], None] | None = None,
) -> Exported:
    """Write the records of a resource as JSON Lines: the API's JSON of each, byte for byte if that is one line.

    Args:
        file: Open for writing bytes.
        resource: `email`, `calendar`, `contacts` or `tasks`.
        progress: Called with the number of records so far.
    """
    decoder = msgspec.json.Decoder(_Omitted)

    def converted(raw: bytes) -> tuple[bytes, bool]:
        try:
            return to_line(raw), bool(decoder.decode(raw).omitted)
        except (msgspec.DecodeError, UnicodeDecodeError):  # a mirror takes what is no JSON in details
            return to_line(raw), False

    records = (raw async for _, raw in store.iterate_raw(account, resource=resource))
    return await _written(records, converted, file, progress)


async def export_mbox(
    store: Mirror, account: str, file: Sink, *, progress: Callable[[int], None] | None = None
) -> Exported:
    """Write the messages of an account as an mbox; `mbox.to_mbox` says what of each.

    Bodies and attachments are as complete as the mirror is.

    Args:
        file: Open for writing bytes.
        progress: Called with the number of messages so far.
    """
    return await _written(store.iterate(account), _with_omitted(to_mbox), file, progress)


async def export_vcf(
    store: Mirror, account: str, file: Sink, *, progress: Callable[[int], None] | None = None
) -> Exported:
    """Write the contacts of an account as vCards.

    Args:
        file: Open for writing bytes.
        progress: Called with the number of contacts so far.

    Raises:
        ConfigError: vobject is not installed.
    """
    try:
        from aurinko_async.export.contacts import to_vcard
    except ModuleNotFoundError as error:
        raise _missing(error, "vobject") from error
    return await _written(store.iterate(account, resource="contacts"), _with_omitted(to_vcard), file, progress)


async def export_ics(
    store: Mirror,
    account: str,
    file: Sink,
    *,
    resource: str = "calendar",
    progress: Callable[[int], None] | None = None,
) -> Exported:
    """Write the events or the tasks of an account as one iCalendar file.

    Of events it goes over the mirror twice: what belongs to a series, and the time zones, have to be known first.

    Args:
        file: Open for writing bytes.
        resource: `calendar`, or `tasks`.
        progress: Called with the number of records so far.

    Raises:
        ConfigError: icalendar is not installed, or the resource has no place in such a file.
    """
    if resource not in ("calendar", "tasks"):
        raise ConfigError(f"iCalendar has calendar and tasks, not {resource}")
    try:
        from aurinko_async.export import calendar, series
    except ModuleNotFoundError as error:
        raise _missing(error, "icalendar") from error
    file.write(series.HEAD)
    if resource == "tasks":
        tasks = store.iterate(account, resource="tasks")
        written = await _written(tasks, _with_omitted(calendar.to_vtodo), file, progress)
    else:
        known = await _surveyed(store, account)
        late: set[str] = set()

        def converted(event: Event) -> bytes | None:
            late.update(series.zones_of(event))
            return calendar.to_vevent(event, known.masters)

        file.writelines(map(series.timezone, sorted(known.zones)))
        events = store.iterate(account, resource="calendar")
        written = await _written(events, _with_omitted(converted), file, progress)
        # Of events that a sync brought meanwhile.
        file.writelines(map(series.timezone, sorted(late - known.zones)))
    file.write(series.TAIL)
    return written


async def _surveyed(store: Mirror, account: str) -> Survey:
    from aurinko_async.export.series import Survey

    survey = Survey()
    number = 0
    async for event in store.iterate(account, resource="calendar"):
        survey.take(event)
        number += 1
        if number % BREATH == 0:
            await asyncio.sleep(0)
    # Deleted events are told only together with those that are not.
    offset = 0
    while survey.masters and (page := await _with_deleted(store, account, offset)):
        for event in page:
            survey.take_deleted(event)
        offset += len(page)
    return survey


async def _with_deleted(store: Mirror, account: str, offset: int) -> list[Event]:
    return await store.events(account, include_deleted=True, limit=PAGE, offset=offset)


async def _written(
    records: AsyncIterator[T],
    converted: Callable[[T], tuple[bytes | None, bool]],
    file: Sink,
    progress: Callable[[int], None] | None,
) -> Exported:
    written = partial = left_out = 0
    async for record in records:
        data, lacks = converted(record)
        if data is None:
            left_out += 1
            continue
        file.write(data)
        written += 1
        partial += lacks
        if written % BREATH == 0:
            if progress is not None:
                progress(written)
            await asyncio.sleep(0)
    if progress is not None:
        progress(written)
    return Exported(records=written, partial=partial, left_out=left_out)


def _with_omitted(convert: Callable[[R], bytes | None]) -> Callable[[R], tuple[bytes | None, bool]]:
    return lambda record: (convert(record), bool(record.omitted))


def _missing(error: ModuleNotFoundError, library: str) -> Exception:
    """What to raise for a library that is not there; the error itself when it is another one."""
    if (error.name or "").partition(".")[0] != library:
        return error
    return ConfigError(f"this export needs {library}, which is not installed: {INSTALL}")
