"""Ctrl+C in the middle of a run: the process ends at once, the run stays and can be resumed."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess, Popen

import pytest

from company.home import open_store
from company.store import Store


def _until_at_work(store: Store) -> None:
    """Wait until roles of a run are at work."""
    while not store.journal.read(types={"TOOL_CALL_RESULT"}, limit=1):
        time.sleep(0.005)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_at_once_and_is_finished_by_resume(
    stop: signal.Signals,
    start_company: Callable[..., Popen[str]],
    run_company: Callable[..., CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    store = open_store(home)
    try:
        process = start_company("run", "--cycles", "50", home=home)
        _until_at_work(store)
        process.send_signal(stop)
        began = time.monotonic()
        out, err = process.communicate(timeout=10)
        took = time.monotonic() - began

        assert process.returncode == 1, out + err
        assert took < 15, "a cycle goes on for longer"
        assert "interrupted; go on with: company resume R1" in err
        assert store.runs.get("R1").status == "running"
        resumed = run_company("resume", "R1", home=home)
        assert resumed.returncode == 0, resumed.stdout + resumed.stderr
        assert store.runs.get("R1").status == "waiting"
        assert store.journal.verify().problems == []
        assert [run.id for run in store.runs.recent(9)] == ["R1"]
    finally:
        store.close()


def test_resuming_a_run_that_ended_is_refused(
    run_company: Callable[..., CompletedProcess[str]], worked_home: Path
) -> None:
    store = open_store(worked_home)
    try:
        ended = store.runs.get("R1").status
    finally:
        store.close()
    again = run_company("resume", "R1", home=worked_home)
    assert (ended, again.returncode) == ("waiting", 0)  # waiting is not over: asking again changes nothing
    assert "A1 content wants publish_post" in again.stdout
