import time
from decimal import Decimal

import pytest

from company.errors import ToolError, VenueError
from company.trading import Desk, RiskLimits
from company.world import MemoryBooks

D = Decimal


def rules(clamps):
    return [clamp.rule for clamp in clamps]


@pytest.mark.parametrize("text", ["BTC", "btc/usdt", " BTC-USDT ", "btc_usdt", "BTCUSDT"])
async def test_a_symbol_is_understood_in_every_spelling(office, text):
    assert (await office.desk.ticker(text)).symbol == "BTC/USDT"


@pytest.mark.parametrize("text", ["DOGE", "", "USDT", "BTC/EUR"])
async def test_an_unknown_symbol_names_the_known_ones(office, text):
    with pytest.raises(ToolError, match=r"the desk trades BTC/USDT, ETH/USDT, SOL/USDT"):
        await office.desk.ticker(text)


async def test_the_ticker_shows_the_best_of_all_venues(office):
    ticker = await office.desk.ticker("ETH")

    assert [quote.venue for quote in ticker.venues] == ["paper-a", "paper-b", "paper-c"]
    assert ticker.best_bid == max(quote.bid for quote in ticker.venues)
    assert ticker.best_ask == min(quote.ask for quote in ticker.venues)
    assert sorted(quote.bid + quote.ask for quote in ticker.venues)[1] / 2 == pytest.approx(ticker.price, rel=D("1e-5"))


async def test_an_arbitrage_is_shown_before_and_after_both_fees(office):
    ticker = await office.desk.ticker("XRP")
    fees = {"paper-a": D("0.0010"), "paper-b": D("0.0010"), "paper-c": D("0.0012")}
    by_name = {quote.venue: quote for quote in ticker.venues}

    edges = {
        (buy, sell): by_name[sell].bid * (1 - fees[sell]) / (by_name[buy].ask * (1 + fees[buy])) - 1
        for buy in by_name
        for sell in by_name
        if buy != sell
    }
    best = max(edges, key=edges.get)

    assert (ticker.arbitrage.buy, ticker.arbitrage.sell) == best
    assert ticker.arbitrage.after_fees_bps == pytest.approx(edges[best] * 10_000, abs=D("0.01"))
    assert ticker.arbitrage.spread_bps > ticker.arbitrage.after_fees_bps


async def test_a_book_is_compact_and_ordered(office):
    book = await office.desk.order_book("SOL", "paper-b", 50)

    assert len(book.bids) == len(book.asks) == 10
    assert book.bids == sorted(book.bids, reverse=True)
    assert book.asks == sorted(book.asks)
    assert book.bids[0][0] < book.asks[0][0]
    assert -1 <= book.imbalance <= 1


async def test_an_unknown_venue_names_the_known_ones(office):
    with pytest.raises(ToolError, match="venue 'nyse' does not list SOL/USDT; it trades at paper-a, paper-b, paper-c"):
        await office.desk.order_book("SOL", "nyse", 5)


async def test_candles_are_closed_and_the_newest(office):
    office.pass_time(minutes=30)

    candles = await office.desk.candles("BTC", "1h", 3)

    assert len(candles) == 3
    assert (office.clock.now() - candles[-1].at).total_seconds() == 1.5 * 3600


async def test_the_overview_lists_every_symbol_by_falling_score(office):
    rows = await office.desk.overview()

    assert len(rows) == 5
    assert [row.score for row in rows] == sorted((row.score for row in rows), reverse=True)


async def test_indicators_change_only_when_a_bar_closes(office):
    before = await office.desk.indicators("BTC")
    office.pass_time(minutes=59)
    within = await office.desk.indicators("BTC")
    office.pass_time(minutes=1)
    after = await office.desk.indicators("BTC")

    assert within == before
    assert after.at > before.at


async def test_two_desks_of_one_seed_see_the_same(open_office):
    seen = [
        [await desk.overview(), await desk.correlations(), await desk.ticker("BNB"), await desk.value_at_risk()]
        for desk in (open_office().desk, open_office().desk)
    ]

    assert seen[0] == seen[1]


async def test_correlations_cover_every_symbol_once(office):
    read = await office.desk.correlations()

    assert read.symbols == await office.desk.symbols()
    assert all(read.matrix[i][i] == 1 for i in range(5))
    assert all(read.matrix[i][j] == read.matrix[j][i] for i in range(5) for j in range(5))


async def test_a_size_can_be_placed_as_it_stands(office):
    sizing = await office.desk.size("ETH", "buy", "0.9")

    report = await office.desk.place("ETH", "buy", sizing.quantity, key="k", reason="test", venue=sizing.venue)

    assert sizing.approved
    assert (report.filled, report.venue) == (sizing.quantity, sizing.venue)
    assert report.notional <= D("0.05") * 310_000


async def test_vetting_names_the_rules_an_order_breaks(office):
    assert await office.desk.vet("ETH", "buy", 1) == []
    assert rules(await office.desk.vet("ETH", "buy", 1000)) == [
        "risk.per_trade", "risk.per_position", "risk.gross", "risk.correlated", "risk.var", "risk.cvar",
    ]  # fmt: skip
    assert rules(await office.desk.vet("BTC", "sell", "0.2")) == ["risk.no_short"]
    assert await office.desk.vet("BTC", "sell", "0.15") == []


async def test_an_expensive_limit_is_vetted_at_its_own_price(office):
    assert await office.desk.vet("ETH", "buy", 1) == []
    assert rules(await office.desk.vet("ETH", "buy", 1, price=20_000)) == ["risk.per_trade"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("BTC", "short", 1), "side is 'short'"),
        (("BTC", "buy", 0), "quantity is 0; give a number above 0"),
        (("BTC", "buy", "much"), "quantity is 'much'"),
        (("BTC", "buy", float("nan")), "quantity is nan"),
        (("BTC", "buy", 1, -5), "price is -5"),
    ],
)
async def test_a_wrong_argument_is_told_to_the_model(office, arguments, complaint):
    with pytest.raises(ToolError, match=complaint):
        await office.desk.vet(*arguments)


async def test_open_buy_orders_count_as_exposure(office):
    before = await office.desk.exposure()
    await office.desk.place("BTC", "buy", "0.2", key="k", reason="dip", type="limit", price=50_000)
    after = await office.desk.exposure()

    assert after.gross - before.gross == 10_000
    assert after.symbols[0].pending == 10_000
    assert rules(await office.desk.vet("BTC", "buy", "0.2")) == ["risk.per_position"]


async def test_a_day_of_losses_stops_entries_and_leaves_exits(open_office):
    office = open_office(limits=RiskLimits(daily_loss_fraction=D("0.00001")))
    await office.desk.place("ETH", "buy", 1, key="k", reason="pays a fee and the spread")

    assert rules(await office.desk.vet("ETH", "buy", "0.1")) == ["risk.daily_loss"]
    assert not (await office.desk.limits()).entries_allowed
    assert (await office.desk.size("ETH", "buy", "0.9")).approved is False
    assert (await office.desk.size("ETH", "sell", 1)).approved
    sold = await office.desk.place("ETH", "sell", 1, key="k2", reason="out")
    assert sold.status == "closed"


async def test_the_peak_survives_a_restart(office):
    office.books.put("trading.marks", "equity", {
        "day": "2026-01-30", "day_equity": "340000", "equity": "340000", "peak": "340000",
        "peak_at": "2026-01-30T12:00:00Z",
    })  # fmt: skip

    limits = await office.reopen().limits()

    assert limits.drawdown_step == "halved"
    assert limits.drawdown_percent == pytest.approx(D("8.88"), abs=D("0.1"))


async def test_value_at_risk_grows_with_the_position(office):
    before = await office.desk.value_at_risk()
    await office.desk.place("BTC", "buy", "0.1", key="k", reason="test")

    assert (await office.desk.value_at_risk()).var > before.var > 0
    assert before.cvar >= before.var


class Quoted:
    """A venue as ccxt objects are: float numbers, None where the exchange tells nothing."""

    def __init__(self, **ticker):
        self.id, self.told = "far", ticker

    async def load_markets(self, reload=False):
        return {
            "BTC/USDT": {
                "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "spot": True, "active": None,
                "taker": None, "precision": {"amount": 1e-05, "price": None}, "limits": {"amount": None, "cost": {}},
            },
            "BTC/USDT:USDT": {"symbol": "BTC/USDT:USDT", "base": "BTC", "quote": "USDT", "spot": False},
            "OLD/USDT": {"symbol": "OLD/USDT", "base": "OLD", "quote": "USDT", "spot": True, "active": False},
        }  # fmt: skip

    async def fetch_ticker(self, symbol):
        return {"symbol": symbol, "bid": None, "ask": None, "last": None, "percentage": None, **self.told}

    async def fetch_order_book(self, symbol, limit=None):
        return {"bids": [[99.5, 1.0, 3]], "asks": [[100.5, 2.0, 1]]}

    async def fetch_ohlcv(self, symbol, timeframe="1m", since=None, limit=None):
        return [[hour * 3_600_000, 100, 101, 99, 100, 1] for hour in range(200)]


def far_desk(office, **ticker):
    return Desk(venues={"far": Quoted(**ticker)}, clock=office.clock, books=MemoryBooks(), limits=RiskLimits())


async def test_a_ticker_without_quotes_is_read_from_the_book(office):
    ticker = await far_desk(office).ticker("BTC")

    assert (ticker.best_bid, ticker.best_ask, ticker.price) == (D("99.5"), D("100.5"), 100)
    assert (ticker.change_24h, ticker.arbitrage) == (None, None)


async def test_derivatives_and_delisted_symbols_are_not_traded(office):
    assert await far_desk(office).symbols() == ["BTC/USDT"]


async def test_a_crossed_quote_of_one_venue_is_refused(office):
    with pytest.raises(VenueError, match="far BTC/USDT ticker: bid 101 and ask 100 cannot be right"):
        await far_desk(office, bid=101, ask=100).ticker("BTC")


async def test_stale_candles_are_refused(office):
    with pytest.raises(ToolError, match="candles of BTC/USDT 1h from far are stale: the last bar closed at 1970-01-09"):
        await far_desk(office).indicators("BTC")


def test_nothing_suspends_in_the_paper_world(office):
    """What never waits cannot be overtaken: the same seed gives the same order of events."""
    desk = office.desk
    for call in (
        desk.overview(), desk.correlations(), desk.size("ETH", "buy", 1), desk.vet("ETH", "buy", 1),
        desk.place("ETH", "buy", 1, key="k", reason="test"), desk.profit_and_loss(), desk.value_at_risk(),
    ):  # fmt: skip
        with pytest.raises(StopIteration):
            call.send(None)


async def test_a_risk_check_takes_less_than_a_millisecond(office):
    await office.desk.vet("ETH", "buy", 1)

    started = time.process_time()
    for _ in range(20):
        await office.desk.vet("ETH", "buy", 1)
    assert (time.process_time() - started) / 20 < 0.001
