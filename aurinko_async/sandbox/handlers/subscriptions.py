"""subscriptions.*"""

from __future__ import annotations

from aurinko_async.sandbox.call import Call, Reply, nothing, reply, serves
from aurinko_async.sandbox.handlers.accounts import offset_page


@serves("subscriptions.create")
async def create_subscription(call: Call) -> Reply:
    return reply((await call.world.webhooks.subscribe(call.account, call.body)).record())


@serves("subscriptions.list")
def list_subscriptions(call: Call) -> Reply:
    subscriptions = call.world.webhooks.of(call.account)
    hidden = not call.query["includeInactive"]
    return offset_page(call, [one.record() for one in subscriptions if one.active or not hidden])


@serves("subscriptions.get")
def get_subscription(call: Call) -> Reply:
    return reply(call.world.webhooks.get(call.account, call.path["id"]).record())


@serves("subscriptions.delete")
def delete_subscription(call: Call) -> Reply:
    webhooks = call.world.webhooks
    webhooks.remove(webhooks.get(call.account, call.path["id"]))
    return nothing()
