"""The trading desk: the one object through which the company sees markets and trades.

It knows ports only. It composes three nouns: `Markets` (prices), `Portfolio` (what is owned) and `Blotter` (orders),
and holds every order against the limits of `risk`, also one that no sizing preceded.

Calls to venues are made one after the other: the order is then the same in every run.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from decimal import Decimal
from statistics import median
from types import MappingProxyType
from typing import Any

from company.errors import ToolError
from company.ports import Books, Clock, Json, Venue
from company.trading import risk
from company.trading.arguments import read_limit, read_number, read_positive, read_side, read_stop, read_type
from company.trading.attribution import Attribution, attributed
from company.trading.audit import Audit, audit
from company.trading.blotter import ORDERS, Blotter, Intent, OrderReport
from company.trading.calibration import Calibration, Closed, calibrated
from company.trading.council import Council
from company.trading.curve import EquityCurve
from company.trading.decisions import Decision, Decisions, Denied, allow, known_then
from company.trading.ensemble import Consensus, Tolerance
from company.trading.facing import Facing
from company.trading.features import (
    Bars,
    Candle,
    Correlations,
    Indicators,
    correlations,
    indicators,
    joint_returns,
)
from company.trading.figures import HUNDRED, money, percent, significant
from company.trading.markets import HISTORY, Markets, OrderBook, Ticker, best
from company.trading.orders import ABANDONED, Owner
from company.trading.pairs import Outcomes, Pairs, Wanted, keys_of
from company.trading.portfolio import Balance, ClosedTrades, Portfolio, Position, ProfitAndLoss
from company.trading.reconciliation import Reconciler, Reconciliation, Tell
from company.trading.reports import Exposure, LimitsInForce, MarketRow, SymbolExposure, Weighed
from company.trading.risk import (
    EVERYTHING,
    Clamp,
    ProposedOrder,
    RiskLimits,
    Sizing,
    ValueAtRisk,
)
from company.trading.routing import route, sizing_quote, tradable
from company.trading.scratch import ScratchBooks
from company.trading.stops import Stops, Watched

RISK_TIMEFRAME = "1h"
MOST_CANDLES = 48  # a longer table helps no model and fills its context
_ZERO = Decimal(0)


class Desk:
    """Markets, portfolio, risk and orders of the company.

    Args:
        venues: Exchange accounts by name; their order is the order in which they are asked.
        clock: The company's time.
        books: Where the desk keeps its own records.
        limits: The limits every order is held against.
        quote: Currency everything is priced in.
        tolerance: How much risk the company likes, for the consensus of the ensemble.
        placing: Entered while an order is held against the limits and sent: two at once could each find the room that
            only one of them has. Without it, orders of this desk wait for each other; processes that share books need
            one that they share as well.

    Attributes:
        pairs: Orders that belong together, and what they were for.
    """

    def __init__(
        self,
        *,
        venues: Mapping[str, Venue],
        clock: Clock,
        books: Books,
        limits: RiskLimits,
        quote: str = "USDT",
        tolerance: Tolerance = "moderate",
        placing: AbstractAsyncContextManager[Any] | None = None,
    ) -> None:
        self._clock = clock
        self._books = books
        self._limits = limits
        self._quote = quote
        self._tolerance = tolerance
        self._markets = Markets(venues=venues, clock=clock, quote=quote)
        self._blotter = Blotter(markets=self._markets, books=books)
        self._portfolio = Portfolio(markets=self._markets, books=books, blotter=self._blotter)
        self._decisions = Decisions(books)
        self._reconciler = Reconciler(
            markets=self._markets, books=books, blotter=self._blotter, portfolio=self._portfolio
        )
        self._council = Council(
            markets=self._markets,
            books=books,
            bookings=self._portfolio.bookings,
            orders=self._blotter.orders,
            limits=limits,
            tolerance=tolerance,
        )
        self._facing = Facing(
            markets=self._markets, books=books, blotter=self._blotter, portfolio=self._portfolio, limits=limits
        )
        self.pairs = Pairs(
            markets=self._markets,
            books=books,
            blotter=self._blotter,
            portfolio=self._portfolio,
            facing=self._facing,
            decisions=self._decisions,
            limits=limits,
        )
        self._stops = Stops(books=books, bookings=self._portfolio.bookings, orders=self._blotter.orders)
        self._placing = placing or asyncio.Lock()
        self._known: dict[tuple[str, str], tuple[Bars, Indicators]] = {}

    def shown(self, venues: Mapping[str, Venue]) -> "Desk":
        """Return a desk over other venues that reads the books of this one and writes nothing into them."""
        books = ScratchBooks(self._books)
        return Desk(
            venues=venues,
            clock=self._clock,
            books=books,
            limits=self._limits,
            quote=self._quote,
            tolerance=self._tolerance,
        )

    # Markets

    @property
    def markets(self) -> Markets:
        """Venues, clock and quote currency of the desk."""
        return self._markets

    async def symbols(self) -> list[str]:
        """Return every symbol the desk trades."""
        return list(await self._markets.listed())

    async def ticker(self, symbol: str) -> Ticker:
        """Return a symbol's price, every venue's bid and ask, and the best arbitrage between them.

        Raises:
            ToolError: No venue lists the symbol.
            VenueError: A venue does not answer, or quotes nonsense.
        """
        return await self._markets.ticker(await self._markets.resolve(symbol))

    async def prices(self) -> dict[str, Decimal]:
        """Return the price of every symbol, the median of the venues' mid prices, in quote units.

        Raises:
            VenueError: A venue does not answer, or quotes nonsense.
        """
        return await self._markets.prices()

    async def order_book(self, symbol: str, venue: str = "", depth: int = 5) -> OrderBook:
        """Return the best levels of one venue's book, at most 10 a side.

        Raises:
            ToolError: The venue is unknown or does not list the symbol.
        """
        return await self._markets.order_book(await self._markets.resolve(symbol), venue, depth)

    async def resolve(self, text: str) -> str:
        """Return the unified symbol meant by `text`, such as `BTC/USDT` for "btc".

        Raises:
            ToolError: No venue lists such a symbol.
        """
        return await self._markets.resolve(text)

    async def history(self, symbol: str, timeframe: str, count: int) -> list[Candle]:
        """Return the last `count` closed bars, oldest first; fewer when the venue has no more.

        Raises:
            ToolError: Symbol or timeframe are unknown, or the bars are malformed or stale.
        """
        return (await self._markets.bars(await self._markets.resolve(symbol), timeframe, count)).candles(count)

    async def candles(self, symbol: str, timeframe: str = "1h", limit: int = 24) -> list[Candle]:
        """Return the last closed bars, oldest first, at most 48.

        Raises:
            ToolError: Symbol or timeframe are unknown, or the bars are malformed or stale.
        """
        bars = await self._markets.bars(await self._markets.resolve(symbol), timeframe)
        return bars.candles(max(1, min(limit, MOST_CANDLES)))

    async def indicators(self, symbol: str, timeframe: str = "1h") -> Indicators:
        """Return the technical indicators at the last closed bar.

        Raises:
            ToolError: Symbol or timeframe are unknown, or the bars are too few, malformed or stale.
        """
        symbol = await self._markets.resolve(symbol)
        bars = await self._markets.bars(symbol, timeframe)
        known = self._known.get((symbol, timeframe))
        if known is None or known[0] is not bars:
            known = self._known[symbol, timeframe] = bars, indicators(bars)
        return known[1]

    async def overview(self) -> list[MarketRow]:
        """Return every symbol at a glance, the highest score first."""
        rows = [await self.glance(symbol) for symbol in await self._markets.listed()]
        return sorted(rows, key=lambda row: (-row.score, row.symbol))

    async def glance(self, symbol: str) -> MarketRow:
        """Return one unified symbol at a glance.

        Raises:
            ToolError: Its bars are too few, malformed or stale.
        """
        ticker, read = await self._markets.ticker(symbol), await self.indicators(symbol)
        return MarketRow(
            symbol=symbol,
            price=ticker.price,
            change_24h=ticker.change_24h,
            rsi=read.rsi,
            volatility=read.volatility,
            regime=read.regime,
            score=read.score,
        )

    async def consensus(self, symbol: str) -> Consensus:
        """Return what the four temperaments agree on at the last closed hour, with each vote, weight and reason.

        To let its outcome teach the weights, place the order with the signal's strategy and evidence.

        Raises:
            ToolError: No venue lists the symbol, or its bars are malformed or stale.
            VenueError: A venue does not answer, or quotes nonsense.
        """
        state = await self._facing.state()
        return await self._council.consensus(await self._markets.resolve(symbol), state.step_in_force(self._limits))

    async def correlations(self) -> Correlations:
        """Return the correlation matrix of hourly returns of every symbol."""
        return correlations(await self._histories(await self._markets.listed()))

    # Portfolio

    async def balances(self) -> list[Balance]:
        """Return every balance that is not zero, by venue."""
        return await self._portfolio.balances()

    async def positions(self) -> list[Position]:
        """Return what is held with its cost and result, the most valuable first."""
        return await self._portfolio.positions()

    async def profit_and_loss(self) -> ProfitAndLoss:
        """Return equity, the result since the books opened and of today, and the drawdown."""
        return await self._portfolio.profit_and_loss()

    @property
    def curve(self) -> EquityCurve:
        """What everything was worth, whenever the desk looked."""
        return EquityCurve(self._books)

    def read_until(self, venue: str, symbol: str) -> int:
        """Return the time up to which the trades of a market are booked, UTC epoch milliseconds."""
        return self._portfolio.read_until(venue, symbol)

    async def closed_trades(self) -> ClosedTrades:
        """Return how many trades were closed, and how many of them earned."""
        return await self._portfolio.closed_trades()

    # Risk

    async def exposure(self) -> Exposure:
        """Return what is at stake by symbol, and the room left under the caps."""
        accounts = await self._portfolio.accounts()
        state = await self._portfolio.state(accounts)
        equity, correlated = state.equity, await self._facing.correlated(state)
        caps = self._limits.max_position_fraction * equity, self._limits.max_gross_fraction * equity
        values = {symbol: state.exposure(symbol) for symbol in {**state.notionals, **state.pending}}
        return Exposure(
            equity=money(equity),
            cash=money(accounts.cash),
            gross=money(state.gross),
            gross_percent=_share(state.gross, equity),
            room=money(max(_ZERO, caps[1] - state.gross)),
            symbols=[
                SymbolExposure(
                    symbol=symbol,
                    value=money(state.notionals.get(symbol, _ZERO)),
                    pending=money(state.pending.get(symbol, _ZERO)),
                    percent=_share(value, equity),
                    correlated=money(correlated[symbol]),
                    room=money(max(_ZERO, caps[0] - value)),
                )
                for symbol, value in sorted(values.items(), key=lambda item: (-item[1], item[0]))
            ],
        )

    async def value_at_risk(self, confidence: float = risk.CONFIDENCE) -> ValueAtRisk:
        """Return historical VaR and CVaR of the current positions for one day; at 95 % unless told otherwise.

        Raises:
            ToolError: What is held has too little history.
        """
        state = await self._portfolio.state()
        held = state.notionals
        returns = joint_returns(await self._histories(held)) if held else risk.NO_RETURNS
        return risk.value_at_risk(held, returns, state.equity, confidence=confidence)

    async def limits(self) -> LimitsInForce:
        """Return the limits and where the desk stands against them."""
        state = await self._facing.state()
        step, paused = state.step_in_force(self._limits), list(state.paused)
        return LimitsInForce(
            limits=self._limits,
            equity=money(state.equity),
            daily_loss_percent=percent(state.daily_loss),
            drawdown_percent=percent(state.drawdown),
            drawdown_step=step,
            latched=step == "stop",
            paused=paused,
            entries_allowed=step != "stop"
            and state.daily_loss < self._limits.daily_loss_fraction
            and EVERYTHING not in paused,
        )

    async def stops(self) -> list[Watched]:
        """Return the stops that purchases came with, and what has fallen to its stop and is to be sold.

        Raises:
            VenueError: A venue does not answer, or quotes nonsense.
        """
        accounts, _ = await self._portfolio.booked()
        self._stops.follow()
        held = {(row.venue, symbol): row.total for symbol, rows in accounts.held().items() for row in rows}
        return self._stops.watched(await self._markets.prices(), held)

    def stops_at(self, prices: Mapping[str, Decimal]) -> list[Watched]:
        """Return the stops as they stand at prices of symbols; no venue is asked."""
        return self._stops.watched(prices)

    async def size(self, symbol: str, side: str, conviction: Any, at_most: Any = None) -> Sizing:
        """Turn conviction into a quantity that the limits allow, and say where to trade it.

        Args:
            symbol: Symbol, as `BTC` or `BTC/USDT`.
            side: `buy` enters or adds, `sell` exits.
            conviction: 0 to 1.
            at_most: Largest notional that is wanted, in quote units; None leaves it to the limits.

        Raises:
            ToolError: An argument cannot be right, or the symbol has no usable history.
        """
        chosen = read_side(side)
        symbol = await self._markets.resolve(symbol, exiting=chosen == "sell")
        accounts, state, quotes = await self._facing.before(symbol, chosen)
        quote, free = sizing_quote(quotes, chosen, accounts, accounts.equity * self._limits.max_trade_fraction)
        volatility, atr = await self._swings(symbol) if chosen == "buy" else (_ZERO, None)
        return risk.size(
            symbol=symbol,
            side=chosen,
            conviction=read_number(conviction, "conviction"),
            volatility=volatility,
            price=quote.price(chosen),
            market=quote.market,
            free=free,
            state=state,
            limits=self._limits,
            at_most=None if at_most is None else read_positive(at_most, "at_most"),
            atr=atr,
        )

    async def vet(self, symbol: str, side: str, quantity: Any, price: Any = None) -> list[Clamp]:
        """Return the limits an order would break; an empty list allows it.

        Args:
            symbol: Symbol, as `BTC` or `BTC/USDT`.
            side: `buy` or `sell`.
            quantity: In base units.
            price: Limit in quote units; None for a market order, which is taken at the best quote.

        Raises:
            ToolError: An argument cannot be right.
        """
        return (await self.weigh(symbol, side, quantity, price)).clamps

    async def weigh(self, symbol: str, side: str, quantity: Any, price: Any = None, stop: Any = None) -> Weighed:
        """Return what an order would put at stake, and the limits it would break; see `vet` and `place`."""
        chosen = read_side(side)
        symbol = await self._markets.resolve(symbol, exiting=chosen == "sell")
        amount, limit = read_positive(quantity, "quantity"), read_limit(price)
        _, state, quotes = await self._facing.before(symbol, chosen)
        expected = limit or best(quotes, chosen).price(chosen)
        order = ProposedOrder(symbol, chosen, amount, expected, read_stop(stop, chosen), is_market=limit is None)
        mid = significant(median(quote.mid for quote in quotes))
        return Weighed(symbol, amount * max(mid, limit or mid), risk.check(order, state, self._limits))

    # Orders

    async def place(
        self,
        symbol: str,
        side: str,
        quantity: Any,
        *,
        key: str,
        reason: str,
        sources: Sequence[str] = (),
        type: str = "market",
        price: Any = None,
        trigger: Any = None,
        stop: Any = None,
        venue: str = "",
        strategy: str = "",
        role: str = "",
        evidence: Mapping[str, Any] = MappingProxyType({}),
    ) -> OrderReport:
        """Place an order once for `key`; the same key again returns the first order.

        Args:
            symbol: Symbol, as `BTC` or `BTC/USDT`.
            side: `buy` or `sell`.
            quantity: In base units; cut to whole steps of the venue.
            key: Idempotency key, sent as client order id.
            reason: Why; kept with the order.
            sources: The documents of strangers that had been read when the reason was written.
            type: `market`, `limit`, or of a sale `stop`, `stop_limit`, `take_profit` or `take_profit_limit`.
            price: Limit in quote units, for the types that end in `limit`.
            trigger: Price in quote units that a stop or a take-profit waits for.
            stop: Price in quote units at which what a purchase buys is to be sold again; the desk watches it.
            venue: Venue's name; the one with the best executable price when empty.
            strategy: Whose idea it was, for the attribution of what it earns; empty when nobody's.
            role: Id of the role that places it; empty when none does.
            evidence: The figures the reason rests on, by name; kept with the decision.

        Raises:
            ToolError: A limit denies the order (the message holds the rule's id), or an argument cannot be right.
            VenueError: The venue refused.
            RequestTimeout: It is not known whether the venue took the order; `find` looks it up.
        """
        chosen = read_side(side)
        symbol = await self._markets.resolve(symbol, exiting=chosen == "sell")
        amount, limit = read_positive(quantity, "quantity"), read_limit(price)
        waits_for, given_up = read_limit(trigger, "trigger"), read_stop(stop, chosen)
        kind, owner, now = read_type(type, chosen, limit, waits_for), Owner(strategy, role), self._clock.now()
        given = {name: read_number(figure, name) for name, figure in evidence.items()}
        wish = {"at": now, "venue": venue, "symbol": symbol, "side": chosen, "type": kind, "asked": amount}
        wish |= {"trigger": waits_for} if waits_for is not None else {}
        wish |= {"price": limit, "reason": reason, "sources": list(sources), "evidence": given}
        async with self._placing:
            if written := self._blotter.record(key):
                if (written["symbol"], written["side"]) != (symbol, chosen):
                    used = f"{written['side']} {written['symbol']}"
                    raise ToolError(f"key {key!r} was used to {used}; a new order needs a new key")
                if (earlier := await self._blotter.find(key)) is not None:
                    return earlier
                if written["status"] == ABANDONED:
                    raise ToolError(f"order {key!r} was closed by a person: a new order needs a new key")
                self._blotter.orders.again(key)
                venue = written["venue"]  # only there the key protects from a second order
            try:
                is_exit = waits_for is None
                accounts, state, quotes = await self._facing.before(symbol, chosen, venue, waits=not is_exit)
                bound = limit or waits_for
                quoted = bound or best(quotes, chosen).price(chosen)
                order = ProposedOrder(symbol, chosen, amount, quoted, stop=given_up, is_market=bound is None)
                allow(risk.check(order, state, self._limits))
                market, expected = await route(self._markets, symbol, chosen, amount, bound, venue, accounts, quotes)
                cut = tradable(market, amount, expected)
                allow(risk.check(replace(order, quantity=cut, price=expected), state, self._limits))
            except ToolError as denial:
                clamps = denial.clamps if isinstance(denial, Denied) else ()
                self._decisions.deny(key, wish, owner, clamps, str(denial))
                raise
            if chosen == "sell" and is_exit:
                sale = replace(order, quantity=cut, price=expected)
                await self._facing.clear_way(market.venue, sale)
                await self._facing.release(market.venue, sale)
            on_grid = None if limit is None else market.on_tick(chosen, limit)
            fires = None if waits_for is None else market.on_tick(chosen, waits_for)
            known = known_then(state, symbol, expected, given)
            said = reason, tuple(sources), owner, expected, amount, known, fires, given_up
            intent = Intent(key, market.venue, symbol, chosen, kind, cut, on_grid, *said)
            return await self._blotter.send(intent, now)

    async def sell_stopped(self, symbol: str, venue: str, *, key: str, role: str = "") -> OrderReport:
        """Sell at the market what of a symbol at a venue has fallen to its stop; once for `key`.

        Args:
            symbol: Symbol, as `BTC` or `BTC/USDT`.
            venue: Where it lies.
            key: Idempotency key, sent as client order id.
            role: Id of the role that sells.

        Raises:
            ToolError: Nothing has, or the venue takes no order that small.
            VenueError: A venue does not answer, or it refused.
            RequestTimeout: It is not known whether the venue took the order; `find` looks it up.
        """
        symbol = await self._markets.resolve(symbol, exiting=True)
        if (written := self._blotter.record(key)) is not None:
            amount, reason = Decimal(written["asked"]), written["reason"]
        else:
            stop = await self.stop_of(symbol, venue)
            if not stop.reached:
                raise ToolError(f"{symbol} at {stop.price:f} is above its highest stop at {venue}, {stop.stop:f}")
            amount = stop.reached
            reason = f"stop: {symbol} at {stop.price:f} has fallen to {stop.stop:f}"
        return await self.place(symbol, "sell", amount, key=key, reason=reason, venue=venue, role=role)

    async def stop_of(self, symbol: str, venue: str) -> Watched:
        """Return the stops of a unified symbol at a venue.

        Raises:
            ToolError: There are none.
        """
        places = {(one.venue, one.symbol): one for one in await self.stops()}
        if (found := places.get((venue, symbol))) is None:
            known = ", ".join(f"{one[1]} at {one[0]}" for one in places) or "nothing"
            raise ToolError(f"{symbol} at {venue!r} has no stop; one has {known}")
        return found

    async def place_pair(
        self,
        symbol: str,
        quantity: Any,
        *,
        buy: tuple[str, Any],
        sell: tuple[str, Any],
        key: str,
        reason: str,
        sources: Sequence[str] = (),
        strategy: str = "",
        role: str = "",
        evidence: Mapping[str, Any] = MappingProxyType({}),
    ) -> Outcomes:
        """Buy at one venue and sell as much at another, both sent at the same moment.

        Both are limit orders, and each is held against the limits as if it alone filled, which is the worst that can
        happen to them. The same key again sends nothing: it tells what became of both.

        Args:
            symbol: Symbol, as `BTC` or `BTC/USDT`.
            quantity: In base units, of either order; cut to whole steps of its venue.
            buy: Venue to buy at, and the highest price to pay.
            sell: Venue to sell at, and the lowest price to take.
            key: Idempotency key; `-b` and `-s` added to it are the client order ids.
            reason: Why; kept with the orders.
            sources: The documents of strangers that had been read when the reason was written.
            strategy: Whose idea it was, for the attribution of what it earns; empty when nobody's.
            role: Id of the role that places it; empty when none does.
            evidence: The figures the reason rests on, by name; kept with both decisions.

        Returns:
            The purchase and the sale, each an order or the error that says why there is none: `RequestTimeout` when
            nobody knows, any other `VenueError` when nothing was ordered.

        Raises:
            ToolError: A limit or a balance denies one of them, or an argument cannot be right; nothing was sent.
        """
        symbol, amount = await self._markets.resolve(symbol), read_positive(quantity, "quantity")
        figures = {name: str(read_number(figure, name)) for name, figure in evidence.items()}
        said = reason, tuple(sources), Owner(strategy, role), figures
        prices = read_positive(buy[1], "price"), read_positive(sell[1], "price")
        if not buy[0] or not sell[0] or buy[0] == sell[0]:
            raise ToolError(f"a pair buys at {buy[0]!r} and sells at {sell[0]!r}: name two different venues")
        keys = keys_of(key)
        bought = Wanted(keys[0], buy[0], symbol, "buy", amount, prices[0], *said)
        sold = Wanted(keys[1], sell[0], symbol, "sell", amount, prices[1], *said)
        async with self._placing:
            written = [row for leg in (bought, sold) if (row := self._blotter.record(leg.key))]
            if written and written[0]["symbol"] != symbol:
                raise ToolError(f"key {key!r} was used for {written[0]['symbol']}; new orders need a new key")
            return await (self.pairs.find(key) if written else self.pairs.place(bought, sold))

    async def find_pair(self, key: str) -> Outcomes:
        """Return what became of the two orders of `place_pair`, each as it returns them; nothing is sent."""
        async with self._placing:
            return await self.pairs.find(key)

    async def find(self, key: str) -> OrderReport | None:
        """Return the order placed with `key`, looked up at the venues; None when no venue knows it."""
        return await self._blotter.find(key)

    async def cancel(self, order_id: str) -> OrderReport:
        """Cancel an open order; one that is already done is reported as it is.

        Raises:
            ToolError: There is no such order.
        """
        return await self._blotter.cancel(order_id)

    async def open_orders(self) -> list[OrderReport]:
        """Return every open order on every venue."""
        return await self._blotter.open_orders()

    async def open_orders_at(self, venue: str) -> list[OrderReport]:
        """Return every open order on one venue; no other is asked."""
        return await self._blotter.open_orders_at(venue)

    async def withdraw(self, order: OrderReport) -> OrderReport:
        """Cancel an order that was open, and report it as it is then; no other venue is asked."""
        return await self._blotter.withdraw(order)

    async def ended_orders(self) -> dict[str, Json]:
        """Return the desk's own orders that rest in no book any more and whose end nobody has looked up yet.

        Nothing is written down: whoever looks up the order finds out how it ended.

        Returns:
            Their records by key, see `newest_orders`.
        """
        return await self._blotter.ended()

    async def reconcile(self, tell: Tell | None = None) -> Reconciliation:
        """Hold the books against the venues: settle orders of ours, book trades and balances, name the rest.

        No venue is asked when every order is at its end and this desk compared before. With `tell` the ensemble also
        learns from the trades that were closed since.

        Args:
            tell: Tells people of what happened while nobody looked, within the transaction that notes it; without it
                they are told the next time.
        """
        async with self._placing:
            found = await self._reconciler.reconcile(tell)
            self._stops.follow()
            if tell is not None:
                self._council.learn(tell)
            return found

    async def attribution(self) -> Attribution:
        """Return what every strategy and role earned since the books opened; the rows sum exactly to the total."""
        _, holdings = await self._portfolio.booked()
        return attributed(holdings, self._portfolio.bookings.rows())

    def closed(self, limit: int = 100) -> list[Closed]:
        """Return the newest sales of what the ensemble had bought, with the conviction that was stated then."""
        return self._council.closed(limit)

    def calibration(self, limit: int = 1_000) -> Calibration:
        """Return how far the convictions of the newest closed trades were borne out."""
        return calibrated(self.closed(limit))

    async def audit(self) -> Audit:
        """Prove that orders, trades, ledger, holdings and balances agree, or name the first difference.

        Nothing is booked first: what happened at a venue since is a difference until `reconcile` has booked it.
        """
        async with self._placing:
            accounts, portfolio = await self._portfolio.accounts(), self._portfolio
            return audit(portfolio.bookings, portfolio.holdings(), self._books.items(ORDERS), accounts.by_venue())

    def decisions(self, limit: int = 20) -> list[Decision]:
        """Return the newest decisions about orders, also those against one, with what was known then."""
        return self._decisions.newest(limit)

    def order(self, key: str) -> Json | None:
        """Return the record of an order by the key it was sent with; None when it is not the desk's."""
        return self._blotter.record(key)

    def newest_orders(self, limit: int) -> list[tuple[str, Json]]:
        """Return key and record of the desk's newest orders, the last sent first."""
        return self._books.newest(ORDERS, limit)

    # Parts

    async def _histories(self, symbols: Iterable[str]) -> dict[str, Bars]:
        return {symbol: await self._markets.bars(symbol, RISK_TIMEFRAME, HISTORY) for symbol in symbols}

    async def _swings(self, symbol: str) -> tuple[Decimal, Decimal]:
        """Annual volatility as a fraction, and the average true range in quote units."""
        read = await self.indicators(symbol, RISK_TIMEFRAME)
        return read.volatility / HUNDRED, read.atr


def _share(amount: Decimal, equity: Decimal) -> Decimal:
    return percent(amount / equity if equity > 0 else _ZERO)
