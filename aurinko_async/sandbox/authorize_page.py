"""The page on which somebody with a browser chooses the mailbox to connect, and the addresses that its buttons call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import evolve

from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.call import Reply
from aurinko_async.sandbox.contract import Json, Operation, Parameter, is_array

NEW: Final = "new"
DENY: Final = "deny"

_CHOICE: Final = Parameter("choice", "query", True, {"type": "string"})
_EMAIL: Final = Parameter("email", "query", False, {"type": "string"})
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 8vh auto; padding: 0 1rem; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
small { opacity: .75; }
form { margin: 0 0 .5rem; }
button, input { font: inherit; width: 100%; box-sizing: border-box; padding: .6rem .9rem; border-radius: .5rem;
  border: 1px solid #8888; text-align: left; background: transparent; color: inherit; overflow-wrap: anywhere; }
button { cursor: pointer; }
button:hover, button:focus-visible { border-color: #2563eb; outline: 2px solid #2563eb55; }
button small { display: block; }
fieldset { border: 1px dashed #8888; border-radius: .5rem; padding: .6rem; margin: 1rem 0; }
input { margin-bottom: .5rem; }
.deny { text-align: center; }
"""


def wants_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser asks: programs do not say that they would like HTML."""
    return "text/html" in headers.get("Accept", "").lower()


def choices(operations: Iterable[Operation]) -> list[Operation]:
    """Give the addresses of the buttons: each authorisation once more, with a choice, outside the API's paths."""
    return [
        evolve(operation, path=_path(operation), parameters=(*operation.parameters, _CHOICE, _EMAIL))
        for operation in operations
        if operation.path.startswith("/v1/auth/authorize")
    ]


def page(operation: Operation, query: Json, mailboxes: list[Account]) -> Reply:
    """Ask which of the mailboxes, or a new one, shall be connected."""
    content = "\n".join(_parts(operation, query, mailboxes))
    text = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sandbox: connect a mailbox</title>
<style>{_STYLE}</style>
</head>
<body>
{content}
</body>
</html>
"""
    body = text.encode("utf-8", "xmlcharrefreplace")
    return Reply(body=body, content_type="text/html; charset=utf-8", headers=_HEADERS)


def _parts(operation: Operation, query: Json, mailboxes: list[Account]) -> Iterator[str]:
    again = "accountId" in query
    action, hidden = _path(operation), _hidden(query)
    yield f"<h1>Sandbox: {'connect this mailbox again?' if again else 'which mailbox should connect?'}</h1>"
    scopes = f" It asks for {escape(_text(query['scopes']))}." if query.get("scopes") else ""
    url: str = query["returnUrl"]
    back = escape(urlsplit(url).netloc)
    yield f"<p>An application at {back} wants to connect to {escape(query['serviceType'])}.{scopes}</p>"
    hint = query.get("authEmail") or query.get("loginHint") or ""
    for account in sorted(mailboxes, key=lambda account: account.email != hint):
        suggested = ", suggested" if account.email == hint else ""
        about = f"{escape(account.name)}, account {account.id}{suggested}"
        yield _form(action, hidden, _button(str(account.id), f"{escape(account.email)}<small>{about}</small>"))
    if not again:
        unknown = hint if all(account.email != hint for account in mailboxes) else ""
        address = f'<input name="email" value="{escape(unknown)}" placeholder="address, or one will be made up"'
        field = f'{address} aria-label="Address" autocomplete="off" spellcheck="false">'
        yield f"<fieldset>{_form(action, hidden, field + _button(NEW, 'Connect a new mailbox'))}</fieldset>"
    yield _form(action, hidden, _button(DENY, "Deny", "deny"))
    yield "<p><small>Nothing here is real: no mailbox, no password, no network.</small></p>"


def _form(action: str, hidden: str, content: str) -> str:
    return f'<form method="get" action="{action}">{hidden}{content}</form>'


def _button(choice: str, label: str, style: str = "choice") -> str:
    return f'<button class="{style}" name="choice" value="{escape(choice)}">{label}</button>'


def _hidden(query: Json) -> str:
    """What the application asked for, to be sent again with the choice."""
    fields = ((name, _text(value)) for name, value in query.items())
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields)


def _text(value: Any) -> str:
    if is_array(value):
        return " ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _path(operation: Operation) -> str:
    return operation.path.replace("/v1/auth/", "/sandbox/auth/")
