"""When what is written, and how firmly: checkpoints before the next step, tasks' writes only while they are needed."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base import Checkpoint, empty_checkpoint
from langgraph.types import Send

from company.errors import Stopped
from company.graph import FencedSaver
from company.graph.saver import ACT, LINGER


class Fence:
    """The newest token of every run."""

    newest = 1

    def __call__(self, run_id: str) -> int:
        return self.newest


@pytest.fixture
def fence() -> Fence:
    return Fence()


@pytest.fixture
def saver(tmp_path: Path, fence: Fence) -> Iterator[FencedSaver]:
    made = FencedSaver(tmp_path / "checkpoints.db", token=fence)
    yield made
    made.close()


def step(begun: str = "0", run: str = "R1") -> Any:
    """The config of a step that began with a checkpoint."""
    return {"configurable": {"thread_id": run, "checkpoint_ns": "", "checkpoint_id": begun, "fence": 1}}


def checkpoint(number: str, **values: Any) -> Checkpoint:
    return {**empty_checkpoint(), "id": number, "channel_values": values}


def written(saver: FencedSaver, tmp_path: Path) -> list[str]:
    """Tasks whose writes another process would find."""
    with closing(sqlite3.connect(tmp_path / "checkpoints.db")) as other:
        return [task for (task,) in other.execute("SELECT task_id FROM writes ORDER BY task_id")]


async def test_what_a_task_wrote_is_spared_when_the_checkpoint_comes_first(saver: FencedSaver, tmp_path: Path) -> None:
    await saver.aput_writes(step(), [("reports", ["a"])], "anna")
    await saver.aput_writes(step(run="R2"), [("reports", ["b"])], "bert")
    await saver.aput(step(), checkpoint("1", reports=["a"]), {}, {})
    await asyncio.sleep(2 * LINGER)
    assert written(saver, tmp_path) == ["bert"], "the step of the other run is not over"


async def test_what_a_task_wrote_is_kept_while_others_are_at_work(saver: FencedSaver, tmp_path: Path) -> None:
    await saver.aput_writes(step(), [("reports", ["a"])], "anna")
    assert written(saver, tmp_path) == []
    await asyncio.sleep(2 * LINGER)
    assert written(saver, tmp_path) == ["anna"]
    await saver.aput_writes(step(), [("reports", ["b"])], "bert")
    await asyncio.sleep(2 * LINGER)
    assert written(saver, tmp_path) == ["anna", "bert"]


async def test_an_interrupt_is_written_at_once(saver: FencedSaver, tmp_path: Path) -> None:
    await saver.aput_writes(step(), [("__interrupt__", ["A1"])], "close")
    assert written(saver, tmp_path) == ["close"]


async def test_who_looks_finds_what_still_waits(saver: FencedSaver) -> None:
    await saver.aput(step(), checkpoint("1"), {}, {})
    await saver.aput_writes(step("1"), [("reports", ["a"])], "anna")
    found = await saver.aget_tuple({"configurable": {"thread_id": "R1"}})
    assert found is not None
    assert found.pending_writes == [("anna", "reports", ["a"])]


async def test_closing_writes_what_waits(tmp_path: Path, fence: Fence) -> None:
    saver = FencedSaver(tmp_path / "checkpoints.db", token=fence)
    await saver.aput_writes(step(), [("reports", ["a"])], "anna")
    saver.close()
    await asyncio.sleep(2 * LINGER)
    assert written(saver, tmp_path) == ["anna"]


async def test_nothing_is_written_for_a_run_that_was_lost_meanwhile(
    saver: FencedSaver, tmp_path: Path, fence: Fence
) -> None:
    await saver.aput_writes(step(), [("reports", ["a"])], "anna")
    fence.newest = 2
    with pytest.raises(Stopped, match="taken over"):
        await saver.aput(step(), checkpoint("1"), {}, {})
    with pytest.raises(Stopped, match="taken over"):
        await saver.aput_writes(step(), [("__interrupt__", ["A1"])], "close")
    await asyncio.sleep(2 * LINGER)
    assert written(saver, tmp_path) == []


async def test_the_checkpoint_that_calls_for_effects_is_forced_onto_the_disk(saver: FencedSaver) -> None:
    done: list[str] = []
    saver.conn.set_trace_callback(lambda sql: done.append(sql.split(" (")[0]))
    await saver.aput(step(), checkpoint("1", __pregel_tasks=[Send("think", {}), Send(ACT, {})]), {}, {})
    forced, done[:] = done[:], []
    await saver.aput(step("1"), checkpoint("2", __pregel_tasks=[Send("think", {})]), {}, {})

    write = ["BEGIN ", "INSERT OR REPLACE INTO checkpoints", "COMMIT"]
    assert forced == ["PRAGMA synchronous=FULL", *write, "PRAGMA synchronous=NORMAL"]
    assert done == write


async def test_only_the_runs_that_are_forgotten_lose_their_last_checkpoint(saver: FencedSaver) -> None:
    for run in ("R1", "R2", "R3"):
        for number in "12":
            await saver.aput(step(run=run), checkpoint(number), {}, {})
    saver.prune(["R1"])
    saver.prune(["R2"], strategy="delete")
    kept = [(found.config["configurable"]["thread_id"], found.checkpoint["id"]) for found in saver.list(None)]
    assert sorted(kept) == [("R1", "2"), ("R3", "1"), ("R3", "2")]
    assert sorted(saver.threads()) == ["R1", "R3"]
