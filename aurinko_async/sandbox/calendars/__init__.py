"""The sandbox's calendars: events, recurrence, free/busy, work hours."""
