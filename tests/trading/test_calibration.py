"""Stated conviction against outcome: scores that add up, and trades that carry what was claimed for them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from company.trading.calibration import Closed, calibrated

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

trades = st.lists(
    st.tuples(st.none() | st.decimals("0", "1", places=2), st.decimals("-100", "100", places=2, allow_nan=False)),
    max_size=30,
)


def _closed(conviction: str | Decimal | None, result: str | Decimal, id: str = "T1") -> Closed:
    return Closed(
        id=id,
        at=NOON,
        symbol="BTC/USDT",
        role="trading",
        result=Decimal(result),
        conviction=None if conviction is None else Decimal(conviction),
        horizon_hours=None,
        held_hours=Decimal(1),
        keys=(),
    )


def test_the_score_is_the_mean_squared_distance_of_conviction_and_outcome() -> None:
    found = calibrated([_closed("0.8", "5"), _closed("0.6", "-5"), _closed("1", "3"), _closed(None, "9")])
    assert (found.trades, found.unstated, found.earned) == (3, 1, 2)
    assert found.brier == Decimal("0.1333")  # (0.04 + 0.36 + 0) / 3
    assert found.base == Decimal("0.2222")  # 2/3 * 1/3
    assert [(row.low, row.trades, row.earned, row.stated, row.result) for row in found.buckets] == [
        (Decimal("0.6"), 1, 0, Decimal("0.6"), Decimal(-5)),
        (Decimal("0.8"), 2, 2, Decimal("0.9"), Decimal(8)),
    ]


def test_without_trades_there_is_no_score() -> None:
    found = calibrated([])
    assert (found.trades, found.brier, found.base, found.buckets) == (0, None, None, ())


@given(trades)
def test_the_buckets_hold_every_stated_trade_once(given_: list[tuple[Decimal | None, Decimal]]) -> None:
    found = calibrated([_closed(conviction, result) for conviction, result in given_])
    assert found.trades + found.unstated == len(given_)
    assert sum(row.trades for row in found.buckets) == found.trades
    assert sum(row.earned for row in found.buckets) == found.earned
    assert sum((row.result for row in found.buckets), Decimal(0)) == sum(
        (result for conviction, result in given_ if conviction is not None), Decimal(0)
    )
    assert all(row.low <= row.stated <= row.high for row in found.buckets)
    assert found.brier is None or 0 <= found.brier <= 1


async def test_a_closed_trade_states_the_conviction_and_the_horizon_of_its_purchase(office: Any) -> None:
    await office.desk.positions()
    votes = {"vote_balanced": "0.6", "atr": "500", "conviction": "0.65", "horizon_hours": "12"}
    await office.desk.place(
        "BTC", "buy", "0.02", key="in", reason="r", strategy="ensemble", role="trading", evidence=votes
    )
    office.pass_time(hours=6)
    await office.desk.place("BTC", "sell", "0.02", key="out", reason="r", strategy="ensemble", role="trading")
    await office.desk.reconcile(lambda _name, _value: None)
    (closed,) = office.desk.closed()
    assert (closed.symbol, closed.role, closed.keys) == ("BTC/USDT", "trading", ("in",))
    assert (closed.conviction, closed.horizon_hours, closed.held_hours) == (Decimal("0.65"), 12, 6)
    assert office.desk.calibration().trades == 1


async def test_a_purchase_for_which_nobody_stated_a_conviction_is_counted_apart(office: Any) -> None:
    await office.desk.positions()
    await office.desk.place(
        "BTC",
        "buy",
        "0.02",
        key="in",
        reason="r",
        strategy="ensemble",
        role="trading",
        evidence={"vote_balanced": "0.6", "atr": "500"},
    )
    office.pass_time(hours=6)
    await office.desk.place("BTC", "sell", "0.02", key="out", reason="r", strategy="ensemble", role="trading")
    await office.desk.reconcile(lambda _name, _value: None)
    calibration = office.desk.calibration()
    assert (calibration.trades, calibration.unstated, calibration.brier) == (0, 1, None)
