"""Runs: started, swept, stopped, paused, refused, and one after the other."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess, Popen
from typing import Any

import pytest

from company.engine import Busy, Engine, halt, pause, release
from company.errors import UsageError
from company.home import open_store
from company.trading import Desk

Command = Callable[..., CompletedProcess[str]]
Opened = Callable[..., Any]
Marks = Callable[[Path], list[str]]
Start = Callable[..., Popen[str]]


async def _cancelled(engine: Engine, marks: Callable[[], list[str]]) -> str:
    """Start a cycle and abandon it in the middle of a role's work; returns the run's id."""
    run = engine.start("cycle")
    task = asyncio.create_task(engine.advance(run.id))
    while "began" not in marks():
        await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return run.id


async def test_a_run_that_was_abandoned_in_its_middle_is_finished_by_the_next_sweep(
    opened: Opened, working: Path, held: Path, marks: Marks, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", working) as engine:
        left = await _cancelled(engine, lambda: marks(working))
        assert engine.company.store.runs.get(left).status == "running"
    held.unlink()
    with opened(tmp_path / "home", working) as engine:
        [run] = await engine.sweep()
        resumed = engine.company.store.journal.read(types={"run.resumed"})
        asks = [one for one in engine.company.store.approvals.open() if one.rule == "effect.unknown"]
    assert (run.id, run.status) == (left, "waiting")
    assert [event.body["value"] for event in resumed] == [{"attempt": 2}]
    assert [one.call_id for one in asks] == ["smith.playbook[0].again", "smith.playbook[1]"]
    assert {one.id for one in asks} <= set(run.outcome["waiting"])


async def test_a_run_that_another_process_drives_is_left_to_it(
    opened: Opened, working: Path, held: Path, marks: Marks, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", working) as driver, opened(tmp_path / "home", working) as other:
        run = driver.start("cycle")
        driving = asyncio.create_task(driver.advance(run.id))
        while "began" not in marks(working):
            await asyncio.sleep(0.01)
        assert await other.sweep() == []
        assert other.is_driven(run.id)
        with pytest.raises(Busy, match="R1 is driven by another process"):
            await other.advance(run.id)
        held.unlink()
        assert (await driving).status == "waiting"
        assert not other.is_driven(run.id)


async def test_a_run_begun_with_other_roles_is_refused_not_continued(
    opened: Opened, working: Path, held: Path, marks: Marks, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", working) as engine:
        await _cancelled(engine, lambda: marks(working))
    held.unlink()
    role = working / "roles" / "smith.md"
    role.write_text(role.read_text().replace("title: ", "title: Old ", 1))
    with opened(tmp_path / "home", working) as engine:
        [run] = await engine.sweep()
    assert run.status == "failed"
    assert "other roles" in run.outcome["error"]


async def test_stop_now_in_another_process_stops_a_run_at_its_next_call_and_start_lets_it_go_on(
    opened: Opened, start_company: Start, run_company: Command, working: Path, held: Path, marks: Marks, tmp_path: Path
) -> None:
    home, at = tmp_path / "home", ("--dir", str(working))
    running = start_company("run", "--cycles", "50", *at, home=home)
    while "began" not in marks(working):
        assert running.poll() is None, running.communicate()
    stopped = run_company("stop", "--now", "--reason", "fire drill", *at, home=home)
    assert (stopped.returncode, "orders cancelled  0" in stopped.stdout) == (0, True), stopped.stderr
    held.unlink()
    out, err = running.communicate(timeout=30)
    assert running.returncode == 1, out + err
    with opened(home, working) as engine:
        left = engine.company.store.runs.recent(1)[0]
        assert f"cycle {left.number} stopped" in out
        assert (left.status, "fire drill" in left.outcome["error"]) == ("stopped", True)
        with pytest.raises(UsageError, match="company start"):
            engine.reopen(left.id)
        release(engine.company.store, "ann: drill is over")
        assert await engine.sweep() == []  # a stopped run goes on only when a person says so
        engine.reopen(left.id)
        resumed = await engine.advance(left.id)
    assert resumed.status == "waiting"


def test_a_company_whose_files_are_broken_can_be_stopped(
    opened: Opened, run_company: Command, asking: Path, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", asking):
        pass
    (asking / "roles" / "clerk.md").write_text("broken")
    stopped = run_company("stop", "--now", "--dir", str(asking), home=tmp_path / "home")
    assert (stopped.returncode, stopped.stdout.startswith("stopped; ")) == (0, True)
    store = open_store(tmp_path / "home")
    try:
        assert store.flags.get("stop")
    finally:
        store.close()


def test_stop_without_now_lets_the_present_cycle_end_well(
    opened: Opened, start_company: Start, run_company: Command, working: Path, held: Path, marks: Marks, tmp_path: Path
) -> None:
    home, at = tmp_path / "home", ("--dir", str(working))
    running = start_company("run", "--cycles", "50", *at, home=home)
    while "began" not in marks(working):
        assert running.poll() is None, running.communicate()
    assert run_company("stop", *at, home=home).returncode == 0
    held.unlink()
    out, err = running.communicate(timeout=30)
    assert running.returncode == 0, out + err
    with opened(home, working) as engine:
        runs = engine.company.store.runs.recent(50)
        assert ({run.status for run in runs}, len(runs) < 50) == ({"waiting"}, True)


async def test_a_stopped_company_cancels_its_open_orders_and_starts_nothing(opened: Opened, tmp_path: Path) -> None:
    with opened(tmp_path / "home") as engine:
        desk: Desk = engine.company.services[Desk]
        price = (await desk.ticker("BTC")).price * Decimal("0.9")
        await desk.place("BTC", "buy", "0.01", key="k1", reason="test", type="limit", price=price)
        halt(engine.company.store, "ann: fire")
        report = await engine.enforce_stop(engine.workers(), by="ann", reason="fire")
        assert (len(report.orders), report.failures) == (1, [])
        assert await desk.open_orders() == []
        with pytest.raises(UsageError, match="stopped by ann: fire"):
            engine.start("cycle")
        with pytest.raises(UsageError, match="stopped by ann: fire"):
            await anext(engine.cycles(3))
        release(engine.company.store, "ann: it is out")
        assert engine.start("cycle").number == 1


async def test_a_pause_ends_the_wait_between_two_cycles(opened: Opened, asking: Path, tmp_path: Path) -> None:
    async with asyncio.timeout(5):
        with opened(tmp_path / "home", asking) as engine:
            seen = []
            async for run in engine.cycles(None, every=3600):
                seen.append(run.number)
                asyncio.get_running_loop().call_later(0.1, pause, engine.company.store, "ann: enough")
    assert seen == [1]


def test_a_home_belongs_to_the_seed_it_was_made_with(opened: Opened, asking: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "home", asking, seed=3) as engine:
        assert engine.company.seed == 3
    with opened(tmp_path / "home", asking) as engine:
        assert engine.company.seed == 3
    with pytest.raises(UsageError, match="has seed 3, not 4"), opened(tmp_path / "home", asking, seed=4):
        pass


async def test_the_next_cycle_goes_on_from_portfolio_memory_and_journal_of_the_one_before(
    opened: Opened, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with opened(home) as engine:
        first = await engine.advance(engine.start("cycle").id)
        held = await engine.company.services[Desk].positions()
        rows = engine.company.store.journal.last_seq()
        assert held
    with opened(home) as engine:
        assert [(p.symbol, p.quantity) for p in await engine.company.services[Desk].positions()] == [
            (p.symbol, p.quantity) for p in held
        ]
        recalled = await engine.company.recall(engine.company.chief, "cycle 1", first)
        assert any("cycle 1" in item.text for item in recalled)
        second = await engine.advance(engine.start("cycle").id)
        assert (second.number, second.as_of - first.as_of) == (2, timedelta(hours=1))
        assert engine.company.store.journal.read(after=rows, limit=1)[0].run_id == second.id
        assert engine.company.store.journal.verify().problems == []


async def test_checkpoints_of_runs_that_ended_long_ago_are_dropped(
    opened: Opened, working: Path, tmp_path: Path
) -> None:
    settings = working / "company.toml"
    settings.write_text(settings.read_text() + "[retention]\ncheckpoints_runs = 2\n")
    for name in ("clerk", "smith"):
        (working / "roles" / f"{name}.md").unlink()
    (working / "roles" / "idle.md").write_text(
        "---\nid: idle\ntitle: Idle\nreports_to: ceo\nsummary: Rests.\nplaybook:\n  - report: rested\n---\nRest.\n"
    )
    with opened(tmp_path / "home", working) as engine:
        for _ in range(4):
            await engine.advance(engine.start("cycle").id)
    with closing(sqlite3.connect(tmp_path / "home" / "checkpoints.db")) as checkpoints:
        kept = checkpoints.execute("SELECT DISTINCT thread_id FROM checkpoints ORDER BY 1").fetchall()
    assert kept == [("R3",), ("R4",)]


def test_a_run_that_ended_cannot_be_reopened(opened: Opened, asking: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "home", asking) as engine:
        run = engine.start("cycle")
        engine.company.store.runs.set_status(run.id, "done", {})
        with pytest.raises(UsageError, match="R1 is done"):
            engine.reopen(run.id)
