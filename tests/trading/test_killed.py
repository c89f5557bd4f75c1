"""`kill -9` at every step of placing an order: the order happens once, or is reported, and the books tell the truth."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from company.errors import RequestTimeout
from company.store import Store
from company.trading import Desk
from company.world import PaperWorld
from tests.trading.killing import KEY, buy, open_desk

Kill = Callable[..., int]


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.trading.killing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    ) as process:
        yield process
        process.communicate()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose books are open."""
    home = tmp_path_factory.mktemp("fresh")
    with opened(home) as (desk, _):
        asyncio.run(desk.reconcile())
    return home


@pytest.fixture
def kill(process: subprocess.Popen[str], fresh: Path, tmp_path: Path) -> Kill:
    """Let a process place the order, kill it at a step, and return how it ended; its home is in `tmp_path`."""

    def strike(step: int, *, forgets: bool) -> int:
        shutil.rmtree(tmp_path / "home", ignore_errors=True)
        shutil.copytree(fresh, tmp_path / "home")
        assert process.stdin is not None
        assert process.stdout is not None
        asked = {"home": str(tmp_path / "home"), "step": step, "forgets": forgets}
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        return int(json.loads(process.stdout.readline()))

    return strike


@contextmanager
def opened(home: Path, *, forgets: bool = False) -> Iterator[tuple[Desk, PaperWorld]]:
    store: Store
    store, desk, world = open_desk(home, forgets=forgets)
    try:
        yield desk, world
    finally:
        store.close()


async def orders_at(world: PaperWorld) -> list[str]:
    """Return the client order ids behind our trades, once for each order."""
    venue = world.venues["paper-c"]
    orders = dict.fromkeys(trade["order"] for trade in await venue.fetch_my_trades("SOL/USDT"))
    return [(await venue.fetch_order(order, "SOL/USDT"))["clientOrderId"] for order in orders]


async def held(desk: Desk) -> Decimal:
    return next((row.quantity for row in await desk.positions() if row.symbol == "SOL/USDT"), Decimal(0))


def ended_as(step: int, code: int) -> bool:
    assert code in {0, -signal.SIGKILL}, (step, code)
    return code == 0


async def test_an_order_whose_process_was_killed_at_any_step_is_placed_exactly_once(kill: Kill, tmp_path: Path) -> None:
    states = set()
    for step in range(1, 100):
        has_lived = ended_as(step, kill(step, forgets=False))
        with opened(tmp_path / "home") as (desk, world):
            states.add(next((row["status"] for _, row in desk.newest_orders(1)), "nothing"))
            await desk.reconcile()
            report = await buy(desk)  # the run goes on and asks again with the same key
            await desk.reconcile()

            assert (report.client_order_id, report.status, report.filled) == (KEY, "closed", 5), step
            assert await orders_at(world) == [KEY], step
            assert await held(desk) == 5, step
            assert (await desk.audit()).difference == "", step
        if has_lived:
            break
    assert states == {"nothing", "intent", "sent", "closed"}


async def test_where_keys_are_forgotten_an_order_of_a_killed_process_happens_once_or_is_reported(
    kill: Kill, tmp_path: Path
) -> None:
    outcomes = set()
    for step in range(1, 100):
        has_lived = ended_as(step, kill(step, forgets=True))
        with opened(tmp_path / "home", forgets=True) as (desk, world):
            found = await desk.reconcile()
            outcome = "placed"
            try:
                await buy(desk)
            except RequestTimeout:
                outcome = "reported"
                assert [doubt.key for doubt in found.doubtful] == [KEY], step
            outcomes.add(outcome)
            await desk.reconcile()

            assert await orders_at(world) == ([KEY] if outcome == "placed" else []), step
            assert await held(desk) == (5 if outcome == "placed" else 0), step
            assert (await desk.audit()).difference == "", step
        if has_lived:
            break
    assert outcomes == {"placed", "reported"}
