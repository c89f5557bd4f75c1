"""Market, limit, post-only, by cost; GTC, IOC, FOK; and who trades with whom."""

from decimal import Decimal
from typing import Any

import pytest

from company.errors import DuplicateOrder, InsufficientFunds, OrderNotFound, VenueError
from company.trading.exchange import Balance, Refused

TAKER = Decimal("0.001")


def test_market_order_walks_the_worlds_levels_and_consumes_them_until_the_minute_is_over(pit: Any):
    first = pit.place("alice", "buy", "1.5")
    second = pit.place("bob", "buy", "1")

    assert (first.status, first.cost) == ("closed", Decimal("1") * Decimal("100.1") + Decimal("0.5") * Decimal("100.2"))
    assert pit.trades("bob") == [
        (second.id, "taker", Decimal("100.2"), Decimal("0.5")),
        (second.id, "taker", Decimal("100.3"), Decimal("0.5")),
    ]
    pit.wait()
    assert pit.exchange.depth("BTC/USDT", pit.at, 1).asks == ((Decimal("100.1"), Decimal(1)),)


def test_market_order_larger_than_the_book_ends_canceled_with_what_it_filled(pit: Any):
    order = pit.place("alice", "buy", "5")

    assert (order.status, order.filled, order.held) == ("canceled", 3, 0)


def test_market_buy_by_cost_trades_the_largest_amount_the_cost_reaches_for(pit: Any):
    order = pit.place("alice", "buy", None, cost="150")

    assert order.amount == Decimal("1.498")  # 1 at 100.10 leaves 49.90, which reach for 0.498 at 100.20
    assert (order.status, order.cost_asked) == ("closed", 150)
    assert order.cost <= 150 < order.cost + Decimal("0.001") * Decimal("100.2")


def test_market_sell_by_cost_earns_at_most_the_cost(pit: Any):
    order = pit.place("alice", "sell", None, cost="99.9")

    assert (order.amount, order.cost) == (1, Decimal("99.9"))


def test_limit_order_takes_what_it_crosses_and_rests_the_remainder(pit: Any):
    order = pit.place("alice", "buy", "1.5", "100.1")

    assert (order.status, order.filled, order.remaining) == ("open", 1, Decimal("0.5"))
    assert pit.exchange.depth("BTC/USDT", pit.at, 1).bids == ((Decimal("100.1"), Decimal("0.5")),)


@pytest.mark.parametrize(
    ("force", "amount", "status", "filled"),
    [
        ("GTC", "1.5", "open", "1"),
        ("IOC", "1.5", "canceled", "1"),
        ("IOC", "1", "closed", "1"),
        ("FOK", "1.5", "canceled", "0"),
        ("FOK", "1", "closed", "1"),
    ],
)
def test_time_in_force_says_what_becomes_of_the_remainder(pit: Any, force, amount, status, filled):
    order = pit.place("alice", "buy", amount, "100.1", time_in_force=force)

    assert (order.status, order.filled) == (status, Decimal(filled))
    held = (order.amount - order.filled) * Decimal("100.1") * Decimal("1.0004") if status == "open" else 0
    assert pit.exchange.account("alice").balances()["USDT"].used == pytest.approx(held)


def test_post_only_order_rests_or_is_refused(pit: Any):
    with pytest.raises(Refused, match="post-only buy") as refused:
        pit.place("alice", "buy", "1", "100.1", post_only=True)

    assert refused.value.rule == "post_only"
    assert pit.place("alice", "buy", "1", "100.09", post_only=True).status == "open"


def test_accounts_trade_with_each_other_by_price_then_time_before_the_world(pit: Any):
    late = pit.place("alice", "sell", "0.5", "100.1")
    pit.exchange.open("carol", {"BTC": Decimal(1)}, pit.at)
    later = pit.place("carol", "sell", "0.5", "100.1")
    best = pit.place("alice", "sell", "0.5", "100.05")

    order = pit.place("bob", "buy", "1.7", "100.1")

    assert [(trade.price, trade.amount) for trade in pit.exchange.account("bob").trades_of(order)] == [
        (Decimal("100.05"), Decimal("0.5")),
        (Decimal("100.1"), Decimal("0.5")),
        (Decimal("100.1"), Decimal("0.5")),
        (Decimal("100.1"), Decimal("0.2")),
    ]
    assert [row[:2] for row in pit.trades("alice")] == [(best.id, "maker"), (late.id, "maker")]
    assert [row[:2] for row in pit.trades("carol")] == [(later.id, "maker")]


def test_both_sides_of_a_trade_keep_it_under_one_id_and_pay_their_own_fee(pit: Any):
    pit.place("alice", "sell", "0.5", "100.05")
    pit.place("bob", "buy", "0.5", "100.05")

    [sold], [bought] = (list(pit.exchange.account(name).trades()) for name in ("alice", "bob"))
    assert (sold.id, sold.cost) == (bought.id, bought.cost)
    assert (sold.fee, bought.fee) == (sold.cost * Decimal("0.0004"), bought.cost * TAKER)
    assert pit.exchange.ledger.balance("fees", "USDT") == sold.fee + bought.fee
    assert pit.exchange.account("alice").balances()["BTC"] == Balance(free=Decimal("99.5"), used=Decimal(0))


def test_order_that_would_trade_with_one_of_its_own_account_is_refused_and_changes_nothing(pit: Any):
    own = pit.place("alice", "sell", "0.5", "100.05")
    before = pit.state()

    with pytest.raises(Refused, match=rf"account's own order '{own.id}' at 100\.05") as refused:
        pit.place("alice", "buy", "1")

    assert refused.value.rule == "self_trade"
    assert pit.state() == before


def test_partly_filled_order_keeps_its_place_and_a_replaced_one_goes_to_the_end(pit: Any):
    first = pit.place("alice", "sell", "0.5", "100.05")
    pit.exchange.open("carol", {"BTC": Decimal(1)}, pit.at)
    second = pit.place("carol", "sell", "0.5", "100.05")
    pit.place("bob", "buy", "0.2", "100.05")
    assert (pit.order("alice", first).filled, pit.order("carol", second).filled) == (Decimal("0.2"), 0)

    pit.exchange.replace("alice", first.id, pit.request("sell", "0.3", "100.05"), pit.at)
    pit.place("bob", "buy", "0.2", "100.05")

    assert pit.order("carol", second).filled == Decimal("0.2")


def test_resting_order_trades_with_the_flow_of_minutes_that_cross_it(pit: Any):
    pit.write(0, low="99.5")
    pit.write(1, low="99.49", volume=2)
    touched = pit.place("alice", "buy", "1", "99.5")

    pit.wait()
    assert pit.order("alice", touched).filled == 0
    pit.wait()

    order = pit.order("alice", touched)
    assert (order.filled, order.status) == (Decimal("0.4"), "open")  # a fifth of 2
    assert order.traded == int(pit.at.timestamp() * 1000)
    assert pit.trades("alice") == [(order.id, "maker", Decimal("99.5"), Decimal("0.4"))]


def test_flow_reaches_all_accounts_in_price_time_priority_from_one_fifth(pit: Any):
    pit.write(0, low="98", volume=5)
    behind = pit.place("bob", "buy", "1", "99.4")
    first = pit.place("alice", "buy", "0.6", "99.5")
    second = pit.place("bob", "buy", "1", "99.5")

    pit.wait()

    assert pit.order("alice", first).filled == Decimal("0.6")
    assert pit.order("bob", second).filled == Decimal("0.4")
    assert pit.order("bob", behind).filled == 0


def test_cancel_releases_everything_and_cancel_all_spares_other_accounts_and_symbols(pit: Any):
    kept = pit.place("bob", "buy", "1", "99")
    pit.place("alice", "buy", "1", "99")
    pit.place("alice", "sell", "1", "101")
    other = pit.place("alice", "buy", "1", "99", symbol="ETH/USDT")

    gone = pit.exchange.cancel_all("alice", pit.at, "BTC/USDT")

    assert [(order.side, order.status) for order in gone] == [("buy", "canceled"), ("sell", "canceled")]
    assert [order.id for order in pit.exchange.account("alice").open_orders()] == [other.id]
    assert [order.id for order in pit.exchange.account("bob").open_orders()] == [kept.id]
    pit.exchange.cancel_all("alice", pit.at)
    assert pit.exchange.account("alice").balances() == {
        "USDT": Balance(Decimal(100_000), Decimal(0)),
        "BTC": Balance(Decimal(100), Decimal(0)),
    }


def test_only_the_owners_open_orders_can_be_canceled(pit: Any):
    order = pit.place("alice", "buy", "1", "99")

    with pytest.raises(OrderNotFound):
        pit.exchange.cancel("bob", order.id, pit.at)
    pit.exchange.cancel("alice", order.id, pit.at)
    with pytest.raises(OrderNotFound, match="is 'canceled': only open orders"):
        pit.exchange.cancel("alice", order.id, pit.at)


def test_replacing_is_both_or_neither(pit: Any):
    pit.place("alice", "sell", "60", "101")
    old = pit.place("alice", "buy", "90", "99")
    before = pit.state()

    with pytest.raises(InsufficientFunds):
        pit.exchange.replace("alice", old.id, pit.request("sell", "60", "102"), pit.at)
    assert pit.state() == before
    with pytest.raises(OrderNotFound):
        pit.exchange.replace("alice", "O99", pit.request("buy", "1", "99"), pit.at)
    assert pit.state() == before

    new = pit.exchange.replace("alice", old.id, pit.request("buy", "95", "99"), pit.at)

    assert pit.order("alice", old).status == "canceled"
    assert (new.status, new.amount) == ("open", 95)


def test_client_order_id_is_unique_for_ever_within_an_account(pit: Any):
    pit.place("alice", "buy", "1", client_id="k")

    with pytest.raises(DuplicateOrder, match="'k' was used before on pit"):
        pit.place("alice", "sell", "1", client_id="k")

    assert pit.place("bob", "buy", "1", client_id="k").status == "closed"
    assert pit.exchange.account("alice").find(None, "k").side == "buy"


def test_account_that_was_never_opened_cannot_trade(pit: Any):
    with pytest.raises(VenueError, match="no account 'mallory': open it first"):
        pit.place("mallory", "buy", "1")


def test_opening_an_account_again_changes_nothing(pit: Any):
    before = pit.state()

    pit.exchange.open("alice", {"USDT": Decimal(10)}, pit.at)

    assert pit.state() == before
    assert pit.exchange.accounts() == ["alice", "bob"]


def test_changes_tell_what_happened_to_whom_in_order(pit: Any):
    sell = pit.place("alice", "sell", "0.5", "100.05")
    since = pit.exchange.last_change()
    buy = pit.place("bob", "buy", "1", "100.05")
    pit.exchange.cancel("bob", buy.id, pit.at)

    told = [(one.account, one.order, one.what, one.trades, one.status) for one in pit.exchange.changes(since)]

    assert told == [
        ("bob", buy.id, "placed", ("T1",), "open"),
        ("alice", sell.id, "filled", ("T1",), "closed"),
        ("bob", buy.id, "canceled", (), "canceled"),
    ]
    assert [one.number for one in pit.exchange.changes(0, limit=2)] == [1, 2]
    assert pit.exchange.changes(pit.exchange.last_change()) == []
