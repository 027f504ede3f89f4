"""Accounts, end users, and what authorising them gives."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import field

from aurinko_async._types import UNSET
from aurinko_async.models._model import Opt, model
from aurinko_async.models.scheduling import WeekWorkSchedule


class ServiceType(StrEnum):
    """What an account connects to; the API may send others."""

    GOOGLE = "Google"
    GOOGLE_BOT = "GoogleBot"
    OFFICE365 = "Office365"
    EWS = "EWS"
    IMAP = "IMAP"
    SALESFORCE = "Salesforce"
    SALESFLARE = "Salesflare"
    REPFABRIC = "Repfabric"
    MS_TEAMS_BOT = "MsTeamsBot"
    SLACK = "Slack"
    SLACK_BOT = "SlackBot"
    SUGAR_CRM = "SugarCRM"
    HIGH_LEVEL = "HighLevel"
    HUBSPOT = "Hubspot"
    ZOOM = "Zoom"
    ZOOM_BOT = "ZoomBot"
    WEBEX = "Webex"
    WEBEX_BOT = "WebexBot"
    PIPEDRIVE = "Pipedrive"
    ECLIPSE_ERP = "EclipseERP"
    AUTO_QUOTES = "AutoQuotes"
    NET_SUITE = "NetSuite"
    MC_TRADE = "MCTrade"
    SPEC_PATH = "SpecPath"
    ZOHO = "Zoho"
    CLIENTIFY = "Clientify"
    QUICK_BOOKS = "QuickBooks"
    ACTIVE_CAMPAIGN = "ActiveCampaign"
    CREATIO = "Creatio"
    CONSTANT_CONTACT = "ConstantContact"
    FISHBOWL = "Fishbowl"
    ICLOUD = "iCloud"
    TEAMWORK = "Teamwork"


class ServiceProvider(StrEnum):
    """Who runs what an account connects to; the API may send others."""

    OFFICE365 = "Office365"
    GOOGLE = "Google"
    ZOHO = "Zoho"
    IMAP = "IMAP"
    EWS = "EWS"
    YAHOO = "Yahoo"
    AOL = "AOL"
    ICLOUD = "iCloud"
    BIG_POND = "BigPond"
    FASTMAIL = "Fastmail"
    REPFABRIC = "Repfabric"
    SALESFORCE = "Salesforce"
    SALESFLARE = "Salesflare"
    SUGAR_CRM = "SugarCRM"
    HIGH_LEVEL = "HighLevel"
    HUBSPOT = "Hubspot"
    PIPEDRIVE = "Pipedrive"
    AUTO_QUOTES = "AutoQuotes"
    SPEC_PATH = "SpecPath"
    CLIENTIFY = "Clientify"
    ECLIPSE_ERP = "EclipseERP"
    NET_SUITE = "NetSuite"
    FISHBOWL = "Fishbowl"
    SLACK = "Slack"
    ZOOM = "Zoom"
    WEBEX = "Webex"
    MC_TRADE = "MCTrade"
    CREATIO = "Creatio"
    QUICK_BOOKS = "QuickBooks"
    ACTIVE_CAMPAIGN = "ActiveCampaign"
    CONSTANT_CONTACT = "ConstantContact"
    YOXEL = "Yoxel"
    TEAMWORK = "Teamwork"


class Scope(StrEnum):
    """What an account may be used for. `Mail.ReadWrite` does not include sending."""

    CALENDAR_READ = "Calendar.Read"
    CALENDAR_READ_WRITE = "Calendar.ReadWrite"
    MAIL_READ = "Mail.Read"
    MAIL_READ_WRITE = "Mail.ReadWrite"
    MAIL_SEND = "Mail.Send"
    MAIL_DRAFTS = "Mail.Drafts"
    MAIL_ALL = "Mail.All"
    CONTACTS_READ = "Contacts.Read"
    CONTACTS_READ_WRITE = "Contacts.ReadWrite"
    TASKS_READ = "Tasks.Read"
    TASKS_READ_WRITE = "Tasks.ReadWrite"


class ServiceKey(StrEnum):
    """What an existing account is recognised by, to be used again rather than made anew."""

    EMAIL = "email"
    ORG_ID = "orgId"
    USER_ID = "userId"
    SERVER_URL = "serverUrl"
    USERNAME = "username"
    CLIENT_ORG_ID = "clientOrgId"


class AccountType(StrEnum):
    """How an account came to be; the API may send others."""

    DAEMON = "daemon"
    PERSONAL = "personal"
    MANAGED = "managed"


class TokenStatus(StrEnum):
    """How the provider takes an account's authorisation; the API may send others.

    `INVALID`: it was refused, and is still tried. `DEAD`: it was revoked, and the user must authorise again.
    """

    ACTIVE = "active"
    INVALID = "invalid"
    DEAD = "dead"


class UserAccountType(StrEnum):
    """Whether an account is the one its user signs in with; the API may send others."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class EndUserExtIdType(StrEnum):
    """What else a user is recognised by; the API may send others."""

    EXCHANGE_IDENTITY = "exchangeIdentity"


@model
class Account:
    """A connected mailbox, calendar or service.

    Attributes:
        parent_id: The service account that it relies on, if it is a managed one.
        service_type: One of `ServiceType`.
        service_provider: One of `ServiceProvider`.
        token_status: One of `TokenStatus`.
        token_error: Why the authorisation is not taken.
        type: One of `AccountType`.
        auth_scopes: What of `Scope` was granted.
        auth_native_scopes: What was granted, in the provider's own words.
        user_id: The end user that it belongs to.
        copy_to_sent: Whether sent mail is put into the sent folder by the API (IMAP).
        trust_server: Whether the server's certificate is trusted as it is.
        token_last_activity: When the token was last used; not in the vendor's reference.
        provider_access_token: The provider's own token, where it was asked for.
    """

    id: int | None = None
    parent_id: int | None = None
    service_type: str | None = None
    service_provider: str | None = None
    active: bool | None = None
    token_status: str | None = None
    token_error: str | None = None
    type: str | None = None
    daemon: bool | None = None
    login_string: str | None = None
    email: str | None = None
    email2: str | None = None
    mailbox_address: str | None = None
    name: str | None = None
    name2: str | None = None
    server_url: str | None = None
    server_url2: str | None = None
    client_org_id: str | None = None
    auth_user_id: str | None = None
    auth_org_id: str | None = None
    timezone: str | None = None
    token_issued_at: datetime | None = None
    auth_scopes: list[str] | None = None
    auth_native_scopes: list[str] | None = None
    auth_obtained_at: datetime | None = None
    auth_expires_at: datetime | None = None
    user_id: str | None = None
    copy_to_sent: bool | None = None
    trust_server: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    token_last_activity: datetime | None = None
    provider_access_token: str | None = field(default=None, repr=False)


@model
class AccountInput:
    """An account to connect without a browser, such as an IMAP one. Either `email` or `login_string` must be there.

    Attributes:
        active: Always true in this version of the API.
        service_type: One of `ServiceType`.
        service_provider: One of `ServiceProvider`.
        auth_scopes: Some of `Scope`.
        server_url: The server, such as `imap.example.com:993`.
        password, auth_string1, auth_string2: The secrets to sign in with; IMAP takes `password`.
        copy_to_sent: Whether the API puts sent mail into the sent folder (IMAP).
        trust_server: Whether to trust the server's certificate as it is.
    """

    active: bool
    service_type: str
    service_provider: Opt[str] = UNSET
    auth_scopes: Opt[list[str]] = UNSET
    auth_org_id: Opt[str] = UNSET
    auth_user_id: Opt[str] = UNSET
    client_org_id: Opt[str] = UNSET
    server_url: Opt[str] = UNSET
    login_string: Opt[str] = UNSET
    oauth_client_id: Opt[str] = UNSET
    auth_string1: Opt[str] = field(default=UNSET, repr=False)
    auth_string2: Opt[str] = field(default=UNSET, repr=False)
    password: Opt[str] = field(default=UNSET, repr=False)
    auth_obtained_at: Opt[datetime] = UNSET
    auth_expires_at: Opt[datetime] = UNSET
    email: Opt[str] = UNSET
    email2: Opt[str] = UNSET
    name: Opt[str] = UNSET
    server_info: Opt[str] = UNSET
    timezone: Opt[str] = UNSET
    copy_to_sent: Opt[bool] = UNSET
    trust_server: Opt[bool] = UNSET


@model
class AccountSaveResult:
    """An account that was authorised: keep the token, it is the account's credential.

    Attributes:
        access_token: For `AccountAuth`.
        user_session: For `UserSessionAuth`, where a user was signed in.
        acc_service_type: One of `ServiceType`; not in the vendor's reference.
    """

    account_id: int | None = None
    access_token: str | None = field(default=None, repr=False)
    user_id: str | None = None
    user_session: str | None = field(default=None, repr=False)
    acc_service_type: str | None = None


@model
class PreparedAuthToken:
    """A token for the authorisation page that comes next; it lives shortly."""

    token: str | None = field(default=None, repr=False)


@model
class Organization:
    """An organization at a provider.

    Attributes:
        service_provider: One of `ServiceProvider`.
        xid: Its id at the provider.
    """

    id: int | None = None
    service_provider: str | None = None
    xid: str | None = None
    domain: str | None = None
    name: str | None = None
    created_at: datetime | None = None


@model
class EndUserAccount:
    """An account of an end user.

    Attributes:
        service_type: One of `ServiceType`.
        user_account_type: One of `UserAccountType`.
        type: One of `AccountType`.
        token_status: One of `TokenStatus`.
        scopes, native_scopes: What was asked for.
        auth_scopes, auth_native_scopes: What was granted.
    """

    id: int | None = None
    parent_id: int | None = None
    service_type: str | None = None
    user_account_type: str | None = None
    type: str | None = None
    active: bool | None = None
    login_string: str | None = None
    email: str | None = None
    name: str | None = None
    server_url: str | None = None
    server_url2: str | None = None
    client_org_id: str | None = None
    auth_user_id: str | None = None
    auth_org_id: str | None = None
    timezone: str | None = None
    auth_obtained_at: datetime | None = None
    organization: Organization | None = None
    token_status: str | None = None
    scopes: list[str] | None = None
    auth_scopes: list[str] | None = None
    native_scopes: list[str] | None = None
    auth_native_scopes: list[str] | None = None
    has_api_errors: bool | None = None
    booking_count: int | None = None
    tracking_active: bool | None = None
    templates_count: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@model
class EndUser:
    """An end user: whoever signed in with a primary account, and all accounts that were added.

    Attributes:
        external_id_type: One of `EndUserExtIdType`.
        work_hours: When the user works; not in the vendor's reference.
    """

    id: str | None = None
    app_id: int | None = None
    email: str | None = None
    name: str | None = None
    auth_org_id: str | None = None
    created_at: datetime | None = None
    last_activity: datetime | None = None
    trusted_identity: bool | None = None
    external_id_type: str | None = None
    accounts: list[EndUserAccount] | None = None
    work_hours: WeekWorkSchedule | None = None


@model
class EndUserSettings:
    """Settings of an end user to change."""

    work_hours: Opt[WeekWorkSchedule] = UNSET
