"""Messages: read, send, reply, mark; and conversations."""

from __future__ import annotations

from collections.abc import Sequence

from aurinko_async._types import Call
from aurinko_async.models.common import OkResponse
from aurinko_async.models.mail import EmailAttachmentContent, EmailMessage, UpdateMessageStatusData
from aurinko_async.models.outgoing import EmailSendResponse, OutgoingEmail, OutgoingEmailReply
from aurinko_async.models.pages import TokenPage
from aurinko_async.pagination import TokenPaginator
from aurinko_async.resources._resource import Resource


class Messages(Resource):
    """`client.email.messages`: messages of all folders."""

    def list(
        self,
        *,
        q: str | None = None,
        body_type: str | None = None,
        include_trash_and_junk: bool | None = None,
        native_properties: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> TokenPaginator[EmailMessage]:
        """List messages, the newest first as a rule.

        Args:
            q: A search in the provider's own syntax, such as `from:ann@example.com after:01/01/2020`.
            body_type: `html` or `text`, to have the bodies too. Only Google and Office 365 give them; of others, and
                without it, messages are partial: see `EmailMessage.omitted`.
            native_properties: Names of the provider's own properties to have too.
            page_token: Start at this page.

        Source: GET /v1/email/messages
        """
        return self._token_pages(
            Call(
                "GET",
                "/v1/email/messages",
                TokenPage[EmailMessage],
                query={
                    "q": q,
                    "bodyType": body_type,
                    "includeTrashAndJunk": include_trash_and_junk,
                    "nativeProperties": native_properties,
                    "pageToken": page_token,
                },
            )
        )

    async def send(
        self, message: OutgoingEmail, *, body_type: str | None = None, return_ids: bool | None = None
    ) -> EmailSendResponse:
        """Send a message.

        It is never sent twice: when its answer is lost, `AmbiguousResult` says that nobody knows. An answer whose
        `processing_status` is `Incomplete` is of a message that was sent.

        Args:
            body_type: What `message.body` is, `html` or `text`.
            return_ids: Find out the ids of the message and its conversation, where the provider tells.

        Source: POST /v1/email/messages
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/email/messages",
                EmailSendResponse,
                query={"bodyType": body_type, "returnIds": return_ids},
                body=message,
            )
        )

    async def get(
        self,
        message_id: str,
        *,
        body_type: str | None = None,
        native_properties: Sequence[str] | None = None,
        load_inlines: bool | None = None,
        strip_quoted: bool | None = None,
        require_thread_id: bool | None = None,
    ) -> EmailMessage:
        """Get one message, complete.

        Args:
            body_type: `html`, the default, or `text`.
            native_properties: Names of the provider's own properties to have too.
            load_inlines: Have the content of inline attachments too.
            strip_quoted: Leave out of the body what it quotes of earlier messages.
            require_thread_id: Wait until the conversation is known, on IMAP servers without threads; until then the
                answer is a 408, which is retried.

        Source: GET /v1/email/messages/{messageId}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/email/messages/{messageId}",
                EmailMessage,
                path_args={"messageId": message_id},
                query={
                    "bodyType": body_type,
                    "nativeProperties": native_properties,
                    "loadInlines": load_inlines,
                    "stripQuoted": strip_quoted,
                    "requireThreadId": require_thread_id,
                },
            )
        )

    async def get_raw(self, message_id: str) -> str:
        """Get one message as it was transmitted, RFC 822.

        Bytes that are no UTF-8 stay in the text as surrogate escapes; `models.parse_raw` makes an
        `email.message.EmailMessage` of it all.

        Source: GET /v1/email/messages/{messageId}/raw
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/email/messages/{messageId}/raw",
                str,
                path_args={"messageId": message_id},
                headers={"Accept": "text/plain"},
            )
        )

    async def get_attachment(self, message_id: str, attachment_id: str) -> EmailAttachmentContent:
        """Get the content of an attachment; `bytes(...)` of the answer gives the file.

        Source: GET /v1/email/messages/{messageId}/attachments/{attachmentId}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/email/messages/{messageId}/attachments/{attachmentId}",
                EmailAttachmentContent,
                path_args={"messageId": message_id, "attachmentId": attachment_id},
            )
        )

    async def reply(
        self,
        message_id: str,
        message: OutgoingEmailReply,
        *,
        body_type: str | None = None,
        return_ids: bool | None = None,
    ) -> EmailSendResponse:
        """Send a reply to a message, within its conversation.

        It is never sent twice: when its answer is lost, `AmbiguousResult` says that nobody knows.

        Args:
            body_type: What `message.body` is, `html` or `text`.
            return_ids: Find out the ids of the reply and its conversation, where the provider tells.

        Source: POST /v1/email/messages/{messageId}/reply
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/email/messages/{messageId}/reply",
                EmailSendResponse,
                path_args={"messageId": message_id},
                query={"bodyType": body_type, "returnIds": return_ids},
                body=message,
            )
        )

    async def update_status(self, message_id: str, status: UpdateMessageStatusData) -> OkResponse:
        """Mark a message as read or unread, archive it, or set its keywords.

        Source: POST /v1/email/messages/{messageId}/status
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/email/messages/{messageId}/status",
                OkResponse,
                path_args={"messageId": message_id},
                body=status,
                repeatable=True,
            )
        )

    async def delete(self, message_id: str) -> OkResponse:
        """Move a message to the trash.

        Source: DELETE /v1/email/messages/{messageId}
        """
        return await self._session.request(
            Call("DELETE", "/v1/email/messages/{messageId}", OkResponse, path_args={"messageId": message_id})
        )


class Conversations(Resource):
    """`client.email.conversations`: messages that answer each other."""

    def list_messages(
        self, thread_id: str, *, body_type: str | None = None, page_token: str | None = None
    ) -> TokenPaginator[EmailMessage]:
        """List the messages of a conversation.

        Args:
            body_type: `html` or `text`, to have the bodies too. Only Google and Office 365 give them; of others, and
                without it, messages are partial: see `EmailMessage.omitted`.
            page_token: Start at this page.

        Source: GET /v1/email/conversations/{threadId}
        """
        return self._token_pages(
            Call(
                "GET",
                "/v1/email/conversations/{threadId}",
                TokenPage[EmailMessage],
                path_args={"threadId": thread_id},
                query={"bodyType": body_type, "pageToken": page_token},
            )
        )
