"""A user's program, checked by mypy and pyright and never run: what is right must pass, what is wrong must not.

Each wrong line names the error that it must cause; where there is none, the type checkers complain of the comment.
"""

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, assert_type

from aurinko_async import (
    UNSET,
    AccountAuth,
    AppAuth,
    Attempt,
    AurinkoClient,
    Batch,
    CalendarPlan,
    ContactsPlan,
    ContainerSync,
    Credentials,
    DeltaSync,
    EmailPlan,
    EngineEvent,
    EngineOptions,
    EngineReport,
    ExchangeIdTokenAuth,
    Grant,
    Limits,
    MemoryStore,
    NoAuth,
    OAuthFlow,
    OffsetPaginator,
    PostgresStore,
    RetryPolicy,
    SQLiteStore,
    SyncAccount,
    SyncEngine,
    SyncReport,
    TasksPlan,
    Timeout,
    TokenPaginator,
    Unset,
    UserCookieAuth,
    UserSessionAuth,
    application_accounts,
)
from aurinko_async.errors import ApiError, AurinkoError, TokenDead
from aurinko_async.models import (
    Account,
    AccountInput,
    AccountSaveResult,
    AuthCallback,
    AvailableProfiles,
    AvailableProfilesRequest,
    BodyType,
    BookingProfile,
    BookingProfileInput,
    BookingTimes,
    Calendar,
    CalendarCreate,
    Contact,
    ContactInput,
    ContactName,
    ContactOrId,
    ConversationDripStatus,
    CreateMeetingResponse,
    DeletedEmailMessage,
    DeletedRecord,
    DeltaPage,
    EmailAddress,
    EmailAttachmentContent,
    EmailDraft,
    EmailDraftSendResponse,
    EmailFolderInfo,
    EmailMessage,
    EmailSendResponse,
    EndUser,
    EndUserAccount,
    Event,
    EventDateTime,
    EventInput,
    EventOrId,
    FollowupConfig,
    FollowupRule,
    FreeBusyRequest,
    FreeBusySchedulePage,
    GroupBookingProfile,
    MeetingRequest,
    OffsetPage,
    OkResponse,
    OutgoingEmail,
    OutgoingEmailReply,
    PreparedAuthToken,
    SelectedMeetingTime,
    ServiceType,
    Subscription,
    SubscriptionRequest,
    SyncStatus,
    Task,
    TaskCreate,
    TaskList,
    TaskUpdateResponse,
    TokenPage,
    TrackingData,
    UpdateMessageStatusData,
    WeekWorkSchedule,
    WellKnownFoldersIn,
    WorkingInterval,
    format_period,
    parse_callback,
    parse_period,
)
from aurinko_async.sync.engine import ResourcePlan

NOW = datetime(2026, 5, 1, tzinfo=UTC)


# --- the client


def credentials() -> list[Credentials]:
    AccountAuth()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    AppAuth("id", "secret", account_id="7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AccountAuth("token").token = "other"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    return [
        AccountAuth("token"),
        AppAuth("id", "secret", account_id=7),
        UserSessionAuth("session"),
        UserCookieAuth("AUR7", "value", "id", account_id=7),
        ExchangeIdTokenAuth("token", "id"),
        NoAuth(),
    ]


def watch(attempt: Attempt) -> None:
    assert_type(attempt.status, int | None)
    assert_type(attempt.error, AurinkoError | None)


async def the_client() -> None:
    client = AurinkoClient(
        AccountAuth("token"),
        base_url="https://api.aurinko.io",
        retry=RetryPolicy(attempts=3),
        timeout=Timeout(connect=5, read=30, total=60),
        limits=Limits(in_flight=10),
        on_attempt=watch,
    )
    async with client as aurinko:
        assert_type(aurinko, AurinkoClient)
        assert_type(aurinko.with_auth(NoAuth()), AurinkoClient)
        assert_type(aurinko.with_options(timeout=5.0), AurinkoClient)
        assert_type(await aurinko.request("GET", "/v1/things", query={"a": [1, 2]}), Any)
    assert_type(AurinkoClient.from_env(timeout=3), AurinkoClient)
    AurinkoClient("token")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AurinkoClient(NoAuth(), retries=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RetryPolicy(3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.emails  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def errors(error: Exception) -> None:
    if isinstance(error, TokenDead):
        assert_type(error.code, str | None)
        assert_type(error.status, int)
    elif isinstance(error, ApiError):
        error.satus  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


# --- paginators


async def paginators(aurinko: AurinkoClient) -> None:
    messages = aurinko.email.messages.list(q="from:ann@example.com", native_properties=["a"], body_type=BodyType.TEXT)
    assert_type(messages, TokenPaginator[EmailMessage])
    assert_type(messages.pages(), AsyncGenerator[TokenPage[EmailMessage], None])
    assert_type(messages.next_token, str | None)
    async for message in messages:
        assert_type(message, EmailMessage)
    async for page in messages.pages():
        assert_type(page.records, list[EmailMessage])
    first = await messages
    assert_type(first, TokenPage[EmailMessage])
    assert_type(first.next_page_token, str | None)
    assert_type([record.id for record in first], list[str | None])
    accounts = aurinko.accounts.list(limit=10)
    assert_type(accounts, OffsetPaginator[Account])
    assert_type(await accounts, OffsetPage[Account])
    assert_type([account.id async for account in accounts], list[int | None])
    len(messages)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    aurinko.email.messages.list("from:ann")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    aurinko.email.messages.list(page_tokn="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    aurinko.email.messages.list(q=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    aurinko.accounts.list(limit="10")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# --- each attribute


async def mail(aurinko: AurinkoClient) -> None:
    messages = aurinko.email.messages
    message = await messages.get("id", body_type="text", load_inlines=True)
    assert_type(message, EmailMessage)
    assert_type(message.received_at, datetime | None)
    assert_type(message.to, list[EmailAddress] | None)
    assert_type(message.native_properties, dict[str, Any] | None)
    assert_type(message.reply("Yes", everyone=True, me="me@example.com"), OutgoingEmailReply)
    assert_type(message.forward(["ann@example.com", EmailAddress(address="bob@example.com")], "See"), OutgoingEmail)
    message.reply("Yes", all=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    mail = OutgoingEmail(to=[EmailAddress.parse("Ann <ann@example.com>")], subject="Hi", body=None, cc=UNSET)
    assert_type(mail.body, str | Unset | None)
    if mail.body is not UNSET:
        assert_type(mail.body, str | None)
    assert_type(await messages.send(mail, return_ids=True), EmailSendResponse)
    assert_type(await messages.reply("id", message.reply("Yes")), EmailSendResponse)
    assert_type(await messages.get_raw("id"), str)
    content = await messages.get_attachment("id", "file")
    assert_type(content, EmailAttachmentContent)
    assert_type(bytes(content), bytes)
    assert_type(await messages.update_status("id", UpdateMessageStatusData(unread=False)), OkResponse)
    assert_type(await messages.delete("id"), OkResponse)
    await messages.reply("id", mail)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await messages.send({"to": []})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await messages.get(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    OutgoingEmail(subjet="Hi")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    OutgoingEmail("Hi")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    OutgoingEmail(to=["ann@example.com"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    assert_type(await aurinko.email.drafts.get("id"), EmailDraft)
    assert_type(await aurinko.email.drafts.send("id", send_time=NOW), EmailDraftSendResponse)
    await aurinko.email.drafts.send("id", send_time="now")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(aurinko.email.folders.list(), TokenPaginator[EmailFolderInfo])
    await aurinko.email.folders.update_well_known(WellKnownFoldersIn(archive=None))
    assert_type(aurinko.email.conversations.list_messages("id"), TokenPaginator[EmailMessage])
    assert_type(aurinko.email.tracking.list(), OffsetPaginator[TrackingData])
    assert_type(await aurinko.email.tracking.purge(user_agent="Mozilla/5.0"), OkResponse)
    await aurinko.email.tracking.purge()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert_type(await aurinko.email.sync.start(days_within=30), SyncStatus)
    assert_type(await aurinko.email.sync.deleted(delta_token="t"), DeltaPage[DeletedEmailMessage])


async def calendars(aurinko: AurinkoClient) -> None:
    assert_type(aurinko.calendars.list(with_shared=True), TokenPaginator[Calendar])
    assert_type(await aurinko.calendars.create(CalendarCreate(name="Work")), Calendar)
    events = aurinko.calendars.events
    assert_type(events.list("primary", time_min=NOW, time_max=NOW), TokenPaginator[Event])
    start = EventDateTime.of(NOW)
    assert_type(start.value, date | datetime | None)
    assert_type(await events.create("primary", EventInput(subject="Lunch", start=start, end=start)), EventOrId)
    event = await events.get("primary", "id")
    assert_type(await events.update("primary", "id", event, if_match=event.etag or ""), EventOrId)
    assert_type(await events.get_occurrence("primary", "id", date(2026, 5, 1)), Event)
    await events.delete("primary", "id", notify_attendees=False)
    assert_type(await aurinko.calendars.free_busy(FreeBusyRequest(emails=[])), FreeBusySchedulePage)
    await events.update("primary", "id", event)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    events.list("primary", time_min=NOW)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    events.list("primary", time_min="now", time_max=NOW)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    aurinko.calendars.event  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


async def contacts_and_tasks(aurinko: AurinkoClient) -> None:
    contact = await aurinko.contacts.get("id", with_photo=True)
    assert_type(contact, Contact)
    assert_type(contact.name, ContactName | None)
    assert_type(await aurinko.contacts.create(ContactInput(notes=None)), ContactOrId)
    assert_type(await aurinko.contacts.sync.updated(page_token="t"), DeltaPage[Contact])
    assert_type(aurinko.task_lists.list(), TokenPaginator[TaskList])
    assert_type(aurinko.task_lists.tasks.list("default"), TokenPaginator[Task])
    await aurinko.task_lists.tasks.create("default", TaskCreate(title="Write", due=NOW))
    update = TaskUpdateResponse(id="t")
    assert_type(update.record, Task | None)
    TaskCreate(title="Write", due="tomorrow")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    TaskCreate(titel="Write")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await aurinko.contacts.update("id", ContactInput())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def booking(aurinko: AurinkoClient) -> None:
    assert_type(aurinko.booking.profiles.list(), OffsetPaginator[BookingProfile])
    profile = BookingProfileInput(duration_minutes=30, time_available_for=format_period(timedelta(weeks=4)))
    assert_type(await aurinko.booking.profiles.create(profile), BookingProfile)
    times = await aurinko.booking.profiles.meeting_times(7, from_date=date(2026, 5, 1))
    assert_type(times, BookingTimes)
    assert_type([interval.start for interval in times], list[datetime | None])
    assert_type(await aurinko.booking.work_hours(), WeekWorkSchedule)
    assert_type(aurinko.group_booking.profiles.list(), OffsetPaginator[GroupBookingProfile])
    assert_type(await aurinko.group_booking.profiles.available(AvailableProfilesRequest()), AvailableProfiles)
    meeting = MeetingRequest(time=SelectedMeetingTime(start=NOW, end=NOW))
    made = await aurinko.public_booking.create_meeting("client-id", "intro", meeting, reserve_for_minutes=5)
    assert_type(made, CreateMeetingResponse)
    assert_type(parse_period("30D"), timedelta)
    assert_type(WorkingInterval.of(time(9), time(17)).times, tuple[time, time] | None)
    await aurinko.booking.profiles.get("7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    BookingProfileInput(duration=30)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def the_rest(aurinko: AurinkoClient) -> None:
    assert_type(await aurinko.account.get(ping_provider=True), Account)
    account = AccountInput(active=True, service_type=ServiceType.IMAP)
    assert_type(await aurinko.accounts.upsert(account, recycle_keys=["email"]), AccountSaveResult)
    assert_type(aurinko.service_accounts.list(service_type="EWS"), OffsetPaginator[Account])
    assert_type(await aurinko.managed_accounts.upsert(7, account), AccountSaveResult)
    assert_type(await aurinko.user.get(), EndUser)
    assert_type(aurinko.user.accounts.list(), TokenPaginator[EndUserAccount])
    assert_type(aurinko.followup.rules.list(), OffsetPaginator[FollowupRule])
    assert_type(await aurinko.followup.get_config(), FollowupConfig)
    assert_type(await aurinko.followup.conversations.get("id"), ConversationDripStatus)
    subscription = SubscriptionRequest(resource="/contacts", notification_url="https://app.example/hook")
    assert_type(await aurinko.subscriptions.create(subscription), Subscription)
    state = aurinko.auth.new_state()
    url = aurinko.auth.authorize_url(service_type="Google", return_url="https://app.example", scopes=["Mail.Read"])
    assert_type(url, str)
    assert_type(aurinko.auth.parse_callback("/?code=x", state=state), AuthCallback)
    assert_type(parse_callback("/?code=x", state=state).code, str | None)
    assert_type(await aurinko.auth.exchange_code("x"), AccountSaveResult)
    assert_type(await aurinko.auth.prepare(), PreparedAuthToken)
    flow = OAuthFlow(aurinko, return_url="https://app.example", state_secret=["new" * 6, b"old" * 6])
    assert_type(flow.authorize_url(ServiceType.GOOGLE, bound_to="session", payload="/inbox"), str)
    assert_type(await flow.callback("/?code=x", bound_to=None), Grant)
    flow.authorize_url("Google")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    parse_callback("/?code=x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    AccountInput(service_type="IMAP")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    aurinko.auth.authorize_url(service_type="Google")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await aurinko.subscriptions.create(resource="/contacts")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


# --- sync


async def mirrored(store: SQLiteStore | PostgresStore | MemoryStore) -> None:
    assert_type(await store.events("7", calendar_id="primary", since=NOW), list[Event])
    assert_type(await store.contacts("7", email="ann@example.com"), list[Contact])
    assert_type(await store.tasks("7", status="completed"), list[Task])
    assert_type(await store.get("7", "id"), EmailMessage | None)
    assert_type(await store.get("7", "id", resource="calendar", container="primary"), Event | None)
    assert_type(await store.get("7", "id", resource="tasks"), Task | None)
    assert_type(await store.raw("7", "id", resource="contacts"), bytes | None)
    async for message in store.iterate("7"):
        assert_type(message, EmailMessage)
    async for contact in store.iterate("7", resource="contacts", deleted=True):
        assert_type(contact, Contact)
    async for record in store.iterate_raw("7", resource="tasks"):
        assert_type(record, tuple[str, bytes])
    await store.get("7", "id", resource="drive")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


async def syncs(aurinko: AurinkoClient) -> None:
    async with SQLiteStore("mirror.db") as store:
        report = await aurinko.email.delta(store=store, days_within=90, progress=lambda report: None).run()
        assert_type(report, SyncReport)
        assert_type(report.added, int)
        assert_type(await store.messages("7", limit=10), list[EmailMessage])
        await mirrored(store)
    sync = aurinko.email.delta(checkpoint=None, hydrate=True)
    assert_type(sync, DeltaSync[EmailMessage, DeletedEmailMessage])
    async for batch in sync:
        assert_type(batch, Batch[EmailMessage, DeletedEmailMessage])
        assert_type(batch.updated, tuple[EmailMessage, ...])
        assert_type(batch.deleted, tuple[DeletedEmailMessage, ...])
        assert_type(batch.checkpoint, str)
        assert_type(batch.generation, int)
        if batch.sweep:
            assert_type(batch.sweep.since, datetime | None)
    assert_type(aurinko.calendars.delta("primary", time_min=NOW, time_max=NOW), DeltaSync[Event, DeletedRecord])
    assert_type(aurinko.contacts.delta(store=MemoryStore()), DeltaSync[Contact, DeletedRecord])
    assert_type(aurinko.task_lists.delta("default"), DeltaSync[Task, DeletedRecord])
    aurinko.email.delta(days="30")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    aurinko.email.delta(store="mirror.db")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    aurinko.calendars.delta("primary")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert_type(aurinko.calendars.delta_all(store=MemoryStore(), time_min=NOW, time_max=NOW), ContainerSync)
    assert_type(await aurinko.task_lists.delta_all(store=MemoryStore()).run(), SyncReport)
    aurinko.task_lists.delta_all()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def engines(aurinko: AurinkoClient, store: SQLiteStore | PostgresStore | MemoryStore) -> None:
    plans: list[ResourcePlan] = [
        EmailPlan(days_within=90),
        CalendarPlan(past_days=7),
        ContactsPlan(),
        TasksPlan(completed_days=30),
    ]
    engine = SyncEngine(
        aurinko,
        store,
        accounts=lambda: application_accounts(aurinko),
        resources=plans,
        options=EngineOptions(concurrency=8, poll=60.0),
    )
    report = await engine.run()
    assert_type(aurinko.for_account(7), AurinkoClient)
    assert_type(report, EngineReport)
    assert_type(report.total, SyncReport)
    assert_type(await engine.follow(signals=True), EngineReport)
    async with SyncEngine(
        aurinko, store, accounts=[SyncAccount("7", AccountAuth("t"))], resources=["email"]
    ) as running:
        await running.notify(7, "email")
        async for event in running.progress():
            assert_type(event, EngineEvent)
    SyncEngine(aurinko, store)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SyncAccount(7, aurinko.credentials)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
