"""What a mirror holds as files that other programs read: JSON Lines, mbox, iCalendar, vCard."""

from aurinko_async.export.exporting import Exported, Sink, export_ics, export_jsonl, export_mbox, export_vcf

__all__ = ["Exported", "Sink", "export_ics", "export_jsonl", "export_mbox", "export_vcf"]
