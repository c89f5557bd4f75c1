"""The resting orders of one symbol in whole ticks and steps: what the matching engine spends its time in.

It checks nothing: prices and amounts are positive, ids are new, and `rest` is never called with a price that would
trade. A side is a dict of levels and the sorted list of their keys. A key is the price of a bid and the negative price
of an ask, so that on both sides the best level is the last one. A level maps ids to what is left of them in their order
of arrival; an order that trades in part keeps its place.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import islice
from typing import Literal, NamedTuple

Side = Literal["buy", "sell"]
_Level = dict[str, int]


class Match(NamedTuple):
    """What an arriving order took from a resting one, at the price of the resting one."""

    maker: str
    price: int
    amount: int


class _Half:
    """One side: levels by key, and the keys in ascending order."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, _Level] = {}

    def drop(self, key: int) -> None:
        """Forget a level that is empty."""
        del self.levels[key]
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            del self.keys[bisect_left(self.keys, key)]

    def best_first(self) -> Iterator[tuple[int, _Level]]:
        """Yield price and orders of each level."""
        return ((self.sign * key, self.levels[key]) for key in reversed(self.keys))


class Ladder:
    """Bids and asks."""

    __slots__ = ("_asks", "_bids", "_where")

    def __init__(self) -> None:
        self._bids, self._asks = _Half(1), _Half(-1)
        self._where: dict[str, tuple[_Half, int]] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._where

    def best(self, side: Side) -> int | None:
        """Return the best price of a side; None when nothing rests there."""
        half = self._bids if side == "buy" else self._asks
        return half.sign * half.keys[-1] if half.keys else None

    def levels(self, side: Side, limit: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield price and amount of the best `limit` levels of a side, or of all."""
        half = self._bids if side == "buy" else self._asks
        return islice(((price, sum(level.values())) for price, level in half.best_first()), limit)

    def crosses(self, side: Side, price: int) -> bool:
        """True when an order with this limit would trade at once."""
        against = self._asks if side == "buy" else self._bids
        return bool(against.keys) and against.keys[-1] >= against.sign * price

    def left(self, id: str) -> int:
        """Return how much of an order still rests; 0 when it does not rest."""
        if id not in self._where:
            return 0
        half, key = self._where[id]
        return half.levels[key][id]

    def rest(self, id: str, side: Side, price: int, amount: int) -> None:
        """Put an order behind those at its price."""
        half, key = (self._bids, price) if side == "buy" else (self._asks, -price)
        level = half.levels.get(key)
        if level is None:
            half.levels[key] = {id: amount}
            insort(half.keys, key)
        else:
            level[id] = amount
        self._where[id] = (half, key)

    def cancel(self, id: str) -> int:
        """Take an order out and return what rested.

        Raises:
            KeyError: It does not rest here.
        """
        half, key = self._where.pop(id)
        level = half.levels[key]
        amount = level.pop(id)
        if not level:
            half.drop(key)
        return amount

    def take(self, side: Side, amount: int, limit: int | None) -> list[Match]:
        """Trade up to `amount` with what rests on the other side, no worse than `limit`; the best price first."""
        half, matches = self._asks if side == "buy" else self._bids, []
        keys, sign = half.keys, half.sign
        while amount and keys and (limit is None or keys[-1] >= sign * limit):
            key = keys[-1]
            level = half.levels[key]
            while amount and level:
                maker = next(iter(level))
                traded = level[maker]
                if traded > amount:
                    level[maker] = traded - amount
                    traded = amount
                else:
                    del level[maker], self._where[maker]
                amount -= traded
                matches.append(Match(maker, sign * key, traded))
            if not level:
                keys.pop()
                del half.levels[key]
        return matches

    def available(self, side: Side, wanted: int, limit: int | None) -> int:
        """Return how much an arriving order could trade, up to `wanted`."""
        found = 0
        for price, amount in self.levels("sell" if side == "buy" else "buy"):
            if found >= wanted or (limit is not None and (price > limit if side == "buy" else price < limit)):
                break
            found += amount
        return min(found, wanted)

    def affordable(self, side: Side, worth: int) -> int:
        """Return the largest amount whose price x amount, level by level, stays within `worth` ticks x steps."""
        found = 0
        for price, amount in self.levels("sell" if side == "buy" else "buy"):
            part = min(amount, worth // price)
            found, worth = found + part, worth - part * price
            if part < amount:
                break
        return found
