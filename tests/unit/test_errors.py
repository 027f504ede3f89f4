"""The exception tree: one root, drawn as it is, and safe to pickle, log and show."""

import copy
import inspect
import pickle
import re
from typing import Any

import pytest

from aurinko_async import errors
from aurinko_async.errors import AmbiguousResult, ApiError, AurinkoError, ConnectionLost, DecodeError, RateLimited

CLASSES = {
    name: cls
    for name, cls in vars(errors).items()
    if inspect.isclass(cls) and cls.__module__ == errors.__name__ and issubclass(cls, BaseException)
}
SECRET = "sk-a-token-9f8e7d"  # what a body or a caller might hold; never part of what an exception says by itself


def drawn() -> dict[str, str | None]:
    """The parent of each class as the drawing at the top of the module has it."""
    parents: dict[str, str | None] = {}
    chain: list[str] = []
    assert errors.__doc__
    for line in errors.__doc__.splitlines():
        found = re.match(r"^((?:[│ ]   )*)(?:[├└]── )?([A-Z]\w+)(?:  |$)", line)
        if found is None:
            continue
        depth = 0 if line[0] not in "│├└ " else len(found[1]) // 4 + 1
        chain[depth:] = [found[2]]
        assert found[2] not in parents, f"{found[2]} is drawn twice"
        parents[found[2]] = chain[depth - 1] if depth else None
    return parents


def filled(cls: type[AurinkoError]) -> AurinkoError:
    """An instance with every argument of its constructor given."""
    if issubclass(cls, ApiError):
        error: AurinkoError = cls(
            429,
            "slow down",
            code="rate.limited",
            request_id="req-1",
            provider_error={"error": {"innerError": [1, None, SECRET]}},
            retry_after=1.5,
            method="GET",
            path="/v1/email/messages/{messageId}",
        )
        error.attempts = 3  # type: ignore[attr-defined]
    elif issubclass(cls, DecodeError):
        error = cls("expected a string", path="records[3].from", index=3, record_id="id-3")
    elif cls is AmbiguousResult:
        error = cls("was it sent?", method="POST", path="/v1/email/messages")
    else:
        error = cls("some words")
    if isinstance(error, errors.TransportError):
        error.attempts = 4
    error.add_note("also this")
    return error


def test_the_drawing_and_the_classes_are_the_same() -> None:
    assert set(drawn()) == set(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_the_parent_is_the_one_drawn(name: str) -> None:
    parent = drawn()[name]
    assert CLASSES[name].__bases__[0].__name__ == (parent or "Exception")


@pytest.mark.parametrize("name", CLASSES)
def test_everything_derives_from_the_root_and_is_documented(name: str) -> None:
    assert issubclass(CLASSES[name], AurinkoError)
    assert CLASSES[name].__doc__


def test_the_second_parents_that_the_drawing_tells_in_words() -> None:
    assert issubclass(errors.InvalidInput, ValueError)
    assert issubclass(errors.InvalidCursor, errors.BadRequest)
    assert not issubclass(AurinkoError, ValueError)


@pytest.mark.parametrize("duplicate", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
@pytest.mark.parametrize("name", CLASSES)
def test_a_copy_has_all_that_the_original_has(name: str, duplicate: Any) -> None:
    original = filled(CLASSES[name])
    twin = duplicate(original)
    assert type(twin) is type(original)
    assert twin.args == original.args
    assert vars(twin) == vars(original)
    assert twin.__notes__ == ["also this"]
    assert str(twin) == str(original)
    assert repr(twin) == repr(original)


@pytest.mark.parametrize("name", CLASSES)
def test_what_the_provider_sent_is_not_shown(name: str) -> None:
    error = filled(CLASSES[name])
    assert SECRET not in str(error)
    assert SECRET not in repr(error)
    assert SECRET not in repr(error.args)


def test_an_api_error_says_where_what_and_after_how_many_attempts() -> None:
    assert str(filled(RateLimited)) == (
        "GET /v1/email/messages/{messageId}: 429 [rate.limited] slow down (request req-1) after 3 attempts"
    )
    assert str(ApiError(500, "no message")) == "500 no message"


def test_a_decode_error_says_where() -> None:
    assert str(filled(DecodeError)) == "records[3].from: expected a string"
    assert str(DecodeError("expected an object")) == "expected an object"


def test_a_transport_error_counts_its_attempts_by_itself() -> None:
    assert ConnectionLost("x").attempts == 1


def test_one_except_clause_catches_a_dead_cursor_in_both_of_its_forms() -> None:
    for cls in (errors.SyncTokenExpired, errors.InvalidCursor):
        with pytest.raises(errors.CursorRejected):
            raise filled(cls)
