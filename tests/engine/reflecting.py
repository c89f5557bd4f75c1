"""A process of its own: reflects cycles on one home, each in a child that is killed right after it; prints the facts.

The children are forked before anything is opened, so each opens the home anew, as a process that was started would.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from company.defence import Watch
from company.home.reflection import Reflection
from company.memory import VectorMemory
from company.roles import Role
from company.store import Cast, Run, Store
from company.studio import Studio
from company.trading import Closed, Desk
from company.world.books import MemoryBooks
from company.world.clock import VirtualClock
from company.world.outbox import PaperOutbox

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
CHIEF = Role(id="ceo", title="Chief", summary="Leads.", persona="You lead.", source="-")
TRADER = Role(id="trading", title="Desk", reports_to="ceo", summary="Trades.", persona="You trade.", source="-")
REPORT = {"role": "trading", "task": "Work the book.", "summary": "Nothing to do.", "sources": []}


class Sales:
    """A desk that closed two trades."""

    def closed(self, limit: int) -> list[Closed]:
        return [self._trade(f"T{number}") for number in (2, 1)][:limit]

    def _trade(self, id: str) -> Closed:
        return Closed(
            id=id,
            at=NOW,
            symbol="BTC/USDT",
            role="trading",
            result=Decimal(5),
            conviction=Decimal("0.7"),
            horizon_hours=None,
            held_hours=Decimal(2),
            keys=("in",),
        )


@contextmanager
def opened(directory: Path) -> Iterator[tuple[Store, VectorMemory, Reflection]]:
    clock = VirtualClock(NOW)
    store = Store.open(directory / "company.db", now=clock.now, company_time=clock.now)
    memory = VectorMemory(directory=directory, clock=clock, embedder=None)
    books = MemoryBooks()
    outbox = PaperOutbox(seed=7, clock=clock, books=books)
    departments = {
        Desk: Sales(),
        Studio: Studio(outbox=outbox, clock=clock, books=books),
        Watch: Watch(traffic=None, clock=clock, books=books),  # type: ignore[arg-type]
    }
    yield (
        store,
        memory,
        Reflection(
            memory=memory,
            store=store,
            roles={"ceo": CHIEF, "trading": TRADER},
            chief=CHIEF,
            services=departments,
            said_before=lambda _run: [],
        ),
    )
    memory.close()
    store.close()


def reflect(directory: Path, request: str, person: str, number: int) -> None:
    with opened(directory) as (store, _, reflection):
        run: Run = store.runs.create(
            kind="chat" if person else "cycle",
            thread_id=person,
            request=request,
            person=person,
            number=number,
            as_of=NOW,
            seed=7,
            identity="",
        )
        asyncio.run(reflection.of_run(run, Cast(), [REPORT], "All is well."))


def facts(directory: Path) -> str:
    """Return every fact that holds, of everybody, with its value."""
    with opened(directory) as (_, memory, _reflection):
        found = [memory.browse(["ceo", "trading"], "", person=person, limit=10_000) for person in ("ann", "")]
        items = {one.item.id: one.item for each in found for one in each if one.item.predicate}
    return json.dumps(
        [[key, item.subject, item.predicate, item.value, item.text] for key, item in sorted(items.items())]
    )


def in_a_child(work: Callable[[], None], *, killed: bool) -> int:
    """Do something in a process of its own, which is killed when it has done it; returns how it ended."""
    pid = os.fork()
    if not pid:
        try:
            work()
            if killed:
                os.kill(os.getpid(), signal.SIGKILL)
            sys.stdout.flush()
            os._exit(0)
        finally:
            os._exit(70)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(directory: Path, cycles: int) -> None:
    for words in ("my boat is called Miranda", "my office is in Espoo", "my office is in Porvoo now"):
        in_a_child(lambda said=words: reflect(directory, said, "ann", 0), killed=True)  # type: ignore[misc]
    in_a_child(lambda: reflect(directory, "", "", 1), killed=True)
    in_a_child(lambda: print(facts(directory)), killed=False)
    for number in range(2, cycles + 2):
        print(in_a_child(lambda cycle=number: reflect(directory, "", "", cycle), killed=True), flush=True)  # type: ignore[misc]
    in_a_child(lambda: print(facts(directory)), killed=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
