"""mbox and JSON Lines of a mirror, read by others, against the mailbox in the sandbox."""

from __future__ import annotations

import csv
import email.policy
import json
import mailbox
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from aurinko_async import AccountAuth, AurinkoClient
from aurinko_async.errors import InvalidInput
from aurinko_async.export import Exported, export_jsonl, export_mbox, mbox
from aurinko_async.sandbox import Sandbox
from aurinko_async.sync import SQLiteStore


def read(path: Path) -> list[EmailMessage]:
    """The messages of an mbox."""
    box = mailbox.mbox(path, create=False)
    try:
        return [email.message_from_bytes(box.get_bytes(key), policy=email.policy.default) for key in box.keys()]  # type: ignore[arg-type, misc]  # noqa: SIM118
    finally:
        box.close()


async def mbox_of(synced: Any, path: Path) -> tuple[Exported, dict[str, EmailMessage]]:
    with path.open("wb") as file:
        done = await export_mbox(synced.store, synced.key, file)
    messages = read(path)
    return done, {str(message["X-Aurinko-Id"]): message for message in messages}


def addresses(header: Any) -> list[tuple[str, str]]:
    return [] if header is None else [(one.display_name, one.addr_spec) for one in header.addresses]


def people(given: list[Any] | None) -> list[tuple[str, str]]:
    return [(" ".join((one.get("name") or "").split()), one["address"]) for one in given or ()]


def labels(header: Any) -> list[str]:
    return next(csv.reader([str(header)])) if header else []


async def test_an_mbox_has_every_message_with_its_values(synced: Any, tmp_path: Path) -> None:
    done, found = await mbox_of(synced, tmp_path / "out.mbox")
    truth = dict(synced.account.mail.messages)
    assert done == Exported(records=len(truth))
    assert found.keys() == truth.keys()
    for record_id, record in truth.items():
        message = found[record_id]
        assert (message["Subject"] or "") == " ".join(record["subject"].split())
        assert addresses(message["From"]) == people([record["from"]])
        for name in ("to", "cc", "bcc"):
            assert addresses(message[name]) == people(record[name])
        assert message["Message-ID"] == record["internetMessageId"]
        assert message["Date"].datetime == datetime.fromisoformat(record["sentAt"]).replace(microsecond=0)
        body = message.get_body()
        assert body is not None
        assert body.get_content().splitlines() == record["body"].splitlines()
        assert labels(message["X-Aurinko-Labels"]) == [*record["sysLabels"], *record["keywords"]]
        assert message["X-Aurinko-Thread-Id"] == record["threadId"]
        assert ("R" in message["Status"]) == ("unread" not in record["sysLabels"])
        assert message["In-Reply-To"] == record.get("inReplyTo")


async def test_the_envelope_tells_the_sender_and_the_time_of_arrival(changing: Any, tmp_path: Path) -> None:
    record_id = changing.account.mail.add(subject="x", from_="ann@example.com", received_at="2026-01-02T03:04:05Z")
    await changing.sync()
    with (tmp_path / "out.mbox").open("wb") as file:
        await export_mbox(changing.store, changing.key, file)
    box = mailbox.mbox(tmp_path / "out.mbox", create=False)
    (entry,) = [message for message in box if message["X-Aurinko-Id"] == record_id]
    box.close()
    assert entry.get_from() == "ann@example.com Fri Jan  2 03:04:05 2026"
    assert entry.get_flags() == (
        "RO" if "unread" not in changing.account.mail.messages[record_id]["sysLabels"] else "O"
    )


NASTY = "First\nFrom me to you\n>From afar\n\nFrom x@y Thu Jan  1 00:00:00 1970\nSubject: injected\n\nlast"


BODIES = [NASTY, f"{NASTY} ü😀", "From the start", "a\rFrom b", "<p>x</p>\nFrom y", "From " + "x" * 100 + "\nFrom"]


async def test_a_body_never_begins_a_message_and_stays_as_it_is(changing: Any, tmp_path: Path) -> None:
    bodies = {changing.account.mail.add(subject="s", body=body, text=body): body for body in BODIES}
    await changing.sync()
    done, found = await mbox_of(changing, tmp_path / "out.mbox")
    assert done.records == len(found) == len(changing.account.mail.messages)
    for record_id, body in bodies.items():
        content = found[record_id].get_body()
        assert content is not None
        assert content.get_content().splitlines() == body.splitlines()


async def test_headers_cannot_be_injected_and_addresses_are_not_lost(changing: Any, tmp_path: Path) -> None:
    record_id = changing.account.mail.add(
        subject="Größe\r\nBcc: all@example.com\n\nbody",
        to=[{"name": "A\r\nX-Evil: 1", "address": "a@example.com"}, {"name": "Jörg, F.", "address": "jörg@exämple.de"}],
        keywords=["a, b", 'say "hi"', "c\r\nX-Evil: 2", "後で読む"],
        internetHeaders=[
            {"name": "List-Id\r\nX-Evil: 3", "value": "x"},
            {"name": "List-Id", "value": "<l>\r\nX-Evil: 4"},
        ],
    )
    await changing.sync()
    _, found = await mbox_of(changing, tmp_path / "out.mbox")
    message = found[record_id]
    assert message["Subject"] == "Größe Bcc: all@example.com body"
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert [address for _, address in addresses(message["To"])] == ["a@example.com"]
    assert labels(message["X-Aurinko-To"]) == ['"Jörg, F." <jörg@exämple.de>']
    assert labels(message["X-Aurinko-Labels"])[-4:] == ["a, b", 'say "hi"', "c X-Evil: 2", "後で読む"]
    assert message["List-Id"] == "<l> X-Evil: 4"


async def test_an_mbox_counts_and_marks_what_is_partial(tmp_path: Path) -> None:
    async with Sandbox(messages=20, events=1, ready_after=0) as sandbox, SQLiteStore(tmp_path / "partial.db") as store:
        account = sandbox.accounts[2]
        async with AurinkoClient(AccountAuth(account.token), base_url=sandbox.url) as client:
            await client.email.delta(store=store, hydrate=False).run()
        ((key, omitted),) = [
            (state.key.account, {m.id: m.omitted for m in await store.messages(state.key.account) if m.omitted})
            for state in await store.status()
        ]
        with (tmp_path / "out.mbox").open("wb") as file:
            done = await export_mbox(store, key, file)
    assert omitted, "this provider has partial lists"
    assert done.partial == len(omitted)
    found = {str(m["X-Aurinko-Id"]): labels(m["X-Aurinko-Omitted"]) for m in read(tmp_path / "out.mbox")}
    assert {record_id: names for record_id, names in found.items() if names} == omitted


async def test_attachments_that_the_mirror_has_are_in_the_mbox(synced: Any, tmp_path: Path) -> None:
    _, found = await mbox_of(synced, tmp_path / "out.mbox")
    held = {}
    async for message in synced.store.iterate(synced.key):
        held[message.id] = [(a.name, a.content) for a in message.attachments or () if a.content is not None]
    for record_id, files in held.items():
        parts = [part for part in found[record_id].iter_attachments() if part.get_filename()]
        assert [(part.get_filename(), part.get_payload(decode=True)) for part in parts] == files


@pytest.mark.parametrize("resource", ["email", "calendar", "contacts", "tasks"])
async def test_json_lines_are_the_bytes_of_the_api(synced: Any, tmp_path: Path, resource: str) -> None:
    with (tmp_path / "out.jsonl").open("wb") as file:
        done = await export_jsonl(synced.store, synced.key, file, resource=resource)
    lines = (tmp_path / "out.jsonl").read_bytes().splitlines()
    raws = [raw async for _, raw in synced.store.iterate_raw(synced.key, resource=resource)]
    assert lines == raws
    assert done.records == len(raws) == await synced.store.count(synced.key, resource=resource) > 0
    truth: dict[str, Any] = {
        "email": lambda: dict(synced.account.mail.messages),
        "contacts": lambda: dict(synced.account.contacts.records),
        "tasks": lambda: {
            k: v for i in synced.account.task_lists.records for k, v in synced.account.task_lists.tasks(i).items()
        },
        "calendar": lambda: {k: v for a in synced.agendas for k, v in synced.account.calendars.events(a.id).items()},
    }[resource]()
    found = {record["id"]: record for record in map(json.loads, lines)}
    assert found.keys() == truth.keys()
    names = {"email": "subject", "contacts": "name", "tasks": "title", "calendar": "iCalUid"}
    assert all(found[key].get(names[resource]) == truth[key].get(names[resource]) for key in truth)


async def test_what_no_mirror_has_is_refused(synced: Any, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file, pytest.raises(InvalidInput, match="email, calendar, contacts, tasks"):
        await export_jsonl(synced.store, synced.key, file, resource="drafts")


async def test_an_export_keeps_few_records_in_memory_and_lets_others_run(changing: Any) -> None:
    import asyncio

    changing.account.mail.add_many(300)
    await changing.sync()
    told: list[int] = []
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    class Counting:
        written = 0

        def write(self, data: bytes) -> None:
            assert data.count(b"\nX-Aurinko-Id: ") == 1, "one record at a time"
            self.written += 1

        def writelines(self, lines: Any) -> None:
            raise AssertionError

    file = Counting()
    task = asyncio.create_task(others())
    done = await export_mbox(changing.store, changing.key, file, progress=told.append)
    task.cancel()
    assert file.written == done.records == told[-1] == len(changing.account.mail.messages)
    assert told == sorted(told)
    assert turns > done.records // 20


async def test_a_record_that_fails_is_left_out_and_told(
    changing: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [changing.account.mail.add(subject=f"odd {number}") for number in range(2)]
    await changing.sync()

    def to_mbox(message: Any) -> bytes:
        if message.id in ids:
            raise ValueError("odd")
        return mbox.to_mbox(message)

    monkeypatch.setattr("aurinko_async.export.exporting.to_mbox", to_mbox)
    told: list[tuple[str, str]] = []
    with (tmp_path / "out.mbox").open("wb") as file:
        done = await export_mbox(
            changing.store, changing.key, file, failed=lambda record_id, error: told.append((record_id, str(error)))
        )
    assert sorted(told) == sorted((record_id, "odd") for record_id in ids)
    assert done == Exported(records=len(changing.account.mail.messages) - 2, left_out=2, failed=2)
    assert len(read(tmp_path / "out.mbox")) == done.records


async def test_a_file_that_cannot_be_written_ends_it(synced: Any) -> None:
    class Full:
        def write(self, data: bytes) -> None:
            raise OSError("full")

        def writelines(self, lines: Any) -> None:
            raise AssertionError

    with pytest.raises(OSError, match="full"):
        await export_mbox(synced.store, synced.key, Full())
