"""`company chat`: one question and a whole conversation."""

import os
import pty
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess, Popen
from typing import Any

import pytest

QUESTIONS = {
    "hello": set(),
    "how are we doing?": {"trading", "operations", "security"},
    "what moved bitcoin today?": {"trading", "research"},
    "any attacks?": {"security"},
    "write a post about our week": {"content"},
    "buy 0.1 BTC": {"trading"},
}


async def test_a_question_reaches_the_roles_that_can_answer_it(opened: Callable[..., Any], tmp_path: Path) -> None:
    with opened(tmp_path / "home") as engine:
        for question, roles in QUESTIONS.items():
            run = engine.start("chat", request=question, person="ann", thread_id="main")
            run = await engine.advance(run.id)
            reports = engine.company.store.journal.read(run_id=run.id, types={"report"})
            assert {event.body["value"]["role"] for event in reports} == roles, question
            assert run.status in {"done", "waiting"}
            assert run.outcome["answer"]


def test_one_question_prints_the_answer_and_what_waits(
    run_company: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run_company("chat", "buy 0.1 BTC", "--person", "ann", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert "waits for approval A1" in done.stdout
    assert "A1 trading wants place_order: company approvals approve A1" in done.stdout
    assert "\x1b" not in done.stdout


class Terminal:
    """The other side of a process's terminal."""

    def __init__(self, master: int) -> None:
        self._master, self._seen, self._place = master, b"", 0

    def write(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def read_until(self, text: str, *, within: float = 60) -> str:
        """Return what came since the last call, up to and with `text`."""
        end, start = time.monotonic() + within, self._place
        while (found := self._seen.find(text.encode(), start)) < 0:
            assert time.monotonic() < end, self._seen.decode()
            if select.select([self._master], [], [], 0.1)[0]:
                self._seen += os.read(self._master, 4096)
        self._place = found + len(text.encode())
        return self._seen[start : self._place].decode()


@pytest.fixture
def terminal(start_company: Callable[..., Popen[str]], tmp_path: Path) -> Iterator[tuple[Terminal, Popen[str]]]:
    """A conversation under way, as a person at a terminal has it."""
    with _pair() as (master, slave):
        process = start_company(
            "chat",
            "--person",
            "ann",
            home=tmp_path / "home",
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm"},
        )
        yield Terminal(master), process


@contextmanager
def _pair() -> Iterator[tuple[int, int]]:
    master, slave = pty.openpty()
    try:
        yield master, slave
    finally:
        os.close(slave)
        os.close(master)


def test_a_conversation_at_a_terminal_approves_refuses_and_ends(
    terminal: tuple[Terminal, Popen[str]], tmp_path: Path
) -> None:
    talk, process = terminal
    talk.read_until("you › ")
    talk.write("buy 0.1 BTC")
    asked = talk.read_until("company approvals approve A1")
    assert "\x1b[1m" in asked  # a terminal gets bold lanes
    talk.read_until("you › ")
    talk.write("/approve A1")
    assert "BUY 0.1 BTC/USDT" in talk.read_until("approved by ann, ok")
    talk.read_until("you › ")
    talk.write("/approve A1")
    talk.read_until("approved by ann at")
    talk.read_until("you › ")
    talk.write("/dance")
    talk.read_until("unknown command '/dance'")
    talk.read_until("you › ")
    talk.write("/quit")
    assert process.wait(timeout=20) == 0
    history = tmp_path / "home" / "history"
    assert history.read_text().splitlines() == ["buy 0.1 BTC", "/approve A1", "/dance", "/quit"]
    assert history.stat().st_mode & 0o077 == 0
