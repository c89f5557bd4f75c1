"""`kill -9` at any moment: the next start finishes every run, and nothing of the paper world happens twice.

Real processes are killed at two hundred random moments, in ten chains of twenty, each over at least two cycles: in a
start, in the making of the home, in a cycle, in acting on an approval, in the end of a process, and most of all in the
few milliseconds after an effect was begun, where the most can go wrong. How far a cycle is, is counted in what was
written, not in seconds: a slow machine is hit in the same places as a fast one.

A process is forked from a template that has imported everything (tests/template.py); a few start from nothing.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from company.home import bundled_directory, open_store
from company.store import Store
from company.trading.ledger import Ledger
from tests.conftest import Template
from tests.engine.conftest import CEO, SETTINGS, role

CHAINS, KILLS = 10, 20
COLD = 2
"""Kills of processes that start from nothing."""

ROLES = ("content", "security", "trading")
"""Those of the default company whose work has effects."""

MANDATES = """
[[mandates]]
id = "routine"
tools = ["place_order", "block_source"]
"""
"""Only a post waits for a person."""

BASKET = {"BTC/USDT": "0.002", "ETH/USDT": "0.02", "SOL/USDT": "0.5", "XRP/USDT": "50"}
"""What a role of our own buys in each cycle, once."""

COLD_START = 2.0
"""Seconds in which a process imports its libraries and makes its home."""

OPENING = 0.3
"""Seconds in which a forked process makes or opens its home."""

ACTING = 0.005
"""Seconds in which an effect happens and its result is kept."""

ENDING = 0.03
"""Seconds in which a run that has ended is signed and its process ends."""

CYCLE = 150
"""Rows of the journal that a cycle writes, about."""

ROWS, EFFECTS = "SELECT last_seq FROM home", "SELECT count(*) FROM effects"
INTENTS = "SELECT key FROM effects WHERE state = 'intent'"
OPEN = "SELECT id FROM approvals WHERE state = 'open' ORDER BY position"
CYCLES = "SELECT id FROM runs WHERE kind = 'cycle'"
LEFT = "SELECT id FROM runs WHERE status = 'running'"
ENDS = "SELECT count(*) FROM journal WHERE type = 'RUN_FINISHED'"

VENUES = ("paper-a", "paper-b", "paper-c")

Command = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]
WriteCompany = Callable[[Mapping[str, str]], Path]


@dataclass
class Chain:
    """One home whose processes are killed, one after the other."""

    template: Template
    directory: Path
    home: Path
    chance: random.Random
    cut_off: set[str] = field(default_factory=set)
    """Keys of effects that a kill left between their intent and their result."""

    def start(self, *command: str) -> int:
        """Start a command and return its process."""
        words = [*command, "--dir", str(self.directory), "--home", str(self.home)]
        said = self.home.parent / "said"
        return self.template.start(*words, place=self.home.parent, out=said, err=said)

    def finish(self, *command: str) -> None:
        """Run a command to its end."""
        code = self.template.ask(wait=self.start(*command))
        assert code == 0, (command, self.said)

    @property
    def said(self) -> str:
        return (self.home.parent / "said").read_text()[-2000:]

    def hit(self, *command: str, growing: str = "", by: int = 1, within: float) -> bool:
        """Kill a command some time after its start, or after a count in its database grew; False if it ended before."""
        with closing(Watch(self.home, growing)) as watch:
            enough, pid = watch.count() + by, self.start(*command)
            ended = self._watched(pid, watch, enough) if growing else None
            time.sleep(self.chance.uniform(0, within))
        if ended is None:
            os.kill(pid, signal.SIGKILL)
            ended = self.template.ask(wait=pid)
        assert ended in {0, -signal.SIGKILL}, (command, ended, self.said)
        self.cut_off |= {key for (key,) in _read(self.home, INTENTS)}
        return ended == -signal.SIGKILL

    def _watched(self, pid: int, watch: "Watch", enough: int) -> int | None:
        """Wait until there is enough, or the process has ended; return how it ended, if it did."""
        looks, ended = 0, None
        while ended is None and watch.count() < enough:
            time.sleep(0.001)
            looks += 1
            ended = None if looks % 32 else self.template.ask(look=pid)
        return ended

    def strike(self) -> bool:
        """Kill a process at one of the moments that matter."""
        go_on = self._next()
        match self.chance.choices(["start", "middle", "effect", "end"], [2, 6, 9, 3])[0]:
            case "start":
                return self.hit(*go_on, within=OPENING)
            case "middle":
                rows = self.chance.randint(1, CYCLE)
                return self.hit(*go_on, growing=ROWS, by=rows, within=ACTING)
            case "effect":
                return self.hit(*go_on, growing=EFFECTS, within=ACTING)
            case _:
                return self.hit(*go_on, growing=ENDS, within=ENDING)

    def strike_approval(self, approval: str) -> bool:
        """Kill a process that acts on what a person approved."""
        growing, by = self.chance.choice([(ROWS, self.chance.randint(1, 6)), (EFFECTS, 1)])
        return self.hit("approvals", "approve", approval, growing=growing, by=by, within=ACTING)

    def open_approvals(self) -> list[str]:
        return [row[0] for row in _read(self.home, OPEN)]

    def settle(self) -> None:
        """Let everything that was left come to its end, and a second cycle be over; approve what still waits."""
        self.finish("run", "--cycles", "1")
        while len(_read(self.home, CYCLES)) < 2:
            self.finish("run", "--cycles", "1")
        for approval in self.open_approvals():
            self.finish("approvals", "approve", approval)

    def _next(self) -> tuple[str, ...]:
        """Return what goes on with the run that was left, or begins the next."""
        left = _read(self.home, LEFT)
        return ("resume", left[0][0]) if left and self.chance.random() < 0.7 else ("run", "--cycles", "1")


class Watch:
    """Asks a home's database for a number, without taking part in what goes on there.

    Args:
        home: The home; it may not be made yet.
        query: What to count; nothing when empty.
    """

    def __init__(self, home: Path, query: str) -> None:
        self._file, self._query = home / "company.db", query
        self._connection: sqlite3.Connection | None = None

    def count(self) -> int:
        """Return the number, 0 when there is none yet."""
        if self._connection is None and self._query and self._file.exists():
            self._connection = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=10)
        rows = _asked(self._connection, self._query) if self._connection else []
        return int(rows[0][0]) if rows else 0

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _read(home: Path, query: str) -> list[tuple[str, ...]]:
    if not (home / "company.db").exists():
        return []
    with closing(sqlite3.connect(f"file:{home}/company.db?mode=ro", uri=True, timeout=10)) as connection:
        return _asked(connection, query)


def _asked(connection: sqlite3.Connection, query: str) -> list[tuple[str, ...]]:
    try:
        return connection.execute(query).fetchall()
    except sqlite3.OperationalError:  # the tables are not made yet
        return []


@pytest.fixture
def directory(write_company: WriteCompany) -> Path:
    """A company of the roles that act, without memories and without what they answer in chats: it costs time only."""
    files = {"company.toml": SETTINGS + MANDATES, "roles/ceo.md": CEO}
    for name in ROLES:
        _, front, persona = (bundled_directory() / "roles" / f"{name}.md").read_text().split("---\n", 2)
        work = {key: value for key, value in yaml.safe_load(front).items() if key != "handles"}
        files[f"roles/{name}.md"] = f"---\n{json.dumps(work)}\n---\n{persona}"
    orders = (
        f"place_order(symbol: {symbol}, side: buy, quantity: '{amount}', reason: test)"
        for symbol, amount in BASKET.items()
    )
    return write_company({**files, "roles/buyer.md": role("buyer", *orders)})


@pytest.mark.parametrize("number", range(CHAINS))
def test_a_company_killed_at_random_moments_finishes_its_runs_and_does_nothing_twice(
    number: int, template: Template, directory: Path, tmp_path: Path
) -> None:
    chain = Chain(template, directory, tmp_path / "home", random.Random(f"kill/{number}"))
    kills = int(chain.hit("run", "--cycles", "1", within=OPENING))
    while kills < KILLS:
        asked = chain.open_approvals()
        kills += chain.strike_approval(asked[0]) if asked and chain.chance.random() < 0.5 else chain.strike()

    chain.settle()
    with _store(chain.home) as store:
        _assert_everything_was_finished(store)
        _assert_nothing_happened_twice(store)
        assert len(store.journal.read(types={"run.resumed"})) >= 4, "the kills hit no run in its middle"
        assert len(chain.cut_off) >= 3, "the kills hit no effect in its middle"
        assert store.journal.read(types={"effect.reconciled"}), "no effect was looked up"


@pytest.mark.parametrize("number", range(COLD))
def test_a_process_that_starts_from_nothing_is_killed_and_its_run_is_finished(
    number: int, start_company: Start, run_company: Command, directory: Path, tmp_path: Path
) -> None:
    chance, home, at = random.Random(f"cold/{number}"), tmp_path / "home", ("--dir", str(directory))
    with closing(Watch(home, ROWS)) as watch:
        process = start_company("run", "--cycles", "1", *at, home=home)
        while watch.count() < CYCLE * number / 2 and process.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, COLD_START if not number else ACTING))
        process.kill()
    assert process.wait() == -signal.SIGKILL
    last = run_company("run", "--cycles", "1", *at, home=home)

    assert last.returncode == 0, last.stdout + last.stderr
    with _store(home) as store:
        _assert_everything_was_finished(store)
        _assert_nothing_happened_twice(store)


def _assert_everything_was_finished(store: Store) -> None:
    assert store.journal.verify().problems == []
    assert [event.body for event in store.journal.read(types={"RUN_ERROR"})] == []
    assert {run.status for run in store.runs.recent(100)} <= {"done", "waiting"}


def _assert_nothing_happened_twice(store: Store) -> None:
    """Hold what the outside world knows against the effect ledger, both ways."""
    for state in ("intent", "unknown", "failed"):
        assert store.effects.in_state(state) == []
    done = store.effects.in_state("done")
    assert max(Counter(effect.key for effect in done).values()) == 1
    world = store.books("world")
    orders = [order for venue in VENUES for _, order in world.items(f"{venue}.order")]
    keys = {
        name: sorted(effect.key for effect in done if effect.tool == name) for name in ("place_order", "publish_post")
    }
    assert sorted(order["client_id"] for order in orders) == keys["place_order"] != []
    assert sorted(key for key, _ in world.items("outbox.delivery")) == keys["publish_post"]
    first: dict[str, str] = {}  # blocking an address that is blocked changes nothing: the first block stands
    for effect in (effect for effect in done if effect.tool == "block_source"):
        first.setdefault(effect.result["value"]["address"], effect.key)
    assert {address: block["key"] for address, block in world.items("traffic.block")} == first
    trades = Counter(trade["order"] for venue in VENUES for _, trade in world.items(f"{venue}.trade"))
    assert trades == Counter({order["id"]: len(order["trades"]) for order in orders})
    bought = Counter(effect.run_id for effect in done if effect.role == "buyer")
    assert bought == {run.id: len(BASKET) for run in store.runs.recent(100)}
    for venue in VENUES:
        Ledger(world, f"{venue}.ledger").verify()


@contextmanager
def _store(home: Path) -> Iterator[Store]:
    store = open_store(home)
    try:
        yield store
    finally:
        store.close()
