"""email.messages.send and reply, email.drafts.*"""

from __future__ import annotations

from aurinko_async.sandbox.call import Call, Reply, done, reply, serves
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError, not_found
from aurinko_async.sandbox.letters import Draft, Message
from aurinko_async.sandbox.names import web_link
from aurinko_async.sandbox.outgoing import (
    discard_draft,
    save_draft,
    schedule,
    send,
    send_draft,
    track,
    track_draft,
    write_letter,
)
from aurinko_async.sandbox.times import moment


@serves("email.messages.send")
def send_message(call: Call) -> Reply:
    letter = write_letter(call.account, call.body, call.query.get("bodyType", "html"), call.now)
    return _sent(call, send(call.world, call.account, letter), 201)


@serves("email.messages.reply")
def reply_to_message(call: Call) -> Reply:
    answered = call.mail.get(call.path["messageId"])
    letter = write_letter(call.account, call.body, call.query.get("bodyType", "html"), call.now, answered)
    return _sent(call, send(call.world, call.account, letter), 200)


@serves("email.drafts.create")
def create_draft(call: Call) -> Reply:
    letter = write_letter(call.account, call.body, call.query.get("bodyType", "html"), call.now)
    return _draft_saved(call, save_draft(call.account, letter, call.now))


@serves("email.drafts.get")
def get_draft(call: Call) -> Reply:
    draft = _draft(call)
    record: Json = {
        "id": draft.id,
        "message": call.mail.render.full(
            draft.message,
            body_type=call.query.get("bodyType", "html"),
            load_inlines=call.query.get("loadInlines", False),
            native=call.query.get("nativeProperties", ()),
        ),
    }
    if draft.scheduled is not None:
        record["scheduled"] = draft.scheduled
    return reply(record)


@serves("email.drafts.update")
def update_draft(call: Call) -> Reply:
    if call.account.owner.partial:
        raise ApiError(400, "Drafts can be updated with Google and Office365 only", code="notSupported")
    draft = _draft(call)
    letter = write_letter(call.account, call.body, call.query.get("bodyType", "html"), call.now)
    call.mail.rewrite(draft.message, letter)
    return _draft_saved(call, draft)


@serves("email.drafts.delete")
def delete_draft(call: Call) -> Reply:
    discard_draft(call.account, _draft(call))
    return done()


@serves("email.drafts.send")
def send_a_draft(call: Call) -> Reply:
    draft = _draft(call)
    send_time: str | None = call.query.get("sendTime")
    tracking_id = track_draft(call.account, draft, call.body.get("tracking"))
    status = "Scheduled"
    if send_time is not None and moment(send_time) > call.now:
        schedule(call.world, call.account, draft, moment(send_time))
    else:
        status = "Ok"
        send_draft(call.world, call.account, draft)
    return reply({"status": status, **({"trackingId": tracking_id} if tracking_id else {})})


def _sent(call: Call, message: Message, status: int) -> Reply:
    answer: Json = {"status": "Ok", "submittedMessageId": message.internet_id, "processingStatus": "Ok"}
    failed: list[str] = []
    if call.fault is not None and call.hit_by("incomplete"):
        failed = list(call.fault.detail.get("failed_steps", ("returnIds",)))
    if not _followed_up(call, message):
        failed.append("followUp")
    if failed:
        answer["processingStatus"] = "Incomplete"
        answer["processingError"] = {"failedSteps": failed, "errorMessage": "The mail was sent, but not all was done"}
    if call.query.get("returnIds") and "returnIds" not in failed:
        answer |= {"id": message.id, "threadId": message.thread_id}
    tracking_id = track(call.account, message, call.body.get("tracking"))
    if tracking_id and "tracking" not in failed:
        answer["trackingId"] = tracking_id
    return reply(answer, status)


def _followed_up(call: Call, message: Message) -> bool:
    asked: Json = call.body.get("followUp") or {}
    if asked.get("ruleId") is None:
        return True
    try:
        call.account.followups.request(message.thread_id, {**asked, "status": "active"})
    except ApiError:
        return False
    return True


def _draft(call: Call) -> Draft:
    draft = call.mail.drafts.get(call.path["draftId"])
    if draft is None or draft.message.gone:
        raise not_found("The draft could not be found")
    return draft


def _draft_saved(call: Call, draft: Draft) -> Reply:
    return reply({"id": draft.id, "webLink": web_link(call.account.owner, draft.message.id)})
