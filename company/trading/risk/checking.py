"""The check before an order: every rule that an order breaks, by pure comparison."""

from decimal import Decimal
from typing import Final

from company.trading.features import MINIMUM_BARS
from company.trading.risk.book import EVERYTHING, BookState, ProposedOrder, require_amount
from company.trading.risk.limits import RiskLimits
from company.trading.risk.own import own_trades
from company.trading.risk.rules import Clamp, clamp, exceeded

HALF = Decimal("0.5")
UNKNOWN_PAST: Final = clamp("risk.history", MINIMUM_BARS, 0)
"""What is said of a symbol without enough past to tell its risk."""

_ZERO = Decimal(0)


def check(order: ProposedOrder, state: BookState, limits: RiskLimits) -> list[Clamp]:
    """Return the rules an order breaks; an empty list allows it.

    A sale of what is held is an exit and always allowed.

    Args:
        order: The order, priced at what it is expected to pay.
        state: The book before the order.
        limits: The limits in force.

    Raises:
        ToolError: A figure of the book is not finite, or a value in it is negative.
    """
    if order.side == "sell":
        held = state.held.get(order.symbol, _ZERO)
        require_amount(f"held of {order.symbol}", held, "the book")
        return exceeded("risk.no_short", held, order.quantity)
    state.require_sound()
    broken = [
        clamp(rule, cap, order.notional)
        for rule, cap in caps(order.symbol, state, limits, price=order.price, stop=order.stop)
        if order.notional > cap
    ]
    return [
        *halts(order.symbol, state, limits),
        *own_trades(order, state, limits),
        *broken,
        *at_risk_with(order.symbol, order.notional, state, limits),
    ]


def halts(symbol: str, state: BookState, limits: RiskLimits) -> list[Clamp]:
    """Return the rules under which nothing of a symbol may be bought."""
    found = []
    if limits.restricts(symbol):
        found.append(clamp("risk.restricted", 0, 1))
    found += [state.paused[name] for name in (EVERYTHING, symbol) if name in state.paused]
    if state.history is not None and symbol not in state.history:
        found.append(UNKNOWN_PAST)
    if state.daily_loss >= limits.daily_loss_fraction:
        found.append(clamp("risk.daily_loss", limits.daily_loss_fraction, state.daily_loss))
    step = state.step_in_force(limits)
    if step == "stop":
        found.append(clamp("risk.drawdown_stop", limits.drawdown_stop, max(state.drawdown, state.deepest)))
    if step == "no_new" and not state.exposure(symbol):
        found.append(clamp("risk.drawdown_no_new", limits.drawdown_no_new, state.drawdown))
    return found


def caps(
    symbol: str, state: BookState, limits: RiskLimits, *, price: Decimal, stop: Decimal | None
) -> list[tuple[str, Decimal]]:
    """Return the rules that bound the notional of one buy, in quote units; an exceeded cap leaves a negative bound."""
    equity = max(_ZERO, state.equity)
    per_trade = equity * limits.max_trade_fraction
    halved = state.step_in_force(limits) != "normal"
    found = [
        ("risk.drawdown_halved", per_trade * HALF) if halved else ("risk.per_trade", per_trade),
        ("risk.per_position", equity * limits.max_position_fraction - state.exposure(symbol)),
        ("risk.gross", equity * limits.max_gross_fraction - state.gross),
    ]
    if state.history is not None and symbol in state.history:
        cap = float(equity * limits.max_correlated_fraction)
        room = state.history.correlated_room(symbol, state.exposures(), limits.correlation_threshold, cap)
        found.append(("risk.correlated", Decimal(str(room))))
    if stop is not None:
        found.append(("risk.stop", equity * limits.risk_per_trade * price / (price - stop)))
    return found


def at_risk_with(symbol: str, notional: Decimal, state: BookState, limits: RiskLimits) -> list[Clamp]:
    """Return what VaR and CVaR say of the book with a purchase in it."""
    if state.history is None or symbol not in state.history:
        return []
    after = state.exposures()
    after[symbol] = after.get(symbol, _ZERO) + notional
    var, cvar = (Decimal(str(loss)) for loss in state.history.at_risk(after))
    equity = max(_ZERO, state.equity)
    return [
        *exceeded("risk.var", equity * limits.max_var_fraction, var),
        *exceeded("risk.cvar", equity * limits.max_cvar_fraction, cvar),
    ]
