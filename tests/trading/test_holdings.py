from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import VenueError
from company.trading.holdings import Holding, Trade
from company.trading.orders import NOBODY, Owner

D = Decimal
amount = st.decimals("0.001", "100", places=3)
price = st.decimals("0.01", "100000", places=2)
owners = st.builds(Owner, st.sampled_from(["", "momentum", "dca"]), st.sampled_from(["", "trading"]))
kinds = st.sampled_from(["buy", "sell", "in", "out"])
events = st.lists(st.tuples(kinds, owners, amount, price, price), max_size=30)


def trade(side, quantity, price, *, base_fee=0, fee=0, owner=NOBODY):
    return Trade("1", 0, side, D(quantity), D(price), D(base_fee), D(fee), "order", owner)


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
    for kind, owner, quantity, at, fee in happenings:
        if kind == "in":
            holding, flows = holding.moved(quantity, at), flows + quantity * at
        elif kind == "out":
            left = holding.moved(-min(quantity, holding.quantity), at)
            holding, flows = left, flows - (holding.cost - left.cost)
        else:
            done = quantity if kind == "buy" else min(quantity, holding.quantity)
            cash += (-done if kind == "buy" else done) * at - fee
            base_fee = D("0.0005") if kind == "buy" else D(0)
            holding = holding.traded(trade(kind, done, at, base_fee=base_fee, fee=fee, owner=owner))

    wealth = cash + holding.quantity * mark
    profit = holding.realised + (holding.quantity * mark - holding.cost) - holding.fees
    assert wealth - flows == profit


@given(events)
def test_what_each_owner_has_and_earned_adds_up_to_the_total_to_the_last_digit(happenings):
    holding, held, fees, bought_by = Holding(), D(0), D(0), set()
    for kind, owner, quantity, at, fee in happenings:
        sign = 1 if kind in ("in", "buy") else -1
        done = quantity if sign > 0 else min(quantity, held)
        held += sign * done
        if kind in ("in", "out"):
            holding = holding.moved(sign * done, at)
        elif done:
            holding, fees = holding.traded(trade(kind, done, at, fee=fee, owner=owner)), fees + fee
            bought_by |= {owner} if kind == "buy" else set()

    parts = holding.parts
    assert sum(part.quantity for part in parts) == holding.quantity == held
    assert sum(part.fees for part in parts) == holding.fees == fees
    assert all(part.quantity >= 0 for part in parts)
    assert {part.owner for part in parts if part.realised} <= bought_by | {NOBODY}


def test_whoever_bought_earns_what_somebody_else_sells():
    momentum, risk = Owner("momentum", "trading"), Owner("", "risk")
    bought = Holding().traded(trade("buy", 2, 100, fee=1, owner=momentum))

    sold = bought.traded(trade("sell", 2, 130, fee=3, owner=risk))

    assert {part.owner: (part.realised, part.fees) for part in sold.parts} == {momentum: (60, 4)}


def test_a_sale_takes_from_the_sellers_own_part_first_and_the_rest_in_proportion():
    one, two, three = (Owner(name) for name in ("one", "two", "three"))
    holding = Holding()
    for owner, quantity, paid in ((one, 1, 100), (two, 3, 200), (three, 1, 300)):
        holding = holding.traded(trade("buy", quantity, paid, owner=owner))

    after = holding.traded(trade("sell", 3, 250, owner=one))

    parts = {part.owner: (part.quantity, part.realised) for part in after.parts}
    assert parts == {one: (0, 150), two: (D("1.5"), 75), three: (D("0.5"), -25)}


def test_an_account_kept_by_an_earlier_version_belongs_to_nobody():
    kept = {"quantity": "2", "cost": "50", "realised": "3", "fees": "1", "entry_fees": "1", "closed": 4, "won": 2}

    holding = Holding.model_validate(kept)

    assert (holding.quantity, holding.cost, holding.realised, holding.closed, holding.won) == (2, 50, 3, 4, 2)
    assert [part.owner for part in holding.parts] == [NOBODY]
    assert Holding.model_validate(holding.model_dump(mode="json")) == holding


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
