"""A running exchange, and clients that sign with nothing but the standard library."""

import base64
import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from company.home import CompanyDirectory, bundled_directory, open_store
from company.home.desk import SEED_FLAG
from company.server.exchange.accounts import DEFAULT, Account, Accounts
from company.server.exchange.serving import opened_exchange
from company.store import MASTER_KEY_VARIABLE, SecretStore
from company.world import START, PaperWorld, VirtualClock

_MASTER = base64.b64encode(bytes(range(32))).decode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def error(self) -> tuple[int, int, str]:
        return self.status, self.body["code"], self.body["msg"]


class Trader:
    """An account's client at one venue; `source` is the address it comes from."""

    def __init__(self, address: str, account: Account = DEFAULT, venue: str = "a", source: str = "127.0.0.1") -> None:
        self.account, self.venue = account, venue
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, source_address=(source, 0))

    def get(self, path: str, **params: object) -> Answer:
        return self.send("GET", f"/venues/{self.venue}/api/v3/{path}", urlencode(params))

    def signed(self, method: str, path: str, **params: object) -> Answer:
        return self.send_signed(method, f"/venues/{self.venue}/api/v3/{path}", self.sign(**params))

    def order(self, **terms: object) -> Answer:
        return self.signed("POST", "order", **{"symbol": "BTCUSDT", **terms})

    def limit(self, side: str, quantity: object, price: object, **more: object) -> Answer:
        terms = {"side": side, "type": "LIMIT", "timeInForce": "GTC", "quantity": quantity, "price": price}
        return self.order(**terms, **more)

    def balance(self, asset: str) -> tuple[str, str]:
        rows = self.signed("GET", "account").body["balances"]
        return next(((row["free"], row["locked"]) for row in rows if row["asset"] == asset), ("0", "0"))

    def sign(self, **params: object) -> str:
        query = urlencode({"timestamp": wall(), **params})
        return f"{query}&signature={self.signature(query)}"

    def signature(self, text: str) -> str:
        return hmac.new(self.account.secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def send_signed(self, method: str, path: str, signed: str) -> Answer:
        query, body = ("", signed) if method == "POST" else (signed, "")
        return self.send(method, path, query, body, {"X-MBX-APIKEY": self.account.key})

    def send(
        self, method: str, path: str, query: str = "", body: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        target = f"{path}?{query}" if query else path
        self._connection.request(method, target, body or None, headers or {})
        response = self._connection.getresponse()
        raw = response.read()
        return Answer(response.status, json.loads(raw), {name.lower(): value for name, value in response.getheaders()})

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Running:
    """An exchange that runs in a thread of this process.

    Attributes:
        address: Where it answers.
        state: Its home.
    """

    address: str
    state: Path

    def add(self, name: str) -> Account:
        """Make an account, as the command does."""
        with closing(open_store(self.state)) as store:
            return Accounts(secrets_of(self.state, store.home_id)).add(name)

    def advance(self, minutes: int) -> None:
        """Move the world, as another process does."""
        with self.world() as world:
            world.advance_to(world.clock.now() + timedelta(minutes=minutes))

    def world(self) -> "_Opened":
        """Open the world of the home a second time."""
        return _Opened(self.state)


class _Opened:
    def __init__(self, state: Path) -> None:
        self._store = open_store(state)

    def __enter__(self) -> PaperWorld:
        seed = self._store.flags.get(SEED_FLAG)
        assert seed is not None
        return PaperWorld(seed=int(seed), books=self._store.books("world"), clock=VirtualClock(START))

    def __exit__(self, *_: object) -> None:
        self._store.close()


def wall() -> int:
    return int(time.time() * 1000)


def secrets_of(state: Path, home_id: str) -> SecretStore:
    return SecretStore(
        state, home_id=home_id, environment={MASTER_KEY_VARIABLE: _MASTER}, now=lambda: datetime.now(UTC)
    )


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An exchange with virtual time; tests share it, so each trades on accounts of its own."""
    state = tmp_path_factory.mktemp("exchange")
    bundled = bundled_directory()
    with opened_exchange(
        CompanyDirectory(bundled, bundled),
        state,
        secrets=lambda home_id: secrets_of(state, home_id),
        host="127.0.0.1",
        port=0,
    ) as door:
        thread = threading.Thread(target=door.server.run, kwargs={"sockets": [door.listener]})
        thread.start()
        yield Running(door.address, state)
        door.server.should_exit = True
        thread.join()


@pytest.fixture
def trader(exchange: Running) -> Iterator[Callable[..., Trader]]:
    """Make clients of accounts that nobody used before: `trader()`, `trader(venue="b")`, `trader(account)`."""
    made: list[Trader] = []

    def _trader(account: Account | None = None, **options: str) -> Trader:
        given = account or exchange.add(f"t{time.time_ns()}")
        made.append(Trader(exchange.address, given, **options))
        return made[-1]

    yield _trader
    for one in made:
        one.close()
