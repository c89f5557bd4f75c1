"""What an order is held against: balances, the book, quotes, our own orders, and what the limits remember."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from company.errors import ToolError, VenueError
from company.ports import Books, decimal_of
from company.trading import risk
from company.trading.accounts import Accounts
from company.trading.answers import answer
from company.trading.blotter import ORDERS, Blotter
from company.trading.exits import sellable
from company.trading.markets import Markets, Quote, Side
from company.trading.orders import WAITING, OrderReport
from company.trading.portfolio import Portfolio
from company.trading.risk import BookState, Dealt, ProposedOrder, Resting, RiskLimits, Standing
from company.trading.risk.lookout import Lookout

_ZERO = Decimal(0)


class Facing:
    """The desk as the limits see it.

    Args:
        markets: Venues, prices and the company's time.
        books: Where the desk keeps its own records.
        blotter: Its orders.
        portfolio: What it owns.
        limits: The limits every order is held against.
    """

    def __init__(
        self, *, markets: Markets, books: Books, blotter: Blotter, portfolio: Portfolio, limits: RiskLimits
    ) -> None:
        self._markets, self._books, self._blotter = markets, books, blotter
        self._portfolio, self._limits, self._clock = portfolio, limits, markets.clock
        self._standing, self._lookout = Standing(books, limits), Lookout(markets, limits)

    async def state(self, accounts: Accounts | None = None) -> BookState:
        """The book, with the drawdown step in force and what is paused."""
        state, now = await self._portfolio.state(accounts), self._clock.now()
        ladder, paused = self._standing.ladder(now), self._standing.paused(now)
        return replace(state, step=ladder.step, deepest=ladder.deepest, paused=paused, at=now)

    async def before(
        self, symbol: str, side: Side, venue: str = "", *, waits: bool = False
    ) -> tuple[Accounts, BookState, Sequence[Quote]]:
        """Balances, the book and the quotes that an order is held against.

        Every venue is asked. An exit goes on without those that do not answer, unless it is to go to one of them. What
        our own stops lock is free for it; not so for a sale that `waits` itself.
        """
        accounts, state, quotes = await self._asked(symbol, side, venue)
        if side == "sell" and not waits:
            stops = await self._stops(symbol, [quote.market.venue for quote in quotes])
            accounts = accounts.freed(symbol.partition("/")[0], {name: _left(held) for name, held in stops.items()})
        return accounts, state, quotes

    async def _asked(self, symbol: str, side: Side, venue: str) -> tuple[Accounts, BookState, Sequence[Quote]]:
        try:
            accounts = await self._portfolio.accounts()
            return accounts, await self.ahead_of(symbol, side, accounts), await self._markets.quotes(symbol)
        except VenueError:
            if side == "buy":
                raise
            quotes = await self._markets.answering(symbol)
            if venue and venue not in {quote.market.venue for quote in quotes}:
                raise
        return *await sellable(self._markets, self._books, symbol, quotes), quotes

    async def ahead_of(self, symbol: str, side: Side, accounts: Accounts | None = None) -> BookState:
        """The book as the limits see it before an order; an exit needs no more than what is held."""
        if side == "sell":
            return await self._portfolio.state(accounts)
        state = await self.state(accounts)
        if symbol not in state.paused and (odd := await self._lookout.unusual(symbol)) is not None:
            self._standing.shy(symbol, odd, self._clock.now())
            state = replace(state, paused={**state.paused, symbol: odd})
        history = await self._lookout.history(state.exposures(), symbol)
        if history is None:
            state = replace(state, paused={**state.paused, symbol: risk.UNKNOWN_PAST})
        return replace(state, history=history, resting=await self._own_sales(symbol), dealt=self._own_deals())

    async def release(self, venue: str, sale: ProposedOrder) -> None:
        """Cancel our own stops at a venue until it has free what an exit sells: they lock it for the same purpose."""
        stops = (await self._stops(sale.symbol, [venue])).get(venue, [])
        if not stops:
            return
        base = sale.symbol.partition("/")[0]
        balance = await answer(venue, self._markets.venues[venue].fetch_balance())
        free = decimal_of((balance.get("free") or {}).get(base) or 0)
        for order in stops:
            if free >= sale.quantity:
                return
            done = await self._blotter.withdraw(order, told=False)
            free += done.quantity - done.filled

    async def _stops(self, symbol: str, venues: Sequence[str]) -> dict[str, list[OrderReport]]:
        """Open sales of ours that wait for a trigger, by venue; one that waits for the lowest price comes first."""
        rows = {key: row for key, row in self._blotter.orders.unsettled().items() if row["type"] in WAITING}
        placed = {row["venue"] for row in rows.values() if row["symbol"] == symbol}
        found = {name: await self._blotter.open_orders_at(name) for name in venues if name in placed}
        mine = {
            name: [order for order in orders if order.client_order_id in rows and order.symbol == symbol]
            for name, orders in found.items()
        }
        return {name: sorted(orders, key=lambda order: order.trigger or _ZERO) for name, orders in mine.items()}

    async def clear_way(self, venue: str, sale: ProposedOrder) -> None:
        """Cancel our own purchases that a sale would trade with: an exit must not fail on them."""
        rows = self._blotter.orders.unsettled()
        wanted = {
            key
            for key, row in rows.items()
            if (row["venue"], row["symbol"], row["side"]) == (venue, sale.symbol, "buy")
        }
        for order in await self._blotter.open_orders_at(venue) if wanted else ():
            if order.client_order_id in wanted and order.price is not None:
                resting = Resting(venue, order.symbol, order.side, order.price)
                if risk.in_the_way(sale, [resting], self._limits):
                    await self._blotter.withdraw(order, told=False)

    async def correlated(self, state: BookState) -> dict[str, Decimal]:
        """Value that moves with each symbol of the book, its own included."""
        values = state.exposures()
        history = None
        with suppress(ToolError, VenueError):  # who only looks is told what can be told
            history = await self._lookout.history(values)
        threshold = self._limits.correlation_threshold
        return {
            symbol: state.gross
            if history is None or symbol not in history
            else Decimal(str(history.correlated(symbol, values, threshold)))
            for symbol in values
        }

    async def _own_sales(self, symbol: str) -> list[Resting]:
        """Sales of a symbol that rest in a book; the venues are only asked when an order of ours may be one.

        One that waits for its trigger is in no book yet. It may have come there, but not with a limit that buyers pay.
        """
        rows = self._blotter.orders.unsettled().values()
        if not any((row["symbol"], row["side"]) == (symbol, "sell") for row in rows):
            return []
        bids = {quote.market.venue: quote.bid for quote in await self._markets.quotes(symbol)}
        return [
            Resting(order.venue, order.symbol, order.side, order.price)
            for order in await self._blotter.open_orders()
            if order.side == "sell" and order.price is not None
            if order.trigger is None or order.symbol != symbol or order.price > bids[order.venue]
        ]

    def _own_deals(self) -> list[Dealt]:
        """What our orders traded since the window of a wash trade began, and some before it, however many they are."""
        since, count = self._clock.now() - self._limits.wash_window, risk.RECENT
        while len(newest := self._books.newest(ORDERS, count)) == count:
            if datetime.fromisoformat(newest[-1][1]["at"]) < since:
                break
            count *= 4
        rows = (row for _, row in newest if row.get("average"))
        return [
            Dealt(row["symbol"], row["side"], Decimal(row["average"]), datetime.fromisoformat(row["at"]))
            for row in rows
        ]


def _left(orders: Sequence[OrderReport]) -> Decimal:
    """Base units that orders are still to trade."""
    return sum((order.quantity - order.filled for order in orders), _ZERO)
