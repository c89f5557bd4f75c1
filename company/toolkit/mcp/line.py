"""What is known of the way to one server: what was sent, how much it said, why it ended."""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field

from company.errors import ProviderError

KEY = "company/idempotencyKey"
"""Where the `_meta` of a request holds the key of the call."""
MOST_MESSAGE = 1_000_000
"""Bytes of one message."""
MOST_TALK = 8_000_000
"""Bytes from the beginning of one call to that of the next."""
MOST_TIMES = 2_000
"""Messages in the same time."""
_MOST_LAST = 1_000
_MOST_ERRORS = 100


class Unsent(ProviderError):
    """A call did not reach the server, so it certainly had no effect.

    Args:
        message: What failed and where.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class Flood(Exception):
    """A server sends more than anybody asked for."""


def on_one_line(text: str) -> str:
    """Return a stranger's words as they may be shown on a terminal: one line, nothing that is not seen."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


class LastWords:
    """The end of what a server wrote to its standard error."""

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self._size = 0

    def add(self, data: bytes) -> None:
        """Keep some more; what is older than the last thousand bytes is let go."""
        self._parts.append(data[-_MOST_LAST:])
        self._size += len(self._parts[-1])
        while self._size - len(self._parts[0]) >= _MOST_LAST:
            self._size -= len(self._parts.popleft())

    def __str__(self) -> str:
        text = b"".join(self._parts)[-_MOST_LAST:].decode("utf-8", "replace")
        lines = map(on_one_line, text.splitlines())
        return " / ".join(list(filter(None, lines))[-5:])


@dataclass(slots=True)
class Line:
    """The way to one server, of one connection; it belongs to the event loop of the connection.

    Attributes:
        ended: Set when nothing more will come.
        why: Why we cut it, if we did: `it sends ...`.
        last_words: What the server wrote to its standard error.
        tells_sent: `sent` is kept; else a call counts as sent.
        sent: Keys of the calls whose sending has begun.
        errors: What an error of ours means that reached the session in the shape of an answer, by its token.
    """

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""
    last_words: LastWords = field(default_factory=LastWords)
    tells_sent: bool = False
    sent: set[str] = field(default_factory=set)
    errors: dict[str, Exception] = field(default_factory=dict)
    _said: int = 0
    _times: int = 0

    def ask(self) -> None:
        """Note that the server is asked something, so that it may answer."""
        self._said = self._times = 0

    def hear(self, size: int) -> None:
        """Note that it said so many bytes once more.

        Raises:
            Flood: That is too many.
        """
        self._said += size
        self._times += 1
        if self._said > MOST_TALK or self._times > MOST_TIMES:
            much = f"{MOST_TALK:,} bytes" if self._said > MOST_TALK else f"{MOST_TIMES:,} messages"
            raise Flood(f"it sends more than {much} that nobody asked for")

    def keep(self, error: Exception) -> str:
        """Keep what went wrong, and return a token for it that nobody can guess."""
        if len(self.errors) >= _MOST_ERRORS:  # nobody asked for the old ones
            self.errors.clear()
        token = secrets.token_hex(16)
        self.errors[token] = error
        return token

    @property
    def end(self) -> str:
        """Why nothing comes any more, for people."""
        words = str(self.last_words)
        return (self.why or "it ended") + (f"; its last words: {words}" if words else "")
