"""One run is stopped, and only that one."""

import asyncio
from pathlib import Path

import pytest

from company.errors import UsageError
from company.governor import run_flag
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


async def test_a_parked_run_is_stopped_when_the_time_to_answer_is_over_too(
    opened: Opened, asking: Path, tmp_path: Path
) -> None:
    settings = asking / "company.toml"
    settings.write_text(settings.read_text() + '[approvals]\nexpires = "1s"\n')
    with opened(tmp_path / "home", asking) as engine:
        run = await engine.advance(engine.start("cycle").id)
        await asyncio.sleep(1.05)

        stopped = await engine.cancel(run.id, by="Ada")

        asked = engine.company.store.approvals.for_run(run.id)
        assert (stopped.status, {approval.state for approval in asked}) == ("stopped", {"expired"})
        told = engine.company.store.journal.read(run_id=run.id, types={"approval.decided"})
        assert {event.body["value"]["state"] for event in told} == {"expired"}


async def test_a_run_that_makes_no_call_any_more_ends_as_it_would_and_leaves_no_flag(
    opened: Opened, asking: Path, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", asking) as engine:
        store = engine.company.store
        driving = asyncio.create_task(engine.advance(engine.start("chat", request="hello", thread_id="main").id))
        while not store.journal.read(types={"cost"}):
            await asyncio.sleep(0)
        assert (await engine.cancel("R1", by="Ada")).status == "running"

        assert (await driving).status == "done"
        assert store.flags.get(run_flag("R1")) is None


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
