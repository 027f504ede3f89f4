"""A file for a token: nobody else reads it; that it cannot be written is known before anybody has made an effort."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from aurinko_async.errors import ConfigError


class TokenFile:
    """Writes beside the file, with mode 0600, and puts it in its place in one step."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self._beside: str | None = None
        self._file = -1

    def __enter__(self) -> Self:
        if self._path.exists() and not self._path.is_file():
            raise ConfigError(f"--token-file: {self._path} is not a file")
        try:
            self._file, self._beside = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        except OSError as error:
            raise ConfigError(f"--token-file: {self._path.parent}: {error.strerror}") from error
        return self

    def write(self, token: str) -> None:
        """Put the token there, and a line's end.

        Raises:
            OSError: the disk is full, the directory has gone.
        """
        assert self._beside is not None, "it was not entered"
        with os.fdopen(self._file, "w", encoding="utf-8") as file:
            self._file = -1
            file.write(f"{token}\n")
        os.replace(self._beside, self._path)

    def __exit__(self, *_: object) -> None:
        if self._file >= 0:
            os.close(self._file)
        if self._beside is not None:
            with suppress(OSError):
                os.unlink(self._beside)
