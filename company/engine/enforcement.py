"""Sees to it that a stop is a stop: runs end, orders are taken off the venues, processes are gone; and proves it.

What it came to is an event of the journal, which is signed after it.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from company import events
from company.engine.ending import end_stopped
from company.engine.locks import Busy, RunLocks
from company.engine.stopping import said
from company.engine.withdrawal import Withdrawal
from company.engine.workers import Workers
from company.errors import IntegrityError
from company.events import Draft
from company.store import Store
from company.trading import Desk

LONGEST = 5.0
"""Seconds after which a stop tells what it could not do."""

LOOK = 0.1
"""Seconds between two looks at the runs, processes and orders that are left."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a stop came to.

    Attributes:
        at: When it had come to this, wall-clock time.
        by: Who stopped the company.
        reason: Why; empty when nothing was said.
        runs: Runs that were under way and are stopped.
        orders: Orders that were cancelled: venue and id.
        processes: Numbers of the processes that were at work, or were left behind by one that was, and have ended.
        failures: What could not be done, in words.
        seconds: How long it took.
    """

    at: datetime
    by: str
    reason: str
    runs: list[str]
    orders: list[str]
    processes: list[int]
    failures: list[str]
    seconds: float


async def enforce(
    store: Store, workers: Workers, open_desk: Callable[[], Desk | None], *, by: str, reason: str
) -> Report:
    """See to it that nothing of a company that was halted goes on, for at most `LONGEST` seconds, and report.

    It looks again until nobody drives a run and no order is open: a call that was inside a venue when the stop came may
    leave one behind.

    Args:
        store: The company's store, in which the stop flag is set.
        workers: Who was at work when the stop came.
        open_desk: Opens the trading desk, None when there is none yet; may fail.
        by: Who stopped the company.
        reason: Why.
    """
    began = time.monotonic()
    _sign(store)  # a loss of power does not take the flag back
    left = {run.id for run in store.runs.unfinished()}
    withdrawal = Withdrawal(open_desk, store.journal)
    while (elapsed := time.monotonic() - began) < LONGEST:
        workers.look(elapsed)
        await withdrawal.attempt(within=LONGEST - elapsed)
        if workers.are_gone and withdrawal.is_complete:
            break
        await asyncio.sleep(LOOK)
    _end_left(store, workers.locks, said(by, reason))
    return _reported(
        store,
        by=by,
        reason=reason,
        runs=_stopped(store, left | workers.runs),
        orders=withdrawal.cancelled,
        processes=workers.ended,
        failures=[*withdrawal.failures, *workers.failures],
        seconds=time.monotonic() - began,
    )


def _end_left(store: Store, locks: RunLocks, reason: str) -> None:
    """Stop the runs that nobody drives any more: whoever did was killed, or died before."""
    for left in store.runs.unfinished():
        try:
            with locks.hold(left.id):
                run = store.runs.get(left.id)
                if run.status in {"created", "running"}:
                    end_stopped(store, run, reason)
        except Busy:
            continue


def _stopped(store: Store, run_ids: Collection[str]) -> list[str]:
    """Return those of some runs that are stopped, oldest first."""
    runs = sorted((store.runs.get(run_id) for run_id in run_ids), key=lambda run: run.created_at)
    return [run.id for run in runs if run.status == "stopped"]


def _reported(
    store: Store,
    *,
    by: str,
    reason: str,
    runs: list[str],
    orders: list[str],
    processes: list[int],
    failures: list[str],
    seconds: float,
) -> Report:
    """Write down what a stop came to, and sign it."""
    value = {
        "by": by,
        "reason": reason,
        "runs": runs,
        "orders": orders,
        "processes": processes,
        "failures": failures,
        "elapsedMs": round(seconds * 1000),
    }
    [event] = store.journal.append([Draft.of_person(events.custom("company.stopped", value))])
    return Report(event.at, by, reason, runs, orders, processes, [*failures, *_sign(store)], seconds)


def _sign(store: Store) -> list[str]:
    """Sign the journal and force it onto the disk; returns what is wrong with that, in words."""
    try:
        store.journal.sign_head()
    except IntegrityError as error:
        return [f"the journal is not signed: {error}"]
    return []
