"""Does the mirror equal the truth?"""

from typing import Any

import msgspec

from aurinko_async.sandbox import Account


async def mirrored(store: Any, account: Account) -> dict[str, Any]:
    """The live records of an account in a store, as JSON, by id."""
    found: dict[str, Any] = {}
    for message in await store.messages(str(account.id)):
        raw = await store.raw(str(account.id), message.id)
        assert raw is not None
        found[message.id] = msgspec.json.decode(raw)
    return found


async def differences(store: Any, account: Account) -> list[str]:
    """What a mirror has wrong, a line for each record; empty when it equals the sandbox's mailbox."""
    mirror, truth = await mirrored(store, account), dict(account.mail.messages)
    lines = [f"missing {record_id}" for record_id in truth.keys() - mirror.keys()]
    lines += [f"ghost {record_id}" for record_id in mirror.keys() - truth.keys()]
    for record_id in truth.keys() & mirror.keys():
        lines += [
            f"{record_id}.{name}: {mirror[record_id].get(name)!r} is {truth[record_id][name]!r}"
            for name in truth[record_id]
            if mirror[record_id].get(name) != truth[record_id][name]
        ]
    return lines
