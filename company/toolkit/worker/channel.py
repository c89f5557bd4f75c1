"""Frames of JSON over two pipes, the only way between a worker and its host.

A frame is four bytes of length, big-endian, and as many bytes of one JSON object. Nothing is unpickled; whatever does
not fit is `Malformed`. Times are those of `time.monotonic`.
"""

import json
import os
import select
import struct
import time
from typing import Any, NoReturn

LARGEST = 1_000_000
"""Bytes that one frame may have."""

_HEAD = struct.Struct(">I")
_STEP = 65_536


class Malformed(Exception):
    """What came is no frame."""


class Closed(Exception):
    """The other side is gone."""


class Channel:
    """One end of a pair of pipes; it owns both descriptors.

    Args:
        reading: Descriptor to read from.
        writing: Descriptor to write to.
    """

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)

    def send(self, message: dict[str, Any], until: float | None = None) -> None:
        """Send an object.

        Args:
            message: JSON data.
            until: When to give up; None waits for ever.

        Raises:
            Malformed: It is larger than a frame may be, or no JSON.
            Closed: Nobody reads any more.
            TimeoutError: It is too late.
        """
        data = encoded(message)
        left = memoryview(_HEAD.pack(len(data)) + data)
        while left:
            _wait(self._writing, select.POLLOUT, until)
            try:
                left = left[os.write(self._writing, left[:_STEP]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed from error

    def receive(self, until: float | None = None) -> dict[str, Any]:
        """Return the next object that was sent.

        Args:
            until: When to give up; None waits for ever.

        Raises:
            Malformed: What came is no frame.
            Closed: The other side is gone.
            TimeoutError: It is too late.
        """
        (length,) = _HEAD.unpack(self._read(_HEAD.size, until))
        if length > LARGEST:
            raise Malformed(f"a frame of {length:,} bytes, {LARGEST:,} are allowed")
        return decoded(self._read(length, until))

    def close(self) -> None:
        """Close both descriptors."""
        os.close(self._reading)
        os.close(self._writing)

    def _read(self, length: int, until: float | None) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            _wait(self._reading, select.POLLIN, until)
            try:
                part = os.read(self._reading, min(length - len(parts), _STEP))
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed from error
            if not part:
                raise Closed
            parts += part
        return bytes(parts)


def encoded(message: dict[str, Any]) -> bytes:
    """Return an object as the bytes of a frame.

    Raises:
        Malformed: It is larger than a frame may be, or no JSON.
    """
    try:
        data = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Malformed(f"no JSON: {error}") from error
    if len(data) > LARGEST:
        raise Malformed(f"{len(data):,} bytes, {LARGEST:,} are allowed")
    return data


def decoded(data: bytes) -> dict[str, Any]:
    """Return the object that a frame holds.

    Raises:
        Malformed: It holds none.
    """
    try:
        message = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"no JSON: {type(error).__name__}") from error
    if not isinstance(message, dict):
        raise Malformed("no object")
    return message


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _wait(descriptor: int, event: int, until: float | None) -> None:
    """Wait until a descriptor is ready, or broken, which the next use of it tells."""
    poll = select.poll()
    poll.register(descriptor, event)
    left = None if until is None else max(0.0, until - time.monotonic()) * 1000
    if not poll.poll(left):
        raise TimeoutError
