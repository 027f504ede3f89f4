"""What a mirror holds, written to files: a few records in memory at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import msgspec
from attrs import frozen

from aurinko_async.errors import ConfigError
from aurinko_async.export.jsonl import to_line
from aurinko_async.export.mbox import to_mbox
from aurinko_async.models._row import Record
from aurinko_async.models.calendar import Event
from aurinko_async.models.contacts import Contact
from aurinko_async.models.mail import EmailMessage
from aurinko_async.models.tasks import Task
from aurinko_async.sync.stores._mirror import Mirror, read

if TYPE_CHECKING:
    from aurinko_async.export.series import Survey

R = TypeVar("R", bound=Record)

BREATH: Final = 16
"""Records that are converted between two chances for the rest of the program: some milliseconds."""
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
        left_out: Records that the format cannot hold, as an event without a start, and those that failed.
        failed: How many of them could not be read or converted.
    """

    records: int = 0
    partial: int = 0
    left_out: int = 0
    failed: int = 0


class _Omitted(msgspec.Struct):
    omitted: list[str] | None = None


async def export_jsonl(
    store: Mirror,
    account: str,
    file: Sink,
    *,
    resource: str = "email",
    progress: Callable[[int], None] | None = None,
    failed: Callable[[str, Exception], None] | None = None,
) -> Exported:
    """Write the records of a resource as JSON Lines: the API's JSON of each, byte for byte if that is one line.

    Args:
        file: Open for writing bytes.
        resource: `email`, `calendar`, `contacts` or `tasks`.
        progress: Called with the number of records so far.
        failed: Called with the id of each record that could not be read or converted, and why. It is left out.
    """
    decoder = msgspec.json.Decoder(_Omitted)

    def converted(raw: bytes) -> tuple[bytes, bool]:
        try:
            return to_line(raw), bool(decoder.decode(raw).omitted)
        except (msgspec.DecodeError, UnicodeDecodeError):  # a mirror takes what is no JSON in details
            return to_line(raw), False

    return await _written(store.iterate_raw(account, resource=resource), converted, file, progress, failed)


async def export_mbox(
    store: Mirror,
    account: str,
    file: Sink,
    *,
    progress: Callable[[int], None] | None = None,
    failed: Callable[[str, Exception], None] | None = None,
) -> Exported:
    """Write the messages of an account as an mbox; `mbox.to_mbox` says what of each.

    Bodies and attachments are as complete as the mirror is.

    Args:
        file: Open for writing bytes.
        progress: Called with the number of messages so far.
        failed: Called with the id of each message that could not be read or converted, and why. It is left out.
    """
    return await _written(store.iterate_raw(account), _reading(EmailMessage, to_mbox), file, progress, failed)


async def export_vcf(
    store: Mirror,
    account: str,
    file: Sink,
    *,
    progress: Callable[[int], None] | None = None,
    failed: Callable[[str, Exception], None] | None = None,
) -> Exported:
    """Write the contacts of an account as vCards.

    Args:
        file: Open for writing bytes.
        progress: Called with the number of contacts so far.
        failed: Called with the id of each contact that could not be read or converted, and why. It is left out.

    Raises:
        ConfigError: vobject is not installed.
    """
    try:
        from aurinko_async.export.contacts import to_vcard
    except ModuleNotFoundError as error:
        raise _missing(error, "vobject") from error
    records = store.iterate_raw(account, resource="contacts")
    return await _written(records, _reading(Contact, to_vcard), file, progress, failed)


async def export_ics(
    store: Mirror,
    account: str,
    file: Sink,
    *,
    resource: str = "calendar",
    progress: Callable[[int], None] | None = None,
    failed: Callable[[str, Exception], None] | None = None,
) -> Exported:
    """Write the events or the tasks of an account as one iCalendar file.

    Of events it goes over the mirror twice: what belongs to a series, and the time zones, have to be known first.

    Args:
        file: Open for writing bytes.
        resource: `calendar`, or `tasks`.
        progress: Called with the number of records so far.
        failed: Called with the id of each record that could not be read or converted, and why. It is left out.

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
        tasks = store.iterate_raw(account, resource="tasks")
        written = await _written(tasks, _reading(Task, calendar.to_vtodo), file, progress, failed)
    else:
        known = await _surveyed(store, account)
        late: set[str] = set()

        def converted(event: Event) -> bytes | None:
            late.update(series.zones_of(event))
            return calendar.to_vevent(event, known.masters)

        file.writelines(map(series.timezone, sorted(known.zones)))
        events = store.iterate_raw(account, resource="calendar")
        written = await _written(events, _reading(Event, converted), file, progress, failed)
        # Of events that a sync brought meanwhile.
        file.writelines(map(series.timezone, sorted(late - known.zones)))
    file.write(series.TAIL)
    return written


async def _surveyed(store: Mirror, account: str) -> Survey:
    from aurinko_async.export.series import Survey

    survey = Survey()
    number = 0
    for deleted, take in ((False, survey.take), (True, survey.take_deleted)):
        async for _, raw in store.iterate_raw(account, resource="calendar", deleted=deleted):
            # What fails is told when it is to be written.
            with suppress(Exception):
                take(read(Event, raw))
            number += 1
            if number % BREATH == 0:
                await asyncio.sleep(0)
    return survey


async def _written(
    records: AsyncIterator[tuple[str, bytes]],
    converted: Callable[[bytes], tuple[bytes | None, bool]],
    file: Sink,
    progress: Callable[[int], None] | None,
    failed: Callable[[str, Exception], None] | None,
) -> Exported:
    taken = written = partial = failures = 0
    async for record_id, raw in records:
        taken += 1
        try:
            data, lacks = converted(raw)
        except Exception as error:  # one record is not worth all others
            data, lacks = None, False
            failures += 1
            if failed is not None:
                failed(record_id, error)
        if data is not None:
            file.write(data)
            written += 1
            partial += lacks
        if taken % BREATH == 0:
            if progress is not None:
                progress(written)
            await asyncio.sleep(0)
    if progress is not None:
        progress(written)
    return Exported(records=written, partial=partial, left_out=taken - written, failed=failures)


def _reading(model: type[R], convert: Callable[[R], bytes | None]) -> Callable[[bytes], tuple[bytes | None, bool]]:
    def converted(raw: bytes) -> tuple[bytes | None, bool]:
        record = read(model, raw)
        return convert(record), bool(record.omitted)

    return converted


def _missing(error: ModuleNotFoundError, library: str) -> Exception:
    """What to raise for a library that is not there; the error itself when it is another one."""
    if (error.name or "").partition(".")[0] != library:
        return error
    return ConfigError(f"this export needs {library}, which is not installed: {INSTALL}")
