import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import InsufficientFunds, RequestTimeout, ToolError, VenueError
from company.trading import RiskLimits
from company.trading.strategies import Arbitrage, TwoLegs
from company.trading.strategies.legs import Leg, decide, execute, look

D = Decimal
BOTH = ("paper-a", "paper-b")


class KilledError(Exception):
    """The process ends here."""


class Bent:
    """A venue around another one that bends the orders whose key ends as told: `Bent(inner, {"-s": refuses})`."""

    def __init__(self, inner, bends):
        self.inner, self.bends, self.sent, self.cancels = inner, bends, [], True

    def __getattr__(self, name):
        return getattr(self.inner, name)

    async def create_order(self, *order):
        key = order[-1]["clientOrderId"]
        self.sent.append(key)
        bend = self.bends.get(key[-2:])
        return await (bend(self.inner, order) if bend else self.inner.create_order(*order))

    async def cancel_order(self, *order):
        if not self.cancels:
            raise RequestTimeout("no answer to a cancel")
        return await self.inner.cancel_order(*order)


async def refuses(_venue, _order):
    raise InsufficientFunds("the margin desk is at lunch")


async def loses_the_request(_venue, _order):
    raise RequestTimeout("no answer in 10 s")


async def loses_the_reply(venue, order):
    await venue.create_order(*order)
    raise RequestTimeout("no answer in 10 s")


async def dies(venue, order):
    await venue.create_order(*order)
    raise KilledError


@pytest.fixture
def bent(open_office):
    """A desk with 2 ETH at each of two venues: `await bent({"-s": refuses})` bends orders by the end of their key."""

    async def _bent(bends=None, **limits):
        names = ("max_trade_fraction", "max_position_fraction", "max_correlated_fraction", "max_gross_fraction")
        chosen = {**dict.fromkeys(names, D(1)), **limits}
        around = dict.fromkeys(BOTH, lambda venue: Bent(venue, bends or {}))
        office = open_office(limits=RiskLimits(**chosen), around=around)
        for venue in BOTH:
            await office.world.venues[venue].create_order("ETH/USDT", "market", "buy", D(2))
        office.pass_time(minutes=5)
        return office

    return _bent


async def plan_of(office, quantity=1, *, hold=10, buy_limit=None):
    """Buy at paper-a and sell at paper-b, at prices that fill at once."""
    buy, sell = [book for book in await look(office.desk, "ETH") if book.market.venue in BOTH]
    limits, quantity = (buy_limit or buy.asks[-1][0], sell.bids[-1][0]), D(quantity)
    return TwoLegs(
        symbol="ETH/USDT",
        quantity=quantity,
        buy=buy.market.venue,
        buy_limit=limits[0],
        sell=sell.market.venue,
        sell_limit=limits[1],
        cost=quantity * limits[0],
        proceeds=quantity * limits[1],
        profit=D(0),
        edge_bps=D(0),
        hold=D(hold),
    )


async def thinned(office):
    """Leave half an ETH at paper-a's best ask, and return its price."""
    price, amount = (await look(office.desk, "ETH"))[0].asks[0]
    await office.venues["paper-a"].inner.create_order("ETH/USDT", "market", "buy", amount - D("0.5"))
    return price


async def held(office):
    rows = {row.symbol: row.venues for row in await office.desk.positions()}["ETH/USDT"]
    return {venue: rows.get(venue, D(0)) for venue in BOTH}


# What to do


def decided(bought, sold, *, hold=10, known=(True, True)):
    plan = TwoLegs(
        symbol="ETH/USDT",
        quantity=D(5),
        buy="a",
        buy_limit=D(100),
        sell="b",
        sell_limit=D(101),
        cost=D(500),
        proceeds=D(505),
        profit=D(5),
        edge_bps=D(100),
        hold=D(hold),
    )
    return decide(plan, Leg(D(bought), known=known[0]), Leg(D(sold), known=known[1]))


@pytest.mark.parametrize(
    ("bought", "sold", "remedy"),
    [
        ("5", "5", "none"),
        ("0", "0", "none"),
        ("3", "3", "none"),
        ("5", "4.9", "hold"),
        ("5", "4.89", "unwind"),
        ("4.91", "5", "hold"),
        ("4.9", "5", "unwind"),
        ("5", "0", "unwind"),
        ("0", "5", "unwind"),
    ],
)
def test_a_difference_within_the_limit_is_held_and_a_larger_one_unwound(bought, sold, remedy):
    assert decided(bought, sold) == remedy


amount = st.decimals(0, 5, places=3)


@given(bought=amount, sold=amount, known=st.tuples(st.booleans(), st.booleans()))
def test_nothing_is_sent_while_an_outcome_is_not_known_and_nothing_large_stays(bought, sold, known):
    remedy = decided(bought, sold, known=known)

    assert (remedy == "wait") == (not all(known))
    if remedy in ("none", "hold"):
        assert abs(bought - sold) * 101 <= 10 + D("1.01")


# Both legs


async def test_both_legs_fill_and_nothing_stays_open(bent):
    office = await bent()

    report = await execute(office.desk, await plan_of(office), key="k")

    assert (report.bought.filled, report.sold.filled, report.remedy, report.open) == (1, 1, "none", 0)
    assert (report.unwound, report.notes) == (None, ())
    fees = report.bought.fee + report.sold.fee
    assert report.cash == pytest.approx(report.sold.notional - report.bought.notional - fees, abs=D("0.01"))
    assert await held(office) == {"paper-a": 3, "paper-b": 1}
    assert office.books.get("trading.order", "k-b")["strategy"] == "arbitrage"


async def test_both_legs_are_on_their_way_before_either_is_answered(bent):
    meeting = asyncio.Barrier(2)

    async def meets(venue, order):
        async with asyncio.timeout(5):  # one after the other they would never meet
            await meeting.wait()
        return await venue.create_order(*order)

    office = await bent({"-b": meets, "-s": meets})

    report = await execute(office.desk, await plan_of(office), key="k")

    assert report.remedy == "none"


async def test_a_refused_sale_is_undone_where_it_was_bought(bent):
    office = await bent({"-s": refuses})

    report = await execute(office.desk, await plan_of(office), key="k")

    assert (report.remedy, report.open, report.sold) == ("unwind", 0, None)
    assert (report.unwound.side, report.unwound.venue, report.unwound.filled) == ("sell", "paper-a", 1)
    assert report.cash < 0
    assert "sell at paper-b: the margin desk is at lunch" in report.notes
    assert await held(office) == {"paper-a": 2, "paper-b": 2}


async def test_a_refused_purchase_is_bought_back_where_it_was_sold(bent):
    office = await bent({"-b": refuses}, wash_fraction=D("0.00001"))

    report = await execute(office.desk, await plan_of(office), key="k")

    assert (report.unwound.side, report.unwound.venue, report.unwound.filled) == ("buy", "paper-b", 1)
    assert report.open == 0
    assert await held(office) == {"paper-a": 2, "paper-b": 2}


async def test_what_the_limits_do_not_let_be_bought_back_at_once_stays_open_is_told_and_can_be_asked_again(bent):
    office = await bent({"-b": refuses}, wash_fraction=D("0.01"))
    plan = await plan_of(office)

    report = await execute(office.desk, plan, key="k")
    office.pass_time(minutes=2)
    later = await execute(office.desk, plan, key="k")

    assert (report.remedy, report.unwound, report.open) == ("unwind", None, -1)
    assert any("risk.wash_trade" in note for note in report.notes)
    assert "1 ETH more sold than bought stay open, at paper-b" in report.notes
    assert (later.unwound.side, later.unwound.venue, later.open) == ("buy", "paper-b", 0)


async def test_two_refused_legs_leave_everything_as_it_was(bent):
    office = await bent({"-b": refuses, "-s": refuses})

    report = await execute(office.desk, await plan_of(office), key="k")

    assert (report.remedy, report.open, report.cash) == ("none", 0, 0)
    assert len(report.notes) == 2
    assert await held(office) == {"paper-a": 2, "paper-b": 2}


async def test_a_leg_that_fills_in_part_is_withdrawn_and_the_difference_unwound(bent):
    office = await bent(wash_fraction=D("0.00001"))
    plan = await plan_of(office, buy_limit=await thinned(office))
    before = await held(office)

    report = await execute(office.desk, plan, key="k")

    assert (report.bought.filled, report.bought.status, report.sold.filled) == (D("0.5"), "canceled", 1)
    assert "buy at paper-a: 0.5 of 1 filled" in report.notes
    assert (report.remedy, report.unwound.side, report.unwound.filled, report.open) == ("unwind", "buy", D("0.5"), 0)
    assert await office.desk.open_orders() == []
    assert await held(office) == {"paper-a": before["paper-a"] + D("0.5"), "paper-b": before["paper-b"] - D("0.5")}


async def test_a_small_difference_is_held_and_told(bent):
    office = await bent()
    plan = await plan_of(office, buy_limit=await thinned(office), hold=100_000)

    report = await execute(office.desk, plan, key="k")

    assert (report.remedy, report.unwound) == ("hold", None)
    assert report.open == D("-0.5")
    assert "0.5 ETH more sold than bought stay open, at paper-b" in report.notes


# Outcomes that are not known


async def test_a_lost_reply_is_looked_up_and_counts_as_filled(bent):
    office = await bent({"-s": loses_the_reply})

    report = await execute(office.desk, await plan_of(office), key="k")

    assert (report.remedy, report.open, report.sold.filled) == ("none", 0, 1)
    assert office.venues["paper-b"].sent == ["k-s"]


async def test_nothing_is_unwound_while_a_leg_may_still_be_on_its_way(bent):
    office = await bent({"-s": loses_the_request})

    report = await execute(office.desk, await plan_of(office), key="k")

    assert (report.remedy, report.unwound, report.cash, report.open) == ("wait", None, None, 1)
    assert any("ask again with the same key" in note for note in report.notes)
    assert any("1 ETH more bought than sold stay open, at paper-a" in note for note in report.notes)


async def test_asking_again_with_the_same_key_sends_no_leg_and_settles_the_pair(bent):
    office = await bent({"-s": loses_the_request})
    plan = await plan_of(office)
    await execute(office.desk, plan, key="k")

    soon = await execute(office.desk, plan, key="k")
    office.pass_time(minutes=3)
    later = await execute(office.desk, plan, key="k")

    assert (soon.remedy, later.remedy, later.open) == ("wait", "unwind", 0)
    assert office.venues["paper-b"].sent == ["k-s"]
    assert office.venues["paper-a"].sent == ["k-b", "k-u"]
    assert await execute(office.desk, plan, key="k") == later
    assert await held(office) == {"paper-a": 2, "paper-b": 2}


async def test_an_order_that_cannot_be_withdrawn_is_told_as_open(bent):
    office = await bent()
    office.venues["paper-a"].cancels = False
    plan = await plan_of(office, buy_limit=await thinned(office))

    report = await execute(office.desk, plan, key="k")

    assert (report.remedy, report.unwound, report.cash) == ("wait", None, None)
    assert any("could not be withdrawn: no answer to a cancel" in note for note in report.notes)


async def test_an_unwinding_that_fails_is_told_with_what_stays_open(bent):
    office = await bent({"-s": refuses, "-u": refuses})

    report = await execute(office.desk, await plan_of(office), key="k")

    assert (report.remedy, report.unwound, report.open) == ("unwind", None, 1)
    assert "unwinding: the margin desk is at lunch" in report.notes
    assert "1 ETH more bought than sold stay open, at paper-a" in report.notes


async def test_a_pair_interrupted_by_death_is_settled_by_the_next_process(bent):
    office = await bent({"-b": dies, "-s": refuses})
    plan = await plan_of(office)
    with pytest.raises(KilledError):
        await execute(office.desk, plan, key="k")

    office.venues["paper-a"].bends = {}
    office.pass_time(minutes=3)
    report = await execute(office.reopen(), plan, key="k")

    assert (report.bought.filled, report.remedy, report.open) == (1, "unwind", 0)
    assert await held(office) == {"paper-a": 2, "paper-b": 2}


async def test_a_leg_whose_turn_never_came_counts_as_nothing(bent):
    office = await bent({"-b": dies})
    plan = await plan_of(office)
    await office.desk.place(
        "ETH", "buy", 1, key="k-b", reason="the first leg, before the process ended", venue="paper-c"
    )

    report = await execute(office.desk, plan, key="k")

    assert (report.bought.filled, report.sold) == (1, None)
    assert any("was never sent" in note for note in report.notes)


# Limits


async def test_a_leg_that_a_limit_denies_sends_neither(bent):
    office = await bent(max_trade_fraction=D("0.02"))

    with pytest.raises(ToolError, match=r"risk\.per_trade"):
        await execute(office.desk, await plan_of(office, "1.9"), key="k")

    assert office.books.get("trading.order", "k-b") is None
    assert office.books.get("trading.order", "k-s") is None


async def test_what_is_not_at_the_selling_venue_cannot_be_sold_there(bent):
    office = await bent()

    with pytest.raises(ToolError, match=r"risk\.balance: no venue has the free ETH to sell 3"):
        await execute(office.desk, await plan_of(office, 3), key="k")

    assert office.venues["paper-a"].sent == []


async def test_two_pairs_at_once_do_not_use_the_same_room(bent):
    office = await bent()
    plan = await plan_of(office, "1.5")

    outcomes = await asyncio.gather(*(execute(office.desk, plan, key=key) for key in "kl"), return_exceptions=True)

    assert [type(outcome).__name__ for outcome in outcomes] == ["PairReport", "ToolError"]
    assert "risk.balance" in str(outcomes[1])


async def test_a_key_used_for_another_symbol_is_refused(bent):
    office = await bent()
    plan = await plan_of(office)
    await execute(office.desk, plan, key="k")

    with pytest.raises(ToolError, match="key 'k' was used for ETH/USDT"):
        await execute(office.desk, plan.model_copy(update={"symbol": "BTC/USDT"}), key="k")


# The whole way


async def test_an_arbitrage_that_the_paper_world_offers_earns_what_was_promised(open_office):
    office = open_office()
    for venue in office.venues:
        await office.desk.place("BTC", "buy", "0.01", key=f"stock-{venue}", reason="inventory", venue=venue)
    plan = None
    while plan is None:
        office.pass_time(minutes=1)
        plan = Arbitrage(least_bps=D(0))(await look(office.desk, "BTC"))

    report = await execute(office.desk, plan, key="k")

    assert (report.remedy, report.open) == ("none", 0)
    assert report.cash == pytest.approx(plan.profit, abs=D("0.02"))
    assert report.cash > 0


@pytest.mark.parametrize(
    "level", [[-1, 1], [0, 1], [100, -1], [float("nan"), 1], [100, float("inf")], [None, 1], ["x", 1]]
)
async def test_a_book_with_a_level_that_cannot_be_right_is_refused(bent, level):
    office = await bent()

    async def nonsense(*_):
        return {"bids": [level], "asks": [[101, 1], level]}

    office.venues["paper-a"].fetch_order_book = nonsense

    with pytest.raises(VenueError, match="paper-a ETH/USDT book"):
        await look(office.desk, "ETH")
    with pytest.raises(VenueError, match="paper-a ETH/USDT book"):
        await office.desk.place("ETH", "buy", "1.5", key="k", reason="test", venue="paper-a")


class Dated:
    """A venue whose book is as old as it is told."""

    def __init__(self, inner, age):
        self.inner, self.age = inner, age

    def __getattr__(self, name):
        return getattr(self.inner, name)

    async def fetch_order_book(self, *asked):
        book = await self.inner.fetch_order_book(*asked)
        return {**book, "timestamp": None if self.age is None else book["timestamp"] - self.age}


@pytest.mark.parametrize("age", [None, 0, 10_000, -5_000])
async def test_a_book_that_is_young_or_has_no_date_is_planned_on(open_office, age):
    office = open_office(around={"paper-b": lambda venue: Dated(venue, age)})
    assert len(await look(office.desk, "BTC")) == 3


async def test_nothing_is_planned_on_a_book_that_stood_still(open_office):
    office = open_office(around={"paper-b": lambda venue: Dated(venue, 45_000)})
    with pytest.raises(VenueError, match="paper-b BTC/USDT book: it is 45 s old"):
        await look(office.desk, "BTC")


@pytest.mark.parametrize(("buy", "sell"), [("paper-a", "paper-a"), ("", "paper-b"), ("paper-a", "")])
async def test_a_pair_at_one_venue_would_trade_with_itself_and_is_refused(open_office, buy, sell):
    office = open_office()
    with pytest.raises(ToolError, match="two different venues"):
        await office.desk.place_pair("BTC", "0.01", buy=(buy, 60_000), sell=(sell, 60_000), key="k", reason="test")
    assert await office.desk.open_orders() == []
