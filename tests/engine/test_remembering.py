"""What was told outlives processes: `kill -9` after five facts, 50 distractors later, and after each of 50 cycles."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from company.memory import Note
from tests.conftest import Template

Opened = Callable[..., Any]

TOLD = (
    "my name is Ann",
    "remember that I live in Turku",
    "my boat is called Miranda",
    "my accountant is Mrs Salo",
    "our office is in Espoo",
)
CORRECTED = "our office is in Porvoo now"
ANSWERS = {
    "what is my name?": "Ann",
    "where do I live?": "Turku",
    "what is my boat called?": "Miranda",
    "who is my accountant?": "Mrs Salo",
    "where is our office?": "Porvoo",
}
PATIENCE = 60.0
"""Seconds that a process may take before the test gives up."""


@pytest.fixture
def told(template: Template, tmp_path: Path) -> Path:
    """A home in which Ann told five facts and corrected one, and whose process was killed while it listened."""
    home, words = tmp_path / "home", tmp_path / "words"
    os.mkfifo(words)
    command = ["chat", "--person", "ann", "--home", str(home)]
    pid = template.start(*command, place=tmp_path, stdin=words, out=tmp_path / "said", err=tmp_path / "said")
    with words.open("w") as speaking:
        speaking.write("\n".join([*TOLD, CORRECTED, ""]))
        speaking.flush()
        _wait_for(home / "company.db", ended=len(TOLD) + 1)
        os.kill(pid, signal.SIGKILL)
        assert template.ask(wait=pid) == -signal.SIGKILL
    return home


def _wait_for(file: Path, *, ended: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while _ended(file) < ended:
        assert time.monotonic() < deadline, f"only {_ended(file)} of {ended} runs ended"
        time.sleep(0.01)


def _ended(file: Path) -> int:
    if not file.exists():
        return 0
    with closing(sqlite3.connect(file)) as database:
        try:
            (count,) = database.execute("SELECT count(*) FROM journal WHERE type = 'RUN_FINISHED'").fetchone()
        except sqlite3.OperationalError:  # the tables are made at this moment
            return 0
    return int(count)


async def test_five_facts_are_recalled_after_a_kill_and_fifty_distractors_the_corrected_one_in_its_new_value(
    told: Path, opened: Opened
) -> None:
    with opened(told) as engine:
        chief = engine.company.chief.id
        distractors = [
            Note(role=chief, person="ann", text=f"ann said: the lift on floor {number} of the office was repaired")
            for number in range(50)
        ]
        await engine.company.memory.remember_many(distractors)
        for question, answer in ANSWERS.items():
            run = await engine.advance(engine.start("chat", request=question, person="ann", thread_id="another day").id)
            assert answer in run.outcome["answer"], (question, run.outcome["answer"])
        assert "Espoo" not in run.outcome["answer"]
        everything = await engine.advance(
            engine.start("chat", request="what do you know about me?", person="ann", thread_id="later").id
        )
        assert all(answer in everything.outcome["answer"] for answer in ANSWERS.values())
        other = await engine.advance(
            engine.start("chat", request="what do you know about me?", person="carol", thread_id="hers").id
        )
        assert not any(answer in other.outcome["answer"] for answer in ANSWERS.values())


def test_fifty_cycles_with_a_kill_after_each_leave_the_facts_as_they_were(tmp_path: Path) -> None:
    script = Path(__file__).with_name("reflecting.py")
    said = subprocess.run(
        [sys.executable, str(script), str(tmp_path), "50"], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    first, *others, last = said.stdout.splitlines()
    assert others == ["-9"] * 50
    assert last == first
    assert "lesson of closed trades" in first
    assert "boat" in first
