"""A process that forgets in copies of a home and is killed on the way, each time at another statement."""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from company.memory import VectorMemory
from company.memory.keeping.forgetting import Forgetting
from company.memory.keeping.plan import Order
from company.store import Store

POINTS = {
    "before the memories": ("memory", "DELETE FROM vector"),
    "before their commit": ("memory", "COMMIT"),
    "before the journal": ("company", "UPDATE journal"),
    "before its commit": ("company", "COMMIT"),
    "before the files": ("company", "VACUUM"),
    "before the memory's log": ("memory", "PRAGMA wal_checkpoint"),
    "before the receipt": ("company", '%"memory.forgotten"%'),
}


class Clock:
    """Stands still."""

    def now(self) -> datetime:
        """Return the time."""
        return datetime(2026, 3, 1, 9, tzinfo=UTC)

    def monotonic(self) -> float:
        """Return no time."""
        return 0.0


def die_at(statement: str) -> Callable[[str], None]:
    """Return what kills the process when it is told of a statement."""

    def look(sql: str) -> None:
        hit = statement.strip("%") in sql if "%" in statement else sql.startswith(statement)
        if hit and intent.exists():
            os.kill(os.getpid(), signal.SIGKILL)

    return look


if __name__ == "__main__":
    for place, (database, statement) in enumerate(POINTS.values()):
        state = Path(sys.argv[1], str(place))
        intent = state / "forgetting.json"
        if (child := os.fork()) == 0:
            store = Store.open(state / "company.db", now=Clock().now)
            memory = VectorMemory(directory=state, clock=Clock(), embedder=None)
            connection = memory.records.db if database == "memory" else store._connection._driver
            connection.set_trace_callback(die_at(statement))
            Forgetting(state, store, memory.records, memory.similarity, Clock()).forget(Order(person="ann"), by="ann")
            os._exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
