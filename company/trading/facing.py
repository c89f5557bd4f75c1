"""What an order is held against: balances, the book, quotes, our own orders, and what the limits remember."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from company.errors import ToolError, VenueError
from company.ports import Books
from company.trading import risk
from company.trading.accounts import Accounts
from company.trading.blotter import ORDERS, Blotter
from company.trading.exits import sellable
from company.trading.markets import Markets, Quote, Side
from company.trading.portfolio import Portfolio
from company.trading.risk import BookState, Dealt, ProposedOrder, Resting, RiskLimits, Standing
from company.trading.risk.lookout import Lookout


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

    async def before(self, symbol: str, side: Side, venue: str = "") -> tuple[Accounts, BookState, Sequence[Quote]]:
        """Balances, the book and the quotes that an order is held against.

        Every venue is asked. An exit goes on without those that do not answer, unless it is to go to one of them.
        """
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
        """Sales of a symbol that rest in a book; the venues are only asked when an order of ours may be one."""
        rows = self._blotter.orders.unsettled().values()
        if not any((row["symbol"], row["side"]) == (symbol, "sell") for row in rows):
            return []
        return [
            Resting(order.venue, order.symbol, order.side, order.price)
            for order in await self._blotter.open_orders()
            if order.side == "sell" and order.price is not None
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
