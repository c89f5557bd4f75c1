import asyncio
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from company.errors import DuplicateOrder, InsufficientFunds, InvalidOrder, RequestTimeout, ToolError
from company.trading import RiskLimits
from tests.trading.faults import Around, bend

D = Decimal
FEES = {"paper-a": D("0.0010"), "paper-b": D("0.0010"), "paper-c": D("0.0012")}
NO_TAILS = {name: D(1) for name in ("max_correlated_fraction", "max_var_fraction", "max_cvar_fraction")}
WIDE = RiskLimits(max_trade_fraction=D(1), max_position_fraction=D(1), max_gross_fraction=D(1), **NO_TAILS)


class DropsReply(Around):
    """Executes the first order but loses the answer."""

    async def create_order(self, *order):
        report = await super().create_order(*order)
        if self.sent == 1:
            raise RequestTimeout("no answer in 10 s")
        return report


class DropsRequest(Around):
    """The first order never arrives."""

    async def create_order(self, *order):
        self.sent += 1
        if self.sent == 1:
            raise RequestTimeout("no answer in 10 s")
        return await self.inner.create_order(*order)


class TellsDuplicatesBadly(Around):
    """Reports a duplicate as a plain invalid order, as Binance does; everybody believes it is the first sending."""

    async def create_order(self, *order):
        await super().create_order(*order)
        try:
            return await self.inner.create_order(*order)
        except DuplicateOrder as error:
            raise InvalidOrder(str(error)) from None


class TellsOnlyTheId(Around):
    """Answers a new order with its id and None everywhere else, as many exchanges do."""

    async def create_order(self, *order):
        report = await super().create_order(*order)
        return {**dict.fromkeys(report), "id": report["id"]}

    async def fetch_order(self, *order):
        return {**await self.inner.fetch_order(*order), "clientOrderId": None}


class KilledError(Exception):
    """The process ends here."""


class DiesAfterSending(Around):
    """The process is killed once the venue has the order."""

    async def create_order(self, *order):
        await super().create_order(*order)
        raise KilledError


class DiesBeforeSending(Around):
    """The process is killed before the venue hears of the order."""

    async def create_order(self, *order):
        raise KilledError


async def held(desk, symbol):
    return next((row.quantity for row in await desk.positions() if row.symbol == symbol), 0)


async def test_an_order_is_written_down_with_its_reason_before_the_venue_hears_of_it(open_office):
    office = open_office(around=bend(DiesBeforeSending))

    with pytest.raises(KilledError):
        await office.desk.place("ETH", "buy", 1, key="k", reason="score 0.8", venue="paper-b")

    written = office.books.get("trading.order", "k")
    assert (written["status"], written["venue"], written["reason"]) == ("sent", "paper-b", "score 0.8")


@pytest.mark.parametrize("death", [DiesBeforeSending, DiesAfterSending])
async def test_an_order_interrupted_by_death_is_placed_once(open_office, death):
    office = open_office(around=bend(death))
    with pytest.raises(KilledError):
        await office.desk.place("ETH", "buy", 1, key="k", reason="test")

    office.venues = dict(office.world.venues)
    desk = office.reopen()
    report = await desk.place("ETH", "buy", 1, key="k", reason="test")

    assert (report.status, report.client_order_id) == ("closed", "k")
    assert await held(desk, "ETH/USDT") == 1


async def test_the_same_key_again_returns_the_first_order(office):
    first = await office.desk.place("ETH", "buy", 1, key="k", reason="test")

    assert await office.desk.place("ETH", "buy", 1, key="k", reason="test") == first
    assert await office.reopen().place("ETH", "buy", 1, key="k", reason="test") == first
    assert await held(office.desk, "ETH/USDT") == 1


async def test_a_repeated_order_is_not_denied_by_the_limits_it_filled_itself(open_office):
    office = open_office(limits=RiskLimits(max_position_fraction=D("0.02")))
    first = await office.desk.place("ETH", "buy", "1.5", key="k", reason="test")

    assert await office.desk.place("ETH", "buy", "1.5", key="k", reason="test") == first


async def test_a_key_used_for_another_order_is_refused(office):
    await office.desk.place("ETH", "buy", 1, key="k", reason="test")

    with pytest.raises(ToolError, match="key 'k' was used to buy ETH/USDT"):
        await office.desk.place("ETH", "sell", 1, key="k", reason="test")


async def test_a_lost_reply_is_looked_up_and_not_sent_again(open_office):
    office = open_office(around=bend(DropsReply))

    report = await office.desk.place("SOL", "buy", 5, key="k", reason="test")

    assert (report.status, report.filled, report.reason) == ("closed", 5, "test")
    assert office.venues[report.venue].sent == 1


async def test_an_order_lost_on_the_way_is_told_as_unknown_and_can_be_sent_again_by_its_key(open_office):
    office = open_office(around=bend(DropsRequest))
    with pytest.raises(RequestTimeout):
        await office.desk.place("SOL", "buy", 5, key="k", reason="test", venue="paper-c")
    assert office.books.get("trading.order", "k")["status"] == "unknown"
    assert await office.desk.find("k") is None

    report = await office.desk.place("SOL", "buy", 5, key="k", reason="test")

    assert (report.venue, report.filled) == ("paper-c", 5)  # only there the key protects
    assert await held(office.desk, "SOL/USDT") == 5


async def test_a_duplicate_told_as_an_invalid_order_returns_the_first_one(open_office):
    office = open_office(around=bend(TellsDuplicatesBadly))

    report = await office.desk.place("SOL", "buy", 5, key="k", reason="test")

    assert report.filled == 5
    assert await held(office.desk, "SOL/USDT") == 5


async def test_an_answer_that_holds_only_an_id_is_completed(open_office):
    office = open_office(around=bend(TellsOnlyTheId))

    report = await office.desk.place("SOL", "buy", 5, key="k", reason="test")

    assert (report.status, report.filled, report.client_order_id) == ("closed", 5, "k")


async def test_an_order_of_an_unknown_key_is_looked_for_everywhere(office):
    venue = office.world.venues["paper-b"]
    await venue.create_order("XRP/USDT", "market", "buy", 100, None, {"clientOrderId": "by-hand"})

    found = await office.desk.find("by-hand")

    assert (found.venue, found.filled, found.reason) == ("paper-b", 100, "")
    assert await office.desk.find("nobody") is None


async def test_a_limit_denies_an_order_before_anything_is_written(office):
    with pytest.raises(ToolError, match=r"order denied: risk.per_trade: .*; risk.per_position"):
        await office.desk.place("ETH", "buy", 50, key="k", reason="greed")

    assert office.books.get("trading.order", "k") is None


async def test_an_order_that_only_fits_at_the_best_level_is_denied_at_its_real_price(open_office):
    limits = RiskLimits(max_trade_fraction=D("0.3"), max_position_fraction=D("0.5"), **NO_TAILS)
    office = open_office(limits=limits)
    cap = (await office.desk.exposure()).equity * D("0.3")
    quotes = (await office.desk.ticker("ETH")).venues
    quantity = D("0.99999") * cap / min(quotes, key=lambda quote: quote.ask * (1 + FEES[quote.venue])).ask

    assert await office.desk.vet("ETH", "buy", quantity) == []
    with pytest.raises(ToolError, match=r"risk\.per_trade"):
        await office.desk.place("ETH", "buy", quantity, key="k", reason="test")


async def test_what_is_not_held_cannot_be_sold(office):
    with pytest.raises(ToolError, match=r"risk\.no_short"):
        await office.desk.place("SOL", "sell", 1, key="k", reason="test")


async def test_an_order_goes_to_the_venue_with_the_best_price_after_fees(office):
    quotes = {quote.venue: quote for quote in (await office.desk.ticker("ETH")).venues}
    best = min(quotes, key=lambda venue: quotes[venue].ask * (1 + FEES[venue]))

    report = await office.desk.place("ETH", "buy", "0.1", key="k", reason="test")

    assert report.venue == best != min(quotes, key=lambda venue: quotes[venue].ask)
    assert report.price == quotes[best].ask


async def test_the_quotes_after_an_order_show_what_it_took(office):
    before = await office.desk.order_book("SOL", "paper-c", 2)
    await office.desk.place("SOL", "buy", before.asks[0][1], key="k", reason="test", venue="paper-c")

    ask = next(quote.ask for quote in (await office.desk.ticker("SOL")).venues if quote.venue == "paper-c")
    assert ask == before.asks[1][0]


async def test_an_order_goes_only_where_it_can_be_paid(open_office):
    office = open_office(limits=WIDE)
    await office.desk.place("ETH", "buy", 29, key="k1", reason="test", venue="paper-a")
    await office.desk.place("ETH", "buy", 29, key="k2", reason="test", venue="paper-b")

    assert (await office.desk.place("ETH", "buy", 5, key="k3", reason="test")).venue == "paper-c"
    assert (await office.desk.size("ETH", "buy", 1)).venue == "paper-c"


async def test_funds_that_no_single_venue_has_are_told(open_office):
    office = open_office(limits=WIDE)

    with pytest.raises(ToolError, match=r"risk\.balance: no venue has the free USDT to buy 40 ETH/USDT"):
        await office.desk.place("ETH", "buy", 40, key="k", reason="test")


async def test_a_holding_spread_over_venues_is_told_by_venue(office):
    with pytest.raises(ToolError, match=r"free are: paper-a 0.05, paper-b 0.05, paper-c 0.05; .* one order a venue"):
        await office.desk.place("BTC", "sell", "0.15", key="k", reason="out")


class Slow(Around):
    """Lets other tasks run before it takes an order, as a network does."""

    async def create_order(self, *order):
        await asyncio.sleep(0)
        return await super().create_order(*order)


async def test_of_two_orders_at_once_that_only_fit_alone_one_is_denied(open_office):
    office = open_office(limits=RiskLimits(max_position_fraction=D("0.05")), around=bend(Slow))

    results = await asyncio.gather(
        *(office.desk.place("ETH", "buy", 3, key=key, reason="test") for key in ("k1", "k2")), return_exceptions=True
    )

    assert [isinstance(result, ToolError) for result in results] == [False, True]
    assert await held(office.desk, "ETH/USDT") == 3


wishes = st.tuples(
    st.sampled_from(["BTC", "ETH", "SOL", "XRP"]),
    st.sampled_from(["buy", "sell"]),
    st.sampled_from(["market", "limit"]),
    st.floats(0.001, 0.08),  # of the equity
    st.integers(0, 90),  # minutes until the next one
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # it is a class
@given(orders=st.lists(wishes, min_size=1, max_size=12))
async def test_no_sequence_of_orders_takes_a_position_over_its_limit(open_office, orders):
    limits = RiskLimits(max_position_fraction=D("0.07"), max_gross_fraction=D("0.15"))
    office = open_office(limits=limits)
    for number, (symbol, side, kind, share, minutes) in enumerate(orders):
        ticker = await office.desk.ticker(symbol)
        price = ticker.price * D("0.999") if kind == "limit" else None
        quantity = D(str(share)) * 310_000 / ticker.price
        with suppress(ToolError):
            bought = await office.desk.place(
                symbol, side, quantity, key=f"k{number}", reason="any", type=kind, price=price
            )
            exposure = await office.desk.exposure()
            after = {row.symbol: row.value + row.pending for row in exposure.symbols}
            if bought.side == "buy":
                assert bought.notional <= limits.max_trade_fraction * exposure.equity + 1
                assert after[bought.symbol] <= limits.max_position_fraction * exposure.equity + 1
                assert exposure.gross <= limits.max_gross_fraction * exposure.equity + 1
        office.pass_time(minutes=minutes)


async def test_an_order_is_cut_to_the_venues_steps(office):
    report = await office.desk.place("SOL", "buy", "1.23456789", key="k", reason="test")

    assert report.quantity == D("1.234")


async def test_a_limit_price_is_put_on_the_grid_and_never_worsened(office):
    report = await office.desk.place("SOL", "buy", 1, key="k", reason="dip", type="limit", price="100.009")

    assert (report.status, report.price) == ("open", D("100"))


async def test_an_order_too_small_for_the_venue_says_what_is_the_least(office):
    with pytest.raises(ToolError, match=r"too small for paper-.: it takes steps of 0.001, .* 5 in notional"):
        await office.desk.place("SOL", "buy", "0.0001", key="k", reason="test")


@pytest.mark.parametrize(("kind", "price"), [("market", 100), ("limit", None), ("stop", 100)])
async def test_type_and_price_must_go_together(office, kind, price):
    with pytest.raises(ToolError, match="order"):
        await office.desk.place("SOL", "buy", 1, key="k", reason="test", type=kind, price=price)


async def test_a_refusal_of_the_venue_is_written_down(open_office):
    class Poor(Around):
        async def create_order(self, *order):
            raise InsufficientFunds("paper-a: not enough USDT")

    office = open_office(around=bend(Poor))

    with pytest.raises(InsufficientFunds):
        await office.desk.place("SOL", "buy", 1, key="k", reason="test")
    assert office.books.get("trading.order", "k")["status"] == "rejected"


async def test_an_open_order_is_listed_and_cancelled_once(office):
    report = await office.desk.place("SOL", "buy", 1, key="k", reason="dip", type="limit", price=100)

    assert await office.desk.open_orders() == [report]
    cancelled = await office.desk.cancel(report.order_id)
    assert cancelled.status == "canceled"
    assert await office.desk.open_orders() == []
    assert await office.desk.cancel(report.order_id) == cancelled
    assert await office.desk.cancel("k") == cancelled


async def test_a_filled_order_is_reported_instead_of_cancelled(office):
    filled = await office.desk.place("SOL", "buy", 1, key="k", reason="test")

    assert await office.desk.cancel(filled.order_id) == filled


async def test_cancelling_an_unknown_order_names_the_open_ones(office):
    report = await office.desk.place("SOL", "buy", 1, key="k", reason="dip", type="limit", price=100)

    with pytest.raises(ToolError, match=f"there is no order 'O99'; open orders are: {report.order_id}"):
        await office.desk.cancel("O99")
