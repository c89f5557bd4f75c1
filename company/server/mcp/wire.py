"""Stdin and stdout, taken for the protocol alone.

A client reads every line of stdout as a message, so one stray print ends the conversation. From the moment the two are
taken, whatever this process, its libraries or its children print goes to stderr, and what they read is empty.

Lines are read by a thread that nobody waits for: a thread that sits in a read would keep a process that was told to end
from ending, until the client closes stdin.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from threading import Thread

CHUNK = 64 * 1024
"""Bytes read in one go."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Where a client speaks and listens.

    Attributes:
        heard: File descriptor to read from.
        said: File descriptor to write to.
    """

    heard: int
    said: int


def take_stdio() -> Wire:
    """Take stdin and stdout for good; what is printed from now on goes to stderr."""
    sys.stdout.flush()
    wire = Wire(os.dup(0), os.dup(1))
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return wire


class Lines:
    """The lines of a file descriptor, as they come, until its end.

    Args:
        descriptor: Where they come from.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop, self._come = asyncio.get_running_loop(), asyncio.Queue[str | None]()
        Thread(target=self._read, name="stdin", daemon=True).start()

    def __aiter__(self) -> AsyncIterator[str]:
        """Give the lines once."""
        return self

    async def __anext__(self) -> str:
        """Return the next line."""
        line = await self._come.get()
        if line is None:
            raise StopAsyncIteration
        return line

    def _read(self) -> None:
        rest = b""
        try:
            while chunk := os.read(self._descriptor, CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._give(line.decode("utf-8", "replace"))
            self._give(None)
        except (OSError, RuntimeError):  # it cannot be read any more, or nobody listens: the loop is closed
            return

    def _give(self, line: str | None) -> None:
        self._loop.call_soon_threadsafe(self._come.put_nowait, line)
