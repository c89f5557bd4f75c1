from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import VenueError
from company.trading.holdings import Holding, Trade

D = Decimal
amount = st.decimals("0.001", "100", places=3)
price = st.decimals("0.01", "100000", places=2)
events = st.lists(st.tuples(st.sampled_from(["buy", "sell", "in", "out"]), amount, price, price), max_size=30)


def trade(side, quantity, price, *, base_fee=0, fee=0):
    return Trade("1", 0, side, D(quantity), D(price), D(base_fee), D(fee), "order")


def test_average_cost_mixes_what_was_paid():
    holding = Holding().traded(trade("buy", 1, 100)).traded(trade("buy", 3, 200))

    assert (holding.quantity, holding.average) == (4, 175)


def test_a_sale_realises_proceeds_less_average_cost():
    holding = Holding(quantity=D(4), cost=D(700)).traded(trade("sell", 1, 275))

    assert (holding.realised, holding.quantity, holding.average) == (100, 3, 175)


def test_fees_stay_out_of_cost_and_profit():
    holding = Holding().traded(trade("buy", 1, 100, fee=2)).traded(trade("sell", 1, 110, fee=3))

    assert (holding.realised, holding.fees) == (10, 5)


def test_a_fee_in_base_units_lowers_what_is_held_and_counts_at_the_trades_price():
    holding = Holding().traded(trade("buy", 2, 100, base_fee="0.01"))

    assert (holding.quantity, holding.cost, holding.fees) == (D("1.99"), D("199.00"), D("1.00"))


def test_a_sale_that_earns_less_than_the_fees_of_both_ways_is_not_won():
    bought = Holding().executed([trade("buy", 2, 100, fee=2)])
    even = bought.executed([trade("sell", 1, 102, fee=1)])
    better = even.executed([trade("sell", 1, "102.01", fee=1)])

    assert (even.closed, even.won) == (1, 0)
    assert (better.closed, better.won) == (2, 1)
    assert better.entry_fees == 0


def test_the_fills_of_one_order_are_one_closing_trade():
    bought = Holding().executed([trade("buy", 1, 100), trade("buy", 1, 100)])
    sold = bought.executed([trade("sell", 1, 90), trade("sell", 1, 120)])

    assert (bought.closed, sold.closed, sold.won) == (0, 1, 1)


def test_a_withdrawal_takes_its_entry_fees_along_and_closes_nothing():
    holding = Holding().executed([trade("buy", 4, 100, fee=4)]).moved(D(-1), D(100))

    assert (holding.entry_fees, holding.fees, holding.closed) == (3, 4, 0)


def test_selling_everything_leaves_no_cost_behind():
    holding = Holding(quantity=D(3), cost=D(100)).traded(trade("sell", 3, 40))

    assert (holding.quantity, holding.cost, holding.realised, holding.average) == (0, 0, 20, 0)


def test_a_deposit_comes_in_at_its_price_and_a_withdrawal_at_average_cost():
    holding = Holding().moved(D(2), D(50)).moved(D(2), D(70)).moved(D(-1), D(999))

    assert (holding.quantity, holding.average, holding.realised) == (3, 60, 0)


@given(events, price)
def test_profit_plus_flows_explains_every_change_of_wealth(happenings, mark):
    """Cash and holding together gain exactly realised + unrealised - fees, apart from what came in or went out."""
    holding, cash, flows = Holding(), D(0), D(0)
    for kind, quantity, at, fee in happenings:
        if kind == "in":
            holding, flows = holding.moved(quantity, at), flows + quantity * at
        elif kind == "out":
            gone = min(quantity, holding.quantity)
            flows -= holding.average * gone
            holding = holding.moved(-gone, at)
        else:
            done = quantity if kind == "buy" else min(quantity, holding.quantity)
            cash += (-done if kind == "buy" else done) * at - fee
            base_fee = D("0.0005") if kind == "buy" else D(0)
            holding = holding.traded(trade(kind, done, at, base_fee=base_fee, fee=fee))

    wealth = cash + holding.quantity * mark
    profit = holding.realised + (holding.quantity * mark - holding.cost) - holding.fees
    assert abs(wealth - flows - profit) < D("1e-12")


def test_a_trade_of_ccxt_is_read_with_fees_in_any_currency():
    raw = {
        "id": 77,
        "order": 5,
        "timestamp": 5,
        "side": "buy",
        "amount": 0.3,
        "price": "100",
        "fee": None,
        "fees": [{"currency": "BTC", "cost": 0.001}, {"currency": "BNB", "cost": "0.02"}, {"currency": None}],
    }

    read = Trade.read(raw, "kraken BTC/USDT", "BTC", {"BNB": D(600)})

    assert read == Trade("77", 5, "buy", D("0.3"), D(100), D("0.001"), D(12), "kraken BTC/USDT order 5")
    assert read.change == D("0.299")


def test_a_trade_without_a_price_names_venue_and_trade():
    with pytest.raises(VenueError, match=r"kraken BTC/USDT trade '77': 'price' is missing"):
        Trade.read(
            {"id": "77", "timestamp": 5, "side": "buy", "amount": 1, "price": None}, "kraken BTC/USDT", "BTC", {}
        )
