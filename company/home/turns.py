"""One order at a time in a home, whichever of its processes places it.

Limits are held against what is in the books and at the venues; two processes that look at the same moment could each
find the room that only one of them has. The lock is a file's and the system's: it ends with the process that holds it.
"""

import asyncio
import fcntl
from pathlib import Path
from typing import IO, Final

from company.errors import VenueError

LOCK: Final = "trading.lock"
"""Name of the file in the home."""

_PATIENCE: Final = 60.0  # seconds: several venues that answer nothing
_SHORTEST, _LONGEST = 0.001, 0.05  # seconds between two looks


class Turns:
    """Gives turns; an asynchronous context manager, also for tasks of one process.

    Args:
        path: The file that is locked; made when it is missing.
        patience: Seconds until somebody who waits gives up.
    """

    def __init__(self, path: Path, *, patience: float = _PATIENCE) -> None:
        self._path, self._patience = path, patience
        self._mine = asyncio.Lock()
        self._file: IO[str] | None = None

    async def __aenter__(self) -> None:
        """Wait for a turn.

        Raises:
            VenueError: Another process does not end its own; nothing was sent.
        """
        await self._mine.acquire()
        try:
            self._file = await self._taken()
        except BaseException:
            self._mine.release()
            raise

    async def __aexit__(self, *_failed: object) -> None:
        """End the turn."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._mine.release()

    async def _taken(self) -> IO[str]:
        file, waited, pause = self._path.open("a"), 0.0, _SHORTEST
        try:
            while not _locked(file):
                if waited >= self._patience:
                    raise VenueError(
                        f"another process of this home has been placing an order for {waited:.0f} s: try again",
                        retryable=True,
                    )
                await asyncio.sleep(pause)
                waited, pause = waited + pause, min(2 * pause, _LONGEST)
        except BaseException:
            file.close()
            raise
        return file


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
