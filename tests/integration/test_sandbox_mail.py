"""Messages, folders, conversations, sending and drafts in the sandbox."""

from __future__ import annotations

import base64
import email
import email.policy
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sandbox.contract import Json, resolve, schemas
from support.bare import Bare, bare, segment
from support.clock import FakeClock

MESSAGES = "/v1/email/messages"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=80, page_size=30, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Bare]:
    async with bare(sandbox, account) as client:
        yield client


async def walk(client: Bare, path: str, **query: Any) -> list[Any]:
    records: list[Any] = []
    while True:
        page = (await client.get(path, **query)).json
        records += page["records"]
        if "nextPageToken" not in page:
            return records
        query["pageToken"] = page["nextPageToken"]


def conforms(schema: Json, value: Any, path: str = "$") -> list[str]:
    """List what a value has that its schema does not know, or has otherwise."""
    schema = resolve(schema)
    kinds = {"object": dict, "array": list, "integer": int, "boolean": bool, "string": str}
    if not isinstance(value, kinds[schema["type"]]):
        return [f"{path} is {type(value).__name__}"]
    if schema["type"] == "array":
        return [flaw for n, item in enumerate(value) for flaw in conforms(schema["items"], item, f"{path}[{n}]")]
    if schema["type"] == "object":
        known = schema.get("properties", {})
        more = schema.get("additionalProperties")
        return [
            flaw
            for name, member in value.items()
            for flaw in (
                conforms(known.get(name) or more, member, f"{path}.{name}")
                if known.get(name) or more
                else [f"{path}.{name} is unknown"]
            )
        ]
    return [f"{path} is {value!r}"] if "enum" in schema and value not in schema["enum"] else []


@pytest.mark.parametrize("index", [0, 1, 2])
async def test_every_record_conforms_to_the_schema(sandbox: Sandbox, index: int) -> None:
    account = sandbox.accounts[index]
    async with bare(sandbox, account) as client:
        records = await walk(client, MESSAGES, includeTrashAndJunk="true", nativeProperties="historyId")
    assert len(records) == 80
    for record in records:
        assert conforms(schemas()["EmailMessage"], record) == []
        assert conforms(schemas()["EmailMessage"], account.mail.messages[record["id"]]) == []


async def test_ids_need_escaping_and_every_message_can_be_got(sandbox: Sandbox) -> None:
    for account in sandbox.accounts:
        async with bare(sandbox, account) as client:
            for id_, record in account.mail.messages.items():
                answer = await client.get(f"{MESSAGES}/{segment(id_)}")
                assert (answer.status, answer.json) == (200, record)
        assert set("/+=%") & set("".join(account.mail.messages))
        assert set("/+=%") & set("".join(account.mail.folders))


async def test_mail_looks_like_mail(account: Account) -> None:
    account.mail.add_many(2000)
    records = list(account.mail.messages.values())
    size = sum(len(record["body"]) for record in records) / len(records)
    assert 1000 < size < 4000
    assert sum(1 for record in records if "inReplyTo" in record) > 300
    assert sum(1 for record in records if record["hasAttachments"]) > 100
    assert any(attachment["inline"] for record in records for attachment in record["attachments"])
    by_internet_id = {record["internetMessageId"]: record for record in records}
    for record in records:
        if "inReplyTo" in record:
            assert by_internet_id[record["inReplyTo"]]["threadId"] == record["threadId"]
            assert record["references"].endswith(record["inReplyTo"])
    labels = {label for record in records for label in record["sysLabels"]}
    assert labels == {"inbox", "unread", "flagged", "important", "sent", "junk", "trash"}
    subjects = "".join(record["subject"] for record in records)
    assert all(sign in subjects for sign in ("é", "会", "🎉", "ف"))


async def test_lists_are_newest_first_without_trash_and_junk(client: Bare, account: Account) -> None:
    top = account.mail.add(subject="top")
    account.mail.trash(account.mail.add(subject="away"))
    records = await walk(client, MESSAGES)
    assert records[0]["id"] == top
    times = [record["receivedAt"] for record in records]
    assert times == sorted(times, reverse=True)
    shown = {record["id"] for record in records}
    for id_, record in account.mail.messages.items():
        assert (id_ in shown) == {"trash", "junk"}.isdisjoint(record["sysLabels"])
    assert len(await walk(client, MESSAGES, includeTrashAndJunk="true")) == 82


async def test_a_page_token_remembers_the_question(client: Bare, account: Account) -> None:
    for _ in range(40):
        account.mail.add(subject="needle", from_="Ann <ann@needles.example>")
    page = (await client.get(MESSAGES, q="from:needles")).json
    assert page["length"] == 30
    token = page["nextPageToken"]
    assert (await client.get(MESSAGES, pageToken=token)).json["length"] == 10
    assert (await client.get(MESSAGES, pageToken=token, q="from:needles")).json["length"] == 10
    assert (await client.get(MESSAGES, pageToken=token, q="from:hay")).status == 400


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("from:zoé needles", "a"),
        ("FROM:zoe@needles.example", "a"),
        ("to:bob@needles.example", "b"),
        ("subject:ünicode", "a"),
        ('subject:"two words"', "b"),
        ("needles is:unread", "a"),
        ("needles is:read", "b"),
        ("needles has:attachment", "b"),
        ("needles after:2020/01/01 before:2020/01/03", "a"),
        ("needles after:01/03/2020", "b"),
        ("needles after:2030-01-01", ""),
        ("haystack", "b"),
        ('"hay stack" needles', ""),
    ],
)
async def test_search(client: Bare, account: Account, q: str, found: str) -> None:
    ids = {
        "a": account.mail.add(
            subject="Ünicode", from_="Zoé <zoe@needles.example>", received_at="2020-01-02T10:00:00+00:00"
        ),
        "b": account.mail.add(
            subject="Two words",
            body="<p>the <b>haystack</b></p>",
            to=["Bob <bob@needles.example>"],
            sysLabels=["inbox"],
            attachments=[{"name": "a.txt", "mimeType": "text/plain", "content": b"a"}],
        ),
    }
    records = await walk(client, MESSAGES, q=q)
    assert [record["id"] for record in records] == [ids[name] for name in found]


async def test_how_a_message_can_be_asked_for(client: Bare, account: Account) -> None:
    reply = next(record for record in account.mail.messages.values() if "inReplyTo" in record)
    path = f"{MESSAGES}/{segment(reply['id'])}"
    text = (await client.get(path, bodyType="text", requireThreadId="true")).json
    assert text["threadId"]
    assert "<p>" not in text["body"]
    assert "wrote:" in text["body"]
    for body_type in ("text", "html"):
        stripped = (await client.get(path, bodyType=body_type, stripQuoted="true")).json["body"]
        assert stripped
        assert "wrote:" not in stripped
    native = (await client.get(path, nativeProperties="message-id")).json["nativeProperties"]
    assert native == {"message-id": reply["internetMessageId"]}


async def test_attachments(client: Bare, account: Account) -> None:
    picture, note = b"\x89PNG\r\n\x1a\n\x00", "日本語".encode()
    id_ = account.mail.add(
        body='<img src="cid:logo">',
        attachments=[
            {"name": "logo.png", "mimeType": "image/png", "content": picture, "inline": True, "contentId": "logo"},
            {"name": "日本語.txt", "mimeType": "text/plain", "content": note},
        ],
    )
    path = f"{MESSAGES}/{segment(id_)}"
    record = (await client.get(path)).json
    assert record["hasAttachments"] is True
    assert [(a["name"], a["size"], a["inline"]) for a in record["attachments"]] == [
        ("logo.png", len(picture), True),
        ("日本語.txt", len(note), False),
    ]
    for attachment, content in zip(record["attachments"], (picture, note), strict=True):
        answer = await client.get(f"{path}/attachments/{segment(attachment['id'])}")
        assert base64.b64decode(answer.json["content"]) == content
    assert (await client.get(f"{path}/attachments/none")).status == 404
    loaded = (await client.get(path, loadInlines="true")).json["attachments"]
    assert base64.b64decode(loaded[0]["content"]) == picture
    assert "content" not in loaded[1]
    parsed = email.message_from_bytes((await client.get(f"{path}/raw")).content, policy=email.policy.default)
    names = [part.get_filename() for part in parsed.walk() if part.get_filename()]
    assert sorted(names) == ["logo.png", "日本語.txt"]


async def test_raw_says_the_same_as_the_record(sandbox: Sandbox) -> None:
    for account in sandbox.accounts:
        async with bare(sandbox, account) as client:
            for id_, record in account.mail.messages.items():
                answer = await client.get(f"{MESSAGES}/{segment(id_)}/raw")
                assert answer.headers["Content-Type"] == "text/plain"
                parsed = email.message_from_bytes(answer.content, policy=email.policy.default)
                assert (parsed["Subject"] or "") == record["subject"].strip()
                assert parsed["Message-ID"] == record["internetMessageId"]
                assert parsed["From"].addresses[0].addr_spec == record["from"]["address"]
                assert parsed.get_body(("html",)).get_content().strip() == record["body"].strip()


async def test_status(client: Bare, account: Account) -> None:
    id_ = account.mail.add()
    path = f"{MESSAGES}/{segment(id_)}/status"
    assert (await client.post(path, {"unread": False, "keywords": ["x", "é"]})).json == {"status": "Ok"}
    assert account.mail.messages[id_]["sysLabels"] == ["inbox"]
    assert account.mail.messages[id_]["keywords"] == ["x", "é"]
    inbox = account.mail.messages[id_]["folderId"]
    await client.post(path, {"archived": True, "unread": True})
    assert account.mail.messages[id_]["sysLabels"] == ["unread"]
    assert account.mail.messages[id_]["folderId"] != inbox
    await client.post(path, {"archived": False})
    assert account.mail.messages[id_]["folderId"] == inbox


async def test_a_sent_mail_is_everywhere_it_should_be(sandbox: Sandbox, client: Bare, account: Account) -> None:
    other = sandbox.accounts[1]
    _, delta = await client.drain("updated", (await client.start())["syncUpdatedToken"])
    before = len(other.mail.messages)
    body = {
        "subject": "Grüße 🎉",
        "body": "<p>Hi</p>",
        "to": [{"name": "Renée", "address": other.email}],
        "bcc": [{"address": "hidden@example.com"}],
        "keywords": ["k"],
        "xHeaders": [{"name": "X-Campaign", "value": "7"}],
        "attachments": [{"name": "a.bin", "mimeType": "application/octet-stream", "content": "AAEC"}],
        "tracking": {"opens": True},
    }
    answer = await client.post(MESSAGES, body, returnIds="true")
    assert answer.status == 201
    sent = answer.json
    assert sent["status"] == sent["processingStatus"] == "Ok"
    assert sent["trackingId"].isdecimal()
    record = account.mail.messages[sent["id"]]
    assert record["internetMessageId"] == sent["submittedMessageId"]
    assert record["threadId"] == sent["threadId"]
    assert record["sysLabels"] == ["sent"]
    assert record["keywords"] == ["k"]
    assert {"name": "X-Campaign", "value": "7"} in record["internetHeaders"]
    assert conforms(schemas()["EmailMessage"], record) == []
    assert (await walk(client, MESSAGES))[0] == record
    assert (await client.drain("updated", delta))[0] == [record]
    assert len(other.mail.messages) == before + 1
    arrived = list(other.mail.messages.values())[-1]
    assert arrived["internetMessageId"] == sent["submittedMessageId"]
    assert arrived["sysLabels"] == ["inbox", "unread"]
    assert arrived["bcc"] == []
    assert (await client.post(MESSAGES, {"to": body["to"]})).json.keys().isdisjoint({"id", "threadId", "trackingId"})


async def test_a_reply_joins_the_thread_on_both_sides(sandbox: Sandbox, client: Bare, account: Account) -> None:
    other = sandbox.accounts[1]
    sent = (await client.post(MESSAGES, {"subject": "A", "to": [{"address": other.email}]}, returnIds="true")).json
    arrived = list(other.mail.messages.values())[-1]
    async with bare(sandbox, other) as answering:
        path = f"{MESSAGES}/{segment(arrived['id'])}/reply"
        answer = await answering.post(path, {"body": "ok", "subject": "As given"}, returnIds="true", bodyType="text")
        assert (answer.status, answer.json["threadId"]) == (200, arrived["threadId"])
        automatic = (await answering.post(path, {"body": "ok"}, returnIds="true")).json
    assert other.mail.messages[answer.json["id"]]["subject"] == "As given"
    assert other.mail.messages[automatic["id"]]["subject"] == "Re: A"
    back = list(account.mail.messages.values())[-1]
    assert back["threadId"] == sent["threadId"]
    assert back["inReplyTo"] == sent["submittedMessageId"]
    conversation = (await client.get(f"/v1/email/conversations/{segment(sent['threadId'])}")).json
    assert [record["id"] for record in conversation["records"]][:1] == [sent["id"]]
    assert conversation["length"] == 3


async def test_conversations_page(client: Bare, account: Account) -> None:
    ids = [account.mail.add(threadId="long/+=") for _ in range(70)]
    records = await walk(client, "/v1/email/conversations/" + segment("long/+="))
    assert [record["id"] for record in records] == ids
    assert (await client.get("/v1/email/conversations/none")).status == 404


async def test_drafts(client: Bare, account: Account) -> None:
    started = await client.start()
    made = (await client.post("/v1/email/drafts", {"subject": "one"})).json
    path = f"/v1/email/drafts/{segment(made['id'])}"
    draft = (await client.get(path)).json
    assert conforms(schemas()["EmailDraft"], draft) == []
    assert draft["message"]["sysLabels"] == ["draft"]
    assert (await client.send("PUT", path, json={"subject": "two", "body": "b"})).json["id"] == made["id"]
    assert (await client.get(path)).json["message"]["subject"] == "two"
    assert (await client.post(f"{path}/send")).status == 400
    await client.send("PUT", path, json={"subject": "three", "to": [{"address": "x@example.com"}]})
    answer = await client.post(f"{path}/send", {"tracking": {"opens": True}})
    assert answer.json["status"] == "Ok"
    assert answer.json["trackingId"]
    assert (await client.get(path)).status == 404
    sent = list(account.mail.messages.values())[-1]
    assert (sent["subject"], sent["sysLabels"], sent["threadId"]) == ("three", ["sent"], draft["message"]["threadId"])
    gone, _ = await client.drain("deleted", started["syncDeletedToken"])
    assert [record["id"] for record in gone] == [draft["message"]["id"]]
    other = (await client.post("/v1/email/drafts", {})).json
    assert (await client.send("DELETE", f"/v1/email/drafts/{segment(other['id'])}")).json == {"status": "Ok"}
    assert (await client.get(f"/v1/email/drafts/{segment(other['id'])}")).status == 404


async def test_a_scheduled_draft_is_sent_when_its_time_comes(client: Bare, account: Account, clock: FakeClock) -> None:
    made = (await client.post("/v1/email/drafts", {"to": [{"address": "x@example.com"}], "subject": "later"})).json
    path = f"/v1/email/drafts/{segment(made['id'])}"
    answer = await client.post(f"{path}/send", sendTime="2030-01-01T01:00:00+01:00")
    assert answer.json == {"status": "Scheduled"}
    scheduled = (await client.get(path)).json["scheduled"]
    assert (scheduled["sendTime"], scheduled["status"]) == ("2030-01-01T00:00:00Z", "scheduled")
    assert not any(r["subject"] == "later" and "sent" in r["sysLabels"] for r in account.mail.messages.values())
    clock.now = 1_900_000_000.0
    assert (await client.get(path)).status == 404
    assert any(r["subject"] == "later" and "sent" in r["sysLabels"] for r in account.mail.messages.values())


async def test_imap_drafts_cannot_be_updated(sandbox: Sandbox) -> None:
    async with bare(sandbox, sandbox.accounts[2]) as client:
        made = (await client.post("/v1/email/drafts", {"subject": "one"})).json
        answer = await client.send("PUT", f"/v1/email/drafts/{segment(made['id'])}", json={"subject": "two"})
    assert (answer.status, answer.json["code"]) == (400, "notSupported")


async def test_folders(client: Bare, account: Account) -> None:
    page = (await client.get("/v1/email/folders")).json
    assert page["length"] == len(page["records"]) == len(account.mail.folders)
    for record in page["records"]:
        assert conforms(schemas()["EmailFolderInfo"], record) == []
        path = f"/v1/email/folders/{segment(record['id'])}"
        assert (await client.get(path)).json == record
        inside = [r["id"] for r in await walk(client, f"{path}/messages")]
        expected = {id_ for id_, r in account.mail.messages.items() if r["folderId"] == record["id"]}
        assert set(inside) == expected
    assert (await client.get("/v1/email/folders/none")).status == 404
    assert (await client.get("/v1/email/folders/none/messages")).status == 404


async def test_folders_are_made(client: Bare) -> None:
    parent = await client.post("/v1/email/folders", {"name": "Été 50%"})
    assert parent.status == 201
    child = (await client.post("/v1/email/folders", {"name": "a", "parentId": parent.json["id"]})).json
    assert (child["fullName"], child["parentId"]) == ("Été 50%/a", parent.json["id"])
    assert (await client.get(f"/v1/email/folders/{segment(child['id'])}")).json == child
    assert (await client.post("/v1/email/folders", {})).status == 400
    assert (await client.post("/v1/email/folders", {"name": "Été 50%"})).status == 400
    assert (await client.post("/v1/email/folders", {"name": "x", "parentId": "none"})).status == 404


async def test_well_known_folders_are_set_and_cleared(client: Bare, account: Account) -> None:
    archive = next(folder.id for folder in account.mail.folders.values() if folder.name == "Archive")
    path = "/v1/email/folders/wellKnown"
    sent = (await client.get(path)).json["sent"]
    assert (await client.send("PATCH", path, json={"archive": archive})).json == {"archive": archive, "sent": sent}
    assert (await client.send("PATCH", path, json={"archive": None})).json == {"sent": sent}
    assert (await client.send("PATCH", path, json={"archive": "none"})).status == 404


@pytest.mark.parametrize("path", ["", "/raw", "/attachments/x", "/reply", "/status"])
async def test_what_is_not_there_is_404(client: Bare, path: str) -> None:
    method = "POST" if path in ("/reply", "/status") else "GET"
    answer = await client.send(method, f"{MESSAGES}/none{path}", json={} if method == "POST" else None)
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert answer.reason == "The message could not be found"
