"""Runs the application at its address, and ends it in time."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from company.config import ServerSettings
from company.engine import Engine
from company.errors import UsageError
from company.server.access.binding import PORT, listen, require_safe
from company.server.access.codes import login_address
from company.server.access.connections import Connection
from company.server.access.presence import announced
from company.server.access.site import Site
from company.server.app import create_app
from company.server.driving import Driver
from company.server.streams.transport import UVICORN, spare_collector

DRAINING = 1
"""Seconds that open answers get to end, so that even with a client that takes nothing Ctrl+C takes less than three."""


class Server(uvicorn.Server):
    """Uvicorn that lets streams say farewell before it waits for them.

    Args:
        app: The application.
        settings: `[server]` of the company.
        ready: Called once, when requests are accepted.

    Raises:
        UsageError: The certificate or its key cannot be used.
    """

    def __init__(
        self, app: FastAPI, settings: ServerSettings | None = None, *, ready: Callable[[], None] = lambda: None
    ) -> None:
        settings = settings or ServerSettings()
        config = uvicorn.Config(
            app,
            **{**UVICORN, "http": Connection},
            lifespan="on",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=DRAINING,
            **_certificate(settings),
        )
        super().__init__(config)
        _load(config, settings)
        self.driver: Driver = app.state.driver
        self._ready = ready

    def end(self) -> None:
        """Put everything down in order, as a signal would make it."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept requests."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams and background work, and the connections."""
        await asyncio.gather(self.driver.close(), super().shutdown(sockets))


@dataclass(frozen=True, slots=True)
class Door:
    """A server that is ready to run.

    Attributes:
        server: Runs until a signal ends it, or `should_exit` is set.
        listener: The socket it listens at: `server.run(sockets=[listener])`.
        site: Under which addresses it answers.
        moved: The usual port was busy, so it listens at another.
    """

    server: Server
    listener: socket.socket
    site: Site
    moved: bool


@contextmanager
def opened_door(
    engine: Engine,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    person: str,
    ready: Callable[[], None] = lambda: None,
) -> Iterator[Door]:
    """Take an address, tell other commands where it is, and make the server for it.

    Args:
        engine: Runs the company; opened in this thread.
        host: The address to listen at; others than loopback need a password, and TLS or a proxy that has it.
        port: The port; 0 takes a free one, None the usual one or the next that is free.
        person: The server's owner.
        ready: Called once, when requests are accepted.

    Raises:
        UsageError: The address is not safe or cannot be had, or another server serves this home.
    """
    company, settings = engine.company, engine.company.settings.server
    require_safe(host, settings, has_password=company.store.password.is_set())
    with listen(host, port) as listener:
        site = Site.of(settings, host, listener.getsockname()[1])
        with announced(company.state, site.own, site.public):
            company.warm()
            spare_collector()
            server = Server(create_app(engine, site=site, person=person), settings, ready=ready)
            yield Door(server, listener, site, moved=port is None and site.port != PORT)


def serve(
    engine: Engine,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    person: str,
    ready: Callable[[Door, str], None],
) -> None:
    """Serve a company until a signal ends it.

    Args:
        engine: Runs the company; opened in this thread.
        host: The address to listen at; others than loopback need a password, and TLS or a proxy that has it.
        port: The port; 0 takes a free one, None the usual one or the next that is free.
        person: The server's owner.
        ready: Told the door and a fresh address that logs a browser in, once requests are accepted.

    Raises:
        UsageError: The address is not safe or cannot be had, or another server serves this home.
        KeyboardInterrupt: It was ended by a signal, after everything was put down in order.
    """
    opened: list[Door] = []
    access = engine.company.store.access

    def greet() -> None:
        ready(opened[0], login_address(access, opened[0].site.public, person))

    with opened_door(engine, host, port, person=person, ready=greet) as door:
        opened.append(door)
        door.server.run(sockets=[door.listener])


def _certificate(settings: ServerSettings) -> dict[str, Any]:
    if not settings.tls_certificate:
        return {}
    return {
        "ssl_certfile": Path(settings.tls_certificate).expanduser(),
        "ssl_keyfile": Path(settings.tls_key).expanduser(),
    }


def _load(config: uvicorn.Config, settings: ServerSettings) -> None:
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise UsageError(
            f"{settings.tls_certificate!r} and {settings.tls_key!r} cannot be used as certificate and key: {error}",
            where="company.toml: server.tls_certificate, server.tls_key",
            cure="name two PEM files that belong together and that this user may read",
        ) from error
