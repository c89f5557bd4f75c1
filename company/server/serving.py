"""Runs the application on a loopback port, and ends it in time.

This version serves the machine it runs on and nobody else: it speaks plain HTTP and knows one person.
"""

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from company.engine import Engine
from company.errors import UsageError
from company.server.access.keys import load_token
from company.server.app import create_app
from company.server.driving import Driver

PORT = 8400
_ADDRESSES = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}

DRAINING = 1
"""Seconds that open answers get to end, so that even with a client that takes nothing Ctrl+C takes less than three."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at a loopback address.

    Args:
        host: `127.0.0.1`, `localhost` or `::1`.
        port: The port; 0 takes a free one.

    Raises:
        UsageError: The address is not a loopback address, or the port cannot be had.
    """
    if host not in _ADDRESSES:
        raise UsageError(
            f"{host!r} is not a loopback address; this version serves loopback only",
            where="--host",
            cure="leave --host out; from another machine come through a tunnel: ssh -L 8400:127.0.0.1:8400 ...",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_ADDRESSES[host], port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise UsageError(
            f"port {port} cannot be had: {error.strerror}", where="--port", cure="choose another, or 0 for a free one"
        ) from error
    return listener


class Server(uvicorn.Server):
    """Uvicorn that lets streams say farewell before it waits for them.

    Args:
        app: The application.
        ready: Called once, when requests are accepted.
    """

    def __init__(self, app: FastAPI, *, ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="on",
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=DRAINING,
            )
        )
        self._driver: Driver = app.state.driver
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept requests."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams and background work, and the connections."""
        await asyncio.gather(self._driver.close(), super().shutdown(sockets))


def serve(
    engine: Engine, host: str = "127.0.0.1", port: int = PORT, *, person: str, ready: Callable[[str], None]
) -> None:
    """Serve a company on this machine until a signal ends it.

    Args:
        engine: Runs the company; opened in this thread.
        host: A loopback address.
        port: The port; 0 takes a free one.
        person: The server's owner.
        ready: Told the address that logs a browser in, once requests are accepted. The token in its fragment never
            leaves the browser with a request's address.

    Raises:
        UsageError: The address is not a loopback address, the port is taken, or the token file is not safe.
        KeyboardInterrupt: It was ended by a signal, after everything was put down in order.
    """
    with listen(host, port) as listener:
        bound = listener.getsockname()[1]
        token = load_token(engine.company.state)
        engine.company.warm()
        address = f"http://{f'[{host}]' if ':' in host else host}:{bound}/#t={token}"
        app = create_app(engine, token=token, port=bound, person=person)
        Server(app, ready=lambda: ready(address)).run(sockets=[listener])
