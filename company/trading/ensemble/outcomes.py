"""Which purchases an outcome belongs to: the bookings, followed one by one.

What orders of the strategy `ensemble` bought of a symbol is a stake: its quantity, the votes of the decisions behind it
(weighted by quantity), and what it had at risk. Whoever sells from it makes an outcome: what the stake's share of the
holding earned by the sale, after its share of the fees of both ways, by the average-cost accounting of
`company.trading.holdings`. A purchase without votes in its decision teaches nothing, but is part of the stake.

The bookings of one order that are followed together are one outcome.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Final

from pydantic import Field

from company.ports import Json
from company.trading.bookings import OPENING, trade_of
from company.trading.ensemble.deliberation import NAME, RANGE, VOTE
from company.trading.ensemble.temperaments import TEMPERAMENTS
from company.trading.ensemble.weights import Outcome
from company.trading.figures import Report
from company.trading.holdings import Holding, Trade, share

DUST: Final = Decimal("1e-9")  # share of a purchase that counts as nothing left
_ZERO = Decimal(0)

Evidence = Callable[[str], Mapping[str, Decimal]]
"""Returns what the decision about an order rested on, by its client order id."""


class Stake(Report):
    """What the ensemble holds of one symbol, and whose idea it was.

    Attributes:
        holding: The symbol's whole account.
        votes: Quantity times signed conviction, by temperament.
        risk: What it would lose at its stops, in quote units.
        largest: Largest quantity since there was none.
        keys: Client order ids of the purchases.
    """

    holding: Holding = Holding()
    votes: dict[str, Decimal] = Field(default_factory=dict)
    risk: Decimal = _ZERO
    largest: Decimal = _ZERO
    keys: tuple[str, ...] = ()

    @property
    def quantity(self) -> Decimal:
        """What the ensemble holds, in base units."""
        return _sum(part.quantity for part in self.holding.parts if part.strategy == NAME)

    @property
    def settled(self) -> Decimal:
        """What its sales earned after all their fees, in quote units."""
        parts = [part for part in self.holding.parts if part.strategy == NAME]
        return _sum(part.realised - part.fees + part.entry_fees for part in parts)

    def bought(self, trade: Trade, key: str, evidence: Mapping[str, Decimal], stop_atr: Decimal) -> "Stake":
        """Return the stake after a purchase of the ensemble's."""
        after = self._having(self.holding.traded(trade))
        gained = after.quantity - self.quantity
        votes = {name: self.votes.get(name, _ZERO) + gained * evidence.get(VOTE + name, _ZERO) for name in TEMPERAMENTS}
        return after.model_copy(
            update={
                "votes": votes,
                "risk": self.risk + gained * evidence.get(RANGE, _ZERO) * stop_atr,
                "largest": max(self.largest, after.quantity),
                "keys": tuple(dict.fromkeys((*self.keys, key))),
            }
        )

    def changed(self, holding: Holding) -> "Stake":
        """Return the stake after its symbol's account changed by anything but a purchase of the ensemble's."""
        before, after = self.quantity, self._having(holding)
        left = after.quantity
        if left <= self.largest * DUST:
            return Stake(holding=holding)
        kept = {name: share(vote, left, before) for name, vote in self.votes.items()}
        return after.model_copy(update={"votes": kept, "risk": share(self.risk, left, before)})

    def _having(self, holding: Holding) -> "Stake":
        return self.model_copy(update={"holding": holding})


def follow(
    rows: Iterable[tuple[str, Json]], stakes: dict[str, Stake], evidence_of: Evidence, stop_atr: Decimal
) -> Iterator[Outcome]:
    """Follow bookings, and yield an outcome for each order that sold from a stake.

    Args:
        rows: Id and row of each booking since the last ones, oldest first.
        stakes: By symbol; they are brought up to date.
        evidence_of: What a decision rested on.
        stop_atr: Distance of a stop from the entry, in average true ranges.
    """
    for _, group in groupby(rows, key=lambda item: item[1].get("order") or item[0]):
        bookings = list(group)
        symbol = bookings[0][1].get("symbol", "")
        before = stakes.get(symbol, Stake())
        for _, row in bookings:
            _take(row, stakes, evidence_of, stop_atr)
        if bookings[0][1].get("side") == "sell":
            yield from _outcome(bookings[-1], before, stakes[symbol])


def _take(row: Json, stakes: dict[str, Stake], evidence_of: Evidence, stop_atr: Decimal) -> None:
    """Bring the stakes up to date with one booking."""
    if row["what"] == OPENING:
        stakes.clear()
        stakes.update({name: Stake(holding=Holding.model_validate(held)) for name, held in row["holdings"].items()})
        return
    if not row["symbol"]:
        return
    stake = stakes.get(row["symbol"], Stake())
    if row["what"] == "trade":
        trade = trade_of(row)
        if row["side"] == "buy" and row["strategy"] == NAME:
            stakes[row["symbol"]] = stake.bought(trade, row["key"], evidence_of(row["key"]), stop_atr)
        else:
            stakes[row["symbol"]] = stake.changed(stake.holding.traded(trade))
    else:
        net = _sum(Decimal(amount) for amount in row["accounts"].values())
        stakes[row["symbol"]] = stake.changed(stake.holding.moved(net, Decimal(row["price"])))


def _outcome(last: tuple[str, Json], before: Stake, after: Stake) -> Iterator[Outcome]:
    """Yield what a sale made of a stake; nothing when it sold none of it, or nobody knows what was at risk."""
    held = before.quantity
    sold = held - after.quantity
    if sold <= 0 or not before.risk > 0:
        return
    booking, row = last
    yield Outcome(
        id=booking,
        at=row["at"],
        symbol=row["symbol"],
        result=float(after.settled - before.settled),
        risk=float(share(before.risk, sold, held)),
        votes={name: float(vote / held) for name, vote in before.votes.items()},
        keys=before.keys,
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)
