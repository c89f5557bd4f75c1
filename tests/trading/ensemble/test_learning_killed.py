"""An outcome teaches once, also when the process is killed at any step or two learn at the same moment."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from company.trading.council import LEARNT, OUTCOMES
from tests.trading.ensemble.learning import VOTES, learn, opened

Ask = Callable[..., list[int]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Let processes learn, in one home each, and return how they ended."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.trading.ensemble.learning"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:

        def _ask(*homes: Path, step: int = 0) -> list[int]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"homes": [str(home) for home in homes], "step": step}) + "\n")
            process.stdin.flush()
            codes: list[int] = json.loads(process.stdout.readline())
            return codes

        yield _ask
        process.communicate()


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose ensemble bought and sold, and has not learnt from it."""
    home = tmp_path_factory.mktemp("traded")
    with opened(home) as (_, desk, world):
        asyncio.run(_trade(desk, world))
    return home


async def _trade(desk: Any, world: Any) -> None:
    await desk.positions()
    said = {"reason": "r", "strategy": "ensemble", "role": "trading"}
    await desk.place("BTC", "buy", "0.02", key="in", evidence={**VOTES, "atr": "500"}, **said)
    world.advance_to(world.clock.now().replace(hour=6))
    await desk.place("BTC", "sell", "0.02", key="out", **said)
    await desk.positions()


def learnt(home: Path) -> tuple[Any, int, list[Any]]:
    """Learn as the next process would; return the weights, how many outcomes there are, and what was told."""
    with opened(home) as (store, desk, _):
        asyncio.run(learn(store, desk))
        books = store.books("trading")
        told = [event.body["value"] for event in store.journal.read(types=("ensemble.weights",))]
        return books.get(LEARNT, "weights"), len(list(books.items(OUTCOMES))), told


@pytest.fixture(scope="module")
def right(traded: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, int, list[Any]]:
    home = tmp_path_factory.mktemp("right") / "home"
    shutil.copytree(traded, home)
    return learnt(home)


def test_learning_that_is_killed_at_any_step_teaches_once_and_is_told_once(
    ask: Ask, traded: Path, right: Any, tmp_path: Path
) -> None:
    home, killed = tmp_path / "home", 0
    for step in range(1, 100):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(traded, home)
        [code] = ask(home, step=step)
        assert code in {0, -signal.SIGKILL}, (step, code)

        assert learnt(home) == right, step
        if code == 0:
            break
        killed += 1

    assert killed > 5
    assert (right[1], len(right[2])) == (1, 1)


def test_two_processes_that_learn_at_the_same_moment_teach_once(
    ask: Ask, traded: Path, right: Any, tmp_path: Path
) -> None:
    for number in range(5):
        home = tmp_path / str(number)
        shutil.copytree(traded, home)

        assert ask(home, home, home) == [0, 0, 0]
        assert learnt(home) == right
