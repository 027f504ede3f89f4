"""The contract tables, and which class stands for which schema."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from aurinko_async import models
from aurinko_async.models import DeltaPage, OffsetPage, TokenPage

DATA = Path(__file__).parent.parent / "contract" / "data"
OPERATIONS: list[dict[str, Any]] = json.loads((DATA / "operations.json").read_text(encoding="utf-8"))
SCHEMAS: dict[str, dict[str, Any]] = json.loads((DATA / "schemas.json").read_text(encoding="utf-8"))
SECURITY: dict[str, dict[str, Any]] = json.loads((DATA / "security.json").read_text(encoding="utf-8"))

ALIASES = {"NativeProperty", "NativeScope"}
"""Schemas that are plain strings: no class."""

SUBSETS = {"ServiceTypeDaemon": models.ServiceType, "ServiceTypeNonDaemon": models.ServiceType}
"""Enumerations whose constants are among those of another."""

NOT_MODELS = {"ApiRequestFailed"}
"""The error envelope: it becomes an exception."""

NAMES: dict[str, tuple[str, ...]] = {
    "ApiAccountInDto": ("AccountInput",),
    "ApiAccountOutDto": ("Account",),
    "BookingAttachAccountsDto": ("AccountAttachment",),
    "BookingAttachGroupDto": ("GroupToAttach",),
    "BookingAttachGroupsDto": ("GroupAttachment",),
    "BookingAttachedAccountsDto": ("AttachedAccounts",),
    "BookingAttachedDto": ("AttachedGroup",),
    "BookingAvailableProfilesInDto": ("AvailableProfilesRequest",),
    "BookingAvailableProfilesOutDto": ("AvailableProfiles",),
    "BookingDetachGroupAccountsDto": ("AccountDetachment",),
    "BookingDetachGroupDto": ("GroupToDetach",),
    "BookingDetachGroupsDto": ("GroupDetachment",),
    "BookingInDto": ("BookingProfileInput",),
    "BookingOutDto": ("BookingProfile",),
    "BookingSuccessOutDto": ("BookingSuccess",),
    "BookingTimesOutDto": ("BookingTimes",),
    "BookingUpdateDto": ("BookingProfileUpdate",),
    "ConfirmReservationOutDto": ("ReservationConfirmation",),
    "ConfirmSlotDeleteOutDto": ("ReservationDeletion",),
    "Contact": ("Contact", "ContactInput"),
    "CreateMeetingDto": ("MeetingRequest",),
    "DataConsumerFilter": ("SubscriptionFilter",),
    "DripRequestDTO": ("DripRequest",),
    "EndUserAccountDto": ("EndUserAccount",),
    "EndUserDto": ("EndUser",),
    "EndUserSettingsDto": ("EndUserSettings",),
    "Event": ("Event", "EventInput"),
    "FollowupRuleAggregateIn": ("FollowupRuleInput",),
    "FollowupRuleAggregateOut": ("FollowupRule",),
    "GroupBookingInDto": ("GroupBookingProfileInput",),
    "GroupBookingOutDto": ("GroupBookingProfile",),
    "GroupBookingUpdateDto": ("GroupBookingProfileUpdate",),
    "OrganizationDto": ("Organization",),
    "Recurrence_ical": ("RecurrenceIcal",),
    "Recurrence_simple": ("RecurrenceSimple",),
    "Recurrence_simple_pattern": ("RecurrencePattern",),
    "Recurrence_simple_range": ("RecurrenceRange",),
    "SubscriptionResponse": ("Subscription",),
}
"""Classes with another name than their schema. Where there are two, the second is for writing, with null."""


def is_page(schema: dict[str, Any]) -> bool:
    """A list of records with nothing but what pages have; the free/busy page, which has no further ones, is a model."""
    properties = set(schema.get("properties", ()))
    return "records" in properties and properties > {"records"}


def is_object(name: str) -> bool:
    return SCHEMAS[name]["type"] == "object" and not is_page(SCHEMAS[name]) and name not in NOT_MODELS


OBJECTS = sorted(name for name in SCHEMAS if is_object(name))
ENUMS = sorted(name for name in SCHEMAS if SCHEMAS[name]["type"] == "string" and name not in ALIASES)
PAGES = sorted(name for name in SCHEMAS if is_page(SCHEMAS[name]))


def classes_of(name: str) -> list[Any]:
    return [getattr(models, spelling) for spelling in NAMES.get(name, (name,))]


def page_of(name: str) -> Any:
    properties = SCHEMAS[name]["properties"]
    record = type_of(properties["records"]["items"])
    if "nextDeltaToken" in properties:
        return DeltaPage[record]
    return OffsetPage[record] if "offset" in properties else TokenPage[record]


def type_of(schema: dict[str, Any]) -> Any:
    """The Python type of a value, as it is read."""
    if "ref" in schema:
        name = schema["ref"]
        if is_page(SCHEMAS[name]):
            return page_of(name)
        return classes_of(name)[0] if is_object(name) else str
    kind = schema["type"]
    if kind == "array":
        return list[type_of(schema["items"])]
    if kind == "object":
        return dict[str, type_of(schema["additionalProperties"])] if "additionalProperties" in schema else Any
    formats = {"date-time": datetime, "datetime": datetime, "date": date, "base64": bytes}
    return {"integer": int, "boolean": bool, "string": formats.get(schema.get("format", ""), str)}[kind]


def _reached(schema: dict[str, Any] | None, found: set[str], skip: str) -> None:
    if not schema or schema.get(skip):
        return
    if "ref" in schema:
        if schema["ref"] not in found:
            found.add(schema["ref"])
            _reached(SCHEMAS[schema["ref"]], found, skip)
        return
    for part in (*schema.get("properties", {}).values(), schema.get("items")):
        _reached(part, found, skip)


def _written() -> set[str]:
    found: set[str] = set()
    for operation in OPERATIONS:
        for content in (operation["body"] or {"content": {}})["content"].values():
            _reached(content, found, "readOnly")
    return found


def _read() -> set[str]:
    found: set[str] = set()
    for operation in OPERATIONS:
        for status, contents in operation["responses"].items():
            if status.startswith("2"):
                for content in (contents or {}).values():
                    _reached(content, found, "writeOnly")
    return found


WRITTEN = _written()
"""Schemas that are part of a request body."""
READ = _read()
"""Schemas that are part of an answer."""
