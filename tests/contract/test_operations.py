"""Every operation of the contract is a method: its name, its path, its parameters, its answer, its audience."""

import inspect
import re
import types
import typing
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from aurinko_async import AppAuth, AurinkoClient, NoAuth
from aurinko_async._types import UNSET, Call
from aurinko_async._wire import build_request
from aurinko_async.models import BodyType, BookingRequiredMode, CalendarMode, FollowupRule, OffsetPage, Page
from aurinko_async.pagination import OffsetPaginator, Paginator, TokenPaginator
from aurinko_async.resources._resource import Resource
from support.contract import OPERATIONS, SCHEMAS, SECURITY, classes_of, type_of

COMPOSED = {f"{area}.delta" for area in ("email", "calendars", "contacts", "task_lists")} | {
    "calendars.delta_all",
    "task_lists.delta_all",
}
"""Public methods of resources that are more than one operation."""

LOCAL = {"auth.new_state", "auth.parse_callback"}
"""Public methods of resources that send nothing and are no operation."""

PAGED_ALL_THE_SAME = {"user.accounts.list": {"pageToken"}}
"""Parameters that the contract does not name although its answer is a page with a next one."""

PAGED_IN_THE_SDK = {"followup.rules.list": OffsetPage[FollowupRule]}
"""The contract answers with one record, the vendor's own SDK reads a page: both are taken, as a page."""

OPTIONAL_BODIES = {"email.drafts.send"}
"""Bodies that say nothing when there is nothing to track."""

KNOWN_CLIENT = {"auth.authorize_url", "auth.authorize_daemon_url", "auth.authorize_user_url"}
"""`client_id` is required, and taken from the credentials when it is not given."""

REPEATABLE = {
    "accounts.check_connection",
    "auth.prepare",
    "calendars.free_busy",
    "calendars.suggest_meeting_times",
    "calendars.sync.start",
    "calendars.work_hours",
    "contacts.sync.start",
    "email.draft_tracking.update",
    "email.folders.update_well_known",
    "email.messages.update_status",
    "email.sync.start",
    "email.tracking.ignore_open_clicks",
    "email.tracking.purge",
    "group_booking.profiles.attach_accounts",
    "group_booking.profiles.attach_groups",
    "group_booking.profiles.available",
    "group_booking.profiles.detach_accounts",
    "group_booking.profiles.detach_groups",
    "task_lists.sync.start",
    "user.update_settings",
}
"""The POST and PATCH operations that may be processed twice without harm. All others are not: no send, no create."""

BY_NAME = {operation["python"]: operation for operation in OPERATIONS}
CASES = [pytest.param(operation, id=operation["python"]) for operation in OPERATIONS]


class Recorder:
    """Takes a session's place and keeps the calls instead of sending them."""

    base_url = "https://api.example.test"
    auth = AppAuth("the-client-id", "the-secret")

    def __init__(self) -> None:
        self.calls: list[Call[Any]] = []

    async def request(self, call: Call[Any]) -> Any:
        self.calls.append(call)
        kind: Any = typing.get_origin(call.result) or call.result
        return kind() if attrs.has(kind) else None


@pytest.fixture
def session() -> Recorder:
    return Recorder()


def client_of(session: Recorder) -> AurinkoClient:
    client = object.__new__(AurinkoClient)
    client._session = session  # type: ignore[assignment]
    return client


def method_of(operation: dict[str, Any], session: Recorder) -> Any:
    found: Any = client_of(session)
    for name in operation["python"].split("."):
        found = getattr(found, name)
    return found


def snake(wire: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wire.replace("-", "_").replace("iCalUId", "icalUid"))
    name = spaced.lower()
    return name + "_" if name in ("from", "in", "is") else name


def placeholders(operation: dict[str, Any]) -> list[str]:
    return re.findall(r"\{(\w+)\}", operation["path"])


def parameters(operation: dict[str, Any], *places: str) -> list[dict[str, Any]]:
    return [parameter for parameter in operation["params"] if parameter["in"] in places]


def body_schema(operation: dict[str, Any]) -> str | None:
    body = operation["body"]
    return body["content"]["application/json"]["ref"] if body else None


def answer_of(operation: dict[str, Any]) -> Any:
    """The Python type of the answer."""
    if operation["python"] in PAGED_IN_THE_SDK:
        return PAGED_IN_THE_SDK[operation["python"]]
    for status, contents in operation["responses"].items():
        if status.startswith("2"):
            if not contents:
                return types.NoneType
            (schema,) = contents.values()
            return type_of(schema)
    return None


def is_redirect(operation: dict[str, Any]) -> bool:
    return "303" in operation["responses"]


def sample(parameter: dict[str, Any]) -> Any:
    schema = parameter["schema"]
    fixed: dict[str, Any] = {"BodyType": BodyType.TEXT, "BookingRequiredMode": BookingRequiredMode.ALL}
    fixed["CalendarMode"] = CalendarMode.GROUP
    if "ref" in schema:
        return fixed.get(schema["ref"], f"a {parameter['name']}")
    if schema["type"] == "array":
        return ["one", "two/2"]
    values: dict[Any, Any] = {int: 7, bool: True, str: f"a {parameter['name']}/+"}
    values |= {datetime: datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC), date: date(2026, 3, 4)}
    return values[type_of(schema)]


def texts(value: Any) -> list[str]:
    """What a value is in a URL."""
    if isinstance(value, list):
        return list(value)
    if isinstance(value, bool):
        return [str(value).lower()]
    return [value.isoformat() if isinstance(value, date) else str(value)]


def blank(cls: Any) -> Any:
    """An instance of a body's class; what is required is of no matter here."""
    required = [field for field in attrs.fields(cls) if field.default is attrs.NOTHING]
    return cls(**{field.name: True if field.type in (bool, "bool") else "x" for field in required})


def arguments(operation: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """A value for every parameter there is."""
    path = {parameter["name"]: parameter for parameter in parameters(operation, "path")}
    positional = [sample(path[name]) for name in placeholders(operation)]
    if schema := body_schema(operation):
        positional.append(blank(classes_of(schema)[0]))
    return positional, {snake(p["name"]): sample(p) for p in parameters(operation, "query", "header")}


async def recorded(operation: dict[str, Any], session: Recorder) -> tuple[Call[Any], list[Any]]:
    """The one call that the method makes, and its positional arguments."""
    positional, named = arguments(operation)
    await method_of(operation, session)(*positional, **named)
    (call,) = session.calls
    return call, positional


def for_anybody(call: Call[Any]) -> Call[Any]:
    """The same without credentials, and without its body, which need not be valid here."""
    return attrs.evolve(call, audience="public", body=UNSET)


SENT = [case for case in CASES if not is_redirect(case.values[0])]  # type: ignore[arg-type]
REDIRECTS = [case for case in CASES if is_redirect(case.values[0])]  # type: ignore[arg-type]


# --- signatures


@pytest.mark.parametrize("operation", CASES)
def test_the_method_takes_the_parameters_of_the_contract(operation: dict[str, Any], session: Recorder) -> None:
    signature = inspect.signature(method_of(operation, session))
    positional = [p for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = {name: p for name, p in signature.parameters.items() if p.kind is p.KEYWORD_ONLY}
    assert len(positional) + len(named) == len(signature.parameters)

    assert len(positional) == len(placeholders(operation)) + bool(operation["body"])
    for index, parameter in enumerate(positional):
        optional = operation["python"] in OPTIONAL_BODIES and index == len(placeholders(operation))
        assert (parameter.default is not parameter.empty) == optional

    wanted = {snake(p["name"]): p["required"] for p in parameters(operation, "query", "header")}
    wanted |= {snake(wire): False for wire in PAGED_ALL_THE_SAME.get(operation["python"], ())}
    assert set(named) == set(wanted)
    for name, required in wanted.items():
        required = required and not (name == "client_id" and operation["python"] in KNOWN_CLIENT)
        assert (named[name].default is inspect.Parameter.empty) == required, name
        assert required or named[name].default is None, name


@pytest.mark.parametrize("operation", CASES)
def test_the_parameters_have_the_types_of_the_contract(operation: dict[str, Any], session: Recorder) -> None:
    method = method_of(operation, session)
    hints = typing.get_type_hints(method)
    names = list(inspect.signature(method).parameters)
    path = {parameter["name"]: parameter for parameter in parameters(operation, "path")}
    wanted = {name: path[wire]["schema"] for name, wire in zip(names, placeholders(operation), strict=False)}
    wanted |= {snake(p["name"]): p["schema"] for p in parameters(operation, "query", "header")}
    for name, schema in wanted.items():
        allowed = typing.get_args(hints[name]) or (hints[name],)
        kind = type_of(schema)
        if typing.get_origin(kind) is list:
            assert Sequence[str] in (*allowed, hints[name]), name
        else:
            assert kind in allowed, name
    if schema := body_schema(operation):
        taken = hints[names[len(placeholders(operation))]]
        assert set(classes_of(schema)) <= set(typing.get_args(taken) or (taken,))


@pytest.mark.parametrize("operation", CASES)
def test_the_method_returns_what_the_contract_answers(operation: dict[str, Any], session: Recorder) -> None:
    method = method_of(operation, session)
    returned = typing.get_type_hints(method)["return"]
    answer = answer_of(operation)
    if is_redirect(operation):
        assert returned is str
    elif is_list(operation):
        kind = OffsetPaginator if typing.get_origin(answer) is OffsetPage else TokenPaginator
        assert returned == kind[typing.get_args(answer)[0]]
    else:
        assert returned == answer
    assert inspect.iscoroutinefunction(method) == (not is_redirect(operation) and not is_list(operation))


def is_list(operation: dict[str, Any]) -> bool:
    origin = typing.get_origin(answer_of(operation))
    return inspect.isclass(origin) and issubclass(origin, Page) and ".sync." not in operation["python"]


@pytest.mark.parametrize("operation", CASES)
def test_the_docstring_names_the_operation(operation: dict[str, Any], session: Recorder) -> None:
    documented = inspect.getdoc(method_of(operation, session)) or ""
    assert f"Source: {operation['method']} {operation['path']}" in documented.splitlines()


# --- calls


@pytest.mark.parametrize("operation", SENT)
async def test_the_call_is_the_operation(operation: dict[str, Any], session: Recorder) -> None:
    call, positional = await recorded(operation, session)
    assert (call.method, call.path) == (operation["method"], operation["path"])
    assert call.path_args == dict(zip(placeholders(operation), positional, strict=False))
    assert call.result == answer_of(operation) or operation["python"] in PAGED_IN_THE_SDK
    if operation["body"]:
        assert call.body is positional[-1]
    else:
        assert call.body is UNSET


@pytest.mark.parametrize("operation", SENT)
async def test_every_parameter_arrives_under_its_wire_name(operation: dict[str, Any], session: Recorder) -> None:
    call, _ = await recorded(operation, session)
    request = build_request(for_anybody(call), session.base_url, NoAuth())
    url = urlsplit(request.url)
    query = parse_qs(url.query, strict_parsing=bool(url.query))
    assert query == {p["name"]: texts(sample(p)) for p in parameters(operation, "query")}
    for parameter in parameters(operation, "header"):
        assert request.headers[parameter["name"]] == sample(parameter)
    assert len(url.path.split("/")) == len(operation["path"].split("/"))


@pytest.mark.parametrize("operation", SENT)
async def test_what_is_not_given_is_not_sent(operation: dict[str, Any], session: Recorder) -> None:
    positional, named = arguments(operation)
    required = {snake(p["name"]) for p in parameters(operation, "query", "header") if p["required"]}
    given = {name: value for name, value in named.items() if name in required}
    await method_of(operation, session)(*positional, **given)
    request = build_request(for_anybody(session.calls[0]), session.base_url, NoAuth())
    sent = set(parse_qs(urlsplit(request.url).query))
    paging = {"limit", "offset"} if typing.get_origin(answer_of(operation)) is OffsetPage else set[str]()
    assert sent - paging == {p["name"] for p in parameters(operation, "query") if p["required"]}


@pytest.mark.parametrize("operation", SENT)
async def test_the_call_is_for_whom_the_contract_says(operation: dict[str, Any], session: Recorder) -> None:
    call, _ = await recorded(operation, session)
    audiences = {"AppAuth": "app", "UserSessionCookie": "user", "ClientIdHeader": "user"}
    if operation["auth"] == "account":
        expected = {"prepare" if operation["python"] == "auth.prepare" else "account"}
    else:
        expected = {audiences[scheme] for alternative in operation["auth"] for scheme in alternative} or {"public"}
    assert {call.audience} == expected
    assert set(audiences) <= set(SECURITY)


@pytest.mark.parametrize("operation", SENT)
async def test_only_what_may_happen_twice_is_repeatable(operation: dict[str, Any], session: Recorder) -> None:
    call, _ = await recorded(operation, session)
    assert call.repeatable == (operation["python"] in REPEATABLE)
    assert not call.repeatable or operation["method"] in ("POST", "PATCH")


@pytest.mark.parametrize("operation", [case for case in SENT if is_list(case.values[0])])  # type: ignore[arg-type]
async def test_a_list_sends_nothing_before_it_is_used(operation: dict[str, Any], session: Recorder) -> None:
    positional, named = arguments(operation)
    paginator = method_of(operation, session)(*positional, **named)
    assert isinstance(paginator, Paginator)
    assert session.calls == []
    assert [record async for record in paginator] == []
    assert len(session.calls) == 1


# --- redirects


@pytest.mark.parametrize("operation", REDIRECTS)
def test_an_authorisation_is_a_url_and_sends_nothing(operation: dict[str, Any], session: Recorder) -> None:
    _, named = arguments(operation)
    url = urlsplit(method_of(operation, session)(**named))
    assert f"{url.scheme}://{url.netloc}" == session.base_url
    assert url.path == operation["path"]
    expected = {p["name"]: texts(sample(p)) for p in parameters(operation, "query")}
    expected |= {name: [" ".join(expected[name])] for name in ("scopes", "nativeScopes")}
    assert parse_qs(url.query, strict_parsing=True) == expected
    assert session.calls == []


# --- nothing missing, nothing extra


def public_methods(owner: Any, prefix: str) -> Iterator[str]:
    for name, member in inspect.getmembers(type(owner)):
        if name.startswith("_"):
            continue
        if isinstance(member, cached_property):
            yield from public_methods(getattr(owner, name), f"{prefix}{name}.")
        elif inspect.isfunction(member) and isinstance(owner, Resource):
            yield f"{prefix}{name}"


def test_there_is_a_method_for_every_operation_and_no_other(session: Recorder) -> None:
    found = set(public_methods(client_of(session), ""))
    assert set(BY_NAME) - found == set()
    assert found - set(BY_NAME) <= COMPOSED | LOCAL


def test_the_contract_is_whole() -> None:
    assert len(BY_NAME) == len(OPERATIONS) == 138
    assert len(SCHEMAS) == 175
    assert set(BY_NAME) >= REPEATABLE | OPTIONAL_BODIES | KNOWN_CLIENT | set(PAGED_ALL_THE_SAME)


def test_resources_of_a_view_are_made_when_they_are_used(session: Recorder) -> None:
    client = client_of(session)
    assert "email" not in vars(client)
    assert client.email is client.email
    assert vars(client.email) == {"_session": session}
