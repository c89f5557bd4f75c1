"""All rules of the desk by id, and what one of them says when it cuts or denies."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from company.trading.figures import Figure, Report, significant

RULES: Mapping[str, str] = {
    "risk.anomaly_move": "move of the price since the last closed bar, or in it, in robust deviations",
    "risk.anomaly_quote": "bid over ask of one venue, or its mid price from the median of all, as a fraction",
    "risk.anomaly_spread": "ask over bid at the tightest venue, as a fraction of the mid price",
    "risk.anomaly_stale": "bars that should have closed since the last one that is known",
    "risk.anomaly_volume": "volume of the last bar, in medians of the bars before it",
    "risk.balance": "what the venue's free balance covers: notional of a buy, base units of a sell",
    "risk.conservative": "conviction against the least that may add to a position in a deep drawdown",
    "risk.correlated": "notional against what is left under the cap on symbols that move together",
    "risk.cvar": "expected loss of the worst days (CVaR) with the order; a size is cut to the notional that fits",
    "risk.daily_loss": "today's loss as a fraction of the day's first equity",
    "risk.drawdown_halved": "notional against the order cap, halved by the drawdown",
    "risk.drawdown_no_new": "drawdown from the equity peak: no new position may be opened",
    "risk.drawdown_stop": "drawdown from the equity peak: only exits are allowed until a person re-arms the desk",
    "risk.gross": "notional against what is left under the cap on all positions",
    "risk.history": "bars of history that the symbol has in common with what is held",
    "risk.kelly": "half-Kelly fraction against its cap",
    "risk.min_conviction": "conviction against the least that may open a position",
    "risk.minimum": "notional against the venue's smallest order, in quote currency",
    "risk.no_profit": "edge of an arbitrage's best unit after both fees, in basis points, against the least",
    "risk.no_short": "quantity against what is held, in base units",
    "risk.pause": "entries while a person has paused the symbol; none is allowed",
    "risk.per_position": "notional against what is left under the cap on one position",
    "risk.per_trade": "notional against the cap on one order",
    "risk.restricted": "entries in a symbol on the restricted list; none is allowed",
    "risk.self_trade": "price against the desk's own resting sell order, which it would trade with",
    "risk.stop": "notional against the most whose stop costs no more than one trade may lose",
    "risk.stop_not_reached": "price of a symbol against the highest stop of our purchases; it is sold at or below it",
    "risk.var": "value at risk of one day with the order; a size is cut to the notional that fits",
    "risk.volatility": "annual volatility against the target; the size is scaled by their ratio",
    "risk.wanted": "notional against the most that was wanted",
    "risk.wash_trade": "price of a purchase against the desk's own sale a moment ago",
}


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

    def told(self) -> dict[str, str]:
        """Return what an event says of it."""
        return {"rule": self.rule, "limit": f"{self.limit:f}", "value": f"{self.value:f}"}


def clamp(rule: str, limit: Any, value: Any) -> Clamp:
    """Return what a rule says, its figures rounded to eight significant digits."""
    return Clamp(rule=rule, limit=significant(limit, 8), value=significant(value, 8))


def exceeded(rule: str, limit: Decimal, value: Decimal) -> list[Clamp]:
    """Return what a cap says when `value` is above it, else nothing."""
    return [clamp(rule, limit, value)] if value > limit else []
