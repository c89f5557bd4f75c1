"""Why the desk did what it did: every order it decided on and every one it denied, with the values it saw then.

The values of a decision that became an order stand in the order's own row, so they are written down before it is sent;
those of a denial stand beside. What came of an order is read from its row when somebody asks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from company.errors import ToolError
from company.ports import Books, Json
from company.trading.figures import Figure, Report, significant
from company.trading.markets import Side
from company.trading.orders import ORDERS, Owner
from company.trading.risk import BookState, Clamp

DENIED: Final = "trading.denied"
UNATTRIBUTED: Final = "unattributed"


class Decision(Report):
    """One decision about an order.

    Attributes:
        at: Company time.
        key: Client order id of the order, or that it would have had.
        outcome: `denied`, or what became of the order: the states of `company.trading.orders`.
        strategy: Whose idea it was; `unattributed` when nobody said, like `role`.
        asked: Base units that were wanted.
        quantity: Base units that were sent, cut to the venue's steps; None when it was denied.
        price: Limit in quote units; None for an order at the market.
        trigger: Price in quote units that it waits for; None when it does not wait.
        stop: Price in quote units at which what it buys is to be sold again; None when it has none.
        filled: Base units that traded so far, at the `average` price.
        reason: Why it was wanted, in the words of whoever wanted it.
        evidence: What was known then, by name: figures of the strategy, and the desk's own: `expected` price, `equity`,
            `exposure` to the symbol, `gross` of all, all in quote units; `drawdown` and `daily_loss` as fractions.
        clamps: The limits that denied it.
        denial: Why it was denied, in words.
    """

    at: datetime
    key: str
    outcome: str
    strategy: str
    role: str
    venue: str
    symbol: str
    side: Side
    type: str
    asked: Figure
    quantity: Figure | None
    price: Figure | None
    trigger: Figure | None
    stop: Figure | None
    filled: Figure
    average: Figure | None
    reason: str
    sources: tuple[str, ...]
    evidence: dict[str, Figure]
    clamps: tuple[Clamp, ...]
    denial: str


class Denied(ToolError):
    """Limits deny an order.

    Args:
        clamps: Those it breaks.
        why: The same in words; made of the limits when empty.
    """

    def __init__(self, clamps: Sequence[Clamp], why: str = "") -> None:
        super().__init__(f"order denied: {why or '; '.join(str(clamp) for clamp in clamps)}")
        self.clamps = clamps


def allow(broken: Sequence[Clamp]) -> None:
    """Let an order pass that breaks no limit.

    Raises:
        Denied: It breaks one.
    """
    if broken:
        raise Denied(broken)


class Decisions:
    """The decisions.

    Args:
        books: Where they are kept.
    """

    def __init__(self, books: Books) -> None:
        self._books = books

    def deny(self, key: str, wish: Mapping[str, Any], owner: Owner, clamps: Sequence[Clamp], denial: str) -> None:
        """Write a denial down.

        Args:
            key: The client order id the order would have had.
            wish: What was wanted: at, venue, symbol, side, type, asked, price, reason, sources and evidence.
            owner: Whose idea it was.
            clamps: The limits that denied it; none when something else did.
            denial: Why, in words.
        """
        broken = [clamp.model_dump(mode="json") for clamp in clamps]
        said = {"strategy": owner.strategy, "role": owner.role, "clamps": broken, "denial": denial}
        self._books.put(DENIED, key, {**wish, **said})

    def newest(self, limit: int) -> list[Decision]:
        """Return up to `limit` decisions, the newest first."""
        taken = [_taken(key, row) for key, row in self._books.newest(ORDERS, limit)]
        denied = [_denied(key, row) for key, row in self._books.newest(DENIED, limit)]
        return sorted([*taken, *denied], key=lambda decision: decision.at, reverse=True)[:limit]


def known_then(state: BookState, symbol: str, expected: Decimal, given: Mapping[str, Any]) -> dict[str, str]:
    """Return what a decision rests on: what whoever wants the order names, and the desk's own figures."""
    own = {
        "expected": expected,
        "equity": state.equity,
        "exposure": state.exposure(symbol),
        "gross": state.gross,
        "drawdown": state.drawdown,
        "daily_loss": state.daily_loss,
    }
    return {name: f"{significant(figure, 8):f}" for name, figure in {**given, **own}.items()}


def _taken(key: str, row: Json) -> Decision:
    return Decision(
        key=key,
        outcome=row["status"],
        asked=Decimal(row.get("asked") or row["quantity"]),
        quantity=Decimal(row["quantity"]),
        filled=Decimal(row.get("filled", 0)),
        average=_optional(row.get("average")),
        clamps=(),
        denial="",
        **_same(row),
    )


def _denied(key: str, row: Json) -> Decision:
    return Decision(
        key=key,
        outcome="denied",
        asked=Decimal(row["asked"]),
        quantity=None,
        filled=Decimal(0),
        average=None,
        clamps=tuple(Clamp.model_validate(clamp) for clamp in row["clamps"]),
        denial=row["denial"],
        **_same(row),
    )


def _same(row: Json) -> dict[str, Any]:
    return {
        "at": datetime.fromisoformat(row["at"]),
        "strategy": row.get("strategy") or UNATTRIBUTED,
        "role": row.get("role") or UNATTRIBUTED,
        "venue": row["venue"],
        "symbol": row["symbol"],
        "side": row["side"],
        "type": row["type"],
        "price": _optional(row["price"]),
        "trigger": _optional(row.get("trigger")),
        "stop": _optional(row.get("stop")),
        "reason": row["reason"],
        "sources": tuple(row.get("sources", ())),
        "evidence": {name: Decimal(figure) for name, figure in row.get("evidence", {}).items()},
    }


def _optional(figure: str | None) -> Decimal | None:
    return None if figure is None else Decimal(figure)
