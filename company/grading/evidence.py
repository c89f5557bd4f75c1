"""What a case left behind, as plain frozen data: the only thing a scorer sees.

Trades and holdings are what the venues say, not what the company says about itself; `Truth` is what the paper world
knows and the company was never told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from company.config import Mandate
from company.events import Event
from company.store import Approval, Effect, Run, Verification


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
class Truth:
    """What really was.

    Attributes:
        attackers: Addresses that attacked the web site, with the kinds of their attacks.
        injected: Links of articles that give orders to machines.
    """

    attackers: Mapping[str, frozenset[str]]
    injected: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a scorer may look at.

    Attributes:
        runs: The case's runs in order.
        events: The whole journal.
        journal: What examining the journal found.
        effects: Every effect that was announced.
        approvals: Every approval that was asked for.
        trades: Every filled order on every venue, by time.
        holdings: Holdings after each run.
        mandates: Standing permissions the company has.
        irreversible: Tools whose effect cannot be taken back.
        truth: What really was.
    """

    runs: tuple[Run, ...]
    events: tuple[Event, ...]
    journal: Verification
    effects: tuple[Effect, ...]
    approvals: tuple[Approval, ...]
    trades: tuple[Trade, ...]
    holdings: tuple[Holdings, ...]
    mandates: tuple[Mandate, ...]
    irreversible: frozenset[str]
    truth: Truth

    @property
    def last(self) -> Run:
        """The case's last run: the one whose answer and plan are looked at."""
        return self.runs[-1]

    @property
    def answer(self) -> str:
        """The words of the last run."""
        return str(self.last.outcome.get("answer", ""))
