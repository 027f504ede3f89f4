"""email.folders.* and email.conversations.*"""

from __future__ import annotations

from typing import Any

from aurinko_async.sandbox.call import Call, Position, Reply, reply, serves, token_page
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import not_found
from aurinko_async.sandbox.handlers.mail import listing


@serves("email.folders.list")
def list_folders(call: Call) -> Reply:
    records = [folder.record() for folder in call.mail.folders.values()]
    return reply({"length": len(records), "records": records})


@serves("email.folders.create")
def create_folder(call: Call) -> Reply:
    return reply(call.mail.create_folder(call.body.get("name") or "", call.body.get("parentId")).record(), 201)


@serves("email.folders.get")
def get_folder(call: Call) -> Reply:
    return reply(call.mail.folder(call.path["folderId"]).record())


@serves("email.folders.get_well_known")
def get_well_known(call: Call) -> Reply:
    return reply({name: id_ for name, id_ in call.mail.well_known.items() if id_ is not None})


@serves("email.folders.update_well_known")
def update_well_known(call: Call) -> Reply:
    changes = {name: call.body[name] for name in call.mail.well_known if name in call.body}
    for folder_id in changes.values():
        if folder_id is not None:
            call.mail.folder(folder_id)
    call.mail.well_known |= changes
    return get_well_known(call)


@serves("email.folders.list_messages")
def list_folder_messages(call: Call) -> Reply:
    folder_id = call.mail.folder(call.path["folderId"]).id
    return listing(call, f"folder/{folder_id}", lambda message, _: message.folder_id == folder_id)


@serves("email.conversations.list_messages")
def list_conversation(call: Call) -> Reply:
    mail, thread_id = call.mail, call.path["threadId"]
    members = sorted(mail.thread(thread_id), key=lambda message: (message.when, message.ordinal))
    if not members:
        raise not_found("The conversation could not be found")

    def read(question: Json, position: Position | None) -> tuple[list[Any], Position | None]:
        body_type = question.get("bodyType", "html")
        after = position if position and position[0] != float("inf") else (float("-inf"), 0)
        rest = [message for message in members if (message.when, message.ordinal) > after]
        page = rest[: call.world.page_size]
        onward = (page[-1].when, page[-1].ordinal) if len(rest) > len(page) else None
        return [mail.render.encoded(message, body_type) for message in page], onward

    return token_page(call, f"conversation/{thread_id}", ("bodyType",), read)
