"""A call that waits for a person: through restarts, refusals, silence, and decisions made elsewhere."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from company.engine import Engine
from company.errors import UsageError

Opened = Callable[..., Any]
Marks = Callable[[Path], list[str]]


def _orders(engine: Engine) -> list[dict[str, Any]]:
    world = engine.company.store.books("world")
    return [order for venue in ("paper-a", "paper-b", "paper-c") for _, order in world.items(f"{venue}.order")]


async def test_an_order_that_waits_is_placed_once_after_a_restart_exactly_as_approved(
    opened: Opened, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with opened(home) as engine:
        asked = await engine.advance(engine.start("chat", request="buy 0.1 BTC", person="ann", thread_id="main").id)
        [approval] = engine.company.store.approvals.open()
        assert (asked.status, asked.outcome["waiting"]) == ("waiting", [approval.id])
        assert _orders(engine) == []
    with opened(home) as engine:
        settled, run = await engine.decide(approval.id, approved=True, by="ann", note="go")
        [order] = _orders(engine)
        [effect] = engine.company.store.effects.in_state("done")
        assert (settled.state, settled.decided_by, run.status) == ("done", "ann", "done")
        assert (order["symbol"], order["side"], Decimal(order["amount"])) == ("BTC/USDT", "buy", Decimal("0.1"))
        assert (effect.key, effect.arguments_hash) == (order["client_id"], approval.arguments_hash)
    with opened(home) as engine:
        assert await engine.sweep() == []
        assert (await engine.advance(asked.id)).status == "done"
        assert len(_orders(engine)) == 1
        with pytest.raises(UsageError, match="approved by ann"):
            await engine.decide(approval.id, approved=True, by="ann")


async def test_a_rejected_call_is_not_made_and_the_run_ends_well(
    opened: Opened, asking: Path, marks: Marks, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", asking) as engine:
        await engine.advance(engine.start("cycle").id)
        for approval in engine.company.store.approvals.open():
            decided, run = await engine.decide(approval.id, approved=False, by="ann", note="not now")
            assert decided.state == "rejected"
        words = [event.body["delta"] for event in engine.company.store.journal.read(types={"TEXT_MESSAGE_CONTENT"})]
    assert (run.status, marks(asking)) == ("done", [])
    assert words[-1] == "A1 sign: rejected by ann\nA2 sign: rejected by ann"


async def test_a_run_goes_on_waiting_until_its_last_question_is_answered(
    opened: Opened, asking: Path, marks: Marks, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", asking) as engine:
        await engine.advance(engine.start("cycle").id)
        _, run = await engine.decide("A2", approved=True, by="ann")
        assert (run.status, run.outcome["waiting"], marks(asking)) == ("waiting", ["A1"], ["signed two"])
    with opened(tmp_path / "home", asking) as engine:
        _, run = await engine.decide("A1", approved=True, by="ann")
        assert (run.status, marks(asking)) == ("done", ["signed two", "signed one"])


async def test_silence_counts_as_refusal_when_the_wall_clock_says_so(
    opened: Opened, asking: Path, marks: Marks, tmp_path: Path
) -> None:
    settings = asking / "company.toml"
    settings.write_text(settings.read_text() + '[approvals]\nexpires = "1s"\n')
    with opened(tmp_path / "home", asking) as engine:
        await engine.advance(engine.start("cycle").id)
        asked = engine.company.store.approvals.get("A2")
        assert asked.expires_at - asked.asked_at == timedelta(seconds=1)
    await asyncio.sleep(1.05)
    with opened(tmp_path / "home", asking) as engine:
        with pytest.raises(UsageError, match="expired"):
            await engine.decide("A1", approved=True, by="ann")
        [run] = await engine.sweep()
        states = {engine.company.store.approvals.get(number).state for number in ("A1", "A2")}
    assert (run.status, states, marks(asking)) == ("done", {"expired"}, [])


async def test_a_decision_made_while_another_process_drives_the_run_is_carried_out_by_that_process(
    opened: Opened,
    working: Path,
    held: Path,
    marks: Marks,
    start_company: Callable[..., Popen[str]],
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    driver = start_company("run", "--cycles", "1", "--dir", str(working), home=home)
    while "began" not in marks(working):
        assert driver.poll() is None, driver.communicate()
        await asyncio.sleep(0.01)
    with opened(home, working) as engine:
        while not engine.company.store.approvals.open():
            await asyncio.sleep(0.01)
        decided, run = await engine.decide("A1", approved=True, by="ann")
        assert (decided.state, run.status) == ("approved", "running")
        held.unlink()
        out, err = driver.communicate(timeout=30)
        assert driver.returncode == 0, out + err
        assert engine.company.store.runs.get("R1").status == "done"
    assert marks(working) == ["began", "worked", "began", "worked", "signed one"]
    assert "A1 sign: approved by ann, ok" in out


async def test_a_run_killed_while_it_parked_waits_again_after_the_next_start(
    opened: Opened, asking: Path, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", asking) as engine:
        run = await engine.advance(engine.start("cycle").id)
        engine.company.store.runs.set_status(run.id, "running", {})  # what a kill just before the last row leaves
    with opened(tmp_path / "home", asking) as engine:
        [swept] = await engine.sweep()
        assert (swept.status, swept.outcome["waiting"]) == ("waiting", ["A1", "A2"])
        assert await engine.sweep() == []


async def test_a_decision_recorded_by_a_process_that_died_is_carried_out_by_the_next_sweep(
    opened: Opened, asking: Path, marks: Marks, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", asking) as engine:
        await engine.advance(engine.start("cycle").id)
        for number in ("A1", "A2"):
            engine.company.store.approvals.decide(number, True, "ann", "")
    with opened(tmp_path / "home", asking) as engine:
        [run] = await engine.sweep()
    assert (run.status, marks(asking)) == ("done", ["signed one", "signed two"])
