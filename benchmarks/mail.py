"""Pages of messages as the API sends them."""

import random
from typing import Any

import orjson

TOKEN = "cGFnZToy"

COMMON = ["the", "of", "and", "to", "in", "please", "find", "attached", "café", "naïve", "日本"]


def _vocabulary(words: int) -> list[str]:
    """As many words as compress about as well as mail does, one in six with letters that are not ASCII."""
    rng = random.Random(words)
    made = ["".join(rng.choices("etaoinshrdlucmfwyp", k=rng.randint(3, 10))) for _ in range(words)]
    return COMMON * (words // 20) + [word if number % 6 else f"{word}é" for number, word in enumerate(made)]


WORDS = _vocabulary(2000)
ASCII_WORDS = [word for word in WORDS if word.isascii()]


def text(size: int, vocabulary: list[str], rng: random.Random) -> str:
    words: list[str] = []
    while size > 0:
        words.append(rng.choice(vocabulary))
        size -= len(words[-1].encode()) + 1
    return " ".join(words)


def html(size: int, vocabulary: list[str], rng: random.Random) -> str:
    """As mail programs write it; JSON escapes the quotes and the ends of its lines."""
    paragraphs: list[str] = []
    while size > 0:
        paragraphs.append(f'<p class="MsoNormal">{text(min(size, 200), vocabulary, rng)}</p>\r\n')
        size -= len(paragraphs[-1].encode())
    return "".join(paragraphs)


def message(number: int, body: int, rng: random.Random) -> dict[str, Any]:
    def person(name: str) -> dict[str, str]:
        address = f"{name.lower()}{number % 90}@example.com"
        return {"name": f"{name} Example", "address": address, "raw": f"{name} Example <{address}>"}

    # One message in three has letters beyond ASCII.
    words = ASCII_WORDS if number % 3 else WORDS
    return {
        "id": f"AAMkAGI2{number:032d}=",
        "threadId": f"AAQkAGI2{number // 3:032d}=",
        "createdTime": "2026-03-01T08:00:00Z",
        "lastModifiedTime": "2026-03-01T08:00:05Z",
        "sentAt": "2026-03-01T07:59:58Z",
        "receivedAt": "2026-03-01T08:00:00Z",
        "internetMessageId": f"<{number}.mail@example.com>",
        "subject": text(40, words, rng),
        "sysLabels": ["inbox", "unread"],
        "keywords": [],
        "sysClassifications": ["personal"],
        "sensitivity": "normal",
        "from": person("Ann"),
        "to": [person("Bob"), person("Carol")],
        "cc": [],
        "bcc": [],
        "replyTo": [],
        "hasAttachments": False,
        "body": html(body, words, rng) if body else None,
        "bodySnippet": text(120, words, rng) if body else "",
        "attachments": [],
        "inReplyTo": f"<{number - 1}.mail@example.com>",
        "references": f"<{number - 2}.mail@example.com> <{number - 1}.mail@example.com>",
        "internetHeaders": [{"name": "X-Mailer", "value": "Example 1.0"}],
        "nativeProperties": {},
        "folderId": "AQMkAGI2inbox",
        "omitted": [],
    }


def page(body: int, records: int = 100, first: int = 0) -> bytes:
    rng = random.Random(f"{body} {first}")
    return orjson.dumps(
        {
            "nextPageToken": TOKEN,
            "length": records,
            "records": [message(n, body, rng) for n in range(first, first + records)],
        }
    )
