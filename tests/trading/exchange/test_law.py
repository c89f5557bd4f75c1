"""Whatever several accounts do, no value appears or vanishes, nobody owes, and the books alone know everything."""

from collections import defaultdict
from contextlib import suppress
from copy import deepcopy
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import InsufficientFunds, InvalidOrder
from company.world import MemoryBooks

BTC, ETH = "BTC/USDT", "ETH/USDT"
NAMES = ("alice", "bob", "carol")
RATE = Decimal("1.001")  # the higher of both fees

_steps = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(["limit", "limit", "limit", "market", "cost", "stop", "profit", "cancel", "replace", "wait"]),
        st.sampled_from([BTC, BTC, ETH]),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 3_000),
        st.integers(-60, 60),
        st.sampled_from(["GTC", "GTC", "GTC", "IOC", "FOK", "PO"]),
    ),
    min_size=20,
    max_size=60,
)


def opened(new_pit, books=None) -> Any:
    pit = new_pit(books)
    pit.exchange.open("carol", {"USDT": Decimal(20_000), "BTC": Decimal(20), "ETH": Decimal(20)}, pit.at)
    return pit


def drawn(chance: Random) -> tuple:
    acts = ["limit"] * 8 + ["market"] * 3 + ["cost", "stop", "profit", "stop", "cancel", "replace", "wait"]
    forces = ["GTC"] * 4 + ["IOC", "FOK", "PO"]
    return (
        chance.choice(NAMES),
        chance.choice(acts),
        chance.choice([BTC, BTC, ETH]),
        chance.choice(["buy", "sell"]),
        chance.randint(1, 3_000),
        chance.randint(-60, 60),
        chance.choice(forces),
    )


def act(pit: Any, name: str, what: str, symbol: str, side: str, size: int, away: int, force: str) -> None:
    """Do one step; one that is refused must leave everything as it was."""
    before = pit.state()
    try:
        _act(pit, name, what, symbol, side, size, away, force)
    except (InvalidOrder, InsufficientFunds):
        assert pit.state() == before


def attempt(pit: Any, *step: Any) -> None:
    """Do one step, or nothing when it is refused."""
    with suppress(InvalidOrder, InsufficientFunds):
        _act(pit, *step)


def _act(pit: Any, name: str, what: str, symbol: str, side: str, size: int, away: int, force: str) -> None:
    if what == "wait":
        _write(pit, Random(size * 1_000 + away))
        return pit.wait(1 + size % 3)
    if what in {"cancel", "replace"}:
        own = pit.exchange.account(name).open_orders()
        if own and what == "cancel":
            pit.exchange.cancel(name, own[size % len(own)].id, pit.at)
        elif own:
            wanted = _request(pit, "limit", symbol, side, size, away, force)
            pit.exchange.replace(name, own[size % len(own)].id, wanted, pit.at)
        return None
    pit.exchange.place(name, _request(pit, what, symbol, side, size, away, force), pit.at)
    return None


def _write(pit: Any, chance: Random) -> None:
    """Write the coming minutes of BTC."""
    for minute in range(pit.world.now, pit.world.now + 4):
        middle = 100 + chance.randint(-40, 40) / 100
        low, high = middle - chance.randint(0, 50) / 100, middle + chance.randint(0, 50) / 100
        pit.write(minute, open=f"{middle:.2f}", low=f"{low:.2f}", high=f"{high:.2f}", volume=chance.randint(0, 12))


def _request(pit: Any, what: str, symbol: str, side: str, size: int, away: int, force: str) -> Any:
    amount, price = str(Decimal(size) / (1000 if symbol == BTC else 100)), str(100 + Decimal(away) / 100)
    if what == "market":
        return pit.request(side, amount, symbol=symbol)
    if what == "cost":
        return pit.request(side, None, cost=str(size), symbol=symbol)
    if what == "limit":
        terms = {"post_only": True} if force == "PO" else {"time_in_force": force}
        return pit.request(side, amount, price, symbol=symbol, **terms)
    when = "stop" if what == "stop" else "take_profit"
    rises = (when == "stop") == (side == "buy")
    trigger = str(100 + Decimal(abs(away) if rises else -abs(away)) / 100)
    return pit.request(side, amount, price if size % 2 else None, trigger=trigger, when=when, symbol=symbol)


def check(pit: Any) -> None:
    """Sums are zero, no balance is negative, and what is held is what open orders may need."""
    ledger, total = pit.exchange.ledger, defaultdict(Decimal)
    for name in ("fees", "world"):
        for asset, amount in ledger.balances(name).items():
            total[asset] += amount
    for name in NAMES:
        account, need = pit.exchange.account(name), defaultdict(Decimal)
        for order in account.open_orders():
            need[order.pays_with] += order.held
            worst = order.remaining * order.worst if order.side == "buy" else None
            assert order.remaining > 0
            assert order.held == order.remaining if worst is None else worst <= order.held <= worst * RATE + 1
        for asset, balance in account.balances().items():
            assert balance.free >= 0
            assert balance.used == need[asset]
            total[asset] += balance.free + balance.used
    assert {asset: amount for asset, amount in total.items() if amount} == {}


@given(_steps)
@settings(max_examples=20, deadline=None)
def test_value_is_conserved_and_nobody_owes_whatever_is_ordered(new_pit, steps: list):
    pit = opened(new_pit)
    for step in steps:
        act(pit, *step)
        check(pit)
    pit.exchange.ledger.verify()


def test_a_thousand_orders_of_three_accounts_conserve_value_and_survive_reopening(new_pit):
    pit, chance = opened(new_pit), Random(6)
    for _ in range(30):
        for _ in range(50):
            attempt(pit, *drawn(chance))
            check(pit)
        seen = [pit.exchange.depth(symbol, pit.at) for symbol in (BTC, ETH)]
        pit.exchange = pit.reopened()
        assert [pit.exchange.depth(symbol, pit.at) for symbol in (BTC, ETH)] == seen
        pit.exchange.cancel_all(chance.choice(NAMES), pit.at)

    assert sum(1 for name in NAMES for _ in pit.exchange.account(name).orders()) >= 1_000
    assert {one.what for one in pit.exchange.changes(0)} == {"placed", "filled", "triggered", "canceled"}
    pit.exchange.ledger.verify()


@pytest.mark.parametrize("seed", [1, 2])
def test_reopened_exchange_goes_on_exactly_as_the_one_that_stayed_open(new_pit, seed: int):
    stayed, chance = opened(new_pit), Random(seed)
    for _ in range(150):
        attempt(stayed, *drawn(chance))
    reopened = new_pit(deepcopy(stayed.books), deepcopy(stayed.world))
    reopened.at = stayed.at

    for step in [drawn(chance) for _ in range(100)]:
        attempt(stayed, *step)
        attempt(reopened, *step)

    assert stayed.state() == reopened.state()


def test_two_exchanges_over_one_set_of_books_see_each_others_changes(new_pit):
    ours, chance = opened(new_pit, MemoryBooks()), Random(3)
    theirs = new_pit(ours.books, ours.world)
    for number in range(90):
        here, there = (ours, theirs) if number % 3 else (theirs, ours)
        here.at = max(here.at, there.at)
        attempt(here, *drawn(chance))
        there.at = here.at
        there.wait(0)
        assert there.exchange.depth(BTC, there.at) == here.exchange.depth(BTC, here.at)
        check(there)
    assert there.state() == here.state()


def test_failed_transaction_around_a_change_leaves_the_exchange_in_line_with_the_books(new_pit):
    pit = opened(new_pit)
    kept = pit.place("alice", "sell", "1", "100.05")
    before = pit.state()

    with suppress(ZeroDivisionError), pit.books.transaction():
        pit.exchange.cancel("alice", kept.id, pit.at)
        pit.place("bob", "sell", "1", "100.04")
        raise ZeroDivisionError

    assert pit.state() == before
    pit.place("carol", "buy", "0.5", "100.05")
    assert pit.order("alice", kept).filled == Decimal("0.5")
