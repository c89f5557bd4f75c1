"""Market streams: what is told, and when there is something to tell.

A stream says nothing while nothing changes. Those that show a state (best bid and ask, tickers, candles) begin with it,
because with virtual time the next change may be far away.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, Protocol

from company.ports import Json
from company.server.exchange import shapes
from company.server.exchange.commits import at_once
from company.server.exchange.parameters import INTERVALS
from company.server.exchange.public import length_of
from company.server.exchange.venues import Served

FAST, SLOW = 100, 1_000
"""Milliseconds between two looks."""

_MOST_TRADES: Final = 1_000


class Source(Protocol):
    """A stream.

    Attributes:
        every: Milliseconds between two looks.
    """

    every: int

    def first(self) -> Json | None:
        """Return what a new subscriber is told."""

    def news(self) -> Iterable[Json]:
        """Return what has happened since the last time."""

    def close(self) -> None:
        """Nobody listens any more."""


class Depth:
    """Changes of a book: `@depth` and `@depth@100ms`."""

    def __init__(self, venue: Served, symbol: str, every: int = SLOW) -> None:
        self.every, self._venue, self._symbol = every, venue, symbol
        self._look()
        self._difference = venue.ladders[symbol].follow()

    def first(self) -> None:
        """Return nothing: a client takes the book by REST and goes on from there."""

    def news(self) -> Iterable[Json]:
        """Return the levels that changed."""
        self._look()
        if taken := self._difference.take():
            yield {"e": "depthUpdate", "E": self._venue.now, "s": shapes.market_id(self._symbol), **taken}

    def close(self) -> None:
        """Collect no more."""
        self._venue.ladders[self._symbol].leave(self._difference)

    def _look(self) -> None:
        self._venue.book(self._symbol)


class State:
    """Something that is told when it is another: tickers, best bid and ask, the newest candle.

    Args:
        every: Milliseconds between two looks.
        look: Returns what it is now, None while there is nothing.
        same: Keys that do not make it another.
    """

    def __init__(self, every: int, look: Callable[[], Json | None], same: Iterable[str] = ()) -> None:
        self.every, self._look, self._same = every, look, frozenset(same)
        self._told = self._essence(look())

    def first(self) -> Json | None:
        """Return what it is."""
        return self._look()

    def news(self) -> Iterable[Json]:
        """Return what it is, if that is another than was told last."""
        now = self._look()
        essence = self._essence(now)
        if now is not None and essence != self._told:
            self._told = essence
            yield now

    def close(self) -> None:
        """Do nothing."""

    def _essence(self, state: Json | None) -> Json | None:
        return None if state is None else {key: value for key, value in state.items() if key not in self._same}


class Trades:
    """The market's trades one by one: `@trade` and `@aggTrade`.

    Args:
        venue: Where they are made.
        symbol: Of what.
        shape: How one is told.
    """

    every = FAST

    def __init__(self, venue: Served, symbol: str, shape: Callable[[Json], Json]) -> None:
        self._venue, self._symbol, self._shape = venue, symbol, shape
        self._next = self._newest() + 1

    def first(self) -> None:
        """Return nothing."""

    def news(self) -> Iterable[Json]:
        """Return the trades since the last time, the newest of them if there are very many."""
        first = max(self._next, self._newest() - _MOST_TRADES)
        for trade in at_once(self._venue.trades_from(self._symbol, first)):
            self._next = int(trade["id"]) + 1
            yield self._shape(trade)

    def close(self) -> None:
        """Do nothing."""

    def _newest(self) -> int:
        rows = at_once(self._venue.market.fetch_trades(self._symbol, None, 1))
        return int(rows[-1]["id"]) if rows else -1


def is_stream(venue: Served, name: str) -> bool:
    """Tell whether there is a stream of this name, such as `btcusdt@depth@100ms`."""
    market, _, kind = name.partition("@")
    return market == market.lower() and market.upper() in venue.symbols and kind in _KINDS


def source(venue: Served, name: str) -> Source:
    """Return the stream of a name."""
    market, _, kind = name.partition("@")
    return _KINDS[kind](venue, venue.symbols[market.upper()])


def _candle(interval: str, venue: Served, symbol: str) -> State:
    length = length_of(interval)

    def look() -> Json | None:
        rows = at_once(venue.market.fetch_ohlcv(symbol, interval, None, 1))
        if not rows:
            return None
        candle = shapes.candle(rows[-1], length)
        return {"e": "kline", "E": venue.now, "s": shapes.market_id(symbol), "k": _kline(symbol, interval, candle)}

    return State(FAST, look, ("E",))


def _kline(symbol: str, interval: str, candle: list[Any]) -> Json:
    at, open_, high, low, close, volume, end, worth, *_ = candle
    figures = {"o": open_, "c": close, "h": high, "l": low, "v": volume, "q": worth, "V": shapes.number(0)}
    ids = {"f": -1, "L": -1, "n": 0}
    return {
        "t": at,
        "T": end,
        "s": shapes.market_id(symbol),
        "i": interval,
        **ids,
        **figures,
        "x": True,
        "Q": shapes.number(0),
        "B": "0",
    }


def _best(venue: Served, symbol: str) -> State:
    def look() -> Json:
        book = venue.book(symbol)
        bid, ask = ([*side[:1], [0, 0]][0] for side in (book.bids, book.asks))
        price = {"b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1]}
        shown = {key: shapes.number(value) for key, value in price.items()}
        return {"u": book.number, "s": shapes.market_id(symbol), **shown}

    return State(FAST, look, ("u",))


def _day(venue: Served, symbol: str) -> State:
    return State(SLOW, lambda: shapes.ticker_event(at_once(venue.market.fetch_ticker(symbol))), ("E", "O", "C"))


def _mini(venue: Served, symbol: str) -> State:
    return State(SLOW, lambda: shapes.mini_event(at_once(venue.market.fetch_ticker(symbol))), ("E",))


_KINDS: Final[dict[str, Callable[[Served, str], Source]]] = {
    "depth": Depth,
    "depth@100ms": lambda venue, symbol: Depth(venue, symbol, FAST),
    "depth@1000ms": Depth,
    "trade": lambda venue, symbol: Trades(venue, symbol, shapes.trade_event),
    "aggTrade": lambda venue, symbol: Trades(venue, symbol, shapes.agg_trade_event),
    "bookTicker": _best,
    "miniTicker": _mini,
    "ticker": _day,
    **{f"kline_{interval}": partial(_candle, interval) for interval in INTERVALS},
}
