"""Which process drives a run: one lock file a run, released by the system when the process dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from company.errors import UsageError


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

    @contextmanager
    def hold(self, run_id: str) -> Iterator[None]:
        """Hold a run's lock.

        Raises:
            Busy: Another process holds it.
        """
        path = self._directory / f"{run_id}.lock"
        with path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(
                    f"run {run_id} is driven by another process",
                    cure="wait for it, or watch it: company journal --follow",
                ) from None
            yield

    def forget(self, run_id: str) -> None:
        """Remove the lock file of a run that ended; whoever still opens it finds the run's final status."""
        (self._directory / f"{run_id}.lock").unlink(missing_ok=True)
