import re
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from company.errors import ToolError
from company.trading import RiskLimits

D = Decimal


async def traded(office):
    """A desk that bought for a strategy, sold a part by hand of a role, and has a resting order."""
    await office.desk.place("SOL", "buy", 10, key="k1", reason="dip", strategy="dca", role="trading")
    office.pass_time(hours=3)
    await office.desk.place("SOL", "sell", 4, key="k2", reason="stop", role="risk")
    await office.desk.place("SOL", "buy", 1, key="k3", reason="low", type="limit", price=50)
    await office.desk.reconcile()
    return office.desk


async def test_books_that_agree_have_no_difference(office):
    desk = await traded(office)

    found = await desk.audit()

    assert found.agrees
    assert (found.difference, found.orders) == ("", 3)
    assert found.bookings >= 3  # the opening and the trades
    assert found.balances >= 7


def change(office, kind, pick, **changed):
    key, row = next((key, row) for key, row in office.books.items(kind) if pick in key)
    office.books.put(kind, key, {**row, **changed})


TAMPERED = [
    ("trading.booked", "SOL/USDT", {"quantity": "11"}, r"booking 'paper-. SOL/USDT T\d+' moved 11 SOL"),
    ("trading.booked", "SOL/USDT", {"cost": "1"}, r"booking 'paper-. SOL/USDT T\d+' moved"),
    ("trading.booked", "SOL/USDT", {"strategy": "mine"}, "holding of SOL/USDT is kept as"),
    ("trading.holding", "SOL/USDT", {"parts": []}, "holding of SOL/USDT is kept as nothing, its bookings come to"),
    ("trading.order", "k1", {"filled": "9"}, r"order 'k1' on paper-. filled 9, its trades sum to 10"),
    ("trading.ledger.balance", "fees", {"USDT": "0"}, r"trading.ledger.balance 'fees' is"),
    ("trading.ledger.entry", "SOL/USDT", {"memo": "gift"}, r"booking .* has no entry in the ledger"),
    ("paper-a.ledger.balance", "available", {"USDT": "5"}, "paper-a holds 5 USDT, the ledger says"),
]


@pytest.mark.parametrize(("kind", "pick", "changed", "difference"), TAMPERED)
async def test_the_first_thing_that_does_not_agree_is_named(office, kind, pick, changed, difference):
    desk = await traded(office)
    change(office, kind, pick, **changed)

    found = await desk.audit()

    assert not found.agrees
    assert re.search(difference, found.difference), found.difference


async def test_what_a_strategy_bought_and_a_role_sold_is_earned_by_the_strategy(office):
    desk = await traded(office)

    found = await desk.attribution()

    rows = {(row.strategy, row.role): row for row in found.rows}
    profit = await desk.profit_and_loss()
    assert rows["dca", "trading"].realised.quantize(D("0.01")) == profit.realised.quantize(D("0.01")) != 0
    assert rows["unattributed", "risk"].realised == 0
    assert (rows["dca", "trading"].trades >= 1, rows["unattributed", "risk"].trades >= 1) == (True, True)
    assert rows["dca", "trading"].fees > 0


wishes = st.tuples(
    st.sampled_from(["BTC", "SOL"]),
    st.sampled_from(["buy", "buy", "sell"]),
    st.sampled_from(["", "dca", "momentum"]),
    st.sampled_from(["", "trading"]),
    st.sampled_from(["market", "limit"]),
    st.floats(0.001, 0.04),  # of the equity
    st.integers(0, 200),  # minutes until the next one
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # it is a class
@given(orders=st.lists(wishes, min_size=1, max_size=10))
async def test_every_trade_is_booked_once_and_what_owners_earned_adds_up_to_the_last_digit(open_office, orders):
    office = open_office(limits=RiskLimits(wash_window=0))
    await office.desk.reconcile()
    for number, (symbol, side, strategy, role, kind, part, minutes) in enumerate(orders):
        price = (await office.desk.ticker(symbol)).price
        limit = price * (D("0.999") if side == "buy" else D("1.001")) if kind == "limit" else None
        wish = {"type": kind, "price": limit, "strategy": strategy, "role": role}
        with suppress(ToolError):
            await office.desk.place(symbol, side, D(str(part)) * 310_000 / price, key=f"k{number}", reason="", **wish)
        office.pass_time(minutes=minutes)
        if minutes % 3 == 0:
            await office.desk.reconcile()

    told = await office.reopen().reconcile()
    found, profit = await office.desk.attribution(), await office.desk.profit_and_loss()

    assert (told.agrees, (await office.desk.audit()).difference) == (True, "")
    for name in ("realised", "fees", "cost", "net", "trades"):
        assert sum(getattr(row, name) for row in found.rows) == getattr(found.total, name)
    assert found.total.realised.quantize(D("0.01")) == profit.realised.quantize(D("0.01"))
    venues = office.world.venues.items()
    happened = [
        f"{name} {trade['symbol']} {trade['id']}" for name, at in venues for trade in await at.fetch_my_trades()
    ]
    assert sorted(key for key, row in office.books.items("trading.booked") if row["what"] == "trade") == sorted(
        happened
    )


async def test_a_decision_is_kept_with_what_was_known_and_shows_what_became_of_it(office):
    evidence = {"score": 0.81, "rsi": D("28.4")}
    placed = await office.desk.place(
        "SOL", "buy", "5.00009", key="k1", reason="oversold", strategy="reversion", role="trading", evidence=evidence
    )
    with pytest.raises(ToolError):
        await office.desk.place("SOL", "buy", 5000, key="k2", reason="greed", sources=["news n-1"])

    denied, taken = sorted(office.desk.decisions(5), key=lambda decision: decision.key, reverse=True)

    assert (taken.outcome, taken.key, taken.strategy, taken.role) == ("closed", "k1", "reversion", "trading")
    assert (taken.asked, taken.quantity, taken.filled, taken.average) == (D("5.00009"), 5, 5, placed.price)
    assert (taken.evidence["score"], taken.evidence["rsi"]) == (D("0.81"), D("28.4"))
    assert taken.evidence["equity"] > 300_000
    assert taken.evidence["expected"] == pytest.approx(placed.price)
    assert (denied.outcome, denied.strategy, denied.sources) == ("denied", "unattributed", ("news n-1",))
    assert "risk.per_trade" in [clamp.rule for clamp in denied.clamps]
    assert denied.denial.startswith("order denied: ")
    assert office.desk.decisions(1) == office.desk.decisions(5)[:1]
