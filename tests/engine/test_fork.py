"""A fork shares a run up to a step and goes on by itself, in a copy: the home is as it was, byte for byte."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from company.config import WorldSettings
from company.engine import Engine
from company.engine.replay import Change, Forked, fork, steps
from company.engine.replay.copying import require_paper
from company.engine.replay.reel import Reel
from company.errors import UsageError
from company.home import CompanyDirectory, bundled_directory, find_directory, open_company
from tests.providers.companies import PROVIDERS, settings, write_default
from tests.wire import Asked, Reply, WireServer

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cycle of the default company in which a person allowed a post, and a chat turn; tests only read it."""
    state = tmp_path_factory.mktemp("worked") / "home"
    state.mkdir()
    asyncio.run(_work(state))
    return state


async def _work(state: Path) -> None:
    bundled = bundled_directory()
    company = open_company(CompanyDirectory(bundled, bundled), state, environment=os.environ)
    engine = Engine(company)
    await engine.advance(engine.start("cycle").id)
    [asked] = company.store.approvals.open()
    await engine.decide(asked.id, approved=True, by="ann")
    chat = engine.start("chat", request="how much money do we have?", person="ann", thread_id="main")
    await engine.advance(chat.id)
    engine.close()
    company.close()


async def forked(state: Path, run_id: str, change: Change, directory: Path | None = None) -> Forked:
    """Fork a run of a home."""
    found = find_directory(directory or bundled_directory(), Path.cwd())
    company = open_company(found, state, environment=os.environ)
    try:
        return await fork(
            company, run_id, change, reopen=lambda copy: open_company(found, copy, environment=os.environ)
        )
    finally:
        company.close()


def step_of(state: Path, run_id: str, what: str) -> int:
    """Return the number of the first step that says `what`."""
    bundled = bundled_directory()
    company = open_company(CompanyDirectory(bundled, bundled), state, environment=os.environ)
    try:
        return next(step.number for step in steps(Reel.load(company.store, run_id)) if what in step.what)
    finally:
        company.close()


def content(state: Path) -> dict[str, Any]:
    """Everything in the home's databases, row for row, and every other file."""
    found: dict[str, Any] = {}
    for name in ("company.db", "checkpoints.db", "memory.db"):
        with sqlite3.connect(state / name) as database:
            tables = [table for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found |= {f"{name} {t}": database.execute(f'SELECT * FROM "{t}"').fetchall() for t in tables}
    files = (state / "journal.key", state / "journal.heads")
    return found | {file.name: file.read_bytes() for file in files}


async def test_a_fork_without_a_change_decides_the_same_and_shares_what_came_before(home: Path) -> None:
    found = await forked(home, "R1", Change(30))
    assert found.changed == []
    assert 29 <= found.shared <= found.steps


async def test_a_fork_changes_nothing_in_the_home(home: Path) -> None:
    before = content(home)
    for run_id in ("R1", "R2"):
        assert (await forked(home, run_id, Change(1, message="And who attacks us?"))).rows
    assert content(home) == before


async def test_a_message_changes_the_plan_that_is_made_anew(home: Path) -> None:
    found = await forked(home, "R2", Change(1, message="And who attacks us?"))
    plan = next(row for row in found.changed if row.agent == "ceo")
    assert plan.then == "plan: trading: how much money do we have?"
    assert "And who attacks us?" in plan.now


async def test_a_person_answers_the_same_question_in_the_fork_as_then(home: Path) -> None:
    found = await forked(home, "R1", Change(step_of(home, "R1", "publish_post: ask")))
    assert (found.status, found.changed) == ("done", [])
    assert any("publish_post" in row.now and "approval.given" in row.now for row in found.rows)


async def test_one_role_is_asked_of_another_model_from_the_step_on(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-nothing-secret-about-it")
    with WireServer(lambda asked: Reply("We are rich, I would say.")) as server:
        bundled = settings(PROVIDERS["chat"], server.url)
        text = bundled.replace(f'"{PROVIDERS["chat"].id}"', '"autopilot"')
        directory = write_default(tmp_path / "acme", text, os.environ)
        found = await forked(home, "R2", Change(2, "trading", PROVIDERS["chat"].id), directory)
        asked: list[Asked] = server.asked
    assert asked
    assert all("trading" in each.system.lower() for each in asked)
    assert found.shared > 1
    assert found.usd > 0
    answer = next(row for row in found.changed if row.then.startswith("answer: "))
    assert "We are rich, I would say." in answer.now
    assert "We are rich" not in answer.then


async def test_a_tool_of_somebody_else_has_no_effect_in_a_fork_and_the_same_call_has_its_result(
    opened: Opened, working: Path, marks: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    with opened(tmp_path / "home", working) as engine:
        await engine.advance(engine.start("cycle").id)
    done = marks(working)
    same = await forked(tmp_path / "home", "R1", Change(1), working)
    assert (same.changed, marks(working)) == ([], done)
    smith = working / "roles" / "smith.md"
    smith.write_text(smith.read_text().replace("0.05", "0.1"))
    other = await forked(tmp_path / "home", "R1", Change(1), working)
    assert any("seconds=0.1" in row.now for row in other.changed)
    assert marks(working) == done


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Change(999), "R1 has no step 999"),
        (Change(1, "nobody", "autopilot"), "nobody"),
        (Change(1, "trading", "openai:gpt-5"), "no key"),
    ],
)
async def test_a_fork_that_cannot_be_made_is_refused_with_the_reason(home: Path, change: Change, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        await forked(home, "R1", change)


@pytest.mark.parametrize("port", ["venues", "news", "traffic", "outbox"])
def test_a_company_that_is_wired_to_the_real_world_is_not_forked(port: str) -> None:
    with pytest.raises(UsageError, match="'kraken' is not the paper world"):
        require_paper(WorldSettings().model_copy(update={port: "kraken"}))
    require_paper(WorldSettings())
