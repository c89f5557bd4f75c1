"""Risk: how much the desk may trade. Conviction requests, risk disposes.

Pure functions over frozen `RiskLimits` and a `BookState`; no venue, no clock. An order that reduces a position is
always allowed, whatever the losses: a desk that cannot get out is worse than one that cannot get in. What a rule cuts
off an order is not given to another one. Sizing and the check before an order use the same caps, so what `size`
approves `check` does not deny.

Positions are long only: selling more than is held is denied (`risk.no_short`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Self

import numpy as np
from pydantic import model_validator

from company.errors import ToolError
from company.trading.features import Floats
from company.trading.figures import Figure, Report, figure, money, percent, significant
from company.trading.markets import Market, Side

HEADROOM = Decimal("0.99")  # sizing leaves 1 % of a cap free, because the price moves before the order is sent
HALF = Decimal("0.5")
CONFIDENCE = 0.95
HOURS_A_DAY = 24
NO_RETURNS: Floats = np.empty((0, 0))
_ZERO = Decimal(0)

RULES: Mapping[str, str] = {
    "risk.balance": "what the venue's free balance covers: notional of a buy, base units of a sell",
    "risk.daily_loss": "today's loss as a fraction of the day's first equity",
    "risk.drawdown_halved": "notional against the order cap, halved by the drawdown",
    "risk.drawdown_no_new": "drawdown from the equity peak: no new position may be opened",
    "risk.drawdown_stop": "drawdown from the equity peak: only exits are allowed",
    "risk.gross": "notional against what is left under the cap on all positions",
    "risk.kelly": "half-Kelly fraction against its cap",
    "risk.min_conviction": "conviction against the least that may open a position",
    "risk.minimum": "notional against the venue's smallest order, in quote currency",
    "risk.no_short": "quantity against what is held, in base units",
    "risk.per_position": "notional against what is left under the cap on one position",
    "risk.per_trade": "notional against the cap on one order",
    "risk.volatility": "annual volatility against the target; the size is scaled by their ratio",
    "risk.wanted": "notional against the most that was wanted",
}

DrawdownStep = Literal["normal", "halved", "no_new", "stop"]


class RiskLimits(Report):
    """The desk's limits. Fractions are of the equity over all venues unless said otherwise.

    Attributes:
        max_trade_fraction: Largest notional of one order.
        max_position_fraction: Largest notional of one symbol, open buy orders included.
        max_gross_fraction: Largest notional of all symbols together.
        min_conviction: Least conviction that may open or add to a position.
        daily_loss_fraction: Loss of the day, of the day's first equity, after which only exits are allowed.
        drawdown_halved: Drawdown from the peak, of the peak, from which orders are halved.
        drawdown_no_new: Drawdown from which no new position is opened.
        drawdown_stop: Drawdown from which only exits are allowed.
        kelly_cap: Most that half-Kelly may ask for.
        full_edge: Advantage over an even bet that full conviction claims: 0.05 means being right 55 times in 100.
        target_volatility: Annual volatility above which sizes shrink in proportion.
    """

    max_trade_fraction: Figure = Decimal("0.05")
    max_position_fraction: Figure = Decimal("0.10")
    max_gross_fraction: Figure = Decimal("0.60")
    min_conviction: Figure = Decimal("0.60")
    daily_loss_fraction: Figure = Decimal("0.03")
    drawdown_halved: Figure = Decimal("0.05")
    drawdown_no_new: Figure = Decimal("0.10")
    drawdown_stop: Figure = Decimal("0.15")
    kelly_cap: Figure = Decimal("0.05")
    full_edge: Figure = Decimal("0.05")
    target_volatility: Figure = Decimal("0.60")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        fractions = {name: value for name, value in self if name != "target_volatility"}
        for name, value in fractions.items():
            if not 0 < value <= 1:
                raise ValueError(f"{name} is {value}; it must be above 0 and at most 1")
        if not self.drawdown_halved < self.drawdown_no_new < self.drawdown_stop:
            raise ValueError("the drawdown steps must rise: drawdown_halved < drawdown_no_new < drawdown_stop")
        if self.target_volatility <= 0:
            raise ValueError(f"target_volatility is {self.target_volatility}; it must be above 0")
        return self


class Clamp(Report):
    """One rule that cut or denied an order.

    Attributes:
        rule: Id such as `risk.per_trade`; `RULES` says what it compares.
        limit: What the rule allows.
        value: What was asked for, or what was observed.
    """

    rule: str
    limit: Figure
    value: Figure

    def __str__(self) -> str:
        return f"{self.rule}: {self.value:f} against {self.limit:f} ({RULES[self.rule]})"


class Sizing(Report):
    """How much of a symbol to trade, and which rules made it so.

    Attributes:
        quantity: In base units, in whole steps of the venue; 0 when not approved.
        notional: Quantity times price, in quote units.
        price: Price at which it was sized, in quote units.
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
    venue: str
    fraction: Figure
    clamps: list[Clamp]
    approved: bool
    reason: str


class ValueAtRisk(Report):
    """Historical value at risk of the current positions.

    Hourly returns of the past are applied to today's positions. At 95 % confidence the loss that 5 % of those hours
    exceed is the hourly VaR, and the mean of the losses at least as large is the hourly CVaR; both are scaled to a day
    by the square root of 24.

    Attributes:
        confidence: 0.95 unless another one was asked for.
        horizon: What the figures cover.
        observations: Hours of history used; 0 when nothing is held.
        var: Loss in quote units, as a positive number; `var_percent` is of the equity.
        cvar: Expected loss beyond VaR; `cvar_percent` is of the equity.
    """

    confidence: Figure
    horizon: str
    observations: int
    var: Figure
    var_percent: Figure
    cvar: Figure
    cvar_percent: Figure


class EquityMarks(Report):
    """What is remembered of the equity, to tell drawdown and the day's result.

    Money moved in or out of the accounts is not told apart from profit.

    Attributes:
        day: UTC day of the last mark.
        day_equity: Equity the day started with: the last mark before it, or the first one ever.
        equity: The last mark.
        peak: Highest mark ever.
        peak_at: When the peak was marked.
    """

    day: date
    day_equity: Decimal
    equity: Decimal
    peak: Decimal
    peak_at: datetime

    @property
    def drawdown(self) -> Decimal:
        """Fall from the peak as a fraction of the peak; 0 at the peak."""
        return 1 - self.equity / self.peak if self.peak > 0 else _ZERO

    @property
    def day_profit(self) -> Decimal:
        """Gain since the day began, in quote units; negative for a loss."""
        return self.equity - self.day_equity


@dataclass(frozen=True, slots=True)
class BookState:
    """What the limits are held against.

    Attributes:
        equity: Value of everything on all venues, in quote units.
        day_equity: Equity at the beginning of the day.
        drawdown: Fall from the peak as a fraction of the peak.
        notionals: Value of each held symbol at its mark, in quote units.
        held: Quantity of each held symbol, in base units.
        pending: Value of the open buy orders of each symbol, in quote units.
    """

    equity: Decimal
    day_equity: Decimal
    drawdown: Decimal
    notionals: Mapping[str, Decimal] = field(default_factory=dict)
    held: Mapping[str, Decimal] = field(default_factory=dict)
    pending: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def gross(self) -> Decimal:
        """Value of all positions and open buy orders."""
        return sum(self.notionals.values(), _ZERO) + sum(self.pending.values(), _ZERO)

    @property
    def daily_loss(self) -> Decimal:
        """Loss of the day as a fraction of its first equity; 0 on a winning day."""
        return max(_ZERO, 1 - self.equity / self.day_equity) if self.day_equity > 0 else _ZERO

    def exposure(self, symbol: str) -> Decimal:
        """Value of one symbol, open buy orders included."""
        return self.notionals.get(symbol, _ZERO) + self.pending.get(symbol, _ZERO)


@dataclass(frozen=True, slots=True)
class ProposedOrder:
    """An order before the limits have seen it. `price` is what it is expected to pay, in quote units."""

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal


def mark_equity(last: EquityMarks | None, equity: Decimal, now: datetime) -> EquityMarks:
    """Return the marks after seeing `equity` at `now`; the peak never falls."""
    today = now.date()
    if last is None:
        return EquityMarks(day=today, day_equity=equity, equity=equity, peak=equity, peak_at=now)
    rises = equity > last.peak
    return EquityMarks(
        day=today,
        day_equity=last.day_equity if today == last.day else last.equity,
        equity=equity,
        peak=equity if rises else last.peak,
        peak_at=now if rises else last.peak_at,
    )


def drawdown_step(drawdown: Decimal, limits: RiskLimits) -> DrawdownStep:
    """Return the step of the drawdown ladder that is in force."""
    if drawdown >= limits.drawdown_stop:
        return "stop"
    if drawdown >= limits.drawdown_no_new:
        return "no_new"
    return "halved" if drawdown >= limits.drawdown_halved else "normal"


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


def check(order: ProposedOrder, state: BookState, limits: RiskLimits) -> list[Clamp]:
    """Return the rules an order breaks; an empty list allows it.

    Args:
        order: The order, priced at what it is expected to pay.
        state: The book before the order.
        limits: The limits in force.
    """
    if order.side == "sell":
        held = state.held.get(order.symbol, _ZERO)
        return [] if order.quantity <= held else [_clamp("risk.no_short", held, order.quantity)]
    notional = order.quantity * order.price
    broken = [_clamp(rule, cap, notional) for rule, cap in _caps(order.symbol, state, limits) if notional > cap]
    return _halts(order.symbol, state, limits) + broken


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

    Raises:
        ToolError: Conviction is not between 0 and 1.
    """
    if not 0 <= conviction <= 1:
        raise ToolError(f"conviction is {conviction}; give a number from 0 to 1, the direction is told by `side`")
    if side == "sell":
        asked, clamps = _exit(symbol, conviction, free, state)
    else:
        notional, clamps = _entry(
            symbol, conviction, volatility, payable=free / (1 + market.fee), state=state, limits=limits
        )
        asked = notional / price
    if at_most is not None and asked * price > at_most:
        clamps.append(_clamp("risk.wanted", at_most, asked * price))
        asked = at_most / price
    quantity = market.tradable(asked, price)
    if asked > 0 and not quantity:
        least = max(market.minimum_notional, market.minimum_quantity * price, market.step * price)
        clamps.append(_clamp("risk.minimum", least, asked * price))
    notional = quantity * price
    return Sizing(
        symbol=symbol,
        side=side,
        quantity=quantity,
        notional=money(notional),
        price=significant(price, 8),
        venue=market.venue,
        fraction=figure(notional / state.equity if state.equity > 0 else _ZERO, 4),
        clamps=clamps,
        approved=quantity > 0,
        reason=_reason(side, conviction, clamps, approved=quantity > 0),
    )


def value_at_risk(
    notionals: Mapping[str, Decimal], returns: Floats, equity: Decimal, *, confidence: float = CONFIDENCE
) -> ValueAtRisk:
    """Return historical VaR and CVaR for one day; see `ValueAtRisk` for the definitions.

    Args:
        notionals: Value of each held symbol, in quote units.
        returns: Hourly simple returns, shape (hours, symbols), symbols in the order of `notionals`.
        equity: For the percentages, in quote units.
        confidence: Share of the hours whose loss stays below the VaR.
    """
    profits = returns @ np.array([float(value) for value in notionals.values()])
    cut = float(np.quantile(profits, 1 - confidence)) if len(profits) else 0.0
    beyond = float(np.mean(profits[profits <= cut])) if len(profits) else 0.0
    scale = float(np.sqrt(HOURS_A_DAY))
    var, cvar = (Decimal(str(max(0.0, -loss * scale))) for loss in (cut, beyond))
    return ValueAtRisk(
        confidence=figure(confidence, 2),
        horizon="1 day: hourly losses scaled by the square root of 24",
        observations=len(profits),
        var=money(var),
        var_percent=percent(var / equity if equity > 0 else _ZERO),
        cvar=money(cvar),
        cvar_percent=percent(cvar / equity if equity > 0 else _ZERO),
    )


def _reason(side: Side, conviction: Decimal, clamps: Sequence[Clamp], *, approved: bool) -> str:
    request = f"{'exit' if side == 'sell' else 'half-Kelly entry'} at conviction {figure(conviction, 2):f}"
    effect = "cut by" if approved else "refused by"
    return f"{request}; {effect} {', '.join(clamp.rule for clamp in clamps)}" if clamps else request


def _exit(symbol: str, conviction: Decimal, free: Decimal, state: BookState) -> tuple[Decimal, list[Clamp]]:
    """Quantity to sell, in base units."""
    held = state.held.get(symbol, _ZERO)
    if held <= 0:
        return _ZERO, [_clamp("risk.no_short", held, conviction)]
    asked = held * conviction
    return (asked, []) if asked <= free else (free, [_clamp("risk.balance", free, asked)])


def _entry(
    symbol: str, conviction: Decimal, volatility: Decimal, *, payable: Decimal, state: BookState, limits: RiskLimits
) -> tuple[Decimal, list[Clamp]]:
    """Notional to buy, in quote units; `payable` is what the free balance pays for after fees."""
    clamps = _halts(symbol, state, limits)
    if conviction < limits.min_conviction:
        clamps.insert(0, _clamp("risk.min_conviction", limits.min_conviction, conviction))
    if clamps:
        return _ZERO, clamps
    fraction = kelly_fraction(conviction, limits)
    if fraction > limits.kelly_cap:
        clamps.append(_clamp("risk.kelly", limits.kelly_cap, fraction))
        fraction = limits.kelly_cap
    if volatility > limits.target_volatility:
        clamps.append(_clamp("risk.volatility", limits.target_volatility, volatility))
        fraction *= limits.target_volatility / volatility
    asked = fraction * max(_ZERO, state.equity)
    if drawdown_step(state.drawdown, limits) != "normal":
        asked *= HALF
    for rule, cap in [*_caps(symbol, state, limits), ("risk.balance", payable)]:
        room = max(_ZERO, cap * HEADROOM)
        if asked > room:
            clamps.append(_clamp(rule, room, asked))
            asked = room
    return asked, clamps


def _halts(symbol: str, state: BookState, limits: RiskLimits) -> list[Clamp]:
    """Rules under which nothing may be bought."""
    clamps = []
    if state.daily_loss >= limits.daily_loss_fraction:
        clamps.append(_clamp("risk.daily_loss", limits.daily_loss_fraction, state.daily_loss))
    step = drawdown_step(state.drawdown, limits)
    if step == "stop":
        clamps.append(_clamp("risk.drawdown_stop", limits.drawdown_stop, state.drawdown))
    if step == "no_new" and not state.exposure(symbol):
        clamps.append(_clamp("risk.drawdown_no_new", limits.drawdown_no_new, state.drawdown))
    return clamps


def _caps(symbol: str, state: BookState, limits: RiskLimits) -> list[tuple[str, Decimal]]:
    """Rules that bound the notional of one buy, in quote units; a bound may be negative when already exceeded."""
    equity = max(_ZERO, state.equity)
    per_trade = equity * limits.max_trade_fraction
    halved = drawdown_step(state.drawdown, limits) != "normal"
    return [
        ("risk.drawdown_halved", per_trade * HALF) if halved else ("risk.per_trade", per_trade),
        ("risk.per_position", equity * limits.max_position_fraction - state.exposure(symbol)),
        ("risk.gross", equity * limits.max_gross_fraction - state.gross),
    ]


def _clamp(rule: str, limit: Any, value: Any) -> Clamp:
    return Clamp(rule=rule, limit=significant(limit, 8), value=significant(value, 8))
