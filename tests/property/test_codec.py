"""The codec's fast path and the plain cattrs path are one behaviour, for every model."""

import inspect
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import aurinko_async.models as models
from aurinko_async import _codec, make_converter
from aurinko_async.errors import DecodeError
from aurinko_async.models._row import Row, rows
from aurinko_async.models.pages import DeltaPage, Page
from aurinko_async.sync.stores._tables import TABLES
from support.wire import TEXT, fields, object_of

MODELS = sorted(
    {cls for _, cls in inspect.getmembers(models, inspect.isclass) if attrs.has(cls) and not issubclass(cls, Page)},
    key=lambda cls: cls.__name__,
)
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), TEXT, st.just([]), st.just([None]), st.just({}), st.just({"id": 5})
)
few = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def same(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    for field in fields(type(one)):
        assert getattr(one, field.name) == getattr(other, field.name), field.name


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
@few
@given(data=st.data())
def test_the_fast_path_reads_what_the_plain_path_reads(cls: type, data: st.DataObject) -> None:
    body = msgspec.json.encode(data.draw(object_of(cls)))
    same(_codec._mover(cls)(msgspec.json.decode(body, type=_codec._mirror(cls))), _codec._decode_plain(cls, body))


@pytest.mark.parametrize("searched", [table.searched for table in TABLES.values()], ids=lambda cls: cls.__name__)
@settings(few, max_examples=200)
@given(data=st.data())
def test_rows_are_made_alike_on_both_paths(searched: Any, data: st.DataObject) -> None:
    body = msgspec.json.encode({**data.draw(object_of(searched)), "id": "1"})
    assert _codec.decode(Row[searched], body) == rows(searched, [body], [_codec._decode_plain(searched, body)])[0]


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
@few
@given(data=st.data())
def test_what_is_read_can_be_written_and_read_again(cls: type, data: st.DataObject) -> None:
    first = _codec.decode(cls, msgspec.json.encode(data.draw(object_of(cls))))
    written = msgspec.json.encode(make_converter().unstructure(first))
    again = _codec.decode(cls, written)
    for field in fields(cls):
        assert getattr(again, field.name) == getattr(first, field.name), field.name


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
@few
@given(data=st.data())
def test_one_wrong_field_is_refused_by_both_paths_alike(cls: type, data: st.DataObject) -> None:
    good = data.draw(object_of(cls))
    field = data.draw(st.sampled_from(fields(cls)))
    body = msgspec.json.encode({**good, _codec.wire_names(field.name)[0]: data.draw(JUNK)})
    try:
        fast: Any = _codec._mover(cls)(msgspec.json.decode(body, type=_codec._mirror(cls)))
    except msgspec.ValidationError:
        return  # the plain path decides, and may be more tolerant
    same(fast, _codec._decode_plain(cls, body))


def outcome(read: Any) -> Any:
    try:
        return read()
    except DecodeError as error:
        return type(error), error.path, error.args, error.record_id


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
@few
@given(data=st.data())
def test_what_is_wrong_is_said_alike_alone_and_in_a_page(cls: type, data: st.DataObject) -> None:
    good = data.draw(object_of(cls))
    field = data.draw(st.sampled_from(fields(cls)))
    record = {**good, _codec.wire_names(field.name)[0]: data.draw(JUNK)}
    body = msgspec.json.encode(record)
    plain = outcome(lambda: _codec._decode_plain(cls, body))
    alone = outcome(lambda: _codec.decode(cls, body))
    page = _codec.decode(DeltaPage[cls], msgspec.json.encode({"records": [good, record]}))  # type: ignore[valid-type]
    if isinstance(alone, cls):
        same(alone, plain)
        same(page.records[1], plain)
        assert page.errors == ()
    else:
        assert alone == plain
        [error] = page.errors
        assert (error.path, error.args, error.record_id) == (f"records[1].{plain[1]}", plain[2], plain[3])
        assert len(page.records) == 1


@settings(max_examples=100, deadline=None)
@given(
    good=st.lists(object_of(models.EmailMessage), min_size=1, max_size=4),
    bad=st.sampled_from([None, 5, "x", [], {"subject": 5}, {"to": [None]}, {"receivedAt": "2026-01-01"}]),
    data=st.data(),
)
def test_a_bad_record_costs_only_itself(good: list[dict[str, Any]], bad: Any, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(good)))
    body = msgspec.json.encode({"records": [*good[:place], bad, *good[place:]], "nextDeltaToken": "d"})
    page = _codec.decode(DeltaPage[models.EmailMessage], body)
    assert page.next_delta_token == "d"
    for read, alone in zip(page.records, good, strict=True):
        same(read, _codec.decode(models.EmailMessage, msgspec.json.encode(alone)))
    (error,) = page.errors
    assert isinstance(error, DecodeError)
    assert error.index == place
    assert error.path.startswith(f"records[{place}]")
