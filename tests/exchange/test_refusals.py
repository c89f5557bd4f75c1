"""The exact codes, texts and HTTP statuses of what is refused, and that nothing is done then."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.exchange.conftest import Trader, wall

Make = Callable[..., Trader]

GOOD = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.001",
    "price": "50000",
}
STOP = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.001", "stopPrice": "30000"}
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}

ORDERS: list[tuple[dict[str, Any], int, str]] = [
    (GOOD | {"symbol": "NOPEUSDT"}, -1121, "Invalid symbol."),
    (
        GOOD | {"symbol": "btcusdt"},
        -1100,
        "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'.",
    ),
    (GOOD | {"side": "HOLD"}, -1117, "Invalid side."),
    (GOOD | {"type": "GUESS"}, -1116, "Invalid orderType."),
    (GOOD | {"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
    (GOOD | {"quantity": ""}, -1105, "Parameter 'quantity' was empty."),
    (GOOD | {"symbol": ""}, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
    (
        {name: value for name, value in GOOD.items() if name != "side"},
        -1102,
        "Mandatory parameter 'side' was not sent, was empty/null, or malformed.",
    ),
    (
        {name: value for name, value in GOOD.items() if name != "price"},
        -1102,
        "Mandatory parameter 'price' was not sent, was empty/null, or malformed.",
    ),
    (
        {name: value for name, value in GOOD.items() if name != "timeInForce"},
        -1102,
        "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed.",
    ),
    (
        {name: value for name, value in STOP.items() if name != "stopPrice"},
        -1102,
        "Mandatory parameter 'stopPrice' was not sent, was empty/null, or malformed.",
    ),
    (
        {name: value for name, value in MARKET.items() if name != "quantity"},
        -1102,
        "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
    ),
    (MARKET | {"quoteOrderQty": "100"}, -1128, "Combination of optional parameters invalid."),
    (MARKET | {"price": "50000"}, -1106, "Parameter 'price' sent when not required."),
    (MARKET | {"timeInForce": "GTC"}, -1106, "Parameter 'timeInForce' sent when not required."),
    (GOOD | {"stopPrice": "50000"}, -1106, "Parameter 'stopPrice' sent when not required."),
    (GOOD | {"leverage": "20"}, -1104, "Not all sent parameters were read; read '8' parameter(s) but was sent '9'."),
    (
        GOOD | {"quantity": "-0.001"},
        -1100,
        r"Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'.",
    ),
    (
        GOOD | {"price": "NaN"},
        -1100,
        r"Illegal characters found in parameter 'price'; legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'.",
    ),
    (
        GOOD | {"newClientOrderId": "with space"},
        -1100,
        r"Illegal characters found in parameter 'newClientOrderId'; legal range is '^[\.A-Z\:/a-z0-9_-]{1,36}$'.",
    ),
    (GOOD | {"price": "50000.123456789"}, -1111, "Parameter 'price' has too much precision."),
    (GOOD | {"price": "50000.001"}, -1013, "Filter failure: PRICE_FILTER"),
    (GOOD | {"price": "0"}, -1013, "Filter failure: PRICE_FILTER"),
    (GOOD | {"price": "99999999999999999999"}, -1013, "Filter failure: PRICE_FILTER"),
    (STOP | {"stopPrice": "30000.001"}, -1013, "Filter failure: PRICE_FILTER"),
    (GOOD | {"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
    (GOOD | {"quantity": "0"}, -1013, "Filter failure: LOT_SIZE"),
    (GOOD | {"quantity": "0.00001"}, -1013, "Filter failure: NOTIONAL"),
    (MARKET | {"quantity": "0.00001"}, -1013, "Filter failure: NOTIONAL"),
    (GOOD | {"quantity": "100"}, -2010, "Account has insufficient balance for requested action."),
    (MARKET | {"side": "SELL", "quantity": "1"}, -2010, "Account has insufficient balance for requested action."),
    (
        {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.001", "price": "90000"},
        -2010,
        "Order would immediately match and take.",
    ),
    (STOP | {"stopPrice": "90000"}, -2010, "Stop price would trigger immediately."),
    (GOOD | {"icebergQty": "0.0005"}, -2010, "Iceberg orders are not supported for this symbol."),
    (STOP | {"trailingDelta": "100"}, -2010, "Trailing stop orders are not supported for this symbol."),
    (
        GOOD | {"selfTradePreventionMode": "EXPIRE_BOTH"},
        -1130,
        "Data sent for parameter 'selfTradePreventionMode' is not valid.",
    ),
    (GOOD | {"newOrderRespType": "MOST"}, -1130, "Data sent for parameter 'newOrderRespType' is not valid."),
    (GOOD | {"recvWindow": "60001"}, -1131, "recvWindow must be less than 60000"),
    (
        GOOD | {"timestamp": "soon"},
        -1100,
        "Illegal characters found in parameter 'timestamp'; legal range is '^[0-9]{1,18}$'.",
    ),
]


@pytest.mark.parametrize(("terms", "code", "text"), ORDERS, ids=[f"{code} {text[:48]}" for _, code, text in ORDERS])
def test_an_order_is_refused_in_binances_words_and_nothing_is_done(
    trader: Make, terms: dict[str, Any], code: int, text: str
) -> None:
    one = trader()
    before = one.signed("GET", "account").body["balances"]
    assert one.signed("POST", "order", **terms).error == (400, code, text)
    assert one.signed("GET", "account").body["balances"] == before
    assert one.signed("GET", "allOrders", symbol="BTCUSDT").body == []


OTHERS: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "order", {"symbol": "BTCUSDT", "orderId": 999_999}, -2013, "Order does not exist."),
    ("GET", "order", {"symbol": "BTCUSDT", "origClientOrderId": "never"}, -2013, "Order does not exist."),
    ("DELETE", "order", {"symbol": "BTCUSDT", "orderId": 999_999}, -2011, "Unknown order sent."),
    (
        "DELETE",
        "order",
        {"symbol": "BTCUSDT"},
        -1102,
        "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
    ),
    ("DELETE", "openOrders", {"symbol": "BTCUSDT"}, -2011, "Unknown order sent."),
    ("GET", "openOrders", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
    ("GET", "myTrades", {"symbol": "BTCUSDT", "limit": "0"}, -1130, "Data sent for parameter 'limit' is not valid."),
    (
        "GET",
        "allOrders",
        {"symbol": "BTCUSDT", "startTime": 1, "endTime": 86_400_002},
        -1127,
        "More than 24 hours between startTime and endTime.",
    ),
    (
        "POST",
        "order/cancelReplace",
        GOOD | {"cancelReplaceMode": "MAYBE", "cancelOrderId": 1},
        -1130,
        "Data sent for parameter 'cancelReplaceMode' is not valid.",
    ),
]


@pytest.mark.parametrize(("method", "path", "params", "code", "text"), OTHERS)
def test_what_an_account_asks_is_refused_in_binances_words(
    trader: Make, method: str, path: str, params: dict[str, Any], code: int, text: str
) -> None:
    assert trader().signed(method, path, **params).error == (400, code, text)


PUBLIC: list[tuple[str, dict[str, Any], int, str]] = [
    ("ping", {"loud": 1}, -1101, "Too many parameters; expected '0' and received '1'."),
    ("depth", {}, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
    ("depth", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
    ("depth", {"symbol": "BTCUSDT", "limit": "0"}, -1130, "Data sent for parameter 'limit' is not valid."),
    ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120, "Invalid interval."),
    (
        "ticker/price",
        {"symbol": "BTCUSDT", "symbols": '["ETHUSDT"]'},
        -1128,
        "Combination of optional parameters invalid.",
    ),
]


@pytest.mark.parametrize(("path", "params", "code", "text"), PUBLIC)
def test_what_anybody_asks_is_refused_in_binances_words(
    trader: Make, path: str, params: dict[str, Any], code: int, text: str
) -> None:
    assert trader().get(path, **params).error == (400, code, text)


def test_a_parameter_that_is_sent_twice_is_refused(trader: Make) -> None:
    one = trader()
    signed = one.sign(symbol="BTCUSDT", side="BUY")
    query = f"symbol=ETHUSDT&{signed.partition('&signature')[0]}"
    answer = one.send_signed("POST", "/venues/a/api/v3/order", f"{query}&signature={one.signature(query)}")
    assert answer.error == (400, -1101, "Duplicate values for parameter 'symbol'.")


@pytest.mark.parametrize(
    ("key", "status", "code", "text"),
    [
        (None, 401, -2014, "API-key format invalid."),
        ("short", 401, -2014, "API-key format invalid."),
        ("with blanks in the key", 401, -2014, "API-key format invalid."),
        ("x" * 64, 401, -2015, "Invalid API-key, IP, or permissions for action."),
    ],
)
def test_a_key_that_opens_nothing_is_refused(trader: Make, key: str | None, status: int, code: int, text: str) -> None:
    one = trader()
    headers = {} if key is None else {"X-MBX-APIKEY": key}
    assert one.send("GET", "/venues/a/api/v3/account", one.sign(), "", headers).error == (status, code, text)


def test_the_signature_is_checked_over_the_bytes_in_the_order_they_came(trader: Make) -> None:
    one = trader()
    wrong = (400, -1022, "Signature for this request is not valid.")
    good = urlencode({"symbol": "BTCUSDT", "timestamp": wall()})
    shuffled = "&".join(reversed(good.split("&")))
    path = "/venues/a/api/v3/openOrders"
    assert one.send_signed("GET", path, f"{good}&signature={one.signature(good)}").status == 200
    assert one.send_signed("GET", path, f"{shuffled}&signature={one.signature(good)}").error == wrong
    assert one.send_signed("GET", path, f"signature={one.signature(good)}&{good}").error == wrong
    assert one.send_signed("GET", path, f"{good}&signature=0").error == wrong
    encoded = good.replace("BTCUSDT", "BTC%55SDT")
    assert one.send_signed("GET", path, f"{encoded}&signature={one.signature(good)}").error == wrong
    assert one.send_signed("GET", path, f"{encoded}&signature={one.signature(encoded)}").status == 200


def test_query_and_body_are_signed_as_one(trader: Make) -> None:
    one = trader()
    query, body = (
        urlencode({"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}),
        f"quantity=0.001&timestamp={wall()}",
    )
    signed = f"{body}&signature={one.signature(query + body)}"
    answer = one.send("POST", "/venues/a/api/v3/order", query, signed, {"X-MBX-APIKEY": one.account.key})
    assert (answer.status, answer.body["status"]) == (200, "FILLED")


@pytest.mark.parametrize(
    ("away", "window", "text"),
    [
        (-6_000, 5_000, "Timestamp for this request is outside of the recvWindow."),
        (-70_000, 60_000, "Timestamp for this request is outside of the recvWindow."),
        (+30_000, 5_000, "Timestamp for this request was 1000ms ahead of the server's time."),
    ],
)
def test_a_request_holds_only_for_its_window_of_wall_time(trader: Make, away: int, window: int, text: str) -> None:
    answer = trader().signed("POST", "order", **MARKET, timestamp=wall() + away, recvWindow=window)
    assert answer.error == (400, -1021, text)


@pytest.mark.parametrize("missing", ["timestamp", "signature"])
def test_a_signed_request_names_what_is_missing(trader: Make, missing: str) -> None:
    one = trader()
    query = "symbol=BTCUSDT" if missing == "timestamp" else f"timestamp={wall()}"
    signed = f"{query}&signature={one.signature(query)}" if missing == "timestamp" else query
    text = f"Mandatory parameter '{missing}' was not sent, was empty/null, or malformed."
    assert one.send_signed("GET", "/venues/a/api/v3/openOrders", signed).error == (400, -1102, text)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/venues/d/api/v3/ping", 404),
        ("GET", "/venues/a/api/v3/nothing", 404),
        ("GET", "/api/v3/ping", 404),
        ("GET", "/", 404),
        ("PUT", "/venues/a/api/v3/order", 405),
        ("POST", "/venues/a/api/v3/ping", 405),
    ],
)
def test_what_is_not_served_is_not_found(trader: Make, method: str, path: str, status: int) -> None:
    assert trader().send(method, path).status == status


def test_a_request_that_is_too_long_is_refused_before_it_is_read(trader: Make) -> None:
    one = trader()
    too_many = (-1101, "Too many parameters sent for this endpoint.")
    assert one.send("GET", "/venues/a/api/v3/depth", "symbol=" + "B" * 9_000).error == (414, *too_many)
    assert one.send("POST", "/venues/a/api/v3/order", "", "symbol=" + "B" * 9_000).error == (413, *too_many)


def test_a_name_that_is_not_of_this_machine_gets_nothing(trader: Make) -> None:
    answer = trader().send("GET", "/venues/a/api/v3/ping", headers={"Host": "attacker.example"})
    assert answer.error == (403, -1002, "You are not authorized to execute this request.")


def test_weight_is_counted_by_address_and_ends_in_429(trader: Make) -> None:
    one = trader(source="127.0.0.9")
    depth = "/venues/a/api/v3/depth"
    answers = [one.send("GET", depth, "limit=5000") for _ in range(1)]
    while answers[-1].status != 429 and len(answers) < 500:  # 240 reach the limit, unless a minute ends on the way
        answers.append(one.send("GET", depth, "limit=5000"))
    assert int(answers[0].headers["x-mbx-used-weight-1m"]) == 250
    assert answers[-1].body["code"] == -1003
    assert answers[-1].body["msg"] == (
        "Too much request weight used; current limit is 60000 request weight per 1 MINUTE. Please use WebSocket"
        " Streams for live updates to avoid polling the API."
    )
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert trader(source="127.0.0.10").send("GET", depth, "symbol=BTCUSDT").status == 200
