"""How a run ends that a person stopped, whether its own process ends it or another one, after that was killed."""

from company import events
from company.events import Draft
from company.governor import tape
from company.governor.stop import run_flag
from company.store import Run, Store

WAKING, PENDING = "waking", "pending"
"""Where it is kept what the roles that a run wakes will have seen once it ended."""


def end_stopped(store: Store, run: Run, reason: str) -> Run:
    """End a run where it was stopped; what woke its roles wakes them again, and a replay stops there too."""
    body = events.run_cancelled(run.id, run.thread_id, result={"reason": reason})
    with store.transaction():
        store.recordings.add(run.id, tape.STOPPED, "", {"reason": reason})
        store.journal.append([Draft(run.id, run.thread_id, "ceo", "user", body)])
        store.flags.clear(run_flag(run.id))
        store.books(WAKING).delete(PENDING, run.id)
        return store.runs.set_status(run.id, "stopped", {"error": reason})
