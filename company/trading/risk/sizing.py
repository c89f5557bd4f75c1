"""Sizing: conviction in, a quantity that the limits allow out, with the stop that belongs to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from company.errors import ToolError
from company.trading.figures import Figure, Report, figure, money, significant, whole_steps
from company.trading.markets import Market, Side
from company.trading.risk.book import BookState, ProposedOrder, require_amount, require_finite, require_price
from company.trading.risk.checking import HALF, caps, halts
from company.trading.risk.limits import RiskLimits
from company.trading.risk.own import own_trades
from company.trading.risk.rules import Clamp, clamp

HEADROOM = Decimal("0.99")  # sizing leaves 1 % of a cap free, because the price moves before the order is sent
_ZERO = Decimal(0)


class Sizing(Report):
    """How much of a symbol to trade, and which rules made it so.

    Attributes:
        quantity: In base units, in whole steps of the venue; 0 when not approved.
        notional: Quantity times price, in quote units.
        price: Price at which it was sized, in quote units.
        stop: Price at which the entry is given up, in quote units on the venue's grid; None for an exit, and when the
            symbol moves so much that no stop above 0 is far enough away.
        venue: Where to trade it.
        fraction: Notional over equity.
        clamps: The rules that cut the request, in the order they were applied.
        approved: True when the order may be placed as it stands here.
        reason: One sentence for the decision record.
    """

    symbol: str
    side: Side
    quantity: Figure
    notional: Figure
    price: Figure
    stop: Figure | None
    venue: str
    fraction: Figure
    clamps: list[Clamp]
    approved: bool
    reason: str


def kelly_fraction(conviction: Decimal, limits: RiskLimits) -> Decimal:
    """Return half the Kelly fraction of an even bet, before any cap.

    Kelly's fraction is `p - q / b` with win probability p, q = 1 - p and win-to-loss ratio b. Here b = 1 and
    `p = 1/2 + full_edge * conviction`, so that half of it is `full_edge * conviction`.

    Args:
        conviction: 0 to 1.
        limits: For `full_edge`.

    Returns:
        Fraction of the equity.
    """
    win = HALF + limits.full_edge * conviction
    return (win - (1 - win)) * HALF


def stop_price(price: Decimal, atr: Decimal, market: Market, limits: RiskLimits) -> Decimal | None:
    """Return where an entry is given up: `stop_atr` average true ranges below its price, down to the venue's grid.

    Args:
        price: Of the entry, in quote units.
        atr: Average true range, in quote units.
        market: For the grid.
        limits: For `stop_atr`.

    Returns:
        The price in quote units; None when that is not above 0.
    """
    stop = whole_steps(price - limits.stop_atr * atr, market.tick)
    return stop if stop > 0 else None


def size(
    *,
    symbol: str,
    side: Side,
    conviction: Decimal,
    volatility: Decimal,
    price: Decimal,
    market: Market,
    free: Decimal,
    state: BookState,
    limits: RiskLimits,
    at_most: Decimal | None = None,
    atr: Decimal | None = None,
) -> Sizing:
    """Turn conviction into a quantity.

    An entry asks for half-Kelly of the equity, scaled down by `target_volatility / volatility` and halved in drawdown,
    and is then cut by every cap. An exit sells `conviction` times the position and knows no cap but what is held.

    Args:
        symbol: Unified symbol.
        side: `buy` enters or adds, `sell` exits.
        conviction: 0 to 1.
        volatility: Annual volatility as a fraction; exits do not look at it.
        price: Expected price in quote units.
        market: Where to trade, with its fee and smallest order.
        free: Free balance there: quote currency for a buy, base units for a sell.
        state: The book now.
        limits: The limits in force.
        at_most: Largest notional that is wanted, in quote units; None leaves it to the limits.
        atr: Average true range in quote units, for the stop; None sizes without one. Exits do not look at it.

    Raises:
        ToolError: Conviction is not between 0 and 1, a figure is not finite, or one that cannot be negative is.
    """
    _require_arguments(conviction, price, free, at_most)
    stop = None
    if side == "sell":
        asked, clamps = _exit(symbol, conviction, free, state)
    else:
        entry = _Entry(symbol, conviction, volatility, price, market, free, state, limits, atr)
        notional, clamps, stop = entry.notional()
        asked = notional / price
    if at_most is not None and asked * price > at_most:
        clamps.append(clamp("risk.wanted", at_most, asked * price))
        asked = at_most / price
    quantity = market.tradable(asked, price)
    if asked > 0 and not quantity:
        least = max(market.minimum_notional, market.minimum_quantity * price, market.step * price)
        clamps.append(clamp("risk.minimum", least, asked * price))
    notional = quantity * price
    return Sizing(
        symbol=symbol,
        side=side,
        quantity=quantity,
        notional=money(notional),
        price=significant(price, 8),
        stop=stop if quantity else None,
        venue=market.venue,
        fraction=figure(notional / state.equity if state.equity > 0 else _ZERO, 4),
        clamps=clamps,
        approved=quantity > 0,
        reason=_reason(side, conviction, clamps, approved=quantity > 0),
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A request to buy; fields as the arguments of `size`."""

    symbol: str
    conviction: Decimal
    volatility: Decimal
    price: Decimal
    market: Market
    free: Decimal
    state: BookState
    limits: RiskLimits
    atr: Decimal | None

    def notional(self) -> tuple[Decimal, list[Clamp], Decimal | None]:
        """Notional to buy in quote units, what cut it, and the stop."""
        self._require_sound()
        if refused := self._refused():
            return _ZERO, refused, None
        asked, clamps = self._asked()
        stop = None if self.atr is None else stop_price(self.price, self.atr, self.market, self.limits)
        for rule, cap in self._caps(stop):
            room = max(_ZERO, cap * HEADROOM)
            if asked > room:
                clamps.append(clamp(rule, room, asked))
                asked = room
        return asked, clamps, stop

    def _require_sound(self) -> None:
        self.state.require_sound()
        require_amount("volatility", self.volatility, self.symbol)
        if self.atr is not None:
            require_price("average true range", self.atr, self.symbol)

    def _refused(self) -> list[Clamp]:
        limits, found = self.limits, []
        if self.conviction < limits.min_conviction:
            found.append(clamp("risk.min_conviction", limits.min_conviction, self.conviction))
        elif self._is_conservative() and self.conviction < limits.conservative_conviction:
            found.append(clamp("risk.conservative", limits.conservative_conviction, self.conviction))
        order = ProposedOrder(self.symbol, "buy", _ZERO, self.price, is_market=True)
        return [*found, *halts(self.symbol, self.state, limits), *own_trades(order, self.state, limits)]

    def _is_conservative(self) -> bool:
        return self.state.step_in_force(self.limits) == "no_new"

    def _asked(self) -> tuple[Decimal, list[Clamp]]:
        """Notional before the caps."""
        limits, clamps = self.limits, []
        fraction = kelly_fraction(self.conviction, limits)
        if fraction > limits.kelly_cap:
            clamps.append(clamp("risk.kelly", limits.kelly_cap, fraction))
            fraction = limits.kelly_cap
        if self.volatility > limits.target_volatility:
            clamps.append(clamp("risk.volatility", limits.target_volatility, self.volatility))
            fraction *= limits.target_volatility / self.volatility
        asked = fraction * max(_ZERO, self.state.equity)
        return (asked if self.state.step_in_force(limits) == "normal" else asked * HALF), clamps

    def _caps(self, stop: Decimal | None) -> Iterator[tuple[str, Decimal]]:
        """Every rule that bounds the notional; none depends on what is asked, so more conviction never gets less."""
        given_up = _ZERO if stop is None else stop
        bounds = caps(
            self.symbol, self.state, self.limits, price=self.price, stop=None if self.atr is None else given_up
        )
        yield from bounds
        yield from self._tail_caps(max(_ZERO, min(cap for _, cap in bounds)))
        yield "risk.balance", self.free / (1 + self.market.fee)

    def _tail_caps(self, most: Decimal) -> Iterator[tuple[str, Decimal]]:
        """Notionals up to which VaR and CVaR of the book stay below their limits; nothing when they do at `most`."""
        history, limits, equity = self.state.history, self.limits, max(_ZERO, self.state.equity)
        if history is None or not most:
            return
        room = history.room(
            self.symbol,
            self.state.exposures(),
            var=float(equity * limits.max_var_fraction),
            cvar=float(equity * limits.max_cvar_fraction),
            most=float(most),
        )
        for rule, notional in zip(("risk.var", "risk.cvar"), room, strict=True):
            if notional < float(most):
                yield rule, Decimal(str(notional))


def _require_arguments(conviction: Decimal, price: Decimal, free: Decimal, at_most: Decimal | None) -> None:
    require_finite("conviction", conviction, "the request")
    if not 0 <= conviction <= 1:
        raise ToolError(f"conviction is {conviction}; give a number from 0 to 1, the direction is told by `side`")
    require_price("price", price, "the request")
    require_amount("free balance", free, "the request")
    if at_most is not None:
        require_amount("at_most", at_most, "the request")


def _exit(symbol: str, conviction: Decimal, free: Decimal, state: BookState) -> tuple[Decimal, list[Clamp]]:
    """Quantity to sell, in base units."""
    held = state.held.get(symbol, _ZERO)
    require_finite(f"held of {symbol}", held, "the book")
    if held <= 0:
        return _ZERO, [clamp("risk.no_short", held, conviction)]
    asked = held * conviction
    return (asked, []) if asked <= free else (free, [clamp("risk.balance", free, asked)])


def _reason(side: Side, conviction: Decimal, clamps: Sequence[Clamp], *, approved: bool) -> str:
    request = f"{'exit' if side == 'sell' else 'half-Kelly entry'} at conviction {figure(conviction, 2):f}"
    effect = "cut by" if approved else "refused by"
    return f"{request}; {effect} {', '.join(clamp.rule for clamp in clamps)}" if clamps else request
