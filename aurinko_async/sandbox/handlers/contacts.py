"""contacts.*"""

from __future__ import annotations

from aurinko_async.sandbox import deltas
from aurinko_async.sandbox.call import Call, Reply, nothing, reply, serves
from aurinko_async.sandbox.contacts import Contact
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.records import require_match


@serves("contacts.create")
def create_contact(call: Call) -> Reply:
    body = {name: value for name, value in call.body.items() if name != "id"}
    return _saved(call, call.account.contacts.create(body), 201)


@serves("contacts.get")
def get_contact(call: Call) -> Reply:
    book = call.account.contacts
    contact = book.get(call.path["contId"])
    record = book.render(contact, call.query.get("bodyType", "text"), with_photo=call.query.get("withPhoto", False))
    if native := book.native(contact, call.query.get("nativeProperties", ())):
        record["nativeProperties"] = native
    if call.query.get("includeUpdateToken"):
        record["__meta"] = {"updateToken": f"update/{book.tag(contact)}"}
    return reply(record)


@serves("contacts.update")
def update_contact(call: Call) -> Reply:
    book = call.account.contacts
    contact = book.get(call.path["contId"])
    require_match(book.tag(contact), call.headers.get("If-Match"))
    book.change(contact, call.body)
    return _saved(call, contact, 200)


@serves("contacts.delete")
def delete_contact(call: Call) -> Reply:
    call.account.contacts.remove(call.path["contId"])
    return nothing()


@serves("contacts.sync.start")
def start_contacts(call: Call) -> Reply:
    return deltas.start(call, "contacts", call.account.contacts.ledger, since=None, body="text")


@serves("contacts.sync.updated")
def updated_contacts(call: Call) -> Reply:
    book = call.account.contacts
    return deltas.updated(call, "contacts", book.ledger, book.render)


@serves("contacts.sync.deleted")
def deleted_contacts(call: Call) -> Reply:
    return deltas.deleted(call, "contacts", call.account.contacts.ledger)


def _saved(call: Call, contact: Contact, status: int) -> Reply:
    book = call.account.contacts
    answer: Json = {"id": contact.id, "etag": book.tag(contact)}
    if not call.account.owner.partial:  # some providers tell the id and no more
        answer["record"] = book.render(contact)
    return reply(answer, status)
