"""Every operation through the real client over a real socket, against a server that knows the contract's tables."""

import json
import typing
from collections.abc import AsyncIterable, AsyncIterator
from itertools import cycle
from typing import Any

import aiohttp
import pytest
from yarl import URL

from aurinko_async import (
    AccountAuth,
    AppAuth,
    AurinkoClient,
    ExchangeIdTokenAuth,
    Limits,
    NoAuth,
    RetryPolicy,
    UserCookieAuth,
    UserSessionAuth,
)
from aurinko_async.errors import ApiError, DecodeError
from aurinko_async.models import FollowupRule, OffsetPage, Page
from aurinko_async.pagination import OffsetPaginator, Paginator
from support.contract import OPERATIONS, READ, SCHEMAS, WRITTEN, classes_of, is_page
from support.contract_calls import IDS, KINDS, differences, made_arguments, method_of, spoilt, texts
from support.contract_server import PREPARE, ContractServer, Request, decode_basic, schemes, success
from support.contract_values import Maker, canonical

CLIENT_ID, SECRET, TOKEN, SESSION, ACCOUNT_ID = "client-1", "s3cret:/+= x", "t0ken._-/+=", "s3ssion/+=", 2**53 + 1
APP = AppAuth(CLIENT_ID, SECRET)
CREDENTIALS: dict[tuple[str, ...], Any] = {
    ("AccountToken",): AccountAuth(TOKEN),
    ("AppAuth", "AccountIdHeader"): AppAuth(CLIENT_ID, SECRET, ACCOUNT_ID),
    ("UserSessionHeader", "AccountIdHeader"): UserSessionAuth(SESSION, ACCOUNT_ID),
    ("UserSessionCookie", "ClientIdHeader", "AccountIdHeader"): UserCookieAuth("AUR77", SESSION, CLIENT_ID, ACCOUNT_ID),
    ("ExchangeIdToken", "AuthTypeHeader", "ClientIdHeader", "AccountIdHeader"): ExchangeIdTokenAuth(
        TOKEN, CLIENT_ID, ACCOUNT_ID
    ),
    PREPARE: ExchangeIdTokenAuth(TOKEN, CLIENT_ID),
    ("AppAuth",): APP,
    ("UserSessionCookie", "ClientIdHeader"): UserCookieAuth("AUR77", SESSION, CLIENT_ID),
    ("UserSessionHeader",): UserSessionAuth(SESSION),
    (): NoAuth(),
}
"""Credentials for each alternative that the contract has."""

HEADERS: dict[str, dict[str, str]] = {
    "AccountToken": {"authorization": f"Bearer {TOKEN}"},
    "AppAuth": {"authorization": "Basic Y2xpZW50LTE6czNjcmV0Oi8rPSB4"},
    "AccountIdHeader": {"x-aurinko-account-id": "9007199254740993"},
    "UserSessionHeader": {"x-aurinko-session": SESSION},
    "UserSessionCookie": {"cookie": f"AUR77={SESSION}"},
    "ClientIdHeader": {"x-aurinko-client-id": CLIENT_ID, "x-aurinko-clientid": CLIENT_ID},
    "ExchangeIdToken": {"authorization": f"Bearer {TOKEN}"},
    "AuthTypeHeader": {"x-aurinko-auth-type": "exchangeIdToken", "x-aurinko-authtype": "exchangeIdToken"},
}
"""The headers of each scheme of an alternative, to the letter."""

STYLES: dict[str, dict[str, Any]] = {
    "full": {},
    **{
        f"{empty} at depth {hollow}": {"hollow": hollow, "empty": empty}
        for empty in ("absent", "null")
        for hollow in (0, 1, 2)
    },
    "hostile": {"hostile": True},
}
"""What answers are made like."""

ONLY_READ = {"EmailAttachment", "OnlineMeetingDetails", "Organizer"}
"""Part of a body by the letter, but there is no property of theirs that may be written."""

WHOLE = {"followup.rules.list": {"ref": "FollowupRuleAggregateOut"}}
"""Lists that the contract answers with one record."""

CASES = [pytest.param(operation, id=operation["python"]) for operation in OPERATIONS]


def record_schema(operation: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the records, when the answer is a page of a list or of a sync."""
    if operation["python"] in WHOLE:
        return WHOLE[operation["python"]]
    schema = success(operation)[2] or {}
    if "ref" in schema and is_page(SCHEMAS[schema["ref"]]):
        return typing.cast("dict[str, Any]", SCHEMAS[schema["ref"]]["properties"]["records"]["items"])
    return None


PAGED = [case for case in CASES if record_schema(case.values[0])]  # type: ignore[arg-type]


def encoded(value: Any, *, plainly: bool = True) -> bytes:
    return json.dumps(value, ensure_ascii=not plainly, indent=None if plainly else 1).encode("utf-8", "surrogatepass")


@pytest.fixture
async def server() -> AsyncIterator[ContractServer]:
    server = ContractServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server: ContractServer) -> AsyncIterator[AurinkoClient]:
    limits = Limits(per_second=1e6)
    async with AurinkoClient(NoAuth(), base_url=server.url, retry=RetryPolicy(attempts=1), limits=limits) as client:
        yield client


async def visit(url: str) -> None:
    """What a browser does with a URL that it is sent to, up to the redirect."""
    async with aiohttp.ClientSession() as session, session.get(URL(url, encoded=True), allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()


async def performed(client: AurinkoClient, operation: dict[str, Any], server: ContractServer, **options: Any) -> Any:
    """Call an operation's method with made arguments; the server must have got just those."""
    method = method_of(client, operation["python"])
    maker = Maker(skip="readOnly")
    places, names, wire, body = made_arguments(operation, method, maker, **options)
    outcome = method(*places, **names)
    if isinstance(outcome, str):
        await visit(outcome)
        result = None
    else:
        result = await outcome
    check_arrived(operation, server.got[-1], wire, body, counted=isinstance(outcome, OffsetPaginator))
    return result


def check_arrived(operation: dict[str, Any], got: Request, wire: dict[str, Any], body: Any, *, counted: bool) -> None:
    assert got.operation is operation
    for parameter in operation["params"]:
        name, schema = parameter["name"], parameter["schema"]
        wanted = texts(schema, wire[name]) if name in wire else []
        if name in ("scopes", "nativeScopes"):
            wanted = [" ".join(wanted)] if wanted else []
        sent = {"path": got.path, "header": got.headers}.get(parameter["in"], {})
        arrived = [sent[name]] if name in sent else got.query.pop(name, [])
        if counted and name in ("limit", "offset") and not wanted:
            assert arrived == [str(schema["default"])]
        elif name == "clientId" and not wanted:
            assert arrived == [CLIENT_ID]
        else:
            assert [canonical(schema, text) for text in arrived] == wanted, name
    assert got.query == {}
    if operation["body"]:
        (schema,) = operation["body"]["content"].values()
        assert canonical(schema, got.body) == canonical(schema, body)
        assert got.empty == (body is None)


def check_result(operation: dict[str, Any], sent: Any, result: Any, seen: set[str]) -> None:
    _, kind, schema = success(operation)
    if operation["python"] in WHOLE:
        assert type(result) is OffsetPage
        assert len(result) == (sent.get("id") is not None)
        result = result.records[0] if result.records else FollowupRule()
    if kind == "text/plain" or schema is None:
        assert result == sent
    else:
        assert list(differences(schema, sent, result, operation["python"], seen)) == []


def answer_of(operation: dict[str, Any], maker: Maker) -> tuple[Any, bytes]:
    """What the server is to answer, and its bytes."""
    _, kind, schema = success(operation)
    if schema is None:
        return None, b""
    sent = maker.value(schema)
    return sent, sent.encode() if kind == "text/plain" else encoded(sent, plainly=not maker.hostile)


def authorised(client: AurinkoClient, operation: dict[str, Any]) -> AurinkoClient:
    """A view that may call an operation; whoever is sent to a URL needs an application's client id."""
    return client.with_auth(APP if success(operation)[0] == 303 else CREDENTIALS[schemes(operation)[0]])


# --- calls and answers


@pytest.mark.parametrize("operation", CASES)
async def test_an_operation(operation: dict[str, Any], client: AurinkoClient, server: ContractServer) -> None:
    ids = cycle(IDS)
    client = authorised(client, operation)
    for number, style in enumerate(STYLES.values()):
        maker = Maker(**style)
        for optional in (True, False):
            sent, answer = answer_of(operation, maker)
            server.answers.append(answer)
            result = await performed(
                client, operation, server, ids=ids, optional=optional, body_class=number % classes_taken(operation)
            )
            check_result(operation, sent, result, set())
    for name in (p["name"] for p in operation["params"] if p["schema"] == {"type": "string"} and p["in"] == "path"):
        assert {request.path[name] for request in server.got} == set(IDS)


def classes_taken(operation: dict[str, Any]) -> int:
    """How many classes a body may be of."""
    if operation["body"] is None:
        return 1
    (schema,) = operation["body"]["content"].values()
    return len(classes_of(schema["ref"]))


async def test_all_operations_and_all_schemas_are_covered(client: AurinkoClient, server: ContractServer) -> None:
    compared: set[str] = set()
    for operation in OPERATIONS:
        sent, answer = answer_of(operation, Maker())
        server.answers.append(answer)
        result = await performed(authorised(client, operation), operation, server, ids=cycle(IDS), optional=True)
        check_result(operation, sent, result, compared)
    assert len({request.name for request in server.got}) == len(OPERATIONS) == 138
    of_parameters = {
        schema.get("items", schema)["ref"]
        for operation in OPERATIONS
        for schema in (parameter["schema"] for parameter in operation["params"])
        if "ref" in schema.get("items", schema)
    }
    assert compared == READ
    assert server.seen == (WRITTEN | of_parameters) - ONLY_READ
    assert set(SCHEMAS) - compared - server.seen == {"ApiRequestFailed"}, "the envelope of errors: see below"


@pytest.mark.parametrize("operation", CASES)
async def test_an_error_that_is_documented(
    operation: dict[str, Any], client: AurinkoClient, server: ContractServer
) -> None:
    for status, contents in operation["responses"].items():
        if status.startswith("4"):
            envelope = Maker().value({"ref": "ApiRequestFailed"}) if contents else {}
            server.failing = int(status)
            server.answers.append(encoded(envelope) if contents else b"")
            with pytest.raises(ApiError) as told:
                await performed(authorised(client, operation), operation, server, ids=cycle(IDS), optional=True)
            error = told.value
            assert error.status == int(status)
            assert (error.code, error.request_id) == (envelope.get("code"), envelope.get("requestId"))
            assert error.message == envelope.get("message", "Said")
            assert error.provider_error == envelope.get("originalError")


# --- credentials


@pytest.mark.parametrize("operation", CASES)
async def test_the_credentials(operation: dict[str, Any], client: AurinkoClient, server: ContractServer) -> None:
    for scheme in schemes(operation):
        view = authorised(client, operation) if scheme == () else client.with_auth(CREDENTIALS[scheme])
        _, answer = answer_of(operation, Maker())
        server.answers.append(answer)
        await performed(view, operation, server, ids=cycle(IDS), optional=True)
        assert server.got[-1].scheme == scheme
        expected = {name: value for part in scheme for name, value in HEADERS[part].items()}
        assert server.got[-1].credentials == expected


def test_the_basic_credentials_are_those_of_the_application() -> None:
    assert decode_basic(HEADERS["AppAuth"]["authorization"]) == f"{CLIENT_ID}:{SECRET}"


# --- pages


def is_a_list(operation: dict[str, Any]) -> bool:
    return bool(record_schema(operation)) and ".sync." not in operation["python"]


@pytest.mark.parametrize("operation", [case for case in PAGED if is_a_list(case.values[0])])  # type: ignore[arg-type]
async def test_a_list_is_followed(operation: dict[str, Any], client: AurinkoClient, server: ContractServer) -> None:
    method = method_of(authorised(client, operation), operation["python"])
    places, names, _, _ = made_arguments(operation, method, Maker(skip="readOnly"), cycle(IDS), optional=True)
    first, step = names.get("offset", 0), 2
    names |= {"limit": step} if "limit" in names else {}
    schema = record_schema(operation) or {}
    paginator = method(*places, **names)
    assert isinstance(paginator, Paginator)
    maker = Maker()
    pages = [[maker.value(schema) for _ in range(step)] for _ in range(3)]
    for number, records in enumerate(pages):
        # Whoever asks for records is told of pages that are counted, or chained by tokens.
        last = number == len(pages) - 1
        token = {} if last else {"nextPageToken": f"page {number} /+=&"}
        count = {"offset": first + number * step, "totalSize": first + 3 * step, "done": last}
        counted = isinstance(paginator, OffsetPaginator)
        server.answers.append(encoded({"records": records, "length": step, **(count if counted else token)}))
    got = [record async for record in paginator]
    sent = [record for page in pages for record in page]
    assert [list(differences(schema, one, other, "", set())) for one, other in zip(sent, got, strict=True)] == [[]] * 6
    if counted:
        asked = sorted(int(request.query.get("offset", ["0"])[0]) for request in server.got)
        assert asked == [first, first + step, first + 2 * step]
    else:
        tokens = [request.query.get("pageToken", []) for request in server.got]
        assert tokens[1:] == [["page 0 /+=&"], ["page 1 /+=&"]]
    places_asked = [{k: v for k, v in r.query.items() if k not in ("pageToken", "offset", "limit")} for r in server.got]
    assert places_asked == [places_asked[0]] * 3


@pytest.mark.parametrize("operation", PAGED)
async def test_a_page_without_records(operation: dict[str, Any], client: AurinkoClient, server: ContractServer) -> None:
    for page in ({}, {"records": None}, {"records": []}, {"records": None, "nextPageToken": None, "totalSize": None}):
        server.answers.append(encoded(page))
        result = await performed(authorised(client, operation), operation, server, ids=cycle(IDS), optional=False)
        assert isinstance(result, Page)
        assert (result.records, result.errors) == ([], ())


async def collect(records: AsyncIterable[Any], into: list[Any]) -> None:
    async for record in records:
        into.append(record)  # noqa: PERF401 (what came before an error counts)


@pytest.mark.parametrize("kind", [*KINDS, "no record at all"])
@pytest.mark.parametrize("operation", PAGED)
async def test_a_record_that_cannot_be_read_costs_itself(
    operation: dict[str, Any], kind: str, client: AurinkoClient, server: ContractServer
) -> None:
    schema = record_schema(operation) or {}
    maker = Maker()
    records, expected, good = [maker.value(schema)], list[tuple[int, str, str | None]](), [0]
    number = len(spoilt(schema, maker.value(schema), kind)) if kind in KINDS else 2
    for turn in range(number):
        record = maker.value(schema)
        path = ""
        if kind in KINDS:
            container, key, value, path = spoilt(schema, record, kind)[turn]
            container[key] = value
        else:
            record = (None, 7)[turn]
        index, record_id = len(records), record.get("id") if isinstance(record, dict) else None
        known = record_id if isinstance(record_id, str) and "\ud800" not in record_id else None
        expected.append((index, f"records[{index}]" + (path and f".{path}"), known))
        good += [index + 1]
        records += [record, maker.value(schema)]
    for _ in range(2):
        server.answers.append(encoded({"records": records, "done": True}, plainly=False))
    client = authorised(client, operation)
    page = await performed(client, operation, server, ids=cycle(IDS), optional=False)
    assert [(error.index, error.path, error.record_id) for error in page.errors] == expected
    for index, record in zip(good, page.records, strict=True):
        assert list(differences(schema, records[index], record, "", set())) == []
    if is_a_list(operation) and expected:
        method = method_of(client, operation["python"])
        places, names, _, _ = made_arguments(operation, method, Maker(skip="readOnly"), cycle(IDS), optional=False)
        got: list[Any] = []
        with pytest.raises(DecodeError) as told:
            await collect(method(*places, **names), got)
        assert got == page.records
        assert told.value.path == expected[0][1]
