"""Contacts: people and companies in an address book."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import field

from aurinko_async._types import UNSET
from aurinko_async.models._model import READ_ONLY, Opt, model
from aurinko_async.models.mail import RecordMeta


class ContactPhoneType(StrEnum):
    """What a phone number is for; the API may send others."""

    WORK = "work"
    HOME = "home"
    OTHER = "other"
    MOBILE = "mobile"
    WORK_MOBILE = "workMobile"
    MAIN = "main"
    COMPANY_MAIN = "companyMain"
    ASSISTANT = "assistant"
    WORK_FAX = "workFax"
    HOME_FAX = "homeFax"
    OTHER_FAX = "otherFax"
    CALLBACK = "callback"
    PAGER = "pager"
    WORK_PAGER = "workPager"
    RADIO = "radio"
    TELEX = "telex"
    TTY = "tty"


class ContactAddressType(StrEnum):
    """What a postal address is; the API may send others."""

    WORK = "work"
    HOME = "home"
    OTHER = "other"


class ContactUrlType(StrEnum):
    """What a web address is; the API may send others."""

    WORK = "work"
    HOME = "home"
    OTHER = "other"
    BLOG = "blog"
    PROFILE = "profile"
    HOME_PAGE = "homePage"
    FTP = "ftp"
    RESERVATIONS = "reservations"


class ContactRelationType(StrEnum):
    """What somebody is to a contact; the API may send others."""

    MANAGER = "manager"
    ASSISTANT = "assistant"
    SPOUSE = "spouse"


@model
class ContactName:
    """The parts of a name; the `yomi_*` ones are how it is pronounced, in Japanese."""

    display_name: str | None = None
    prefix: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    suffix: str | None = None
    yomi_given_name: str | None = None
    yomi_family_name: str | None = None


@model
class ContactCompany:
    """Where a contact works."""

    name: str | None = None
    office_location: str | None = None
    department: str | None = None
    job_title: str | None = None
    yomi_company_name: str | None = None


@model
class ContactRelation:
    """Somebody close to a contact; `type` is one of `ContactRelationType`."""

    name: str | None = None
    type: str | None = None


@model
class ContactEmailAddress:
    """A mail address; `type` is what the provider calls it."""

    address: str | None = None
    name: str | None = None
    type: str | None = None


@model
class ContactPhoneNumber:
    """A phone number.

    Attributes:
        type: One of `ContactPhoneType`.
        canonical_form: The number as E.164 has it, where the provider tells; only the API sets it.
    """

    number: str | None = None
    type: str | None = None
    canonical_form: str | None = field(default=None, metadata=READ_ONLY)


@model
class ContactPostalAddress:
    """A postal address; `type` is one of `ContactAddressType`."""

    street: str | None = None
    street_line2: str | None = None
    po_box: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    type: str | None = None


@model
class ContactUrl:
    """A web address; `type` is one of `ContactUrlType`."""

    href: str | None = None
    type: str | None = None


@model
class ContactPhoto:
    """A picture; `content` is the image itself (base64 on the wire)."""

    id: str | None = None
    name: str | None = None
    mime_type: str | None = None
    content: bytes | None = field(default=None, repr=False)


@model
class Contact:
    """A contact as the API gives it; as a body it sends what it has, without what only the API sets.

    To clear a property, send a `ContactInput` with `None` for it.

    Attributes:
        etag: Its version, for `if_match`.
        birthday: A date as the provider writes it; the year may be missing.
        native_properties: The provider's own properties that were asked for, by name; strings, and whatever else
            providers have.
        has_photo: Whether there is a photo, asked for or not.
        photo: The photo, where it was asked for.
        omitted: Names of properties that this record lacks although the contact may have them. Get the contact to
            have them.
        deleted: Whether the contact is gone: some providers say so in a live record.
        meta: What the API adds about it, with `include_update_token`.
    """

    id: str | None = field(default=None, metadata=READ_ONLY)
    etag: str | None = field(default=None, metadata=READ_ONLY)
    created_time: datetime | None = field(default=None, metadata=READ_ONLY)
    last_modified_time: datetime | None = field(default=None, metadata=READ_ONLY)
    name: ContactName | None = None
    nick_name: str | None = None
    file_as: str | None = None
    company: ContactCompany | None = None
    relations: list[ContactRelation] | None = None
    birthday: str | None = None
    keywords: list[str] | None = None
    notes: str | None = None
    email_addresses: list[ContactEmailAddress] | None = None
    phone_numbers: list[ContactPhoneNumber] | None = None
    addresses: list[ContactPostalAddress] | None = None
    urls: list[ContactUrl] | None = None
    native_properties: dict[str, Any] | None = None
    has_photo: bool | None = field(default=None, metadata=READ_ONLY)
    photo: ContactPhoto | None = None
    omitted: list[str] | None = field(default=None, metadata=READ_ONLY)
    deleted: bool | None = field(default=None, metadata=READ_ONLY)
    meta: RecordMeta | None = field(default=None, metadata=READ_ONLY)


@model
class ContactInput:
    """A contact to create, or a change to one: what is not given stays as it is, `None` clears it."""

    name: Opt[ContactName] = UNSET
    nick_name: Opt[str] = UNSET
    file_as: Opt[str] = UNSET
    company: Opt[ContactCompany] = UNSET
    relations: Opt[list[ContactRelation]] = UNSET
    birthday: Opt[str] = UNSET
    keywords: Opt[list[str]] = UNSET
    notes: Opt[str] = UNSET
    email_addresses: Opt[list[ContactEmailAddress]] = UNSET
    phone_numbers: Opt[list[ContactPhoneNumber]] = UNSET
    addresses: Opt[list[ContactPostalAddress]] = UNSET
    urls: Opt[list[ContactUrl]] = UNSET
    native_properties: Opt[dict[str, Any]] = UNSET
    photo: Opt[ContactPhoto] = UNSET


@model
class ContactOrId:
    """The contact that was created or changed: its id and version, and the contact where the provider gave it."""

    id: str | None = None
    etag: str | None = None
    record: Contact | None = None
