"""account.* and accounts.*"""

from __future__ import annotations

from typing import Any

from aurinko_async.sandbox.call import Call, Reply, done, nothing, reply, serves
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError, bad_request
from aurinko_async.sandbox.world import Account

_CONNECTABLE = ("Google", "Office365", "IMAP")
# What an upsert may match an existing account by, as it stands in the body.
_RECYCLE = {"email": "email", "orgId": "authOrgId", "serverUrl": "serverUrl", "clientOrgId": "clientOrgId"}


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
    wanted = {name: call.query[name] for name in ("authOrgId", "serviceType") if name in call.query}
    records = [account.record() for account in call.world.accounts if not account.deleted]
    if "subscriptionId" in call.query:
        records = []
    return offset_page(call, [r for r in records if all(r.get(name) == value for name, value in wanted.items())])


@serves("accounts.get")
def get_account(call: Call) -> Reply:
    return reply(call.world.account(call.path["id"]).record())


@serves("accounts.delete")
def delete_account(call: Call) -> Reply:
    call.world.account(call.path["id"]).deleted = True
    return nothing()


@serves("accounts.upsert")
def upsert_account(call: Call) -> Reply:
    user_id: str | None = call.query.get("userId")
    if user_id is not None and "userAccount" not in call.query:
        raise bad_request("userAccount is required with userId")
    body = call.body
    account = _recycled(call, body)
    if account is None:
        email = body.get("email") or body.get("loginString")
        account = call.world.add_account(body["serviceType"], email=email, name=body.get("name"), user_id=user_id)
    kept = ("serverUrl", "clientOrgId", "authOrgId", "timezone", "email2", "copyToSent", "trustServer")
    account.details |= {name: body[name] for name in kept if body.get(name) is not None}
    account.token_status = "active"
    return reply(call.world.grant(account))


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


def _recycled(call: Call, body: Json) -> Account | None:
    keys: list[str] = [_RECYCLE[key] for key in call.query.get("recycleKeys", ()) if key in _RECYCLE]
    if not keys:
        return None
    for account in call.world.accounts:
        record = account.record()
        same = all(body.get(key) is not None and record.get(key) == body[key] for key in keys)
        if same and not account.deleted and account.service_type == body["serviceType"]:
            return account
    return None
