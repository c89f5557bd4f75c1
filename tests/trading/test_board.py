"""The board shows what the desk would say, changes nothing, and waits for nobody."""

import asyncio
import time
from datetime import timedelta
from decimal import Decimal

import pytest

from company.errors import ToolError, VenueError
from company.trading import Board
from company.trading.ear import Ear
from company.trading.heard import Heard

D = Decimal
PATIENCE = 0.05


class Moody:
    """A venue that answers, hangs or fails as a test wants, and counts how often it was asked."""

    def __init__(self, venue):
        self.venue, self.mood, self.asked = venue, "fine", 0

    @property
    def id(self):
        return self.venue.id

    def __getattr__(self, name):
        method = getattr(self.venue, name)
        if not asyncio.iscoroutinefunction(method):
            return method

        async def asked(*args, **kwargs):
            self.asked += 1
            if self.mood == "hangs":
                await asyncio.sleep(60)
            if self.mood == "fails":
                raise VenueError("maintenance\u202e until\nnoon")
            return await method(*args, **kwargs)

        return asked


def documents(books):
    return {kind: [(key, text) for key, (_, text) in rows.items()] for kind, rows in books._kinds.items() if rows}


@pytest.fixture
def moody(open_office):
    """An office whose venue `paper-b` has moods."""
    return open_office(around={"paper-b": Moody})


async def test_the_board_says_what_the_desk_says(office):
    await office.desk.place("ETH", "buy", 2, key="k", reason="test")
    office.pass_time(hours=3)
    look = await Board(office.desk).look()

    shown, risk, market = await look.portfolio(), await look.risk(), await look.market()

    result, limits = await office.desk.profit_and_loss(), await office.desk.limits()
    assert {name: getattr(shown, name) for name, _ in result} == dict(result)
    assert (shown.positions, shown.balances) == (await office.desk.positions(), await office.desk.balances())
    assert shown.cash == (await office.desk.exposure()).cash
    assert (risk.drawdown_percent, risk.drawdown_step) == (limits.drawdown_percent, limits.drawdown_step)
    assert risk.drawdown_steps_percent == (5, 10, 15)
    assert risk.var95 == (await office.desk.value_at_risk()).var
    assert risk.var99 > risk.var95 > 0
    assert market.rows == await office.desk.overview()
    assert [venue.status for venue in market.venues] == ["ok"] * 3
    assert shown.as_of == office.clock.now()


async def test_looking_writes_nothing_not_even_on_a_new_desk(office):
    office.world.settle()
    before = documents(office.books)
    look = await Board(office.desk).look()

    for part in (look.portfolio, look.risk, look.open_orders, look.market):
        await part()
    await look.candles("BTC/USDT", "1h", 50)

    assert documents(office.books) == before


async def test_looking_between_two_marks_moves_no_peak_that_the_desk_finds_later(office, open_office):
    twin, heights = open_office(), []
    board = Board(office.desk)
    for each in (office, twin):
        await each.desk.place("SOL", "buy", 60, key="k", reason="test")
    for _ in range(12):
        for each in (office, twin):
            each.pass_time(hours=1)
        heights.append((await (await board.look()).portfolio()).peak)

    assert len(set(heights)) > 1  # what is shown follows the market
    assert await office.desk.profit_and_loss() == await twin.desk.profit_and_loss()
    assert documents(office.books) == documents(twin.books)


async def test_new_fills_are_shown_before_the_desk_has_booked_them(office):
    await office.desk.profit_and_loss()
    await office.desk.place("ETH", "buy", 2, key="k1", reason="test")
    office.pass_time(hours=2)
    await office.desk.place("ETH", "sell", 2, key="k2", reason="test")

    shown = await (await Board(office.desk).look()).portfolio()

    assert shown.closed_trades == 1
    assert shown.realised != 0
    assert "ETH/USDT" not in [position.symbol for position in shown.positions]


async def test_win_rate_counts_sales_after_the_fees_of_both_ways(office):
    board = Board(office.desk)
    assert (await (await board.look()).portfolio()).win_rate_percent is None
    await office.desk.place("SOL", "buy", 60, key="k0", reason="test")
    realised, won = D(0), 0
    for hour in range(6):
        office.pass_time(hours=4)
        await office.desk.place("SOL", "sell", 10, key=f"s{hour}", reason="test")
        shown = await (await board.look()).portfolio()
        won += shown.realised - realised > 3  # both fees of 10 SOL are about 3 USDT
        realised = shown.realised

    assert shown.closed_trades == 6
    assert shown.win_rate_percent == (D(won) / 6 * 100).quantize(D("0.01")).normalize() + 0


async def test_an_order_that_waits_is_shown_with_its_time_and_reason(office):
    await office.desk.profit_and_loss()
    placed = await office.desk.place("BTC", "buy", "0.01", key="k", type="limit", price=40_000, reason="a bargain")
    at = office.clock.now()
    office.pass_time(hours=1)

    [order] = await (await Board(office.desk).look()).open_orders()

    assert (order.order_id, order.client_order_id, order.at, order.reason) == (placed.order_id, "k", at, "a bargain")
    assert (order.price, order.quantity, order.filled, order.status) == (40_000, D("0.01"), 0, "open")


async def test_a_venue_that_hangs_is_down_and_the_market_goes_on_without_it(moody):
    moody.venues["paper-b"].mood = "hangs"
    began = time.monotonic()

    market = await (await Board(moody.desk, patience=PATIENCE).look()).market()

    assert time.monotonic() - began < 20  # not the 60 s for which the venue says nothing
    assert [(venue.name, venue.status, venue.age_seconds) for venue in market.venues] == [
        ("paper-a", "ok", 0),
        ("paper-b", "down", None),
        ("paper-c", "ok", 0),
    ]
    assert market.venues[1].error == "no answer within 0.05 s"
    assert len(market.rows) == 5


async def test_what_is_owned_cannot_be_told_before_every_venue_answered_once(moody):
    moody.venues["paper-b"].mood = "hangs"
    look = await Board(moody.desk, patience=PATIENCE).look()

    for part in (look.portfolio, look.risk):
        with pytest.raises(VenueError, match=r"paper-b \(no answer within"):
            await part()


async def test_a_venue_that_fails_later_takes_part_with_what_it_said_before(moody):
    board = Board(moody.desk, patience=PATIENCE)
    before = await (await board.look()).portfolio()
    then = moody.clock.now()
    moody.venues["paper-b"].mood = "fails"
    moody.pass_time(minutes=3)
    look = await board.look()

    shown, market = await look.portfolio(), await look.market()

    assert shown.as_of == then
    assert abs(shown.equity - before.equity) < before.equity / 100
    assert {balance.venue for balance in shown.balances} == {"paper-a", "paper-b", "paper-c"}
    [state] = [venue for venue in market.venues if venue.name == "paper-b"]
    assert (state.status, state.age_seconds, state.error) == ("stale", 180, "maintenance  until noon")


async def test_a_venue_that_failed_is_left_alone_for_a_while_and_then_asked_again(moody, monkeypatch):
    monkeypatch.setattr("company.trading.ear.RESPITE", 1.0)
    venue = moody.venues["paper-b"]
    venue.mood = "hangs"
    board = Board(moody.desk, patience=PATIENCE)
    await board.look()
    asked, mark = venue.asked, board.mark()
    await board.look()
    assert venue.asked == asked

    await asyncio.sleep(1.0)
    assert board.mark() != mark  # another look is worth it
    venue.mood = "fine"
    market = await (await board.look()).market()
    assert [state.status for state in market.venues] == ["ok"] * 3


async def test_looks_at_the_same_time_ask_a_hanging_venue_once(moody):
    venue = moody.venues["paper-b"]
    venue.mood = "hangs"
    board = Board(moody.desk, patience=PATIENCE)

    await asyncio.gather(*(board.look() for _ in range(10)))

    assert venue.asked == 1


async def test_candles_are_kept_until_the_next_bar_closes(moody):
    venue = moody.venues["paper-b"]
    ear = Ear("paper-b", venue, clock=moody.clock, quote="USDT", patience=PATIENCE)
    first = await ear.candles("BTC/USDT", "1h", 10)
    asked = venue.asked
    moody.pass_time(minutes=30)
    assert await ear.candles("BTC/USDT", "1h", 10) is first
    assert venue.asked == asked

    moody.pass_time(minutes=30)
    later = await ear.candles("BTC/USDT", "1h", 10)
    assert later[-1][0] == first[-1][0] + 3_600_000

    venue.mood = "hangs"
    moody.pass_time(hours=1)
    assert await ear.candles("BTC/USDT", "1h", 10) is later
    with pytest.raises(VenueError, match="did not tell the candles of ETH/USDT 1h: no answer"):
        await ear.candles("ETH/USDT", "1h", 10)


async def test_a_picture_of_the_desk_cannot_trade(office):
    look = await Board(office.desk).look()
    await office.desk.profit_and_loss()

    with pytest.raises(VenueError, match="only listened to"):
        await look._desk.place("BTC", "buy", "0.01", key="k", type="limit", price=60_000, reason="test")
    assert isinstance(look._desk.markets.venues["paper-a"], Heard)
    assert await office.desk.find("k") is None


async def test_a_symbol_is_found_by_any_of_its_names_and_an_unknown_one_is_refused(office):
    look = await Board(office.desk).look()

    assert await look.resolve("sol") == "SOL/USDT"
    with pytest.raises(ToolError, match="'DOGE'"):
        await look.resolve("DOGE")


async def test_the_mark_changes_with_company_time_and_not_without(office):
    board = Board(office.desk)
    mark = board.mark()
    await board.look()
    assert board.mark() == mark

    office.pass_time(minutes=1)
    assert board.mark() != mark


async def test_the_mark_changes_with_every_order_and_what_becomes_of_it(office):
    board = Board(office.desk)
    marks = [board.mark()]
    order = await office.desk.place("BTC", "buy", "0.01", key="k", type="limit", price=40_000, reason="test")
    marks.append(board.mark())
    await office.desk.cancel(order.order_id)
    marks.append(board.mark())

    assert len(set(marks)) == 3


async def test_a_price_over_a_ticker_without_bid_and_ask_comes_from_the_book(open_office):
    class Terse(Moody):
        def __getattr__(self, name):
            method = super().__getattr__(name)

            async def terse(*args, **kwargs):
                return {**await method(*args, **kwargs), "bid": None, "ask": None}

            return terse if name == "fetch_ticker" else method

    office = open_office(around={"paper-a": Terse})

    shown = await (await Board(office.desk).look()).portfolio()

    assert shown.equity == (await office.desk.profit_and_loss()).equity


async def test_the_equity_curve_is_the_desks_and_no_venue_is_asked(moody):
    await moody.desk.profit_and_loss()
    moody.pass_time(days=1)
    await moody.desk.profit_and_loss()
    asked = moody.venues["paper-b"].asked

    curve = Board(moody.desk).curve(500)

    assert (curve.quote, len(curve.points)) == ("USDT", 2)
    assert curve.points[1].at - curve.points[0].at == timedelta(days=1)
    assert moody.venues["paper-b"].asked == asked
