"""Whom mail is from and to, and headers by name."""

from __future__ import annotations

import email.utils
import re

from attrs import field

from aurinko_async.errors import InvalidInput
from aurinko_async.models._model import READ_ONLY, model

_SPECIALS = re.compile(r'[\\"()<>@,:;.\[\]]')


@model
class EmailAddress:
    """A mailbox, with the name of whoever it belongs to.

    Attributes:
        raw: The address as the message spells it; only the API sets it.
    """

    name: str | None = None
    address: str | None = None
    raw: str | None = field(default=None, metadata=READ_ONLY)

    @classmethod
    def parse(cls, text: str) -> EmailAddress:
        """Read one address as people write it: `Bob <bob@example.com>`, or `bob@example.com`.

        Raises:
            InvalidInput: it is no address, or more than one.
        """
        found = email.utils.getaddresses([text])
        if len(found) != 1 or not re.fullmatch(r"[^@\s]+@[^@\s]+", found[0][1]):
            raise InvalidInput(f"{text!r} is not one address such as 'Bob <bob@example.com>'")
        name, address = found[0]
        return cls(name=name or None, address=address)

    def __str__(self) -> str:
        address = self.address or self.raw or ""
        if not self.name:
            return address
        name = f'"{email.utils.quote(self.name)}"' if _SPECIALS.search(self.name) else self.name
        return f"{name} <{address}>" if address else name


@model
class EmailHeader:
    """A header of a message."""

    name: str | None = None
    value: str | None = None
