"""What an order must be: every refusal names the rule, says what is wrong, and changes nothing."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import BadSymbol, InsufficientFunds, InvalidOrder
from company.trading.exchange import ExchangeVenue, Refused


@pytest.mark.parametrize(
    ("order", "rule", "reason"),
    [
        (("buy", "1.0001", "99"), "amount", r"amount 1\.0001 .* step 0\.001, from 0\.002 to 100"),
        (("buy", "0.001", "99"), "amount", r"amount 0\.001 .* from 0\.002"),
        (("buy", "100.001", "99"), "amount", "to 100"),
        (("buy", "NaN", "99"), "amount", "amount NaN"),
        (("buy", "-1", "99"), "amount", "amount -1"),
        (("buy", "0", "99"), "amount", "amount 0 "),
        (("buy", "1E+30", "99"), "amount", r"amount 1E\+30"),
        (("buy", "1", "99.001"), "price", r"price 99\.001 .* tick 0\.01"),
        (("buy", "1", "0"), "price", "price 0 "),
        (("buy", "1", "-99"), "price", "price -99"),
        (("buy", "1", "NaN"), "price", "price NaN"),
        (("buy", "1", "99.00000000000000000000000000000000001"), "price", "tick"),
        (("buy", "0.05", "99"), "notional", r"worth 4\.95, less than the minimum notional 5"),
        (("buy", "0.049"), "notional", r"at 100\.10 is worth 4\.9"),
        (("buy", None, None, {"cost": "4.99"}), "notional", r"cost 4\.99 .* minimum notional 5"),
        (("buy", None, None, {"cost": "NaN"}), "notional", "cost NaN"),
        (("buy", None, None, {"cost": "1E+999999999999"}), "notional", "cost 1E"),
        (("buy", None), "shape", "one of them"),
        (("buy", "1", None, {"cost": "10"}), "shape", "one of them"),
        (("buy", None, "99", {"cost": "10"}), "shape", "only for market orders"),
        (("buy", "1", "99", {"trigger": "101"}), "shape", "give both or none"),
        (("buy", "1", "99", {"when": "stop"}), "shape", "give both or none"),
        (("sell", "1", None, {"trigger": "99.001", "when": "stop"}), "price", r"price 99\.001 .* tick"),
        (("buy", "1", "99", {"post_only": True, "time_in_force": "IOC"}), "post_only", "must be able to rest"),
        (("sell", "1", "98", {"post_only": True, "trigger": "99", "when": "stop"}), "post_only", "no trigger"),
        (("sell", "0.051", None, {"trigger": "98", "when": "stop"}), "notional", "worth"),
    ],
)
def test_order_that_breaks_a_rule_is_refused_and_changes_nothing(pit: Any, order, rule, reason):
    before = pit.state()
    side, amount, price, options = (*order, None, {}) if len(order) == 2 else (*order, {})[:4]

    with pytest.raises(Refused, match=reason) as refused:
        pit.place("alice", side, amount, price, **options)

    assert refused.value.rule == rule
    assert pit.state() == before


def test_unknown_symbol_is_refused(pit: Any):
    with pytest.raises(BadSymbol, match="'DOGE/USDT' is not listed: choose one of BTC/USDT, ETH/USDT"):
        pit.place("alice", "buy", "1", symbol="DOGE/USDT")


def test_by_cost_nothing_is_bought_where_nobody_sells(pit: Any):
    pit.world.books["BTC/USDT", 0] = ()

    with pytest.raises(Refused, match="does not reach for one step"):
        pit.place("alice", "buy", None, cost="10")


def test_amount_too_small_for_the_filter_may_be_left_of_an_order(pit: Any):
    order = pit.place("alice", "sell", "1.001", "100.05")

    pit.place("bob", "buy", "1", "100.05")

    assert pit.exchange.depth("BTC/USDT", pit.at, 1).asks[0][1] == pit.order("alice", order).remaining


_numbers = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=8),
    st.sampled_from(["1e999999999", "-0", "sNaN", "Infinity", "1_000", "٣", "0x10", " 1 ", "1e-999999999"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)
_names = st.sampled_from(["amount", "price", "cost", "triggerPrice", "stopLossPrice", "takeProfitPrice"])


@given(st.sampled_from(["market", "limit"]), st.sampled_from(["buy", "sell"]), st.dictionaries(_names, _numbers))
@settings(max_examples=300, deadline=None)
async def test_malformed_numbers_are_refused_and_change_nothing(new_pit, type, side, given):
    pit = new_pit()
    venue, before = ExchangeVenue(pit.exchange, _Still(pit.at), "alice"), pit.state()
    values = {"amount": "1", **({"price": "99"} if type == "limit" else {}), **given}
    amount, price = values.pop("amount"), values.pop("price", None)

    try:
        order = await venue.create_order("BTC/USDT", type, side, amount, price, values)
    except (InvalidOrder, InsufficientFunds):
        assert pit.state() == before
    else:
        assert order["amount"] > 0
        pit.exchange.ledger.verify()


class _Still:
    def __init__(self, at) -> None:
        self._at = at

    def now(self):
        return self._at

    def monotonic(self) -> float:
        return 0.0
