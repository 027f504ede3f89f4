"""service_accounts.* and managed_accounts.*"""

from __future__ import annotations

from aurinko_async.sandbox.call import Call, Reply, reply, serves
from aurinko_async.sandbox.errors import not_found
from aurinko_async.sandbox.handlers.accounts import listed, save_account, user_of


@serves("service_accounts.list")
def list_service_accounts(call: Call) -> Reply:
    return listed(call, call.world.of_type("daemon"), ("clientOrgId", "authOrgId", "serviceType"))


@serves("service_accounts.upsert")
def upsert_service_account(call: Call) -> Reply:
    account = save_account(call, call.world.of_type("daemon"), type="daemon", daemon=True)
    return reply({"accountId": account.id, "accessToken": account.token})


@serves("managed_accounts.upsert")
def upsert_managed_account(call: Call) -> Reply:
    service_id: int = call.path["accId"]
    if all(account.id != service_id for account in call.world.of_type("daemon")):
        raise not_found("The service account could not be found")
    user_id = user_of(call)
    siblings = [one for one in call.world.of_type("managed") if one.details["parentId"] == service_id]
    account = save_account(call, siblings, user_id, type="managed", parentId=service_id)
    granted = call.world.grant(account)
    if user_id is None:
        del granted["userId"], granted["userSession"]
    return reply(granted)
