"""What is done in short agrees with what it stands for."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.trading import risk
from company.trading.backtest.judge import stands_out
from company.trading.backtest.outcome import Lot
from company.trading.exchange import Trade
from company.trading.holdings import Holding
from company.trading.holdings import Trade as Booked
from company.trading.risk import Pulse, RiskLimits

LIMITS = RiskLimits()


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(61, 300),
    tail=st.sampled_from([1.2, 2.0, 30.0]),
    still=st.sampled_from([0.0, 0.6, 0.97]),
    last=st.sampled_from([0.0, 1.0, 8.0, 15.0, 60.0]),
    volume=st.sampled_from([0.5, 10.0, 29.0, 31.0, 200.0]),
)
def test_law_a_bar_that_does_not_stand_out_is_no_anomaly(
    seed: int, count: int, tail: float, still: float, last: float, volume: float
) -> None:
    chance = np.random.default_rng(seed)
    moves = np.clip(chance.standard_t(tail, count) * 0.001, -0.2, 0.2) * (chance.random(count) >= still)
    moves[-1] = last * 0.001
    volumes = chance.lognormal(0, tail / 4, count + 1)
    volumes[-1] = volume
    closes = 100 * np.exp(np.concatenate([[0.0], np.cumsum(moves)]))

    found = risk.anomaly(Pulse.of(closes, volumes), (), 0, LIMITS)

    if not stands_out(np.abs(np.diff(np.log(closes))), volumes, float(LIMITS.anomaly_volume)):
        assert found is None


orders = st.tuples(st.booleans(), st.integers(1, 50), st.integers(1, 10_000))


@given(orders=st.lists(orders, max_size=20))
def test_law_a_lot_earns_what_the_books_of_the_desk_say(orders: list[tuple[bool, int, int]]) -> None:
    lot, holding = Lot(), Holding()
    for number, (buys, amount, price) in enumerate(orders):
        quantity = Decimal(amount) if buys else min(Decimal(amount), lot.quantity)
        if not quantity:
            continue
        side, cost = "buy" if buys else "sell", quantity * price
        fee = cost * Decimal("0.001")
        trade = Trade(
            id=f"T{number}", order=f"O{number}", symbol="BTC/USDT", side=side, role="taker",
            price=Decimal(price), amount=quantity, cost=cost, fee=fee, rate=Decimal("0.001"), at=number,
        )  # fmt: skip
        earned = lot.trade(trade)
        after = holding.executed(
            [Booked(f"T{number}", number, trade.side, quantity, Decimal(price), Decimal(0), fee, "")]
        )
        assert float(earned) == pytest.approx(float(after.settled - holding.settled) if side == "sell" else 0, abs=1e-6)
        holding = after
