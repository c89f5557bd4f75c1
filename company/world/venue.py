"""A paper venue: ccxt's unified interface over the company's own matching engine.

Everything the account has lives in the books and changes in one transaction, so a process that is killed leaves a whole
order or none. Matching is lazy: any call first settles the minutes that have passed, and gives the same trades
whether it is called every minute or once a month.

The venue refuses what a real one would: a repeated client order id (for ever), an order off the grid, funds that are
not there, and an order that would trade with the company's own.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

from company.errors import InvalidOrder, OrderNotFound
from company.ports import Books, Clock, Json, decimal_of
from company.trading import matching
from company.trading.matching import Book, Side, TimeInForce
from company.world import unified
from company.world.account import Account, Order
from company.world.candles import Candles, closed, minutes_of
from company.world.floor import WORLD, Floor
from company.world.listings import LISTINGS, Listing, number_of
from company.world.market import EPOCH, Market, minute_of, ms_of
from company.world.paths import DAY
from company.world.quotes import Microstructure, Quotes

_CLIENT_ID: Final = re.compile(r"[.A-Za-z0-9:/_-]{1,36}")
_PARAMS: Final = ("clientOrderId", "timeInForce", "postOnly")
_CANDLES: Final = 500
_DEPTH: Final = 100


class PaperVenue:
    """One exchange account of the paper world; implements `company.ports.Venue`.

    Args:
        id: Name of the venue; seeds its book and prefixes its records.
        market: The prices all venues share.
        clock: What the venue takes for now.
        books: Where the account lives.
        maker_fee: Fraction of the cost a resting order pays, in the quote currency.
        taker_fee: Fraction of the cost an arriving order pays.
        balances: What the account is opened with, by asset.
        structure: How the venue's quotes differ from others'.
    """

    def __init__(
        self,
        id: str,
        market: Market,
        clock: Clock,
        books: Books,
        *,
        maker_fee: Decimal,
        taker_fee: Decimal,
        balances: Mapping[str, Decimal],
        structure: Microstructure | None = None,
    ) -> None:
        self.id = id
        self._clock, self._books = clock, books
        self._fees = (maker_fee, taker_fee)
        self._quotes = Quotes(market, id, structure or Microstructure())
        self._floor = Floor(id, self._quotes, books)
        self._account = Account(id, books, maker_fee=maker_fee, taker_fee=taker_fee, opening=balances)

    async def load_markets(self, reload: bool = False) -> Mapping[str, Json]:
        """Return the market structures by symbol; there is nothing to reload."""
        return {listing.symbol: unified.market(listing, *self._fees) for listing in LISTINGS}

    async def fetch_ticker(self, symbol: str) -> Json:
        """Return price, best bid and ask, and the figures of the last 24 hours.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        self.settle()
        listing, now = LISTINGS[number_of(symbol)], self._clock.now()
        minute = minute_of(now)
        last = self._quotes.mid(symbol, minute)
        depth = self._book(listing, minute).depth(1)
        return unified.ticker(listing, now, depth, last, self._last_day(symbol, minute))

    async def fetch_order_book(self, symbol: str, limit: int | None = None) -> Json:
        """Return the visible book, 100 levels a side unless told otherwise, as `[price, amount]`.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        self.settle()
        now = self._clock.now()
        depth = self._book(LISTINGS[number_of(symbol)], minute_of(now)).depth(limit or _DEPTH)
        return unified.order_book(symbol, now, depth, minute_of(now))

    async def fetch_ohlcv(
        self, symbol: str, timeframe: str = "1m", since: int | None = None, limit: int | None = None
    ) -> list[list[Any]]:
        """Return closed candles `[epoch ms, open, high, low, close, volume]` with float figures, oldest first.

        Args:
            symbol: Unified name.
            timeframe: One of 1m 5m 15m 1h 4h 1d.
            since: Earliest beginning in epoch ms; without it the newest candles are returned.
            limit: How many at most; 500 unless told otherwise.

        Raises:
            BadSymbol: The symbol is not listed.
            VenueError: The timeframe does not exist.
        """
        listing, size, count = LISTINGS[number_of(symbol)], minutes_of(timeframe), limit or _CANDLES
        last = minute_of(self._clock.now())
        if since is None:
            first = (last // size - count) * size
        else:
            first = -(-max(since - ms_of(0), 0) // (60_000 * size)) * size
            last = min(last, first + count * size)
        rows = closed(lambda day: self._quotes.day(symbol, day), listing, timeframe, first, last)
        return [[ms_of(row[0]), *row[1:]] for row in rows]

    async def fetch_balance(self) -> Json:
        """Return the balances by asset, each as `free`, `used` and `total`."""
        self.settle()
        return unified.balance(self._account.balances(), self._clock.now())

    async def create_order(
        self,
        symbol: str,
        type: str,
        side: str,
        amount: Any,
        price: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Json:
        """Place an order and return it with the fills it got at once.

        A market order that empties the book, an IOC order and an unfillable FOK order end as `canceled` with what
        they filled.

        Args:
            symbol: Unified name.
            type: `market` or `limit`.
            side: `buy` or `sell`.
            amount: In the base currency, on the step grid.
            price: Of a limit order, on the tick grid.
            params: `clientOrderId` (1 to 36 letters, digits or `.:/_-`), `timeInForce` (GTC, IOC, FOK or PO),
                `postOnly`.

        Raises:
            BadSymbol: The symbol is not listed.
            InvalidOrder: The order breaks a rule of the venue.
            DuplicateOrder: The client order id was used before.
            InsufficientFunds: The account does not hold what it needs.
        """
        listing = LISTINGS[number_of(symbol)]
        order = self._read(symbol, params or {}, type=type, side=side, amount=amount, price=price)
        self.settle()
        with self._books.transaction():
            if order.client_id is not None:
                self._account.check_new(order.client_id)
            return self._shape(self._place(order.model_copy(update={"id": self._account.next_id()}), listing))

    async def cancel_order(self, id: str, symbol: str | None = None) -> Json:
        """Cancel an open order and return it.

        Raises:
            OrderNotFound: There is no such order, or it is not open.
        """
        self.settle()
        with self._books.transaction():
            order = self._find(id, symbol, None)
            if order.status != "open":
                raise OrderNotFound(f"order {id!r} on {self.id} is {order.status!r}: only open orders can be canceled")
            return self._shape(self._account.cancel(order, self._clock.now()))

    async def fetch_order(
        self, id: str | None, symbol: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Json:
        """Return an order by its id, or with None as id by `params["clientOrderId"]`.

        Raises:
            OrderNotFound: There is no such order.
        """
        self.settle()
        return self._shape(self._find(id, symbol, (params or {}).get("clientOrderId")))

    async def fetch_open_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return the open orders, oldest first.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        _check_listed(symbol)
        self.settle()
        return unified.page((self._shape(order) for order in self._account.open_orders(symbol)), since, limit)

    async def fetch_my_trades(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return the fills, oldest first.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        _check_listed(symbol)
        self.settle()
        trades = (trade for trade in self._account.trades() if symbol in {None, trade.symbol})
        shapes = (unified.trade(trade, LISTINGS[number_of(trade.symbol)].quote) for trade in trades)
        return unified.page(shapes, since, limit)

    async def close(self) -> None:
        """Do nothing: a paper venue holds no connection."""

    def settle(self) -> None:
        """Match the resting orders with all minutes that have passed; calling it again changes nothing."""
        now = self._clock.now()
        self._account.open(now)
        until = minute_of(now)
        if not self._waiting(until):
            return
        with self._books.transaction():
            settled, orders = self._settled(), self._waiting(until)
            for crossing in self._floor.crossings(orders, settled, until):
                order = self._account.find(crossing.fill.maker, None)
                at = EPOCH + timedelta(minutes=crossing.minute + 1)
                self._account.fill(order, crossing.fill.price, crossing.fill.quantity, at)
            self._books.put(self.id, "settled", {"minute": max(settled, until)})

    def _settled(self) -> int:
        """Return the minute up to which resting orders are matched."""
        document = self._books.get(self.id, "settled")
        return int(document["minute"]) if document else 0

    def _waiting(self, until: int) -> list[Order]:
        """Return the open orders if minutes have passed that they were not matched with."""
        return self._account.open_orders() if self._settled() < until else []

    def _read(self, symbol: str, params: Mapping[str, Any], *, type: str, side: str, amount: Any, price: Any) -> Order:
        """Turn the unified arguments into an order, refusing what the venue does not offer."""
        _choice("side", side, ("buy", "sell"))
        _choice("type", type, ("market", "limit"))
        for name in params:
            _choice("parameter", name, _PARAMS)
        if (type == "limit") != (price is not None):
            raise InvalidOrder(f"a {type} order with price {price!r}: limit orders have a price, market orders none")
        client_id = params.get("clientOrderId")
        if client_id is not None and not (isinstance(client_id, str) and _CLIENT_ID.fullmatch(client_id)):
            raise InvalidOrder(f"clientOrderId {client_id!r} is not 1 to 36 letters, digits or .:/_-")
        force = str(params.get("timeInForce") or ("GTC" if type == "limit" else "IOC"))
        _choice("timeInForce", force, ("GTC", "IOC", "FOK", "PO") if type == "limit" else ("IOC", "FOK"))
        return Order(
            id="",
            client_id=client_id,
            symbol=symbol,
            side=cast("Side", side),
            type=cast("Any", type),
            price=None if price is None else _number("price", price),
            amount=_number("amount", amount),
            time_in_force=cast("TimeInForce", "GTC" if force == "PO" else force),
            post_only=force == "PO" or bool(params.get("postOnly")),
            created=int(self._clock.now().timestamp() * 1000),
        )

    def _place(self, order: Order, listing: Listing) -> Order:
        now = self._clock.now()
        minute = minute_of(now)
        arriving = matching.Order(
            id=order.id,
            side=order.side,
            quantity=order.amount,
            price=order.price,
            time_in_force=order.time_in_force,
            post_only=order.post_only,
        )
        execution = self._book(listing, minute).submit(arriving)
        for fill in execution.fills:
            if not fill.maker.startswith(WORLD):
                raise InvalidOrder(
                    f"{order.side} of {order.symbol} on {self.id} would trade with the company's own order"
                    f" {fill.maker!r} at {fill.price}: cancel that one first"
                )
        self._floor.consume(order.symbol, minute, execution.fills)
        status = "canceled" if execution.dropped else "open"
        placed = order.model_copy(update={"status": status})
        return self._account.add(placed, [(fill.price, fill.quantity) for fill in execution.fills], now)

    def _book(self, listing: Listing, minute: int) -> Book:
        return self._floor.book(listing, minute, self._account.open_orders(listing.symbol))

    def _last_day(self, symbol: str, minute: int) -> Candles:
        """Return the minutes of the last 24 hours, or the first minute of all when none has passed."""
        day, moment = divmod(minute, DAY)
        today = self._quotes.day(symbol, day)
        if not day:
            return today.part(slice(0, max(moment, 1)))
        return self._quotes.day(symbol, day - 1).part(slice(moment, DAY)).join(today.part(slice(0, moment)))

    def _find(self, id: str | None, symbol: str | None, client_id: str | None) -> Order:
        order = self._account.find(id, client_id)
        if symbol not in {None, order.symbol}:
            raise OrderNotFound(f"order {order.id!r} on {self.id} is of {order.symbol}, not of {symbol!r}")
        return order

    def _shape(self, order: Order) -> Json:
        return unified.order(order, self._account.trades_of(order))


def _check_listed(symbol: str | None) -> None:
    if symbol is not None:
        number_of(symbol)


def _choice(what: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidOrder(f"{what} {value!r} is not offered here: choose one of {', '.join(allowed)}")


def _number(what: str, value: Any) -> Decimal:
    try:
        number = decimal_of(value)
    except InvalidOperation:
        raise InvalidOrder(f"{what} {value!r} is not a number") from None
    if not number.is_finite():
        raise InvalidOrder(f"{what} {value!r} is not finite")
    return number
