"""The exchange's HTTP door under load: a real server in a process of its own, signed requests over loopback.

The mix is what makers do: orders that rest, orders that trade, and cancels; only orders are counted. Every one is
verified, committed to the home's database and acknowledged after that.
"""

import hashlib
import hmac
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

SECRET = "paper-secret"
HEAD = {"X-MBX-APIKEY": "paper-key", "Content-Type": "application/x-www-form-urlencoded"}
CLIENTS = 8
ORDERS = 2_000
PAIRS = 200


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Yield each figure with its bar, and whether more is better."""
    yield "exchange.orders_per_minute", statistics.median(_orders_per_minute() for _ in range(3)), 10_000, True
    yield "exchange.leg_skew_p95_ms", statistics.median(_skew() for _ in range(3)), 5.0, False


@contextmanager
def serving() -> Iterator[int]:
    """Run the exchange of a fresh home whose market follows the wall clock; gives its port."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place, "acme")
        root.mkdir()
        (root / "company.toml").write_text('[world]\nclock = "wall"\n', "utf-8")
        command = [sys.executable, "-m", "company", "exchange", "serve", "--port", "0"]
        options = ["--dir", str(root), "--home", str(Path(place, "home"))]
        process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2], env=os.environ
        )
        try:
            assert process.stdout is not None
            line = next(line for line in process.stdout if "/venues/a/" in line)
            yield int(line.split("127.0.0.1:")[1].split("/")[0])
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


class Client:
    """A connection that signs."""

    def __init__(self, port: int, number: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._number, self._sent = number, 0

    def send_order(self, venue: str, **terms: str) -> None:
        """Send an order."""
        self._sent += 1
        name = f"bench-{self._number}-{self._sent}"
        form = _signed(symbol="BTCUSDT", newClientOrderId=name, **terms)
        self._connection.request("POST", f"/venues/{venue}/api/v3/order", form, HEAD)

    def answer(self) -> Any:
        """Return the answer to what was sent."""
        response = self._connection.getresponse()
        body = json.loads(response.read())
        assert response.status == 200, body
        return body

    def order(self, venue: str, **terms: str) -> Any:
        """Place an order and return the answer."""
        self.send_order(venue, **terms)
        return self.answer()

    def cancel(self, venue: str, order: int) -> None:
        """Cancel an order."""
        query = _signed(symbol="BTCUSDT", orderId=str(order))
        self._connection.request("DELETE", f"/venues/{venue}/api/v3/order?{query}", headers=HEAD)
        self.answer()

    def price(self, venue: str) -> float:
        """Return the best bid."""
        self._connection.request("GET", f"/venues/{venue}/api/v3/ticker/bookTicker?symbol=BTCUSDT")
        return float(self.answer()["bidPrice"])


def _signed(**params: str) -> str:
    query = urlencode({**params, "timestamp": str(int(time.time() * 1000))})
    return query + "&signature=" + hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()


def _orders_per_minute() -> float:
    with serving() as port:
        clients = [Client(port, number) for number in range(CLIENTS)]
        price = clients[0].price("a")
        below, amount = f"{price * 0.9:.2f}", f"{20 / price:.5f}"
        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda client: _trade(client, below, amount, ORDERS // CLIENTS), clients))
        return ORDERS / (time.perf_counter() - began) * 60


def _trade(client: Client, below: str, amount: str, orders: int) -> None:
    """Place so many orders: of four, two rest and are canceled, one buys and one sells at the market."""
    rests = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": amount, "price": below}
    for _ in range(orders // 4):
        resting = [client.order("a", **rests)["orderId"] for _ in range(2)]
        client.order("a", side="BUY", type="MARKET", quantity=amount)
        client.order("a", side="SELL", type="MARKET", quantity=amount)
        for order in resting:
            client.cancel("a", order)


def _skew() -> float:
    """Return the 95th percentile of the milliseconds between the acceptance of two legs that were sent at once."""
    with serving() as port:
        one, other = Client(port, 1), Client(port, 2)
        amount = f"{10 / one.price('a'):.5f}"
        other.price("b")
        skews = []
        for pair in range(PAIRS):
            sides = ("BUY", "SELL") if pair % 2 else ("SELL", "BUY")
            for client, venue, side in zip((one, other), "ab", sides, strict=True):
                client.send_order(venue, side=side, type="MARKET", quantity=amount)
            skews.append(abs(one.answer()["transactTime"] - other.answer()["transactTime"]))
        return sorted(skews)[int(PAIRS * 0.95)]


if __name__ == "__main__":
    for figure in figures():
        print(figure)
