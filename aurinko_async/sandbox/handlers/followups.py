"""followup.*"""

from __future__ import annotations

from aurinko_async.sandbox.call import Call, Reply, done, reply, serves
from aurinko_async.sandbox.handlers.accounts import offset_page


@serves("followup.get_config")
def get_config(call: Call) -> Reply:
    return reply(call.account.followups.config)


@serves("followup.update_config")
def update_config(call: Call) -> Reply:
    kept = {name: call.body[name] for name in ("timezone", "emailAliases") if call.body.get(name) is not None}
    call.account.followups.config = kept
    return reply(kept)


@serves("followup.rules.list")
def list_rules(call: Call) -> Reply:
    followups = call.account.followups
    rules = list(followups.rules.values())
    if followups.rules_as_page:
        return reply({"offset": 0, "totalSize": len(rules), "done": True, "records": rules})
    return reply(rules[0] if rules else {})


@serves("followup.rules.create")
def create_rule(call: Call) -> Reply:
    return reply(call.account.followups.save_rule(call.body))


@serves("followup.rules.update")
def update_rule(call: Call) -> Reply:
    followups = call.account.followups
    return reply(followups.save_rule(call.body, followups.rule(call.path["id"])["id"]))


@serves("followup.rules.delete")
def delete_rule(call: Call) -> Reply:
    followups = call.account.followups
    del followups.rules[followups.rule(call.path["id"])["id"]]
    return done()


@serves("followup.conversations.list")
def list_conversations(call: Call) -> Reply:
    _ = call.mail  # what was due by now is sent
    active: bool | None = call.query.get("active")
    drips = reversed(call.account.followups.drips.values())
    return offset_page(call, [one.record() for one in drips if active in (None, one.status == "active")])


@serves("followup.conversations.get")
def get_conversation(call: Call) -> Reply:
    return reply(call.account.followups.drip(call.path["convoId"]).record())


@serves("followup.conversations.update")
def update_conversation(call: Call) -> Reply:
    return reply(call.account.followups.request(call.path["convoId"], call.body).record())
