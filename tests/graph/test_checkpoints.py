"""Checkpoints: plain data only, pruned when a run parks or ends, and closed to who lost the run."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from company.engine import Engine
from company.errors import Stopped
from company.graph import FencedSaver

Crew = Callable[..., Path]
Opened = Callable[..., Any]


@pytest.fixture
def crew_at_work(crew: Crew) -> Path:
    return crew(anna=[("nap", {"seconds": 0.01}), ("note", {"text": "x"}), ("note", {"text": "y", "seconds": 0.4})])


def _saver(engine: Engine) -> FencedSaver:
    return FencedSaver(engine.company.state / "checkpoints.db", token=engine.company.store.runs.token)


def _odd(value: Any) -> Iterator[Any]:
    """Yield what is not JSON data, or a task that LangGraph itself keeps (`Send`), inside of which is looked."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _odd(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _odd(item)
    elif type(value).__name__ == "Send":
        yield from _odd(value.arg)
    elif not isinstance(value, str | int | float | bool | None):
        yield value


async def _until_working(engine: Engine, run_id: str) -> "asyncio.Task[Any]":
    """Drive a run until its last, slow call is on its way."""
    task = asyncio.create_task(engine.advance(run_id))
    while len([e for e in engine.company.store.journal.read() if e.type == "verdict"]) < 3:
        await asyncio.sleep(0.005)
    return task


async def test_checkpoints_of_a_run_in_its_middle_hold_plain_data_only(
    crew_at_work: Path, opened: Opened, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", crew_at_work) as engine:
        run = engine.start("cycle")
        task = await _until_working(engine, run.id)
        saver = _saver(engine)
        kept = list(saver.list({"configurable": {"thread_id": run.id}}))
        saver.close()
        await task
    assert len(kept) >= 4
    found = [(tuple_.checkpoint["channel_values"], tuple_.pending_writes) for tuple_ in kept]
    assert "ceo/anna" in str(found)
    assert list(_odd(found)) == []


@dataclass
class Foreign:
    """A type that has no place in a checkpoint."""

    secret: str = "x"


async def test_a_type_that_is_not_plain_is_not_restored_from_a_checkpoint(
    crew_at_work: Path, opened: Opened, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", crew_at_work) as engine:
        run = engine.start("cycle")
        saver = _saver(engine)
        lax = SqliteSaver(saver.conn, serde=JsonPlusSerializer(allowed_msgpack_modules=True))
        checkpoint = {**empty_checkpoint(), "channel_values": {"answer": Foreign()}, "channel_versions": {"answer": 1}}
        config = {"configurable": {"thread_id": run.id, "checkpoint_ns": ""}}
        lax.put(config, checkpoint, {}, {})
        assert isinstance(lax.get_tuple(config).checkpoint["channel_values"]["answer"], Foreign)
        restored = saver.get_tuple(config).checkpoint["channel_values"]["answer"]
        saver.close()
    assert not isinstance(restored, Foreign)


async def test_only_the_newest_checkpoint_is_kept_when_a_run_ends(
    crew_at_work: Path, opened: Opened, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", crew_at_work) as engine:
        run = await engine.advance(engine.start("cycle").id)
        saver = _saver(engine)
        kept = list(saver.list({"configurable": {"thread_id": run.id}}))
        [(writes,)] = saver.conn.execute(
            "SELECT count(*) FROM writes WHERE checkpoint_id <> ?", [kept[0].checkpoint["id"]]
        )
        saver.close()
    assert (run.status, len(kept), writes) == ("done", 1, 0)


async def test_a_process_that_lost_a_run_cannot_go_on_with_it_and_leaves_it_to_the_new_owner(
    crew_at_work: Path, opened: Opened, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with opened(home, crew_at_work) as zombie, opened(home, crew_at_work) as owner:
        run = zombie.start("cycle")
        driving = await _until_working(zombie, run.id)
        token = owner.company.store.runs.acquire(run.id)
        with pytest.raises(Stopped, match=f"taken over by another process .token {token}"):
            await driving
        assert owner.company.store.runs.get(run.id).status == "running"
        finished = await owner.advance(run.id)
        effects = owner.company.store.effects
        assert (finished.status, len(effects.in_state("done"))) == ("done", 2)


async def test_every_stage_of_a_run_can_be_the_last_one_before_a_crash(
    crew: Crew, opened: Opened, tmp_path: Path
) -> None:
    nap, home = ("nap", {"seconds": 0}), tmp_path / "home"
    directory = crew(anna=[nap, ("note", {"text": "x"})], bert=[nap])
    with opened(home, directory) as engine:
        run_id = engine.start("cycle").id
    for rows in range(3, 60, 4):
        with opened(home, directory) as engine:
            task = asyncio.create_task(engine.advance(run_id))
            while not task.done() and engine.company.store.journal.last_seq() < rows:
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    with opened(home, directory) as engine:
        run = await engine.advance(run_id)
        journal, effects = engine.company.store.journal, engine.company.store.effects
        assert (run.status, len(effects.in_state("done"))) == ("done", 1)
        assert len(journal.read(types={"RUN_FINISHED"})) == 1
        assert len(journal.read(types={"run.resumed"})) >= 5
        assert run.outcome["answer"] == "Anna ok: anna is ready. Bert ok: bert is ready."
