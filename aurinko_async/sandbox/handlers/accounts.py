"""account.* and accounts.*"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.call import Call, Reply, done, nothing, reply, serves
from aurinko_async.sandbox.errors import ApiError, bad_request

_CONNECTABLE = ("Google", "Office365", "IMAP")
# What an upsert may match an existing account by, as it stands in the body.
_RECYCLE = {
    "email": "email",
    "orgId": "authOrgId",
    "userId": "authUserId",
    "serverUrl": "serverUrl",
    "username": "loginString",
    "clientOrgId": "clientOrgId",
}
_KEPT = (
    "serviceProvider",
    "authOrgId",
    "authUserId",
    "clientOrgId",
    "serverUrl",
    "loginString",
    "email2",
    "timezone",
    "copyToSent",
    "trustServer",
)


@serves("account.get")
def get_my_account(call: Call) -> Reply:
    record = call.account.record()
    if call.query.get("includeProviderAuth"):
        record["authAccessToken"] = f"provider-{call.account.id}"
    return reply(record)


@serves("account.delete")
def delete_my_account(call: Call) -> Reply:
    call.account.deleted = True
    return nothing()


@serves("account.delete_token")
def delete_my_token(call: Call) -> Reply:
    call.account.token = ""
    return nothing()


@serves("accounts.list")
def list_accounts(call: Call) -> Reply:
    return listed(call, call.world.of_type("personal", "managed"), ("authOrgId", "serviceType"))


@serves("accounts.get")
def get_account(call: Call) -> Reply:
    return reply(call.world.account(call.path["id"]).record())


@serves("accounts.delete")
def delete_account(call: Call) -> Reply:
    call.world.account(call.path["id"]).deleted = True
    return nothing()


@serves("accounts.upsert")
def upsert_account(call: Call) -> Reply:
    return reply(call.world.grant(save_account(call, call.world.of_type("personal"), user_of(call))))


@serves("accounts.check_connection")
def check_connection(call: Call) -> Reply:
    body = call.body
    if body["serviceType"] not in _CONNECTABLE:
        raise ApiError(400, f"Connections to {body['serviceType']} cannot be checked", code="notSupported")
    secret = body.get("password") or body.get("authString1")
    if body["serviceType"] == "IMAP" and not (secret and body.get("serverUrl")):
        raise bad_request("serverUrl and password are required")
    return done()


def offset_page(call: Call, records: list[Any]) -> Reply:
    """Answer a page by `limit` and `offset`."""
    limit, offset = call.query["limit"], call.query["offset"]
    if limit < 1 or offset < 0:
        raise bad_request("limit is less than 1, or offset less than 0")
    page = records[offset : offset + limit]
    done_ = offset + len(page) >= len(records)
    return reply({"offset": offset, "totalSize": len(records), "done": done_, "records": page})


def listed(call: Call, accounts: Iterable[Account], filters: Iterable[str]) -> Reply:
    """Answer a page of those accounts that the query asks for."""
    wanted = {name: call.query[name] for name in filters if name in call.query}
    if "subscriptionId" in call.query:
        subscription = call.world.webhooks.subscriptions.get(call.query["subscriptionId"])
        accounts = [account for account in accounts if subscription and account is subscription.account]
    records = [account.record() for account in accounts]
    return offset_page(call, [r for r in records if all(r.get(name) == value for name, value in wanted.items())])


def user_of(call: Call) -> str | None:
    """Give the user an account is to belong to."""
    user_id: str | None = call.query.get("userId")
    if user_id is not None and "userAccount" not in call.query:
        raise bad_request("userAccount is required with userId")
    return user_id


def save_account(call: Call, known: Iterable[Account], user_id: str | None = None, **details: Any) -> Account:
    """Connect an account as the body says: one of those known if the recycle keys say so, else a new one."""
    body = call.body
    email: str | None = body.get("email") or body.get("loginString")
    if email is None:
        raise bad_request("email or loginString is required")
    account = _recycled(call, known)
    if account is None:
        account = call.world.add_account(body["serviceType"], email=email, name=body.get("name"), user_id=user_id)
    account.details |= {name: body[name] for name in _KEPT if body.get(name) is not None} | details
    account.token_status = "active"
    if not account.token:
        call.world.renew_token(account)
    return account


def _recycled(call: Call, known: Iterable[Account]) -> Account | None:
    body = call.body
    keys: list[str] = [_RECYCLE[key] for key in call.query.get("recycleKeys", ())]
    for account in known if keys else ():
        record = account.record()
        same = all(body.get(key) is not None and record.get(key) == body[key] for key in keys)
        if same and account.service_type == body["serviceType"]:
            return account
    return None
