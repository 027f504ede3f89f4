"""Follow-ups of one account: rules, and the conversations that follow them as time goes by."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from attrs import Factory, define

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError, not_found
from aurinko_async.sandbox.letters import Letter, Message, address
from aurinko_async.sandbox.outgoing import send
from aurinko_async.sandbox.times import DAY, iso, moment

if TYPE_CHECKING:
    from aurinko_async.sandbox.account import Account

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_RULE = ("name", "expectThreadResponse", "templateBody", "templateSubject", "actions")


@define(eq=False)
class Drip:
    """The follow-ups of one conversation."""

    thread_id: str
    subject: str
    status: str = "disabled"
    rule: Json | None = None
    started: float | None = None
    sent: int = 0
    ended: float | None = None
    error: str | None = None
    targets: list[str] = Factory(lambda: list[str]())
    variables: Json = Factory(lambda: Json())
    responder: str | None = None
    run: int = 0

    def record(self) -> Json:
        """Give it as `ConversationDripStatus`."""
        named: Json = {
            "rule": self.rule,
            "dripStartedAt": None if self.started is None else iso(self.started),
            "dripEndedAt": None if self.ended is None else iso(self.ended),
            "dripError": self.error,
            "dripResponder": self.responder,
        }
        return {
            "convoId": self.thread_id,
            "subject": self.subject,
            "status": self.status,
            "dripLastNum": self.sent,
            "actionVars": self.variables,
            "targets": self.targets,
            **{name: value for name, value in named.items() if value is not None},
        }


class Followups:
    """The follow-ups of one account.

    `rules_as_page` answers the list of rules as a page, as the vendor's own client reads it; the contract says it is
    one rule.
    """

    def __init__(self, account: Account) -> None:
        self.rules: dict[int, Json] = {}
        self.drips: dict[str, Drip] = {}
        self.config: Json = {"timezone": "Europe/Berlin", "emailAliases": []}
        self.rules_as_page = False
        self._account = account
        self._made = 0

    def rule(self, id_: int) -> Json:
        """Give a rule.

        Raises:
            ApiError: 404, there is none.
        """
        if id_ not in self.rules:
            raise not_found("The rule could not be found")
        return self.rules[id_]

    def save_rule(self, body: Json, id_: int | None = None) -> Json:
        """Keep a rule: a new one, or another in the place of one that is there."""
        if id_ is None:
            self._made += 1
            id_ = self._account.id * 1000 + self._made
        rule: Json = {"id": id_, "actions": [], **{name: body[name] for name in _RULE if body.get(name) is not None}}
        self.rules[id_] = rule
        return rule

    def drip(self, thread_id: str) -> Drip:
        """Give how the follow-ups of a conversation stand.

        Raises:
            ApiError: 404, there is no such conversation.
        """
        mail = self._account.mail  # what was due by now is sent
        if thread_id in self.drips:
            return self.drips[thread_id]
        messages = mail.thread(thread_id)
        if not messages:
            raise not_found("The conversation could not be found")
        return Drip(thread_id, messages[0].letter().record.get("subject") or "")

    def request(self, thread_id: str, body: Json) -> Drip:
        """Switch the follow-ups of a conversation on, off, or to other terms.

        Raises:
            ApiError: 404, there is no such conversation, or no such rule.
        """
        drip = self.drip(thread_id)
        rule = self.rule(body["ruleId"]) if body.get("ruleId") is not None else drip.rule
        self.drips[thread_id] = drip
        drip.rule = rule
        drip.variables = body.get("actionVars") or drip.variables
        drip.targets = body.get("targets") or drip.targets or self._recipients(thread_id)
        drip.run += 1
        if body.get("status", drip.status) != "active":
            drip.status = "disabled"
        elif rule is None or not rule["actions"]:
            drip.status = "ruleIncomplete"
        else:
            self._start(drip, moment(body["dripAfter"]) if body.get("dripAfter") else self._account.world.clock())
        return drip

    def arrived(self, message: Message) -> None:
        """End the follow-ups of a conversation that is answered."""
        drip = self.drips.get(message.thread_id)
        if drip is None or drip.status != "active" or not {"sent", "draft"}.isdisjoint(message.labels):
            return
        drip.responder = message.letter().record["from"]["address"]
        self._finish(drip)

    def _start(self, drip: Drip, when: float) -> None:
        assert drip.rule is not None
        drip.status, drip.started, drip.sent = "active", when, 0
        drip.ended = drip.error = drip.responder = None
        for action in drip.rule["actions"]:
            when += (action.get("intervalDays") or 0) * DAY
            self._account.mail.at(when, partial(self._follow_up, drip, drip.run, action))

    def _follow_up(self, drip: Drip, run: int, action: Json) -> None:
        if drip.run != run or drip.status != "active" or drip.rule is None:
            return
        try:
            send(self._account.world, self._account, self._letter(drip, drip.rule, action))
        except ApiError as error:
            drip.status, drip.error = "failed", error.message
            return
        drip.sent += 1
        if drip.sent == len(drip.rule["actions"]):
            self._finish(drip)

    def _finish(self, drip: Drip) -> None:
        drip.status, drip.ended = "finished", self._account.world.clock()

    def _letter(self, drip: Drip, rule: Json, action: Json) -> Letter:
        def filled(template: str) -> str:
            return _VARIABLE.sub(lambda found: str(drip.variables.get(found[1], found[0])), template)

        now = iso(self._account.world.clock())
        last = self._account.mail.thread(drip.thread_id)[-1:]
        text = action.get("message") or rule.get("templateBody") or ""
        record: Json = {
            "createdTime": now,
            "lastModifiedTime": now,
            "threadId": drip.thread_id,
            "subject": filled(rule.get("templateSubject") or f"Re: {drip.subject}"),
            "keywords": [],
            "sysClassifications": ["personal"],
            "sensitivity": "normal",
            "from": address(self._account.name, self._account.email),
            "to": [address("", target) for target in drip.targets],
            **{kind: [] for kind in ("cc", "bcc", "replyTo")},
        }
        if last and last[0].internet_id:
            record["inReplyTo"] = last[0].internet_id
        return Letter(record, filled(text))

    def _recipients(self, thread_id: str) -> list[str]:
        mine = self._account.email.lower()
        for message in reversed(self._account.mail.thread(thread_id)):
            record = message.letter().record
            people = [record["from"], *record.get("to", ())]
            others = [one["address"] for one in people if one["address"].lower() != mine]
            if others:
                return others
        return []
