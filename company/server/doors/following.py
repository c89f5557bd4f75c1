"""Follows one run through the journal, as it is written, until it ends or parks.

A door that answers for one run needs no tail of everything: it reads the run's own rows from where it stands.
"""

import asyncio
from collections.abc import AsyncIterator

from company.events import Event
from company.server.driving import Driver
from company.store import FINISHED, Store

LOOK_EVERY = 0.03
"""Seconds between two looks at the journal."""

ASK_EVERY = 1.0
"""Seconds of silence after which the run itself is asked whether it goes on."""

BATCH = 500
"""Events read in one go."""

ENDINGS = frozenset({"RUN_FINISHED", "RUN_ERROR"})
"""With one of these a run has ended or parked."""


async def run_events(store: Store, driver: Driver, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
    """Give the events of a run in order; ends with the one of `ENDINGS`, or without one when the server ends.

    Args:
        store: Where the journal is.
        driver: Says when the server ends.
        run_id: The run.
        after: Number of the last event that is known already.
    """
    silent = 0.0
    seen = after
    while not driver.closing:
        end = store.journal.last_seq()
        events = store.journal.read(after=after, run_id=run_id, limit=BATCH) if end > seen else []
        for event in events:
            yield event
            if event.type in ENDINGS:
                return
            after = event.seq
        if len(events) == BATCH:
            continue
        seen, silent = end, 0.0 if events else silent + LOOK_EVERY
        if silent >= ASK_EVERY:
            if store.runs.get(run_id).status in {*FINISHED, "waiting"} and store.journal.last_seq() == seen:
                return
            silent = 0.0
        await asyncio.sleep(LOOK_EVERY)
