"""Many clients in one process, each a socket and an epoll entry."""

import select
import socket
import time
from dataclasses import dataclass
from itertools import cycle
from types import TracebackType
from typing import Self

PATIENCE = 60.0
SOURCES = [f"127.0.0.{number}" for number in range(2, 6)]
"""One address has ports for 28,000 connections at most."""

AT_ONCE = 100
"""Connections that are opened at a time."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sends first, and what it must have received before it counts as connected."""

    text: str
    ready: bytes


class Clients:
    """Open connections to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._sources = cycle(SOURCES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for one in self._sockets.values():
            one.close()
        self._poll.close()

    def open(self, request: Request, count: int) -> None:
        """Open `count` connections more, and wait until each is connected."""
        for begin in range(0, count, AT_ONCE):
            fresh = [self._connect(request) for _ in range(min(AT_ONCE, count - begin))]
            self.until(request.ready, set(fresh))

    def send(self, request: Request) -> None:
        """Send a request on each connection."""
        for one in self._sockets.values():
            one.sendall(request.text.encode())

    def until(self, mark: bytes, waiting: set[int] | None = None) -> list[float]:
        """Read until each connection, or each of `waiting`, has received `mark`; return when each did."""
        waiting = set(self._sockets) if waiting is None else waiting
        times, tails, end = list[float](), dict[int, bytes](), time.monotonic() + PATIENCE
        while waiting:
            assert time.monotonic() < end, f"{len(waiting)} connections still wait for {mark!r}"
            for number, _ in self._poll.poll(1.0):
                data = self._sockets[number].recv(262_144)
                assert data, "the server closed a connection"
                if number in waiting:
                    if mark in (text := tails.get(number, b"") + data):
                        waiting.discard(number)
                        times.append(time.monotonic())
                    tails[number] = text[-len(mark) :]
        return times

    def _connect(self, request: Request) -> int:
        one = socket.socket()
        one.bind((next(self._sources), 0))
        one.connect(("127.0.0.1", self._port))
        one.sendall(request.text.encode())
        self._sockets[one.fileno()] = one
        self._poll.register(one.fileno(), select.EPOLLIN)
        return one.fileno()


def rate(port: int, request: Request, *, connections: int, seconds: float) -> float:
    """Return how many requests a second are answered to connections that each ask again at once."""
    poll, sockets = select.epoll(), dict[int, socket.socket]()
    text, answered = request.text.encode(), 0
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port))
        sockets[one.fileno()] = one
        poll.register(one.fileno(), select.EPOLLIN)
        one.sendall(text)
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        for number, _ in poll.poll(1.0):
            data = sockets[number].recv(65_536)
            assert data.startswith((b"HTTP/1.1 200", b"{")), data[:200]
            if data.endswith(request.ready):  # the head may come alone
                answered += 1
                sockets[number].sendall(text)
    for one in sockets.values():
        one.close()
    poll.close()
    return answered / (time.monotonic() - began)
