"""Fifty children and one dollar: whatever they do at the same time, more than a dollar is never reserved and spent."""

import asyncio
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from company.config import BudgetSettings, DepartmentBudget
from company.errors import ProviderError
from company.governor import Thought, Tripped
from company.store import Meter, Run, Store
from company.store.amounts import exact_sum
from tests.governor import spender
from tests.governor.spender import CAP, CHILDREN, START, Ending, spend, start_run

MUCH = {"run_usd": Decimal(1_000), "day_usd": Decimal(1_000), "month_usd": Decimal(1_000)}
CAPS = {
    "the run": BudgetSettings(**MUCH | {"run_usd": CAP}),
    "the day": BudgetSettings(**MUCH | {"day_usd": CAP}),
    "the month": BudgetSettings(**MUCH | {"month_usd": CAP}),
    "the department": BudgetSettings(**MUCH, departments={"newsroom": DepartmentBudget(run_usd=CAP)}),
}
SEEDS = 25
"""Of each cap."""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one run in it."""
    home = tmp_path_factory.mktemp("pristine")
    store = Store.open(home / "state.db", now=lambda: START)
    start_run(store)
    store.close()
    return home


@pytest.fixture
def copied(pristine: Path, tmp_path: Path) -> Callable[[int], Path]:
    return lambda number: Path(shutil.copytree(pristine, tmp_path / f"home{number}"))


def balance(store: Store, run: Run) -> Decimal:
    """What is reserved and spent, as the rows say it; the sums that are kept ready have to agree."""
    used, counted = store.budgets.used_by_run(run.id).usd, Meter(store).counted(START)
    assert counted.day.usd == counted.month.usd == used
    return used


def kinds(endings: list[Ending]) -> Counter[type]:
    for ending in endings:
        if not isinstance(ending, Thought | Tripped | ProviderError | asyncio.CancelledError):
            raise ending
    return Counter(type(ending) for ending in endings)


@pytest.mark.parametrize("where", CAPS)
async def test_fifty_parallel_children_never_spend_more_than_the_cap_and_a_restart_keeps_the_balance(copied, where):
    endings: Counter[type] = Counter()
    for number in range(SEEDS):
        home, seed, seen = copied(number), 1_000 * list(CAPS).index(where) + number, []
        store = Store.open(home / "state.db", now=lambda: START)
        run = store.runs.get("R1")

        def look(store: Store = store, run: Run = run, seen: list[Decimal] = seen) -> None:
            seen.append(balance(store, run))
            assert seen[-1] <= CAP

        endings += kinds(await spend(store, run, CAPS[where], seed=seed, look=look))
        spent = balance(store, run)
        store.close()

        again = Store.open(home / "state.db", now=lambda: START)
        assert balance(again, run) == spent == exact_sum(row.usd for row in Meter(again).by("role"))
        assert again.budgets.release_run(run.id) == 0
        again.close()
        assert max(seen) > CAP * 9 // 10
    assert sum(endings.values()) == SEEDS * CHILDREN
    assert set(endings) == {Thought, Tripped, ProviderError, asyncio.CancelledError}


def test_two_processes_that_spend_at_once_share_the_cap(copied):
    home = copied(0)
    command = [sys.executable, spender.__file__, str(home), "R1"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        processes = [stack.enter_context(subprocess.Popen([*command, str(seed)], **pipes)) for seed in (1, 2)]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        answered = [int(process.communicate(timeout=60)[0]) for process in processes]

    store = Store.open(home / "state.db", now=lambda: START)
    spent = balance(store, store.runs.get("R1"))
    assert exact_sum(row.usd for row in Meter(store).by("role")) == spent <= CAP
    assert min(answered) > 0
    assert sum(answered) < 2 * CHILDREN
    assert [process.returncode for process in processes] == [0, 0]
    store.close()
