"""auth.*: the browser's way through an authorisation, cut short: everybody consents at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode, urlsplit

from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.call import Call, Reply, reply, serves
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.credentials import client_id_of, exchange_token_of
from aurinko_async.sandbox.errors import bad_request, unauthorized


@serves("auth.authorize_url")
def authorize(call: Call) -> Reply:
    _check(call)
    account = _authorised(call)
    if call.query.get("authEmail") not in (None, account.email):
        return _back(call, {"status": "error", "error": "Another address signed in"})
    return _back(call, _granted(call, account, call.query["responseType"]))


@serves("auth.authorize_daemon_url")
def authorize_daemon(call: Call) -> Reply:
    _check(call)
    return _back(call, _granted(call, _authorised(call), call.query["responseType"]))


@serves("auth.authorize_user_url")
def authorize_user(call: Call) -> Reply:
    _check(call)
    user_id: str | None = None
    if call.query["accountRole"] == "secondary":
        user_id = _user(call)
        if user_id is None:
            return _back(call, {"status": "error", "error": "userSignature is not valid"})
    account = _authorised(call, user_id)
    if (token := call.query.get("token")) is not None:
        identity = call.world.prepared.pop(token, None)
        if identity is None:
            return _back(call, {"status": "error", "error": "The token is not valid"})
        account.exchange_id_token = identity
    answer = _back(call, _granted(call, account, call.query["responseType"]))
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


def _check(call: Call) -> None:
    url: str = call.query["returnUrl"]
    if urlsplit(url).scheme not in ("http", "https"):
        raise bad_request("returnUrl is not an absolute URL")
    if call.query["clientId"] != call.world.client_id:
        raise bad_request("Unknown clientId")


def _authorised(call: Call, user_id: str | None = None) -> Account:
    if (account_id := call.query.get("accountId")) is not None:
        account = call.world.account(account_id)
    else:
        hint = call.query.get("authEmail") or call.query.get("loginHint")
        known = [a for a in call.world.accounts if not a.deleted and a.service_type == call.query["serviceType"]]
        named = [account for account in known if account.email == hint]
        recycled = named if hint else known if call.query.get("recycle") else []
        account = (
            recycled[0] if recycled else call.world.add_account(call.query["serviceType"], email=hint, user_id=user_id)
        )
    account.token_status = "active"
    if not account.token:
        call.world.renew_token(account)
    return account


def _user(call: Call) -> str | None:
    query = call.query
    if "userId" not in query:
        return None
    signed = f"{query['userId']}{query.get('timestamp', '')}".encode()
    digest = hmac.digest(call.world.client_secret.encode(), signed, hashlib.sha256)
    accepted = (digest.hex(), base64.b64encode(digest).decode(), base64.urlsafe_b64encode(digest).decode())
    user_id: str = query["userId"]
    return user_id if query.get("userSignature") in accepted else None


def _granted(call: Call, account: Account, response_type: str) -> Json:
    match response_type:
        case "code":
            return {"status": "success", "code": call.world.issue_code(account)}
        case "token":
            return {"status": "success", "accountId": account.id, "token": account.token}
        case _:
            return {"status": "success"}


def _back(call: Call, answer: Json) -> Reply:
    if (state := call.query.get("state")) is not None:
        answer["state"] = state
    url: str = call.query["returnUrl"]
    joint = "&" if "?" in url else "?"
    return Reply(303, reason="See Other", headers={"Location": f"{url}{joint}{urlencode(answer)}"})
