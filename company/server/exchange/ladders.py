"""The visible book of a symbol, numbered: what it shows, and what changed since somebody looked.

The paper world has no stream of book changes: a book follows from the minute and from the orders in it. So it is
compared with what was shown last, and each difference found is one update with the next number. Numbers begin at the
wall time in milliseconds, so they grow over a restart too.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from company.server.exchange.shapes import number

Half = Literal["b", "a"]
Levels = dict[tuple[Half, Decimal], Decimal]


class Difference:
    """What changed in a book since it was taken last.

    Args:
        number: The update up to which the taker knows the book.
    """

    def __init__(self, number: int) -> None:
        self._known = self._reached = number
        self._changed: Levels = {}

    def add(self, changed: Levels, number: int) -> None:
        """Note an update."""
        self._changed |= changed
        self._reached = number

    def take(self) -> dict[str, Any] | None:
        """Return `U`, `u`, `b` and `a` of the updates since the last time, None when there was none."""
        if self._reached == self._known:
            return None
        sides = {
            half: [[number(price), number(amount)] for (at, price), amount in self._changed.items() if at == half]
            for half in ("b", "a")
        }
        taken = {"U": self._known + 1, "u": self._reached, **sides}
        self._known, self._changed = self._reached, {}
        return taken


class Ladder:
    """The book of one symbol as the exchange showed it last.

    Args:
        first: Number of the first thing shown.
    """

    def __init__(self, first: int) -> None:
        self.number = first
        self._levels: Levels | None = None
        self._followers: list[Difference] = []

    def show(self, bids: Iterable[Sequence[Decimal]], asks: Iterable[Sequence[Decimal]]) -> int:
        """Compare the book with what was shown and return the number of its newest update."""
        new: Levels = {("b", price): amount for price, amount in bids}
        new |= {("a", price): amount for price, amount in asks}
        old, self._levels = self._levels, new
        if old is not None and (changed := _changes(old, new)):
            self.number += 1
            for follower in self._followers:
                follower.add(changed, self.number)
        return self.number

    def follow(self) -> Difference:
        """Return what will collect the updates from now on."""
        follower = Difference(self.number)
        self._followers.append(follower)
        return follower

    def leave(self, follower: Difference) -> None:
        """Collect no more."""
        self._followers.remove(follower)


def _changes(old: Mapping[tuple[Half, Decimal], Decimal], new: Levels) -> Levels:
    gone: Levels = {level: Decimal(0) for level in old if level not in new}
    return gone | {level: amount for level, amount in new.items() if old.get(level) != amount}
