import inspect
import itertools
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import BadSymbol, DuplicateOrder, InsufficientFunds, InvalidOrder, OrderNotFound, VenueError
from company.ports import Json, Venue
from company.trading.ledger import Ledger
from company.world import START, Market, MemoryBooks, PaperVenue, VirtualClock

BTC = "BTC/USDT"
OPENING = {"USDT": Decimal(100_000), "BTC": Decimal(2)}
MAKER, TAKER = Decimal("0.0004"), Decimal("0.001")


@cache
def market() -> Market:
    return Market(7)


class Bench:
    """A venue with everything it stands on."""

    def __init__(
        self,
        books: MemoryBooks | None = None,
        clock: VirtualClock | None = None,
        opening: dict[str, Decimal] = OPENING,
    ) -> None:
        self.books, self.clock = books or MemoryBooks(), clock or VirtualClock(START)
        self.venue = PaperVenue(
            "paper-x", market(), self.clock, self.books, maker_fee=MAKER, taker_fee=TAKER, balances=opening
        )
        self.ledger = Ledger(self.books, "paper-x.ledger")

    def wait(self, minutes: float) -> None:
        self.clock.advance_to(self.clock.now() + timedelta(minutes=minutes))

    async def best(self, side: str) -> tuple[Decimal, Decimal]:
        price, amount = (await self.venue.fetch_order_book(BTC, 1))[side][0]
        return price, amount

    async def totals(self) -> dict[str, Decimal]:
        return (await self.venue.fetch_balance())["total"]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def worst(trades: Iterable[Json]) -> Decimal:
    return max(trade["price"] for trade in trades)


async def test_account_opens_with_its_balances_once(bench: Bench):
    assert await bench.totals() == OPENING

    assert await Bench(bench.books, bench.clock).totals() == OPENING
    assert len(list(bench.ledger.entries())) == 1


async def test_market_buy_walks_the_visible_book_and_pays_price_and_taker_fee(bench: Bench):
    asks = (await bench.venue.fetch_order_book(BTC))["asks"]
    amount = asks[0][1] + asks[1][1] / 2 // Decimal("0.00001") * Decimal("0.00001")
    amount = min(amount, Decimal("1.2"))

    order = await bench.venue.create_order(BTC, "market", "buy", amount)

    left, expected = amount, []
    for price, offered in asks:
        if left:
            expected.append((price, min(left, offered)))
            left -= expected[-1][1]
    cost = sum(price * quantity for price, quantity in expected)
    assert [(trade["price"], trade["amount"]) for trade in order["trades"]] == expected
    assert (order["status"], order["filled"], order["remaining"]) == ("closed", amount, 0)
    assert order["cost"] == cost
    assert order["fee"]["cost"] == pytest.approx(cost * TAKER, abs=Decimal("1e-7"))
    assert {trade["takerOrMaker"] for trade in order["trades"]} == {"taker"}
    assert await bench.totals() == {
        "USDT": OPENING["USDT"] - cost - order["fee"]["cost"],
        "BTC": OPENING["BTC"] + amount,
    }


async def test_taken_liquidity_stays_taken_until_the_minute_is_over(bench: Bench):
    price, amount = await bench.best("asks")

    await bench.venue.create_order(BTC, "market", "buy", amount)

    assert (await bench.best("asks"))[0] > price
    assert (await Bench(bench.books, bench.clock).best("asks"))[0] > price
    untouched = Bench(clock=bench.clock)
    bench.wait(1)
    assert await bench.best("asks") == await untouched.best("asks")


async def test_partly_taken_level_shows_what_is_left(bench: Bench):
    price, amount = await bench.best("asks")

    await bench.venue.create_order(BTC, "limit", "buy", Decimal("0.01"), price, {"timeInForce": "IOC"})

    assert await bench.best("asks") == (price, amount - Decimal("0.01"))


async def test_resting_order_holds_its_money_and_shows_in_the_book(bench: Bench):
    price = (await bench.best("bids"))[0] + 1

    order = await bench.venue.create_order(BTC, "limit", "buy", "0.5", price)

    held = Decimal("0.5") * price * (1 + MAKER)
    balance = await bench.venue.fetch_balance()
    assert (order["status"], order["filled"], order["timeInForce"]) == ("open", 0, "GTC")
    assert balance["USDT"]["used"] == pytest.approx(held, abs=Decimal("1e-7"))
    assert balance["USDT"]["free"] + balance["USDT"]["used"] == OPENING["USDT"]
    assert await bench.best("bids") == (price, Decimal("0.5"))


async def test_cancelled_order_releases_everything_it_held(bench: Bench):
    order = await bench.venue.create_order(BTC, "limit", "sell", "1.5", "90000")
    assert (await bench.venue.fetch_balance())["BTC"] == {"free": Decimal("0.5"), "used": Decimal("1.5"), "total": 2}

    cancelled = await bench.venue.cancel_order(order["id"], BTC)

    assert (cancelled["status"], cancelled["remaining"]) == ("canceled", Decimal("1.5"))
    assert (await bench.venue.fetch_balance())["BTC"] == {"free": 2, "used": 0, "total": 2}
    assert await bench.venue.fetch_open_orders() == []
    with pytest.raises(OrderNotFound, match="is 'canceled': only open orders"):
        await bench.venue.cancel_order(order["id"], BTC)


async def lows(bench: Bench, minutes: int) -> list[Decimal]:
    """Return the lows of the coming minutes, read through a second venue that is already there."""
    later = Bench(clock=VirtualClock(bench.clock.now() + timedelta(minutes=minutes)))
    return [Decimal(str(row[3])) for row in await later.venue.fetch_ohlcv(BTC, "1m", limit=minutes)]


async def test_touched_order_is_not_filled_and_crossed_order_is_filled_at_its_price(bench: Bench):
    lowest = min(await lows(bench, 30))
    touched = await bench.venue.create_order(BTC, "limit", "buy", "0.001", lowest)
    crossed = await bench.venue.create_order(BTC, "limit", "buy", "0.001", lowest + Decimal("0.01"))

    bench.wait(30)

    assert (await bench.venue.fetch_order(touched["id"]))["status"] == "open"
    filled = await bench.venue.fetch_order(crossed["id"])
    assert (filled["status"], filled["average"]) == ("closed", lowest + Decimal("0.01"))
    assert [trade["takerOrMaker"] for trade in filled["trades"]] == ["maker"]
    assert filled["fee"]["cost"] == pytest.approx(filled["cost"] * MAKER, abs=Decimal("1e-7"))


async def test_resting_fill_is_dated_at_the_end_of_the_minute_that_crossed(bench: Bench):
    coming = await lows(bench, 30)
    price = min(coming) + Decimal("0.01")
    order = await bench.venue.create_order(BTC, "limit", "buy", "0.001", price)

    bench.wait(600)

    [trade] = (await bench.venue.fetch_order(order["id"]))["trades"]
    first = next(number for number, low in enumerate(coming) if low < price)
    assert trade["timestamp"] == int((START + timedelta(minutes=first + 1)).timestamp() * 1000)


@pytest.mark.parametrize(("placed", "status"), [(0, "closed"), (0.5, "open")])
async def test_order_fills_only_on_minutes_that_begin_after_it(bench: Bench, placed: float, status: str):
    [low] = await lows(bench, 1)
    bench.wait(placed)
    order = await bench.venue.create_order(BTC, "limit", "buy", "0.001", low + Decimal("0.01"))
    assert order["status"] == "open"

    bench.wait(1 - placed)

    assert (await bench.venue.fetch_order(order["id"]))["status"] == status


async def test_large_resting_order_takes_at_most_a_fifth_of_each_minutes_volume(bench: Bench):
    price = (await bench.venue.fetch_ticker("XRP/USDT"))["bid"]
    order = await bench.venue.create_order("XRP/USDT", "limit", "buy", "40000", price)

    bench.wait(720)

    order = await bench.venue.fetch_order(order["id"])
    minutes = {row[0]: row for row in await bench.venue.fetch_ohlcv("XRP/USDT", "1m", limit=720)}
    assert len(order["trades"]) > 2
    assert order["filled"] == sum(trade["amount"] for trade in order["trades"])
    for trade in order["trades"]:
        _, _, _, low, _, volume = minutes[trade["timestamp"] - 60_000]
        assert low < price
        assert 5 * float(trade["amount"]) <= volume


async def test_settling_every_minute_or_once_gives_the_same_trades():
    patient, eager = Bench(), Bench()
    for bench in (patient, eager):
        bid, ask = (await bench.best("bids"))[0], (await bench.best("asks"))[0]
        for away in range(1, 6):
            await bench.venue.create_order(BTC, "limit", "buy", "0.05", bid - 60 * away)
            await bench.venue.create_order(BTC, "limit", "sell", "0.2", ask + 60 * away)
        in_parts = (await bench.venue.fetch_ticker("XRP/USDT"))["bid"]
        await bench.venue.create_order("XRP/USDT", "limit", "buy", "34000", in_parts)

    for _ in range(240):
        eager.wait(1)
        eager.venue.settle()
        eager.venue.settle()
    patient.wait(240)

    trades = await patient.venue.fetch_my_trades()
    assert {trade["symbol"] for trade in trades} == {BTC, "XRP/USDT"}
    assert await eager.venue.fetch_my_trades() == trades
    assert await eager.venue.fetch_balance() == await patient.venue.fetch_balance()
    assert list(eager.ledger.entries()) == list(patient.ledger.entries())


async def test_hold_covers_an_order_that_fills_in_parts_to_the_last_cent():
    amount, price = Decimal(40_000), Decimal("2.3377")
    bench = Bench(opening={"USDT": amount * price * (1 + MAKER)})
    await bench.venue.create_order("XRP/USDT", "limit", "buy", amount, price, {"timeInForce": "PO"})
    assert (await bench.venue.fetch_balance())["USDT"]["free"] == 0

    bench.wait(1440)

    [order] = [await bench.venue.fetch_order("O1")]
    assert (order["status"], order["cost"]) == ("closed", amount * price)
    assert len(order["trades"]) > 2
    assert 0 <= (await bench.totals())["USDT"] < Decimal("0.000001")


async def test_post_only_order_that_would_take_is_refused(bench: Bench):
    with pytest.raises(InvalidOrder, match="post-only buy"):
        await bench.venue.create_order(BTC, "limit", "buy", "0.1", "80000", {"postOnly": True})

    order = await bench.venue.create_order(BTC, "limit", "buy", "0.1", "50000", {"timeInForce": "PO"})
    assert (order["postOnly"], order["timeInForce"], order["status"]) == (True, "PO", "open")


async def test_fok_order_that_cannot_be_filled_ends_canceled_and_costs_nothing(bench: Bench):
    price = (await bench.best("asks"))[0]

    order = await bench.venue.create_order(BTC, "limit", "buy", "1.5", price - 50, {"timeInForce": "FOK"})

    assert (order["status"], order["filled"], order["trades"]) == ("canceled", 0, [])
    assert await bench.totals() == OPENING


async def test_market_order_larger_than_the_book_is_canceled_with_what_it_filled():
    bench = Bench(opening={"USDT": Decimal(10) ** 9})
    asks = (await bench.venue.fetch_order_book("XRP/USDT"))["asks"]

    order = await bench.venue.create_order("XRP/USDT", "market", "buy", "90000000")

    assert order["status"] == "canceled"
    assert order["filled"] == sum(amount for _, amount in asks)


async def test_client_order_id_is_unique_for_ever(bench: Bench):
    first = await bench.venue.create_order(BTC, "market", "buy", "0.01", params={"clientOrderId": "run-1.step:2/x"})

    with pytest.raises(DuplicateOrder, match=r"'run-1\.step:2/x' was used before on paper-x, for order 'O1'"):
        await bench.venue.create_order(BTC, "market", "buy", "0.01", params={"clientOrderId": "run-1.step:2/x"})
    with pytest.raises(DuplicateOrder):
        await Bench(bench.books, bench.clock).venue.create_order(
            BTC, "limit", "sell", "0.01", "90000", {"clientOrderId": "run-1.step:2/x"}
        )

    found = await bench.venue.fetch_order(None, BTC, {"clientOrderId": "run-1.step:2/x"})
    assert found == first
    assert (await bench.totals())["BTC"] == OPENING["BTC"] + Decimal("0.01")


async def test_refused_order_leaves_its_client_order_id_free(bench: Bench):
    with pytest.raises(InsufficientFunds):
        await bench.venue.create_order(BTC, "market", "buy", "10", params={"clientOrderId": "k"})
    with pytest.raises(OrderNotFound, match="client order id 'k'"):
        await bench.venue.fetch_order(None, BTC, {"clientOrderId": "k"})

    assert (await bench.venue.create_order(BTC, "market", "buy", "0.1", params={"clientOrderId": "k"}))["id"] == "O1"


@pytest.mark.parametrize(
    ("order", "error", "reason"),
    [
        (("DOGE/USDT", "market", "buy", "1"), BadSymbol, r"'DOGE/USDT'.*XRP/USDT"),
        ((BTC, "stop", "buy", "1"), InvalidOrder, r"type 'stop'.*market, limit"),
        ((BTC, "market", "long", "1"), InvalidOrder, r"side 'long'.*buy, sell"),
        ((BTC, "market", "buy", "one"), InvalidOrder, r"amount 'one' is not a number"),
        ((BTC, "market", "buy", "Infinity"), InvalidOrder, r"amount 'Infinity' is not finite"),
        ((BTC, "market", "buy", "0.000001"), InvalidOrder, r"amount 0\.000001 .* step 0\.00001"),
        ((BTC, "limit", "buy", "1", "60000.001"), InvalidOrder, r"price 60000\.001 .* tick 0\.01"),
        ((BTC, "limit", "buy", "1"), InvalidOrder, r"a limit order with price None"),
        ((BTC, "market", "buy", "1", "60000"), InvalidOrder, r"a market order with price '60000'"),
        ((BTC, "limit", "buy", "0.00002", "60000"), InvalidOrder, r"worth 1\.20000, .*notional 5"),
        ((BTC, "limit", "buy", "1", "60000", {"reduceOnly": True}), InvalidOrder, r"parameter 'reduceOnly'"),
        ((BTC, "limit", "buy", "1", "60000", {"stopPrice": 1}), InvalidOrder, "would trigger immediately"),
        ((BTC, "limit", "buy", "1", "60000", {"timeInForce": "DAY"}), InvalidOrder, r"timeInForce 'DAY'"),
        ((BTC, "limit", "buy", "1", "60000", {"clientOrderId": "a b"}), InvalidOrder, r"clientOrderId 'a b'"),
        ((BTC, "limit", "buy", "1", "60000", {"clientOrderId": "x" * 37}), InvalidOrder, r"clientOrderId 'x{37}'"),
        ((BTC, "limit", "buy", "2", "60000"), InsufficientFunds, r"needs 120048\.0+ USDT, available are 100000"),
        ((BTC, "market", "sell", "2.5"), InsufficientFunds, r"needs 2\.5\d* BTC, available are 2:"),
    ],
)
async def test_order_that_breaks_a_rule_is_refused_with_value_and_limit(bench: Bench, order, error, reason):
    bench.venue.settle()

    with pytest.raises(error, match=reason):
        await bench.venue.create_order(*order)

    assert await bench.totals() == OPENING
    assert await bench.venue.fetch_open_orders() == []
    assert bench.books.newest("paper-x.order", 1) == []
    assert len(list(bench.ledger.entries())) == 1


async def test_order_that_would_trade_with_an_own_one_is_refused(bench: Bench):
    price = (await bench.best("bids"))[0] + 1
    await bench.venue.create_order(BTC, "limit", "buy", "0.1", price)

    with pytest.raises(InvalidOrder, match=rf"own order 'O1' at {price}"):
        await bench.venue.create_order(BTC, "market", "sell", "0.05")

    assert await bench.totals() == OPENING


async def test_unknown_order_is_not_found(bench: Bench):
    order = await bench.venue.create_order(BTC, "limit", "buy", "0.1", "50000")

    with pytest.raises(OrderNotFound, match="id 'O99'"):
        await bench.venue.fetch_order("O99")
    with pytest.raises(OrderNotFound, match="is of BTC/USDT, not of 'ETH/USDT'"):
        await bench.venue.fetch_order(order["id"], "ETH/USDT")
    with pytest.raises(OrderNotFound):
        await bench.venue.cancel_order("O99")


async def test_open_orders_and_trades_are_filtered_by_symbol_time_and_number(bench: Bench):
    for minute, symbol in enumerate([BTC, "ETH/USDT", BTC]):
        await bench.venue.create_order(symbol, "market", "buy", "0.01")
        await bench.venue.create_order(symbol, "limit", "buy", "0.01", "1500" if symbol != BTC else "30000")
        bench.wait(1)
        assert minute + 1 == len(await bench.venue.fetch_open_orders())
    second = int((START + timedelta(minutes=1)).timestamp() * 1000)

    assert [order["symbol"] for order in await bench.venue.fetch_open_orders(BTC)] == [BTC, BTC]
    assert [order["id"] for order in await bench.venue.fetch_open_orders(since=second, limit=1)] == ["O4"]
    assert [trade["id"] for trade in await bench.venue.fetch_my_trades(limit=2)] == ["T2", "T3"]
    assert [trade["id"] for trade in await bench.venue.fetch_my_trades(BTC, since=second)] == ["T3"]
    with pytest.raises(BadSymbol):
        await bench.venue.fetch_my_trades("DOGE/USDT")
    with pytest.raises(BadSymbol):
        await bench.venue.fetch_open_orders("DOGE/USDT")


async def test_candles_end_with_the_last_closed_one(bench: Bench):
    bench.wait(90.5)
    hour = int((START + timedelta(hours=1)).timestamp() * 1000)

    newest = await bench.venue.fetch_ohlcv(BTC, "1h", limit=3)
    since = await bench.venue.fetch_ohlcv(BTC, "1h", since=hour - 5 * 3_600_000 + 1, limit=2)

    assert [row[0] for row in newest] == [hour - 3 * 3_600_000, hour - 2 * 3_600_000, hour - 3_600_000]
    assert [row[0] for row in since] == [hour - 4 * 3_600_000, hour - 3 * 3_600_000]
    assert len(await bench.venue.fetch_ohlcv(BTC)) == 500
    with pytest.raises(VenueError, match="'3m'"):
        await bench.venue.fetch_ohlcv(BTC, "3m")


async def test_ticker_agrees_with_book_and_candles(bench: Bench):
    ticker = await bench.venue.fetch_ticker(BTC)
    day = await bench.venue.fetch_ohlcv(BTC, "1m", limit=1440)

    assert (ticker["bid"], ticker["ask"]) == ((await bench.best("bids"))[0], (await bench.best("asks"))[0])
    assert ticker["bid"] < ticker["last"] < ticker["ask"]
    assert (float(ticker["high"]), float(ticker["low"])) == (max(row[2] for row in day), min(row[3] for row in day))
    assert float(ticker["open"]) == day[0][1]
    assert float(ticker["baseVolume"]) == pytest.approx(sum(row[5] for row in day))
    assert float(ticker["percentage"]) == pytest.approx((float(ticker["last"]) / day[0][1] - 1) * 100, abs=1e-6)
    assert ticker["datetime"] == "2026-01-31T00:00:00.000Z"


async def test_restarted_venue_continues_with_the_same_account(bench: Bench):
    price = (await bench.best("bids"))[0]
    order = await bench.venue.create_order(BTC, "limit", "buy", "0.5", price, {"clientOrderId": "k"})

    again = Bench(bench.books, VirtualClock(START + timedelta(hours=6)))

    assert (await again.venue.fetch_order(order["id"]))["clientOrderId"] == "k"
    assert (await again.venue.create_order(BTC, "market", "sell", "0.1"))["id"] == "O2"


class DyingBooks(MemoryBooks):
    """Books whose process dies at a chosen write."""

    def __init__(self) -> None:
        super().__init__()
        self.lives: int | None = None

    def put(self, kind: str, key: str, document) -> None:
        if self.lives is not None:
            self.lives -= 1
            if self.lives < 0:
                raise KeyboardInterrupt
        super().put(kind, key, document)


async def buy(bench: Bench) -> None:
    await bench.venue.create_order(BTC, "market", "buy", "1.2", params={"clientOrderId": "k"})


async def cancel(bench: Bench) -> None:
    await bench.venue.cancel_order("O1")


async def settle(bench: Bench) -> None:
    bench.wait(30)
    bench.venue.settle()


async def snapshot(bench: Bench) -> list:
    """Return all the account shows, read at a time when nothing new can fill."""
    before = Bench(bench.books, VirtualClock(START))
    bench.ledger.verify()
    await check_that_records_agree(before)
    return [
        await before.venue.fetch_balance(),
        await before.venue.fetch_open_orders(),
        await before.venue.fetch_my_trades(),
        list(bench.ledger.entries()),
    ]


@pytest.mark.parametrize("act", [buy, cancel, settle])
async def test_process_that_dies_at_any_write_leaves_all_or_nothing(act):
    for lives in itertools.count():
        books = DyingBooks()
        bench = Bench(books)
        for away in (20, 40):
            await bench.venue.create_order(BTC, "limit", "buy", "0.1", (await bench.best("bids"))[0] - away)
        before = await snapshot(bench)
        books.lives = lives
        try:
            await act(bench)
        except KeyboardInterrupt:
            books.lives = None
            assert await snapshot(bench) == before
        else:
            books.lives = None
            assert await snapshot(bench) != before
            break
    assert lives > 2


_steps = st.lists(
    st.tuples(
        st.sampled_from([BTC, "ETH/USDT", "XRP/USDT"]),
        st.sampled_from(["market", "limit", "limit", "cancel", "wait"]),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 400),
        st.integers(-30, 30),
        st.sampled_from(["GTC", "IOC", "FOK", "PO"]),
    ),
    max_size=25,
)


@given(_steps)
@settings(max_examples=40, deadline=None)
async def test_money_is_conserved_and_no_balance_is_negative_whatever_is_ordered(steps: list):
    bench = Bench()
    for symbol, kind, side, size, away, force in steps:
        with suppress(InvalidOrder, InsufficientFunds):
            await act(bench, symbol, kind, side, size, away, force)
        balance = await bench.venue.fetch_balance()
        assert all(amount >= 0 for part in ("free", "used") for amount in balance[part].values())
        for asset in ("USDT", "BTC", "ETH", "XRP"):
            assert sum(bench.ledger.balance(name, asset) for name in ("available", "held", "fees", "world")) == 0
    bench.ledger.verify()
    await check_that_records_agree(bench)


async def act(bench: Bench, symbol: str, kind: str, side: str, size: int, away: int, force: str) -> None:
    venue = bench.venue
    if kind == "wait":
        return bench.wait(size)
    if kind == "cancel":
        for order in (await venue.fetch_open_orders())[:1]:
            await venue.cancel_order(order["id"])
        return None
    ticker = await venue.fetch_ticker(symbol)
    rules = (await venue.load_markets())[symbol]["precision"]
    amount = Decimal(size * 100) / ticker["last"] // rules["amount"] * rules["amount"]
    price = ticker["last"] * (1 + Decimal(away) / 10_000) // rules["price"] * rules["price"]
    if kind == "market":
        await venue.create_order(symbol, "market", side, amount)
    else:
        await venue.create_order(symbol, "limit", side, amount, price, {"timeInForce": force})
    return None


async def check_that_records_agree(bench: Bench) -> None:
    """Balances must follow from the opening, the trades and the open orders."""
    trades, orders = await bench.venue.fetch_my_trades(), await bench.venue.fetch_open_orders()
    balance = await bench.venue.fetch_balance()
    expected = dict(OPENING)
    for trade in trades:
        sign, base = (1 if trade["side"] == "buy" else -1), trade["symbol"].partition("/")[0]
        expected[base] = expected.get(base, Decimal(0)) + sign * trade["amount"]
        expected["USDT"] -= sign * trade["cost"] + trade["fee"]["cost"]
    assert balance["total"] == expected
    for asset in expected:
        asking = [order for order in orders if order["side"] == "sell" and order["symbol"].startswith(asset)]
        if asset != "USDT":
            assert balance["used"][asset] == sum(order["remaining"] for order in asking)
    bids = [order["remaining"] * order["price"] * (1 + MAKER) for order in orders if order["side"] == "buy"]
    assert balance["used"]["USDT"] == pytest.approx(sum(bids), abs=Decimal("1e-6"))


async def test_venue_speaks_ccxt(bench: Bench):
    import ccxt.async_support

    real = ccxt.async_support.binance()
    try:
        for name in (name for name in dir(Venue) if not name.startswith("_") and name != "id"):
            ours = list(inspect.signature(getattr(bench.venue, name)).parameters.values())
            theirs = list(inspect.signature(getattr(real, name)).parameters.values())
            assert [one.name for one in ours] == [other.name for other in theirs][: len(ours)], name
            for one, other in zip(ours, theirs, strict=False):
                assert (one.default is one.empty) == (other.default is other.empty), (name, one.name)
        market_ = (await bench.venue.load_markets())[BTC]
        order = await bench.venue.create_order(BTC, "market", "buy", "0.01")
        shapes = {
            "order": (real.safe_order({}, market_), order),
            "trade": (real.safe_trade({}, market_), order["trades"][0]),
            "ticker": (real.safe_ticker({}, market_), await bench.venue.fetch_ticker(BTC)),
            "book": (
                real.parse_order_book({"bids": [], "asks": []}, BTC),
                await bench.venue.fetch_order_book(BTC),
            ),
            "balance": (real.safe_balance({"info": {}, "timestamp": None}), await bench.venue.fetch_balance()),
        }
        missing = {name: sorted(set(theirs) - set(ours)) for name, (theirs, ours) in shapes.items()}
        assert missing == {name: [] for name in shapes}
        assert order["status"] in {"open", "closed", "canceled"}
    finally:
        await real.close()
