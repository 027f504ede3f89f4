"""From a stored message to the record an answer carries, and the cache of those that lists and syncs repeat."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from aurinko_async.sandbox.bodies import without_quotes
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.letters import Letter, Message, Owner
from aurinko_async.sandbox.names import web_link
from aurinko_async.sandbox.times import iso

# What the encoded records of one mailbox may take; beyond it the least recently used are written again when asked for.
_CACHE_BYTES = 64 * 2**20

_OMITTED = ("body", "attachments", "internetHeaders")
_encode = msgspec.json.encode


class Renderer:
    """Renders the messages of one mailbox."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._cache: OrderedDict[tuple[str, str], tuple[int, msgspec.Raw]] = OrderedDict()
        self._cached_bytes = 0

    def full(
        self,
        message: Message,
        *,
        body_type: str = "html",
        load_inlines: bool = False,
        strip_quoted: bool = False,
        native: Iterable[str] = (),
    ) -> Json:
        """Give the complete record, as a GET does."""
        letter = message.letter()
        body = letter.body(body_type)
        record: Json = {
            "id": message.id,
            "threadId": message.thread_id,
            "receivedAt": iso(message.when),
            "sysLabels": list(message.labels),
            "folderId": message.folder_id,
            "webLink": web_link(self._owner, message.id),
            **letter.record,
            "body": without_quotes(body, body_type) if strip_quoted else body,
            "attachments": [file.listed(loaded=load_inlines and file.inline) for file in letter.attachments],
            "omitted": [],
        }
        if message.modified is not None:
            record["lastModifiedTime"] = iso(message.modified)
        if native and (properties := _native(letter, message, native)):
            record["nativeProperties"] = properties
        return record

    def listed(self, message: Message, body_type: str = "html", native: Iterable[str] = ()) -> Json:
        """Give the record as lists and syncs do: partial for the providers whose lists are."""
        record = self.full(message, body_type=body_type, native=native)
        if self._owner.partial:
            for name in _OMITTED:
                record.pop(name, None)
            record["omitted"] = list(_OMITTED)
        return record

    def encoded(self, message: Message, body_type: str = "html") -> msgspec.Raw:
        """Give the listed record as JSON, from the cache where it is still right."""
        key = (message.id, body_type)
        cached = self._cache.get(key)
        if cached is not None and cached[0] == message.changed:
            self._cache.move_to_end(key)
            return cached[1]
        if cached is not None:
            self._cached_bytes -= len(bytes(self._cache.pop(key)[1]))
        raw = msgspec.Raw(_encode(self.listed(message, body_type)))
        self._cache[key] = (message.changed, raw)
        self._cached_bytes += len(bytes(raw))
        while self._cached_bytes > _CACHE_BYTES:
            _, (_, dropped) = self._cache.popitem(last=False)
            self._cached_bytes -= len(bytes(dropped))
        return raw


def _native(letter: Letter, message: Message, names: Iterable[str]) -> Json:
    headers = {header["name"].lower(): header["value"] for header in letter.record.get("internetHeaders", ())}
    known = {"historyid": str(message.changed), "labelids": ",".join(message.labels).upper(), **headers}
    return {name: known[name.lower()] for name in names if name.lower() in known}
