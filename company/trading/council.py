"""The ensemble at the desk: it votes on a symbol as the market stands, and learns from what the desk closed.

What it has learnt is in the desk's books: the weights, what it holds and whose idea that was, and every outcome, under
the id of the booking that made it. Bookings are counted, so each is followed once, and nothing is read while nothing
was booked. Weights, outcomes and the events that tell of them are written in one transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from company.ports import Books, Json
from company.trading.bookings import BOOKED, Bookings
from company.trading.calibration import Closed
from company.trading.ensemble import (
    EQUAL,
    RECENT,
    RULE,
    Consensus,
    Outcome,
    Stake,
    Step,
    Tolerance,
    Weights,
    deliberate,
    follow,
    gains,
    learn,
    mix,
)
from company.trading.figures import figure, significant
from company.trading.markets import Markets
from company.trading.orders import Orders
from company.trading.reconciliation import Tell
from company.trading.risk import DrawdownStep, RiskLimits
from company.trading.signals import CONVICTION, HORIZON
from company.trading.states import newest_state
from company.trading.strategies.ensemble import voices

TIMEFRAME: Final = "1h"
LEARNT, STAKES, OUTCOMES = "trading.ensemble", "trading.ensemble.stake", "trading.ensemble.outcome"


class Council:
    """Votes and learns.

    Args:
        markets: Bars and books of the symbols.
        books: Where it keeps what it has learnt.
        bookings: What the desk traded.
        orders: What each order rested on.
        limits: For the distance of a stop.
        tolerance: How much risk the company likes.
    """

    def __init__(
        self,
        *,
        markets: Markets,
        books: Books,
        bookings: Bookings,
        orders: Orders,
        limits: RiskLimits,
        tolerance: Tolerance,
    ) -> None:
        self._markets, self._books, self._bookings, self._orders = markets, books, bookings, orders
        self._limits, self._tolerance = limits, tolerance

    async def consensus(self, symbol: str, step: DrawdownStep) -> Consensus:
        """Return what the temperaments agree on at the last closed hour, with the book as it stands now.

        Args:
            symbol: Unified name.
            step: Step of the drawdown ladder in force.

        Raises:
            ToolError: The symbol has no usable bars.
            VenueError: The venue does not answer.
        """
        state = await newest_state(self._markets, symbol, TIMEFRAME)
        learnt, recent = self.weights(), self.recent()
        return deliberate(state, voices(state), lambda odds: mix(learnt, odds, recent, self._tolerance, step))

    def weights(self) -> Weights:
        """Return what outcomes have taught so far, by temperament; they sum to 1."""
        kept = self._books.get(LEARNT, "weights")
        return EQUAL if kept is None else {name: float(weight) for name, weight in kept.items()}

    def recent(self) -> Weights:
        """Return what each temperament's votes earned on average in the newest outcomes, -1 to 1."""
        rows = self._books.newest(OUTCOMES, RECENT)
        return gains([_read(booking, row) for booking, row in rows])

    def closed(self, limit: int) -> list[Closed]:
        """Return up to `limit` sales of what it had bought, the newest first, with what was stated then."""
        rows = self._books.newest(OUTCOMES, limit)
        return [self._closed(_read(booking, row)) for booking, row in rows]

    def learn(self, tell: Tell) -> list[Step]:
        """Learn from what was booked since the last time, and tell of every change of the weights.

        Args:
            tell: Tells people of an event, within the transaction that writes it down.

        Returns:
            The changes, the oldest first.
        """
        with self._books.transaction():
            count, known = self._bookings.count(), (self._books.get(LEARNT, "followed") or {"count": 0})["count"]
            if count == known:
                return []
            steps = learn(self.weights(), self._follow(count - known))
            self._books.put(LEARNT, "followed", {"count": count})
            for step in steps:
                self._books.put(LEARNT, "weights", {name: repr(weight) for name, weight in step.after.items()})
                tell("ensemble.weights", _told(step))
            return steps

    def _follow(self, new: int) -> list[Outcome]:
        """Follow the newest bookings and write down the outcomes they make."""
        rows = reversed(self._books.newest(BOOKED, new))
        kept = {symbol: Stake.model_validate(row) for symbol, row in self._books.items(STAKES)}
        stakes = dict(kept)
        outcomes = list(follow(rows, stakes, self._evidence, self._limits.stop_atr))
        for symbol, stake in stakes.items():
            if stake != kept.get(symbol):
                self._books.put(STAKES, symbol, stake.model_dump(mode="json"))
        for outcome in outcomes:
            self._books.put(OUTCOMES, outcome.id, _row(outcome))
        return outcomes

    def _closed(self, outcome: Outcome) -> Closed:
        bought = [row for key in outcome.keys if (row := self._orders.get(key))]
        at = datetime.fromtimestamp(outcome.at / 1000, tz=UTC)
        since = min((datetime.fromisoformat(row["at"]) for row in bought), default=at)
        return Closed(
            id=outcome.id,
            at=at,
            symbol=outcome.symbol,
            role=next((row["role"] for row in bought if row.get("role")), ""),
            result=significant(outcome.result, 8),
            conviction=_stated(bought, CONVICTION),
            horizon_hours=_stated(bought, HORIZON),
            held_hours=figure((at - since).total_seconds() / 3600, 2),
            keys=outcome.keys,
        )

    def _evidence(self, key: str) -> Mapping[str, Decimal]:
        row = self._orders.get(key) or {}
        return {name: Decimal(value) for name, value in row.get("evidence", {}).items()}


def _stated(bought: Sequence[Json], name: str) -> Decimal | None:
    """Return a figure that the decisions of purchases state, weighted by quantity; None when one does not state it."""
    parts = [(Decimal(row.get("filled") or row["quantity"]), row.get("evidence", {}).get(name)) for row in bought]
    stated = [(quantity, Decimal(given)) for quantity, given in parts if given is not None]
    whole = sum((quantity for quantity, _ in stated), Decimal(0))
    if not stated or len(stated) < len(parts) or not whole:
        return None
    return figure(sum((quantity * given for quantity, given in stated), Decimal(0)) / whole, 4)


def _row(outcome: Outcome) -> Json:
    return {
        "at": outcome.at,
        "symbol": outcome.symbol,
        "result": repr(outcome.result),
        "risk": repr(outcome.risk),
        "votes": {name: repr(vote) for name, vote in outcome.votes.items()},
        "keys": list(outcome.keys),
    }


def _read(booking: str, row: Json) -> Outcome:
    return Outcome(
        id=booking,
        at=row["at"],
        symbol=row["symbol"],
        result=float(row["result"]),
        risk=float(row["risk"]),
        votes={name: float(vote) for name, vote in row["votes"].items()},
        keys=tuple(row["keys"]),
    )


def _told(step: Step) -> dict[str, Any]:
    """Return what the event `ensemble.weights` says."""
    return {
        "before": _shown(step.before),
        "after": _shown(step.after),
        "outcomes": [
            {
                "outcome": outcome.id,
                "symbol": outcome.symbol,
                "result": f"{significant(outcome.result, 8):f}",
                "risk": f"{significant(outcome.risk, 8):f}",
                "score": f"{figure(outcome.score, 6):f}",
                "clientOrderId": list(outcome.keys),
            }
            for outcome in step.outcomes
        ],
        "rule": RULE,
    }


def _shown(weights: Weights) -> dict[str, str]:
    return {name: f"{figure(weight, 6):f}" for name, weight in weights.items()}
