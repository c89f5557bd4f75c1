"""Reads providers' JSON strictly: what is not as documented is an error that says where it stands.

Numbers stay exact. NaN, infinities and names that stand twice in one object, which `json` lets pass, are refused.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Never

from company.trading.feeds.faults import FeedError, Kind

_LARGEST = 30  # power of ten
_LEAST_TIME, _MOST_TIME = 0, 32_503_680_000  # 1970 to 3000


class Node:
    """A piece of a provider's answer, which knows where it stands.

    Args:
        value: The piece.
        where: Provider, symbol and path, for errors.
    """

    __slots__ = ("value", "where")

    def __init__(self, value: Any, where: str) -> None:
        self.value, self.where = value, where

    @classmethod
    def parse(cls, text: str, where: str) -> "Node":
        """Read an answer.

        Raises:
            FeedError: It is not JSON, or holds what JSON does not know.
        """
        try:
            return cls(
                json.loads(text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_single), where
            )
        except (ValueError, ArithmeticError, RecursionError) as error:
            what = "HTML" if text.lstrip()[:1] == "<" else "something else"
            raise FeedError(f"{where}: {what} instead of JSON: {error}", kind="malformed") from None

    def __contains__(self, name: str) -> bool:
        return isinstance(self.value, dict) and name in self.value

    def __getitem__(self, name: str) -> "Node":
        if name not in self:
            self.fail(f"there is no {name!r}")
        return Node(self.value[name], f"{self.where} {name}")

    def items(self) -> Iterator[tuple[str, "Node"]]:
        """Yield names and pieces of an object."""
        if not isinstance(self.value, dict):
            self.fail("is no object")
        return ((name, Node(value, f"{self.where} {name}")) for name, value in self.value.items())

    def rows(self) -> list["Node"]:
        """Return the pieces of a list."""
        if not isinstance(self.value, list):
            self.fail("is no list")
        return [Node(value, f"{self.where} row {number}") for number, value in enumerate(self.value)]

    def text(self) -> str:
        """Return a text."""
        if not isinstance(self.value, str):
            self.fail("is no text")
        return str(self.value)

    def number(self) -> Decimal:
        """Return a finite number, also one written as a text, as several providers do.

        One beyond 1e30, or nearer to 0 than 1e-30, is refused: written out it would fill the memory.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal | str):
            self.fail("is no number")
        try:
            exact = Decimal(self.value)
        except InvalidOperation:
            exact = Decimal("NaN")
        if not exact.is_finite():
            self.fail("is no finite number")
        if exact and abs(exact.adjusted()) > _LARGEST:
            self.fail("is no number of a size that anything has")
        return exact

    def price(self) -> Decimal:
        """Return a number above 0."""
        if (exact := self.number()) <= 0:
            self.fail("is no price: it is not above 0")
        return exact

    def seconds(self) -> datetime:
        """Return a time given in seconds since 1970."""
        if not _LEAST_TIME < (exact := self.number()) < _MOST_TIME:
            self.fail("is no time in seconds")
        return datetime.fromtimestamp(float(exact), tz=UTC)

    def moment(self) -> datetime:
        """Return a date or date-time; one without a zone is UTC."""
        try:
            found = datetime.fromisoformat(self.text())
        except ValueError:
            self.fail("is no date")
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def fail(self, what: str, kind: Kind = "malformed") -> Never:
        """Raise what is wrong with this piece."""
        shown = repr(self.value)
        short = shown if len(shown) <= 60 else f"{shown[:60]}..."
        raise FeedError(f"{self.where}: {what}: {short}", kind=kind)


def _no_number(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


def _single(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name!r} stands there twice")
        found[name] = value
    return found
