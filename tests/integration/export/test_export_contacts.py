"""vCards of a mirror, read by others, against the address book in the sandbox."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import vobject

from aurinko_async.export import Exported, export_vcf
from aurinko_async.export.contacts import to_vcard
from aurinko_async.models import Contact, ContactPhoto

PHONES = {"mobile": {"CELL"}, "work": {"WORK"}, "homeFax": {"HOME", "FAX"}}


async def vcf_of(synced: Any) -> tuple[Exported, str]:
    file = BytesIO()
    done = await export_vcf(synced.store, synced.key, file)
    return done, file.getvalue().decode()


def cards(data: str) -> dict[str, Any]:
    return {card.uid.value: card for card in vobject.readComponents(data)}


def child(card: Any, name: str) -> Any:
    return card.getChildValue(name) or ""


def listed(card: Any, name: str) -> list[Any]:
    return card.contents.get(name, [])


async def test_every_contact_is_there_with_its_values(synced: Any) -> None:
    done, data = await vcf_of(synced)
    truth = dict(synced.account.contacts.records)
    found = cards(data)
    assert found.keys() == truth.keys()
    assert done == Exported(records=len(truth))
    for contact_id, record in truth.items():
        card, name, company = found[contact_id], record["name"], record.get("company") or {}
        assert card.fn.value == name["displayName"]
        assert (card.n.value.given, card.n.value.family) == (name.get("givenName", ""), name.get("familyName", ""))
        assert card.n.value.prefix == name.get("prefix", "")
        assert child(card, "x-phonetic-first-name") == name.get("yomiGivenName", "")
        assert child(card, "nickname") == record.get("nickName", "")
        units = [company[part] for part in ("name", "department") if part in company]
        assert child(card, "org") == (units or "")
        assert child(card, "title") == company.get("jobTitle", "")
        assert child(card, "bday") == record.get("birthday", "")
        assert child(card, "note") == record.get("notes", "")
        assert child(card, "categories") == (record["keywords"] or "")
        assert [url.value for url in listed(card, "url")] == [url["href"] for url in record["urls"]]
        assert child(card, "x-manager") == "".join(one["name"] for one in record["relations"])


async def test_addresses_and_numbers_are_there_with_their_types(synced: Any) -> None:
    _, data = await vcf_of(synced)
    found = cards(data)
    for contact_id, record in synced.account.contacts.records.items():
        card = found[contact_id]
        emails = [(email.value, set(email.params["TYPE"]) - {"INTERNET"}) for email in listed(card, "email")]
        assert emails == [(e["address"], {e["type"].upper()}) for e in record["emailAddresses"]]
        phones = [(phone.value, set(phone.params["TYPE"])) for phone in listed(card, "tel")]
        assert phones == [(p["number"], PHONES[p["type"]]) for p in record["phoneNumbers"]]
        places = [
            (a.value.street, a.value.extended, a.value.code, a.value.city, a.value.country) for a in listed(card, "adr")
        ]
        names = ("street", "streetLine2", "postalCode", "city", "country")
        assert places == [tuple(a.get(name, "") for name in names) for a in record["addresses"]]
        assert [set(a.params["TYPE"]) for a in listed(card, "adr")] == [
            {a["type"].upper()} for a in record["addresses"]
        ]


async def test_a_contact_cannot_add_lines_or_cards(changing: Any) -> None:
    evil = "x\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:evil"
    contact_id = changing.account.contacts.add(
        name={"displayName": f"A;b, c\\n {evil}", "givenName": 'Q"uote;', "familyName": "O'H,ara\\"},
        email=["a@example.com;x"],
        notes=f"a,b;c\\d\n{evil}\n<b>no</b> 😀 \u2028",
        birthday="--02-29",
        keywords=["a,b", "c;d", evil],
        company={"name": "A;B, C", "department": "D;\nE"},
        addresses=[{"street": "1;2,3\n4", "city": "Zü\r\nX:1", "type": "wo;r\r\nk:"}],
        phoneNumbers=[{"number": "+1\r\nX:2", "type": 'x";\n:y'}],
        relations=[{"name": "Zoé", "type": "spouse"}, {"name": "Kim", "type": "partner\r\nX:3"}],
    )
    await changing.sync()
    done, data = await vcf_of(changing)
    assert done.records == data.count("BEGIN:VCARD\r\n") == data.count("END:VCARD\r\n")
    assert not re.search(r"^(?:X|FN:evil)", data.replace("X-", ""), re.MULTILINE)
    card = cards(data)[contact_id]
    assert card.fn.value == "A;b, c\\n x END:VCARD BEGIN:VCARD FN:evil"
    assert (card.n.value.given, card.n.value.family) == ('Q"uote;', "O'H,ara\\")
    assert card.email.value == "a@example.com;x"
    assert card.categories.value == ["a,b", "c;d", "x END:VCARD BEGIN:VCARD FN:evil"]
    assert card.org.value == ["A;B, C", "D; E"]
    assert (card.adr.value.street, card.adr.value.city) == ("1;2,3\n4", "Zü\nX:1")
    assert card.adr.params["TYPE"] == ["WORK"]
    assert card.tel.value == "+1 X:2"
    assert (card.bday.value, card.bday.params) == ("1604-02-29", {"X-APPLE-OMIT-YEAR": ["1604"]})
    assert child(card, "x-spouse") == "Zoé"
    assert child(card, "x-relation") == "Kim"


def test_a_photo_is_there_byte_for_byte() -> None:
    photo = bytes(range(256)) * 3
    contact = Contact(id="c", photo=ContactPhoto(content=photo, mime_type="image/png"))
    (card,) = vobject.readComponents(to_vcard(contact).decode())
    assert card.photo.value == photo
    assert card.photo.params["TYPE"] == ["PNG"]
    assert card.fn.value == "?"
