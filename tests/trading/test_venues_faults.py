"""A venue that is down, slow, busy or talks nonsense: a typed error, no key in it, and no order nobody knows of."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from company.errors import (
    BadSymbol,
    DuplicateOrder,
    InsufficientFunds,
    InvalidOrder,
    OrderNotFound,
    RequestTimeout,
    UsageError,
    VenueError,
)
from company.trading.answers import answer
from company.trading.venues import CcxtVenue
from company.trading.venues.client import Waiting
from tests.trading.scripted import ACCOUNT, INFO, TICKER, Asked, Says, order
from tests.trading.venue_fixtures import KEYS, venue_and_server, venue_at

Call = Callable[[CcxtVenue], Awaitable[Any]]


def place(venue: CcxtVenue) -> Awaitable[Any]:
    return venue.create_order("BTC/USDT", "limit", "buy", "0.01", "65000.01", {"clientOrderId": "k1"})


def cancel(venue: CcxtVenue) -> Awaitable[Any]:
    return venue.cancel_order("28", "BTC/USDT")


def read(venue: CcxtVenue) -> Awaitable[Any]:
    return venue.fetch_balance()


PATHS = {read: "GET /api/v3/account", place: "POST /api/v3/order", cancel: "DELETE /api/v3/order"}


@pytest.mark.parametrize("call", [place, cancel])
@pytest.mark.parametrize(
    "says",
    [
        Says("busy", 500),
        Says("busy", 502),
        Says("busy", 503),
        Says("gone", 404),
        Says("<html>no</html>", 200, {"Content-Type": "text/html"}),
        Says('{"orderId": 28, "sym'),
        Says(""),
        Says("[]"),
        Says("7"),
        Says("{}"),
        Says("null"),
        Says(drops=True),
        Says('{"orderId": 28}', headers={"Content-Length": "999"}, ends=True),
        Says({"code": -1006, "msg": "Execution status unknown."}, 400),
        Says({"code": -1007, "msg": "Timeout waiting for response from backend server."}, 400),
    ],
)
async def test_an_order_without_a_usable_answer_has_an_unknown_outcome(call: Call, says: Says) -> None:
    async with venue_and_server() as (venue, server):
        server.says[PATHS[call]] = says

        with pytest.raises(RequestTimeout):
            await call(venue)

    assert server.paths().count(PATHS[call]) == 1, "nothing is sent twice"


@pytest.mark.parametrize("call", [read, place, cancel])
async def test_a_venue_that_does_not_answer_in_time_is_a_time_out(call: Call) -> None:
    async with venue_and_server() as (venue, server):
        await venue.load_markets()
        venue._client.timeout = 50  # milliseconds; what is asked now is never answered
        server.says[PATHS[call]] = Says(never=True)

        with pytest.raises(RequestTimeout, match="near: RequestTimeout"):
            await call(venue)

    assert server.paths().count(PATHS[call]) == 1


@pytest.mark.parametrize("call", [read, place, cancel])
async def test_a_venue_that_is_down_had_no_effect_and_may_be_asked_again(call: Call) -> None:
    async with venue_and_server() as (venue, server):
        await venue.load_markets()
        server.says["GET /api/v3/account"] = Says(ACCOUNT, headers={"Connection": "close"})
        await venue.fetch_balance()
        gone = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = gone.sockets[0].getsockname()[1]
        gone.close()
        await gone.wait_closed()
        venue._client.urls["api"] = dict.fromkeys(venue._client.urls["api"], f"http://127.0.0.1:{port}/api/v3")

        with pytest.raises(VenueError, match="near cannot be reached: ClientConnectorError") as raised:
            await call(venue)

    assert raised.value.retryable
    assert not isinstance(raised.value, RequestTimeout)


@pytest.mark.parametrize("status", [418, 429])
@pytest.mark.parametrize("call", [read, place, cancel])
async def test_a_venue_that_wants_to_be_left_alone_is_left_alone(call: Call, status: int) -> None:
    async with venue_and_server() as (venue, server):
        now = [100.0]
        venue._waiting = Waiting("near", lambda: now[0])
        await venue.load_markets()
        busy = {"code": -1003, "msg": "Too many requests."}
        server.says[PATHS[call]] = Says(busy, status, {"Retry-After": "17"})
        with pytest.raises(VenueError, match="Too many requests") as raised:
            await call(venue)
        assert raised.value.retryable
        assert not isinstance(raised.value, RequestTimeout)
        asked = len(server.asked)

        now[0] += 16
        with pytest.raises(VenueError, match="near asked to be left alone for another 1 s") as again:
            await venue.fetch_ticker("BTC/USDT")
        assert again.value.retryable
        assert len(server.asked) == asked
        now[0] += 1
        assert (await venue.fetch_ticker("BTC/USDT"))["last"] == "65000.00"


@pytest.mark.parametrize("told", ["", "soon", "-5", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_wish_that_is_no_number_of_seconds_stops_nothing(told: str) -> None:
    async with venue_and_server() as (venue, server):
        server.says["GET /api/v3/account"] = Says("no", 429, {"Retry-After": told})
        with pytest.raises(VenueError):
            await venue.fetch_balance()

        assert await venue.fetch_ticker("BTC/USDT")


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (-2010, "Account has insufficient balance for requested action.", InsufficientFunds),
        (-2010, "Duplicate order sent.", DuplicateOrder),
        (-1013, "Filter failure: NOTIONAL", InvalidOrder),
        (-1013, "Filter failure: MARKET_LOT_SIZE", InvalidOrder),
        (-1013, "Filter failure: LOT_SIZE", InvalidOrder),
        (-1013, "Filter failure: PRICE_FILTER", InvalidOrder),
        (-1121, "Invalid symbol.", BadSymbol),
        (-2013, "Order does not exist.", OrderNotFound),
        (-2011, "Unknown order sent.", OrderNotFound),
        (-1022, "Signature for this request is not valid.", VenueError),
        (-2008, "Invalid Api-Key ID.", VenueError),
    ],
)
async def test_a_refusal_keeps_its_meaning(code: int, text: str, kind: type[VenueError]) -> None:
    async with venue_and_server() as (venue, server):
        server.says["POST /api/v3/order"] = Says({"code": code, "msg": text}, 400)

        with pytest.raises(VenueError) as raised:
            await place(venue)

    assert type(raised.value) is kind
    assert not isinstance(raised.value, RequestTimeout)


@pytest.mark.parametrize(
    "says",
    [Says("busy", 500), Says('{"bal'), Says("[]"), Says("7"), Says("null"), Says(""), Says(drops=True)],
)
async def test_a_balance_that_cannot_be_read_is_an_error_and_no_balance(says: Says) -> None:
    async with venue_and_server() as (venue, server):
        server.says["GET /api/v3/account"] = says

        with pytest.raises(VenueError):
            await venue.fetch_balance()


@pytest.mark.parametrize(
    ("path", "says", "call"),
    [
        ("GET /api/v3/openOrders", Says({}), lambda venue: venue.fetch_open_orders()),
        ("GET /api/v3/openOrders", Says([7]), lambda venue: venue.fetch_open_orders()),
        ("GET /api/v3/openOrders", Says([{}]), lambda venue: venue.fetch_open_orders()),
        ("GET /api/v3/myTrades", Says({"a": 1}), lambda venue: venue.fetch_my_trades("BTC/USDT")),
        ("GET /api/v3/order", Says([]), lambda venue: venue.fetch_order("28", "BTC/USDT")),
        ("GET /api/v3/order", Says({}), lambda venue: venue.fetch_order("28", "BTC/USDT")),
        ("GET /api/v3/depth", Says({"bids": 7, "asks": []}), lambda venue: venue.fetch_order_book("BTC/USDT")),
        (
            "GET /api/v3/depth",
            Says({"bids": [["x", "y"]], "asks": []}),
            lambda venue: venue.fetch_order_book("BTC/USDT"),
        ),
        ("GET /api/v3/klines", Says([["x"] * 12]), lambda venue: venue.fetch_ohlcv("BTC/USDT")),
        ("GET /api/v3/klines", Says([[1, None, None, None, None, None]]), lambda venue: venue.fetch_ohlcv("BTC/USDT")),
        ("GET /api/v3/exchangeInfo", Says([]), lambda venue: venue.load_markets()),
        ("GET /api/v3/exchangeInfo", Says({"symbols": [{"symbol": 5}]}), lambda venue: venue.load_markets()),
    ],
)
async def test_an_answer_of_another_form_is_an_error(path: str, says: Says, call: Call) -> None:
    async with venue_and_server() as (venue, server):
        if "exchangeInfo" not in path:
            await venue.load_markets()
        server.says[path] = says

        with pytest.raises((VenueError, UsageError)):
            await call(venue)


async def test_a_venue_that_failed_can_be_asked_again() -> None:
    async with venue_and_server() as (venue, server):
        server.says["GET /api/v3/exchangeInfo"] = Says("busy", 500)
        with pytest.raises(VenueError):
            await venue.load_markets()

        server.says["GET /api/v3/exchangeInfo"] = Says(INFO)
        assert list(await venue.load_markets()) == ["BTC/USDT"]


def repeats_what_it_was_sent(asked: Asked) -> Says:
    """An exchange that shows in its error everything it was given."""
    return Says(f"bad request: {asked.path} {asked.body} {dict(asked.headers)} {KEYS.secret} {KEYS.passphrase}", 500)


@pytest.mark.parametrize("call", [read, place, cancel])
async def test_no_key_and_no_signature_is_in_an_error(call: Call, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with venue_and_server() as (venue, server):
        server.says[PATHS[call]] = repeats_what_it_was_sent
        with pytest.raises(VenueError) as raised:
            await answer("near", call(venue))
        server.says[PATHS[call]] = Says(drops=True)
        with pytest.raises(VenueError) as dropped:
            await call(venue)
        signatures = [part.partition("signature=")[2] for asked in server.asked for part in (asked.path, asked.body)]

    told = "".join(traceback.format_exception(raised.value)) + "".join(traceback.format_exception(dropped.value))
    told += repr(raised.value) + repr(venue) + repr(venue.terms) + repr(KEYS) + caplog.text
    assert any(signatures)
    for secret in (*KEYS.values(), *filter(None, signatures)):
        assert secret not in told
    assert "bad request" in told


async def test_ccxt_prints_and_logs_nothing(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with venue_and_server() as (venue, _):
        await venue.load_markets()
        venue._client.verbose = True
        await venue.fetch_balance()

    assert capsys.readouterr() == ("", "")
    assert not any(KEYS.key in record.getMessage() for record in caplog.records)


async def test_numbers_keep_all_their_digits() -> None:
    async with venue_and_server() as (venue, server):
        server.says["GET /api/v3/myTrades"] = Says(
            [
                {"symbol": "BTCUSDT", "id": 7, "orderId": 28, "price": "65000.10", "qty": "0.00000001"}
                | {"quoteQty": "0.00065", "commission": "0.000000010000000001", "commissionAsset": "BNB"}
                | {"time": 1_767_225_600_000, "isBuyer": True, "isMaker": False, "isBestMatch": True}
            ]
        )
        [trade] = await venue.fetch_my_trades("BTC/USDT")
        balance = await venue.fetch_balance()
        market = (await venue.load_markets())["BTC/USDT"]

    assert (trade["amount"], trade["fee"]) == ("0.00000001", {"currency": "BNB", "cost": "0.000000010000000001"})
    assert balance["USDT"]["free"] == "100000.12345678"
    assert (market["precision"]["amount"], market["limits"]["cost"]["min"]) == ("0.00001", "5.00")


async def test_an_order_is_sent_with_the_digits_it_has() -> None:
    async with venue_and_server() as (venue, server):
        server.says["POST /api/v3/order"] = Says(order("k1"))
        await venue.create_order("BTC/USDT", "limit", "buy", "1234.00001", "65000.01", {"clientOrderId": "k1"})

    assert "quantity=1234.00001&price=65000.01&timeInForce=GTC" in server.asked[-1].body


@pytest.mark.parametrize(
    ("amount", "price", "says"),
    [
        ("0.000015", "65000.01", r"1\.5e-05 is off the grid of BTC/USDT, next to it lies 0\.00001"),
        ("0.01", "65000.019", r"65000\.019 is off the grid of BTC/USDT, next to it lies 65000\.02"),
        ("0.01000000000000000001", "65000.01", r"0\.01000000000000000001 is off the grid of BTC/USDT"),
    ],
)
async def test_an_order_off_the_grid_is_refused_and_not_cut(amount: str, price: str, says: str) -> None:
    async with venue_and_server() as (venue, server):
        with pytest.raises(InvalidOrder, match=says):
            await venue.create_order("BTC/USDT", "limit", "buy", amount, price, {"clientOrderId": "k1"})

    assert "POST /api/v3/order" not in server.paths()


@pytest.mark.parametrize(("amount", "price"), [("NaN", 1), ("x", 1), (0, 1), (-1, 1), (1, "inf"), (1, 0), (None, 1)])
async def test_an_order_of_no_amount_or_price_is_not_sent(amount: Any, price: Any) -> None:
    async with venue_and_server() as (venue, server):
        with pytest.raises(InvalidOrder, match="is no number above 0; nothing was sent"):
            await venue.create_order("BTC/USDT", "limit", "buy", amount, price, {"clientOrderId": "k1"})

    assert server.asked == []


async def test_only_the_symbols_of_the_settings_are_read() -> None:
    async with venue_and_server() as (venue, server):
        assert list(await venue.load_markets()) == ["BTC/USDT"]
        asked = len(server.asked)

        for call in (
            venue.fetch_ticker("ETH/USDT"),
            venue.fetch_order_book("ETH/USDT"),
            venue.fetch_ohlcv("ETH/USDT"),
            venue.create_order("ETH/USDT", "market", "buy", "1", None, {"clientOrderId": "k"}),
        ):
            with pytest.raises(BadSymbol, match=r"venues\.near\.symbols does not name it"):
                await call
        assert len(server.asked) == asked


async def test_a_symbol_that_the_exchange_does_not_list_is_told_to_the_person() -> None:
    async with venue_and_server(symbols=("BTC/USDT", "BTC/EUR")) as (venue, _):
        with pytest.raises(UsageError, match=r"venues\.near\.symbols: binance does not list 'BTC/EUR'"):
            await venue.load_markets()


async def test_open_orders_are_asked_for_symbol_by_symbol() -> None:
    async with venue_and_server(symbols=("BTC/USDT", "ETH/USDT")) as (venue, server):
        server.says["GET /api/v3/openOrders"] = lambda asked: Says(
            [order("k1", status="NEW")] if "BTCUSDT" in asked.path else []
        )
        assert [order["clientOrderId"] for order in await venue.fetch_open_orders()] == ["k1"]
        assert server.paths().count("GET /api/v3/openOrders") == 2
        await venue.fetch_open_orders("ETH/USDT")
        assert server.paths().count("GET /api/v3/openOrders") == 3


async def test_an_order_without_an_id_of_ours_is_not_sent() -> None:
    async with venue_and_server() as (venue, server):
        with pytest.raises(InvalidOrder, match="cannot be looked up; nothing was sent"):
            await venue.create_order("BTC/USDT", "market", "buy", "0.01")
    assert server.asked == []


async def test_an_answer_about_another_order_is_not_taken_for_ours() -> None:
    async with venue_and_server() as (venue, server):
        server.says["GET /api/v3/order"] = Says(order("somebody-elses"))

        with pytest.raises(VenueError, match="an answer that cannot be read: another order than 'k1'") as raised:
            await venue.fetch_order(None, "BTC/USDT", {"clientOrderId": "k1"})

    assert not isinstance(raised.value, OrderNotFound), (
        "of an order that is not there it might be thought it can be sent"
    )


def test_a_venue_works_in_one_event_loop_after_the_other_and_leaves_nothing_open() -> None:
    async def session(venue: CcxtVenue) -> Any:
        async with venue_and_server() as (_, server):
            object.__setattr__(venue.terms, "url", server.url)
            return (await venue.fetch_ticker("BTC/USDT"))["last"]

    venue = venue_at("http://127.0.0.1:1")
    assert [asyncio.run(session(venue)) for _ in range(2)] == ["65000.00", "65000.00"]
    assert venue._client.session is None


async def test_calls_at_once_share_one_client_and_one_reading_of_the_markets() -> None:
    async with venue_and_server() as (venue, server):
        await asyncio.gather(*(venue.fetch_ticker("BTC/USDT") for _ in range(5)))

    assert server.paths().count("GET /api/v3/exchangeInfo") == 1
    assert server.paths().count("GET /api/v3/ticker/24hr") == 5
    assert TICKER["symbol"] == "BTCUSDT"
