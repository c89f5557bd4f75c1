"""The blotter: every order the desk sends, written down before it is sent.

The order's key is the client order id at the venue. The intent is in the books before the venue hears of it, so after
a crash, a timeout or a refused duplicate the order is looked up by its key, never sent blind a second time: venues
forget a client order id once its order is filled, and would fill it again.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from company.errors import InvalidOrder, OrderNotFound, RequestTimeout, ToolError, VenueError
from company.ports import Books, Json
from company.trading.answers import answer, charges, optional
from company.trading.figures import Figure, Report, money, significant
from company.trading.markets import Markets, Side

OrderType = Literal["market", "limit"]
ORDERS = "trading.order"
SEARCHED = 200  # newest orders searched for a venue's order id
_ZERO = Decimal(0)


class OrderReport(Report):
    """An order and what became of it.

    Attributes:
        order_id: The venue's id.
        client_order_id: The key it was sent with.
        status: open, closed (filled), canceled, rejected or expired, as ccxt names them; unknown when not told.
        quantity: Ordered, in base units; `filled` is what has traded of it.
        price: Average price of what traded, else the limit, in quote units; None for an unfilled market order.
        notional: What traded, in quote units.
        fee: Fees so far in quote units; None when the venue does not tell them.
        reason: Why the desk placed it; empty for an order that is not the desk's.
        sources: The documents of strangers that had been read when the reason was written.
    """

    order_id: str
    client_order_id: str
    venue: str
    symbol: str
    side: Side
    type: str
    status: str
    quantity: Figure
    filled: Figure
    price: Figure | None
    notional: Figure
    fee: Figure | None
    reason: str
    sources: tuple[str, ...] = ()

    def told(self) -> dict[str, str | None]:
        """Return what an event says of the order."""
        return {
            "venue": self.venue,
            "symbol": self.symbol,
            "side": self.side,
            "price": None if self.price is None else f"{self.price:f}",
            "status": self.status,
            "orderId": self.order_id,
            "clientOrderId": self.client_order_id,
        }


@dataclass(frozen=True, slots=True)
class Intent:
    """An order the desk has decided on.

    Attributes:
        key: Client order id.
        quantity: In base units, whole steps of the venue.
        price: Limit in quote units, None for a market order.
        reason: Why, for the decision record.
        sources: The documents of strangers that had been read when the reason was written.
    """

    key: str
    venue: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    price: Decimal | None
    reason: str
    sources: tuple[str, ...] = ()


class Blotter:
    """Sends, finds and cancels orders.

    Args:
        markets: The venues and their rules.
        books: Where orders are written down.
    """

    def __init__(self, *, markets: Markets, books: Books) -> None:
        self._markets = markets
        self._books = books

    def record(self, key: str) -> Json | None:
        """Return what was written down of an order.

        That is its intent and its `status`; once known, its `order_id` and `filled`, and the `average` price of that.
        """
        return self._books.get(ORDERS, key)

    async def send(self, intent: Intent, at: datetime) -> OrderReport:
        """Write an order down and send it.

        Args:
            intent: The order.
            at: Now.

        Raises:
            VenueError: The venue refused; nothing was ordered.
            RequestTimeout: It is not known whether the venue took the order; look it up with `find` later.
        """
        self._write(intent, at, "intent")
        params = {"clientOrderId": intent.key}
        venue = self._markets.venues[intent.venue]
        call = venue.create_order(intent.symbol, intent.type, intent.side, intent.quantity, intent.price, params)
        try:
            raw = await answer(intent.venue, call)
        except (RequestTimeout, InvalidOrder) as error:  # some venues tell a duplicate only as an invalid order
            if (found := await self.find(intent.key)) is None:
                self._write(intent, at, "unknown" if isinstance(error, RequestTimeout) else "rejected")
                raise
            return found
        except VenueError:
            self._write(intent, at, "rejected")
            raise
        finally:
            self._markets.forget_quotes()
        if raw.get("status") is None or raw.get("filled") is None:  # some venues answer with little more than an id
            raw = await answer(intent.venue, venue.fetch_order(raw["id"], intent.symbol))
        return self._settle(intent.key, self._read(intent.venue, raw, intent.key))

    async def find(self, key: str) -> OrderReport | None:
        """Look an order up by its key at every venue; None when no venue knows it."""
        for name, symbol in await self._places(key):
            call = self._markets.venues[name].fetch_order(None, symbol, {"clientOrderId": key})
            try:
                raw = await answer(name, call)
            except OrderNotFound:
                continue
            return self._settle(key, self._read(name, raw, key))
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
        for key, written in self._books.newest(ORDERS, SEARCHED):
            if order_id in (key, written.get("order_id")) and (found := await self.find(key)) is not None:
                return found
        known = ", ".join(order.order_id for order in orders) or "none"
        raise ToolError(f"there is no order {order_id!r}; open orders are: {known}")

    async def withdraw(self, order: OrderReport) -> OrderReport:
        """Cancel an order that was open, and report it as it is then; no other venue is asked."""
        venue = self._markets.venues[order.venue]
        with suppress(OrderNotFound):  # it was done in the meantime: the report below says how
            await answer(order.venue, venue.cancel_order(order.order_id, order.symbol))
        self._markets.forget_quotes()
        raw = await answer(order.venue, venue.fetch_order(order.order_id, order.symbol))
        return self._settle(order.client_order_id, self._read(order.venue, raw, order.client_order_id))

    async def open_orders(self) -> list[OrderReport]:
        """Return every open order on every venue, also those that are not the desk's."""
        return [order for venue in self._markets.venues for order in await self.open_orders_at(venue)]

    async def open_orders_at(self, venue: str) -> list[OrderReport]:
        """Return every open order on one venue; no other is asked."""
        raws = await answer(venue, self._markets.venues[venue].fetch_open_orders())
        return [self._read(venue, raw) for raw in raws]

    async def ended(self) -> dict[str, Json]:
        """Return the records, by key, of newer orders of ours that were open when last heard of and are so no more."""
        heard = {key: row for key, row in self._books.newest(ORDERS, SEARCHED) if row["status"] == "open"}
        resting = {order.order_id for order in await self.open_orders()} if heard else set()
        return {key: row for key, row in heard.items() if row["order_id"] not in resting}

    async def _places(self, key: str) -> list[tuple[str, str]]:
        """Return the venues and symbols an order may be at: where it was written down for, else everywhere."""
        if written := self.record(key):
            return [(written["venue"], written["symbol"])]
        return [(name, symbol) for symbol, markets in (await self._markets.listed()).items() for name in markets]

    def _write(self, intent: Intent, at: datetime, status: str) -> None:
        self._books.put(
            ORDERS,
            intent.key,
            {
                "venue": intent.venue,
                "symbol": intent.symbol,
                "side": intent.side,
                "type": intent.type,
                "quantity": intent.quantity,
                "price": intent.price,
                "reason": intent.reason,
                "sources": list(intent.sources),
                "at": at,
                "status": status,
            },
        )

    def _settle(self, key: str, report: OrderReport) -> OrderReport:
        """Write down what became of an order of ours."""
        written = self.record(key)
        told = {"status": report.status, "order_id": report.order_id, "filled": f"{report.filled:f}"}
        if report.filled and report.price is not None:
            told["average"] = f"{report.price:f}"
        if written is not None and any(written.get(name) != value for name, value in told.items()):
            self._books.put(ORDERS, key, {**written, **told})
        return report

    def _read(self, venue: str, raw: Json, key: str = "") -> OrderReport:
        """Read a ccxt order, in which almost anything may be None; `key` is known when we asked for the order by it."""
        where = f"{venue} order {raw.get('id')!r}"
        key = key or str(raw.get("clientOrderId") or "")
        filled = optional(raw, "filled", where) or _ZERO
        average = optional(raw, "average", where) or optional(raw, "price", where)
        cost = optional(raw, "cost", where)
        notional = cost if cost is not None else filled * (average or _ZERO)
        written = (self.record(key) if key else None) or {}
        return OrderReport(
            order_id=str(raw["id"]),
            client_order_id=key,
            venue=venue,
            symbol=raw["symbol"],
            side=raw["side"],
            type=raw.get("type") or "unknown",
            status=raw.get("status") or "unknown",
            quantity=significant(optional(raw, "amount", where) or filled, 8),
            filled=significant(filled, 8),
            price=None if average is None else significant(average, 8),
            notional=money(notional),
            fee=self._fee(raw, where, average),
            reason=written.get("reason", ""),
            sources=tuple(written.get("sources", [f"order {key[:8]}"] if written else ())),  # older homes kept none
        )

    def _fee(self, raw: Json, where: str, price: Decimal | None) -> Decimal | None:
        """Sum of the fees in quote units; None when none is told, or one is in a third currency."""
        base, quote = raw["symbol"].split("/")
        worth = {quote: Decimal(1), base: price or _ZERO}
        fees = charges(raw, where)
        if not fees or any(currency not in worth for currency, _ in fees):
            return None
        return significant(sum((amount * worth[currency] for currency, amount in fees), _ZERO), 8)
