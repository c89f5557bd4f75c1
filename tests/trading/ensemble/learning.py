"""A desk that learns from a closed trade in a process of its own, which is killed at a chosen step or races another.

Steps are counted as in `tests.trading.killing`. Commands come as lines of JSON on standard input:

    {"homes": [directory, ...], "step": number}      one process for each, all begin to learn at the same moment

The answer is how each process ended, as a `Popen` says it.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from company import events
from company.events import Draft
from company.store import Store
from company.trading import Desk, RiskLimits
from company.world import PaperWorld, VirtualClock
from company.world.market import START
from tests.trading.killing import Fate, MortalBooks

VOTES = {"vote_conservative": "0", "vote_aggressive": "0.9", "vote_balanced": "0.6", "vote_contrarian": "-0.8"}


@contextmanager
def opened(home: Path, *, step: int = 0) -> Iterator[tuple[Store, Desk, PaperWorld]]:
    """Open a home as a fresh process would; no lock keeps its processes apart but the database's own."""
    clock = VirtualClock(START)
    store = Store.open(home / "company.db", now=clock.now)
    world = PaperWorld(seed=7, books=store.books("world"), clock=clock)
    books: Any = MortalBooks(store.books("trading"), Fate(step))
    try:
        yield store, Desk(venues=world.venues, clock=clock, books=books, limits=RiskLimits()), world
    finally:
        store.close()


async def learn(store: Store, desk: Desk) -> None:
    """Learn as the engine lets the desk: what changes is told in the journal."""

    def tell(name: str, value: Any) -> None:
        store.journal.append([Draft("", "", "trading", "desk", events.custom(name, value))])

    await desk.reconcile(tell)


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        (held, go), (ready, open_) = os.pipe(), os.pipe()
        pids = [_forked(Path(home), asked["step"], held, go, open_) for home in asked["homes"]]
        for _ in pids:
            os.read(ready, 1)
        os.close(go)  # now all see the end of the pipe, and begin
        for end in (held, ready, open_):
            os.close(end)
        print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]), flush=True)


def _forked(home: Path, step: int, held: int, go: int, ready: int) -> int:
    if (pid := os.fork()) != 0:
        return pid
    try:
        os.close(go)
        with opened(home, step=step) as (store, desk, _):
            os.write(ready, b".")
            os.read(held, 1)
            asyncio.run(learn(store, desk))
        os._exit(0)
    finally:
        os._exit(70)


if __name__ == "__main__":
    main()
