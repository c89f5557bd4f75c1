"""The approval inbox from two processes at once, through kills and restarts: what was approved happens once."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from company.engine import Engine
from company.errors import UsageError
from company.store import Approval, Store
from company.store.schema import moment_text
from tests.engine.conftest import CEO, SETTINGS, role

Opened = Callable[..., Any]
Decider = Callable[[], "Deciding"]

DECIDER = Path(__file__).with_name("decider.py")

PAPERS = '''
"""A drawer of papers: whatever is signed lies there, under the key of the call that signed it."""

import json
import time
from pathlib import Path

from company import Context, tool

DRAWER = Path(__file__).with_name("drawer")


async def found(context: Context) -> str | None:
    """Look for the signature of a call."""
    lines = DRAWER.read_text().splitlines() if DRAWER.exists() else []
    return next((line["paper"] for line in map(json.loads, lines) if line["key"] == context.key), None)


@tool(effect="irreversible", lookup=found)
def sign(paper: str, context: Context) -> str:
    """Sign a paper.

    Args:
        paper: Which one.
    """
    with DRAWER.open("a") as drawer:
        drawer.write(json.dumps({"key": context.key, "run": context.run_id, "paper": paper}) + "\\n")
    time.sleep(0.02)  # signed, and nobody was told yet
    return paper
'''


class Deciding:
    """A process that decides what it is told."""

    def __init__(self, directory: Path, home: Path) -> None:
        command = [sys.executable, str(DECIDER), str(directory), str(home)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def tell(self, names: Iterable[str], said: Mapping[str, str], by: str = "ann") -> None:
        for name in names:
            print(name, said[name], by, file=self.process.stdin, flush=True)

    def hear(self) -> str:
        return str(self.process.stdout.readline().strip())  # type: ignore[union-attr]  # it is a pipe

    def end(self) -> list[str]:
        """Let it finish, and return what it said since it was heard last."""
        said, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return said.splitlines()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def office(write_company: Callable[..., Path]) -> Path:
    """A company whose clerk wants three papers signed in each cycle, and whose notary wants two."""
    files = {"company.toml": SETTINGS, "roles/ceo.md": CEO, "tools/papers.py": PAPERS}
    clerk = role("clerk", *(f"sign(paper: {name})" for name in ("lease", "loan", "licence")))
    notary = role("notary", "sign(paper: deed)", "sign(paper: will)")
    return write_company({**files, "roles/clerk.md": clerk, "roles/notary.md": notary})


@pytest.fixture
def decider(office: Path, tmp_path: Path) -> Iterator[Decider]:
    started: list[Deciding] = []

    def start() -> Deciding:
        started.append(Deciding(office, tmp_path / "home"))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def drawer(office: Path) -> list[tuple[str, str]]:
    """Run and paper of every signature there is."""
    file = office / "tools" / "drawer"
    lines = map(json.loads, file.read_text().splitlines() if file.exists() else [])
    return sorted((line["run"], line["paper"]) for line in lines)


def wished(approvals: Iterable[Approval]) -> list[tuple[str, str]]:
    """The same of signatures that were asked for."""
    return sorted((approval.run_id, approval.arguments["paper"]) for approval in approvals)


def edit(home: Path, name: str) -> None:
    """Change what a question is about, behind the company's back."""
    with closing(sqlite3.connect(home / "company.db")) as database, database:
        database.execute("UPDATE approvals SET arguments = ? WHERE id = ?", ('{"paper": "cheque"}', name))


async def work(engine: Engine, cycles: int) -> list[Approval]:
    """Let the company work until everything waits for a person, and return what does."""
    for _ in range(cycles):
        assert (await engine.advance(engine.start("cycle").id)).status == "waiting"
    return engine.company.store.approvals.open()


@pytest.mark.parametrize("seed", range(3))
async def test_ten_approvals_answered_in_any_order_from_two_processes_through_a_kill_happen_once_each_as_approved(
    seed: int, opened: Opened, office: Path, tmp_path: Path, decider: Decider
) -> None:
    chance, home = random.Random(f"inbox/{seed}"), tmp_path / "home"
    with opened(home, office) as engine:
        waiting = {approval.id: approval for approval in await work(engine, 2)}
    order = sorted(waiting, key=lambda _: chance.random())
    said = {name: chance.choice(["yes", "yes", "no"]) for name in order} | {order[9]: "yes"}
    one, other = decider(), decider()
    assert [one.hear(), other.hear()] == ["ready", "ready"]

    one.tell(order[0:6:2], said)
    other.tell(order[1:6:2], said)
    time.sleep(chance.uniform(0, 0.5))
    one.kill()
    edit(home, order[9])
    one = decider()
    assert one.hear() == "ready"
    one.tell(order[0::2], said)  # what the killed process was told is told again: nobody knows how far it came
    other.tell(order[1::2], said)
    heard = one.end() + other.end()

    with opened(home, office) as engine:
        left = await engine.sweep()
        store = engine.company.store
        ended = {approval.id: approval for approval in map(store.approvals.get, order)}
        done = store.effects.in_state("done")
        statuses = {run.id: run.status for run in store.runs.recent(9) if run.status != "done"}
    approved = [waiting[name] for name in order if said[name] == "yes" and name != order[9]]
    assert left == []
    assert drawer(office) == wished(approved)
    assert sorted(effect.arguments_hash for effect in done) == sorted(each.arguments_hash for each in approved)
    assert {name: each.state for name, each in ended.items()} == {
        name: "done" if said[name] == "yes" else "rejected" for name in order
    }
    assert ended[order[9]].result["status"] == "denied"
    assert statuses == {waiting[order[9]].run_id: "degraded"}
    assert all(" was " in line or line.split()[1] in {"done", "approved", "rejected"} for line in heard)


async def test_a_yes_and_a_no_from_two_processes_at_once_one_counts_and_the_other_is_told(
    opened: Opened, office: Path, tmp_path: Path, decider: Decider
) -> None:
    with opened(tmp_path / "home", office) as engine:
        waiting = await work(engine, 1)
    one, other = decider(), decider()
    assert [one.hear(), other.hear()] == ["ready", "ready"]
    names = [approval.id for approval in waiting]
    one.tell(names, dict.fromkeys(names, "yes"), by="ann")
    other.tell(names, dict.fromkeys(names, "no"), by="bob")
    yes, no = one.end(), other.end()

    with opened(tmp_path / "home", office) as engine:
        ended = [engine.company.store.approvals.get(name) for name in names]
    for name, approval, to_ann, to_bob in zip(names, ended, yes, no, strict=True):
        told = to_bob if approval.decided_by == "ann" else to_ann
        assert approval.state == ("done" if approval.decided_by == "ann" else "rejected")
        assert told.startswith(f"{name} refused: ")
        assert f"by {approval.decided_by} at" in told
    assert drawer(office) == wished(approval for approval in ended if approval.decided_by == "ann")


async def test_a_bundle_over_two_runs_is_approved_at_once_and_no_call_twice(
    opened: Opened, office: Path, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", office) as engine:
        waiting = await work(engine, 2)
        store = engine.company.store
        assert {approval.bundle for approval in waiting} == {"A1", "A4"}
        [*_, last] = bundle = store.approvals.bundle("A1")
        assert [approval.arguments["paper"] for approval in bundle] == ["lease", "loan", "licence"] * 2
        assert [approval.repeats for approval in bundle] == ["", "", "", "A1", "A2", "A3"]

        await engine.decide(last.id, approved=True, by="ann", bundle=True)

        assert drawer(office) == wished(bundle[:3])
        assert [approval.state for approval in store.approvals.bundle("A1")] == ["done"] * 3 + ["open"] * 3
        _, run = await engine.decide(last.id, approved=False, by="ann", bundle=True)
        assert [approval.state for approval in store.approvals.bundle("A1")] == ["done"] * 3 + ["rejected"] * 3
        assert run.status == "waiting"
        await engine.decide("A10", approved=False, by="ann", bundle=True)
        assert {store.runs.get(run_id).status for run_id in ("R1", "R2")} == {"done"}
        decided = [event.body["value"] for event in store.journal.read(types={"approval.decided"})]
        assert {(note["approval"], note["state"], note["by"]) for note in decided} == {
            (approval.id, "approved" if approval in bundle[:3] else "rejected", "ann") for approval in waiting
        }


async def test_what_was_asked_after_the_person_looked_is_not_decided_with_the_bundle(
    opened: Opened, office: Path, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", office) as engine:
        await work(engine, 1)
        await engine.decide("A2", approved=True, by="ann", bundle=True)
        states = [approval.state for approval in engine.company.store.approvals.for_run("R1")]
    assert states == ["done", "done", "open", "open", "open"]
    assert drawer(office) == [("R1", "lease"), ("R1", "loan")]


async def test_of_two_people_each_yes_is_told_and_the_call_is_made_after_the_second(
    opened: Opened, office: Path, tmp_path: Path
) -> None:
    settings = office / "company.toml"
    settings.write_text(settings.read_text() + '[[approvals.quorums]]\ntools = ["sign"]\n')
    with opened(tmp_path / "home", office) as engine:
        await work(engine, 1)
        first, run = await engine.decide("A1", approved=True, by="ann", note="go")
        again, _ = await engine.decide("A1", approved=True, by="Ann")
        assert (first.state, first.tally, run.status, drawer(office)) == ("open", "1 of 2 said yes", "waiting", [])
        assert again.votes == first.votes
        with pytest.raises(UsageError, match="a person must"):
            await engine.decide("A1", approved=True, by="role:ceo")
        second, _ = await engine.decide("A1", approved=True, by="bob")
        assert (second.state, second.people, drawer(office)) == ("done", "ann and bob", [("R1", "lease")])
        journal = engine.company.store.journal.read(types={"approval.voted", "approval.decided"})
        assert [event.body["value"] for event in journal] == [
            {"approval": "A1", "by": "ann", "votes": 1, "needed": 2, "note": "go"},
            {"approval": "A1", "by": "bob", "votes": 2, "needed": 2, "note": ""},
            {"approval": "A1", "state": "approved", "by": "bob", "note": ""},
        ]
        await engine.decide("A3", approved=False, by="bob", bundle=True)
        await engine.decide("A5", approved=False, by="bob", bundle=True)
        words = [event.body["delta"] for event in engine.company.store.journal.read(types={"TEXT_MESSAGE_CONTENT"})]
    assert words[-1].splitlines()[0] == "A1 sign: approved by ann and bob, ok"


def longer_ago(home: Path, store: Store) -> Approval:
    """Let an hour and a minute pass for all that was asked; returns the first question."""
    with closing(sqlite3.connect(home / "company.db")) as database, database:
        rows = database.execute("SELECT id, asked_at, expires_at FROM approvals").fetchall()
        for name, *times in rows:
            earlier = [moment_text(datetime.fromisoformat(at) - timedelta(minutes=61)) for at in times]
            database.execute("UPDATE approvals SET asked_at = ?, expires_at = ? WHERE id = ?", (*earlier, name))
    return store.approvals.get("A1")


async def test_a_question_nobody_answers_is_passed_on_once_and_then_refused(
    opened: Opened, office: Path, tmp_path: Path
) -> None:
    settings = office / "company.toml"
    times = 'expires = "2h"\nescalate_after = "1h"\nescalate_to = ["Grace", "Ada"]\n'
    settings.write_text(f"{settings.read_text()}[approvals]\n{times}")
    with opened(tmp_path / "home", office) as engine:
        store = engine.company.store
        await work(engine, 1)
        assert await engine.wake() == []
        assert store.journal.read(types={"approval.escalated"}) == []
        first = longer_ago(tmp_path / "home", store)
        for _ in range(2):
            assert await engine.wake() == []
        passed_on = [event.body["value"] for event in store.journal.read(types={"approval.escalated"})]
        assert [note["approval"] for note in passed_on] == ["A1", "A2", "A3", "A4", "A5"]
        assert passed_on[0] == {"approval": "A1", "to": ["Grace", "Ada"], "waitsSince": first.asked_at.isoformat()}
        longer_ago(tmp_path / "home", store)
        [run] = await engine.sweep()
        assert (run.status, drawer(office)) == ("done", [])
        assert {approval.state for approval in store.approvals.for_run("R1")} == {"expired"}


ACCOMPLICE = '''
"""Papers whose signing takes so long that somebody decides about the next one meanwhile."""

from pathlib import Path

from company import Context, tool
from company.home import open_store

MARKS = Path(__file__).with_name("marks")


@tool(effect="irreversible")
def sign(paper: str, context: Context) -> str:
    """Sign a paper.

    Args:
        paper: Which one.
    """
    with MARKS.open("a") as marks:
        marks.write(paper + "\\n")
    store = open_store(Path(__file__).parents[2] / "home")
    for approval in store.approvals.open():
        store.approvals.decide(approval.id, True, "bob")
    store.close()
    return paper
'''


async def test_a_decision_made_while_another_call_is_performed_is_acted_on_before_the_run_ends(
    opened: Opened, office: Path, tmp_path: Path
) -> None:
    (office / "tools" / "papers.py").write_text(ACCOMPLICE)
    with opened(tmp_path / "home", office) as engine:
        await work(engine, 1)
        _, run = await engine.decide("A1", approved=True, by="ann")
        states = {approval.state for approval in engine.company.store.approvals.for_run("R1")}
    assert (run.status, states) == ("done", {"done"})
    assert sorted((office / "tools" / "marks").read_text().split()) == ["deed", "lease", "licence", "loan", "will"]


async def test_an_approved_call_that_was_denied_is_told_although_the_run_parked_again_meanwhile(
    opened: Opened, office: Path, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", office) as engine:
        await work(engine, 1)
        edit(tmp_path / "home", "A1")
        await engine.decide("A1", approved=True, by="ann")
        await engine.decide("A3", approved=False, by="ann", bundle=True)
        _, run = await engine.decide("A5", approved=False, by="ann", bundle=True)
    assert (run.status, run.outcome["degraded"]) == (
        "degraded",
        ["A1: approval.void: the arguments changed after approval"],
    )
