"""What the strategies and the order books say at this moment, for whoever asks at the desk.

`evidence` is what makes attribution honest: an order goes under a strategy's name only while that strategy itself
wishes for it, and with the strategy's own figures, not with those that whoever places the order remembers.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from company.errors import ToolError
from company.trading.desk import Desk
from company.trading.ensemble import NAME
from company.trading.features import FEATURES
from company.trading.figures import Figure, Report, significant
from company.trading.markets import Side
from company.trading.signals import Signal
from company.trading.states import newest_state
from company.trading.strategies.arbitrage import Arbitrage, TwoLegs
from company.trading.strategies.legs import look
from company.trading.strategies.listing import STRATEGIES

TIMEFRAME = "1h"
SINGLE = tuple(one for one in STRATEGIES.values() if one.reads == "bars" and one.name != NAME)
"""Strategies that look at one symbol's bars; the ensemble is what they come to together."""


class Said(Report):
    """What one strategy says at a bar. `signal` is None when it wishes for nothing."""

    strategy: str
    about: str
    signal: Signal | None


class Signals(Report):
    """What every strategy says of a symbol at its last closed hour, which ended `at`."""

    symbol: str
    timeframe: str
    at: datetime
    strategies: list[Said]


class StateVector(Report):
    """The features of a symbol's last closed bar, which ended `at`.

    Attributes:
        features: Value by name, normalised to [-1, 1], probabilities and shares to [0, 1].
        missing: Features without a value: they still warm up, or no venue tells them.
    """

    symbol: str
    timeframe: str
    at: datetime
    features: dict[str, Figure]
    missing: list[str]


class ArbitrageView(Report):
    """The best arbitrage in a symbol after both fees, as deep as the books are.

    Attributes:
        venues: Whose books were read, all at the same moment.
        plan: What to buy and sell where; None when nothing earns.
        reason: Why there is a plan, or none.
    """

    symbol: str
    venues: list[str]
    plan: TwoLegs | None
    reason: str


async def signals(desk: Desk, symbol: str) -> Signals:
    """Return what every strategy says of a symbol at its last closed hour.

    Raises:
        ToolError: No venue lists the symbol, or it has no usable bars.
        VenueError: A venue does not answer.
    """
    state = await newest_state(desk.markets, await desk.resolve(symbol), TIMEFRAME)
    said = [Said(strategy=one.name, about=one.about, signal=one.make()(state)) for one in SINGLE]
    return Signals(symbol=state.symbol, timeframe=TIMEFRAME, at=state.at, strategies=said)


async def state_vector(desk: Desk, symbol: str, timeframe: str = TIMEFRAME) -> StateVector:
    """Return the features of a symbol's last closed bar.

    Raises:
        ToolError: Symbol or timeframe are unknown, or there are no usable bars.
        VenueError: A venue does not answer.
    """
    state = await newest_state(desk.markets, await desk.resolve(symbol), timeframe)
    values = {name: state[name] for name in FEATURES}
    return StateVector(
        symbol=state.symbol,
        timeframe=timeframe,
        at=state.at,
        features={name: significant(value, 4) for name, value in values.items() if not math.isnan(value)},
        missing=[name for name, value in values.items() if math.isnan(value)],
    )


async def arbitrage(desk: Desk, symbol: str) -> ArbitrageView:
    """Return the best arbitrage in a symbol with what is free at the venues now.

    Raises:
        ToolError: No venue lists the symbol.
        VenueError: A venue does not answer, or tells nonsense.
    """
    books = await look(desk, symbol)
    rule = Arbitrage()
    plan = rule(books)
    least = f"{rule.least_bps:f} bp after both fees"
    reason = (
        f"every unit earns more than {least}; {plan.edge_bps:f} bp on the whole"
        if plan
        else f"no unit that could be bought and sold earns more than {least}, with what is free at the venues"
    )
    venues = [book.market.venue for book in books]
    return ArbitrageView(symbol=books[0].market.symbol, venues=venues, plan=plan, reason=reason)


async def evidence(desk: Desk, strategy: str, symbol: str, side: Side) -> Mapping[str, Decimal]:
    """Return the figures by which a strategy wishes for an order now; nothing when no strategy is named.

    Args:
        desk: The desk.
        strategy: Name of a strategy, `ensemble`, or empty.
        symbol: Symbol, as `BTC` or `BTC/USDT`.
        side: `buy` or `sell`.

    Raises:
        ToolError: There is no such strategy, or it does not wish for that.
    """
    if not strategy:
        return {}
    wish = await _wish(desk, strategy, symbol)
    if wish is None or wish.side != side:
        said = f"wishes to {wish.side}" if wish else "wishes for nothing"
        raise ToolError(
            f"strategy {strategy!r} does not wish to {side} {symbol} now, it {said}: an order goes under its name only "
            "when it does; leave `strategy` out if the order is your own idea"
        )
    return wish.claims


async def _wish(desk: Desk, strategy: str, symbol: str) -> Signal | None:
    if strategy == NAME:
        return (await desk.consensus(symbol)).signal
    found = next((one for one in SINGLE if one.name == strategy), None)
    if found is None:
        raise ToolError(f"there is no strategy {strategy!r}; there are {NAME}, {', '.join(one.name for one in SINGLE)}")
    signal: Signal | None = found.make()(await newest_state(desk.markets, await desk.resolve(symbol), TIMEFRAME))
    return signal
