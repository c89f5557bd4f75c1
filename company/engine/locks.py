"""Which process drives a run: one lock file a run, released by the system when the process dies."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from company.errors import UsageError

GLANCE = 0.001
"""Seconds after which a lock is tried once more: `is_held` may have had it for an instant."""


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
        with self._path(run_id).open("a") as file:
            try:
                _lock(file)
            except BlockingIOError:
                raise Busy(
                    f"run {run_id} is driven by another process",
                    cure="wait for it, or watch it: company journal --follow",
                ) from None
            self.holding += 1
            try:
                yield
            finally:
                self.holding -= 1

    def is_held(self, run_id: str) -> bool:
        """Tell whether some process holds a run's lock, this one or another."""
        try:
            with self._path(run_id).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def forget(self, run_id: str) -> None:
        """Remove the lock file of a run that ended; whoever still opens it finds the run's final status."""
        self._path(run_id).unlink(missing_ok=True)

    def _path(self, run_id: str) -> Path:
        return self._directory / f"{run_id}.lock"


def _lock(file: IO[str]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(GLANCE)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
