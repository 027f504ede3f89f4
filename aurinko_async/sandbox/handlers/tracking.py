"""email.tracking.* and email.draft_tracking.*"""

from __future__ import annotations

from aurinko_async.sandbox.call import Call, Reply, done, reply, serves
from aurinko_async.sandbox.errors import bad_request, not_found
from aurinko_async.sandbox.handlers.accounts import offset_page
from aurinko_async.sandbox.times import moment
from aurinko_async.sandbox.tracking import Tracking, rewritten


@serves("email.tracking.list")
def list_trackings(call: Call) -> Reply:
    asked = call.query

    def wanted(tracking: Tracking) -> bool:
        return (
            (tracking.sent is not None or not asked["showSentOnly"])
            and (not asked["withActivityOnly"] or any(event.kind in ("open", "click") for event in tracking.events))
            and asked.get("contextContains", "") in (tracking.context or "")
            and asked.get("threadId", tracking.thread_id) == tracking.thread_id
        )

    return offset_page(call, [one.record() for one in call.account.tracking.newest() if wanted(one)])


@serves("email.tracking.get")
def get_tracking(call: Call) -> Reply:
    return reply(call.account.tracking.get(call.path["id"]).record())


@serves("email.tracking.list_all_events")
def list_all_events(call: Call) -> Reply:
    asked = call.query
    after = moment(asked["from"]) if "from" in asked else float("-inf")
    upto = moment(asked["to"]) if "to" in asked else float("inf")
    events = (event for event in call.account.tracking.events() if after < event.when <= upto)
    thread_id = asked.get("threadId")
    return offset_page(call, [event.record() for event in events if thread_id in (None, event.tracking.thread_id)])


@serves("email.tracking.list_events")
def list_events(call: Call) -> Reply:
    tracking = call.account.tracking.get(call.path["id"])
    return offset_page(call, [event.record() for event in reversed(tracking.events)])


@serves("email.tracking.get_event")
def get_event(call: Call) -> Reply:
    for event in call.account.tracking.get(call.path["trackingId"]).events:
        if event.id == call.path["id"]:
            return reply(event.record())
    raise not_found("The event could not be found")


@serves("email.tracking.ignore_open_clicks")
def ignore_open_clicks(call: Call) -> Reply:
    message_id, internet_id = call.query.get("messageId"), call.query.get("inetMessageId")
    if message_id is None and internet_id is None:
        raise bad_request("messageId or inetMessageId is required")
    meant = [
        one
        for one in call.account.tracking.newest()
        if message_id in (None, one.message_id) and internet_id in (None, one.internet_id)
    ]
    if not meant:
        raise not_found("The message is not tracked")
    for tracking in meant:
        tracking.ignored = call.query["isIgnored"]
    return done()


@serves("email.tracking.purge")
def purge(call: Call) -> Reply:
    call.account.tracking.purge(call.headers["User-Agent"], call.query.get("threadId"))
    return done()


@serves("email.draft_tracking.create")
def create_draft_tracking(call: Call) -> Reply:
    draft_id: str = call.query["draftId"]
    if draft_id not in call.mail.drafts and not call.query.get("ignoreNotFound"):
        raise not_found("The draft could not be found")
    tracking = call.account.tracking.draft(call.body.get("tracking") or {}, draft_id)
    html, links = rewritten(call.body.get("htmlText") or "", tracking)
    answer = {
        "trackReplies": tracking.replies,
        "htmlBody": html,
        "trackingCode": tracking.code,
        "context": tracking.context,
        "linkCodes": links,
        "trackingId": str(tracking.id),
    }
    return reply({name: value for name, value in answer.items() if value is not None})


@serves("email.draft_tracking.update")
def update_draft_tracking(call: Call) -> Reply:
    tracking = call.account.tracking.of_draft(call.path["draftId"])
    if "context" in call.body:
        tracking.context = call.body["context"]
    return done()


@serves("email.draft_tracking.convert")
def convert_draft_tracking(call: Call) -> Reply:
    trackings = call.account.tracking
    ids = (call.body.get(name) for name in ("messageId", "internetMessageId", "threadId"))
    trackings.sent(trackings.of_draft(call.path["draftId"]), *ids)
    return done()
