"""One suite for every venue of paper money: in this process, as a package's, and through ccxt over HTTP at the door."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from company.errors import BadSymbol, DuplicateOrder, InsufficientFunds, InvalidOrder, OrderNotFound
from company.ports import Venue, decimal_of
from company.trading import Desk, RiskLimits
from company.trading.venues import CcxtVenue, Keys, PackageVenue, Terms
from company.world import START, MemoryBooks, PaperWorld, VirtualClock
from tests.trading.venue_fixtures import running_exchange

BTC = "BTC/USDT"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an exchange with its virtual time."""
    with running_exchange(tmp_path_factory.mktemp("door")) as address:
        yield address


class Brought:
    """The venue of the paper world, as a package would bring it."""

    finds_by_client_order_id = True

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)


@pytest.fixture(params=["in this process", "of a package", "over HTTP"])
async def venue(request: pytest.FixtureRequest) -> AsyncIterator[Venue]:
    if request.param == "in this process":
        yield PaperWorld(seed=7, books=MemoryBooks(), clock=VirtualClock(START)).venues["paper-a"]
        return
    if request.param == "of a package":
        paper = PaperWorld(seed=7, books=MemoryBooks(), clock=VirtualClock(START)).venues["paper-a"]
        terms = Terms("paper-a", "brought", "brought", sandbox=True)
        brought = PackageVenue(terms, load=lambda: lambda _terms, _keys: Brought(paper), keys=lambda: Keys("k", "s"))
        yield brought
        await brought.close()
        return
    url = f"{request.getfixturevalue('door')}/venues/a"
    over_http = CcxtVenue(Terms("paper-a", "paper-http", "binance", url=url), keys=lambda: None)
    yield over_http
    await over_http.close()


def key() -> str:
    return uuid4().hex


async def bought(venue: Venue, client_id: str, amount: str = "0.01") -> Any:
    return await venue.create_order(BTC, "market", "buy", Decimal(amount), None, {"clientOrderId": client_id})


async def rested(venue: Venue, client_id: str) -> Any:
    """A buy order far below the market."""
    bid = decimal_of((await venue.fetch_ticker(BTC))["bid"])
    price = (bid / 2).quantize(Decimal(1))
    return await venue.create_order(BTC, "limit", "buy", Decimal("0.01"), price, {"clientOrderId": client_id})


def free(balance: Any, asset: str, part: str = "free") -> Decimal:
    return decimal_of(balance[asset][part])


async def test_markets_tell_what_orders_must_be(venue: Venue) -> None:
    market = (await venue.load_markets())[BTC]

    assert (market["base"], market["quote"], market["spot"], market["active"]) == ("BTC", "USDT", True, True)
    steps = market["precision"]["amount"], market["precision"]["price"], market["limits"]["cost"]["min"]
    assert tuple(map(decimal_of, steps)) == (Decimal("0.00001"), Decimal("0.01"), Decimal(5))
    assert len(await venue.load_markets()) == 5


async def test_prices_agree_with_each_other(venue: Venue) -> None:
    ticker, book = await venue.fetch_ticker(BTC), await venue.fetch_order_book(BTC, 20)

    bids, asks = ([decimal_of(level[0]) for level in book[side]] for side in ("bids", "asks"))
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert (bids[0], asks[0]) == (decimal_of(ticker["bid"]), decimal_of(ticker["ask"]))
    assert bids[0] < asks[0]


async def test_candles_are_rows_of_floats_oldest_first(venue: Venue) -> None:
    rows = await venue.fetch_ohlcv(BTC, "1h", None, 10)

    assert [row[0] - rows[0][0] for row in rows] == [3_600_000 * place for place in range(len(rows))]
    assert len(rows) == 10
    assert all(isinstance(row[0], int) and all(isinstance(figure, float) for figure in row[1:6]) for row in rows)
    assert all(row[3] <= min(row[1], row[4]) <= max(row[1], row[4]) <= row[2] for row in rows)


async def test_a_market_order_fills_and_can_be_found(venue: Venue) -> None:
    before, mine = await venue.fetch_balance(), key()
    placed = await bought(venue, mine)
    after = await venue.fetch_balance()

    assert (placed["status"], placed["clientOrderId"], placed["side"]) == ("closed", mine, "buy")
    assert decimal_of(placed["filled"]) == Decimal("0.01")
    assert free(after, "BTC") - free(before, "BTC") == Decimal("0.01")
    for found in (
        await venue.fetch_order(placed["id"], BTC),
        await venue.fetch_order(None, BTC, {"clientOrderId": mine}),
    ):
        assert (found["id"], found["clientOrderId"], found["status"]) == (placed["id"], mine, "closed")
        assert decimal_of(found["cost"]) == decimal_of(placed["cost"])
    trades = [trade for trade in await venue.fetch_my_trades(BTC) if trade["order"] == placed["id"]]
    cost = sum(decimal_of(trade["cost"]) for trade in trades)
    fees = sum(decimal_of(trade["fee"]["cost"]) for trade in trades)
    assert {trade["fee"]["currency"] for trade in trades} == {"USDT"}
    assert fees > 0
    assert free(before, "USDT") - free(after, "USDT") == cost + fees


async def test_an_order_rests_holds_its_money_and_is_cancelled(venue: Venue) -> None:
    mine, before = key(), await venue.fetch_balance()
    placed = await rested(venue, mine)

    assert (placed["status"], decimal_of(placed["filled"])) == ("open", Decimal(0))
    assert mine in [order["clientOrderId"] for order in await venue.fetch_open_orders()]
    assert mine in [order["clientOrderId"] for order in await venue.fetch_open_orders(BTC)]
    held = await venue.fetch_balance()
    assert free(held, "USDT", "used") > free(before, "USDT", "used")
    assert free(held, "USDT", "total") == free(before, "USDT", "total")

    await venue.cancel_order(placed["id"], BTC)

    assert (await venue.fetch_order(placed["id"], BTC))["status"] == "canceled"
    assert (await venue.fetch_order(None, BTC, {"clientOrderId": mine}))["status"] == "canceled"
    assert free(await venue.fetch_balance(), "USDT") == free(before, "USDT")
    with pytest.raises(OrderNotFound):
        await venue.cancel_order(placed["id"], BTC)


async def test_an_id_is_not_taken_twice(venue: Venue) -> None:
    mine = key()
    placed = await rested(venue, mine)

    with pytest.raises(DuplicateOrder):
        await rested(venue, mine)

    await venue.cancel_order(placed["id"], BTC)


async def test_what_breaks_a_rule_is_refused_and_changes_nothing(venue: Venue) -> None:
    before = await venue.fetch_balance()
    bid = decimal_of((await venue.fetch_ticker(BTC))["bid"]).quantize(Decimal(1))

    for symbol, kind, side, amount, price, error in (
        ("DOGE/USDT", "market", "buy", "1", None, BadSymbol),
        (BTC, "market", "sell", "50", None, InsufficientFunds),
        (BTC, "limit", "buy", "0.000015", bid, InvalidOrder),
        (BTC, "limit", "buy", "0.00001", bid, InvalidOrder),  # worth less than 5
        (BTC, "limit", "buy", "0.01", bid + Decimal("0.001"), InvalidOrder),
    ):
        with pytest.raises(error):
            await venue.create_order(symbol, kind, side, Decimal(amount), price, {"clientOrderId": key()})

    assert {asset: before[asset] for asset in before["total"]} == {
        asset: (await venue.fetch_balance())[asset] for asset in before["total"]
    }


@pytest.mark.parametrize("params", [{"timeInForce": "IOC"}, {"timeInForce": "FOK"}])
async def test_an_order_that_may_not_rest_ends_at_once(venue: Venue, params: dict[str, str]) -> None:
    bid = decimal_of((await venue.fetch_ticker(BTC))["bid"])
    price = (bid / 2).quantize(Decimal(1))

    placed = await venue.create_order(BTC, "limit", "buy", Decimal("0.01"), price, {"clientOrderId": key(), **params})

    assert placed["status"] in {"canceled", "expired"}
    assert decimal_of(placed["filled"]) == 0


async def test_an_order_that_may_not_take_is_refused_when_it_would(venue: Venue) -> None:
    ask = decimal_of((await venue.fetch_ticker(BTC))["ask"])
    with pytest.raises(InvalidOrder):
        await venue.create_order(BTC, "limit", "buy", Decimal("0.01"), ask, {"clientOrderId": key(), "postOnly": True})


async def test_an_order_that_nobody_placed_is_not_found(venue: Venue) -> None:
    with pytest.raises(OrderNotFound):
        await venue.fetch_order(None, BTC, {"clientOrderId": key()})
    with pytest.raises(OrderNotFound):
        await venue.fetch_order("999999999", BTC)


async def test_orders_at_once_all_arrive(venue: Venue) -> None:
    keys = [key() for _ in range(5)]
    placed = await asyncio.gather(*(bought(venue, mine, "0.001") for mine in keys))

    assert [order["clientOrderId"] for order in placed] == keys
    assert len({order["id"] for order in placed}) == 5


async def test_the_desk_trades_at_it(venue: Venue) -> None:
    clock, limits = VirtualClock(START), RiskLimits(min_conviction=Decimal(0))
    desk = Desk(venues={venue.id: venue}, clock=clock, books=MemoryBooks(), limits=limits)
    mine = key()

    report = await desk.place("BTC", "buy", "0.01", key=mine, reason="to see it work")

    assert (report.venue, report.status, report.filled) == ("paper-a", "closed", Decimal("0.01"))
    assert report.fee
    found = await desk.find(mine)
    assert found is not None
    assert found.order_id == report.order_id
