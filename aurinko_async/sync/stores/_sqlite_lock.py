"""Tells the processes that share a database whether the store that holds a key is still there.

Each open store that takes a key locks a small file beside the database, `<database>.lock-<its name>`. The system gives
the lock back when the store's process is gone, however it went. All but `withdraw` is called inside a transaction that
writes the database, so no two processes look at, make or remove these files at the same time.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

from aurinko_async.errors import StoreError

_open: set[int] = set()
"""The locked files of this process, which a fork of it must not keep open."""


class Presence:
    """That a store is there. `holder` is its name, never given twice.

    Args:
        path: The database; `None` when nobody else can have it, so that there is nobody to tell.
    """

    def __init__(self, path: str | None) -> None:
        self.holder = secrets.token_hex(8)
        # However others call the file, they look beside the same one.
        self._database = None if path is None else Path(os.path.realpath(path))
        self._file: int | None = None

    def declare(self) -> None:
        """Lock a file of this name, unless that is done; first remove those that killed processes left.

        Raises:
            StoreError: the folder does not take it.
        """
        if self._database is None or self._file is not None:
            return
        prefix = f"{self._database.name}.lock-"
        try:
            for name in os.listdir(self._database.parent):
                if name.startswith(prefix):
                    self.is_there(name.removeprefix(prefix))
            path = self._path(self.holder)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            _open.add(file)
            self._file = file
            # Whoever may use the database must be able to find the file unlocked.
            path.chmod(stat.S_IMODE(self._database.stat().st_mode))
            if not _locked(file):
                raise OSError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))
        except OSError as error:
            self.withdraw()
            raise StoreError(
                f"{self._database}: no file can be made and locked beside it ({error.strerror or error}): "
                "its folder must be writable for this user, on a file system with locks"
            ) from error

    def is_there(self, holder: str) -> bool:
        """Is a store of this name open? When it is not, its file is removed."""
        if self._database is None or holder == self.holder:
            return holder == self.holder
        path = self._path(holder)
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        except OSError:
            # A file that may not be looked at was not left by nobody.
            return True
        try:
            if not _locked(file):
                return True
        finally:
            os.close(file)
        with suppress(OSError):
            path.unlink()
        return False

    def withdraw(self) -> None:
        """Unlock the file and remove it."""
        file, self._file = self._file, None
        if file in _open:
            _open.discard(file)
            os.close(file)
            with suppress(OSError):
                self._path(self.holder).unlink()

    def _path(self, holder: str) -> Path:
        assert self._database is not None
        return self._database.with_name(f"{self._database.name}.lock-{holder}")


if sys.platform == "win32":
    import msvcrt

    def _locked(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _locked(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _close_in_child() -> None:
    # The lock lasts until every copy of its file is closed.
    while _open:
        os.close(_open.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
