from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import UsageError
from company.trading.markets import Market
from company.trading.strategies import Arbitrage, VenueBook

D = Decimal
PLENTY = D(10**9)


def market(venue, fee="0.001", step="0.001", least="0"):
    return Market(venue, "BTC/USDT", "BTC", step=D(step), tick=D("0.01"), minimum_notional=D(least), fee=D(fee))


def book(venue, bids, asks, *, cash=PLENTY, held=PLENTY, **rules):
    levels = [tuple((D(str(price)), D(str(amount))) for price, amount in side) for side in (bids, asks)]
    return VenueBook(market(venue, **rules), *levels, D(str(cash)), D(str(held)))


def cheap(**more):
    return book("a", [(99, 5)], [(100, 5)], **more)


def dear(**more):
    return book("b", [(101, 5)], [(102, 5)], **more)


FREE = Arbitrage(least_bps=D(0), at_most=PLENTY)


def test_it_buys_where_the_ask_is_below_the_others_bid_after_both_fees():
    plan = FREE([cheap(), dear()])

    assert (plan.buy, plan.sell, plan.quantity) == ("a", "b", 5)
    assert (plan.buy_limit, plan.sell_limit) == (100, 101)
    assert plan.cost == D("500.5")
    assert plan.proceeds == D("504.495")
    assert plan.profit == D("3.995")
    assert plan.edge_bps == pytest.approx(D("79.82"))


def test_the_order_of_the_venues_does_not_matter():
    assert FREE([dear(), cheap()]) == FREE([cheap(), dear()])


def test_fees_that_eat_the_difference_leave_no_plan():
    assert FREE([cheap(fee="0.005"), dear(fee="0.005")]) is None
    assert FREE([cheap(fee="0"), dear(fee="0.0099")]) is not None
    assert FREE([cheap(fee="0"), dear(fee="0.0100")]) is None


def test_every_unit_must_earn_the_least_edge():
    assert Arbitrage(least_bps=D(79), at_most=PLENTY)([cheap(), dear()]) is not None
    assert Arbitrage(least_bps=D(80), at_most=PLENTY)([cheap(), dear()]) is None


def test_the_depth_is_paid_for_and_only_what_earns_is_taken():
    buy = book("a", [(99, 9)], [(100, 1), ("100.5", 2), ("101.4", 9)])
    sell = book("b", [(102, 2), ("101.5", 9)], [(103, 9)])

    plan = FREE([buy, sell])

    assert plan.quantity == 3  # at 101.4 against 101.5 the fees are more than the difference
    assert (plan.buy_limit, plan.sell_limit) == (D("100.5"), D("101.5"))
    assert plan.cost == (100 + 2 * D("100.5")) * D("1.001")
    assert plan.proceeds == (2 * 102 + D("101.5")) * D("0.999")


@pytest.mark.parametrize(
    ("buy", "sell", "quantity"),
    [
        ({"cash": "100.1"}, {}, "1"),
        ({"cash": "0"}, {}, None),
        ({}, {"held": "0.25"}, "0.25"),
        ({}, {"held": 0}, None),
        ({}, {"held": "0.25", "step": "0.1"}, "0.2"),
        ({"step": "0.02"}, {"held": "0.25", "step": "0.03"}, "0.24"),
        ({"least": "501"}, {}, None),
        ({}, {"least": "506"}, None),
    ],
)
def test_what_is_there_and_what_the_venues_take_bounds_the_quantity(buy, sell, quantity):
    plan = FREE([cheap(**buy), dear(**sell)])

    assert (plan and plan.quantity) == (None if quantity is None else D(quantity))


def test_the_largest_notional_bounds_both_legs():
    plan = Arbitrage(least_bps=D(0), at_most=D(202))([cheap(), dear()])

    assert plan.quantity == 2


def test_the_best_of_several_pairs_is_taken():
    best = book("c", [(103, 5)], [(104, 5)])

    plan = FREE([cheap(), dear(), best])

    assert (plan.buy, plan.sell) == ("a", "c")


def test_an_empty_book_or_a_single_venue_is_no_plan():
    assert FREE([cheap(), book("b", [], [])]) is None
    assert FREE([cheap()]) is None
    assert FREE([]) is None


levels = st.lists(
    st.tuples(st.integers(9_000, 11_000), st.integers(1, 5_000)),
    min_size=1,
    max_size=6,
    unique_by=lambda level: level[0],
)


def side(draw, *, down):
    return [(D(price) / 100, D(amount) / 1000) for price, amount in sorted(draw, reverse=down)]


@settings(deadline=None)
@given(asks=levels, bids=levels, fees=st.tuples(st.integers(0, 50), st.integers(0, 50)), held=st.integers(0, 9_000))
def test_a_plan_always_earns_is_affordable_and_fits_the_books(asks, bids, fees, held):
    asks, bids = side(asks, down=False), side(bids, down=True)
    buy = VenueBook(market("a", fee=D(fees[0]) / 10_000), (), asks, D(500), D(0))
    sell = VenueBook(market("b", fee=D(fees[1]) / 10_000), bids, (), D(0), D(held) / 1000)

    plan = Arbitrage(least_bps=D(1), at_most=D(300))([buy, sell])

    worth = bids[0][0] * (1 - sell.market.fee) / (asks[0][0] * (1 + buy.market.fee)) - 1
    if plan is None:
        assert worth <= D("0.0001") or min(asks[0][1], bids[0][1], sell.held, D(3)) < D("0.001")
        return
    assert (plan.buy, plan.sell) == ("a", "b")
    assert plan.profit > 0
    assert plan.edge_bps >= 1 - D("0.01")
    assert plan.quantity <= sell.held
    assert plan.quantity * plan.buy_limit * (1 + buy.market.fee) <= D(500)
    assert plan.quantity * max(plan.buy_limit, bids[0][0]) <= 300
    assert plan.quantity <= sum(amount for price, amount in asks if price <= plan.buy_limit)
    assert plan.quantity <= sum(amount for price, amount in bids if price >= plan.sell_limit)


def quoted(venue, row, fee):
    price = D(str(row[4]))
    return VenueBook(market(venue, fee=fee, step="0.00001"), [(price, D(100))], [(price, D(100))], PLENTY, PLENTY)


def plans(recorded, fee):
    """One search a minute over the closes of two exchanges on the same day."""
    days = [recorded(f"{name}_1m_2022-12-13.csv") for name in ("binance_BTCBUSD", "bybit_BTCUSDT")]
    search = Arbitrage(least_bps=D(0))
    return [
        search([quoted("binance", one, fee), quoted("bybit", other, fee)]) for one, other in zip(*days, strict=True)
    ]


def test_a_real_day_on_two_exchanges_earns_nothing_after_ten_basis_points_a_side(recorded):
    found = plans(recorded, "0.001")

    assert len(found) == 1440
    assert [plan for plan in found if plan is not None] == []


def test_without_fees_the_same_day_would_have_looked_like_a_gold_mine(recorded):
    assert sum(plan is not None for plan in plans(recorded, "0")) > 1000


@pytest.mark.parametrize("parameters", [{"least_bps": D(-1)}, {"at_most": D(0)}, {"hold": D(-1)}])
def test_a_parameter_that_makes_no_sense_is_refused(parameters):
    with pytest.raises(UsageError, match=" is "):
        Arbitrage(**parameters)
