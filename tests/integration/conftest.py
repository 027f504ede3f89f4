"""A schema of its own in the PostgreSQL server for each test."""

import itertools

import pytest

_numbers = itertools.count(1)


@pytest.fixture
def schema() -> str:
    return f"test_{next(_numbers)}"
