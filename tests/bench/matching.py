"""The matching engine alone: orders that arrive, trade, rest and are canceled, on the book the exchange uses."""

import statistics
import time
from collections.abc import Iterator
from decimal import Decimal
from random import Random

from company.trading.matching import Book, Instrument, Order

_RESTING = 1_000
_OPERATIONS = 200_000
_RUNS = 5
_ARRIVALS = 0.55


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Operations in a second on a book of about a thousand orders: 55 % arrive around the middle, 45 % cancel."""
    yield "matching.ops_per_second", statistics.median(_rate(seed) for seed in range(_RUNS)), 300_000, True


def _rate(seed: int) -> float:
    book, script = Book(_instrument()), _script(Random(seed))
    for order, _ in script[:_RESTING]:
        if order is not None:
            book.submit(order)
    begun = time.perf_counter()
    for order, victim in script[_RESTING:]:
        if order is not None:
            book.submit(order)
        else:
            book.cancel(victim)
    return _OPERATIONS / (time.perf_counter() - begun)


def _script(chance: Random) -> list[tuple[Order | None, str]]:
    """Return what to do: submit an order, or cancel one that rests, as a book that is played along shows.

    It begins with orders that fill the book.
    """
    book, script, known = Book(_instrument()), list[tuple[Order | None, str]](), list[str]()
    for number in range(_RESTING + _OPERATIONS):
        arrives = number < _RESTING or chance.random() < _ARRIVALS
        victim = None if arrives else _resting(book, known, chance)
        if victim is None:
            order = _order(number, chance, near=-2 if number >= _RESTING else 1)
            book.submit(order)
            known.append(order.id)
            script.append((order, ""))
        else:
            book.cancel(victim)
            script.append((None, victim))
    return script


def _resting(book: Book, known: list[str], chance: Random) -> str | None:
    """Return one of the orders that rest, and forget those that were met and do not."""
    while known:
        place = chance.randrange(len(known))
        known[place], known[-1] = known[-1], known[place]
        if (found := known.pop()) in book.ladder:
            return found
    return None


def _order(number: int, chance: Random, near: int) -> Order:
    side, away = ("buy", -1) if chance.random() < 0.5 else ("sell", 1)
    price = Decimal(6_000_000 + away * chance.randint(near, 20)) / 100
    quantity = Decimal(chance.randint(1, 500)) / 1000
    return Order(str(number), side, quantity, price)  # type: ignore[arg-type]  # one of two literals


def _instrument() -> Instrument:
    return Instrument("BTC/USDT", tick=Decimal("0.01"), step=Decimal("0.001"), min_notional=Decimal(5))
