"""What has to be known of all events of a file before the first is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import icalendar
from attrs import field, frozen

from aurinko_async.export._text import line
from aurinko_async.export.calendar import Master
from aurinko_async.export.zones import tzid, when
from aurinko_async.models.calendar import Event
from aurinko_async.models.recurrence import EventDateTime, OccurrenceType

HEAD: Final = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//aurinko-async//export//EN\r\nCALSCALE:GREGORIAN\r\n"
TAIL: Final = b"END:VCALENDAR\r\n"


@frozen
class Survey:
    """The series of an account, the occurrences that differ from theirs, and the time zones in use."""

    masters: dict[str, Master] = field(factory=lambda: dict[str, Master]())
    zones: set[str] = field(factory=lambda: set[str]())
    occurrences: set[str] = field(factory=lambda: set[str]())
    """The ids of those that are there."""

    def take(self, event: Event) -> None:
        """Learn of an event that is there."""
        self.zones.update(zones_of(event))
        info = event.occurrence_info
        if info is None:
            if event.recurrence is not None and event.id:
                deleted = self.masters.get(event.id, Master()).deleted
                self.masters[event.id] = Master(line(event.ical_uid) or line(event.id), event.start, deleted)
            return
        if info.type == OccurrenceType.DELETED:
            self._delete(event)
        elif event.id:
            self.occurrences.add(event.id)

    def take_deleted(self, event: Event) -> None:
        """Learn of an event that is not there any more; what is there is taken before."""
        if event.occurrence_info is not None and event.id not in self.occurrences:
            self._delete(event)

    def _delete(self, event: Event) -> None:
        info = event.occurrence_info
        if info is None or not info.master_id or info.original_start is None:
            return
        deleted = self.masters.setdefault(info.master_id, Master()).deleted
        if info.original_start not in deleted:
            deleted.append(info.original_start)


def zones_of(event: Event) -> Iterator[str]:
    """The names of the zones that an event is written in."""
    info = event.occurrence_info
    times: list[EventDateTime | None] = [event.start, event.end, info.original_start if info else None]
    return (name for value in times if (name := tzid(when(value, repeats=True))))


def timezone(name: str) -> bytes:
    """A zone as a VTIMEZONE."""
    return bytes(icalendar.Timezone.from_tzid(name).to_ical())
