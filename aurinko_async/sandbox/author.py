"""Writes a mailbox's made-up mail: planned at once, each message written only when it is read, the same every time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from random import Random

from attrs import define

from aurinko_async.sandbox import attachments, names, prose
from aurinko_async.sandbox.bodies import snippet
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.letters import Attachment, Letter, Owner, address
from aurinko_async.sandbox.times import DAY, iso

# How far back made-up mail reaches, and the share of it that came in the last hours.
_DAYS_BACK = 400.0
_FRESH = 0.03
_FRESH_SECONDS = 8 * 3600.0

_HTML = (
    '<html><head><meta charset="utf-8"><style>body{{font-family:Arial,sans-serif;font-size:14px}}</style></head>'
    '<body><div dir="auto">{}</div></body></html>'
)


@define(eq=False)
class Plan:
    """What is settled about a message before it is written."""

    index: int
    when: float
    thread: int
    place: int
    kind: str
    mine: bool
    draw: float


class Author:
    """Plans and writes for one mailbox, from one seed."""

    def __init__(self, owner: Owner, seed: int, now: float) -> None:
        self._owner = owner
        self._seed = seed
        self._now = now
        self._random = Random(seed)
        self._open: list[int] = []
        self._plans: list[Plan] = []
        self._threads: list[list[Plan]] = []

    def plan(self, count: int) -> list[Plan]:
        """Plan mail spread over the last 400 days, oldest first, some of it hours old."""
        draw = self._random.random
        ages = [
            draw() * _FRESH_SECONDS if draw() < _FRESH else 60 + _DAYS_BACK * DAY * draw() ** 2 for _ in range(count)
        ]
        return [self._plan(self._now - age) for age in sorted(ages, reverse=True)]

    def plan_more(self, count: int, when: float) -> list[Plan]:
        """Plan mail that all comes now."""
        return [self._plan(when) for _ in range(count)]

    def write(self, plan: Plan) -> Letter:
        """Write a planned message."""
        random = self._dice(plan.index)
        if plan.kind == "robot":
            return self._robot(plan, random)
        letter = self._talk(plan, random)
        if plan.kind == "invite":
            self._invite(plan, letter)
        return letter

    def internet_id(self, plan: Plan) -> str:
        """Give the Message-ID of a planned message."""
        return f"<{self._mix(plan.index):016x}.{plan.index}@mail.example.com>"

    def _plan(self, when: float) -> Plan:
        draw = self._random.random()
        kind = "talk" if draw < 0.62 else "robot" if draw < 0.95 else "invite"
        if kind == "talk" and self._open and self._random.random() < 0.45:
            thread = self._open[int(self._random.random() * len(self._open))]
        else:
            thread = len(self._threads)
            self._threads.append([])
            if kind == "talk":
                self._open = [*self._open[-30:], thread]
        members = self._threads[thread]
        mine = kind == "talk" and self._random.random() < 0.25
        plan = Plan(len(self._plans), when, thread, len(members), kind, mine, self._random.random())
        members.append(plan)
        if len(members) == 8:
            self._open.remove(thread)
        self._plans.append(plan)
        return plan

    def _mix(self, number: int) -> int:
        return ((self._seed * 0x9E3779B97F4A7C15) ^ (number * 0xC2B2AE3D27D4EB4F + 0x165667B19E3779F9)) % 2**64

    def _dice(self, index: int) -> Random:
        return Random(self._mix(index))

    def _thread(self, thread: int) -> tuple[str, Json, Json]:
        random = self._dice(-1 - thread)
        first, second = random.sample(prose.PEOPLE, 2)
        return random.choice(prose.SUBJECTS), _person(first), _person(second)

    def _talk(self, plan: Plan, random: Random) -> Letter:
        subject, partner, other = self._thread(plan.thread)
        me = address(self._owner.name, self._owner.email)
        members = self._threads[plan.thread][: plan.place]
        sender, receiver = (me, partner) if plan.mine else (partner, me)
        record = self._frame(plan, sender, [receiver], f"Re: {subject}" if members else subject)
        record["cc"] = [other] if random.random() < 0.3 else []
        record["keywords"] = [random.choice(prose.KEYWORDS)] if random.random() < 0.15 else []
        record["sensitivity"] = "private" if random.random() < 0.02 else "normal"
        record["sysClassifications"] = ["personal"]
        html, text = _prose(random, f"{random.choice(prose.GREETINGS)} {receiver.get('name', '')}".strip())
        sign_off = sender.get("name", "") or sender["address"]
        html, text = f"{html}<p>--<br>{sign_off}</p>", f"{text}\n\n-- \n{sign_off}"
        if members:
            self._answer(record, members)
            quoted_html, quoted_text = self._quote(members[-1])
            html, text = html + quoted_html, f"{text}\n\n{quoted_text}"
        files: list[Attachment] = []
        if random.random() < 0.12:
            files.append(attachments.make(random, len(files)))
        if random.random() < 0.06:
            files.append(attachments.inline_image(len(files)))
            html += f'<p><img src="cid:{files[-1].content_id}" alt="logo"></p>'
        return _finish(record, _HTML.format(html), text, files)

    def _robot(self, plan: Plan, random: Random) -> Letter:
        name, local, domain, classification = random.choice(prose.ROBOTS)
        me = address(self._owner.name, self._owner.email)
        sender = address(name, f"{local}@{domain}")
        record = self._frame(plan, sender, [me], random.choice(prose.ROBOT_SUBJECTS))
        record["sysClassifications"] = [classification]
        record["replyTo"] = [address("", f"no-reply@{domain}")]
        record["internetHeaders"].append(
            {"name": "List-Unsubscribe", "value": f"<https://{domain}/bye?id={plan.index}>"}
        )
        html, text = _prose(random, name)
        image = attachments.inline_image(0)
        html = (
            f'<table width="600"><tr><td><img src="cid:{image.content_id}"></td></tr><tr><td>{html}</td></tr>'
            f'<tr><td><a href="https://{domain}/r?a=1&amp;b={plan.index}">More</a></td></tr></table>'
        )
        files = [image] if random.random() < 0.3 else []
        return _finish(record, _HTML.format(html), f"{text}\n\nhttps://{domain}/r?a=1&b={plan.index}", files)

    def _invite(self, plan: Plan, letter: Letter) -> None:
        letter.record["meetingMessageMethod"] = "cancel" if plan.draw < 0.1 else "request"
        invitation = attachments.invitation(letter.record["subject"], plan.when + 3 * DAY, len(letter.attachments))
        letter.attachments = (*letter.attachments, invitation)
        letter.record["hasAttachments"] = True

    def _frame(self, plan: Plan, sender: Json, to: list[Json], subject: str) -> Json:
        internet_id = self.internet_id(plan)
        sent = iso(plan.when - 2)
        return {
            "createdTime": iso(plan.when),
            "lastModifiedTime": iso(plan.when),
            "sentAt": sent,
            "internetMessageId": internet_id,
            "subject": subject,
            "keywords": [],
            "sysClassifications": [],
            "sensitivity": "normal",
            "from": sender,
            "to": to,
            "cc": [],
            "bcc": [],
            "replyTo": [],
            "internetHeaders": [
                {"name": "Received", "value": f"from mx.example.net by {self._owner.email.partition('@')[2]}; {sent}"},
                {"name": "From", "value": sender["raw"]},
                {"name": "Subject", "value": subject},
                {"name": "Message-ID", "value": internet_id},
                {"name": "MIME-Version", "value": "1.0"},
                {"name": "X-Mailer", "value": "Example Mail 7.1"},
            ],
            **names.extras(self._owner, plan.index, plan.thread),
        }

    def _answer(self, record: Json, members: list[Plan]) -> None:
        record["inReplyTo"] = self.internet_id(members[-1])
        record["references"] = " ".join(self.internet_id(member) for member in members)

    def _quote(self, plan: Plan) -> tuple[str, str]:
        html, text = _prose(self._dice(plan.index), "…")
        when = iso(plan.when)
        quoted = "\n".join(f"> {line}" for line in text.split("\n"))
        return (
            f'<div class="gmail_quote">On {when} wrote:<blockquote>{html}</blockquote></div>',
            f"On {when} wrote:\n{quoted}",
        )


@lru_cache(maxsize=64)
def _person_of(name: str, email: str) -> tuple[tuple[str, str], ...]:
    return tuple(address(name, email).items())


def _person(person: tuple[str, str, str]) -> Json:
    name, local, domain = person
    return dict(_person_of(name, f"{local}@{domain}"))


def _prose(random: Random, greeting: str) -> tuple[str, str]:
    html, text = [f"<p>{greeting},</p>"], [f"{greeting},"]
    for _ in range(2 + int(random.random() * 3)):
        sentences = random.choices(prose.SENTENCES, k=2 + int(random.random() * 3))
        text.append(" ".join(sentence for sentence, _ in sentences))
        html.append(f"<p>{' '.join(escaped for _, escaped in sentences)}</p>")
    return "\n".join(html), "\n\n".join(text)


def _finish(record: Json, html: str, text: str, files: Iterable[Attachment]) -> Letter:
    kept = tuple(files)
    record["hasAttachments"] = any(not file.inline for file in kept)
    record["bodySnippet"] = snippet(text)
    return Letter(record, html, text, kept)
