"""Mail: `client.email` and what is under it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Final

from aurinko_async.errors import InvalidInput
from aurinko_async.models.common import BodyType
from aurinko_async.models.mail import DeletedEmailMessage, EmailMessage
from aurinko_async.models.rows import MessageColumns
from aurinko_async.resources._resource import Resource
from aurinko_async.resources.delta import delta_sync
from aurinko_async.resources.drafts import Drafts
from aurinko_async.resources.folders import Folders
from aurinko_async.resources.messages import Conversations, Messages
from aurinko_async.resources.sources import EmailSource
from aurinko_async.resources.sync import EmailSync
from aurinko_async.resources.tracking import DraftTracking, Tracking
from aurinko_async.sync.driver import DeltaSync
from aurinko_async.sync.machine import Bounds
from aurinko_async.sync.store import SyncStore
from aurinko_async.sync.values import LEASE_WAIT, SyncOptions, SyncReport

MAX_DAYS_WITHIN: Final = 365_000
"""A thousand years: what is longer leaves the calendar."""


class Email(Resource):
    """`client.email`: an account's mail."""

    @cached_property
    def messages(self) -> Messages:
        """Messages: list, read, send, reply, mark."""
        return Messages(self._session)

    @cached_property
    def drafts(self) -> Drafts:
        """Messages that are not sent yet."""
        return Drafts(self._session)

    @cached_property
    def folders(self) -> Folders:
        """Folders and labels."""
        return Folders(self._session)

    @cached_property
    def conversations(self) -> Conversations:
        """Messages that answer each other."""
        return Conversations(self._session)

    @cached_property
    def tracking(self) -> Tracking:
        """What became of tracked messages."""
        return Tracking(self._session)

    @cached_property
    def draft_tracking(self) -> DraftTracking:
        """Tracking of drafts that something else sends."""
        return DraftTracking(self._session)

    @cached_property
    def sync(self) -> EmailSync:
        """The single requests of a sync."""
        return EmailSync(self._session)

    def delta(
        self,
        *,
        days_within: int | None = None,
        body_type: str | None = None,
        store: SyncStore | None = None,
        checkpoint: str | None = None,
        consumer: str = "default",
        hydrate: bool = False,
        prefetch: bool | Callable[[], bool] = True,
        account: str | None = None,
        lease_wait: float = LEASE_WAIT,
        bounds: Bounds | None = None,
        progress: Callable[[SyncReport], None] | None = None,
    ) -> DeltaSync[EmailMessage, DeletedEmailMessage]:
        """Sync all folders: completely the first time, then what changed since.

        Nothing is sent before `await sync.run()` (mirror into `store`) or `async for batch in sync` begins.

        Args:
            days_within: Only what was received in the last so many days; others than last time start anew.
            body_type: `html` or `text`; others than last time start anew.
            store: Keeps the checkpoint and, with `run()`, the records.
            checkpoint: Without a store: the one of the last batch that you saved.
            consumer: Tells apart programs that are handed records from one store.
            hydrate: Fetch each record that a provider sent without its body or attachments.
            prefetch: Fetch the next page while the current one is applied, if the client has room; or a question asked
                before each.
            account: The account's id, where you know it: with a bare token it would be asked for.
            lease_wait: Seconds to wait while another sync of the same runs; then it raises `LeaseHeld`.
            bounds: When to give up on an API that does not get anywhere.
            progress: Called after every step with the report so far; it must not block.

        Raises:
            InvalidInput: an argument that cannot be.

        Source: POST /v1/email/sync, GET /v1/email/sync/updated, GET /v1/email/sync/deleted
        """
        if days_within is not None and not 1 <= days_within <= MAX_DAYS_WITHIN:
            raise InvalidInput(f"days_within must be from 1 to {MAX_DAYS_WITHIN}, or None for everything")
        if body_type is not None and body_type not in list(BodyType):
            raise InvalidInput(f"body_type must be one of {', '.join(BodyType)}")
        return delta_sync(
            self._session,
            lambda session: EmailSource(
                EmailSync(session), partial(Messages(session).get, body_type=body_type), days_within, body_type
            ),
            SyncOptions(
                store=store,
                checkpoint=checkpoint,
                consumer=consumer,
                hydrate=hydrate,
                prefetch=prefetch,
                account=account,
                lease_wait=lease_wait,
                bounds=bounds or Bounds(),
                progress=progress,
            ),
            model=EmailMessage,
            columns=MessageColumns,
        )
