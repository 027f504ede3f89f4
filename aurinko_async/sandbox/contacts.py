"""One account's address book: the contacts there are, and what tests and demos do to them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from attrs import define, field, frozen

from aurinko_async.sandbox.bodies import text_to_html
from aurinko_async.sandbox.cards import make_card
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request, not_found
from aurinko_async.sandbox.ledger import Entry, Ledger
from aurinko_async.sandbox.letters import Owner
from aurinko_async.sandbox.records import Records, etag, hashed
from aurinko_async.sandbox.times import DAY, iso

# More than one page of the usual size.
_CONTACTS = 130
_TEXTS = ("nickName", "fileAs", "birthday", "notes")
_OBJECTS = ("name", "company")
_LISTS = ("relations", "keywords", "emailAddresses", "phoneNumbers", "addresses", "urls")


@frozen
class Photo:
    """A contact's picture."""

    content: bytes
    name: str = "photo.png"
    mime_type: str = "image/png"


@define(eq=False)
class Contact(Entry):
    """A contact: what was said about it, under its wire names."""

    record: Json
    modified: float
    photo: Photo | None = None
    native: Json = field(factory=lambda: Json())


class AddressBook:
    """The contacts of one account."""

    def __init__(self, owner: Owner, *, seed: int, clock: Callable[[], float], born: float | None = None) -> None:
        self.ledger: Ledger[Contact] = Ledger()
        self.records: Mapping[str, Json] = Records(self.ledger, self.render)
        self._owner = owner
        self._clock = clock
        self._random = Random(seed)
        self._made = 0
        now = clock() if born is None else born
        for number in range(_CONTACTS):
            self._make_up(now - (_CONTACTS - number) * DAY)
        self.ledger.seal()

    # What tests and demos do.

    def add(
        self,
        *,
        name: str | Mapping[str, Any] = "",
        email: str | Iterable[str] = (),
        photo: bytes | None = None,
        **fields: Any,
    ) -> str:
        """Let a contact appear.

        Args:
            name: what is displayed, or a wire `ContactName`.
            email: one address, or several.
            photo: the bytes of a PNG.
            fields: any other property of a contact, by its wire name.

        Returns:
            Its id.
        """
        changes = {**fields, "name": _name(name)}
        addresses = [email] if isinstance(email, str) else list(email)
        changes.setdefault("emailAddresses", [{"address": address, "type": "work"} for address in addresses])
        contact = self.create(changes)
        contact.photo = None if photo is None else Photo(photo)
        return contact.id

    def add_many(self, count: int) -> list[str]:
        """Let `count` made-up contacts appear now, and give their ids."""
        return [self._make_up(self._clock()).id for _ in range(count)]

    def update(self, id_: str, **changes: Any) -> None:
        """Change properties of a contact, by their wire names; None clears one."""
        if isinstance(changes.get("name"), str):
            changes["name"] = _name(changes["name"])
        self.change(self.get(id_), changes)

    def remove(self, id_: str) -> None:
        """Delete a contact: it leaves a tombstone."""
        contact = self.get(id_)
        self.ledger.bury(contact, {"id": id_, "timestamp": iso(self._clock())})

    def restore(self, id_: str) -> None:
        """Bring a deleted contact back under the same id; one that is there stays as it is."""
        gone = self.ledger.find_gone(id_)
        if gone is not None:
            gone.modified = self._clock()
            self.ledger.revive(gone)
        self.get(id_)

    # What the handlers ask.

    def get(self, id_: str) -> Contact:
        """Give a live contact.

        Raises:
            ApiError: 404, there is none.
        """
        contact = self.ledger.find(id_)
        if contact is None:
            raise not_found("The contact could not be found")
        return contact

    def create(self, body: Json) -> Contact:
        """Take a new contact in, as a request describes it."""
        return self._insert(body, self._clock(), body.get("id"))

    def change(self, contact: Contact, body: Json) -> None:
        """Change what a request names; null clears it."""
        _apply(contact, body)
        contact.modified = self._clock()
        self.ledger.touch(contact)

    def tag(self, contact: Contact) -> str:
        """Give the entity tag of a contact as it is now."""
        return etag(self._owner, contact.id, contact.changed)

    def render(self, contact: Contact, body_type: str = "text", *, with_photo: bool = False) -> Json:
        """Give the record of a contact."""
        record: Json = {
            "id": contact.id,
            "etag": self.tag(contact),
            "createdTime": iso(contact.when),
            "lastModifiedTime": iso(contact.modified),
            **contact.record,
            "phoneNumbers": [_canonical(phone) for phone in contact.record.get("phoneNumbers", ())],
            "hasPhoto": contact.photo is not None,
        }
        if body_type == "html" and contact.record.get("notes"):
            record["notes"] = text_to_html(contact.record["notes"])
        if with_photo and contact.photo is not None:
            record["photo"] = {
                "id": f"photo/{contact.ordinal}+=",
                "name": contact.photo.name,
                "mimeType": contact.photo.mime_type,
                "content": base64.b64encode(contact.photo.content).decode(),
            }
        return record

    def native(self, contact: Contact, names: Iterable[str]) -> Json:
        """Give those of these properties that only the provider knows."""
        known = {"changeKey": self.tag(contact), "resourceName": contact.id, **contact.native}
        return {name: str(known[name]) for name in names if name in known}

    def _make_up(self, when: float) -> Contact:
        record, photo = make_card(self._random, self._made)
        contact = self._insert(record, when)
        contact.photo = None if photo is None else Photo(photo)
        return contact

    def _insert(self, body: Json, when: float, id_: str | None = None) -> Contact:
        self._made += 1
        made_id = id_ or self._id(self._made)
        if made_id in self.ledger:
            raise ValueError(f"there is or was a contact with this id: {made_id}")
        contact = Contact(made_id, when, {kind: [] for kind in _LISTS}, when)
        _apply(contact, body)
        self.ledger.insert(contact)
        return contact

    def _id(self, number: int) -> str:
        match self._owner.service_type:
            case "Office365":
                return "AAMkAGI2" + hashed(self._owner, "contact", number, 26)
            case "Google":
                return f"people/c{0x3C00_0000 + self._owner.account_id * 0x1_0000 + number}"
            case _:
                return f"contact {number}+%2F="


def _apply(contact: Contact, body: Json) -> None:
    changes = {name: body[name] for name in (*_TEXTS, *_OBJECTS, *_LISTS) if name in body}
    photo = _photo(body["photo"]) if body.get("photo") is not None else None
    for name, value in changes.items():
        if name in _LISTS:
            contact.record[name] = list(value or ())
        elif value is None:
            contact.record.pop(name, None)
        else:
            contact.record[name] = _displayed(value) if name == "name" else value
    if "photo" in body:
        contact.photo = photo
    if "nativeProperties" in body:
        contact.native = dict(body["nativeProperties"] or {})


def _photo(given: Json) -> Photo:
    try:
        content = base64.b64decode(given.get("content") or "", validate=True)
    except binascii.Error as error:
        raise bad_request("Not a base64: $.photo.content") from error
    return Photo(content, given.get("name") or "photo", given.get("mimeType") or "application/octet-stream")


def _name(given: str | Mapping[str, Any]) -> Json:
    if not isinstance(given, str):
        return dict(given)
    first, _, last = given.partition(" ")
    parts = {"displayName": given, "givenName": first, "familyName": last}
    return {name: value for name, value in parts.items() if value}


def _displayed(name: Json) -> Json:
    parts = (name.get(part) for part in ("prefix", "givenName", "middleName", "familyName", "suffix"))
    given = {part: value for part, value in name.items() if value is not None}
    return {"displayName": " ".join(part for part in parts if part), **given}


def _canonical(phone: Json) -> Json:
    number: str = phone.get("number") or ""
    digits = "".join(char for char in number if char.isdecimal())
    return {**phone, "canonicalForm": f"+{digits}" if number.strip().startswith("+") else digits}
