"""What a case left behind, as plain frozen data: the only thing a scorer sees.

Trades and holdings are what the venues say, not what the company says about itself; `Truth` is what the paper world
knows and the company was never told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from company.config import Mandate
from company.events import Event
from company.grading.trades import Fill, Ground, Holdings, Standing, Trade, VenueLedger
from company.memory import MemoryItem, Recalled
from company.store import Approval, Effect, Run, Verification


@dataclass(frozen=True, slots=True)
class News:
    """A printed item as it really is.

    Attributes:
        kind: Why it was written: `lead`, `lag`, `background`, `competitor` or `false`.
        title: Its headline.
        true: It claims nothing that does not take place.
    """

    kind: str
    title: str
    true: bool


@dataclass(frozen=True, slots=True)
class Attack:
    """One address that attacked the web site in one way.

    Attributes:
        kind: What it tried.
        source: The address.
        requests: Its requests in the stretches that were scanned.
    """

    kind: str
    source: str
    requests: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What really was.

    Attributes:
        attackers: Addresses that attacked the web site, with the kinds of their attacks.
        injected: Links of articles that give orders to machines.
        prices: The price of every symbol at the time of each run, by run and symbol.
        news: What was printed, by the newsroom's ids.
        attacks: What the access log held in the stretches that were scanned.
    """

    attackers: Mapping[str, frozenset[str]]
    injected: frozenset[str]
    prices: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    news: Mapping[str, News] = field(default_factory=dict)
    attacks: tuple[Attack, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What a role was reminded of at the start of its work.

    Attributes:
        run_id: The run.
        role: The role.
        person: Who spoke in that run; empty in a cycle.
        memories: What it was given, the most relevant first.
    """

    run_id: str
    role: str
    person: str
    memories: tuple[Recalled, ...]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model said of the last answer.

    Attributes:
        criterion: What it was asked.
        holds: Yes or no; None when no model was asked.
        reason: Why, in its words; or why no model was asked.
        model: The model that said so.
        prompt: Hash of the prompt it was asked with.
    """

    criterion: str
    holds: bool | None
    reason: str
    model: str = ""
    prompt: str = ""


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
        sent: What left by the outbox, in order.
        memories: Everything that is remembered, of all roles and persons.
        given: What roles were reminded of, run by run.
        opinions: What a model said of the last answer, for each criterion that the case has judged.
        refusals: What a person, or a file of the company, was told that it cannot be done.
        replayed: How each run differs when it is played again, empty when it does not; of a case that wants to know.
        prompts: The system prompt of every role, as its model reads it.
        fills: Every fill on every venue, by time.
        standings: What was held around every order that was filled.
        ledgers: What the venues' ledgers add up to.
        grounds: Why each order was placed.
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
    sent: tuple[str, ...] = ()
    memories: tuple[MemoryItem, ...] = ()
    given: tuple[Given, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    refusals: tuple[str, ...] = ()
    replayed: Mapping[str, str] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    fills: tuple[Fill, ...] = ()
    standings: tuple[Standing, ...] = ()
    ledgers: tuple[VenueLedger, ...] = ()
    grounds: tuple[Ground, ...] = ()

    @property
    def last(self) -> Run:
        """The case's last run: the one whose answer and plan are looked at."""
        return self.runs[-1]

    @property
    def answer(self) -> str:
        """The words of the last run."""
        return str(self.last.outcome.get("answer", ""))


def unopened(refusal: str) -> Evidence:
    """Return the evidence of a company that could not be opened: nothing but why."""
    return Evidence(
        runs=(),
        events=(),
        journal=Verification(ok=True, rows=0, head_seq=0, problems=[]),
        effects=(),
        approvals=(),
        trades=(),
        holdings=(),
        mandates=(),
        irreversible=frozenset(),
        truth=Truth({}, frozenset()),
        refusals=(refusal,),
    )
