"""`company stop --now` in another process: twenty agents at work stop, and nothing of theirs is left.

Tools write what they do, and when, into a file beside them, so that the truth does not depend on the journal alone.
"""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from company.engine.workers import MERCY
from company.home import open_store
from company.server import find_server
from company.store import Store
from tests.engine.conftest import CEO, SETTINGS

Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]
WriteCompany = Callable[[Mapping[str, str]], Path]

PATIENCE = 60.0
"""Seconds in which a crowd is at work, on a machine that is busy with other things too."""

VENUES = ("paper-a", "paper-b", "paper-c")
CROWD = {"waiter": 5, "walker": 5, "sleeper": 4, "bidder": 5, "starter": 1}
"""How many roles do what: twenty in all."""

TOOLS = '''
"""Tools that keep busy as long as there is a file `busy`, and say what they do."""

import asyncio
import time
from decimal import Decimal
from pathlib import Path

from company import Context, tool
from company.trading import Desk, OrderReport

HERE = Path(__file__).parent


def say(*words: object) -> None:
    with (HERE / "log").open("a") as file:
        file.write(" ".join(map(str, (time.time(), *words))) + "\\n")


def busy() -> bool:
    return (HERE / "busy").exists()


async def walked(context: Context) -> str | None:
    log = (HERE / "log").read_text()
    return "walked" if f" walked {context.key}\\n" in log else None


async def placed(context: Context) -> OrderReport | None:
    return await context.get(Desk).find(context.key)


@tool(effect="write", idempotent=True, timeout=60)
async def wait() -> str:
    """Wait."""
    say("began wait")
    while busy():
        await asyncio.sleep(0.05)
    return "waited"


@tool(effect="write", idempotent=True, timeout=60)
def sleep() -> str:
    """Sleep in a thread."""
    say("began sleep")
    while busy():
        time.sleep(5)
    return "slept"


@tool(effect="write", lookup=walked)
async def walk(step: int, context: Context) -> str:
    """Walk one step.

    Args:
        step: Which.
    """
    say("began walk", context.key)
    await asyncio.sleep(0.1 if busy() else 0)
    say("walked", context.key)
    await asyncio.sleep(0.1 if busy() else 0)
    return "walked"


@tool(effect="write", lookup=placed)
async def bid(price: int, context: Context) -> OrderReport:
    """Bid far below the market.

    Args:
        price: How much.
    """
    say("began bid", context.key)
    await asyncio.sleep(0.1 if busy() else 0)
    report = await context.get(Desk).place(
        "BTC/USDT", "buy", Decimal("0.002"), key=context.key, reason="test", type="limit", price=price
    )
    await asyncio.sleep(0.1 if busy() else 0)
    return report


@tool(effect="write", idempotent=True, timeout=60)
async def start() -> str:
    """Start a program and wait for it."""
    say("began start")
    if busy():
        program = await asyncio.create_subprocess_exec("sleep", "300")
        say("started", program.pid)
        await program.wait()
    return "started"


@tool(effect="read", timeout=60)
async def block() -> str:
    """Keep the whole process from doing anything else."""
    say("began block")
    while busy():
        try:
            time.sleep(0.05)
        except BaseException:
            continue
    return "blocked"
'''
WORK = {
    "waiter": "- call: wait",
    "walker": "- for: step in range(25)\n  do:\n    - call: walk\n      with: {step: '{{ step }}'}",
    "sleeper": "- call: sleep",
    "bidder": "- for: step in range(20)\n  do:\n    - call: bid\n      with: {price: '{{ 20000 + step }}'}",
    "starter": "- call: start",
    "blocker": "- call: block",
}


def role(name: str, number: int) -> str:
    """Return a role that does one kind of work."""
    tool = WORK[name].partition("call: ")[2].split()[0]
    steps = "\n".join(f"  {line}" for line in WORK[name].splitlines())
    head = (
        f"id: {name}{number}\ntitle: {name}\nreports_to: ceo\nsummary: Works.\ntools: [{tool}]\nlimits: {{calls: 200}}"
    )
    return f"---\n{head}\nplaybook:\n{steps}\n  - report: Done.\n---\nYou work.\n"


@dataclass
class Office:
    """A company whose roles are kept busy, and what they did."""

    directory: Path
    home: Path
    start: Start
    run: Command

    @contextmanager
    def at_work(self, *until: str) -> Iterator[subprocess.Popen[str]]:
        """Run a cycle in a process of its own until the log has all these words."""
        self._busy.touch()
        process = self.start("run", "--cycles", "50", "--dir", str(self.directory), home=self.home)
        self.wait_for(process, *until)
        yield process

    def wait_for(self, process: subprocess.Popen[str], *words: str) -> None:
        """Wait until the log has all these words."""
        late = time.monotonic() + PATIENCE
        while missing := [word for word in words if f" {word}" not in self._text]:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < late, missing
            time.sleep(0.01)

    @contextmanager
    def serving(self) -> Iterator[tuple[subprocess.Popen[str], Callable[[str, Any], Any]]]:
        """Serve the company in a process of its own; give what posts to its API too."""
        self._busy.touch()
        self.home.mkdir()
        process = self.start("serve", "--port", "0", "--dir", str(self.directory), home=self.home)
        while (address := find_server(self.home)) is None:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        with self.store() as store:
            token = store.access.make("token", person="Ada", scopes=("chat", "admin")).secret

        def post(path: str, body: Any) -> Any:
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            with urlopen(Request(f"{address.own}/api/v1/{path}", json.dumps(body).encode(), headers)) as answer:
                return json.loads(answer.read() or "null")

        yield process, post

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return self.run(*words, "--dir", str(self.directory), home=self.home)

    def calm_down(self) -> None:
        """Let every tool end at once from now on."""
        self._busy.unlink()

    def log(self, *words: str) -> list[tuple[float, list[str]]]:
        """What tools did: wall time and words, those that begin with `words`."""
        lines = [line.split() for line in self._text.splitlines()]
        return [(float(at), said) for at, *said in lines if tuple(said[: len(words)]) == words]

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = open_store(self.home)
        try:
            yield store
        finally:
            store.close()

    def log_again(self) -> None:
        """Begin the log anew."""
        (self.directory / "tools" / "log").write_text("")

    def orders(self, store: Store) -> list[Any]:
        return [order for venue in VENUES for _, order in store.books("world").items(f"{venue}.order")]

    @property
    def _busy(self) -> Path:
        return self.directory / "tools" / "busy"

    @property
    def _text(self) -> str:
        file = self.directory / "tools" / "log"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def office(
    write_company: WriteCompany, start_company: Start, run_company: Command, tmp_path: Path
) -> Callable[..., Office]:
    """Open an office of so many roles of each kind."""

    def opened(**crowd: int) -> Office:
        settings = f"{SETTINGS}\n[run]\nmax_parallel = 20\n[budget]\nrun_calls = 5000\n"
        files = {"company.toml": settings, "roles/ceo.md": CEO, "tools/work.py": TOOLS}
        names = [(name, number) for name, count in crowd.items() for number in range(count)]
        roles = {f"roles/{name}{number}.md": role(name, number) for name, number in names}
        return Office(write_company({**files, **roles}), tmp_path / "home", start_company, run_company)

    return opened


def lives(pid: int) -> bool:
    """A process runs, and did not only wait to be taken note of."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def crowd() -> float:
    """How much slower than a quiet one this machine may be: tests run beside each other, and the load is an average of
    the minute that was. What is bounded here takes a tenth of its bound on a quiet machine.
    """
    return max(4.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))


def stopped_at(store: Store) -> datetime:
    [stop] = store.journal.read(types={"run.stopped"})
    return stop.at


def test_twenty_busy_agents_stop_and_go_on_where_they_were(office: Callable[..., Office]) -> None:
    place = office(**CROWD)
    kinds = [f"began {what}" for what in ("wait", "walk", "sleep", "bid", "start")]
    with place.at_work(*kinds, "started", "walked") as process:
        while len(place.log("began", "bid")) < 12:
            time.sleep(0.01)
        began, slack = time.monotonic(), crowd()
        stopped = place.command("stop", "--now", "--reason", "fire drill")
        out, err = process.communicate(timeout=5 * slack)
        assert time.monotonic() - began < 5 * slack
    [(_, [_, child])] = place.log("started")

    assert (stopped.returncode, process.returncode) == (0, 1), (stopped, out, err)
    assert "the company was stopped by" in err
    assert "fire drill" in err
    assert not lives(int(child))
    with place.store() as store:
        at = stopped_at(store)
        calls = store.journal.read(types={"TOOL_CALL_START", "cost"}, limit=10_000)
        [told] = store.journal.read(types={"company.stopped"})
        left = [order for order in place.orders(store) if order["status"] == "open"]
        intents = store.effects.in_state("intent")
        assert max(time for time, _ in place.log("began")) < at.timestamp() + slack
        assert (max(call.at for call in calls) - at).total_seconds() < slack
        assert (left, store.runs.get("R1").status) == ([], "stopped")
        assert len(intents) >= 5, "nothing was cut off in its middle"
        assert (told.at - at).total_seconds() < 5 * slack
        assert told.body["value"]["runs"] == ["R1"]
        assert told.body["value"]["processes"] == sorted([process.pid, int(child)])
        assert len(told.body["value"]["orders"]) == len(store.journal.read(types={"order.cancelled"})) >= 5
        assert store.journal.verify().head_seq >= told.seq

    again = place.command("run", "--cycles", "1")
    assert (again.returncode, "stopped by" in again.stderr) == (2, True)
    place.calm_down()
    assert place.command("start", "--reason", "it is out").returncode == 0
    resumed = place.command("resume", "R1")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    with place.store() as store:
        done = store.effects.in_state("done")
        kinds_done = Counter(effect.tool for effect in done)
        sent = [order["client_id"] for order in place.orders(store)]
        walked = [said[1] for _, said in place.log("walked")]
        assert kinds_done == {"bid": 5 * 20, "walk": 5 * 25, "wait": 5, "sleep": 4, "start": 1}
        assert sorted(sent) == sorted(effect.key for effect in done if effect.tool == "bid")
        assert sorted(walked) == sorted(effect.key for effect in done if effect.tool == "walk")
        assert [store.effects.in_state(state) for state in ("intent", "unknown", "failed")] == [[], [], []]
        assert store.runs.get("R1").status == "done"


def test_a_process_that_a_tool_keeps_busy_is_killed_and_its_run_goes_on_too(office: Callable[..., Office]) -> None:
    place = office(blocker=1)
    with place.at_work("began block") as process:
        began, slack = time.monotonic(), crowd()
        stopped = place.command("stop", "--now")
        process.communicate(timeout=5 * slack)
        assert time.monotonic() - began < (MERCY + 1.5) * slack

    assert (stopped.returncode, process.returncode) == (0, -signal.SIGKILL), stopped
    assert f"processes ended   1: {process.pid}" in stopped.stdout
    with place.store() as store:
        assert store.runs.get("R1").status == "stopped"
        assert store.journal.verify().problems == []
    place.calm_down()
    assert place.command("start", "--reason", "it is out").stdout.splitlines()[1:] == [
        "R1 was stopped; finish it with: company resume R1"
    ]
    assert place.command("resume", "R1").returncode == 0


def test_a_server_stays_up_stops_its_runs_and_starts_nothing(office: Callable[..., Office]) -> None:
    place = office(waiter=1)
    with place.serving() as (process, post):
        post("cycles", {})
        place.wait_for(process, "began wait")
        stopped = place.command("stop", "--now")
        assert (stopped.returncode, "runs stopped      1: R1" in stopped.stdout) == (0, True), stopped
        with pytest.raises(HTTPError, match="409") as refused:
            post("messages", {"text": "hello"})
        assert "stopped by" in refused.value.read().decode()
        refused.value.close()
        place.command("start", "--reason", "drill")
        place.log_again()
        post("cycles", {})
        place.wait_for(process, "began wait")
        post("stop", {"reason": "fire"})
    with place.store() as store:
        stops = [event.body["value"] for event in store.journal.read(types={"company.stopped"})]
        assert [(stop["by"], stop["runs"], stop["processes"]) for stop in stops[1:]] == [("Ada", ["R2"], [])]
        assert {run.status for run in store.runs.recent(9)} == {"stopped"}
