from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from company.trading.features import Bars, frame
from company.trading.signals import State
from company.trading.strategies import CostAveraging

HOUR = 3_600_000
DAY = 24 * HOUR
PLAN = CostAveraging(budget=Decimal(3000), span=timedelta(days=30), every=timedelta(days=1))


def purchases(plan, rows):
    made = frame(Bars.read(rows, symbol="BTC/USDT", timeframe="1h", source="test"))
    return [(made.closes_at[row], wish) for row in range(len(made)) if (wish := plan(State(made, row)))]


def hours(count, *, first=0, without=()):
    prices = [100 + (number % 7) for number in range(count)]
    return [
        [(first + number) * HOUR, price, 1.01 * price, 0.99 * price, price, 1.0]
        for number, price in enumerate(prices)
        if first + number not in without
    ]


def test_it_buys_the_same_amount_at_the_first_close_of_every_day():
    found = purchases(PLAN, hours(24 * 10))

    assert [at % DAY for at, _ in found] == [0] * len(found)
    assert [at // DAY for at, _ in found] == [3, 4, 5, 6, 7, 8, 9, 10]
    assert {(wish.side, wish.at_most, wish.conviction) for _, wish in found} == {("buy", Decimal(100), Decimal("0.6"))}


def test_a_missing_bar_moves_a_purchase_to_the_next_one():
    found = purchases(PLAN, hours(24 * 6, without={24 * 4 - 1, 24 * 4}))

    assert [at // HOUR for at, _ in found] == [72, 98, 120, 144]


@given(first=st.integers(0, 2000), days=st.integers(4, 9), every=st.sampled_from([6, 12, 24]))
def test_no_span_spends_more_than_its_budget(first, days, every):
    plan = CostAveraging(budget=Decimal(700), span=timedelta(days=2), every=timedelta(hours=every))

    found = purchases(plan, hours(24 * days, first=first))

    spent: dict[int, Decimal] = {}
    for at, wish in found:
        spent[at // (2 * DAY)] = spent.get(at // (2 * DAY), Decimal(0)) + wish.at_most
    assert spent
    assert max(spent.values()) <= 700


def test_it_believes_nothing_so_the_price_changes_neither_time_nor_amount():
    rows = hours(24 * 8)
    cheaper = [[row[0], *(price / 3 for price in row[1:5]), row[5]] for row in rows]

    assert [(at, wish.at_most) for at, wish in purchases(PLAN, rows)] == [
        (at, wish.at_most) for at, wish in purchases(PLAN, cheaper)
    ]
