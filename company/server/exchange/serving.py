"""Runs the exchange at its address: loopback, always."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import uvicorn

from company.config import load_settings
from company.errors import UsageError
from company.home import CompanyDirectory, open_store
from company.home.desk import SEED_FLAG, company_clock
from company.server.access.binding import listen
from company.server.exchange.accounts import Accounts
from company.server.exchange.app import ExchangeApp
from company.server.streams.transport import UVICORN, spare_collector
from company.store import SecretStore
from company.world import PaperWorld, WallClock

PORT = 8500
"""Where it listens unless told otherwise."""

DRAINING = 1
"""Seconds that open answers get to end."""


@dataclass(frozen=True, slots=True)
class ExchangeDoor:
    """An exchange that is ready to run.

    Attributes:
        server: Runs until a signal ends it, or `should_exit` is set: `server.run(sockets=[listener])`.
        listener: The socket it listens at.
        address: Such as `http://127.0.0.1:8500`.
    """

    server: uvicorn.Server
    listener: socket.socket
    address: str


@contextmanager
def opened_exchange(
    directory: CompanyDirectory, state: Path, *, secrets: Callable[[str], SecretStore], host: str, port: int
) -> Iterator[ExchangeDoor]:
    """Open the paper world of a home and make the server for it.

    Args:
        directory: The company; only its settings are read.
        state: Its state; made when there is none.
        secrets: Returns the secret store of a home, by the home's id.
        host: The loopback address to listen at.
        port: The port; 0 takes a free one.

    Raises:
        UsageError: The address is not loopback or cannot be had, or `company.toml` is wrong.
    """
    require_loopback(host)
    settings = load_settings(directory.config_file)
    clock = company_clock(settings)
    store = open_store(state, clock)
    try:
        with store.transaction():
            if (seed := store.flags.get(SEED_FLAG)) is None:
                store.flags.set(SEED_FLAG, seed := str(settings.run.seed))
        books = store.books("world")
        world = PaperWorld(seed=int(seed), books=books, clock=clock)
        app = ExchangeApp(
            world,
            books=books,
            own=store.books("exchange"),
            accounts=Accounts(secrets(store.home_id)),
            wall=wall_ms,
        )
        with listen(host, port) as listener:
            address, number = listener.getsockname()[:2]
            shown = f"[{address}]" if ":" in address else address
            spare_collector()
            yield ExchangeDoor(uvicorn.Server(_config(app)), listener, f"http://{shown}:{number}")
    finally:
        store.close()


def require_loopback(host: str) -> None:
    """Pass an address that only this machine reaches.

    Raises:
        UsageError: Others can reach it, or it is none.
    """
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise UsageError(
            f"{host!r} is not a loopback address, and the exchange answers this machine only: its keys are play keys",
            where="--host",
            cure="leave --host out, or come through a tunnel: ssh -L 8500:127.0.0.1:8500 ...",
        )


def wall_ms() -> int:
    """Return the wall time in epoch milliseconds."""
    return int(WallClock().now().timestamp() * 1000)


def _config(app: ExchangeApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        **UVICORN,
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAINING,
    )
