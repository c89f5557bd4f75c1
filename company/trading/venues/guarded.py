"""An exchange account beyond this process, as a `company.ports.Venue`, with the guards that each of them has.

The interface is ccxt's own, so this adds no vocabulary. It adds what a desk with real money needs around whatever
speaks to the exchange: its client is made at the first call and once per event loop and keys, answers have the form
they must have or are errors, orders carry our own id and can be found by it, what failed is an error of ours without
keys, and nothing leaves for a real exchange unless the gate lets it. How a kind of exchange is spoken to is a subclass:
`CcxtVenue`, and `PackageVenue` for one of an installed package.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

from company.errors import BadSymbol, InvalidOrder, UsageError, VenueError
from company.ports import Json
from company.trading.venues.faults import unread
from company.trading.venues.forms import is_level, listed, mapping, placed_order
from company.trading.venues.gate import Act, Gate, Shut
from company.trading.venues.terms import Keys, Terms

Reply = TypeVar("Reply")
Exact = tuple[Any, Any]
"""Amount and price as a client takes them; the price is None when the order has none."""


class GuardedVenue(ABC):
    """One account at an exchange; implements `company.ports.Venue`.

    Args:
        terms: Where it is and how it is asked.
        keys: Returns what opens the account, None when nobody set keys; asked before each request.
        gate: Decides whether an order leaves for a real exchange; without one none does.
    """

    _common_keys: Keys | None = None
    """Keys of an account that everybody may know; used when nobody set others."""

    def __init__(self, terms: Terms, *, keys: Callable[[], Keys | None], gate: Gate | None = None) -> None:
        self.id = terms.name
        self.terms = terms
        self._read_keys, self._gate = keys, gate or Shut()
        self._keys: Keys | None = None
        self._client: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._making = asyncio.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.terms.exchange!r}, {self.terms.mode})"

    # What is public

    async def load_markets(self, reload: bool = False) -> Mapping[str, Json]:
        """Return the markets by symbol: those the settings name, all when they name none.

        Raises:
            UsageError: The exchange does not list a symbol of the settings.
            VenueError: It does not answer.
        """
        markets = mapping(self.id, await self._ask(lambda client: client.load_markets(reload)))
        named = self.terms.symbols or tuple(markets)
        for symbol in named:
            if symbol not in markets:
                raise UsageError(
                    f"{self.terms.exchange} does not list {symbol!r}",
                    where=f"venues.{self.id}.symbols",
                    cure="write it as ccxt does, such as 'BTC/USDT'",
                )
        return {symbol: self._market(markets[symbol]) for symbol in named}

    async def fetch_ticker(self, symbol: str) -> Json:
        """Return price, best bid and ask, and the figures of the last 24 hours.

        Raises:
            VenueError: The symbol is not read here, or the exchange does not answer.
        """
        self._require_read(symbol)
        return mapping(self.id, await self._ask(lambda client: client.fetch_ticker(symbol)))

    async def fetch_order_book(self, symbol: str, limit: int | None = None) -> Json:
        """Return the visible book as `[price, amount]` levels, the best first.

        Raises:
            VenueError: The symbol is not read here, or the exchange does not answer.
        """
        self._require_read(symbol)
        book = mapping(self.id, await self._ask(lambda client: client.fetch_order_book(symbol, limit)))
        for side in ("bids", "asks"):
            if not all(map(is_level, listed(self.id, book.get(side)))):
                raise unread(self.id, f"a level of {side} is no price and amount", changes=False)
        return book

    async def fetch_ohlcv(
        self, symbol: str, timeframe: str = "1m", since: int | None = None, limit: int | None = None
    ) -> list[list[Any]]:
        """Return candles `[epoch ms, open, high, low, close, volume]` with float figures, oldest first.

        Raises:
            VenueError: The symbol is not read here, or the exchange does not answer.
        """
        self._require_read(symbol)
        rows = listed(self.id, await self._ask(lambda client: client.fetch_ohlcv(symbol, timeframe, since, limit)))
        try:
            return [[int(row[0]), *map(float, row[1:6])] for row in rows]
        except (TypeError, ValueError, IndexError) as error:
            raise unread(self.id, f"a candle of {symbol} holds something that is no number", changes=False) from error

    # What is the account's

    async def fetch_balance(self) -> Json:
        """Return the balances by asset, each as `free`, `used` and `total`.

        Raises:
            VenueError: The exchange does not answer, or there are no keys.
        """
        return self._told(await self._ask(lambda client: client.fetch_balance(), signed=True), changes=False)

    async def create_order(
        self,
        symbol: str,
        type: str,
        side: str,
        amount: Any,
        price: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Json:
        """Place an order and return it as the exchange tells it.

        Args:
            symbol: Unified name.
            type: `market`, `limit`, or another that the exchange has.
            side: `buy` or `sell`.
            amount: In the base currency.
            price: Of a limit order.
            params: `clientOrderId`, without which nothing is sent, and further parameters of ccxt.

        Raises:
            InvalidOrder: It carries no client order id.
            VenueError: It was refused, here or there.
            RequestTimeout: It is not known whether the exchange took it.
        """
        self._require_read(symbol)
        given = dict(params or {})
        key = str(given.get("clientOrderId") or "")
        if not key:
            raise InvalidOrder(f"{self.id}: an order without a clientOrderId cannot be looked up; nothing was sent")
        await self._require_tradable()
        given, waits = self._conditional(given)
        if self.terms.mode == "real":
            self._gate.require(self.id, "order")
        await self._prove(symbol)
        numbers = await self._exact(symbol, amount, price)
        at = "" if price is None else f" at {price}"
        self._leave("order", f"{side} {amount} {symbol}, {type}{at}{waits}", key)
        raw = await self._ask(
            lambda client: client.create_order(symbol, type, side, *numbers, given), signed=True, changes=True
        )
        return placed_order(self.id, raw, changes=True)

    async def cancel_order(self, id: str, symbol: str | None = None) -> Json:
        """Cancel an open order and return what the exchange says of it.

        Raises:
            OrderNotFound: There is no such order, or it is not open.
            VenueError: It was refused, here or there.
            RequestTimeout: It is not known whether the order was cancelled.
        """
        self._leave("cancel", f"cancel order {id}{f' of {symbol}' if symbol else ''}")
        raw = await self._ask(lambda client: client.cancel_order(id, symbol), signed=True, changes=True)
        return self._told(raw, changes=True)

    async def fetch_order(
        self, id: str | None, symbol: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Json:
        """Return an order by its id, or with None as id by `params["clientOrderId"]`.

        Raises:
            OrderNotFound: There is no such order.
            VenueError: It cannot be asked by our own id, or does not answer.
        """
        key = (params or {}).get("clientOrderId")
        if id is not None or key is None:
            raw = await self._ask(lambda client: client.fetch_order(id, symbol), signed=True)
            return placed_order(self.id, raw, changes=False)
        await self._require_tradable()
        raw = await self._ask(lambda client: self._find(client, str(key), symbol or ""), signed=True)
        return self._ours(placed_order(self.id, raw, changes=False), str(key))

    async def fetch_open_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return the open orders, of the symbols that are read here.

        Raises:
            VenueError: The exchange does not answer.
        """
        found: list[Json] = []
        for one in (symbol,) if symbol else self.terms.symbols or (None,):  # some exchanges want to be asked for one
            raw = await self._ask(partial(_open_orders, symbol=one, since=since, limit=limit), signed=True)
            found += [placed_order(self.id, order, changes=False) for order in listed(self.id, raw)]
        return found

    async def fetch_my_trades(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return the fills, oldest first.

        Raises:
            VenueError: The exchange does not answer.
        """
        raw = await self._ask(lambda client: client.fetch_my_trades(symbol, since, limit), signed=True)
        return [mapping(self.id, trade) for trade in listed(self.id, raw)]

    async def close(self) -> None:
        """Close the connections; the next call opens them again."""
        client, self._client, self._loop = self._client, None, None
        if client is not None:
            await client.ending.aclose()

    # How this kind of exchange is spoken to

    @abstractmethod
    async def _connect(self, keys: Keys | None) -> Any:
        """Make the client, whose attribute `ending` is free; nothing is sent yet."""

    @abstractmethod
    async def _call(self, client: Any, call: Callable[[Any], Awaitable[Reply]], *, changes: bool) -> Reply:
        """Call the client; whatever is raised is an error of `company.errors` that holds no key."""

    @abstractmethod
    async def _require_tradable(self) -> None:
        """Refuse a venue that cannot be asked for an order by our own id."""

    async def _prove(self, symbol: str) -> None:  # noqa: B027 - most kinds have nothing to prove
        """Refuse an order when what a venue says of itself turns out not to be so."""

    @abstractmethod
    async def _find(self, client: Any, key: str, symbol: str) -> Json:
        """Ask for the order with our own id."""

    @abstractmethod
    def _conditional(self, given: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Return parameters as the client takes them, and what the order waits for in words."""

    @abstractmethod
    def _number(self, given: Any) -> Any:
        """Return an amount or a price as the client takes it; refuse what is no number above 0."""

    @abstractmethod
    async def _on_grid(self, client: Any, symbol: str, sent: Exact) -> Exact:
        """Return what lies next to amount and price on the market's grid."""

    def _told(self, raw: Any, *, changes: bool) -> Json:
        """Return an answer with something in it."""
        return mapping(self.id, raw, changes=changes)

    def _market(self, market: Json) -> Json:
        """Return a market as the desk reads it."""
        return market

    # Parts

    async def _ask(
        self, call: Callable[[Any], Awaitable[Reply]], *, signed: bool = False, changes: bool = False
    ) -> Reply:
        """Ask the exchange, with keys when the call is `signed`."""
        client = await self._connected()
        if signed and self._keys is None:
            raise VenueError(f"{self.id} needs a key and a secret for this; a person sets them with company key set")
        return await self._call(client, call, changes=changes)

    async def _connected(self) -> Any:
        """Return the client of this event loop and of the keys as they are now; an old one is closed with its loop."""
        loop, keys = asyncio.get_running_loop(), self._read_keys() or self._common_keys
        if self._loop is not loop:
            self._loop, self._client, self._making = loop, None, asyncio.Lock()
        async with self._making:
            if self._client is None or self._keys != keys:
                self._client, self._keys = await self._connect(keys), keys
                self._client.ending = _until_the_loop_ends(self._client)
                await anext(self._client.ending)
        return self._client

    async def _exact(self, symbol: str, amount: Any, price: Any) -> Exact:
        """Return amount and price as the client takes them; it might cut and round what is not on the market's grid."""
        sent = self._number(amount), None if price is None else self._number(price)
        grid = await self._ask(lambda client: self._on_grid(client, symbol, sent))
        for given, near in zip(sent, grid, strict=True):
            if given is not None and Decimal(near) != Decimal(str(given)):
                raise InvalidOrder(f"{self.id}: {given} is off the grid of {symbol}, next to it lies {near}")
        return sent

    def _ours(self, order: Json, key: str) -> Json:
        """Return an order that is ours; another one is no answer, and never "not found": it might be sent again.

        ccxt leaves the id out where an exchange does not repeat it.
        """
        if order.get("clientOrderId") not in {None, key}:
            raise unread(self.id, f"another order than {key!r}", changes=False)
        return order

    def _require_read(self, symbol: str) -> None:
        if self.terms.symbols and symbol not in self.terms.symbols:
            raise BadSymbol(f"{symbol!r} is not read at {self.id}: venues.{self.id}.symbols does not name it")

    def _leave(self, act: Act, what: str, client_order_id: str = "") -> None:
        if self.terms.mode == "real":
            self._gate.leave(self.id, act, what, client_order_id)


async def _open_orders(client: Any, *, symbol: str | None, since: int | None, limit: int | None) -> Any:
    return await client.fetch_open_orders(symbol, since, limit)


_OPEN: Final[set[Any]] = set()
"""Clients that are not closed yet; held here, for a venue that is forgotten could close nothing any more."""


async def _until_the_loop_ends(client: Any) -> AsyncGenerator[None]:
    """Close a client's connections when its event loop ends, which finishes every generator that was begun in it."""
    _OPEN.add(client)
    try:
        yield
    finally:
        _OPEN.discard(client)
        await client.close()
