"""Made-up contacts: names in several scripts, companies, several addresses and numbers, some with a picture."""

from __future__ import annotations

from random import Random

from aurinko_async.sandbox.attachments import picture
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.prose import KEYWORDS, PEOPLE, SENTENCES

# given name, family name, how the two are read aloud where that is not how they are written
_NAMES: tuple[tuple[str, str, tuple[str, str] | None], ...] = (
    ("Aurélie", "D'Angelo", None),
    ("Björk", "Þórðardóttir", None),
    ("太郎", "山田", ("たろう", "やまだ")),
    ("Mary Jane", "O'Hara-Smith", None),
    ("Владимир", "Ёлкин", None),
    ("伟", "王", ("Wei", "Wang")),
    ("דוד", "לוי", None),
    ("Zsófia", "Kővári", None),
    ("José", "de la Cruz y Núñez", None),
    ("Ἀλέξανδρος", "Παπαδόπουλος", None),
    ("Grace", "Hopper", None),
    ("Đặng", "Thùy Trâm", None),
    ("علي", "حسن", None),
    ("Sinéad", "Ó Briain", None),
    ("Kwame", "Mensah", None),
    ("花子", "鈴木", ("はなこ", "すずき")),
)
_COMPANIES = (
    "Example GmbH & Co. KG",
    "Société Exemple",
    "株式会社エグザンプル",
    'Sample "Best" Ltd.',
    "Ejemplo S.A.",
    "Пример",
)
_TITLES = ("Engineer", "Directrice générale", "営業部長", "Head of R&D", "Buchhalter/in")
_STREETS = (
    ("Musterstraße 12b", "10115", "Berlin", "Deutschland"),
    ("14, rue de l'Église", "75005", "Paris", "France"),
    ("丸の内1-9-1", "100-0005", "東京", "日本"),
    ("1 Example Plaza\nSuite 400", "94105", "San Francisco", "United States"),
)
_COLOURS = (0x2E7D32, 0xC62828, 0x1565C0, 0xF9A825)


def make_card(random: Random, number: int) -> tuple[Json, bytes | None]:
    """Make a contact up: its properties under their wire names, and its picture."""
    given, family, reading = _NAMES[number % len(_NAMES)] if number % 3 else _known(random)
    record: Json = {
        "name": _name(given, family, reading, random),
        "emailAddresses": _addresses(random, number),
        "phoneNumbers": _phones(random),
        "addresses": [_address(random, kind) for kind in ("work", "home")[: random.randrange(3)]],
        "urls": [{"href": f"https://example.com/~{number}?a=1&b=é", "type": "blog"}] if number % 5 == 0 else [],
        "relations": [{"name": "Ann Lee", "type": "manager"}] if number % 7 == 0 else [],
        "keywords": sorted(random.sample(KEYWORDS, random.randrange(3))),
        "fileAs": f"{family}, {given}" if family else given,
    }
    if random.random() < 0.7:
        record["company"] = _company(random)
    if random.random() < 0.3:
        record["birthday"] = f"19{random.randrange(40, 100)}-0{random.randrange(1, 10)}-{random.randrange(10, 29)}"
    if random.random() < 0.4:
        record["notes"] = "\n".join(sentence for sentence, _ in random.choices(SENTENCES, k=2))
    if random.random() < 0.2:
        record["nickName"] = given[:3]
    return record, picture(24, random.choice(_COLOURS)) if random.random() < 0.3 else None


def _known(random: Random) -> tuple[str, str, None]:
    given, _, family = (random.choice(PEOPLE)[0] or "Nameless").partition(" ")
    return given, family, None


def _name(given: str, family: str, reading: tuple[str, str] | None, random: Random) -> Json:
    name: Json = {"givenName": given, "familyName": family}
    if reading is not None:
        name |= {"yomiGivenName": reading[0], "yomiFamilyName": reading[1]}
    if random.random() < 0.1:
        name["prefix"] = "Dr."
    shown = (name.get("prefix"), given, family)
    return {"displayName": " ".join(part for part in shown if part), **{k: v for k, v in name.items() if v}}


def _addresses(random: Random, number: int) -> list[Json]:
    kinds = ("work", "home", "other")[: random.randrange(4)]
    return [
        {"address": f"c{number}.{kind}+{random.randrange(100)}@example.com", "name": f"{kind} ✉", "type": kind}
        for kind in kinds
    ]


def _phones(random: Random) -> list[Json]:
    forms = ("+49 (30) {} {}", "(0)30/{}-{}", "+1-{}-555-{}")
    return [
        {"number": random.choice(forms).format(random.randrange(100, 999), random.randrange(1000, 9999)), "type": kind}
        for kind in ("mobile", "work", "homeFax")[: random.randrange(4)]
    ]


def _address(random: Random, kind: str) -> Json:
    street, postal_code, city, country = random.choice(_STREETS)
    line, _, second = street.partition("\n")
    more = {"streetLine2": second} if second else {}
    return {"street": line, **more, "postalCode": postal_code, "city": city, "country": country, "type": kind}


def _company(random: Random) -> Json:
    company: Json = {"name": random.choice(_COMPANIES), "jobTitle": random.choice(_TITLES)}
    if random.random() < 0.5:
        company |= {"department": "F&E / R&D", "officeLocation": "3. OG, Raum 17"}
    if company["name"].startswith("株"):
        company["yomiCompanyName"] = "エグザンプル"
    return company
