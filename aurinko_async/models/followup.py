"""Follow-ups: mails that are sent by themselves when a conversation falls silent."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from aurinko_async._types import UNSET
from aurinko_async.models._model import Opt, model


class ConversationDripState(StrEnum):
    """How a follow-up sequence stands; the API may send others. Callers set `DISABLED` or `ACTIVE`."""

    DISABLED = "disabled"
    ACTIVE = "active"
    FAILED = "failed"
    FINISHED = "finished"
    RULE_INCOMPLETE = "ruleIncomplete"


@model
class FollowupConfig:
    """The settings of an account's follow-ups.

    Attributes:
        timezone: The IANA name of the time zone they go by.
        email_aliases: Other addresses of the account's owner.
    """

    timezone: str | None = None
    email_aliases: list[str] | None = None


@model
class FollowupRuleAction:
    """One step of a sequence.

    Attributes:
        interval_days: Days after the step before.
        message: What to send. The vendor documents a string; some of its own code reads a number.
    """

    interval_days: int | None = None
    message: str | int | None = None


@model
class FollowupRule:
    """A sequence of follow-ups and the template it fills in.

    Attributes:
        expect_thread_response: Whether an answer in the conversation is expected.
        actions: Its steps, in order.
    """

    id: int | None = None
    name: str | None = None
    expect_thread_response: bool | None = None
    template_body: str | None = None
    template_subject: str | None = None
    actions: list[FollowupRuleAction] | None = None


@model
class FollowupRuleInput:
    """A follow-up rule to create, or to put in the place of one.

    Attributes:
        expect_thread_response: Whether an answer in the conversation is expected.
        actions: Its steps, in order.
    """

    name: Opt[str] = UNSET
    expect_thread_response: Opt[bool] = UNSET
    template_body: Opt[str] = UNSET
    template_subject: Opt[str] = UNSET
    actions: Opt[list[FollowupRuleAction]] = UNSET


@model
class ConversationDripStatus:
    """How the follow-up sequence of a conversation stands.

    Attributes:
        convo_id: The id of the conversation (the mail thread).
        status: One of `ConversationDripState`.
        drip_last_num: The number of the last step that was sent.
        drip_error: Why it failed.
        targets: The addresses that the follow-ups go to.
        action_vars: The values of the template's variables.
        action_overrides: Steps that differ from the rule's. The vendor does not document their shape: they stay as
            they come.
        drip_responder: Who answered.
    """

    convo_id: str | None = None
    subject: str | None = None
    status: str | None = None
    rule: FollowupRule | None = None
    drip_started_at: datetime | None = None
    drip_last_num: int | None = None
    drip_error: str | None = None
    drip_ended_at: datetime | None = None
    action_vars: dict[str, str] | None = None
    action_overrides: list[Any] | None = None
    targets: list[str] | None = None
    drip_responder: str | None = None


@model
class DripRequest:
    """Start or stop the follow-up sequence of a conversation.

    Attributes:
        status: `disabled` or `active`.
        rule_id: The rule that the sequence follows.
        drip_after: When to start.
        targets: The addresses to write to.
        action_vars: Values for the template's variables.
    """

    status: Opt[str] = UNSET
    rule_id: Opt[int] = UNSET
    drip_after: Opt[datetime] = UNSET
    targets: Opt[list[str]] = UNSET
    action_vars: Opt[dict[str, str]] = UNSET
