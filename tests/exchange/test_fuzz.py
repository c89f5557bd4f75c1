"""Whatever is sent: an answer in Binance's form, nothing half-done, and books that balance."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.server.exchange.accounts import DEFAULT, Accounts
from company.server.exchange.app import ExchangeApp
from company.trading.exchange import Exchange
from company.world import START, MemoryBooks, PaperWorld, VirtualClock
from tests.exchange.conftest import secrets_of

NOW = 1_700_000_000_000
NAMES = """
    symbol side type timeInForce quantity quoteOrderQty price stopPrice icebergQty trailingDelta newClientOrderId
    newOrderRespType selfTradePreventionMode orderId origClientOrderId cancelReplaceMode cancelOrderId
    cancelOrigClientOrderId cancelRestrictions startTime endTime limit fromId recvWindow omitZeroBalances symbols
    interval timestamp signature unknown
""".split()  # noqa: SIM905 -- a list would fill a page
WORDS = """
    BTCUSDT ETHUSDT NOPE BUY SELL LIMIT MARKET LIMIT_MAKER STOP_LOSS STOP_LOSS_LIMIT TAKE_PROFIT TAKE_PROFIT_LIMIT GTC
    IOC FOK GTX ACK RESULT FULL STOP_ON_FAILURE ALLOW_FAILURE ONLY_NEW 1m 1h true NONE a-name 0 1 2 3 5 10 1000 1001
    0.001 0.01 1e9 -1 NaN 65000 64000.5 66000 50000 99999999999999999999 0.00000001 0.000000001 %F0 é ["BTCUSDT"]
""".split()  # noqa: SIM905 -- a list would fill a page
PATHS = """
    order order/test order/cancelReplace openOrders allOrders myTrades account depth klines trades aggTrades
    exchangeInfo ticker/24hr ticker/price ticker/bookTicker ping time nothing
""".split()  # noqa: SIM905 -- a list would fill a page

texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))
pairs = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), st.text(max_size=4)), texts), max_size=9)
asked = st.tuples(st.sampled_from(["GET", "POST", "DELETE", "PUT"]), st.sampled_from(PATHS), pairs)

sides, prices = (
    st.sampled_from(["BUY", "SELL"]),
    st.sampled_from(["50000", "65300", "65310.5", "65330", "65400", "80000"]),
)
amounts = st.sampled_from(["0.001", "0.02", "0.0005", "3", "0.00001"])
limits = st.tuples(sides, amounts, prices, st.sampled_from(["GTC", "IOC", "FOK"])).map(
    lambda drawn: dict(zip(("side", "quantity", "price", "timeInForce"), drawn, strict=True)) | {"type": "LIMIT"}
)
markets = st.tuples(sides, amounts).map(lambda drawn: {"side": drawn[0], "quantity": drawn[1], "type": "MARKET"})
makers = st.tuples(sides, amounts, prices).map(
    lambda drawn: dict(zip(("side", "quantity", "price"), drawn, strict=True)) | {"type": "LIMIT_MAKER"}
)
stops = st.tuples(sides, amounts, prices, st.sampled_from(["STOP_LOSS", "TAKE_PROFIT"])).map(
    lambda drawn: dict(zip(("side", "quantity", "stopPrice", "type"), drawn, strict=True))
)
orders = st.one_of(limits, markets, makers, stops).map(lambda terms: ("POST", "order", terms))
places = st.integers(0, 4)
cancels = places.map(lambda place: ("DELETE", "order", {"orderId": place}))
replaced = st.tuples(limits, places, st.sampled_from(["STOP_ON_FAILURE", "ALLOW_FAILURE"])).map(
    lambda drawn: ("POST", "order/cancelReplace", drawn[0] | {"cancelOrderId": drawn[1], "cancelReplaceMode": drawn[2]})
)
deeds = st.one_of(orders, orders, cancels, replaced, st.just(("DELETE", "openOrders", {})))


class Called:
    """The application without a network; each example trades on an account of its own."""

    def __init__(self, state: Path) -> None:
        self._now, self._made = NOW, 0
        books, self._accounts = MemoryBooks(), Accounts(secrets_of(state, "h"))
        self._account = DEFAULT
        self.world = PaperWorld(seed=7, books=books, clock=VirtualClock(START))
        self._app = ExchangeApp(self.world, books=books, own=MemoryBooks(), accounts=self._accounts, wall=self.wall)

    def begin(self) -> None:
        self._made += 1
        self._account = self._accounts.add(f"example-{self._made}")

    @property
    def exchange(self) -> Exchange:
        return self.world.venues["paper-a"].exchange

    def wall(self) -> int:
        return self._now

    def signed(self, method: str, path: str, params: list[tuple[str, str]]) -> tuple[int, Any]:
        self._now += 200  # so that no limit is met
        query = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in params)
        query += f"{'&' if query else ''}timestamp={self._now}"
        query += "&signature=" + hmac.new(self._account.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return self.send(method, path, query)

    def send(self, method: str, path: str, text: str) -> tuple[int, Any]:
        query, body = ("", text) if method == "POST" else (text, "")
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body.encode(), "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": f"/venues/a/api/v3/{path}",
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), (b"x-mbx-apikey", self._account.key.encode())],
            "client": ("127.0.0.1", 1),
        }
        asyncio.run(self._app(scope, receive, send))
        return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Called:
    return Called(tmp_path_factory.mktemp("fuzz"))


@given(requests=st.lists(asked, max_size=12))
@settings(max_examples=50, deadline=None)
def test_any_request_gets_an_answer_in_binances_form(called: Called, requests: Any) -> None:
    called.begin()
    for method, path, params in requests:
        status, body = called.signed(method, path, params)
        assert status < 500
        assert status == 200 or {"code", "msg"} <= set(body)
    called.exchange.ledger.verify()


@given(text=st.text(max_size=60), method=st.sampled_from(["GET", "POST", "DELETE"]), path=st.sampled_from(PATHS))
@settings(max_examples=50, deadline=None)
def test_any_bytes_get_an_answer_in_binances_form(called: Called, text: str, method: str, path: str) -> None:
    status, body = called.send(method, path, text)
    assert status < 500
    assert status == 200 or {"code", "msg"} <= set(body)


@given(requests=st.lists(deeds, min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_what_is_refused_changes_nothing_and_the_ledger_balances(called: Called, requests: Any) -> None:
    called.begin()
    for method, path, params in requests:
        before = _standing(called)
        status, body = called.signed(method, path, [("symbol", "BTCUSDT"), *_named(params, before[1])])
        assert status in {200, 400, 409}, body
        if status == 400:
            assert _standing(called) == before
    called.exchange.ledger.verify()


def _named(params: dict[str, Any], made: list[Any]) -> list[tuple[str, str]]:
    """Return parameters with the id of an order in place of its place among those of the account."""
    ids = [str(order["orderId"]) for order in made] or ["1"]
    return [(name, ids[value % len(ids)] if isinstance(value, int) else value) for name, value in params.items()]


def _standing(called: Called) -> Any:
    """Return everything the account has: balances, orders and trades."""
    balances = called.signed("GET", "account", [])[1]["balances"]
    return [balances, *(called.signed("GET", path, [("symbol", "BTCUSDT")])[1] for path in ("allOrders", "myTrades"))]
