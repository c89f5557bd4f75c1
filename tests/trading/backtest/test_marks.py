"""Lazy marks are those of a desk that looks at every close."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from company.trading import risk
from company.trading.backtest.marks import Marks
from company.trading.risk import DrawdownStep, EquityMarks, RiskLimits
from tests.trading.backtest.scripted import BEGIN, HOUR

LIMITS = RiskLimits()
Move = tuple[int, float, float]  # bars later, cash, held


@settings(max_examples=60, deadline=None)
@given(
    moves=st.lists(st.floats(-0.08, 0.08), min_size=2, max_size=120),
    owned=st.lists(st.tuples(st.integers(1, 15), st.sampled_from([0.0, 40.0, 100.0])), max_size=12),
    asked=st.sets(st.integers(0, 119)),
)
def test_law_lazy_marks_equal_those_of_every_close(
    moves: list[float], owned: list[tuple[int, float]], asked: set[int]
) -> None:
    closes = 10 * np.cumprod(1 + np.array(moves))
    times = BEGIN + HOUR * np.arange(1, len(closes) + 1)
    marks = Marks(times, closes[:, None], 1000.0, LIMITS)
    cash, held, changes, row = 1000.0, 0.0, {}, 0
    for later, share in owned:
        row += later
        if row < len(closes):
            changes[row] = share

    last: EquityMarks | None = None
    step: DrawdownStep = "normal"
    for row, close in enumerate(closes.tolist()):
        if row in changes:  # at the last close, the only price known at this open
            before = closes[row - 1]
            worth = cash + held * before
            held = worth * changes[row] / 100 / before
            cash = worth - held * before
            marks.own(row, cash, [held])
        equity = Decimal(str(cash + held * close))
        last = risk.mark_equity(last, equity, datetime.fromtimestamp(int(times[row]) / 1000, tz=UTC))
        step = risk.next_step(step, last.drawdown, LIMITS)
        if row in asked or row == len(closes) - 1:
            found = marks.at(row)
            np.testing.assert_allclose(
                [found.equity, found.day_equity, found.peak, found.deepest, found.drawdown],
                [
                    float(last.equity),
                    float(last.day_equity),
                    float(last.peak),
                    float(last.deepest),
                    float(last.drawdown),
                ],
                rtol=1e-9,
                atol=1e-9,
            )
            assert found.step == step


def test_marks_that_were_made_are_never_changed() -> None:
    times = BEGIN + HOUR * np.arange(1, 5)
    marks = Marks(times, np.array([[10.0], [20.0], [30.0], [40.0]]), 100.0, LIMITS)
    marks.at(1)
    marks.own(2, 0.0, [10.0])
    marks.at(3)
    equity, invested = marks.curves()
    assert equity.tolist() == [100.0, 100.0, 300.0, 400.0]
    assert invested.tolist() == [0.0, 0.0, 300.0, 400.0]
