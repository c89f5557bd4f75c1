"""Runs that end at the same time: each is under a signed head when it is handed back, and they share signatures."""

import asyncio

from tests.bench import meeting


async def test_every_run_is_signed_when_it_is_handed_back_and_signatures_are_shared() -> None:
    with meeting.opened(meeting.fixed()) as engine:
        journal, runs = engine.company.store.journal, 12

        async def hold() -> bool:
            run_id = await meeting.meet(engine)
            [finished] = journal.read(run_id=run_id, types={"RUN_FINISHED"})
            return finished.seq <= journal.verify().head_seq

        assert all(await asyncio.gather(*(hold() for _ in range(runs))))
        assert len((engine.company.state / "journal.heads").read_text().splitlines()) < runs
