"""user.*: what a user's session opens."""

from __future__ import annotations

from zlib import crc32

from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.call import Call, Reply, done, reply, serves
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import not_found
from aurinko_async.sandbox.times import iso

_SHARED = (
    "id",
    "parentId",
    "serviceType",
    "type",
    "active",
    "loginString",
    "email",
    "name",
    "serverUrl",
    "serverUrl2",
    "clientOrgId",
    "authUserId",
    "authOrgId",
    "timezone",
    "authObtainedAt",
    "tokenStatus",
    "authScopes",
    "authNativeScopes",
    "createdAt",
    "updatedAt",
)


@serves("user.get")
def get_user(call: Call) -> Reply:
    user = call.world.user(call.account.user_id) or call.account
    accounts = [_record(account) for account in call.world.members(user.user_id)]
    return reply(
        {
            "id": user.user_id,
            "appId": call.world.app_id,
            "email": user.email,
            "name": user.name,
            "authOrgId": user.record()["authOrgId"],
            "createdAt": iso(user.created_at),
            "lastActivity": iso(call.now),
            "trustedIdentity": True,
            "accounts": accounts,
        }
    )


@serves("user.accounts.list")
def list_accounts(call: Call) -> Reply:
    # One page, however many there are: the contract's page can name a next one, but no request can ask for it.
    records = [_record(account) for account in call.world.members(call.account.user_id)]
    return reply({"length": len(records), "records": records})


@serves("user.accounts.get")
def get_account(call: Call) -> Reply:
    return reply(_record(_mine(call)))


@serves("user.accounts.delete")
def delete_account(call: Call) -> Reply:
    account = _mine(call)
    account.deleted = True
    if account.role == "primary":
        call.world.log_out(account.user_id)
    return done()


@serves("user.accounts.copy_as_managed")
def copy_as_managed(call: Call) -> Reply:
    account = _mine(call)
    copy = call.world.add_account(account.service_type, email=account.email, name=account.name)
    copy.details |= {**account.details, "type": "managed", "parentId": account.id}
    if "clientOrgId" in call.query:
        copy.details["clientOrgId"] = call.query["clientOrgId"]
    return reply(_record(copy))


@serves("user.logout")
def log_out(call: Call) -> Reply:
    call.world.log_out(call.account.user_id)
    return done()


@serves("user.update_settings")
def update_settings(call: Call) -> Reply:
    if "workHours" in call.body:
        call.world.work_hours[call.account.user_id] = call.body["workHours"]
    return get_user(call)


def _mine(call: Call) -> Account:
    for account in call.world.members(call.account.user_id):
        if account.id == call.path["id"]:
            return account
    raise not_found("The account could not be found")


def _record(account: Account) -> Json:
    whole = account.record()
    domain: str = account.email.partition("@")[2]
    return {
        **{name: whole[name] for name in _SHARED if name in whole},
        "userAccountType": account.role,
        "organization": {
            "id": crc32(domain.encode()) << 8,
            "serviceProvider": whole["serviceProvider"],
            "xid": f"org/{domain}",
            "domain": domain,
            "name": domain.partition(".")[0].title(),
            "createdAt": iso(account.created_at),
        },
        "scopes": whole["authScopes"],
        "nativeScopes": whole["authNativeScopes"],
        "hasApiErrors": account.token_status != "active",
        "bookingCount": 0,
        "trackingActive": bool(account.tracking.all),
        "templatesCount": len(account.followups.rules),
    }
