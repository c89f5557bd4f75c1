"""Venues for tests: one over HTTP at a scripted server, closed before the server is, and the exchange's own door."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from company.home import CompanyDirectory, bundled_directory
from company.server.exchange.serving import opened_exchange
from company.store import SecretStore
from company.trading.venues import CcxtVenue, Keys, Terms
from tests.trading.scripted import Scripted, scripted

KEYS = Keys("key-of-the-account", "secret-of-the-account", "passphrase-of-it")


def venue_at(url: str, *, symbols: tuple[str, ...] = ("BTC/USDT",)) -> CcxtVenue:
    """A paper venue at an address."""
    terms = Terms("near", "paper-http", "binance", url=url, symbols=symbols)
    return CcxtVenue(terms, keys=lambda: KEYS)


@asynccontextmanager
async def venue_and_server(**terms: Any) -> AsyncIterator[tuple[CcxtVenue, Scripted]]:
    """A paper venue over HTTP, and the server behind it."""
    async with scripted() as server:
        venue = venue_at(server.url, **terms)
        try:
            yield venue, server
        finally:
            await venue.close()


@contextmanager
def running_exchange(state: Path) -> Iterator[str]:
    """Run the exchange of a home in a thread, and return its address."""
    bundled = bundled_directory()

    def secrets(home: str) -> SecretStore:
        return SecretStore(state, home_id=home, environment={"HOME": str(state)}, now=lambda: datetime.now(UTC))

    with (
        opened_exchange(CompanyDirectory(bundled, bundled), state, secrets=secrets, host="127.0.0.1", port=0) as served,
        ExitStack() as stack,
    ):
        thread = threading.Thread(target=served.server.run, kwargs={"sockets": [served.listener]})
        thread.start()
        stack.callback(thread.join)
        stack.callback(setattr, served.server, "should_exit", True)
        yield served.address
