"""What a mirror holds as files that other programs read: JSON Lines, mbox, iCalendar, vCard."""

from typing import TYPE_CHECKING

from aurinko_async._lazy import lazy

if TYPE_CHECKING:
    from aurinko_async.export.exporting import Exported, Sink, export_ics, export_jsonl, export_mbox, export_vcf

__all__ = ["Exported", "Sink", "export_ics", "export_jsonl", "export_mbox", "export_vcf"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "exporting": "Exported Sink export_ics export_jsonl export_mbox export_vcf",
        },
    )
