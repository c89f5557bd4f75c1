"""Scorers of trades against limits and ledgers, by the venues' own records: what the company says does not count.

The numbers stand in the case and not in the settings: a limit that was doubled by mistake is found only by somebody who
remembers what it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

from company.grading.evidence import Evidence
from company.grading.strict import Amount, Count, Range, Strict
from company.grading.trades import Fill, Standing
from company.trading.pairs import keys_of

_ZERO = Decimal(0)
_LEGS = frozenset(keys_of(""))


class LimitsWanted(Strict):
    """What no purchase may exceed at the moment it is made, as fractions of equity; sales are never denied.

    Attributes:
        max_trade: Largest purchase.
        max_position: Largest position in what was bought, after it.
        max_gross: Largest sum of all positions, after it.
        max_correlated: Largest value that moves together with what was bought, after it.
        daily_loss: Loss since the beginning of the day from which on nothing is bought.
        drawdown: Fall of equity from its highest point from which on nothing is bought.
        purchases: At least so many purchases; a limit that nothing came near was not tried.
    """

    max_trade: Amount | None = None
    max_position: Amount | None = None
    max_gross: Amount | None = None
    max_correlated: Amount | None = None
    daily_loss: Amount | None = None
    drawdown: Amount | None = None
    purchases: Count = 0


class PairsWanted(Range):
    """Arbitrages that were taken.

    Attributes:
        min_profit: Least that each earned after the fees of all its orders, in the quote currency.
    """

    min_profit: Amount = _ZERO


def limits(evidence: Evidence, wanted: LimitsWanted) -> Iterable[str]:
    """Hold every purchase to limits on order, position, exposure and loss."""
    purchases = [standing for standing in evidence.standings if standing.side == "buy"]
    yield from Range(min=wanted.purchases).faults(len(purchases), "purchases")
    for bought in purchases:
        for what, share, most in _shares(bought, wanted):
            if most is not None and share > most:
                yield f"{_named(bought)}: {what} was {share:.4f} of equity, at most {most} allowed"
        for what, loss, most in _losses(bought, wanted):
            if most is not None and loss >= most:
                yield f"{_named(bought)}: bought at a {what} of {loss:.4f}, nothing may be from {most} on"


def pairs(evidence: Evidence, wanted: PairsWanted) -> Iterable[str]:
    """Every arbitrage that was taken bought and sold as much, and earned after the fees of both legs."""
    taken = _pairs(evidence.fills)
    yield from wanted.faults(len(taken), "arbitrages taken")
    for key, fills in taken.items():
        left, profit = _left(fills), _profit(fills)
        if left:
            yield f"arbitrage {key} left {left:f} {fills[0].symbol} open"
        elif profit <= wanted.min_profit:
            yield f"arbitrage {key} earned {profit:.4f} after its fees, more than {wanted.min_profit} wanted"


def ledger_balances(evidence: Evidence, wanted: Literal[True]) -> Iterable[str]:
    """Every venue's ledger sums to zero in each asset, and the company's balances are its opening, fills and fees."""
    for ledger in evidence.ledgers:
        wrong = {asset: total for asset, total in ledger.sums.items() if total}
        yield from (f"{asset} of {ledger.venue} sums to {total}, not 0" for asset, total in wrong.items())
        for asset, left in ledger.unexplained.items():
            yield f"no fill and no fee explains {left} {asset} on {ledger.venue}"


def _shares(bought: Standing, wanted: LimitsWanted) -> Iterable[tuple[str, Decimal, Decimal | None]]:
    position = bought.positions.get(bought.symbol.partition("/")[0], _ZERO)
    yield "the order", bought.notional / bought.equity, wanted.max_trade
    yield "the position", position / bought.equity, wanted.max_position
    yield "gross exposure", sum(bought.positions.values(), _ZERO) / bought.equity, wanted.max_gross
    yield "what moves together", bought.together / bought.equity, wanted.max_correlated


def _losses(bought: Standing, wanted: LimitsWanted) -> Iterable[tuple[str, Decimal, Decimal | None]]:
    yield "loss of the day", 1 - bought.equity / bought.day_equity, wanted.daily_loss
    yield "drawdown", bought.drawdown, wanted.drawdown


def _named(standing: Standing) -> str:
    return f"buy of {standing.notional:,.2f} {standing.symbol} on {standing.venue} at {standing.at:%Y-%m-%d %H:%M}"


def _pairs(fills: Iterable[Fill]) -> dict[str, list[Fill]]:
    """Return the fills of every arbitrage, undoing included: its legs carry its key and what they do."""
    found: defaultdict[str, list[Fill]] = defaultdict(list)
    for fill in fills:
        key, dash, _ = fill.key.rpartition("-")
        if dash:
            found[key].append(fill)
    return {key: own for key, own in found.items() if _LEGS & {fill.key.removeprefix(key) for fill in own}}


def _left(fills: Sequence[Fill]) -> Decimal:
    return sum((fill.quantity if fill.side == "buy" else -fill.quantity for fill in fills), _ZERO)


def _profit(fills: Sequence[Fill]) -> Decimal:
    return sum(((fill.cost if fill.side == "sell" else -fill.cost) - fill.fee for fill in fills), _ZERO)
