"""Which process drives a run: one lock file a run, released by the system when the process dies.

The file says which process holds it. That counts only while the lock is held: what stands in a file that is free was
left by somebody who is gone.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

from company.engine.processes import Process
from company.errors import UsageError

GLANCE = 0.001
"""Seconds after which a lock is tried once more: `is_held` may have had it for an instant."""

SUFFIX = ".lock"


class Busy(UsageError):
    """Another process drives this run."""


class RunLocks:
    """Advisory locks in one directory.

    Args:
        directory: Where lock files live; created when missing.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.holding = 0
        """Locks that are held through this object."""

    @contextmanager
    def hold(self, run_id: str) -> Iterator[None]:
        """Hold a run's lock.

        Raises:
            Busy: Another process holds it.
        """
        try:
            file = _locked(self._path(run_id))
        except BlockingIOError:
            raise Busy(
                f"run {run_id} is driven by another process",
                cure="wait for it, or watch it: company journal --follow",
            ) from None
        with file:
            _sign(file)
            self.holding += 1
            try:
                yield
            finally:
                self.holding -= 1

    def is_held(self, run_id: str) -> bool:
        """Tell whether some process holds a run's lock, this one or another."""
        return _is_held(self._path(run_id))

    def held(self) -> dict[str, Process | None]:
        """Return every run that is driven now, and by which process; None while one has only just taken it."""
        files = sorted(self._directory.glob(f"*{SUFFIX}"))
        return {file.name.removesuffix(SUFFIX): _holder(file) for file in files if _is_held(file)}

    def forget(self, run_id: str) -> None:
        """Remove the lock file of a run that ended, while it is held; who waits for it makes a new one."""
        self._path(run_id).unlink(missing_ok=True)

    def _path(self, run_id: str) -> Path:
        return self._directory / f"{run_id}{SUFFIX}"


def _locked(path: Path) -> IO[str]:
    """Open and lock a file that is still there once it is locked: who held it before may have removed it."""
    while True:
        file = path.open("a")
        try:
            _lock(file)
        except BlockingIOError:
            file.close()
            raise
        if _is_at(path, file):
            return file
        file.close()


def _is_at(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _lock(file: IO[str]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(GLANCE)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sign(file: IO[str]) -> None:
    """Write down who holds the lock."""
    file.truncate(0)
    file.write(json.dumps(asdict(Process.own())))
    file.flush()


def _is_held(path: Path) -> bool:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _holder(path: Path) -> Process | None:
    try:
        return Process(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
