"""email.messages.*, sending aside."""

from __future__ import annotations

import base64
from collections.abc import Callable

import msgspec

from aurinko_async.sandbox.call import Call, Position, Reply, done, reply, serves, token_page
from aurinko_async.sandbox.compose import compose
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import not_found
from aurinko_async.sandbox.letters import Message
from aurinko_async.sandbox.query import Query

_HIDDEN = frozenset({"trash", "junk"})
_QUESTION = ("q", "bodyType", "includeTrashAndJunk", "nativeProperties")


def listing(call: Call, stream: str, wanted: Callable[[Message, Json], bool]) -> Reply:
    """Answer a page of messages, newest first, of those that are wanted and that fit `q`."""
    mail = call.mail

    def read(question: Json, position: Position | None) -> tuple[list[msgspec.Raw], Position | None]:
        query = Query.parse(question.get("q") or "")
        body_type = question.get("bodyType", "html")
        native = question.get("nativeProperties", ())
        found, onward = mail.newest(
            position, call.world.page_size, lambda message: wanted(message, question) and query.fits(message)
        )
        if not native:
            return [mail.render.encoded(message, body_type) for message in found], onward
        records = [mail.render.listed(message, body_type, native) for message in found]
        return [msgspec.Raw(msgspec.json.encode(record)) for record in records], onward

    return token_page(call, stream, _QUESTION, read)


@serves("email.messages.list")
def list_messages(call: Call) -> Reply:
    return listing(
        call,
        "messages",
        lambda message, question: question.get("includeTrashAndJunk", False) or _HIDDEN.isdisjoint(message.labels),
    )


@serves("email.messages.get")
def get_message(call: Call) -> Reply:
    return reply(
        call.mail.render.full(
            call.mail.get(call.path["messageId"]),
            body_type=call.query.get("bodyType", "html"),
            load_inlines=call.query.get("loadInlines", False),
            strip_quoted=call.query.get("stripQuoted", False),
            native=call.query.get("nativeProperties", ()),
        )
    )


@serves("email.messages.get_attachment")
def get_attachment(call: Call) -> Reply:
    for attachment in call.mail.get(call.path["messageId"]).letter().attachments:
        if attachment.id == call.path["attachmentId"]:
            return reply({"content": base64.b64encode(attachment.content).decode()})
    raise not_found("The attachment could not be found")


@serves("email.messages.delete")
def delete_message(call: Call) -> Reply:
    call.mail.trash(call.path["messageId"])
    return done()


@serves("email.messages.get_raw")
def get_raw(call: Call) -> Reply:
    message = call.mail.get(call.path["messageId"])
    letter = message.letter()
    source = letter.source if letter.source is not None else compose(letter, message.when)
    return Reply(200, source, "text/plain")


@serves("email.messages.update_status")
def update_status(call: Call) -> Reply:
    call.mail.mark(
        call.mail.get(call.path["messageId"]),
        unread=call.body.get("unread"),
        archived=call.body.get("archived"),
        keywords=call.body.get("keywords"),
    )
    return done()
