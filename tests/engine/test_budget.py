"""A budget that trips in the middle of a run: the run ends with what it has, and says why."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company.engine import Engine
from company.store import Run
from tests.providers.asking import section, small_company
from tests.providers.companies import KEY, PROVIDERS
from tests.wire import Asked, Reply, ToolUse, WireServer
from tests.wire.scripts import by_role

MODEL = PROVIDERS["chat"]
PRICE = f'[models.facts."{MODEL.id}"]\nprice_in = 0\nprice_out = 100\n'
"""An answer of 4,096 tokens, the longest, costs $0.4096."""
PLAN = Reply("I ask the clerk.", (ToolUse("delegate", {"assignments": [{"role": "clerk", "task": "Keep a note."}]}),))
Spend = Callable[[str], Any]


def chief(asked: Asked) -> Reply:
    return PLAN if "delegate" in asked.tools and "# Reports" not in str(asked.messages) else Reply("The clerk is done.")


def clerk(asked: Asked) -> Reply:
    kept = any(message["role"] == "tool" for message in asked.messages)
    return Reply("Kept it.") if kept else Reply(calls=(ToolUse("note", {"text": "a note"}),))


@pytest.fixture
def spend(opened: Any, write_company: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spend:
    """Run a cycle of a chief and a clerk, who think with a priced model, under a budget; return engine and run."""
    monkeypatch.setenv(MODEL.key_variable, KEY)

    async def _spend(budget: str) -> tuple[Run, list[str]]:
        with WireServer(by_role({"Chief": chief, "Clerk": clerk})) as server:
            files = small_company([MODEL.id], "\n".join([section("chat", server.url), PRICE, budget]))
            with opened(tmp_path / "home", write_company(files)) as engine:
                run = await engine.advance(engine.start("cycle").id)
                assert engine.company.store.budgets.release_run(run.id) == 0
                return run, _reasons(engine)

    return _spend


def _reasons(engine: Engine) -> list[str]:
    return [event.body["value"]["reason"] for event in engine.company.store.journal.read(types=["budget.tripped"])]


async def test_the_chief_answers_with_what_came_in_when_its_own_money_is_used_up(spend):
    run, [reason] = await spend("[budget.departments.ceo]\nrun_usd = 0.41")

    assert reason.startswith("the run budget of 'company/ceo' allows 0.41 usd, 0.00")
    assert run.status == "degraded"
    assert run.outcome["answer"].startswith(f"I could not finish this answer ({reason}).")
    assert "clerk: Kept it." in run.outcome["answer"]
    assert run.outcome["degraded"] == [reason]
    assert Decimal(run.outcome["usd"]) < Decimal("0.41")


async def test_a_chief_whose_money_does_not_last_for_the_plan_says_so_and_the_run_does_not_fail(spend):
    run, [reason] = await spend("[budget.departments.ceo]\nrun_usd = 0.40")

    assert run.status == "degraded"
    assert run.outcome["answer"].startswith(f"I could not finish this answer ({reason}).")


async def test_a_role_that_may_not_think_reports_why_and_the_others_go_on(spend):
    run, [reason] = await spend("[budget.departments.clerk]\nrun_usd = 0.40")

    assert reason == "the run budget of 'company/clerk' allows 0.40 usd, 0 are used, 0.4096 more were asked"
    assert (run.status, run.outcome["answer"]) == ("degraded", "The clerk is done.")
    assert run.outcome["degraded"] == [f"clerk: {reason}"]


async def test_a_call_of_a_tool_that_does_not_fit_is_denied_and_the_run_goes_on(spend):
    run, [reason, _] = await spend("[budget.departments.clerk]\nrun_calls = 1")

    assert reason == "the run budget of 'company/clerk' allows 1 calls, 1 are used, 1 more were asked"
    assert (run.status, run.outcome["answer"]) == ("degraded", "The clerk is done.")
