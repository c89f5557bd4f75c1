"""Ten regressions, planted one at a time into a copy of the default company, are each caught by a case of `evals/`.

A plant changes files of the copy, or one function of the product. The cases that are there to catch it run through the
real trial; they pass on the copy before anything is planted.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from company.config import load_settings
from company.governor import decide
from company.grading import Case, load_cases
from company.grading.result import Trial
from company.grading.trial import run_trial
from company.graph.specialist import Specialist
from company.home import CompanyDirectory, bundled_directory, load_content
from company.trading.exchange.account import Account
from company.trading.markets import Markets

FOLDERS = ("roles", "tools", "prompts")


@dataclass(frozen=True)
class Plant:
    """A regression.

    Attributes:
        case: The case that is there to catch it.
        by: The scorer that sees it.
        write: Plants it into the files of a copy.
        patch: What stands in the place of one function: where it is, and the function.
    """

    case: str
    by: str
    write: Callable[[Path], None] | None = None
    patch: tuple[str, Any] | None = None


def _change(root: Path, name: str, old: str, new: str) -> None:
    file = root / name
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def _body(file: Path) -> str:
    return file.read_text("utf-8").split("\n---\n", 1)[1]


def _empty_a_role_prompt(root: Path) -> None:
    _change(root, "roles/trading.md", _body(root / "roles/trading.md"), "You are a role.\n")


def _swap_personas(root: Path) -> None:
    first, second = (_body(root / f"roles/{name}.md") for name in ("trading", "research"))
    _change(root, "roles/trading.md", first, second)
    _change(root, "roles/research.md", second, first)


def _double_a_risk_limit(root: Path) -> None:
    _change(root, "company.toml", "max_trade_fraction = 0.05", "max_trade_fraction = 0.10")


def _rename_a_tool(root: Path) -> None:
    for name in ("tools/exchange.py", "roles/trading.md"):
        file = root / name
        text = re.sub(r"(async def |call: |  - )ticker\b", r"\1quotation", file.read_text("utf-8"))
        file.write_text(text, "utf-8")


def _without_provenance(case: Any) -> Any:
    return decide(replace(case, taint=(), informed=()))


def _without_approval(case: Any) -> Any:
    verdict = decide(case)
    return replace(verdict, decision="allow") if verdict.decision == "ask" else verdict


def _one_role_at_a_time(think: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Let each role work to its end before the next one begins."""
    turn = asyncio.Lock()

    async def serial(self: Specialist, state: Any, runtime: Any) -> Any:
        async with turn:
            command = await think(self, state, runtime)
            while getattr(command.goto, "node", "") == "act":
                acted = await self.act(command.goto.arg, runtime)
                command = await think(self, acted.goto.arg, runtime)
            return command

    return serial


def _without_fee(trade: Callable[..., Any]) -> Callable[..., Any]:
    def free(*given: Any) -> Any:
        return trade(*given).model_copy(update={"fee": Decimal(0)})

    return free


def _kept_for_ever(quotes: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    kept: dict[str, Any] = {}

    async def stale(self: Markets, symbol: str) -> Any:
        if symbol not in kept:
            kept[symbol] = await quotes(self, symbol)
        return kept[symbol]

    return stale


DECIDE = "company.governor.governor.decide"

PLANTS = {
    "a role prompt emptied": Plant("everybody-is-told-who-they-are", "told", write=_empty_a_role_prompt),
    "a persona swapped": Plant("everybody-is-told-who-they-are", "told", write=_swap_personas),
    "a risk limit doubled": Plant("purchase-of-seven-per-cent-is-refused", "verdicts", write=_double_a_risk_limit),
    "a tool renamed": Plant("tools-go-by-their-names", "verdicts", write=_rename_a_tool),
    "provenance switched off": Plant(
        "date-that-a-letter-names-is-asked-for", "effects", patch=(DECIDE, _without_provenance)
    ),
    "an approval bypassed": Plant("order-over-the-mandate-asks", "orders", patch=(DECIDE, _without_approval)),
    "delegation made serial": Plant(
        "three-are-asked-side-by-side",
        "in_parallel",
        patch=("company.graph.specialist.Specialist.think", _one_role_at_a_time(Specialist.think)),
    ),
    "a memory filter dropped": Plant(
        "what-one-person-said-stays-with-them",
        "private",
        patch=("company.memory.visibility._OWNED", "memory.role = :role"),
    ),
    "a fee forgotten": Plant(
        "fees-are-taken-told-and-booked",
        "fees_charged",
        patch=("company.trading.exchange.account.Account._trade", _without_fee(Account._trade)),
    ),
    "a stale price served": Plant(
        "price-is-that-of-the-moment",
        "prices_current",
        patch=("company.trading.markets.Markets.quotes", _kept_for_ever(Markets.quotes)),
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> CompanyDirectory:
    """A copy of the default company without its cases."""
    root, bundled = tmp_path / "company", bundled_directory()
    for folder in FOLDERS:
        shutil.copytree(bundled / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(bundled / "company.toml", root)
    return CompanyDirectory(root.resolve(), root.resolve())


def _case(company: CompanyDirectory, wanted: str) -> Case:
    """Read one case of the default company, as it would be read for this one."""
    files = sorted((bundled_directory() / "evals").glob("*.yaml"))
    rows = [row for file in files for row in yaml.safe_load(file.read_text("utf-8")) if row["id"] == wanted]
    company.evals.mkdir()
    (company.evals / "one.yaml").write_text(yaml.safe_dump(rows), "utf-8")
    (case,) = load_cases(company.evals, load_content(company, load_settings(company.config_file), os.environ))
    return case


def _told(trial: Trial) -> list[str]:
    return [f"{fault.scorer}: {fault.what}" for fault in trial.faults]


@pytest.mark.parametrize("name", PLANTS)
async def test_a_planted_regression_is_caught(
    name: str, copy: CompanyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant = PLANTS[name]
    if plant.write:
        plant.write(copy.root)
    if plant.patch:
        monkeypatch.setattr(*plant.patch)

    trial = await run_trial(_case(copy, plant.case), copy, os.environ)

    assert plant.by in {fault.scorer for fault in trial.faults}, _told(trial)


@pytest.mark.parametrize("name", dict.fromkeys(plant.case for plant in PLANTS.values()))
async def test_its_case_passes_when_nothing_is_planted(name: str, copy: CompanyDirectory) -> None:
    trial = await run_trial(_case(copy, name), copy, os.environ)

    assert _told(trial) == []
