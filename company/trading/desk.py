"""The trading desk: the one object through which the company sees markets and trades.

It knows ports only. It composes three nouns: `Markets` (prices), `Portfolio` (what is owned) and `Blotter` (orders),
and holds every order against the limits of `risk`, also one that no sizing preceded.

Calls to venues are made one after the other: the order is then the same in every run.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from company.errors import ToolError
from company.ports import Books, Clock, Json, Venue
from company.trading import risk
from company.trading.arguments import read_limit, read_number, read_positive, read_side, read_type
from company.trading.blotter import ORDERS, Blotter, Intent, OrderReport
from company.trading.curve import EquityCurve
from company.trading.features import (
    Bars,
    Candle,
    Correlations,
    Indicators,
    Regime,
    correlations,
    indicators,
    joint_returns,
)
from company.trading.figures import HUNDRED, Figure, Report, money, percent
from company.trading.markets import HISTORY, Market, Markets, OrderBook, Quote, Side, Ticker, best
from company.trading.portfolio import Accounts, Balance, ClosedTrades, Portfolio, Position, ProfitAndLoss
from company.trading.risk import Clamp, DrawdownStep, ProposedOrder, RiskLimits, Sizing, ValueAtRisk
from company.trading.scratch import ScratchBooks

RISK_TIMEFRAME = "1h"
MOST_CANDLES = 48  # a longer table helps no model and fills its context
_ZERO = Decimal(0)


class MarketRow(Report):
    """One symbol at a glance.

    Attributes:
        price: Now, in quote units.
        change_24h: Change over 24 hours in per cent; None when no venue tells it.
        rsi: Relative strength index over 14 bars, 0 to 100.
        volatility: Annualised, in per cent.
        regime: bull, bear or sideways.
        score: Conviction of the momentum strategy, -1 to 1.
    """

    symbol: str
    price: Figure
    change_24h: Figure | None
    rsi: Figure
    volatility: Figure
    regime: Regime
    score: Figure


class SymbolExposure(Report):
    """Exposure to one symbol: value and open buy orders in quote units, share of equity and room to the cap in per cent
    of equity and quote units.
    """

    symbol: str
    value: Figure
    pending: Figure
    percent: Figure
    room: Figure


class Exposure(Report):
    """What is at stake, in quote units; percentages are of the equity.

    Attributes:
        cash: Quote currency over all venues.
        gross: Value of all positions and open buy orders.
        room: What may still be bought under the cap on all positions.
        symbols: The largest exposure first.
    """

    equity: Figure
    cash: Figure
    gross: Figure
    gross_percent: Figure
    room: Figure
    symbols: list[SymbolExposure]


class LimitsInForce(Report):
    """The limits, and where the desk stands against them.

    Attributes:
        limits: The limits.
        daily_loss_percent: Today's loss, of the equity at the day's beginning.
        drawdown_percent: Fall of the equity from its peak.
        drawdown_step: normal, halved (orders are halved), no_new (no new position) or stop (exits only).
        entries_allowed: False when only exits are allowed.
    """

    limits: RiskLimits
    equity: Figure
    daily_loss_percent: Figure
    drawdown_percent: Figure
    drawdown_step: DrawdownStep
    entries_allowed: bool


class Desk:
    """Markets, portfolio, risk and orders of the company.

    Args:
        venues: Exchange accounts by name; their order is the order in which they are asked.
        clock: The company's time.
        books: Where the desk keeps its own records.
        limits: The limits every order is held against.
        quote: Currency everything is priced in.
    """

    def __init__(
        self, *, venues: Mapping[str, Venue], clock: Clock, books: Books, limits: RiskLimits, quote: str = "USDT"
    ) -> None:
        self._clock = clock
        self._books = books
        self._limits = limits
        self._quote = quote
        self._markets = Markets(venues=venues, clock=clock, quote=quote)
        self._portfolio = Portfolio(markets=self._markets, books=books)
        self._blotter = Blotter(markets=self._markets, books=books)
        self._placing = asyncio.Lock()  # two orders at once could each find the room that only one of them has
        self._known: dict[tuple[str, str], tuple[Bars, Indicators]] = {}

    def shown(self, venues: Mapping[str, Venue]) -> "Desk":
        """Return a desk over other venues that reads the books of this one and writes nothing into them."""
        books = ScratchBooks(self._books)
        return Desk(venues=venues, clock=self._clock, books=books, limits=self._limits, quote=self._quote)

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
        equity = state.equity
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
        state = await self._portfolio.state()
        step = risk.drawdown_step(state.drawdown, self._limits)
        return LimitsInForce(
            limits=self._limits,
            equity=money(state.equity),
            daily_loss_percent=percent(state.daily_loss),
            drawdown_percent=percent(state.drawdown),
            drawdown_step=step,
            entries_allowed=step != "stop" and state.daily_loss < self._limits.daily_loss_fraction,
        )

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
        symbol, chosen = await self._markets.resolve(symbol), read_side(side)
        accounts = await self._portfolio.accounts()
        quote, free = await self._sizing_quote(symbol, chosen, accounts)
        return risk.size(
            symbol=symbol,
            side=chosen,
            conviction=read_number(conviction, "conviction"),
            volatility=await self._volatility(symbol) if chosen == "buy" else _ZERO,
            price=quote.price(chosen),
            market=quote.market,
            free=free,
            state=await self._portfolio.state(accounts),
            limits=self._limits,
            at_most=None if at_most is None else read_positive(at_most, "at_most"),
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
        symbol, chosen = await self._markets.resolve(symbol), read_side(side)
        expected = read_limit(price) or (await self._markets.best_quote(symbol, chosen)).price(chosen)
        order = ProposedOrder(symbol, chosen, read_positive(quantity, "quantity"), expected)
        return risk.check(order, await self._portfolio.state(), self._limits)

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
        venue: str = "",
    ) -> OrderReport:
        """Place an order once for `key`; the same key again returns the first order.

        Args:
            symbol: Symbol, as `BTC` or `BTC/USDT`.
            side: `buy` or `sell`.
            quantity: In base units; cut to whole steps of the venue.
            key: Idempotency key, sent as client order id.
            reason: Why; kept with the order.
            sources: The documents of strangers that had been read when the reason was written.
            type: `market` or `limit`.
            price: Limit in quote units; must be None for a market order.
            venue: Venue's name; the one with the best executable price when empty.

        Raises:
            ToolError: A limit denies the order (the message holds the rule's id), or an argument cannot be right.
            VenueError: The venue refused.
            RequestTimeout: It is not known whether the venue took the order; `find` looks it up.
        """
        symbol, chosen = await self._markets.resolve(symbol), read_side(side)
        amount, limit = read_positive(quantity, "quantity"), read_limit(price)
        kind = read_type(type, limit)
        async with self._placing:
            if written := self._blotter.record(key):
                if (written["symbol"], written["side"]) != (symbol, chosen):
                    used = f"{written['side']} {written['symbol']}"
                    raise ToolError(f"key {key!r} was used to {used}; a new order needs a new key")
                if (earlier := await self._blotter.find(key)) is not None:
                    return earlier
                venue = written["venue"]  # only there the key protects from a second order
            _allow(await self.vet(symbol, chosen, amount, limit))
            market, expected = await self._route(symbol, chosen, amount, limit, venue)
            amount = _tradable(market, amount, expected)
            order = ProposedOrder(symbol, chosen, amount, expected)
            _allow(risk.check(order, await self._portfolio.state(), self._limits))
            on_grid = None if limit is None else market.on_tick(chosen, limit)
            intent = Intent(key, market.venue, symbol, chosen, kind, amount, on_grid, reason, tuple(sources))
            return await self._blotter.send(intent, self._clock.now())

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

    def newest_orders(self, limit: int) -> list[tuple[str, Json]]:
        """Return key and record of the desk's newest orders, the last sent first."""
        return self._books.newest(ORDERS, limit)

    # Parts

    async def _histories(self, symbols: Iterable[str]) -> dict[str, Bars]:
        return {symbol: await self._markets.bars(symbol, RISK_TIMEFRAME, HISTORY) for symbol in symbols}

    async def _volatility(self, symbol: str) -> Decimal:
        """Annual volatility as a fraction."""
        return (await self.indicators(symbol, RISK_TIMEFRAME)).volatility / HUNDRED

    async def _sizing_quote(self, symbol: str, side: Side, accounts: Accounts) -> tuple[Quote, Decimal]:
        """Choose where to trade an order of unknown size, and say what is free there to pay for it.

        That is the best quote among the venues that can pay for the largest order, else the venue with the most.
        """
        quotes = await self._markets.quotes(symbol)
        base = quotes[0].market.base
        most = accounts.equity * self._limits.max_trade_fraction if side == "buy" else accounts.total(base)
        free = {quote.market.venue: accounts.free(quote.market.venue, self._spent(side, base)) for quote in quotes}
        able = [quote for quote in quotes if free[quote.market.venue] >= most]
        chosen = best(able, side) if able else max(quotes, key=lambda quote: free[quote.market.venue])
        return chosen, free[chosen.market.venue]

    async def _route(
        self, symbol: str, side: Side, quantity: Decimal, limit: Decimal | None, venue: str
    ) -> tuple[Market, Decimal]:
        """Choose a venue that can pay, the one asked for or the best, and the price to expect there."""
        if venue:
            await self._markets.market(symbol, venue)  # raises when the venue does not list it
        accounts = await self._portfolio.accounts()
        quotes = [quote for quote in await self._markets.quotes(symbol) if venue in ("", quote.market.venue)]
        able = [quote for quote in quotes if _pays(accounts, quote, side, quantity, limit or quote.ask)]
        if not able:
            spent = self._spent(side, quotes[0].market.base)
            free = ", ".join(f"{name} {accounts.free(name, spent):f}" for name in [q.market.venue for q in quotes])
            raise ToolError(
                f"order denied: risk.balance: no venue has the free {spent} to {side} {quantity} {symbol}; free are: "
                f"{free}; ask for less, or place one order a venue"
            )
        if limit is not None:
            return best(able, side).market, limit
        return await self._markets.route(symbol, side, quantity, [quote.market.venue for quote in able])

    def _spent(self, side: Side, base: str) -> str:
        return self._quote if side == "buy" else base


def _pays(accounts: Accounts, quote: Quote, side: Side, quantity: Decimal, price: Decimal) -> bool:
    """True when the quote's venue has the free balance for an order."""
    market = quote.market
    if side == "sell":
        return accounts.free(market.venue, market.base) >= quantity
    return accounts.free(market.venue, accounts.quote) >= quantity * price * (1 + market.fee)


def _allow(broken: Sequence[Clamp]) -> None:
    if broken:
        raise ToolError(f"order denied: {'; '.join(str(clamp) for clamp in broken)}")


def _tradable(market: Market, quantity: Decimal, price: Decimal) -> Decimal:
    """Cut a quantity to the venue's steps."""
    cut = market.tradable(quantity, price)
    if not cut:
        raise ToolError(
            f"{quantity} {market.symbol} is too small for {market.venue}: it takes steps of {market.step}, at least "
            f"{market.minimum_quantity} {market.base} and {market.minimum_notional} in notional"
        )
    return cut


def _share(amount: Decimal, equity: Decimal) -> Decimal:
    return percent(amount / equity if equity > 0 else _ZERO)
