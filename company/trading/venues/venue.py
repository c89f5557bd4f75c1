"""An exchange behind ccxt, as a `company.ports.Venue`.

The interface is ccxt's own, so this adds no vocabulary. It adds what a desk with real money needs around it: the client
is made at the first call and once per event loop, answers have the form they must have or are errors, orders carry our
own id and can be found by it, and nothing leaves for a real exchange unless the gate lets it.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

from company.errors import BadSymbol, CompanyError, InvalidOrder, UsageError, VenueError
from company.ports import Json
from company.trading.venues.client import Waiting, connect
from company.trading.venues.faults import fault, unread
from company.trading.venues.forms import (
    conditional,
    exact_number,
    is_level,
    listed,
    mapping,
    on_grid,
    placed_order,
    told,
)
from company.trading.venues.gate import Act, Gate, Shut
from company.trading.venues.reach import host_of, require_loopback
from company.trading.venues.terms import PAPER_KEYS, Keys, Terms
from company.trading.venues.tradable import TRADABLE

Reply = TypeVar("Reply")

TICK_SIZE: Final = 4
"""ccxt's number for precision given as a step; the two exchanges that give digits instead tell no step at all."""


class CcxtVenue:
    """One account at an exchange that ccxt speaks to; implements `company.ports.Venue`.

    Args:
        terms: Where it is and how it is asked.
        keys: Returns what signs requests, None when nobody set keys; asked before each request.
        gate: Decides whether an order leaves for a real exchange; without one none does.

    Raises:
        UsageError: The venue is a paper one and its address is not on this machine.
    """

    def __init__(self, terms: Terms, *, keys: Callable[[], Keys | None], gate: Gate | None = None) -> None:
        if terms.mode == "paper":
            require_loopback(host_of(terms.url), where=f"venues.{terms.name}.url")
        self.id = terms.name
        self.terms = terms
        self._read_keys, self._gate = keys, gate or Shut()
        self._waiting = Waiting(terms.name)
        self._common_keys = PAPER_KEYS if terms.mode == "paper" else None
        self._keys: Keys | None = None
        self._client: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._making = asyncio.Lock()

    def __repr__(self) -> str:
        return f"CcxtVenue({self.id!r}, {self.terms.exchange!r}, {self.terms.mode})"

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
        steps = self._client.precisionMode == TICK_SIZE
        return {symbol: markets[symbol] if steps else {**markets[symbol], "precision": {}} for symbol in named}

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
        return told(self.id, await self._ask(lambda client: client.fetch_balance(), signed=True))

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
        self._require_tradable()
        given, waits = conditional(self.id, self.terms.exchange, given)
        if self.terms.mode == "real":
            self._gate.require(self.id, "order")
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
        return told(self.id, raw, changes=True)

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
        self._require_tradable()
        find = TRADABLE[self.terms.exchange]
        raw = placed_order(
            self.id, await self._ask(lambda client: find(client, key, symbol or ""), signed=True), changes=False
        )
        if raw.get("clientOrderId") not in {None, key}:  # not "not found": then it might be sent again
            raise unread(self.id, f"another order than {key!r}", changes=False)
        return raw

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

    # Parts

    async def _ask(
        self, call: Callable[[Any], Awaitable[Reply]], *, signed: bool = False, changes: bool = False
    ) -> Reply:
        """Ask the exchange; whatever ccxt raises becomes an error of ours that holds no key."""
        self._waiting.check()
        client = await self._connected()
        if signed and self._keys is None:
            raise VenueError(f"{self.id} needs a key and a secret for this; a person sets them with company key set")
        try:
            return await call(client)
        except CompanyError:
            raise
        except Exception as error:  # noqa: BLE001 - what ccxt's parsers stumble over is an answer that cannot be read
            failed = fault(self.id, error, self._keys, changes=changes)
        raise failed  # here, so that it does not carry ccxt's own words, which hold signatures

    async def _connected(self) -> Any:
        """Return the client of this event loop and of the keys as they are now; an old one is closed with its loop."""
        loop, keys = asyncio.get_running_loop(), self._read_keys() or self._common_keys
        if self._loop is not loop:
            self._loop, self._client, self._making = loop, None, asyncio.Lock()
        async with self._making:
            if self._client is None or self._keys != keys:
                self._client, self._keys = await connect(self.terms, keys, self._waiting), keys
                self._client.ending = _until_the_loop_ends(self._client)
                await anext(self._client.ending)
        return self._client

    async def _exact(self, symbol: str, amount: Any, price: Any) -> tuple[Any, Any]:
        """Return amount and price as ccxt takes them; it would cut and round what is not on the exchange's grid."""
        sent = exact_number(self.id, amount), None if price is None else exact_number(self.id, price)
        for given, near in zip(sent, await self._ask(lambda client: on_grid(client, symbol, *sent)), strict=True):
            if given is not None and Decimal(near) != Decimal(str(given)):
                raise InvalidOrder(f"{self.id}: {given} is off the grid of {symbol}, next to it lies {near}")
        return sent

    def _require_read(self, symbol: str) -> None:
        if self.terms.symbols and symbol not in self.terms.symbols:
            raise BadSymbol(f"{symbol!r} is not read at {self.id}: venues.{self.id}.symbols does not name it")

    def _require_tradable(self) -> None:
        if self.terms.exchange not in TRADABLE:
            raise VenueError(
                f"{self.id}: {self.terms.exchange} can be read, not traded on: it cannot be asked for an order by our "
                f"own id, so an order of unknown outcome could be sent twice; traded on are {', '.join(TRADABLE)}"
            )

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
