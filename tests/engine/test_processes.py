"""Processes are told apart for certain, and only then signalled."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from company.engine import processes
from company.engine.locks import RunLocks
from company.engine.processes import Process, descendants
from company.engine.workers import MERCY, PATIENCE, Workers

FAMILY = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
HOLDING = """
import signal, sys
from pathlib import Path
from company.engine.locks import RunLocks
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with RunLocks(Path(sys.argv[1])).hold("R1"):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def child() -> Iterator[Process]:
    started = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield Process.of(started.pid)
    started.kill()
    started.communicate()


def holder(place: Path, *words: str) -> "subprocess.Popen[str]":
    """Start a process that holds the lock of a run."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", HOLDING, str(place), *words], **pipes)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def ended(process: "subprocess.Popen[str]") -> int:
    process.communicate()
    return process.returncode


def test_a_process_lives_until_it_has_ended(child: Process) -> None:
    assert child.lives
    assert child.signal(signal.SIGKILL)
    while child.lives:  # until the system has seen to it; what is left waits to be taken note of
        time.sleep(0.001)


def test_another_process_under_the_same_number_is_not_signalled(child: Process) -> None:
    earlier = replace(child, began=str(int(child.began) - 1))
    assert not earlier.lives
    assert not earlier.signal(signal.SIGKILL)
    assert child.lives


def test_where_the_system_does_not_tell_nobody_is_signalled(child: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PROC", Path("/nowhere"))
    untold = replace(child, began="")
    assert (Process.own().began, untold.lives, untold.signal(signal.SIGKILL)) == ("", True, False)
    assert descendants([untold]) == set()


def test_children_of_children_are_found() -> None:
    parent = subprocess.Popen([sys.executable, "-c", FAMILY], stdin=subprocess.PIPE)
    late = time.monotonic() + 30
    while len(found := descendants([Process.of(parent.pid)])) < 1:
        assert time.monotonic() < late
        time.sleep(0.01)
    assert Process.own() not in found
    assert {process.pid for process in found} <= {process.pid for process in descendants([Process.own()])}
    parent.communicate()


def test_a_lock_says_which_process_holds_it(tmp_path: Path) -> None:
    locks = RunLocks(tmp_path)
    with locks.hold("R7"):
        assert locks.held() == {"R7": Process.own()}
    assert locks.held() == {}
    process = holder(tmp_path)
    [driver] = locks.held().values()
    assert driver is not None
    assert driver.pid == process.pid
    process.communicate("\n")


def test_who_drives_a_run_is_asked_then_killed_and_left_alone_before(tmp_path: Path) -> None:
    process, workers = holder(tmp_path, "deaf"), Workers(RunLocks(tmp_path))
    workers.look()
    workers.look(PATIENCE)
    time.sleep(0.1)
    assert process.poll() is None
    assert workers.failures == [f"process {process.pid} goes on: end it with kill {process.pid}"]
    workers.look(MERCY)
    assert ended(process) == -signal.SIGKILL
    workers.look(MERCY)
    assert (workers.are_gone, workers.ended, workers.runs) == (True, [process.pid], {"R1"})


@pytest.mark.parametrize(("elapsed", "code"), [(0.0, 0), (PATIENCE, -signal.SIGTERM)])
def test_a_server_is_left_alone_unless_it_goes_on_driving(tmp_path: Path, elapsed: float, code: int) -> None:
    process = holder(tmp_path)
    workers = Workers(RunLocks(tmp_path), servers=(process.pid,))
    workers.look(elapsed)
    assert not workers.are_gone
    time.sleep(0.1)
    if not code:
        process.communicate("\n")
    assert ended(process) == code


def test_a_run_that_nobody_can_be_named_for_is_said_to_be_driven(tmp_path: Path) -> None:
    locks = RunLocks(tmp_path)
    with locks.hold("R1"):
        (tmp_path / "R1.lock").write_text("damaged")
        workers = Workers(locks)
        workers.look(MERCY)
        assert workers.failures == ["run R1 is driven by a process that this system does not tell"]


def test_a_lock_that_was_removed_while_it_was_held_is_not_shared_with_who_waited_for_it(tmp_path: Path) -> None:
    locks, path = RunLocks(tmp_path), tmp_path / "R1.lock"
    with locks.hold("R1"):
        waiting = path.open("a")  # as another process, which opened it before it was removed
        locks.forget("R1")
    fcntl.flock(waiting, fcntl.LOCK_EX)
    with locks.hold("R1"):
        assert locks.is_held("R1")
        assert not os.path.samestat(path.stat(), os.fstat(waiting.fileno()))
    waiting.close()
