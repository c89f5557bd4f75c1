"""The blotter: sends orders, looks them up and cancels them.

The order's key is the client order id at the venue. The intent is in the books before the venue hears of it, so after
a crash, a timeout or an answer that makes no sense the order is looked up: by its id, by its key, among the open
orders, at last among our own trades. It is never sent blind a second time: most venues forget a client order id once
its order is filled, and would fill it again. Only a venue that says of itself that it refuses a repeated id for ever
(`refuses_repeats`, as the paper world's do) may be sent the same key again.

Nothing else is refused while an outcome is unknown: a buy that may have happened counts as an open order against the
limits (`Portfolio`), so its room is not given away twice, and a sale that may have happened cannot be sold again,
because balances are read before each order.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any, cast, get_args

from company.errors import InvalidOrder, OrderNotFound, RequestTimeout, ToolError, VenueError
from company.ports import Books, Json, Venue
from company.trading.answers import answer, charges, optional, pair, text, traded
from company.trading.figures import money, significant
from company.trading.markets import Markets, Side
from company.trading.orders import (
    DOUBTFUL,
    NOBODY,
    ORDERS,
    SEARCHED,
    Intent,
    OrderReport,
    Orders,
    OrderType,
    Owner,
    state,
)

__all__ = ["ORDERS", "Blotter", "Intent", "OrderReport", "OrderType"]

BEFORE = 300_000
"""Milliseconds before the intent from which own trades are searched: clocks of venues and ours disagree."""

_ZERO = Decimal(0)


class Blotter:
    """Sends, finds and cancels orders.

    Args:
        markets: The venues and their rules.
        books: Where orders are written down.

    Attributes:
        orders: What is written down of them.
    """

    def __init__(self, *, markets: Markets, books: Books) -> None:
        self._markets = markets
        self.orders = Orders(books)

    def record(self, key: str) -> Json | None:
        """Return what was written down of an order, see `Orders.get`."""
        return self.orders.get(key)

    async def send(self, intent: Intent, at: datetime) -> OrderReport:
        """Write an order down and send it.

        Args:
            intent: The order.
            at: Now.

        Raises:
            VenueError: The venue refused; nothing was ordered.
            RequestTimeout: It is not known whether the venue took the order; look it up with `find` later.
        """
        self.orders.begin(intent, at)
        venue = self._markets.venues[intent.venue]
        self.orders.mark(intent.key, "sent")
        wanted = intent.symbol, intent.venue_type, intent.side, intent.quantity, intent.price, intent.params
        call = venue.create_order(*wanted)
        try:
            raw = await answer(intent.venue, call)
        except (RequestTimeout, InvalidOrder) as error:  # some venues tell a duplicate only as an invalid order
            return await self._find_out(intent, error)
        except VenueError:
            self.orders.mark(intent.key, "rejected")
            raise
        finally:
            self._markets.forget_quotes(intent.symbol)
        try:
            return await self._acknowledged(intent, raw)
        except VenueError as error:
            return await self._find_out(intent, RequestTimeout(f"{error}; whether it was placed is not known"))

    async def find(self, key: str) -> OrderReport | None:
        """Look an order up by its key; whoever asks tells people of it.

        Returns:
            The order; None when it was certainly not placed, or may be sent again without danger.

        Raises:
            RequestTimeout: It was sent, no venue knows it, and it must not be sent again.
        """
        if (report := await self.look(key)) is not None:
            self.orders.settle(key, report, told=True)
            return report
        row = self.record(key)
        if row is not None and state(row) in DOUBTFUL and not refuses_repeats(self._markets.venues[row["venue"]]):
            raise RequestTimeout(
                f"{row['venue']} does not know the order {key!r} that was sent to it at {row['at'][:19]}, and no answer"
                " came then: it is not sent again; `company effects settle` takes a person's word for what became of it"
            )
        return None

    async def look(self, key: str) -> OrderReport | None:
        """Look an order up at the venue it was sent to, else everywhere; nothing is written down."""
        for name, symbol in await self._places(key):
            if (raw := await self._search(name, symbol, key)) is not None:
                return self.read(name, raw, key)
        return None

    async def cancel(self, order_id: str) -> OrderReport:
        """Cancel an open order; one that is already done is reported as it is.

        Args:
            order_id: The venue's id or the client order id.

        Raises:
            ToolError: No such order.
        """
        orders = await self.open_orders()
        for order in orders:
            if order_id in (order.order_id, order.client_order_id):
                return await self.withdraw(order)
        for key, written in self.orders.newest(SEARCHED):
            if order_id in (key, written.get("order_id")) and (found := await self.look(key)) is not None:
                self.orders.settle(key, found, told=False)
                return found
        known = ", ".join(order.order_id for order in orders) or "none"
        raise ToolError(f"there is no order {order_id!r}; open orders are: {known}")

    async def withdraw(self, order: OrderReport, *, told: bool = True) -> OrderReport:
        """Cancel an order that was open, and report it as it is then; no other venue is asked.

        Args:
            order: As it was.
            told: Whoever asks tells people that it ended; otherwise the next reconciliation does.
        """
        venue = self._markets.venues[order.venue]
        with suppress(OrderNotFound):  # it was done in the meantime: the report below says how
            await answer(order.venue, venue.cancel_order(order.order_id, order.symbol))
        self._markets.forget_quotes(order.symbol)
        raw = await answer(order.venue, venue.fetch_order(order.order_id, order.symbol))
        report = self.read(order.venue, raw, order.client_order_id)
        grown = report.filled != order.filled  # whoever cancels tells of the end, not of what traded before it
        self.orders.settle(order.client_order_id, report, told=told and not grown, ended=not told)
        return report

    async def open_orders(self) -> list[OrderReport]:
        """Return every open order on every venue, also those that are not the desk's."""
        return [order for venue in self._markets.venues for order in await self.open_orders_at(venue)]

    async def open_orders_at(self, venue: str) -> list[OrderReport]:
        """Return every open order on one venue; no other is asked."""
        raws = await answer(venue, self._markets.venues[venue].fetch_open_orders())
        return [self.read(venue, raw) for raw in raws]

    async def ended(self) -> dict[str, Json]:
        """Return the records, by key, of newer orders of ours that ended without our doing.

        Those are the ones that were open when last heard of and are so no more, and those whose end the reconciliation
        found out.
        """
        newest = self.orders.newest()
        heard = {key: row for key, row in newest if row["status"] == "open"}
        resting = {order.order_id for order in await self.open_orders()} if heard else set()
        gone = {key for key, row in heard.items() if row["order_id"] not in resting}
        return {key: row for key, row in newest if key in gone or (row.get("meanwhile") and key not in heard)}

    async def owner(self, venue: str, symbol: str, order_id: str) -> tuple[str, Owner]:
        """Return key and owner of the order that a trade belongs to; of one that is not ours, nothing.

        Raises:
            VenueError: An order of ours may be the one, and the venue cannot tell.
        """
        if (key := self.orders.key_of(venue, order_id)) is None and self._may_hold(venue, symbol):
            with suppress(OrderNotFound):
                raw = await answer(venue, self._markets.venues[venue].fetch_order(order_id, symbol))
                told = str(raw.get("clientOrderId") or "")
                key = told if self.record(told) else None
        return (key, self.orders.owner_of(key)) if key else ("", NOBODY)

    def read(self, venue: str, raw: Json, key: str = "") -> OrderReport:
        """Read a ccxt order, in which almost anything may be None; `key` is known when we asked for the order by it.

        Raises:
            VenueError: It cannot be right; the message says what and where.
        """
        where = f"{venue} order {raw.get('id')!r}"
        key = key or str(raw.get("clientOrderId") or "")
        filled, quantity = traded(raw, where)
        average = optional(raw, "average", where) or optional(raw, "price", where)
        cost = optional(raw, "cost", where)
        written = (self.record(key) if key else None) or {}
        return OrderReport(
            order_id=text(raw, "id", where),
            client_order_id=key,
            venue=venue,
            symbol=pair(raw, where),
            side=_side(raw, where),
            type=written.get("type") or raw.get("type") or "unknown",
            status=str(raw.get("status") or "unknown"),
            quantity=significant(quantity, 8),
            filled=significant(filled, 8),
            price=None if average is None else significant(average, 8),
            trigger=optional(raw, "triggerPrice", where) or None,
            notional=money(cost if cost is not None else filled * (average or _ZERO)),
            fee=_fee(raw, where, average),
            reason=written.get("reason", ""),
            sources=tuple(written.get("sources", [f"order {key[:8]}"] if written else ())),  # older homes kept none
        )

    async def _acknowledged(self, intent: Intent, raw: Json) -> OrderReport:
        if raw.get("status") is None or raw.get("filled") is None:  # some venues answer with little more than an id
            venue, order_id = self._markets.venues[intent.venue], text(raw, "id", f"{intent.venue} new order")
            raw = await answer(intent.venue, venue.fetch_order(order_id, intent.symbol))
        report = self.read(intent.venue, _ours(intent.venue, raw, intent.key), intent.key)
        self.orders.settle(intent.key, report, told=True)
        return report

    async def _find_out(self, intent: Intent, error: VenueError) -> OrderReport:
        """Look up what became of a request that got no usable answer; what stays in doubt is written down as that."""
        try:
            raw = await self._search(intent.venue, intent.symbol, intent.key)
            if raw is not None:
                report = self.read(intent.venue, raw, intent.key)
                self.orders.settle(intent.key, report, told=True)
                return report
        except VenueError as silent:
            error = RequestTimeout(f"{error}; looking it up: {silent}")
        self.orders.mark(intent.key, "unknown" if isinstance(error, RequestTimeout) else "rejected")
        raise error

    async def _search(self, name: str, symbol: str, key: str) -> Json | None:
        """Search one venue for an order by its id, by its key, among the open orders, and among our trades."""
        venue, row = self._markets.venues[name], self.record(key)
        asked: list[tuple[str | None, Mapping[str, Any]]] = [(None, {"clientOrderId": key})]
        if row and (order_id := row.get("order_id")):
            asked.insert(0, (order_id, {}))
        for order_id, params in asked:
            with suppress(OrderNotFound):
                return _ours(name, await answer(name, venue.fetch_order(order_id, symbol, params)), key)
        if row is None or state(row) not in DOUBTFUL or refuses_repeats(venue):
            return None
        waiting = await answer(name, venue.fetch_open_orders(symbol))
        found = next((raw for raw in waiting if raw.get("clientOrderId") == key), None)
        return found or await self._search_trades(name, symbol, key, row)

    async def _search_trades(self, name: str, symbol: str, key: str, row: Json) -> Json | None:
        """Search the orders behind our trades that are not known to be ours: a filled order's key may be forgotten."""
        venue = self._markets.venues[name]
        since = int(datetime.fromisoformat(row["at"]).timestamp() * 1000) - BEFORE
        trades = await answer(name, venue.fetch_my_trades(symbol, since))
        strange = dict.fromkeys(str(trade["order"]) for trade in trades if trade.get("order"))
        for order_id in (one for one in strange if self.orders.key_of(name, one) is None):
            with suppress(OrderNotFound):
                raw = await answer(name, venue.fetch_order(order_id, symbol))
                if raw.get("clientOrderId") == key:
                    return raw
        return None

    async def _places(self, key: str) -> list[tuple[str, str]]:
        """Return the venues and symbols an order may be at: where it was written down for, else everywhere."""
        if written := self.record(key):
            return [(written["venue"], written["symbol"])]
        return [(name, symbol) for symbol, markets in (await self._markets.listed()).items() for name in markets]

    def _may_hold(self, venue: str, symbol: str) -> bool:
        return any(row["symbol"] == symbol for row in self.orders.doubtful(venue).values())


def refuses_repeats(venue: Venue) -> bool:
    """Tell whether a venue refuses a client order id for ever once it took an order with it; ccxt's venues do not."""
    return bool(getattr(venue, "refuses_repeats", False))


def _ours(venue: str, raw: Json, key: str) -> Json:
    if (told := raw.get("clientOrderId")) and told != key:
        raise VenueError(f"{venue} order {raw.get('id')!r}: it was asked for by {key!r} and says it is {told!r}")
    return raw


def _side(raw: Json, where: str) -> Side:
    if (side := raw.get("side")) not in get_args(Side):
        raise VenueError(f"{where}: 'side' is {side!r}, not one of buy, sell")
    return cast("Side", side)


def _fee(raw: Json, where: str, price: Decimal | None) -> Decimal | None:
    """Sum of the fees in quote units; None when none is told, or one is in a third currency."""
    base, quote = raw["symbol"].split("/")
    worth = {quote: Decimal(1), base: price or _ZERO}
    fees = charges(raw, where)
    if not fees or any(currency not in worth for currency, _ in fees):
        return None
    return significant(sum((amount * worth[currency] for currency, amount in fees), _ZERO), 8)
