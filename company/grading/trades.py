"""What was traded and held, as the venues tell it, in plain frozen data: a part of the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Trade:
    """One order that was filled, wholly or in part, as its venue tells it.

    Attributes:
        venue: The venue.
        symbol: The instrument.
        side: `buy` or `sell`.
        quantity: What was filled, in base units.
        notional: What it was worth, in the quote currency.
        key: Client order id it was placed with.
        at: Company time of the order.
    """

    venue: str
    symbol: str
    side: str
    quantity: Decimal
    notional: Decimal
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Holdings:
    """What all venues together held at the end of a run, in the quote currency.

    Attributes:
        run_id: The run.
        equity: Cash and positions.
        positions: Value by currency, without cash.
    """

    run_id: str
    equity: Decimal
    positions: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Fill:
    """One fill as its venue tells it; cost and fee in the quote currency, quantity in base units.

    Attributes:
        venue: The venue.
        symbol: The instrument.
        side: `buy` or `sell`.
        quantity: What was traded.
        cost: What it was worth.
        fee: What the venue took.
        rate: What the venue's schedule says it takes, as a fraction of the cost.
        key: Client order id of its order.
        at: Company time.
    """

    venue: str
    symbol: str
    side: str
    quantity: Decimal
    cost: Decimal
    fee: Decimal
    rate: Decimal
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What all venues together held around one order, by their own fills, at the paper world's prices.

    Attributes:
        key: Client order id.
        at: Company time.
        venue: Where it was filled.
        symbol: The instrument.
        side: `buy` or `sell`.
        notional: What was filled, in the quote currency.
        equity: Cash and positions before it.
        day_equity: The same at the beginning of the company day.
        drawdown: Fall of equity from its highest point at a run, as a fraction.
        positions: Value by currency after it, without cash.
        together: Largest value after it that moves with the instrument, each symbol weighted by its correlation.
    """

    key: str
    at: datetime
    venue: str
    symbol: str
    side: str
    notional: Decimal
    equity: Decimal
    day_equity: Decimal
    drawdown: Decimal
    positions: Mapping[str, Decimal]
    together: Decimal


@dataclass(frozen=True, slots=True)
class VenueLedger:
    """What adding up a venue's ledger gives.

    Attributes:
        venue: The venue.
        sums: Sum over all accounts, by asset.
        unexplained: What the company's balance holds beyond opening balance, fills and fees, by asset.
    """

    venue: str
    sums: Mapping[str, Decimal]
    unexplained: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Ground:
    """Why an order was placed, as it was written down with it.

    Attributes:
        key: Client order id.
        reason: In words.
        sources: The documents of strangers that had been read before.
    """

    key: str
    reason: str
    sources: tuple[str, ...]
