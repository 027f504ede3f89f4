"""What the errors of PostgreSQL mean and what to do about them."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

from aurinko_async.errors import StoreError

_MEANINGS: Final[dict[str, str]] = {
    "28": "it refuses this user or password: check the connection string and the server's pg_hba.conf",
    "3D000": "the database does not exist: create it first",
    "42501": "this user lacks a permission: the store needs to own its schema, or USAGE there and "
    "SELECT, INSERT, UPDATE and DELETE on its tables and USAGE of its sequence",
    "25006": "it only takes reads: connect to the primary server",
    "53100": "its disk is full; nothing of this was saved: free some space and run again",
    "53300": "it has no connection left: lower max_size or raise the server's max_connections",
    "53": "it ran out of memory or another resource; nothing of this was saved: run again",
    "40": "other transactions kept getting in the way; nothing of this was saved: run again",
    "55P03": "another transaction keeps rows locked; nothing of this was saved: let it finish, then run again",
    "57014": "it cancelled the statement (statement_timeout?); nothing of this was saved",
    "57P03": "it is starting up or shutting down: run again in a moment",
    "57": "the connection was ended by the server; nothing of this was saved: run again",
    "08": "the connection was lost; nothing of this was saved: run again",
    "3F000": "the schema was dropped or changed: the store has to make it anew, so close and open it",
    "42": "its tables were dropped or changed by something else: restore them, or drop what is left and sync again",
    "54": "a value is larger than it takes; nothing of this was saved",
    "58": "it failed to read or write its files: look at the server's log and disk",
    "XX": "its files may be damaged: look at the server's log",
}
"""By SQLSTATE, or its class of two characters."""

_WORDS: Final = (
    (("password authentication failed", "no password supplied", "pg_hba.conf", "role "), _MEANINGS["28"]),
    (("database ",), _MEANINGS["3D000"]),
    (("starting up", "shutting down", "not yet accepting"), _MEANINGS["57P03"]),
    (("too many clients", "connection slots"), _MEANINGS["53300"]),
    (("could not translate host name", "resolve"), "its host is not known: check the connection string"),
    (("timeout expired", "timed out"), "it did not answer in time: check host, port and firewalls"),
    (("SSL", "certificate"), "the encrypted connection failed: check sslmode and the certificates"),
)
"""What libpq says when a connection fails, which comes without a SQLSTATE."""
_UNREADABLE: Final = "a part of the connection string cannot be read"
_UNREACHABLE: Final = "it cannot be reached: check host and port, and that the server runs"

HEALING: Final = ("40001", "40P01")
"""A serialisation failure and a deadlock: the transaction was rolled back, and goes through when it is repeated."""


def is_lost(error: BaseException) -> bool:
    """Is the connection gone, so that another one may do?"""
    if isinstance(error, PoolTimeout | PoolClosed):
        return False
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    if state is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state[:2] == "08" or state in ("57P01", "57P02", "57P03", "57P05", "25P03")


def translated(error: psycopg.Error, name: str) -> StoreError:
    """The error as ours, without the values that PostgreSQL quotes in its details."""
    if isinstance(error, PoolClosed):
        return StoreError(f"{name}: the pool is closed: open it before the store, close it after")
    state = error.sqlstate
    if state is None:
        words = str(error).strip().splitlines()
        meaning = _UNREADABLE if "connection is bad: invalid" in words[0] else _MEANINGS["08"]
        if "connection failed" in words[0] or "connection to server" in words[0]:
            meaning = next((it for marks, it in _WORDS if any(mark in str(error) for mark in marks)), _UNREACHABLE)
        return StoreError(f"{name}: {meaning} ({words[0]})")
    meaning = _MEANINGS.get(state) or _MEANINGS.get(state[:2]) or "PostgreSQL refused; nothing of this was saved"
    return StoreError(f"{name}: {meaning} ({error.diag.message_primary or type(error).__name__}, SQLSTATE {state})")
