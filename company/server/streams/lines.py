"""Journal events in the form they travel in, encoded once for all clients.

The data is the AG-UI event as it stands in the journal; what the journal knows beside it travels in `metadata`. SSE
frames end with LF and have one data line, as AG-UI demands. A WebSocket message is the same object with its `id`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from company.events import Event
from company.server.streams.channels import Channel, Choice, channels_of

RETRY = "retry: 1000\n"
"""Milliseconds after which a browser comes back."""


@dataclass(frozen=True, slots=True)
class Line:
    """One event, encoded.

    Attributes:
        sse: As a frame of an event stream.
        text: As a WebSocket message.
    """

    seq: int
    run: str
    thread: str
    debug: bool
    channels: frozenset[Channel]
    sse: bytes
    text: str

    def is_in(self, choice: Choice) -> bool:
        """Tell whether the line is among what a client wants."""
        return (
            (choice.debug or not self.debug)
            and choice.run in (None, self.run)
            and choice.thread in (None, self.thread)
            and not choice.channels.isdisjoint(self.channels)
        )


def encoded(event: Event, epoch: str) -> Line:
    """Return an event of the journal `epoch` as it travels."""
    envelope = event.line()
    data = compact({**envelope.pop("event"), "metadata": envelope})
    place = f"{epoch}:{event.seq}"
    return Line(
        seq=event.seq,
        run=event.run_id,
        thread=event.thread_id,
        debug=event.visibility == "debug",
        channels=channels_of(event),
        sse=f"id: {place}\ndata: {data}\n\n".encode(),
        text=f'{{"id":"{place}",{data[1:]}',
    )


@dataclass(frozen=True)
class Piece:
    """Lines that are sent in one go, and the place reached with them.

    Attributes:
        last: Number of the last event looked at; those that the client does not want are passed over.
    """

    lines: tuple[Line, ...]
    last: int

    @cached_property
    def frames(self) -> bytes:
        """The lines as one write to an event stream."""
        return b"".join([line.sse for line in self.lines])


class Ring:
    """The newest lines, without gaps.

    Args:
        most: Lines it keeps at least, when there were as many.
        most_bytes: Bytes of frames beyond which it keeps fewer.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._lines: list[Line] = []
        self._bytes = 0

    def add(self, lines: Iterable[Line]) -> None:
        """Take the lines that follow."""
        for line in lines:
            self._lines.append(line)
            self._bytes += len(line.sse)
        if len(self._lines) >= 2 * self._most or self._bytes > 2 * self._most_bytes:
            self._shorten()

    def clear(self) -> None:
        """Forget everything: what comes next does not follow."""
        self._lines, self._bytes = [], 0

    def holds(self, seq: int) -> bool:
        """Tell whether the event `seq` is kept."""
        return bool(self._lines) and self._lines[0].seq <= seq <= self._lines[-1].seq

    def since(self, seq: int) -> Iterator[Line]:
        """Give the lines from the event `seq` on, which must be kept."""
        for place in range(seq - self._lines[0].seq, len(self._lines)):
            yield self._lines[place]

    def _shorten(self) -> None:
        """Keep half, so that the work is done rarely."""
        kept, size = 0, 0
        for line in reversed(self._lines[-self._most :]):
            size += len(line.sse)
            if kept and size > self._most_bytes:
                size -= len(line.sse)
                break
            kept += 1
        self._lines, self._bytes = self._lines[-kept:], size


def notice(name: str, text: str) -> dict[str, Any]:
    """Return something that is not in the journal, as a valid AG-UI event."""
    return {"type": "RAW", "event": {name: text}, "source": "server"}


def notice_frame(name: str, text: str, *, id: str = "") -> bytes:
    """Return a notice as a named frame of an event stream; with `id` the client is at that place from then on."""
    place = f"id: {id}\n" if id else ""
    return f"{RETRY}{place}event: {name}\ndata: {compact(notice(name, text))}\n\n".encode()


def compact(body: Any) -> str:
    """Return JSON without spaces and without characters beyond ASCII."""
    return json.dumps(body, separators=(",", ":"))
