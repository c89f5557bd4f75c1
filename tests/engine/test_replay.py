"""A recorded run is played again: event for event the same, with nothing outside asked; what was changed shows."""

import asyncio
import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from company.engine import Engine
from company.engine.replay import Replayed, replay, steps
from company.engine.replay.reel import Reel
from company.errors import UsageError
from company.governor import execution, rules
from company.governor.asking import Asking
from company.home import CompanyDirectory, bundled_directory, find_directory, open_company
from company.store import Run
from tests.providers.companies import PROVIDERS, engine_of, settings, write_default
from tests.wire import Asked, Reply, WireServer
from tests.wire.scripts import default_company

Opened = Callable[..., Any]
CYCLES = 20


@contextmanager
def worked(state: Path) -> Iterator[Engine]:
    """The default company in a home of its own."""
    state.mkdir(exist_ok=True)
    bundled = bundled_directory()
    company = open_company(CompanyDirectory(bundled, bundled), state, environment=os.environ)
    engine = Engine(company)
    try:
        yield engine
    finally:
        engine.close()
        company.close()


async def chat(engine: Engine, request: str) -> Run:
    return await engine.advance(engine.start("chat", request=request, person="ann", thread_id="main").id)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty cycles, of which one asked a person; a chat turn in between, and one that waits; tests only read it."""
    state = tmp_path_factory.mktemp("worked") / "home"
    asyncio.run(_work(state))
    return state


async def _work(state: Path) -> None:
    with worked(state) as engine:
        for cycle in range(1, CYCLES + 1):
            await engine.advance(engine.start("cycle").id)
            if cycle == 2:
                await chat(engine, "how much money do we have?")
                [asked] = engine.company.store.approvals.open()
                await engine.decide(asked.id, approved=True, by="ann", note="go")
        await chat(engine, "buy 0.1 BTC")


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Path:
    """A copy of the home that a test may change."""
    return Path(shutil.copytree(home, tmp_path / "copy"))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a connection, asks a model or runs code of a tool, fails the test."""

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing outside may be asked while a run is played")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(socket.socket, "connect_ex", forbidden)
    monkeypatch.setattr(Asking, "ask", forbidden)
    for name in ("run", "find", "assess"):
        monkeypatch.setattr(execution, name, forbidden)


async def played(state: Path, *run_ids: str, directory: Path | None = None) -> list[Replayed]:
    """Play runs, all of the home when none is named."""
    found = find_directory(directory or bundled_directory(), Path.cwd())
    company = open_company(found, state, environment=os.environ)
    try:
        chosen = run_ids or company.store.recordings.runs()
        return [each async for each in replay(company, chosen)]
    finally:
        company.close()


def tamper(state: Path, kind: str, change: Callable[[Any], bool]) -> None:
    """Change the first recorded thing of a kind that `change` returns True for."""
    with sqlite3.connect(state / "company.db") as database:
        rows = database.execute("SELECT position, data FROM recordings WHERE kind = ? ORDER BY position", (kind,))
        for position, text in rows.fetchall():
            data = json.loads(text)
            if change(data["data"]):
                row = (json.dumps(data), position)
                database.execute("UPDATE recordings SET data = ? WHERE position = ?", row)
                return
    raise AssertionError(f"nothing to change among {kind}")


def content(state: Path) -> list[Any]:
    """Everything in the home's database, row for row."""
    with sqlite3.connect(state / "company.db") as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [(name, database.execute(f"SELECT * FROM {name}").fetchall()) for name in sorted(names)]


@pytest.mark.usefixtures("alone")
async def test_twenty_cycles_a_chat_and_a_decision_are_played_event_for_event_and_change_nothing(home: Path) -> None:
    before = content(home)
    found = await played(home)
    assert [(each.run_id, each.same, each.differences) for each in found] == [
        (f"R{number}", each.events, []) for number, each in enumerate(found, start=1)
    ]
    assert len(found) == CYCLES + 2
    assert sum(each.events for each in found) > 100 * CYCLES
    assert all(each.decisions > 0 and not each.changed for each in found)
    assert content(home) == before


@pytest.mark.usefixtures("alone")
async def test_a_tampered_result_of_a_tool_is_named_by_the_events_that_show_it(copy: Path) -> None:
    def richer(said: Any) -> bool:
        value = said["ran"]["value"]
        if not isinstance(value, dict) or "equity" not in value:
            return False
        value["equity"] = "1"
        return True

    tamper(copy, "result", richer)
    [found] = await played(copy, "R1")
    assert found.differences
    first = found.differences[0]
    assert (first.expected or {})["event"]["type"] == "TOOL_CALL_RESULT"
    assert '"equity":"1"' in (first.got or {})["event"]["content"]
    assert [path for path, *_ in first.fields] == ["event.content"]
    assert found.same == found.events - len(found.differences)


@pytest.mark.usefixtures("alone")
async def test_tampered_stakes_change_the_verdict_that_is_decided_anew(copy: Path) -> None:
    def dearer(said: Any) -> bool:
        if not said["stakes"] or not said["stakes"]["notional"]:
            return False
        said["stakes"]["notional"] = "99999999"
        return True

    tamper(copy, "stakes", dearer)
    found = [each for each in await played(copy, "R1", "R2", "R4") if each.differences]
    assert len(found) == 1
    verdicts = [
        each for each in found[0].differences if each.expected and each.expected["event"].get("name") == "verdict"
    ]
    assert ("event.value.decision", "allow", "ask") in verdicts[0].fields


@pytest.mark.usefixtures("alone")
async def test_a_changed_rule_shows_at_the_verdicts_it_decides(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(case: rules.Case) -> rules.Verdict | None:
        return rules.Verdict("deny", "effect.strict", "no reads today") if case.tool.name == "headlines" else None

    monkeypatch.setattr(rules, "RULES", (strict, *rules.RULES))
    [found] = await played(home, "R1")
    verdict = next(each for each in found.differences if (each.expected or {})["event"].get("name") == "verdict")
    assert ("event.value.rule", "effect.read", "effect.strict") in verdict.fields
    assert (verdict.expected or {})["agent"] == "ceo/research"


@pytest.mark.usefixtures("alone")
async def test_an_answer_that_is_missing_from_the_recording_is_named(copy: Path) -> None:
    with sqlite3.connect(copy / "company.db") as database:
        database.execute("DELETE FROM recordings WHERE run_id = 'R1' AND kind = 'thought' AND key LIKE '%ceo/answer%'")
    [found] = await played(copy, "R1")
    assert "the run asks for thought 'R1/ceo/answer1/1.1', which it was not given then" in [
        each.note for each in found.differences
    ]


@pytest.mark.usefixtures("alone")
async def test_what_a_run_does_not_ask_for_any_more_is_named(copy: Path) -> None:
    with sqlite3.connect(copy / "company.db") as database:
        database.execute(
            "INSERT INTO recordings (run_id, kind, key, data) "
            "VALUES ('R1', 'thought', 'R1/ceo/dream/1', '{\"seq\": 1, \"data\": {}}')"
        )
    [found] = await played(copy, "R1")
    assert [each.note for each in found.differences] == [
        "the run was given thought 'R1/ceo/dream/1' then and did not ask for it"
    ]


async def test_the_decisions_of_a_run_are_numbered_in_the_order_they_came(home: Path) -> None:
    with worked(home) as engine:
        reel = Reel.load(engine.company.store, "R1")
    found = steps(reel)
    assert [step.number for step in found] == list(range(1, len(found) + 1))
    assert (found[0].agent, found[0].kind, found[0].what) == ("ceo", "thought", "proposes delegate")
    assert "publish_post: allow by approval.given" in found[-1].what


async def test_a_run_of_a_real_provider_is_played_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-nothing-secret-about-it")

    def slowly(asked: Asked) -> Reply:
        return replace(default_company(asked), pace=0.002)

    with WireServer(slowly) as server:
        directory = write_default(tmp_path / "acme", settings(PROVIDERS["chat"], server.url), os.environ)
        with engine_of(directory, tmp_path / "home", os.environ) as engine:
            done = await engine.advance(engine.start("cycle").id)
    assert float(done.outcome["usd"]) > 0
    [found] = await played(tmp_path / "home", directory=directory)
    assert (found.same, found.differences) == (found.events, [])


async def test_a_run_that_a_person_stopped_is_played_to_its_stop(opened: Opened, working: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "home", working) as engine:
        run = engine.start("cycle")
        await engine.advance(run.id)
        stopped = await engine.cancel(run.id, by="ann")
    assert stopped.status == "stopped"
    [found] = await played(tmp_path / "home", directory=working)
    assert (found.same, found.differences) == (found.events, [])


async def test_a_run_of_before_the_recordings_is_refused_with_the_reason(copy: Path) -> None:
    with sqlite3.connect(copy / "company.db") as database:
        database.execute("DELETE FROM recordings WHERE run_id = 'R1'")
    with pytest.raises(UsageError, match="R1 has no recording"):
        await played(copy, "R1")


async def test_a_run_under_other_settings_is_played_and_says_so(opened: Opened, asking: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "home", asking) as engine:
        await engine.advance(engine.start("cycle").id)
    file = asking / "roles" / "clerk.md"
    file.write_text(file.read_text().replace("title: Clerk", "title: Scribe"))
    [found] = await played(tmp_path / "home", directory=asking)
    assert found.changed
    assert found.same > 0


async def test_only_the_newest_recordings_are_kept(opened: Opened, asking: Path, tmp_path: Path) -> None:
    (asking / "company.toml").write_text("[memory]\nenabled = false\n[retention]\nrecordings_runs = 2\n")
    with opened(tmp_path / "home", asking) as engine:
        for _ in range(3):
            await engine.advance(engine.start("cycle").id)
        assert engine.company.store.recordings.runs() == ["R2", "R3"]


async def test_a_key_that_a_tool_returns_is_in_no_recording(
    opened: Opened, write_company: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-this-test-0123456789")
    files = {
        "company.toml": "[memory]\nenabled = false\n",
        "roles/ceo.md": "---\nid: ceo\ntitle: Chief\nsummary: Leads.\nplaybook:\n"
        "  - delegate: all\n    task: Work.\n    standing: true\n  - answer: done\n---\nYou lead.\n",
        "roles/clerk.md": "---\nid: clerk\ntitle: Clerk\nreports_to: ceo\nsummary: Works.\ntools: [peek]\n"
        "playbook:\n  - call: peek\n    as: seen\n  - report: done\n---\nYou work.\n",
        "tools/peeking.py": "import os\n\nfrom company import tool\n\n\n@tool(effect='read')\n"
        "async def peek() -> str:\n"
        '    """Look around."""\n    return os.environ["OPENAI_API_KEY"]\n',
    }
    with opened(tmp_path / "home", write_company(files)) as engine:
        run = await engine.advance(engine.start("cycle").id)
        rows = [row.data for row in engine.company.store.recordings.of_run(run.id)]
    assert "[secret OPENAI_API_KEY]" in json.dumps(rows)
    assert "sk-secret-of-this-test" not in json.dumps(rows)
