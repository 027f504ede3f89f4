"""vCard 3.0: contacts as all address books read them. Needs the extra `export`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from aurinko_async.export._text import clean, line, plain
from aurinko_async.models.contacts import Contact, ContactCompany, ContactName, ContactPostalAddress

_vobject: Final[Any] = import_module("vobject")  # it has no types

_PHONES: Final = {
    "mobile": ("CELL",),
    "workMobile": ("WORK", "CELL"),
    "companyMain": ("WORK", "MAIN"),
    "workFax": ("WORK", "FAX"),
    "homeFax": ("HOME", "FAX"),
    "otherFax": ("OTHER", "FAX"),
    "workPager": ("WORK", "PAGER"),
}
_RELATIONS: Final = frozenset({"manager", "assistant", "spouse"})
_DATE: Final = re.compile(r"(?:(\d{4})|-)?-?(\d\d)-?(\d\d)(?:T.*)?")
_NO_YEAR: Final = "1604"
"""Stands for a year that is unknown, where address books agree on something."""


def to_vcard(contact: Contact) -> bytes:
    """A contact as a vCard."""
    card = _vobject.vCard()
    _name(card, contact.name or ContactName(), contact)
    _work(card, contact.company or ContactCompany())
    _reach(card, contact)
    for address in contact.addresses or ():
        _typed(card, "adr", _postal(address), address.type)
    for url in contact.urls or ():
        if href := line(url.href):
            _typed(card, "url", href, url.type)
    for relation in contact.relations or ():
        kind = _kind(relation.type)
        known = (relation.type or "").lower() in _RELATIONS
        if name := line(relation.name):
            _typed(card, f"x-{kind.lower()}" if known else "x-relation", name, None if known else relation.type)
    _birthday(card, line(contact.birthday))
    if keywords := [word for given in contact.keywords or () if (word := line(given))]:
        card.add("categories").value = keywords
    _put(card, "note", plain(contact.notes))
    _photo(card, contact)
    _put(card, "uid", line(contact.id))
    if contact.last_modified_time:
        _put(card, "rev", contact.last_modified_time.isoformat())
    _put(card, "x-aurinko-omitted", ",".join(map(line, contact.omitted or ())))
    return str(card.serialize()).encode()


def _name(card: Any, name: ContactName, contact: Contact) -> None:
    parts = {
        "family": line(name.family_name),
        "given": line(name.given_name),
        "additional": line(name.middle_name),
        "prefix": line(name.prefix),
        "suffix": line(name.suffix),
    }
    card.add("n").value = _vobject.vcard.Name(**parts)
    card.add("fn").value = next(_shown(name, contact), "?")
    _put(card, "nickname", line(contact.nick_name))
    _put(card, "x-file-as", line(contact.file_as))
    _put(card, "x-phonetic-first-name", line(name.yomi_given_name))
    _put(card, "x-phonetic-last-name", line(name.yomi_family_name))


def _shown(name: ContactName, contact: Contact) -> Iterator[str]:
    """What to call it, the best first: a vCard must have a name."""
    parts = (name.prefix, name.given_name, name.middle_name, name.family_name, name.suffix)
    candidates = [
        name.display_name,
        " ".join(part for part in parts if part),
        contact.file_as,
        contact.nick_name,
        contact.company.name if contact.company else None,
        *(email.address for email in contact.email_addresses or ()),
        *(phone.number for phone in contact.phone_numbers or ()),
    ]
    return (shown for given in candidates if (shown := line(given)))


def _work(card: Any, company: ContactCompany) -> None:
    units = [line(company.name), line(company.department)]
    if any(units):
        card.add("org").value = units if units[1] else units[:1]
    _put(card, "title", line(company.job_title))
    _put(card, "x-office-location", line(company.office_location))
    _put(card, "x-phonetic-org", line(company.yomi_company_name))


def _reach(card: Any, contact: Contact) -> None:
    for email in contact.email_addresses or ():
        if address := line(email.address):
            made = _typed(card, "email", address, email.type, "INTERNET")
            if name := line(email.name):
                # What a parameter cannot hold.
                made.x_cn_param = name.replace('"', "'")
    for phone in contact.phone_numbers or ():
        if number := line(phone.number):
            kinds = _PHONES.get(phone.type or "")
            _typed(card, "tel", number, None if kinds else phone.type, *(kinds or ()))


def _postal(address: ContactPostalAddress) -> Any:
    return _vobject.vcard.Address(
        street=clean(address.street),
        extended=clean(address.street_line2),
        box=clean(address.po_box),
        city=clean(address.city),
        region=clean(address.state),
        code=clean(address.postal_code),
        country=clean(address.country),
    )


def _birthday(card: Any, birthday: str) -> None:
    matched = _DATE.fullmatch(birthday)
    if matched is None:
        _put(card, "x-birthday", birthday)
        return
    year, month, day = matched.groups()
    unknown = year in (None, "0000", _NO_YEAR)
    made = card.add("bday")
    made.value = f"{_NO_YEAR if unknown else year}-{month}-{day}"
    if unknown:
        made.x_apple_omit_year_param = _NO_YEAR


def _photo(card: Any, contact: Contact) -> None:
    photo = contact.photo
    if photo is None or not photo.content:
        return
    made = card.add("photo")
    made.value = photo.content
    made.encoding_param = "b"
    if kind := _kind((photo.mime_type or "").partition("/")[2]):
        made.type_param = kind


def _typed(card: Any, name: str, value: Any, kind: str | None, *kinds: str) -> Any:
    made = card.add(name)
    made.value = value
    if found := [*kinds, *filter(None, [_kind(kind)])]:
        made.type_param = found
    return made


def _kind(kind: str | None) -> str:
    """What a provider calls it, as a word that a parameter can hold."""
    return re.sub(r"[^A-Z0-9-]", "", (kind or "").upper())


def _put(card: Any, name: str, value: str) -> None:
    if value:
        card.add(name).value = value
