"""Exits are always allowed: also while a venue that has nothing to do with them is silent."""

from decimal import Decimal

import pytest

from company.errors import RequestTimeout, ToolError
from company.trading.risk import MARKS
from tests.trading.conftest import Office

D = Decimal


class Silent:
    """A venue that answers nothing while `silent`."""

    def __init__(self, inner):
        self.inner, self.silent = inner, False

    def __getattr__(self, name):
        found = getattr(self.inner, name)
        if not name.startswith(("fetch_", "load_", "create_", "cancel_")):
            return found

        async def _asked(*given, **named):
            if self.silent:
                raise RequestTimeout("paper-c: no answer in 10 s")
            return await found(*given, **named)

        return _asked


@pytest.fixture
async def office():
    """A desk that has looked once, restarted while paper-c does not answer."""
    office = Office(around={"paper-c": Silent})
    await office.desk.limits()
    office.venues["paper-c"].silent = True
    office.pass_time(minutes=1)
    office.desk = office.reopen()
    return office


@pytest.mark.parametrize(("venue", "sold_at"), [("paper-a", "paper-a"), ("", "paper-b")])
async def test_an_exit_goes_to_a_venue_that_answers(office, venue, sold_at):
    order = await office.desk.place("btc", "sell", "0.01", key="out", reason="exit", venue=venue)
    assert (order.venue, order.status, order.filled) == (sold_at, "closed", D("0.01"))


async def test_an_exit_is_sized_from_what_the_venues_that_answer_hold(office):
    assert await office.desk.vet("BTC", "sell", "0.1") == []
    assert [clamp.rule for clamp in await office.desk.vet("BTC", "sell", "0.101")] == ["risk.no_short"]
    assert (await office.desk.size("BTC", "sell", "1")).quantity == D("0.05")


async def test_what_an_exit_puts_at_stake_is_told_by_the_venues_that_answer(office):
    weighed = await office.desk.weigh("BTC", "sell", "0.1")
    mids = [quote.mid for quote in await office.desk.markets.answering("BTC/USDT")]
    assert len(mids) == 2
    assert weighed.clamps == []
    assert min(mids) <= weighed.notional * 10 <= max(mids)


async def test_a_limit_order_can_be_an_exit_too(office):
    order = await office.desk.place("BTC", "sell", "0.01", key="out", reason="exit", type="limit", price="90000")
    assert order.status == "open"


async def test_an_exit_from_the_silent_venue_says_that_it_does_not_answer(office):
    with pytest.raises(RequestTimeout, match="paper-c"):
        await office.desk.place("BTC", "sell", "0.01", key="out", reason="exit", venue="paper-c")


async def test_an_entry_waits_until_every_venue_answers(office):
    with pytest.raises(RequestTimeout, match="paper-c"):
        await office.desk.place("BTC", "buy", "0.01", key="in", reason="entry")
    with pytest.raises(RequestTimeout, match="paper-c"):
        await office.desk.size("BTC", "buy", "0.9")


async def test_an_exit_marks_no_equity_that_leaves_a_venue_out(office):
    before = office.books.get(MARKS, "equity")

    await office.desk.place("BTC", "sell", "0.01", key="out", reason="exit")

    assert office.books.get(MARKS, "equity") == before
    assert office.desk.decisions(1)[0].evidence["equity"] == round(D(str(before["equity"])), 2)


@pytest.mark.parametrize("restarted", [False, True])
async def test_nobody_gets_out_while_no_venue_answers(restarted):
    office = Office(around=dict.fromkeys(("paper-a", "paper-b", "paper-c"), Silent))
    await office.desk.limits()
    for venue in office.venues.values():
        venue.silent = True
    office.pass_time(minutes=1)
    office.desk = office.reopen() if restarted else office.desk
    with pytest.raises(RequestTimeout):
        await office.desk.place("BTC", "sell", "0.01", key="out", reason="exit")


async def test_more_than_the_answering_venues_hold_is_not_sold(office):
    with pytest.raises(ToolError, match=r"risk\.no_short"):
        await office.desk.place("BTC", "sell", "0.11", key="out", reason="exit")


@pytest.mark.parametrize("kind", [{}, {"type": "limit", "price": "65000"}])
async def test_an_exit_does_not_fail_on_a_purchase_of_ours_and_people_are_told_that_it_went(kind):
    office = Office()
    quote = next(one for one in await office.desk.markets.quotes("BTC/USDT") if one.market.venue == "paper-a")
    bids = {"near": quote.bid + 1, "far": quote.bid * D("0.99")}
    for key, price in bids.items():
        wish = {"type": "limit", "price": price, "venue": "paper-a", "reason": "entry"}
        await office.desk.place("BTC", "buy", "0.01", key=key, **wish)
    kind = {**kind, **({"price": quote.bid} if kind else {})}

    order = await office.desk.place("BTC", "sell", "0.01", key="out", reason="exit", venue="paper-a", **kind)

    assert (order.status, order.filled) == ("closed", D("0.01"))
    assert [left.client_order_id for left in await office.desk.open_orders()] == ["far"]
    told = []
    await office.desk.reconcile(lambda name, value: told.append((name, value.get("clientOrderId"))))
    assert "near" in [key for _, key in told]
