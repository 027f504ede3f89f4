"""auth.*: the way through an authorisation. A browser is asked which mailbox; whoever else comes consents at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from aurinko_async.sandbox import authorize_page
from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.authorize_page import DENY, NEW, wants_page
from aurinko_async.sandbox.call import Call, Reply, reply, serves
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.credentials import client_id_of, exchange_token_of
from aurinko_async.sandbox.errors import bad_request, unauthorized


class _Refused(Exception):
    """The browser goes back without an authorisation."""


@serves("auth.authorize_url")
def authorize(call: Call) -> Reply:
    return _conclude(call)


@serves("auth.authorize_daemon_url")
def authorize_daemon(call: Call) -> Reply:
    return _conclude(call)


@serves("auth.authorize_user_url")
def authorize_user(call: Call) -> Reply:
    user_id: str | None = None
    if call.query["accountRole"] == "secondary":
        user_id = _user(call)
        if user_id is None:
            _check(call)
            return _back(call, {"status": "error", "error": "userSignature is not valid"})
    return _conclude(call, user_id, _signed_in)


def _signed_in(call: Call, account: Account) -> Reply:
    if (token := call.query.get("token")) is not None:
        identity = call.world.prepared.pop(token, None)
        if identity is None:
            raise _Refused("The token is not valid")
        account.exchange_id_token = identity
    answer = _granted(call, account)
    if call.query["responseType"] != "cookie":
        return answer
    cookie = f"AUR{call.world.app_id}={call.world.session(account)}; Path=/; HttpOnly"
    return Reply(303, reason="See Other", headers={**answer.headers, "Set-Cookie": cookie})


@serves("auth.prepare")
def prepare(call: Call) -> Reply:
    identity = exchange_token_of(call.headers)
    if identity is None:
        raise bad_request("X-Aurinko-Auth-Type: exchangeIdToken is required")
    if client_id_of(call.headers) not in (None, call.world.client_id):
        raise unauthorized()
    token = f"prepared-{len(call.world.prepared) + 1}+/="
    call.world.prepared[token] = identity
    return reply({"token": token})


@serves("auth.exchange_code")
def exchange_code(call: Call) -> Reply:
    return reply(call.world.grant(call.world.redeem(call.path["code"])))


@serves("auth.get_token")
def get_token(call: Call) -> Reply:
    return exchange_code(call)


def _granted(call: Call, account: Account) -> Reply:
    answer: Json = {"status": "success"}
    match call.query["responseType"]:
        case "code":
            answer["code"] = call.world.issue_code(account)
        case "token":
            answer |= {"accountId": account.id, "token": account.token}
        case _:
            pass
    return _back(call, answer)


def _conclude(call: Call, user_id: str | None = None, finish: Callable[[Call, Account], Reply] = _granted) -> Reply:
    _check(call)
    if "choice" not in call.query and wants_page(call.headers):
        return authorize_page.page(call.operation, call.query, _mailboxes(call))
    try:
        return finish(call, _authorised(call, user_id))
    except _Refused as refusal:
        return _back(call, {"status": "error", "error": str(refusal)})


def _check(call: Call) -> None:
    url: str = call.query["returnUrl"]
    if not _is_absolute(url):
        raise bad_request("returnUrl is not an absolute URL")
    if call.query["clientId"] != call.world.client_id:
        raise bad_request("Unknown clientId")


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url.isprintable()


def _mailboxes(call: Call) -> list[Account]:
    """Those that may be meant."""
    if (account_id := call.query.get("accountId")) is not None:
        return [call.world.account(account_id)]
    return [a for a in call.world.accounts if not a.deleted and a.service_type == call.query["serviceType"]]


def _authorised(call: Call, user_id: str | None) -> Account:
    found = _meant(call) if "choice" not in call.query else _chosen(call)
    email = found.email if isinstance(found, Account) else found
    if call.query.get("authEmail") not in (None, email):
        raise _Refused("Another address signed in")
    if not isinstance(found, Account):
        return call.world.add_account(call.query["serviceType"], email=found, user_id=user_id)
    found.token_status = "active"
    if not found.token:
        call.world.renew_token(found)
    return found


def _meant(call: Call) -> Account | str | None:
    """The account that nobody needs to be asked for; or the address of a new one, where there is one."""
    known = _mailboxes(call)
    if "accountId" in call.query:
        return known[0]
    hint: str | None = call.query.get("authEmail") or call.query.get("loginHint")
    named = [account for account in known if account.email == hint]
    recycled = named if hint else known if call.query.get("recycle") else []
    return recycled[0] if recycled else hint


def _chosen(call: Call) -> Account | str | None:
    """The account that was chosen on the page; or the address of a new one, where there is one."""
    choice, known = call.query["choice"], _mailboxes(call)
    if choice == DENY:
        raise _Refused("access_denied")
    if choice != NEW or "accountId" in call.query:
        chosen = [account for account in known if str(account.id) == choice]
        if not chosen:
            raise bad_request("There is no such mailbox")
        return chosen[0]
    email: str | None = call.query.get("email", "").strip() or call.query.get("authEmail")
    if email is not None and ("@" not in email.strip("@") or not email.isprintable()):
        raise bad_request("email is not an address")
    again = [account for account in known if account.email == email and call.query.get("recycle")]
    return again[0] if again else email


def _user(call: Call) -> str | None:
    query = call.query
    if "userId" not in query:
        return None
    signed = f"{query['userId']}{query.get('timestamp', '')}".encode()
    digest = hmac.digest(call.world.client_secret.encode(), signed, hashlib.sha256)
    accepted = (digest.hex(), base64.b64encode(digest).decode(), base64.urlsafe_b64encode(digest).decode())
    user_id: str = query["userId"]
    return user_id if query.get("userSignature") in accepted else None


def _back(call: Call, answer: Json) -> Reply:
    if (state := call.query.get("state")) is not None:
        answer["state"] = state
    url: str = call.query["returnUrl"]
    joint = "&" if "?" in url else "?"
    return Reply(303, reason="See Other", headers={"Location": f"{url}{joint}{urlencode(answer)}"})
