from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import InvalidOrder, OrderNotFound
from company.trading.matching import Book, Execution, Instrument, Order

TICK, STEP, MINIMUM = Decimal("0.01"), Decimal("0.001"), Decimal(5)


def a_book() -> Book:
    return Book(Instrument("BTC/USDT", tick=TICK, step=STEP, min_notional=MINIMUM))


def limit(id: str, side: str, quantity: str, price: str, **options: object) -> Order:
    return Order(id, side, Decimal(quantity), Decimal(price), **options)


def a_book_with_asks() -> Book:
    book = a_book()
    book.submit(limit("a1", "sell", "1", "100"))
    book.submit(limit("a2", "sell", "2", "100"))
    book.submit(limit("a3", "sell", "3", "101"))
    return book


def plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def trades(execution: Execution) -> list[tuple[str, str, str]]:
    return [(fill.maker, plain(fill.price), plain(fill.quantity)) for fill in execution.fills]


def test_taker_walks_levels_by_price_then_by_time():
    execution = a_book_with_asks().submit(limit("b", "buy", "4", "101"))

    assert trades(execution) == [("a1", "100", "1"), ("a2", "100", "2"), ("a3", "101", "1")]
    assert (execution.filled, execution.resting, execution.dropped) == (4, 0, 0)


def test_sell_takes_the_highest_bid_first():
    book = a_book()
    book.submit(limit("low", "buy", "1", "99"))
    book.submit(limit("high", "buy", "1", "100"))

    assert trades(book.submit(limit("s", "sell", "1.5", "99"))) == [("high", "100", "1"), ("low", "99", "0.5")]


def test_limit_order_trades_at_the_makers_price_and_rests_the_remainder():
    book = a_book_with_asks()

    execution = book.submit(limit("b", "buy", "5", "100"))

    assert (execution.filled, execution.resting) == (3, 2)
    assert (book.best_bid, book.best_ask) == (100, 101)
    assert book.remaining("b") == 2


def test_partially_filled_maker_keeps_its_place_in_the_queue():
    book = a_book_with_asks()
    book.submit(limit("b1", "buy", "0.4", "100"))

    assert trades(book.submit(limit("b2", "buy", "1", "100"))) == [("a1", "100", "0.6"), ("a2", "100", "0.4")]


def test_market_order_drops_what_the_book_cannot_fill():
    book = a_book_with_asks()

    execution = book.submit(Order("m", "buy", Decimal(10)))

    assert (execution.filled, execution.resting, execution.dropped) == (6, 0, 4)
    assert book.depth().asks == ()


def test_ioc_order_drops_its_remainder():
    book = a_book_with_asks()

    execution = book.submit(limit("b", "buy", "5", "100", time_in_force="IOC"))

    assert (execution.filled, execution.dropped) == (3, 2)
    assert book.best_bid is None


@pytest.mark.parametrize(("quantity", "filled"), [("3", 3), ("3.001", 0)])
def test_fok_order_trades_all_or_nothing(quantity: str, filled: int):
    book = a_book_with_asks()

    execution = book.submit(limit("b", "buy", quantity, "100", time_in_force="FOK"))

    assert execution.filled == filled
    assert sum(level[1] for level in book.depth().asks) == 6 - filled


def test_post_only_order_that_would_take_is_refused_and_changes_nothing():
    book = a_book_with_asks()
    before = book.depth()

    with pytest.raises(InvalidOrder, match=r"at 100 would take the other side at 100"):
        book.submit(limit("b", "buy", "1", "100", post_only=True))

    assert book.depth() == before


def test_post_only_order_that_does_not_take_rests():
    assert a_book_with_asks().submit(limit("b", "buy", "1", "99.99", post_only=True)).resting == 1


def test_cancel_returns_the_quantity_and_frees_the_level():
    book = a_book_with_asks()

    assert book.cancel("a3") == 3
    assert book.depth().asks == ((Decimal(100), Decimal(3)),)
    with pytest.raises(OrderNotFound, match="'a3'"):
        book.cancel("a3")


def test_filled_order_cannot_be_cancelled():
    book = a_book_with_asks()
    book.submit(limit("b", "buy", "1", "100"))

    with pytest.raises(OrderNotFound):
        book.cancel("a1")


def test_depth_adds_up_each_price_and_obeys_its_limit():
    book = a_book_with_asks()

    assert book.depth().asks == ((100, 3), (101, 3))
    assert book.depth(1).asks == ((100, 3),)


def test_resting_a_quote_that_would_trade_is_refused():
    with pytest.raises(InvalidOrder, match="would cross the book"):
        a_book_with_asks().rest("q", "buy", Decimal(1), Decimal(100))


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (limit("x", "buy", "1", "100.001"), r"price 100\.001 .* tick 0\.01"),
        (limit("x", "buy", "1.0001", "100"), r"amount 1\.0001 .* step 0\.001"),
        (limit("x", "buy", "0", "100"), "amount 0 "),
        (limit("x", "buy", "-1", "100"), "amount -1 "),
        (limit("x", "buy", "NaN", "100"), "amount NaN"),
        (limit("x", "buy", "1E+30", "100"), r"amount 1E\+30"),
        (limit("x", "buy", "0.049", "100"), r"worth 4\.900, less than the minimum notional 5"),
        (Order("x", "buy", Decimal("0.001")), r"at 100\.00 is worth 0\.10"),
        (limit("a1", "buy", "1", "99"), "'a1' rests .* already"),
        (Order("x", "buy", Decimal(1), post_only=True), "must be able to rest"),
        (limit("x", "buy", "1", "99", post_only=True, time_in_force="IOC"), "must be able to rest"),
    ],
)
def test_order_outside_the_rules_is_refused_with_value_and_limit(order: Order, reason: str):
    book = a_book_with_asks()
    before = book.depth()

    with pytest.raises(InvalidOrder, match=reason):
        book.submit(order)

    assert book.depth() == before


@dataclass
class Twin:
    """The slow and obvious book: a list in order of arrival, searched from its beginning."""

    resting: list[list] = field(default_factory=list)

    def submit(self, order: Order) -> list[tuple[str, Decimal, Decimal]]:
        sign = 1 if order.side == "buy" else -1
        fills, left = [], order.quantity
        while left:
            against = [row for row in self.resting if row[1] != order.side]
            if order.price is not None:
                against = [row for row in against if sign * row[2] <= sign * order.price]
            if not against:
                break
            best = min(against, key=lambda row: sign * row[2])
            traded = min(left, best[3])
            fills.append((best[0], best[2], traded))
            left -= traded
            best[3] -= traded
            self.resting = [row for row in self.resting if row[3]]
        if order.price is not None and order.time_in_force == "GTC" and left:
            self.resting.append([order.id, order.side, order.price, left])
        return fills


_sides = st.sampled_from(["buy", "sell"])
_quantities = st.integers(60, 5000).map(lambda steps: steps * STEP)
_prices = st.integers(9990, 10010).map(lambda ticks: ticks * TICK)
_orders = st.lists(
    st.tuples(_sides, _quantities, st.none() | _prices, st.sampled_from(["GTC", "IOC", "FOK"])), max_size=40
)


@given(_orders, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_book_is_never_crossed_and_conserves_quantity(rows: list, chance):
    book, known, added, gone = a_book(), [], Decimal(0), Decimal(0)
    for number, (side, quantity, price, force) in enumerate(rows):
        execution = book.submit(Order(str(number), side, quantity, price, force))
        added += execution.resting
        gone += execution.filled
        known.append(str(number))
        if chance.random() < 0.3 and book.remaining(victim := chance.choice(known)):
            gone += book.cancel(victim)

        depth = book.depth()
        assert execution.filled + execution.resting + execution.dropped == quantity
        assert sum(fill.quantity for fill in execution.fills) == execution.filled
        assert book.best_bid is None or book.best_ask is None or book.best_bid < book.best_ask
        assert sum(level[1] for level in depth.bids + depth.asks) == added - gone
        assert sum(book.remaining(name) for name in known) == added - gone


@given(_orders)
@settings(max_examples=80, deadline=None)
def test_book_trades_in_price_time_priority(rows: list):
    book, twin = a_book(), Twin()
    for number, (side, quantity, price, force) in enumerate(rows):
        order = Order(str(number), side, quantity, price, "GTC" if force == "FOK" else force)
        fills = [(fill.maker, fill.price, fill.quantity) for fill in book.submit(order).fills]
        assert fills == twin.submit(order)


@given(_orders, st.integers(0, 10**9))
@settings(max_examples=80, deadline=None)
def test_affordable_amount_is_the_largest_whose_walk_stays_within_the_worth(rows: list, worth: int):
    book = a_book()
    for number, (_, quantity, price, _) in enumerate(rows):
        book.submit(Order(str(number), "sell", quantity, price or Decimal(100)))
    levels = list(book.ladder.levels("sell"))

    amount = book.ladder.affordable("buy", worth)

    assert cost_of(levels, amount) <= worth
    assert amount == sum(steps for _, steps in levels) or cost_of(levels, amount + 1) > worth


def cost_of(levels: list[tuple[int, int]], amount: int) -> int:
    """Return what it costs to walk the levels, in ticks x steps."""
    cost = 0
    for price, steps in levels:
        part = min(amount, steps)
        cost, amount = cost + part * price, amount - part
    return cost


@pytest.mark.parametrize(("quantity", "reason"), [("0.099", r"from 0\.1 to 9"), ("9.001", r"from 0\.1 to 9")])
def test_order_outside_the_least_and_largest_amount_is_refused(quantity: str, reason: str):
    book = Book(Instrument("BTC/USDT", tick=TICK, step=STEP, min_amount=Decimal("0.1"), max_amount=Decimal(9)))

    with pytest.raises(InvalidOrder, match=reason):
        book.submit(limit("x", "buy", quantity, "100"))


def test_grid_need_not_be_a_power_of_ten():
    book = Book(Instrument("X/Y", tick=Decimal("0.25"), step=Decimal(3)))

    assert book.submit(Order("a", "buy", Decimal(9), Decimal("10.75"))).resting == 9
    with pytest.raises(InvalidOrder, match=r"price 10\.7 .* tick 0\.25"):
        book.submit(Order("b", "buy", Decimal(9), Decimal("10.7")))
    with pytest.raises(InvalidOrder, match=r"amount 10 .* step 3"):
        book.submit(Order("b", "buy", Decimal(10), Decimal("10.75")))
