"""The checkpoint as JSON."""

import json

import pytest
from attrs import evolve

from aurinko_async.errors import InvalidInput
from aurinko_async.sync.checkpoint import Checkpoint, Cursor
from support.sync_play import QUIET, SCAN

# --- the checkpoint


@pytest.mark.parametrize(
    "checkpoint",
    [
        SCAN,
        QUIET,
        evolve(SCAN, params={}, window=(None, None)),
        evolve(SCAN, params={"timeMin": "2026-01-01T00:00:00+02:00", "n": 0, "none": None, "ü": "\u2013"}),
        evolve(SCAN, deleted=Cursor(';delta:"\\\n', ":page:;\u2028"), generation=10**9),
        evolve(SCAN, recent=None, seen=frozenset({"0123456789ab", "ba9876543210"})),
        evolve(SCAN, recent=frozenset({"0123456789ab"}), seen=None, scanning=False),
    ],
)
def test_a_checkpoint_survives_json(checkpoint: Checkpoint) -> None:
    text = checkpoint.to_json()
    assert Checkpoint.from_json(text) == checkpoint
    assert Checkpoint.from_json(text.encode()) == checkpoint
    assert Checkpoint.from_json(text).to_json() == text


@pytest.mark.parametrize("name", ["params", "generation", "window", "deleted", "updated", "scanning", "recent", "seen"])
def test_a_checkpoint_with_a_part_missing_or_wrong_is_refused(name: str) -> None:
    whole = json.loads(SCAN.to_json())
    without = {part: value for part, value in whole.items() if part != name}
    for bad in (without, *({**whole, name: wrong} for wrong in (7.5, "abc", [1], {"delta": [5]}, [None] * 3))):
        with pytest.raises(InvalidInput):
            Checkpoint.from_json(json.dumps(bad))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "5",
        '"x"',
        "[]",
        "{}",
        "d1",
        "\x00",
        "\ud800",
        b"\xff\xfe",
        SCAN.to_json()[:-1],
        SCAN.to_json() + "}",
        "[" * 100_000,
        '{"x":' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_checkpoint_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidInput):
        Checkpoint.from_json(text)


def test_an_error_about_a_checkpoint_does_not_show_it() -> None:
    with pytest.raises(InvalidInput) as caught:
        Checkpoint.from_json('{"params": {"secret": "hunter2"}}')
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__
