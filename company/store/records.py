"""What the company did, spent and still has to do, read from its own rows.

This is the view that roles get: it reads, and it can change nothing. All figures are the company's own, so they are
trusted.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from company.store.costs import Meter
from company.store.database import Store
from company.store.runs import Run

RECENT = 10
_LOOK = "look it up where it was sent, and say what happened: company effects settle"


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunLine(_View):
    """One run: id, kind, cycle number (0 for a chat), status, company time and the request, if a person made one."""

    id: str
    kind: str
    cycle: int
    status: str
    as_of: datetime
    request: str


class Activity(_View):
    """What was done lately.

    Attributes:
        cycles: Cycles finished so far.
        chats: Conversations' turns among the last runs.
        effects: Effects that happened so far, by tool.
        approvals_open: Approvals that wait for a person.
        recent: The last runs, newest first.
    """

    cycles: int
    chats: int
    effects: dict[str, int]
    approvals_open: int
    recent: list[RunLine]


class AgendaItem(_View):
    """Something that waits: what, its id, and what to do."""

    what: str
    id: str
    next: str


class Costs(_View):
    """Spending on models and tools, in US dollars, today and this month (UTC), with today's and the month's limits."""

    usd_today: Decimal
    usd_day_limit: Decimal
    usd_month: Decimal
    usd_month_limit: Decimal
    tokens_today: int
    calls_today: int


class Health(_View):
    """Whether anything is wrong: runs that failed or were left, and effects nobody knows the outcome of."""

    ok: bool
    unfinished_runs: list[str]
    failed_runs: list[str]
    unknown_effects: int
    journal_rows: int


class JournalCheck(_View):
    """Result of verifying the hash chain: rows read, last signed row, and what is wrong."""

    ok: bool
    rows: int
    signed_to: int
    problems: list[str]


class Records:
    """A read-only view of the store.

    Args:
        store: The company's store.
        day_usd: Dollars a day may cost.
        month_usd: Dollars a month may cost.
        now: Wall-clock time; money is spent in it.
    """

    def __init__(self, store: Store, *, day_usd: Decimal, month_usd: Decimal, now: Callable[[], datetime]) -> None:
        self._store, self._day_usd, self._month_usd, self._now = store, day_usd, month_usd, now

    def activity(self) -> Activity:
        """Return what was done lately."""
        recent, last = self._store.runs.recent(RECENT), self._store.runs.last("cycle")
        return Activity(
            cycles=last.number if last else 0,
            chats=sum(run.kind == "chat" for run in recent),
            effects=self._store.effects.counts(),
            approvals_open=len(self._store.approvals.open()),
            recent=[_line(run) for run in recent],
        )

    def agenda(self) -> list[AgendaItem]:
        """Return what waits for somebody, most urgent first."""
        unknown = [
            AgendaItem(what=f"outcome of {effect.tool} is not known", id=effect.key, next=_LOOK)
            for effect in self._store.effects.open()
        ]
        asked = [
            AgendaItem(what=f"{a.role} wants {a.tool}", id=a.id, next=f"company approvals approve {a.id}")
            for a in self._store.approvals.open()
        ]
        return unknown + asked

    def trouble(self) -> dict[str, str]:
        """Return what went wrong among the last runs and effects, in words, by the id of the run or effect."""
        failed = {run.id: f"run {run.id} failed" for run in self._store.runs.recent(RECENT) if run.status == "failed"}
        return failed | {
            effect.key: f"the outcome of {effect.tool} is not known" for effect in self._store.effects.open()
        }

    def costs(self) -> Costs:
        """Return what counts in this UTC day and month: spent, and reserved at worst case."""
        counted = Meter(self._store).counted(self._now())
        return Costs(
            usd_today=counted.day.usd,
            usd_day_limit=self._day_usd,
            usd_month=counted.month.usd,
            usd_month_limit=self._month_usd,
            tokens_today=counted.day.tokens,
            calls_today=counted.day.calls,
        )

    def health(self, run_id: str = "") -> Health:
        """Return what is wrong; the run that asks is not counted as left behind."""
        unfinished = [run.id for run in self._store.runs.unfinished() if run.id != run_id]
        failed = [run.id for run in self._store.runs.recent(RECENT) if run.status == "failed"]
        unknown = len(self._store.effects.open())
        return Health(
            ok=not (unfinished or failed or unknown),
            unfinished_runs=unfinished,
            failed_runs=failed,
            unknown_effects=unknown,
            journal_rows=self._store.journal.last_seq(),
        )

    def verify_journal(self) -> JournalCheck:
        """Hold every journal row to its hash and to the signed heads."""
        found = self._store.journal.verify()
        return JournalCheck(ok=found.ok, rows=found.rows, signed_to=found.head_seq, problems=found.problems[:5])


def _line(run: Run) -> RunLine:
    return RunLine(
        id=run.id, kind=run.kind, cycle=run.number, status=run.status, as_of=run.as_of, request=run.request[:80]
    )
