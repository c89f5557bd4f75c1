"""Money that comes or goes without a trade is no result."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from company.trading.risk import EquityMarks, mark_equity, moved_equity

D = Decimal
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
equities = st.decimals(100, 10_000, places=2)
share = st.decimals("-0.9", "9", places=3).filter(lambda part: part != 0)


def marked(values: list[Decimal]) -> EquityMarks:
    marks = None
    for hour, equity in enumerate(values):
        marks = mark_equity(marks, equity, NOON + timedelta(hours=hour))
    assert marks is not None
    return marks


@given(st.lists(equities, min_size=1, max_size=8), share)
def test_a_flow_changes_neither_drawdown_nor_the_days_loss_nor_the_days_profit(
    values: list[Decimal], part: Decimal
) -> None:
    before, flow = marked(values), values[-1] * part
    equity = values[-1] + flow

    after = mark_equity(moved_equity(before, equity, flow, NOON), equity, NOON + timedelta(hours=len(values) - 1))

    assert abs(after.drawdown - before.drawdown) < D("1e-20")
    assert abs(after.day_return - before.day_return) < D("1e-20")
    assert abs(after.day_profit - before.day_profit) < D("1e-15")
    assert after.deepest <= max(before.deepest, before.drawdown) + D("1e-20")


@given(st.lists(equities, min_size=1, max_size=8), share)
def test_what_went_and_came_back_leaves_everything_as_it_was(values: list[Decimal], one: Decimal) -> None:
    before, flow = marked(values), values[-1] * one
    out = moved_equity(before, values[-1] + flow, flow, NOON)

    back = moved_equity(out, values[-1], -flow, NOON)

    for name in ("peak", "day_equity", "equity", "day_profit"):
        assert abs(getattr(back, name) - getattr(before, name)) < D("1e-12")


def test_a_mark_that_has_the_money_already_is_not_scaled_again() -> None:
    at_the_peak = marked([D(1000), D(1005)])  # 5 of it came as a deposit, which was not known then

    after = moved_equity(at_the_peak, D(1005), D(5), NOON)

    assert (after.peak, after.equity, after.day_profit) == (1005, 1005, 0)
