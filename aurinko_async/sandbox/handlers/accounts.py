"""account.* and accounts.*"""

from __future__ import annotations

from ..call import Call, Reply, nothing, reply, serves


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
