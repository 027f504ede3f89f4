"""The search language of `q`, as far as the sandbox speaks it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import frozen

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request
from aurinko_async.sandbox.letters import Letter, Message

_DATES = ("%Y/%m/%d", "%Y-%m-%d", "%m/%d/%Y")
_TERM = re.compile(r"(from|to|cc|subject|after|before|is|has):(.*)", re.DOTALL | re.IGNORECASE)

# What can be told without reading the message is asked first.
_Quick = Callable[[Message], bool]
_Slow = Callable[[Letter], bool]


@frozen
class Query:
    """A parsed `q`: every term has to fit."""

    quick: tuple[_Quick, ...]
    slow: tuple[_Slow, ...]

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read `from:`, `to:`, `cc:`, `subject:`, `after:`, `before:`, `is:`, `has:` and free words, quoted or not."""
        quick: list[_Quick] = []
        slow: list[_Slow] = []
        for word in _split(text):
            matched = _TERM.fullmatch(word)
            name, value = (matched[1].lower(), matched[2]) if matched else ("", word)
            if name in ("after", "before", "is"):
                quick.append(_quick(name, value))
            else:
                slow.append(_slow(name, value.casefold()))
        return cls(tuple(quick), tuple(slow))

    def fits(self, message: Message) -> bool:
        """Whether a message fits every term."""
        if not all(term(message) for term in self.quick):
            return False
        if not self.slow:
            return True
        letter = message.letter()
        return all(term(letter) for term in self.slow)


def _split(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.quotes, lexer.escape, lexer.commenters = '"', "", ""
    try:
        return list(lexer)
    except ValueError:  # a quotation mark that is never closed
        return text.split()


def _quick(name: str, value: str) -> _Quick:
    if name == "is":
        label = {"starred": "flagged"}.get(value.lower(), value.lower())
        if label == "read":
            return lambda message: "unread" not in message.labels
        return lambda message: label in message.labels
    when = _day(value)
    if name == "after":
        return lambda message: message.when >= when
    return lambda message: message.when < when


def _day(value: str) -> float:
    for form in _DATES:
        try:
            return datetime.strptime(value, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise bad_request(f"Not a date: {value}")


def _slow(name: str, value: str) -> _Slow:
    match name:
        case "from":
            return lambda letter: _mentions([letter.record["from"]], value)
        case "to" | "cc":
            return lambda letter: _mentions(letter.record.get(name) or [], value)
        case "subject":
            return lambda letter: value in (letter.record.get("subject") or "").casefold()
        case "has":
            return lambda letter: value != "attachment" or bool(letter.record.get("hasAttachments"))
        case _:
            return lambda letter: _contains(letter, value)


def _mentions(addresses: list[Json], value: str) -> bool:
    return any(value in f"{one.get('name', '')} {one.get('address', '')}".casefold() for one in addresses)


def _contains(letter: Letter, value: str) -> bool:
    record = letter.record
    if value in (record.get("subject") or "").casefold() or value in letter.body("text").casefold():
        return True
    people = [record["from"], *record.get("to", ()), *record.get("cc", ())]
    return _mentions(people, value)
