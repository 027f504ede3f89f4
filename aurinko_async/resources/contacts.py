"""Contacts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from types import NoneType

from aurinko_async._types import Call
from aurinko_async.models import Contact, ContactInput, ContactOrId
from aurinko_async.models.common import DeletedRecord
from aurinko_async.models.rows import ContactColumns
from aurinko_async.resources._resource import Resource
from aurinko_async.resources.delta import delta_sync
from aurinko_async.resources.sources import ContactSource
from aurinko_async.resources.sync import ContactSync
from aurinko_async.sync.driver import DeltaSync
from aurinko_async.sync.machine import Bounds
from aurinko_async.sync.store import SyncStore
from aurinko_async.sync.values import LEASE_WAIT, SyncOptions, SyncReport


class Contacts(Resource):
    """`client.contacts`: an account's address book. To list it, sync it."""

    @cached_property
    def sync(self) -> ContactSync:
        """The requests that a sync of the address book is made of."""
        return ContactSync(self._session)

    def delta(
        self,
        *,
        store: SyncStore | None = None,
        checkpoint: str | None = None,
        consumer: str = "default",
        hydrate: bool = False,
        prefetch: bool | Callable[[], bool] = True,
        account: str | None = None,
        lease_wait: float = LEASE_WAIT,
        bounds: Bounds | None = None,
        progress: Callable[[SyncReport], None] | None = None,
    ) -> DeltaSync[Contact, DeletedRecord]:
        """Sync the address book: completely the first time, then what changed since.

        Nothing is sent before `await sync.run()` (mirror into `store`) or `async for batch in sync` begins. The other
        arguments are those of `client.email.delta`.

        Source: POST /v1/contacts/sync, GET /v1/contacts/sync/updated, GET /v1/contacts/sync/deleted
        """
        return delta_sync(
            self._session,
            lambda session: ContactSource(ContactSync(session), Contacts(session).get),
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
            model=Contact,
            columns=ContactColumns,
        )

    async def create(self, contact: ContactInput | Contact) -> ContactOrId:
        """Create a contact.

        Source: POST /v1/contacts
        """
        return await self._session.request(Call("POST", "/v1/contacts", ContactOrId, body=contact))

    async def get(
        self,
        contact_id: str,
        *,
        body_type: str | None = None,
        native_properties: Sequence[str] | None = None,
        with_photo: bool | None = None,
        include_update_token: bool | None = None,
    ) -> Contact:
        """Get one contact.

        Args:
            body_type: How to give the notes: `text`, the default, or `html`.
            native_properties: Names of the provider's own properties to have too.
            with_photo: Give the photo too.
            include_update_token: Give a token of the contact's state in `meta`.

        Source: GET /v1/contacts/{contId}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/contacts/{contId}",
                Contact,
                path_args={"contId": contact_id},
                query={
                    "bodyType": body_type,
                    "nativeProperties": native_properties,
                    "withPhoto": with_photo,
                    "includeUpdateToken": include_update_token,
                },
            )
        )

    async def update(self, contact_id: str, contact: ContactInput | Contact, *, if_match: str) -> ContactOrId:
        """Change a contact: what `contact` does not say stays as it is.

        Args:
            if_match: The `etag` of the contact that the change was made from.

        Raises:
            PreconditionFailed: the contact has changed since; get it and repeat the change.

        Source: PATCH /v1/contacts/{contId}
        """
        return await self._session.request(
            Call(
                "PATCH",
                "/v1/contacts/{contId}",
                ContactOrId,
                path_args={"contId": contact_id},
                headers={"If-Match": if_match},
                body=contact,
            )
        )

    async def delete(self, contact_id: str) -> None:
        """Delete a contact.

        Source: DELETE /v1/contacts/{contId}
        """
        await self._session.request(
            Call("DELETE", "/v1/contacts/{contId}", NoneType, path_args={"contId": contact_id}),
        )
