"""Who earned what: the holdings' parts, summed by strategy and role.

Figures are not rounded, so the rows add up to the total exactly; so do the trades of each owner to all trades.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from company.ports import Json
from company.trading.decisions import UNATTRIBUTED
from company.trading.figures import Figure, Report
from company.trading.holdings import Holding, Part
from company.trading.orders import Owner

_ZERO = Decimal(0)


class Earned(Report):
    """What one owner earned since the books opened, in quote units, not rounded.

    Attributes:
        strategy: `unattributed` when no strategy was named, like `role`.
        trades: Executions of its orders.
        realised: Profit of what it bought and anybody sold, before fees.
        fees: Of its purchases, and of the sales of what it bought.
        cost: Paid for what it holds now, without fees.
        net: Realised profit less fees.
    """

    strategy: str
    role: str
    trades: int
    realised: Figure
    fees: Figure
    cost: Figure
    net: Figure


class Attribution(Report):
    """What every strategy and role earned; `total` is the sum of the rows, to the last digit."""

    rows: list[Earned]
    total: Earned


def attributed(holdings: Mapping[str, Holding], bookings: Iterable[tuple[str, Json]]) -> Attribution:
    """Return who earned what, the best first.

    Args:
        holdings: Every symbol's account.
        bookings: What was booked.
    """
    parts: dict[Owner, list[Part]] = defaultdict(list)
    for part in (part for holding in holdings.values() for part in holding.parts):
        parts[part.owner].append(part)
    booked = (row for _, row in bookings if row["what"] == "trade")
    trades = Counter(Owner(row["strategy"], row["role"]) for row in booked)
    rows = [_earned(owner, parts[owner], trades[owner]) for owner in {**dict.fromkeys(trades), **parts}]
    rows.sort(key=lambda row: (-row.net, row.strategy, row.role))
    everything = [part for found in parts.values() for part in found]
    return Attribution(rows=rows, total=_earned(Owner("total", "total"), everything, trades.total()))


def _earned(owner: Owner, parts: Iterable[Part], trades: int) -> Earned:
    held = list(parts)
    realised, fees = _sum(part.realised for part in held), _sum(part.fees for part in held)
    return Earned(
        strategy=owner.strategy or UNATTRIBUTED,
        role=owner.role or UNATTRIBUTED,
        trades=trades,
        realised=realised,
        fees=fees,
        cost=_sum(part.cost for part in held),
        net=realised - fees,
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)
