"""The simulated lives tell every machine with a defect from the machine itself."""

from collections.abc import Iterator

import pytest

from aurinko_async.sync.machine import SyncMachine
from support.sync_mutants import MUTANTS, NO_HARM_TO_THE_DATA, Loose
from support.sync_server import Violation
from support.sync_world import Simulation, pairs, tapes

LIVES = 600
EVENTS = ("crash", "flicker", "delete", "expire_pages", "expire_deltas")


def lives(machine: type[SyncMachine], *, watch: bool) -> Iterator[Simulation]:
    """The same lives for every machine: some at random, then every two events at any two steps."""
    for tape in tapes(LIVES):
        yield Simulation(tape, machine, watch=watch)
    for script in pairs(EVENTS, first=12, later=6):
        yield Simulation(machine=machine, mode="hand over", script=script, watch=watch)


def lives_until_caught(machine: type[SyncMachine], *, watch: bool) -> int | None:
    for number, life in enumerate(lives(machine, watch=watch), 1):
        try:
            life.play()
        except Violation:
            return number
    return None


def test_the_machine_itself_lives() -> None:
    assert lives_until_caught(Loose, watch=True) is None


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_rules_catch(mutant: type[SyncMachine]) -> None:
    assert lives_until_caught(mutant, watch=True) is not None


@pytest.mark.parametrize("mutant", [mutant for mutant in MUTANTS if mutant not in NO_HARM_TO_THE_DATA])
def test_the_outcome_alone_catches(mutant: type[SyncMachine]) -> None:
    assert lives_until_caught(mutant, watch=False) is not None
