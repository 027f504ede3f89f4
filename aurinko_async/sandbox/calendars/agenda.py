"""One calendar: its events, how they change, and what of its series is there when."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aurinko_async.sandbox.calendars import names
from aurinko_async.sandbox.calendars.events import Event, overlaps
from aurinko_async.sandbox.calendars.moments import Moment
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request, not_found
from aurinko_async.sandbox.ledger import Ledger
from aurinko_async.sandbox.letters import Owner
from aurinko_async.sandbox.times import DAY, iso

# How far ahead series are expanded in lists; an endless one has to end somewhere.
_HORIZON = 10 * 365 * DAY


class Agenda:
    """The events of one calendar. `record` is the calendar itself as the API gives it."""

    def __init__(
        self, owner: Owner, record: Json, *, home: str, clock: Callable[[], float], group: bool = False
    ) -> None:
        self.owner = owner
        self.record = record
        self.home = home
        self.group = group
        self.clock = clock
        self.ledger: Ledger[Event] = Ledger()
        self._exceptions: dict[str, dict[str, Event]] = {}
        self._buried_with: dict[str, list[Event]] = {}
        self._numbered = 0

    @property
    def id(self) -> str:
        id_: str = self.record["id"]
        return id_

    @property
    def role(self) -> str:
        role: str = self.record["accessRole"]
        return role

    def next_number(self) -> int:
        """Number an event that is made."""
        self._numbered += 1
        return self._numbered

    # What is there.

    def get(self, event_id: str) -> Event:
        """Give an event; a regular occurrence of a series is made for the occasion.

        Raises:
            ApiError: 404, there is none, or it was deleted.
        """
        event = self.ledger.find(event_id)
        if event is None and (parts := names.occurrence_of(self.owner, event_id)) is not None:
            return self.occurrence(self.master(parts[0]), parts[1])
        if event is None or event.cancelled:
            raise not_found("The event could not be found")
        return event

    def master(self, event_id: str) -> Event:
        """Give a series.

        Raises:
            ApiError: 404, there is no event of this id that recurs.
        """
        event = self.ledger.find(event_id)
        if event is None or event.series is None:
            raise not_found("The series could not be found")
        return event

    def occurrence(self, master: Event, stamp: str) -> Event:
        """Give the occurrence of a series that was to start then.

        Raises:
            ApiError: 404, there is none, or it was deleted.
        """
        exception = self._exceptions.get(master.id, {}).get(stamp)
        if exception is not None and not exception.cancelled:
            return exception
        start = master.series.find(master.start, stamp) if exception is None and master.series else None
        if start is None:
            raise not_found("The occurrence could not be found")
        return self._regular(master, start)

    def occurrence_at(self, master: Event, when: Moment) -> Event:
        """Give the occurrence of a series by its original start; a day finds the one of that day."""
        assert master.series is not None, "this is no series"
        if (when.day is None) == (master.start.day is None):
            return self.occurrence(master, when.stamp)
        if when.day is None:
            raise not_found("The occurrence could not be found")
        return self.occurrence(master, master.start.on(when.day).stamp)

    def exceptions(self, master: Event) -> list[Event]:
        """Give the occurrences of a series that are not regular, or were not, by their original starts."""
        return [event for _, event in sorted(self._exceptions.get(master.id, {}).items())]

    def instances(self, since: float, until: float) -> list[Event]:
        """Give all that is in a window, series expanded, in order of start."""
        found: list[Event] = []
        for event in self.ledger:
            if event.series is not None:
                found += self._occurrences(event, since, until)
            elif not event.cancelled and overlaps(event.span, since, until):
                found.append(event)
        return sorted(found, key=lambda event: (event.start.at, event.ordinal))

    def _occurrences(self, master: Event, since: float, until: float) -> Iterator[Event]:
        exceptions = self._exceptions.get(master.id, {})
        for start in master.starts_between(since, min(until, self.clock() + _HORIZON)):
            if start.stamp not in exceptions:
                yield self._regular(master, start)

    def _regular(self, master: Event, start: Moment) -> Event:
        return Event(
            names.occurrence_id(self.owner, master.id, start.stamp),
            start.at,
            start,
            master.end.after(master.start, start),
            dict(master.content),
            master.uid,
            master.created,
            master.modified,
            master.files,
            master=master,
            original=start,
            version=master.version,
            ordinal=master.ordinal,
        )

    # How it changes.

    def keep(self, event: Event) -> None:
        """Take in an event that was made, or that was changed."""
        event.settle()
        known = self.ledger.find(event.id)
        if known is not None and known is not event:
            raise ValueError(f"there is an event with this id: {event.id}")
        if known is not None or event.master is not None:
            event.modified = self.clock()
            event.version += 1
        if known is not None:
            self.ledger.touch(event)
            self._drop_strays(event)
            return
        self.ledger.insert(event)
        if event.master is not None and event.original is not None:
            self._exceptions.setdefault(event.master.id, {})[event.original.stamp] = event

    def remove(self, event: Event) -> None:
        """Delete an event: an occurrence is cancelled, a series takes its occurrences along."""
        if event.master is not None:
            event.type = "deleted"
            self.keep(event)
            return
        with_it = list(self._exceptions.get(event.id, {}).values())
        for one in (event, *with_it):
            self._bury(one)
        self._buried_with[event.id] = with_it

    def restore(self, event_id: str) -> Event:
        """Bring back what was deleted, under the same id.

        Raises:
            ApiError: 404, nothing of this id was.
        """
        cancelled = self.ledger.find(event_id)
        if cancelled is not None and cancelled.cancelled:
            cancelled.type = "modified"
            self.keep(cancelled)
            return cancelled
        gone = self.ledger.find_gone(event_id)
        if gone is None or gone.master is not None:
            raise not_found("The event could not be found")
        for event in (gone, *self._buried_with.pop(event_id, ())):
            event.modified = self.clock()
            event.version += 1
            self.ledger.revive(event)
        return gone

    def _bury(self, event: Event) -> None:
        self.ledger.bury(event, {"id": event.id, "timestamp": iso(self.clock())})

    def _drop_strays(self, master: Event) -> None:
        exceptions = self._exceptions.get(master.id, {})
        for stamp, event in list(exceptions.items()):
            if master.series is None or master.series.find(master.start, stamp) is None:
                del exceptions[stamp]
                self._bury(event)


def check_times(start: Moment, end: Moment) -> None:
    """Raise unless an event can last from one to the other."""
    if (start.day is None) != (end.day is None):
        raise bad_request("The start and the end are either both days or both times")
    if end.at < start.at or (end.day is not None and end.day == start.day):
        raise bad_request("The event ends before it starts")
