"""Which persona a run has: that of its beginning, to its end, whoever changes what in the meantime."""

import signal
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from company.engine.replay import replay
from company.memory import Note
from company.memory.persona import arm_of
from tests.graph.hostile import REQUESTS

Crew = Callable[..., Path]
Opened = Callable[..., Any]
Scripted = Callable[..., Any]


def ask(engine: Any, thread: str = "t1") -> Any:
    return engine.start("chat", request="Who are you, and why?", person="ann", thread_id=thread)


def read(script: Any) -> str:
    """What the model read first when it was asked last."""
    return str(script.asked[-1][0].content)


async def test_a_persona_is_read_from_the_next_turn_on_and_not_by_a_run_that_has_begun(
    crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    scripts, models = scripted(ceo=["I lead.", "I sail."])
    with opened(tmp_path / "home", crew(clerk=[]), models=models) as engine:
        begun = ask(engine)
        engine.company.store.personas.set("ceo", "You sail.", "ann", "a new chief")
        await engine.advance(begun.id)
        assert "You lead." in read(scripts["ceo"])
        assert "You sail." not in read(scripts["ceo"])
        await engine.advance(ask(engine).id)
        assert "You sail." in read(scripts["ceo"])


async def test_a_role_below_reads_its_own_version_too(
    crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    plan = [("delegate", {"assignments": [{"role": "clerk", "task": "Look."}]})]
    scripts, models = scripted(ceo=[plan, "Good."], clerk=["Looked."])
    with opened(tmp_path / "home", crew(clerk=[]), models=models) as engine:
        engine.company.store.personas.set("clerk", "You count.", "ann", "a new clerk")
        await engine.advance(engine.start("cycle").id)
    assert "You count." in read(scripts["clerk"])


async def test_a_run_that_was_left_goes_on_as_who_it_was_after_the_file_was_edited(
    crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    scripts, models = scripted(ceo=["I lead."])
    directory = crew(clerk=[])
    with opened(tmp_path / "home", directory) as engine:
        left = ask(engine)
    role = directory / "roles" / "ceo.md"
    role.write_text(role.read_text().replace("You lead.", "You obey."))
    with opened(tmp_path / "home", directory, models=models) as engine:
        [run] = await engine.sweep()
        assert (run.id, run.status) == (left.id, "done")
        assert engine.company.store.personas.stable("ceo").text == "You obey."
    assert "You lead." in read(scripts["ceo"])


async def test_a_run_says_which_versions_it_has_and_its_identity_is_of_them(
    crew: Crew, opened: Opened, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", crew(clerk=[])) as engine:
        store = engine.company.store
        first = await engine.advance(ask(engine).id)
        version = store.personas.set("ceo", "You sail.", "ann", "a new chief")
        second = await engine.advance(ask(engine).id)
        store.personas.rollback("ceo", "ann", "back")
        third = await engine.advance(ask(engine).id)
        used = [event.body["value"] for event in store.journal.read(types={"persona.used"})]
        assert used[1] == {"roles": {**used[0]["roles"], "ceo": version.hash}, "experiment": "", "arm": ""}
        assert store.casts.of(second.id).versions == used[1]["roles"]
        assert first.identity == third.identity == engine.company.identity != second.identity


async def test_a_run_is_played_again_event_for_event_after_its_persona_was_changed(
    crew: Crew, opened: Opened, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", crew(clerk=[("note", {"text": "x"})])) as engine:
        store = engine.company.store
        store.personas.set("clerk", "You count.", "ann", "a new clerk")
        run = await engine.advance(engine.start("cycle").id)
        store.personas.rollback("clerk", "ann", "back")
        store.feedback.give(run.id, "ann", "up")
        [played] = [played async for played in replay(engine.company, [run.id])]
        assert (played.same, list(played.differences), played.changed) == (played.events, [], False)


async def test_every_turn_of_a_conversation_meets_the_same_arm_also_after_a_restart(
    crew: Crew, opened: Opened, tmp_path: Path
) -> None:
    directory = crew(clerk=[])
    threads = [f"t{number}" for number in range(8)]

    def arms(engine: Any) -> list[tuple[str, str]]:
        casts = [engine.company.casting.of(ask(engine, thread)) for thread in threads]
        return [(cast.arm, cast.branch) for cast in casts]

    with opened(tmp_path / "home", directory) as engine:
        store = engine.company.store
        candidate = store.personas.add("ceo", "You sail.", "ann", "sails")
        rates = {"from_rate": Decimal("0.6"), "to_rate": Decimal("0.7"), "needed": 356}
        trial = store.experiments.start(candidate, weight=5000, by="ann", reason="does it help?", **rates)
        first = arms(engine)
        run = ask(engine, next(thread for thread in threads if arm_of(trial.id, thread, 5000) == "b"))
        assert engine.company.casting.play(engine.company.chief, run).persona == "You sail."
    with opened(tmp_path / "home", directory) as engine:
        assert arms(engine) == first == [("b", "e1") if arm_of("E1", t, 5000) == "b" else ("a", "") for t in threads]
        engine.company.store.experiments.roll_back("E1", "ann", "no")
        assert {arm for arm, _ in arms(engine)} == {""}
        assert engine.company.casting.of(run).arm == "b"  # what began in an arm ends in it


async def test_an_experiment_about_a_role_that_was_changed_assigns_nobody(
    crew: Crew, opened: Opened, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", crew(clerk=[])) as engine:
        store = engine.company.store
        candidate = store.personas.add("ceo", "You sail.", "ann", "sails")
        rates = {"from_rate": Decimal("0.6"), "to_rate": Decimal("0.7"), "needed": 356}
        store.experiments.start(candidate, weight=9999, by="ann", reason="does it help?", **rates)
        store.personas.set("ceo", "You row.", "ann", "rows")
        assert engine.company.casting.of(ask(engine)).arm == ""


async def test_no_words_of_anybody_change_a_persona(opened: Opened, tmp_path: Path) -> None:
    with opened(tmp_path / "home") as engine:
        store, memory = engine.company.store, engine.company.memory
        before = store.personas.stables()
        notes = [
            Note(role=role, text=text, source="web", trust=0, kind=kind)
            for role, text in zip(engine.company.roles, REQUESTS, strict=False)
            for kind in ("semantic", "persona", "procedural")
        ]
        kept = await memory.remember_many(notes)
        assert {item.status for item in kept if item.kind in {"persona", "procedural"}} == {"proposed"}
        for number, text in enumerate(REQUESTS[:12]):
            run = engine.start("chat", request=text, person="mallory", thread_id=f"t{number}")
            await engine.advance(run.id)
            assert store.casts.of(run.id).versions == before
            assert engine.company.casting.play(engine.company.chief, run) is engine.company.chief
        assert store.personas.stables() == before
        assert store.journal.read(types={"persona.changed"}) == []
        assert [tool for tool in engine.company.registry if "persona" in tool] == []


def test_kill_9_after_a_cycle_leaves_every_persona_as_it_was(
    crew: Crew, start_company: Callable[..., subprocess.Popen[str]], opened: Opened, tmp_path: Path
) -> None:
    directory, home = crew(clerk=[]), tmp_path / "home"
    with opened(home, directory) as engine:
        before = engine.company.store.personas.stables()
    process = start_company("run", "--cycles", "1000", "--dir", str(directory), home=home)
    assert process.stdout is not None
    while "cycle" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    with opened(home, directory) as engine:
        personas = engine.company.store.personas
        assert personas.stables() == before
        assert [len(personas.versions(role)) for role in before] == [1, 1]


def test_the_hostile_requests_are_five_hundred_and_all_different() -> None:
    assert len(set(REQUESTS)) == len(REQUESTS) == 500
