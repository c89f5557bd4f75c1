"""`kill -9` at any moment: the next start finishes every run, and nothing of the paper world happens twice.

Real processes are killed at thirty random moments, in six chains of five. The moments are drawn over the time a cycle
takes, counted from its first event, so that nearly all lie inside a run; the first of each chain lies anywhere in the
start of the process, while the home itself is being made.
"""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from company.home import open_store
from company.store import Store
from company.trading.ledger import Ledger

CHAINS, KILLS = 6, 5
STARTING = 2.0
"""Seconds in which a process imports its libraries and makes its home."""

DECIDING = 0.2
"""Seconds from a decision to the end of the process that acts on it."""

VENUES = ("paper-a", "paper-b", "paper-c")

Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def working_time(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds from a cycle's first event to the end of the process."""
    place = tmp_path_factory.mktemp("measured")
    words = place / "words"
    with words.open("w") as out:
        command = [sys.executable, "-m", "company", "run", "--cycles", "1", "--json", "--home", str(place / "home")]
        process = subprocess.Popen(command, cwd=place, stdout=out)
    _wait_for_words(words, process)
    began = time.monotonic()
    assert process.wait() == 0
    return time.monotonic() - began


@pytest.mark.parametrize("chain", range(CHAINS))
def test_a_company_killed_at_random_moments_finishes_its_runs_and_does_nothing_twice(
    chain: int, tmp_path: Path, start_company: Start, run_company: Command, working_time: float
) -> None:
    chance, home, words = random.Random(f"kill/{chain}"), tmp_path / "home", tmp_path / "words"

    def kill(*command: str, within: float, from_first_event: bool = True) -> None:
        """Start a command until it is hit before its end."""
        killed = False
        while not killed:
            with words.open("w") as out:
                process = start_company(*command, home=home, stdout=out, stderr=out)
            if from_first_event:
                _wait_for_words(words, process)
            time.sleep(chance.uniform(0, within))
            process.kill()
            killed = process.wait() == -signal.SIGKILL

    kill("run", "--cycles", "1", "--json", within=STARTING, from_first_event=False)
    for _ in range(KILLS - 2):
        kill("run", "--cycles", "1", "--json", within=working_time)
    asked = run_company("run", "--cycles", "1", home=home)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    kill("approvals", "approve", "A1", "--json", within=DECIDING)
    last = run_company("run", "--cycles", "1", home=home)

    assert last.returncode == 0, last.stdout + last.stderr
    assert run_company("journal", "verify", home=home).stdout.startswith("ok: ")
    with _store(home) as store:
        runs = store.runs.recent(100); print([(r.id,r.status,r.number,store.runs.token(r.id)) for r in runs], [(e.seq, e.type if e.type!="RUN_ERROR" else e.body) for e in store.journal.read(limit=5000) if e.type in ("RUN_STARTED","RUN_FINISHED","run.resumed","RUN_ERROR")])
        assert {run.status for run in runs} <= {"done", "waiting"}, [(run.id, run.status) for run in runs]
        assert len(store.journal.read(types={"run.resumed"}, limit=100)) >= 2, "hardly any kill hit a run in its middle"
        _assert_nothing_happened_twice(store)


def _assert_nothing_happened_twice(store: Store) -> None:
    """Hold what the outside world knows against the effect ledger."""
    for state in ("intent", "unknown", "failed"):
        assert not store.effects.in_state(state)
    done = store.effects.in_state("done")
    assert max(Counter(effect.key for effect in done).values()) == 1
    keys = {tool: sorted(e.key for e in done if e.tool == tool) for tool in ("place_order", "publish_post", "block_source")}
    world = store.books("world")
    orders = [order for venue in VENUES for _, order in world.items(f"{venue}.order")]
    assert sorted(order["client_id"] for order in orders) == keys["place_order"]
    assert sorted(key for key, _ in world.items("outbox.delivery")) == keys["publish_post"] != []
    assert sorted(block["key"] for _, block in world.items("traffic.block")) == keys["block_source"] != []
    for venue in VENUES:
        Ledger(world, f"{venue}.ledger").verify()
    trades = Counter(trade["order"] for venue in VENUES for _, trade in world.items(f"{venue}.trade"))
    assert trades == Counter({order["id"]: len(order["trades"]) for order in orders})


@contextmanager
def _store(home: Path) -> Iterator[Store]:
    store = open_store(home)
    try:
        yield store
    finally:
        store.close()


def _wait_for_words(words: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until a process has printed its first event, or has ended."""
    while not words.stat().st_size and process.poll() is None:
        time.sleep(0.005)
