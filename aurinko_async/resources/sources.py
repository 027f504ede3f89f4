"""The API as a sync sees it, one class per resource."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from aurinko_async._session import Session
from aurinko_async.models.mail import DeletedEmailMessage, EmailMessage, SyncStatus
from aurinko_async.models.pages import DeltaPage
from aurinko_async.resources.messages import Messages
from aurinko_async.resources.sync import EmailSync
from aurinko_async.sync.machine import Params, Window


@frozen
class EmailSource:
    """Mail: all folders of an account, in a window of days."""

    session: Session
    days_within: int | None
    body_type: str | None

    @property
    def key(self) -> tuple[str, str]:
        return "email", ""

    @property
    def params(self) -> Params:
        given = {"daysWithin": self.days_within, "bodyType": self.body_type and str(self.body_type)}
        return {name: value for name, value in given.items() if value is not None}

    def window(self, now: datetime) -> Window:
        return (None if self.days_within is None else (now - timedelta(days=self.days_within)).isoformat(), None)

    def tombstone(self, record_id: str) -> DeletedEmailMessage:
        return DeletedEmailMessage(id=record_id)

    async def start(self) -> SyncStatus:
        return await EmailSync(self.session).start(days_within=self.days_within, body_type=self.body_type)

    async def updated(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[EmailMessage]:
        return await EmailSync(self.session).updated(delta_token=delta_token, page_token=page_token)

    async def deleted(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[DeletedEmailMessage]:
        return await EmailSync(self.session).deleted(delta_token=delta_token, page_token=page_token)

    async def get(self, record_id: str) -> EmailMessage:
        return await Messages(self.session).get(record_id, body_type=self.body_type)
