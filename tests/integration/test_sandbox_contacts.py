"""Contacts in the sandbox, as the contract describes them, over a bare socket."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest

from aurinko_async.sandbox import Account, Fault, Sandbox
from support.bare import segment
from support.clock import FakeClock
from support.strict import Strict, flaws, strict

CONTACTS = "/v1/contacts"
SYNC, UPDATED, DELETED = f"{CONTACTS}/sync", f"{CONTACTS}/sync/updated", f"{CONTACTS}/sync/deleted"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=0, page_size=50, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Strict]:
    async with strict(sandbox, account) as client:
        yield client


def ids(records: list[dict[str, str]]) -> list[str]:
    return [record["id"] for record in records]


async def test_made_up_contacts_are_varied_and_the_same_every_time(account: Account, clock: FakeClock) -> None:
    twin = Sandbox(accounts=3, messages=0, clock=clock.time).accounts[0]
    records = list(account.contacts.records.values())
    assert records == list(twin.contacts.records.values())
    assert all(flaws({"ref": "Contact"}, record) == [] for record in records)
    assert max(len(record["emailAddresses"]) for record in records) > 1
    assert max(len(record["phoneNumbers"]) for record in records) > 1
    assert {record["hasPhoto"] for record in records} == {True, False}
    names = "".join(record["name"]["displayName"] for record in records)
    assert all(sign in names for sign in ("é", "Þ", "田", "Ё", "ל"))
    assert any("yomiFamilyName" in record["name"] for record in records)


async def test_every_contact_can_be_got_by_an_id_that_needs_escaping(sandbox: Sandbox) -> None:
    for account in sandbox.accounts:
        async with strict(sandbox, account) as client:
            for id_, record in list(account.contacts.records.items())[:12]:
                assert (await client.get(f"{CONTACTS}/{segment(id_)}")).json == record
        assert set("/+% =") & set("".join(account.contacts.records))


async def test_options_of_a_get(client: Strict, account: Account) -> None:
    id_ = account.contacts.add(
        name="Ann Lee", photo=PNG, notes="a < b\nc", nativeProperties={"colour": "red", "size": "3"}
    )
    path = f"{CONTACTS}/{segment(id_)}"
    plain = (await client.get(path)).json
    assert (plain["notes"], plain["hasPhoto"]) == ("a < b\nc", True)
    assert plain.keys().isdisjoint({"photo", "nativeProperties", "__meta"})
    assert "a &lt; b" in (await client.get(path, bodyType="html")).json["notes"]
    photo = (await client.get(path, withPhoto="true")).json["photo"]
    assert (photo["mimeType"], base64.b64decode(photo["content"])) == ("image/png", PNG)
    native = (await client.get(path, nativeProperties="colour,unheard")).json["nativeProperties"]
    assert native == {"colour": "red"}
    assert (await client.get(path, includeUpdateToken="true")).json["__meta"]["updateToken"]


async def test_a_contact_is_created(sandbox: Sandbox, client: Strict, account: Account) -> None:
    body = {
        "name": {"givenName": "Ann", "familyName": "Lee"},
        "emailAddresses": [{"address": "ann@example.com", "type": "work"}],
        "phoneNumbers": [{"number": "+49 (30) 123-45", "type": "mobile", "canonicalForm": "mine"}],
        "photo": {"name": "ann.jpg", "mimeType": "image/jpeg", "content": base64.b64encode(b"jpeg").decode()},
        "id": "mine",
        "etag": "mine",
        "colour": "red",
    }
    answer = await client.post(CONTACTS, body)
    record = answer.json["record"]
    assert answer.status == 201
    assert (record["id"], record["etag"]) == (answer.json["id"], answer.json["etag"])
    assert "mine" not in (record["id"], record["etag"])
    assert record["name"] == {"displayName": "Ann Lee", "givenName": "Ann", "familyName": "Lee"}
    assert record["phoneNumbers"][0]["canonicalForm"] == "+493012345"
    assert record["hasPhoto"] is True
    assert account.contacts.records[record["id"]] == record
    assert (await client.post(CONTACTS, {"photo": {"content": "***"}})).status == 400
    async with strict(sandbox, sandbox.accounts[2]) as other:
        assert (await other.post(CONTACTS, body)).json.keys() == {"id", "etag"}


async def test_an_update_needs_the_tag_of_what_is_there(client: Strict, account: Account, clock: FakeClock) -> None:
    id_ = account.contacts.add(name="Ann Lee", email="ann@example.com", nickName="A", notes="n")
    path, tag = f"{CONTACTS}/{segment(id_)}", account.contacts.records[id_]["etag"]
    body = {"nickName": "Annie", "notes": None, "emailAddresses": None}
    assert (await client.send("PATCH", path, json=body)).status == 400
    clock.now += 60
    answer = await client.send("PATCH", path, json=body, headers={"If-Match": tag})
    record = answer.json["record"]
    assert (record["nickName"], record["emailAddresses"], "notes" in record) == ("Annie", [], False)
    assert record["name"]["displayName"] == "Ann Lee"
    assert record["lastModifiedTime"] > record["createdTime"]
    assert record["etag"] != tag
    stale = await client.send("PATCH", path, json={"nickName": "B"}, headers={"If-Match": tag})
    assert (stale.status, account.contacts.records[id_]["nickName"]) == (412, "Annie")
    for match in (record["etag"], "*"):
        assert (await client.send("PATCH", path, json={}, headers={"If-Match": match})).status == 200
    assert (await client.send("PATCH", f"{CONTACTS}/none", json={}, headers={"If-Match": "*"})).status == 404


async def test_deleting(client: Strict, account: Account) -> None:
    id_ = account.contacts.add(name="Ann")
    path = f"{CONTACTS}/{segment(id_)}"
    assert (await client.send("DELETE", path)).status == 200
    assert id_ not in account.contacts.records
    assert (await client.send("DELETE", path)).status == 404
    assert (await client.get(path)).status == 404


async def test_a_sync_gives_everything_once_then_changes_then_what_went(client: Strict, account: Account) -> None:
    started = await client.begin(SYNC)
    assert all(set("+/=%") <= set(started[name]) for name in ("syncUpdatedToken", "syncDeletedToken"))
    records, token = await client.read(UPDATED, started["syncUpdatedToken"])
    assert records == list(account.contacts.records.values())
    one, two, three = list(account.contacts.records)[:3]
    account.contacts.update(one, nickName="first")
    account.contacts.update(two, name="Zoé Lefèvre")
    account.contacts.remove(three)
    added = account.contacts.add(name="New")
    account.contacts.update(one, nickName="second")
    records, token = await client.read(UPDATED, token)
    assert ids(records) == [two, added, one]
    assert records[2]["nickName"] == "second"
    gone, deleted = await client.read(DELETED, started["syncDeletedToken"])
    assert ids(gone) == [three]
    account.contacts.restore(three)
    assert ids((await client.read(UPDATED, token))[0]) == [three]
    assert (await client.read(DELETED, deleted))[0] == []


async def test_cursors_expire_and_are_good_for_their_stream_only(client: Strict, account: Account) -> None:
    started = await client.begin(SYNC)
    updated, deleted = started["syncUpdatedToken"], started["syncDeletedToken"]
    page = (await client.get(UPDATED, deltaToken=updated)).json["nextPageToken"]
    assert b"token.notValid" in (await client.get(UPDATED, deltaToken=deleted)).content
    assert b"token.notValid" in (await client.get("/v1/email/sync/updated", deltaToken=updated)).content
    assert (await client.get(UPDATED, pageToken=page, deltaToken=updated)).status == 400
    account.expire_cursors()
    assert (await client.get(UPDATED, deltaToken=updated)).json["code"] == "syncToken.expired"
    assert (await client.get(UPDATED, pageToken=page)).json["message"] == "Page token is invalid"


async def test_twins_take_each_others_tokens(clock: FakeClock) -> None:
    born = clock.now

    def twin() -> Sandbox:
        return Sandbox(accounts=1, messages=0, clock=clock.time, born=born, ready_after=0)

    async with twin() as one, strict(one, one.accounts[0]) as client:
        started = await client.begin(SYNC)
        tasks = await client.begin("/v1/tasklists/default/sync")
    clock.now += 1000
    async with twin() as two, strict(two, two.accounts[0]) as client:
        records, _ = await client.read(UPDATED, started["syncUpdatedToken"])
        assert records == list(two.accounts[0].contacts.records.values())
        records, _ = await client.read("/v1/tasklists/default/sync/updated", tasks["syncUpdatedToken"])
        assert records == list(two.accounts[0].task_lists.tasks().values())


async def test_faults_hit_this_sync_too(sandbox: Sandbox, client: Strict) -> None:
    started = await client.begin(SYNC)
    sandbox.faults.add(Fault("empty_pages", times=2, path="contacts.sync.updated"))
    records, _ = await client.read(UPDATED, started["syncUpdatedToken"])
    assert len(records) == 130
    assert sandbox.faults.injected == {"empty_pages": 2}


async def test_what_tests_do_to_contacts(account: Account) -> None:
    assert len(account.contacts.add_many(30)) == 30
    id_ = account.contacts.add(id="mine", email=("a@example.com", "b@example.com"))
    assert len(account.contacts.records[id_]["emailAddresses"]) == 2
    with pytest.raises(ValueError, match="with this id"):
        account.contacts.add(id="mine")
    account.contacts.restore(id_)
    for act in (account.contacts.remove, account.contacts.restore, account.contacts.update):
        with pytest.raises(Exception, match="could not be found"):
            act("none")
