"""The processes that drive runs when the company is stopped: they end by themselves, or they are ended.

A process is at work while it holds the lock of a run. It sees the flag and ends. One that does not is asked by SIGTERM
after `PATIENCE` seconds and killed half a second later, which loses nothing: every step is durable, and what was begun
is found out by the next start. What it started is ended too; a child that outlives it is asked at once. A process is
signalled only when the lock and the system say for certain which one it is (`processes.py`).
"""

import os
import signal
from collections.abc import Collection, Iterable

from company.engine.locks import RunLocks
from company.engine.processes import Process, descendants

PATIENCE, MERCY = 3.0, 3.5
"""Seconds after a stop from which processes that are still there are asked to end, and from which they are killed."""


class Workers:
    """The processes of this machine that work on a home, without the one that asks.

    Args:
        locks: Say which process drives which run.
        servers: Processes that stay to show the state, unless they drive a run when the time is over.

    Attributes:
        locks: The same.
        runs: The runs that were seen being driven.
        are_gone: At the last look nobody drove a run, and nobody was left of those who had.
    """

    def __init__(self, locks: RunLocks, *, servers: Collection[int] = ()) -> None:
        self.locks, self._servers = locks, servers
        self._driven: dict[str, Process | None] = {}
        self._workers: set[Process] = set()
        self._children: set[Process] = set()
        self._asked: set[Process] = set()
        self.runs: set[str] = set()
        self.are_gone = False

    def look(self, elapsed: float = 0.0) -> None:
        """Look who is at work, and end what had its time; the first look comes before the stop, to see everybody.

        Args:
            elapsed: Seconds since the stop.
        """
        self._driven = self.locks.held()
        self.runs |= set(self._driven)
        drivers = {driver for driver in self._driven.values() if driver and driver.pid != os.getpid()}
        self._workers |= {driver for driver in drivers if driver.pid not in self._servers or elapsed >= PATIENCE}
        below = descendants(self._workers)
        self._children |= below
        alive = self._alive()
        self.are_gone = not (self._driven or alive)
        if elapsed >= MERCY:
            for process in alive:
                process.signal(signal.SIGKILL)
        else:
            self._ask(alive if elapsed >= PATIENCE else alive - self._workers - below)

    @property
    def ended(self) -> list[int]:
        """Numbers of the processes that have ended: those that were at work, and children that had to be asked."""
        mine = self._workers | (self._children & self._asked)
        return sorted(process.pid for process in mine - self._alive())

    @property
    def failures(self) -> list[str]:
        """Who is still there, in words."""
        alive = self._alive()
        left = [f"process {process.pid} goes on: end it with kill {process.pid}" for process in alive]
        named = alive | {Process.own()}
        runs = [run for run, driver in self._driven.items() if driver not in named]
        own = [run for run, driver in self._driven.items() if driver == Process.own()]
        return [
            *left,
            *(f"run {run} is driven by a process that this system does not tell" for run in runs),
            *(f"run {run} does not end: end this process" for run in own),
        ]

    def _alive(self) -> set[Process]:
        return {process for process in self._workers | self._children if process.lives}

    def _ask(self, processes: Iterable[Process]) -> None:
        for process in set(processes) - self._asked:
            self._asked.add(process)
            process.signal(signal.SIGTERM)
