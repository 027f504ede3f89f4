"""Folders, and labels where the provider has labels."""

from __future__ import annotations

from collections.abc import Sequence

from aurinko_async._types import Call
from aurinko_async.models.mail import (
    EmailFolderCreate,
    EmailFolderInfo,
    EmailMessage,
    WellKnownFoldersIn,
    WellKnownFoldersOut,
)
from aurinko_async.models.pages import TokenPage
from aurinko_async.pagination import TokenPaginator
from aurinko_async.resources._resource import Resource


class Folders(Resource):
    """`client.email.folders`: folders, and labels where the provider has labels."""

    def list(self, *, page_token: str | None = None) -> TokenPaginator[EmailFolderInfo]:
        """List the folders.

        Args:
            page_token: Start at this page.

        Source: GET /v1/email/folders
        """
        return self._token_pages(
            Call("GET", "/v1/email/folders", TokenPage[EmailFolderInfo], query={"pageToken": page_token})
        )

    async def create(self, folder: EmailFolderCreate) -> EmailFolderInfo:
        """Make a new folder.

        Source: POST /v1/email/folders
        """
        return await self._session.request(Call("POST", "/v1/email/folders", EmailFolderInfo, body=folder))

    async def get(self, folder_id: str) -> EmailFolderInfo:
        """Get one folder.

        Source: GET /v1/email/folders/{folderId}
        """
        return await self._session.request(
            Call("GET", "/v1/email/folders/{folderId}", EmailFolderInfo, path_args={"folderId": folder_id})
        )

    def list_messages(
        self,
        folder_id: str,
        *,
        q: str | None = None,
        body_type: str | None = None,
        native_properties: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> TokenPaginator[EmailMessage]:
        """List the messages of a folder.

        Args:
            q: A search in the provider's own syntax, such as `from:ann@example.com after:01/01/2020`.
            body_type: `html` or `text`, to have the bodies too, where the provider gives them.
            native_properties: Names of the provider's own properties to have too.
            page_token: Start at this page.

        Source: GET /v1/email/folders/{folderId}/messages
        """
        return self._token_pages(
            Call(
                "GET",
                "/v1/email/folders/{folderId}/messages",
                TokenPage[EmailMessage],
                path_args={"folderId": folder_id},
                query={
                    "q": q,
                    "bodyType": body_type,
                    "nativeProperties": native_properties,
                    "pageToken": page_token,
                },
            )
        )

    async def get_well_known(self) -> WellKnownFoldersOut:
        """Tell which folders are used as archive and for sent mail.

        Source: GET /v1/email/folders/wellKnown
        """
        return await self._session.request(Call("GET", "/v1/email/folders/wellKnown", WellKnownFoldersOut))

    async def update_well_known(self, folders: WellKnownFoldersIn) -> WellKnownFoldersOut:
        """Choose the folders to use as archive and for sent mail; `None` clears a choice.

        Source: PATCH /v1/email/folders/wellKnown
        """
        return await self._session.request(
            Call("PATCH", "/v1/email/folders/wellKnown", WellKnownFoldersOut, body=folders, repeatable=True)
        )
