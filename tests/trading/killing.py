"""A desk in a process that is killed at a chosen step of placing an order; forked from one that has imported all.

Steps are counted, not timed: every change of the desk's books, every beginning and end of a transaction on them, and
the call to the venue before and after it is carried out. Commands come as lines of JSON on standard input:

    {"home": directory, "step": number, "forgets": bool}      step 0 lets it live

The answer is how the process ended, as a `Popen` says it, and nothing else survives of it but the home.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from company.store import Store
from company.trading import Desk, RiskLimits
from company.world import START, PaperWorld, VirtualClock
from tests.trading.faults import Around, Forgetful

KEY = "0123456789abcdef"


class Fate:
    """Counts steps, and kills the process at one of them."""

    def __init__(self, fatal: int) -> None:
        self._fatal, self._steps = fatal, 0

    def step(self) -> None:
        self._steps += 1
        if self._steps == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalBooks:
    """Books whose every change may be the last thing that is done."""

    def __init__(self, books: Any, fate: Fate) -> None:
        self._books, self._fate = books, fate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._fate.step()
        with self._books.transaction():
            yield
        self._fate.step()

    def put(self, *document: Any) -> None:
        self._books.put(*document)
        self._fate.step()

    def delete(self, *where: Any) -> bool:
        gone: bool = self._books.delete(*where)
        self._fate.step()
        return gone


def mortal(kind: type[Around], fate: Fate) -> type[Around]:
    class Mortal(kind):  # type: ignore[misc, valid-type]  # a venue of either kind
        async def create_order(self, *order: Any) -> Any:
            fate.step()
            report = await super().create_order(*order)
            fate.step()
            return report

    return Mortal


def open_desk(home: Path, *, step: int = 0, forgets: bool = False) -> tuple[Store, Desk, PaperWorld]:
    """Open a home and the desk in it, as a fresh process would."""
    fate, clock = Fate(step), VirtualClock(START)
    store = Store.open(home / "company.db", now=clock.now)
    world = PaperWorld(seed=7, books=store.books("world"), clock=clock)
    kind = mortal(Forgetful if forgets else Around, fate)
    venues = {name: kind(venue) for name, venue in world.venues.items()}
    books = MortalBooks(store.books("trading"), fate)
    return store, Desk(venues=venues, clock=clock, books=books, limits=RiskLimits()), world


async def buy(desk: Desk) -> Any:
    """Place the order that everything here is about."""
    return await desk.place("SOL", "buy", 5, key=KEY, reason="test", strategy="dca", role="trading", venue="paper-c")


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        if (pid := os.fork()) == 0:
            _live(asked)
        print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])), flush=True)


def _live(asked: Any) -> None:
    try:
        _, desk, _ = open_desk(Path(asked["home"]), step=asked["step"], forgets=asked["forgets"])
        asyncio.run(buy(desk))
        os._exit(0)
    finally:
        os._exit(70)


if __name__ == "__main__":
    main()
