from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.curve import CURVE, EquityCurve, Point, sampled, sharpe_ratio, thinned
from company.world import MemoryBooks

D = Decimal
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
minutes = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
days = st.dictionaries(minutes, st.just("1"), max_size=200)


def points(*equities, every=timedelta(hours=1)):
    return [Point(at=NOON + number * every, equity=D(str(equity))) for number, equity in enumerate(equities)]


def marked(*marks):
    curve = EquityCurve(MemoryBooks())
    for at, equity in marks:
        curve.mark(at, D(equity))
    return curve


def test_a_minute_keeps_its_last_mark():
    curve = marked((NOON, 100), (NOON + timedelta(seconds=30), 101), (NOON + timedelta(minutes=1), 102))

    assert [(point.at.minute, point.equity) for point in curve.points()] == [(0, 101), (1, 102)]
    assert curve.holds(NOON, D(101))
    assert not curve.holds(NOON, D(100))


def test_old_days_are_thinned_to_hours_and_then_to_one_mark():
    every = timedelta(minutes=20)
    curve = marked(*((NOON + number * every, number) for number in range(70 * 72)))
    today = (NOON + 70 * timedelta(days=1)).date()

    by_age = {}
    for point in curve.points():
        by_age.setdefault((today - point.at.date()).days, []).append(point)

    assert {age: len(by_age[age]) for age in (1, 2, 30, 58, 62, 69)} == {1: 72, 2: 72, 30: 24, 58: 24, 62: 1, 69: 1}
    assert all(point.at.minute == 40 for point in by_age[30])


@given(days, st.integers(0, 100), st.integers(0, 100))
def test_thinning_now_and_again_later_keeps_what_thinning_once_keeps(marks, age, later):
    assert thinned(thinned(marks, age), age + later) == thinned(marks, age + later)


def test_ten_years_stay_bounded():
    curve = marked(*((NOON + timedelta(hours=6 * number), number + 1) for number in range(4 * 365)))

    assert len(curve.points()) < 365 + 60 * 4


def test_points_since_a_moment_begin_there():
    curve = marked(*((NOON + timedelta(hours=number), 100 + number) for number in range(48)))

    assert curve.points(NOON + timedelta(hours=40))[0].equity == 140


@given(st.integers(1, 500), st.integers(2, 60))
def test_a_sample_is_at_most_as_long_as_asked_and_keeps_both_ends(count, most):
    whole = points(*range(1, count + 1))

    chosen = sampled(whole, most)

    assert len(chosen) == min(count, most)
    assert (chosen[0], chosen[-1]) == (whole[0], whole[-1])
    assert chosen == sorted(chosen, key=lambda point: point.at)


def test_sharpe_is_mean_over_deviation_of_hourly_returns_scaled_to_a_year():
    equities = [100 * 1.01**up * 0.995**down for up, down in ((hour - hour // 2, hour // 2) for hour in range(25))]

    # 12 returns of 1 % and 12 of -0.5 %: mean 0.25 %, deviation 0.75 % * sqrt(24 / 23), sqrt(8760) = 93.595
    assert float(sharpe_ratio(points(*equities))) == pytest.approx(0.25 / (0.75 * (24 / 23) ** 0.5) * 93.595, abs=0.05)


def test_there_is_no_sharpe_before_a_day_of_hours_without_a_move_or_without_money():
    assert sharpe_ratio(points(*range(100, 123))) is None
    assert sharpe_ratio(points(*range(100, 200), every=timedelta(seconds=36))) is None
    assert sharpe_ratio(points(*[100] * 50)) is None
    assert sharpe_ratio(points(*range(50))) is None


def test_an_hour_without_a_mark_has_the_value_of_the_hour_before():
    whole = points(*(100 + (hour // 3) % 5 for hour in range(90)))
    gappy = [point for place, point in enumerate(whole) if place % 3 == 0]

    assert sharpe_ratio(gappy) == sharpe_ratio(whole[: len(whole) - 2])


async def test_the_desk_marks_its_equity_once_a_minute_of_company_time(office):
    await office.desk.profit_and_loss()
    await office.desk.limits()
    office.pass_time(hours=1)
    result = await office.desk.profit_and_loss()

    found = office.desk.curve.points()

    assert [point.at for point in found] == [office.clock.now() - timedelta(hours=1), office.clock.now()]
    assert found[-1].equity == result.equity


async def test_the_curve_survives_a_restart(office):
    await office.desk.profit_and_loss()

    assert office.reopen().curve.points() == office.desk.curve.points()
    assert len(list(office.books.items(CURVE))) == 1


def test_the_last_point_changes_with_every_mark():
    curve = marked()
    assert curve.last() is None
    for number in range(3):
        curve.mark(NOON + timedelta(hours=16 * number), D(number))
        assert curve.last() == curve.points()[-1]
