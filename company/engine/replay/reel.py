"""A run as it was: its row, its events, what it was given, what people were asked; read from the store only."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from company.errors import UsageError
from company.events import Draft, Event
from company.governor import tape
from company.store import Approval, Recording, Run, Store

INPUTS = frozenset(
    {"approval.decided", "approval.escalated", "approval.voted", "effect.settled", "persona.used", "roles.woken"}
)
"""Events that tell of what was done to a run."""

MOST = 1_000_000
"""Events of one run that are read at most."""


@dataclass(frozen=True)
class Reel:
    """Everything that is known of a run.

    Attributes:
        run: Its row as it is now.
        events: Its events in order.
        given: What it was given, in order.
        asked: Questions to people, by agent path and call.
    """

    run: Run
    events: Sequence[Event]
    given: Sequence[Recording]
    asked: Mapping[tuple[str, str], Approval]

    @classmethod
    def load(cls, store: Store, run_id: str) -> Self:
        """Read a run.

        Raises:
            UsageError: There is no such run, it is under way, it has no recording, or a crash cut it off.
        """
        run = store.runs.get(run_id)
        given = store.recordings.of_run(run_id)
        if not given or given[0].kind != tape.BEGUN or given[0].data["status"] != "created":
            raise UsageError(
                f"run {run_id} has no recording: a version before recorded nothing, or it was forgotten",
                where="run",
                cure="replay a newer one; [retention] recordings_runs says how many are kept",
            )
        if run.status in {"created", "running"}:
            raise UsageError(f"run {run_id} is {run.status}", where="run", cure="replay it when it has ended or waits")
        events = store.journal.read(run_id=run_id, limit=MOST)
        if any(event.type == "run.resumed" for event in events):
            raise UsageError(
                f"run {run_id} was cut off and resumed; how far it was then is known to its checkpoints only",
                where="run",
                cure="replay another one",
            )
        return cls(run, events, given, _asked(store.approvals.for_run(run_id), events))

    def place(self, seq: int) -> int:
        """Return how many events the run had when the journal's last one was `seq`."""
        return bisect_right(self._numbers, seq)

    def words(self, thought: Recording) -> list[tuple[int, Event]]:
        """Return the events that were written while a model answered, with their places."""
        first, end = self.place(thought.data["after"]), self.place(thought.seq)
        between = enumerate(self.events[first:end], first)
        return [
            (place, event) for place, event in between if event.agent == thought.data["path"] and not is_input(event)
        ]

    @cached_property
    def seconds(self) -> float:
        """Seconds in which the run was at work; those in which it waited for people do not count."""
        gaps = zip(self.events, self.events[1:], strict=False)
        return sum((after.at - before.at).total_seconds() for before, after in gaps if before.type != "RUN_FINISHED")

    @cached_property
    def _numbers(self) -> list[int]:
        return [event.seq for event in self.events]


def _asked(approvals: Sequence[Approval], events: Sequence[Event]) -> dict[tuple[str, str], Approval]:
    """Return the questions as they were when they were asked: what one repeats may have been refused since."""
    told = {event.body["value"]["approval"]: event.body["value"] for event in events if event.type == "approval.asked"}
    return {
        (approval.path, approval.call_id): replace(approval, repeats=told[approval.id]["repeats"])
        for approval in approvals
        if approval.id in told
    }


def is_input(event: Event) -> bool:
    """Tell whether an event is what was done to a run, by people or by what woke its roles, not what the run did."""
    return event.type in INPUTS


def draft_of(event: Event) -> Draft:
    """Return an event as it was before the journal numbered and sealed it."""
    return Draft(event.run_id, event.thread_id, event.agent, event.visibility, event.body)
