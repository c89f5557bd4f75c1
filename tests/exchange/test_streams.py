"""Market streams and the WebSocket API, spoken without a client library of the exchange."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.exchange.conftest import Running, Trader, wall

Make = Callable[..., Trader]
Open = Callable[..., "Wire"]
PATIENCE = 20.0


class Wire:
    """A connection that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._asked = 0

    def send(self, text: str) -> Any:
        self._connection.send(text)
        return self.next()

    def next(self) -> Any:
        return json.loads(self._connection.recv(PATIENCE))

    def command(self, method: str, *params: str) -> Any:
        self._asked += 1
        message = {"method": method, "id": self._asked, **({"params": params} if params else {})}
        self._connection.send(json.dumps(message))
        while "id" not in (answer := self.next()):
            pass
        return answer

    def ask(self, method: str, **params: object) -> Any:
        self._asked += 1
        return self.send(json.dumps({"id": f"q{self._asked}", "method": method, "params": params}))

    def signed(self, one: Trader, method: str, **params: object) -> Any:
        params = {"apiKey": one.account.key, "timestamp": wall(), **params}
        text = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
        return self.ask(method, **params, signature=one.signature(text))


@pytest.fixture
def opened(exchange: Running) -> Iterator[Open]:
    with ExitStack() as wires:

        def _opened(path: str, **options: Any) -> Wire:
            address = f"{exchange.address.replace('http', 'ws')}{path}"
            return Wire(wires.enter_context(connect(address, proxy=None, **options)))

        yield _opened


def test_streams_are_subscribed_listed_and_left(opened: Open) -> None:
    wire = opened("/venues/a/ws")
    assert wire.command("SUBSCRIBE", "btcusdt@trade", "ethusdt@depth@100ms") == {"result": None, "id": 1}
    assert wire.command("LIST_SUBSCRIPTIONS") == {"result": ["btcusdt@trade", "ethusdt@depth@100ms"], "id": 2}
    assert wire.command("UNSUBSCRIBE", "btcusdt@trade", "never@heard") == {"result": None, "id": 3}
    assert wire.command("LIST_SUBSCRIPTIONS")["result"] == ["ethusdt@depth@100ms"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 3),
        ("[]", 2),
        ('{"method": "SHOUT", "id": 1}', 2),
        ('{"method": "SUBSCRIBE", "id": 1}', 2),
        ('{"method": "SUBSCRIBE", "params": [1], "id": 1}', 2),
        ('{"method": "SUBSCRIBE", "params": ["btcusdt@depth", "btcusdt@nothing"], "id": 1}', 2),
        ('{"method": "SUBSCRIBE", "params": ["BTCUSDT@trade"], "id": 1}', 2),
        ("[" * 10_000, 3),
    ],
)
def test_a_command_that_is_none_is_answered_and_changes_nothing(opened: Open, text: str, code: int) -> None:
    wire = opened("/venues/a/ws")
    assert wire.send(text)["error"]["code"] == code
    assert wire.command("LIST_SUBSCRIPTIONS")["result"] == []


def test_a_state_is_told_at_once_raw_or_with_its_name(opened: Open) -> None:
    raw = opened("/venues/a/ws/btcusdt@bookTicker").next()
    assert Decimal(raw["b"]) < Decimal(raw["a"])
    wrapped = opened("/venues/a/stream")
    wrapped.command("SUBSCRIBE", "btcusdt@miniTicker")
    several = opened("/venues/a/stream?streams=btcusdt@ticker/ethusdt@kline_1h")
    told = {message["stream"]: message["data"] for message in (several.next(), several.next())}
    assert told["btcusdt@ticker"]["e"] == "24hrTicker"
    assert (told["ethusdt@kline_1h"]["k"]["i"], told["ethusdt@kline_1h"]["k"]["x"]) == ("1h", True)


def test_depth_updates_lead_from_one_snapshot_to_the_next(opened: Open, trader: Make) -> None:
    one = trader(venue="b")
    wire = opened("/venues/b/ws/btcusdt@depth@100ms")
    wire.command("LIST_SUBSCRIPTIONS")
    book = one.get("depth", symbol="BTCUSDT", limit=5000).body
    known = {side: dict(map(tuple, book[side])) for side in ("bids", "asks")}
    one.limit("BUY", "0.001", Decimal(book["bids"][0][0]) - 1)
    one.order(side="BUY", type="MARKET", quantity="0.003")
    reached, wanted = book["lastUpdateId"], one.get("depth", symbol="BTCUSDT", limit=5000).body
    while reached < wanted["lastUpdateId"]:
        update = wire.next()
        if update["u"] <= reached:
            continue
        assert update["U"] <= reached + 1
        reached = update["u"]
        for side, key in (("bids", "b"), ("asks", "a")):
            known[side].update(map(tuple, update[key]))
    for side in ("bids", "asks"):
        assert {level: amount for level, amount in known[side].items() if Decimal(amount)} == dict(
            map(tuple, wanted[side])
        )
    one.signed("DELETE", "openOrders", symbol="BTCUSDT")


def test_trades_and_candles_come_when_the_world_moves(exchange: Running, opened: Open) -> None:
    wire = opened("/venues/a/stream")
    wire.command("SUBSCRIBE", "btcusdt@trade", "btcusdt@aggTrade", "btcusdt@kline_1m")
    exchange.advance(1)
    seen: set[str] = set()
    while seen < {"trade", "aggTrade", "kline"}:
        seen.add(wire.next()["data"]["e"])


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/venues/d/ws", {}),
        ("/venues/a/ws/btcusdt@nothing", {}),
        ("/venues/a/stream?streams=nothing", {}),
        ("/venues/a/other", {}),
        ("/venues/a/ws-api/v3", {"origin": "https://attacker.example"}),
        ("/venues/a/ws", {"origin": "https://attacker.example"}),
    ],
)
def test_pages_and_unknown_paths_get_no_connection(opened: Open, path: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(path, **options)
    assert refused.value.response.status_code == 403


def test_the_websocket_api_places_looks_up_and_cancels(opened: Open, trader: Make) -> None:
    one, wire = trader(), opened("/venues/a/ws-api/v3")
    assert wire.ask("ping")["result"] == {}
    assert abs(wire.ask("time")["result"]["serverTime"] - wall()) < 60_000
    terms = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    placed = wire.signed(one, "order.place", **terms, quantity="0.001", price="50000")
    assert (placed["status"], placed["result"]["status"]) == (200, "NEW")
    assert {limit["rateLimitType"] for limit in placed["rateLimits"]} == {"REQUEST_WEIGHT", "ORDERS"}
    named = {"symbol": "BTCUSDT", "orderId": placed["result"]["orderId"]}
    assert wire.signed(one, "order.status", **named)["result"]["status"] == "NEW"
    assert wire.signed(one, "account.status")["result"]["balances"][0]["locked"] == "50.05000000"
    assert wire.signed(one, "order.cancel", **named)["result"]["status"] == "CANCELED"
    assert wire.signed(one, "order.cancel", **named)["error"] == {"code": -2011, "msg": "Unknown order sent."}


def test_the_websocket_api_refuses_as_rest_does(opened: Open, trader: Make) -> None:
    one, wire = trader(), opened("/venues/a/ws-api/v3")

    def code(answer: Any) -> tuple[int, int]:
        return answer["status"], answer["error"]["code"]

    assert code(wire.send("{")) == (400, -1135)
    assert code(wire.send('{"id": 1, "method": "ping", "params": {"a": 1, "a": 2}}')) == (400, -1101)
    assert code(wire.ask("order.fill")) == (400, -1020)
    assert code(wire.ask("ping", loud="yes")) == (400, -1101)
    assert code(wire.ask("depth", symbol=["BTCUSDT"])) == (400, -1130)
    assert code(wire.ask("account.status")) == (400, -1102)
    assert code(wire.ask("account.status", apiKey="x" * 64)) == (401, -2015)
    assert code(wire.ask("account.status", apiKey=one.account.key, timestamp=wall(), signature="0")) == (400, -1022)
    assert code(wire.signed(one, "account.status", timestamp=wall() - 9_000)) == (400, -1021)
    assert wire.send('{"id": 7, "method": "ping", "params": {"returnRateLimits": false}}') == {
        "id": 7,
        "status": 200,
        "result": {},
    }


def test_an_account_is_told_each_step_of_its_orders_and_what_it_has_then(opened: Open, trader: Make) -> None:
    one, other, wire = trader(venue="c"), trader(venue="c"), opened("/venues/c/ws-api/v3")
    assert wire.signed(one, "userDataStream.subscribe.signature")["result"] == {"subscriptionId": 0}
    price = Decimal(one.get("ticker/bookTicker", symbol="BTCUSDT").body["bidPrice"]) + Decimal("0.01")
    sold = one.limit("SELL", "0.02", price).body["orderId"]
    other.order(side="BUY", type="MARKET", quantity="0.015")
    one.signed("DELETE", "order", symbol="BTCUSDT", orderId=sold)
    other.limit("BUY", "0.001", "50000")
    events = [wire.next() for _ in range(6)]
    assert {event["subscriptionId"] for event in events} == {0}
    told = [event["event"] for event in events]
    assert [event["e"] for event in told] == ["executionReport", "outboundAccountPosition"] * 3
    reports = told[::2]
    assert [(event["x"], event["X"], event["l"], event["z"]) for event in reports] == [
        ("NEW", "NEW", "0.00000000", "0.00000000"),
        ("TRADE", "PARTIALLY_FILLED", "0.01500000", "0.01500000"),
        ("CANCELED", "CANCELED", "0.00000000", "0.01500000"),
    ]
    assert (reports[1]["m"], reports[1]["L"], reports[1]["i"]) == (True, f"{price:.8f}", sold)
    assert {"a": "BTC", "f": "0.03500000", "l": "0.00000000"} in told[-1]["B"]
    assert wire.ask("userDataStream.unsubscribe", subscriptionId=0)["result"] == {}
    one.order(side="BUY", type="MARKET", quantity="0.001")
    assert wire.ask("ping")["result"] == {}


def test_a_market_order_that_ends_at_once_is_told_from_new_to_its_last_fill(opened: Open, trader: Make) -> None:
    one, wire = trader(), opened("/venues/a/ws-api/v3")
    wire.signed(one, "userDataStream.subscribe.signature")
    one.order(side="BUY", type="MARKET", quantity="0.001")
    one.order(side="BUY", type="LIMIT", timeInForce="IOC", quantity="0.001", price="50000")
    steps = []
    while steps[-1:] != ["EXPIRED"]:
        event = wire.next()["event"]
        if event["e"] == "executionReport":
            steps.append(event["X"])
    assert (steps[0], steps[-3:]) == ("NEW", ["FILLED", "NEW", "EXPIRED"])
