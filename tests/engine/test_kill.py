"""`kill -9` at any moment: the next start finishes every run, and nothing of the paper world happens twice.

Real processes are killed at thirty random moments, in six chains of five. The first of each chain lies anywhere in the
start of the process, while the home itself is being made; the others lie anywhere in the time a cycle takes, or in the
few milliseconds after an effect was begun, where the most can go wrong.
"""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from company.home import open_store
from company.store import Store
from company.trading.ledger import Ledger

CHAINS, KILLS = 6, 5
STARTING = 2.0
"""Seconds in which a process imports its libraries and makes its home."""

ACTING = 0.03
"""Seconds in which an effect happens and its result is kept."""

DECIDING = 0.2
"""Seconds from a decision to the end of the run that acts on it."""

ROWS, EFFECTS = "SELECT last_seq FROM home", "SELECT count(*) FROM effects"

VENUES = ("paper-a", "paper-b", "paper-c")

Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def working_time(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds from a cycle's first row in the journal to its last."""
    home = tmp_path_factory.mktemp("measured")
    command = [sys.executable, "-m", "company", "run", "--cycles", "1", "--home", str(home)]
    subprocess.run(command, cwd=home, stdout=subprocess.DEVNULL, check=True)
    with _store(home) as store:
        first, *_, last = store.journal.read()
    return (last.at - first.at).total_seconds()


@pytest.mark.parametrize("chain", range(CHAINS))
def test_a_company_killed_at_random_moments_finishes_its_runs_and_does_nothing_twice(
    chain: int, tmp_path: Path, start_company: Start, run_company: Command, working_time: float
) -> None:
    chance, home = random.Random(f"kill/{chain}"), tmp_path / "home"

    def hit(*command: str, growing: str = "", by: int = 1, within: float) -> bool:
        """Kill a command some time after its start, or after a count in its database grew; False if it ended before."""
        before, quiet = _count(home, growing), subprocess.DEVNULL
        process = start_company(*command, home=home, stdout=quiet, stderr=quiet)
        while growing and _count(home, growing) < before + by and process.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, within))
        process.kill()
        return process.wait() == -signal.SIGKILL

    cycle = ("run", "--cycles", "1")
    kills = int(hit(*cycle, within=STARTING))
    while kills < KILLS:
        if kills == KILLS - 1 and _asks(home):
            kills += hit("approvals", "approve", "A1", growing=ROWS, within=DECIDING)
        elif kills % 2:
            kills += hit(*cycle, growing=ROWS, within=working_time)
        else:
            kills += hit(*cycle, growing=EFFECTS, by=chance.randint(1, 3), within=ACTING)
    last = run_company("run", "--cycles", "1", home=home)

    assert last.returncode == 0, last.stdout + last.stderr
    with _store(home) as store:
        assert store.journal.verify().problems == []
        assert [event.body for event in store.journal.read(types={"RUN_ERROR"})] == []
        assert {run.status for run in store.runs.recent(100)} <= {"done", "waiting"}
        assert len(store.journal.read(types={"run.resumed"})) >= 1, "no kill hit a run in its middle"
        _assert_nothing_happened_twice(store)


def _assert_nothing_happened_twice(store: Store) -> None:
    """Hold what the outside world knows against the effect ledger."""
    for state in ("intent", "unknown", "failed"):
        assert store.effects.in_state(state) == []
    done = store.effects.in_state("done")
    assert max(Counter(effect.key for effect in done).values()) == 1
    world = store.books("world")
    orders = [order for venue in VENUES for _, order in world.items(f"{venue}.order")]
    for tool, happened in {
        "place_order": [order["client_id"] for order in orders],
        "block_source": [block["key"] for _, block in world.items("traffic.block")],
        "publish_post": [key for key, _ in world.items("outbox.delivery")],
    }.items():
        assert sorted(happened) == sorted(effect.key for effect in done if effect.tool == tool)
    assert orders
    trades = Counter(trade["order"] for venue in VENUES for _, trade in world.items(f"{venue}.trade"))
    assert trades == Counter({order["id"]: len(order["trades"]) for order in orders})
    for venue in VENUES:
        Ledger(world, f"{venue}.ledger").verify()


@contextmanager
def _store(home: Path) -> Iterator[Store]:
    store = open_store(home)
    try:
        yield store
    finally:
        store.close()


def _asks(home: Path) -> bool:
    with _store(home) as store:
        return bool(store.approvals.open())


def _count(home: Path, query: str) -> int:
    """Ask a home's database for a number, without taking part in what goes on there."""
    if not query or not (home / "company.db").exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{home}/company.db?mode=ro", uri=True, timeout=10)) as connection:
            row = connection.execute(query).fetchone()
    except sqlite3.OperationalError:  # killed while the tables were made
        return 0
    return int(row[0]) if row else 0
