from datetime import timedelta
from decimal import Decimal

import pytest

from company.errors import RequestTimeout, ToolError
from company.trading import RiskLimits
from company.trading.orders import GRACE
from company.world import START
from tests.trading.faults import AnswersTwice, Around, Delays, DropsReply, DropsRequest, Silent, bend

D = Decimal


class Told(list):
    """What people were told."""

    def __call__(self, name, value):
        self.append((name, value))

    @property
    def names(self):
        return [name for name, _ in self]


@pytest.fixture
def told():
    return Told()


def later(office, span):
    """Time passes, but no order meets it."""
    office.clock.advance_to(office.clock.now() + span)


async def dip(office, key="k", quantity=5, share="0.999"):
    price = (await office.desk.ticker("SOL")).best_bid * D(share)
    wish = {"type": "limit", "price": price, "venue": "paper-c"}
    return await office.desk.place("SOL", "buy", quantity, key=key, reason="dip", **wish)


async def pass_until_filled(office):
    for _ in range(48):
        office.pass_time(hours=1)
        if not await office.desk.open_orders():
            return
    raise AssertionError("it never filled")


async def orders_at(office, venue):
    return {trade["order"] for trade in await office.world.venues[venue].fetch_my_trades("SOL/USDT")}


async def test_a_filled_order_without_an_answer_is_found_among_the_trades_of_a_venue_that_forgets_keys(open_office):
    office = open_office(around=bend(DropsReply))

    report = await office.desk.place("SOL", "buy", 5, key="k", reason="test")

    assert (report.status, report.filled, report.client_order_id) == ("closed", 5, "k")
    assert office.venues[report.venue].sent == 1


async def test_an_order_that_may_still_arrive_is_never_sent_again(open_office):
    office = open_office(around=bend(DropsRequest))
    for _ in range(2):
        with pytest.raises(RequestTimeout):
            await office.desk.place("SOL", "buy", 5, key="k", reason="test", venue="paper-c")

    with pytest.raises(RequestTimeout, match="it is not sent again"):
        await office.reopen().find("k")
    assert office.venues["paper-c"].sent == 1
    [doubt] = (await office.desk.reconcile()).doubtful
    assert (doubt.key, doubt.status, doubt.venue) == ("k", "unknown", "paper-c")


async def test_an_order_that_no_venue_shows_is_lost_after_its_grace_and_people_are_told(open_office, told):
    office = open_office(around=bend(DropsRequest))
    with pytest.raises(RequestTimeout):
        await office.desk.place("SOL", "buy", 5, key="k", reason="test")
    await office.desk.reconcile(told)
    later(office, GRACE + timedelta(seconds=1))

    found = await office.desk.reconcile(told)

    assert [doubt.status for doubt in found.doubtful] == ["lost"]
    assert [value["doubtful"][0]["status"] for _, value in told] == ["unknown", "lost"]
    with pytest.raises(RequestTimeout):
        await office.desk.place("SOL", "buy", 5, key="k", reason="test")


@pytest.mark.parametrize("waits", [timedelta(0), GRACE * 2])
async def test_an_order_that_arrives_late_is_settled_by_what_the_venue_shows_and_told_once(open_office, told, waits):
    office = open_office(around=bend(Delays))
    with pytest.raises(RequestTimeout):
        await office.desk.place(
            "SOL", "buy", 5, key="k", reason="test", venue="paper-c", strategy="dca", role="trading"
        )
    later(office, waits)
    await office.desk.reconcile()
    await office.venues["paper-c"].arrive()

    found = await office.reopen().reconcile(told)
    await office.reopen().reconcile(told)

    [settled] = found.settled
    assert (settled.client_order_id, settled.status, settled.filled) == ("k", "closed", 5)
    assert told.names == ["trade.filled"]
    assert found.doubtful == []
    assert {(row.strategy, row.role) for row in (await office.desk.attribution()).rows if row.trades} == {
        ("dca", "trading")
    }


async def test_a_purchase_nobody_knows_of_takes_the_room_it_would_take(open_office):
    office = open_office(around=bend(DropsRequest), limits=RiskLimits(max_position_fraction=D("0.05")))
    with pytest.raises(RequestTimeout):
        await office.desk.place("ETH", "buy", 3, key="k1", reason="test", venue="paper-c")

    with pytest.raises(ToolError, match=r"risk\.per_position"):
        await office.desk.place("ETH", "buy", 3, key="k2", reason="test", venue="paper-a")


async def test_a_request_that_arrives_twice_is_one_order(open_office):
    office = open_office(around=bend(AnswersTwice))

    report = await office.desk.place("SOL", "buy", 5, key="k", reason="test")

    assert (report.filled, report.client_order_id) == (5, "k")
    assert len(await orders_at(office, report.venue)) == 1


async def test_an_order_that_fills_while_nobody_looks_becomes_a_trade_and_is_told_once(office, told):
    order = await dip(office)
    assert told == []
    await pass_until_filled(office)

    found = await office.desk.reconcile(told)
    await office.desk.reconcile(told)
    await office.reopen().reconcile(told)

    [(name, fill)] = told
    assert (name, fill["clientOrderId"], fill["quantity"], fill["more"]) == ("trade.filled", "k", "5", "5")
    assert (fill["reason"], D(fill["fee"]) > 0) == ("dip", True)
    assert [report.order_id for report in found.settled] == [order.order_id]
    assert office.books.get("trading.order", "k")["status"] == "closed"
    assert (await office.desk.audit()).difference == ""


async def test_a_fill_that_was_found_but_not_told_is_told_after_a_crash(office, told):
    def crash(name, value):
        raise KeyboardInterrupt

    await dip(office)
    await pass_until_filled(office)
    with pytest.raises(KeyboardInterrupt):
        await office.desk.reconcile(crash)

    await office.reopen().reconcile(told)

    assert told.names == ["trade.filled"]


async def test_an_order_that_a_person_cancels_at_the_venue_is_told_and_wakes_who_waits_for_it(office, told):
    order = await dip(office)
    await office.world.venues["paper-c"].cancel_order(order.order_id)

    await office.desk.reconcile(told)

    [(name, value)] = told
    assert (name, value["status"], value["clientOrderId"]) == ("order.cancelled", "canceled", "k")
    assert list(await office.desk.ended_orders()) == ["k"]


async def test_what_the_desk_cancels_itself_is_not_told_again(office, told):
    order = await dip(office)
    await office.desk.cancel(order.order_id)

    await office.desk.reconcile(told)

    assert told == []
    assert await office.desk.ended_orders() == {}


async def test_an_open_order_of_somebody_else_is_named_until_it_is_gone(office, told):
    venue = office.world.venues["paper-b"]
    by_hand = await venue.create_order("SOL/USDT", "limit", "buy", 1, 50, {"clientOrderId": "by-hand"})

    found = await office.desk.reconcile(told)
    await venue.cancel_order(by_hand["id"])
    later(office, timedelta(minutes=1))
    await office.reopen().reconcile(told)

    assert [order.client_order_id for order in found.foreign] == ["by-hand"]
    assert not found.agrees
    assert [len(value["foreign"]) for _, value in told] == [1, 0]


async def test_a_trade_made_by_hand_is_booked_for_nobody(office):
    await office.desk.reconcile()
    await office.world.venues["paper-b"].create_order("XRP/USDT", "market", "buy", 100, None, {})

    await office.reopen().reconcile()

    [row] = [row for row in (await office.desk.attribution()).rows if row.trades]
    assert (row.strategy, row.role, row.fees > 0) == ("unattributed", "unattributed", True)
    assert (await office.desk.audit()).difference == ""


async def test_a_balance_that_no_trade_explains_is_named_once(open_office, told):
    class Gift(Around):
        gift = D(0)

        async def fetch_balance(self):
            balance = await self.inner.fetch_balance()
            return {**balance, "total": {**balance["total"], "SOL": self.gift}}

    office = open_office(around=bend(Gift))
    await office.desk.reconcile(told)
    office.venues["paper-a"].gift = D(3)

    found = await office.reopen().reconcile(told)
    again = await office.reopen().reconcile(told)

    [difference] = found.differences
    assert (difference.currency, difference.venues, difference.net) == ("SOL", {"paper-a": 3}, 3)
    assert again.agrees
    assert told.names == ["desk.reconciled"]
    assert (await office.desk.audit()).difference == ""


async def test_a_venue_that_fails_is_named_and_does_not_keep_the_others(open_office):
    office = open_office(around={"paper-a": Silent})
    await dip(office)
    await pass_until_filled(office)
    office.venues["paper-a"].is_down = True

    found = await office.desk.reconcile()

    assert found.failures[0] == "paper-a: no answer in 10 s"
    assert [report.client_order_id for report in found.settled] == ["k"]


async def test_no_venue_is_asked_when_every_order_is_at_its_end(open_office):
    office = open_office(around=bend(Around))
    await office.desk.place("SOL", "buy", 5, key="k", reason="test")
    await office.desk.reconcile()
    asked = [venue.asked for venue in office.venues.values()]

    assert (await office.desk.reconcile()).agrees
    assert [venue.asked for venue in office.venues.values()] == asked


async def test_an_intent_that_nobody_sent_is_closed_after_its_grace(office):
    row = {"venue": "paper-a", "symbol": "SOL/USDT", "side": "buy", "type": "market", "quantity": "5", "price": None}
    row |= {"reason": "", "strategy": "", "role": "", "at": START.isoformat(), "status": "intent"}
    office.books.put("trading.order", "k", row)
    office.pass_time(hours=1)

    await office.desk.reconcile()

    assert office.books.get("trading.order", "k")["status"] == "unsent"
