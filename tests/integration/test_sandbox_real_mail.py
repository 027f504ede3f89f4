"""Real mail in the sandbox: whatever it is made of, it is served, and its source byte for byte."""

from __future__ import annotations

import email
import importlib.util
import mailbox
import shutil
from email.header import decode_header, make_header
from email.utils import getaddresses
from pathlib import Path

import pytest

from aurinko_async.sandbox import Sandbox
from support.bare import Bare, bare, segment

MESSAGES = "/v1/email/messages"


def _python_test_data() -> list[Path]:
    try:
        spec = importlib.util.find_spec("test.test_email")
    except ModuleNotFoundError:
        return []
    return sorted((Path(spec.origin).parent / "data").glob("msg_*.txt")) if spec and spec.origin else []


DATA = _python_test_data()

BROKEN = {
    "empty": b"",
    "no headers": b"\r\njust a body\r\n",
    "no body": b"Subject: x\r\nFrom: a@example.com\r\n",
    "junk": bytes(range(256)) * 4,
    "eight bit": b"Subject: Gr\xfc\xdfe \xe2\x82\xac\r\nFrom: J\xf6rg <j@example.com>\r\n\r\nSch\xf6n\r\n",
    "charset": b"Subject: =?klingon?q?caf=E9?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\ncaf\xc3\xa9",
    "codec": b"Content-Type: text/plain; charset=unicode_escape\r\n\r\n\\ud83d lone",
    "nul charset": b'Content-Type: text/plain; charset="a\0b"\r\n\r\nx',
    "encoded word": b"Subject: =?utf-8?b?!!!?= =?utf-8?q?=ff?=\r\n\r\nx",
    "date": b"Date: Mon, 99 Foo 20205 77:99:00 +99999\r\nSubject: d\r\n\r\nx",
    "early date": b"Date: Mon, 1 Jan 0001 00:00:00 +1400\r\n\r\nx",
    "addresses": b'From: ,,;"<>@@\r\nTo: undisclosed-recipients:;\r\nCc: "a, <b@c>, d@e,\r\n\r\nx',
    "multipart": b"Content-Type: multipart/mixed\r\n\r\nno boundary",
    "open multipart": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\ncut off',
    "base64": b"Content-Transfer-Encoding: base64\r\n\r\n%%%not base64%%%",
    "html": b"Content-Type: text/html\r\n\r\n<![bad <p>one<br>two<!--",
    "filename": b"Content-Type: application/x-foo; name*=klingon''%ff%fe\r\nContent-Disposition: attachment\r\n\r\nx",
    "content type": b"Content-Type: ;;;=\r\n\r\nx",
    "nested": b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner body",
    "deep": b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(60)),
}


async def _serve(path: Path) -> tuple[dict[str, object], bytes]:
    async with Sandbox(accounts=1, mail=path, ready_after=0) as sandbox, bare(sandbox, sandbox.accounts[0]) as client:
        assert len(sandbox.accounts[0].mail.messages) == 1
        listed = (await client.get(MESSAGES)).json["records"]
        record = await _everything(client, listed[0]["id"])
        assert listed == [record]
        assert (await client.drain("updated", (await client.start())["syncUpdatedToken"]))[0] == [record]
        assert (await client.get(MESSAGES, q="from:a to:b subject:c haystack")).status == 200
        raw = (await client.get(f"{MESSAGES}/{segment(listed[0]['id'])}/raw")).content
    return record, raw


async def _everything(client: Bare, id_: str) -> dict[str, object]:
    path = f"{MESSAGES}/{segment(id_)}"
    for query in ({"bodyType": "text", "stripQuoted": "true"}, {"stripQuoted": "true", "loadInlines": "true"}):
        assert (await client.get(path, **query)).status == 200
    record: dict[str, object] = (await client.get(path)).json
    for attachment in (await client.get(path)).json["attachments"]:
        answer = await client.get(f"{path}/attachments/{segment(attachment['id'])}")
        assert answer.status == 200
    return record


@pytest.mark.skipif(not DATA, reason="this Python comes without its test.test_email data")
@pytest.mark.parametrize("source", DATA, ids=lambda path: path.stem)
async def test_pythons_own_test_messages(source: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(source, tmp_path / f"{source.stem}.eml"))
    record, raw = await _serve(path)
    assert raw == _bytes_of(source)
    expected = email.message_from_bytes(raw)
    subject = " ".join(str(make_header(decode_header(expected["Subject"] or ""))).split())
    assert " ".join(str(record["subject"]).split()) == subject
    for name, key in (("To", "to"), ("Cc", "cc")):
        addresses = _addresses([str(value) for value in expected.get_all(name, [])])
        people = record[key]
        assert isinstance(people, list)
        assert [one["address"] for one in people] == addresses


def _bytes_of(path: Path) -> bytes:
    return path.read_bytes()


def _addresses(values: list[str]) -> list[str]:
    try:
        pairs = getaddresses(values, strict=False)
    except TypeError:  # older patch releases are never strict
        pairs = getaddresses(values)
    return [address for _, address in pairs if address]


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_mail(name: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.eml"
    path.write_bytes(BROKEN[name])
    record, raw = await _serve(path)
    assert raw == BROKEN[name]
    assert record["receivedAt"]


async def test_what_broken_mail_most_likely_meant(tmp_path: Path) -> None:
    path = tmp_path / "broken.eml"
    path.write_bytes(BROKEN["eight bit"])
    record, _ = await _serve(path)
    assert str(record["body"]).count("Schön") == 1
    path.write_bytes(b"Subject: caf\xc3\xa9\r\nFrom: =?utf-8?q?Zo=C3=A9?= <z@example.com>\r\n\r\n\xe9t\xe9")
    record, _ = await _serve(path)
    assert record["subject"] == "café"
    assert record["from"] == {"name": "Zoé", "address": "z@example.com", "raw": '"Zoé" <z@example.com>'}
    assert "été" in str(record["body"])


def _thread() -> list[bytes]:
    heads = [
        b"Message-ID: <1@x>\nSubject: one\n",
        b"Message-ID: <2@x>\nIn-Reply-To: <1@x>\nSubject: two\n",
        b"Message-ID: <4@x>\nReferences: <1@x> <2@x> <3@x>\nSubject: four\n",
        b"Message-ID: <9@x>\nSubject: alone\n",
        b"Subject: nameless\n",
    ]
    return [head + b"From: a@example.com\n\nbody\n" for head in heads]


@pytest.mark.parametrize("kind", ["folder", "mbox", "maildir"])
async def test_where_mail_is_kept(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "mail"
    if kind == "folder":
        path.mkdir()
        for number, source in enumerate(_thread()):
            (path / f"{number}.eml").write_bytes(source)
    else:
        box = mailbox.mbox(path) if kind == "mbox" else mailbox.Maildir(path)
        for source in _thread():
            box.add(source)
        box.close()
    async with Sandbox(accounts=2, messages=4, mail=path) as sandbox, bare(sandbox, sandbox.accounts[0]) as client:
        records = {record["subject"]: record for record in sandbox.accounts[0].mail.messages.values()}
        assert records.keys() == {"one", "two", "four", "alone", "nameless"}
        assert len({records[subject]["threadId"] for subject in ("one", "two", "four")}) == 1
        assert len({record["threadId"] for record in records.values()}) == 3
        assert "internetMessageId" not in records["nameless"]
        for record, source in zip(
            sorted(records), sorted(_thread(), key=lambda s: s.split(b"Subject: ")[1]), strict=True
        ):
            raw = (await client.get(f"{MESSAGES}/{segment(records[record]['id'])}/raw")).content
            assert raw == source
        assert len(sandbox.accounts[1].mail.messages) == 4


async def test_flags_of_a_maildir(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "mail")
    message = mailbox.MaildirMessage(b"Subject: seen\n\nx")
    message.set_subdir("cur")
    message.set_flags("FS")
    box.add(message)
    box.close()
    sandbox = Sandbox(accounts=1, mail=tmp_path / "mail")
    (record,) = sandbox.accounts[0].mail.messages.values()
    assert record["sysLabels"] == ["inbox", "flagged"]


def test_no_mail_is_told_at_once(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(FileNotFoundError):
            Sandbox(accounts=1, mail=path)
