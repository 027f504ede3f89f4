"""Every schema of the contract has a class with exactly its properties, of the right types."""

import enum
import inspect
import types
import typing
from typing import Any

import attrs
import pytest

from aurinko_async import models
from aurinko_async._types import UNSET, Unset
from aurinko_async.models._model import wire_names
from support.contract import (
    ENUMS,
    NAMES,
    NOT_MODELS,
    OBJECTS,
    PAGES,
    READ,
    SCHEMAS,
    SUBSETS,
    WRITTEN,
    classes_of,
    page_of,
    type_of,
)

LIVE = {"deleted", "__meta"}
"""What the vendor's own SDK reads in every record that a sync gives."""

EXTRA: dict[str, set[str]] = {
    "Account": {"tokenLastActivity", "providerAccessToken"},
    "AccountSaveResult": {"accServiceType"},
    "BookingTimes": {"limit", "offset", "done", "totalSize", "existingMeeting"},
    "Calendar": {"groupName", "groupMail"},
    "Contact": {"omitted", *LIVE},
    "ConversationDripStatus": {"actionOverrides"},
    "CreateMeetingResponse": {"rescheduleToken"},
    "EmailDraftSendResponse": {"id", "submittedMessageId", "threadId", "processingStatus", "processingError"},
    "EmailMessage": {"etag", *LIVE},
    "EndUser": {"workHours"},
    "Event": LIVE,
    "MeetingRequest": {"invitees"},
    "OutEmailTrack": {"links", "customDomainAlias"},
    "ReservationConfirmation": {"rescheduleToken"},
    "Subscription": {"detailLevel"},
    "SubscriptionRequest": {"detailLevel"},
    "Task": LIVE,
    "TrackingData": {"trackLinks"},
}
"""Properties beyond the schema, all of them in the vendor's own SDK or newest documents."""

NUMBER_OR_TEXT = "the vendor's documents and its SDK differ on whether it is a number"
OTHER_TYPE: dict[tuple[str, str], tuple[Any, str]] = {
    ("BookingTimes", "primaryColor"): (str | int, NUMBER_OR_TEXT),
    ("BookingTimes", "secondaryColor"): (str | int, NUMBER_OR_TEXT),
    ("Contact", "nativeProperties"): (dict[str, Any], "as in EmailMessage"),
    ("ContactInput", "nativeProperties"): (dict[str, Any], "as in EmailMessage"),
    ("ContactPhoto", "content"): (bytes, "base64, though the schema does not say so"),
    ("EmailAttachment", "content"): (bytes, "base64, though the schema does not say so"),
    ("EmailDraftCreateTrackingResponse", "trackingId"): (str | int, NUMBER_OR_TEXT),
    ("EmailDraftSendResponse", "trackingId"): (str | int, NUMBER_OR_TEXT),
    ("EmailMessage", "nativeProperties"): (dict[str, Any], "the vendor's SDK reads numbers, lists and objects"),
    ("EmailSendResponse", "trackingId"): (str | int, NUMBER_OR_TEXT),
    ("FollowupRuleAction", "message"): (str | int, NUMBER_OR_TEXT),
}
"""Where a field's type is not the schema's, and why."""

SECRETS = {"accessToken", "authString1", "authString2", "password", "providerAccessToken", "token", "userSession"}

READ_ONLY_AS_A_WHOLE = {"EmailAttachment", "OnlineMeetingDetails", "Organizer"}
"""Part of a body only in fields that are themselves read only."""

WITHOUT_CONSTANTS = {("Event", "omitted"), ("Task", "omitted")}
"""Lists of names of properties, documented in words."""

CASES = [pytest.param(name, cls, id=cls.__name__) for name in OBJECTS for cls in classes_of(name)]


def fields_of(cls: type) -> dict[str, Any]:
    """The fields by the spelling that the schema may have for them: all that are read."""
    return {wire_names(field.name)[0]: field for field in attrs.fields(attrs.resolve_types(cls))}


def field_of(cls: type, wire: str) -> Any:
    return next(field for field in fields_of(cls).values() if wire in wire_names(field.name))


def members(annotation: Any) -> set[Any]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return {member for member in typing.get_args(annotation) if member not in (types.NoneType, Unset)}
    return {annotation}


def properties_of(name: str, cls: type) -> dict[str, Any]:
    """What of the schema a class has: the second class of a schema is for writing only."""
    properties: dict[str, Any] = SCHEMAS[name]["properties"]
    if cls is classes_of(name)[0]:
        return properties
    return {wire: schema for wire, schema in properties.items() if not schema.get("readOnly")}


@pytest.mark.parametrize(("name", "cls"), CASES)
def test_a_class_has_exactly_the_properties_of_its_schema(name: str, cls: type) -> None:
    expected = set(properties_of(name, cls))
    spellings = {wire_names(field.name)[0]: set(wire_names(field.name)) for field in attrs.fields(cls)}
    missing = {wire for wire in expected if not any(wire in known for known in spellings.values())}
    extra = {wire for wire, known in spellings.items() if not known & expected}
    if cls is not classes_of(name)[0]:
        missing -= {wire for wire in missing if field_of(classes_of(name)[0], wire).metadata.get("read_only")}
    assert (missing, extra) == (set(), EXTRA.get(cls.__name__, set()))


@pytest.mark.parametrize(("name", "cls"), CASES)
def test_a_field_has_the_type_of_its_property(name: str, cls: type) -> None:
    for wire, schema in properties_of(name, cls).items():
        if any(wire in wire_names(field.name) for field in attrs.fields(cls)):
            expected, _ = OTHER_TYPE.get((cls.__name__, wire), (type_of(schema), ""))
            assert members(field_of(cls, wire).type) == members(expected), wire


@pytest.mark.parametrize(("name", "cls"), CASES)
def test_what_is_only_written_is_unset_and_what_is_read_is_none(name: str, cls: type) -> None:
    written_only = name not in READ or cls is not classes_of(name)[0]
    required = set(SCHEMAS[name].get("required", ())) if written_only else set[str]()
    for wire, field in fields_of(cls).items():
        expected = attrs.NOTHING if wire in required else UNSET if written_only else None
        assert field.default is expected, wire
        assert (Unset in typing.get_args(field.type)) == (expected is UNSET), wire
        assert expected is attrs.NOTHING or types.NoneType in typing.get_args(field.type) or field.type is Any, wire


@pytest.mark.parametrize(("name", "cls"), CASES)
def test_what_only_the_api_writes_is_never_sent(name: str, cls: type) -> None:
    if name in READ & WRITTEN and name not in READ_ONLY_AS_A_WHOLE:
        read_only = {wire for wire, schema in properties_of(name, cls).items() if schema.get("readOnly")}
        for wire in read_only | (EXTRA.get(cls.__name__, set()) & LIVE):
            assert field_of(cls, wire).metadata.get("read_only"), wire


@pytest.mark.parametrize(("name", "cls"), CASES)
def test_a_model_is_slotted_and_keyword_only_and_shows_no_secret(name: str, cls: type) -> None:
    assert "__slots__" in cls.__dict__
    for wire, field in fields_of(cls).items():
        assert field.kw_only, wire
        assert field.repr is (wire not in SECRETS and field.type is not None and bytes not in members(field.type)), wire


@pytest.mark.parametrize("name", ENUMS)
def test_an_enumeration_has_all_constants(name: str) -> None:
    values = set(SCHEMAS[name]["enum"])
    if name in SUBSETS:
        assert values <= set(SUBSETS[name])
    else:
        (cls,) = classes_of(name)
        assert issubclass(cls, enum.StrEnum)
        assert set(cls) == values


def inline_enumerations() -> list[Any]:
    found: list[Any] = []
    for name in OBJECTS:
        for wire, schema in SCHEMAS[name]["properties"].items():
            values = schema.get("enum") or schema.get("items", {}).get("enum", [])
            if len(values) > 1 and (name, wire) not in WITHOUT_CONSTANTS:
                found.append(pytest.param(values, id=f"{name}.{wire}"))
    return found


@pytest.mark.parametrize("values", inline_enumerations())
def test_an_enumeration_without_a_name_has_constants_too(values: list[str]) -> None:
    enums = [cls for _, cls in inspect.getmembers(models, inspect.isclass) if issubclass(cls, enum.StrEnum)]
    assert any(set(values) <= set(cls) for cls in enums)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_contract_is_one_of_the_three(name: str) -> None:
    origin = typing.get_origin(page_of(name))
    have = {wire_names(field.name)[0] for field in attrs.fields(origin)} - {"errors"}
    assert set(SCHEMAS[name]["properties"]) <= have


def test_every_schema_is_accounted_for() -> None:
    assert {*OBJECTS, *ENUMS, *PAGES, *NOT_MODELS, "NativeProperty", "NativeScope"} == set(SCHEMAS)
    assert {name for name in OBJECTS if name not in READ | WRITTEN} == set()
    assert set(NAMES) <= {*OBJECTS, *ENUMS}


def test_the_exceptions_are_no_longer_than_they_must_be() -> None:
    named = {cls.__name__: name for name in OBJECTS for cls in classes_of(name)}
    assert set(EXTRA) <= set(named)
    for (name, wire), (_, reason) in OTHER_TYPE.items():
        assert reason
        assert wire in SCHEMAS[named[name]]["properties"]


def test_the_public_names_are_sorted_and_all_there() -> None:
    assert models.__all__ == sorted(models.__all__)
    assert len(set(models.__all__)) == len(models.__all__)
    for name in OBJECTS:
        for cls in classes_of(name):
            assert cls.__name__ in models.__all__
