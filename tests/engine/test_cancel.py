"""One run is stopped, and only that one."""

import asyncio
from pathlib import Path

import pytest

from company.errors import UsageError
from tests.conftest import Opened


async def test_a_parked_run_that_is_stopped_rejects_what_it_asked_and_can_go_on(opened: Opened, tmp_path: Path) -> None:
    with opened(tmp_path / "home") as engine:
        run = await engine.advance(engine.start("cycle").id)
        assert run.status == "waiting"
        stopped = await engine.cancel(run.id, by="Ada")
        asked = engine.company.store.approvals.for_run(run.id)
        assert (stopped.status, stopped.outcome["error"]) == ("stopped", "Ada stopped the run")
        assert {(approval.state, approval.decided_by) for approval in asked} == {("rejected", "Ada")}
        with pytest.raises(UsageError, match="nothing to stop"):
            await engine.cancel(run.id, by="Ada")
        engine.reopen(run.id)
        assert (await engine.advance(run.id)).status in {"done", "degraded"}
        assert engine.company.store.effects.counts().get("publish_post", 0) == 0


async def test_a_run_under_way_ends_at_its_next_call_and_the_next_run_is_not_touched(
    opened: Opened, tmp_path: Path
) -> None:
    with opened(tmp_path / "home") as engine:
        run = engine.start("cycle")
        driving = asyncio.create_task(engine.advance(run.id))
        while engine.company.store.runs.get(run.id).status != "running":
            await asyncio.sleep(0)
        await engine.cancel(run.id, by="Ada")
        assert (await driving).status == "stopped"
        last = engine.company.store.journal.read(run_id=run.id)[-1]
        assert (last.type, last.body["outcome"]) == ("RUN_FINISHED", {"type": "cancelled"})
        assert (await engine.advance(engine.start("cycle").id)).status == "waiting"
