"""Reads from the journal what led to a run, and writes it as the steps of a case.

A run depends on what was there before: positions, memories, the hour, questions that wait. So a case does all that was
done in the home up to the run, in the order of the journal: cycles, what people said, how they decided. Of a home that
did more than `HISTORY` runs before, only the run's own conversation is taken. What no step can do again is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from company.errors import UsageError
from company.events import Event, Json
from company.grading.steps import THREAD
from company.home import Company
from company.store import Approval, Run
from company.world import START

HISTORY = 24
"""Most runs before a run that its case does again."""

_UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"), (timedelta(seconds=1), "s"))
_DECISIONS = frozenset({"approval.decided", "approval.voted"})


@dataclass(frozen=True, slots=True)
class Trace:
    """What led to a run.

    Attributes:
        runs: The runs that the case does again, in the order in which they were last worked on.
        steps: What is done, as a case file writes it.
        events: What the journal says of these runs, as far as the case goes.
        unanswered: Ids of approvals that nobody decides in the case.
        missing: What the case does not do again, in sentences.
    """

    runs: tuple[Run, ...]
    steps: tuple[Json, ...]
    events: tuple[Event, ...]
    unanswered: frozenset[str]
    missing: tuple[str, ...]


def retrace(company: Company, run_id: str) -> Trace:
    """Return what led to a run of a company's home.

    Raises:
        UsageError: There is no such run, it is not over yet, or nobody asked for it.
    """
    run = company.store.runs.get(run_id)
    if run.status in {"created", "running"}:
        raise UsageError(f"run {run_id} is {run.status}, so nobody knows what came of it", cure="record it afterwards")
    if run.kind == "task":
        raise UsageError(f"run {run_id} is a single task, which no case can begin", cure="record a cycle or a chat")
    return _Tracer(company, run).trace()


@dataclass
class _Tracer:
    """Writes the steps of one case."""

    company: Company
    run: Run
    steps: list[Json] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    touched: dict[str, Run] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    now: datetime | None = None

    def trace(self) -> Trace:
        """Walk through the journal and do everything again on paper."""
        began = {self.starts[run.id]: run for run in self.chosen}
        for event in self.told:
            if event.seq in began:
                self._begin(began[event.seq])
            elif event.type in _DECISIONS:
                self._decide(event)
        self._tell()
        return Trace(
            runs=tuple(self.touched.values()),
            steps=tuple(self.steps),
            events=self.told,
            unanswered=frozenset(approval.id for approval in self.asked if approval.id not in self.answered),
            missing=tuple(dict.fromkeys(self.missing)),
        )

    @cached_property
    def earlier(self) -> Sequence[Run]:
        """The runs before it, the oldest first."""
        most = len(self.journal)  # every run has an event
        return self.company.store.runs.recent(most, before=self.run.id)[::-1]

    @cached_property
    def is_whole(self) -> bool:
        """Everything before the run is done again."""
        return len(self.earlier) <= HISTORY and all(run.kind != "task" for run in self.earlier)

    @cached_property
    def chosen(self) -> Sequence[Run]:
        """The runs that are done again."""
        talk = [run for run in self.earlier if self.run.kind == "chat" and run.thread_id == self.run.thread_id]
        return [*(self.earlier if self.is_whole else talk), self.run]

    @cached_property
    def asked(self) -> Sequence[Approval]:
        """What they asked people, in the order of the questions."""
        found = [one for run in self.chosen for one in self.company.store.approvals.for_run(run.id)]
        return sorted(found, key=lambda approval: approval.number)

    @cached_property
    def journal(self) -> Sequence[Event]:
        """The whole journal."""
        return list(self.company.store.journal.all())

    @cached_property
    def starts(self) -> dict[str, int]:
        """Where each run begins in the journal."""
        return {event.run_id: event.seq for event in reversed(self.journal) if event.type == "RUN_STARTED"}

    @cached_property
    def end(self) -> int:
        """Where the first later run begins in the journal; what came after it does not belong to the case."""
        later = [seq for seq in self.starts.values() if seq > self.starts[self.run.id]]
        return min(later, default=self.journal[-1].seq + 1)

    @cached_property
    def told(self) -> tuple[Event, ...]:
        """What the journal says of the runs, as far as the case goes."""
        ids = {run.id for run in self.chosen}
        return tuple(
            event
            for event in self.journal
            if event.run_id == self.run.id or (event.run_id in ids and event.seq < self.end)
        )

    def _begin(self, run: Run) -> None:
        """Write the step that begins a run."""
        self.touched[run.id] = run
        if run.kind == "chat":
            self._let_pass(run.as_of - self._after(timedelta(0)), run)
            self.steps.append({"say": run.request, "person": run.person, **self._thread(run)})
        elif self._was_woken(run):
            self._tick(run)
        else:
            self._let_pass(run.as_of - self._after(self.company.settings.run.step), run)
            self._add("cycles", 1)
        self.now = run.as_of

    def _after(self, step: timedelta) -> datetime:
        """Return when a run begins that nothing delays."""
        return START if self.now is None else self.now + step

    def _let_pass(self, late: timedelta, run: Run) -> None:
        """Write how much company time passed with nobody at work."""
        if self.company.settings.world.clock != "virtual" or (self.now is None and not self.is_whole):
            return
        if late < timedelta(0) or late % timedelta(seconds=1):
            self.missing.append(f"{run.id} took place at {run.as_of:%Y-%m-%d %H:%M:%S}, which no step reaches")
        elif late:
            self.steps.append({"skip": _span(late)})

    def _tick(self, run: Run) -> None:
        """Write the steps of time that an endless run took until a role had a reason to work."""
        step = self.company.settings.run.step
        passed = run.as_of - (self.now or START)
        count, rest = divmod(passed, step)
        count += self.now is None
        if rest or count < 1 or (self.now is None and not self.is_whole):
            self.missing.append(f"{run.id} was begun by an event, at a time that no step reaches")
            self._add("cycles", 1)
        else:
            self._add("ticks", count)

    def _add(self, word: str, count: int) -> None:
        """Write a step, or do more of the last one."""
        if self.steps and list(self.steps[-1]) == [word]:
            self.steps[-1] = {word: self.steps[-1][word] + count}
        else:
            self.steps.append({word: count})

    def _was_woken(self, run: Run) -> bool:
        return any(event.type == "roles.woken" and event.run_id == run.id for event in self.told)

    def _thread(self, run: Run) -> Json:
        """Name the conversation, when there are several."""
        threads = list(dict.fromkeys(each.thread_id for each in self.chosen if each.kind == "chat"))
        place = threads.index(run.thread_id)
        return {"thread": f"{THREAD}-{place + 1}"} if place else {}

    def _decide(self, event: Event) -> None:
        """Write how a person decided; of several who have to say yes, each one."""
        value = event.body["value"]
        approval = self.company.store.approvals.get(value["approval"])
        state = "approved" if event.type == "approval.voted" else value["state"]
        if state == "approved" and event.type == "approval.decided" and approval.votes:
            return  # each of the people was written down
        if not value["by"] or state not in {"approved", "rejected"}:
            self.missing.append(f"nobody answered {approval.id} in time; in the case it stays open")
            return
        number = [one.id for one in self.asked].index(approval.id) + 1
        self.steps.append({"approve" if state == "approved" else "reject": f"A{number}", "by": value["by"]})
        self.touched[approval.run_id] = self.touched.pop(approval.run_id)
        if state == "rejected" or approval.state in {"approved", "done"}:
            self.answered.add(approval.id)

    def _tell(self) -> None:
        """Say what is different in the case."""
        if not self.is_whole:
            left = len(self.earlier) + 1 - len(self.chosen)
            self.missing.insert(0, f"what {left} earlier runs of this home left behind: positions, memories, the hour")
        if self.company.settings.world.clock != "virtual":
            self.missing.append("the hours it took place at: the company follows the wall clock, a case does not")
        if old := [run.id for run in self.chosen if run.identity != self.company.identity]:
            self.missing.append(f"roles, prompts, tools or settings of {', '.join(old)}: they were changed since")
        deeds = {event.type for event in self.journal if event.agent == "person" and event.seq < self.end}
        if deeds := deeds - {"feedback.given"}:  # a thumb changes nothing of what follows
            self.missing.append(f"what people did outside of runs: {', '.join(sorted(deeds))}")
        for run in self.chosen:
            if run.status in {"degraded", "failed", "stopped"}:
                self.missing.append(f"why {run.id} is {run.status}: what went wrong need not go wrong again")


def _span(length: timedelta) -> str:
    """Write a length of time in its largest whole unit, as in `90m`."""
    unit, letter = next((unit, letter) for unit, letter in _UNITS if not length % unit)
    return f"{length // unit}{letter}"
