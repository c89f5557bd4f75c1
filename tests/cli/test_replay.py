"""`company replay` and `company fork`: what a person and a machine read, and the exit codes."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Company = Callable[..., CompletedProcess[str]]


def test_a_replay_says_in_one_line_that_nothing_differs(company: Company, worked_home: Path) -> None:
    done = company("replay", "R1", home=worked_home)
    line = r"R1: (\d+) of \1 events, \d+ decisions, 0 differences, \d+\.\d\d s \(took \d+\.\d s\)\n"
    assert (done.returncode, done.stderr.splitlines()[1:]) == (0, [])  # the first says which company
    assert re.fullmatch(line, done.stdout)
    machine = json.loads(company("replay", "--all", "--json", home=worked_home).stdout)
    assert (machine["run_id"], machine["differences"]) == ("R1", [])
    assert machine["same"] == machine["events"]


def test_a_replay_that_differs_names_the_event_and_what_in_it_and_ends_with_1(
    company: Company, worked_home: Path, tmp_path: Path
) -> None:
    home = shutil.copytree(worked_home, tmp_path / "copy")
    with sqlite3.connect(home / "company.db") as database:
        database.execute(
            """UPDATE recordings SET data = replace(data, '"status":"ok"', '"status":"failed"')
            WHERE position = (SELECT min(position) FROM recordings WHERE kind = 'result')"""
        )
    done = company("replay", "R1", home=home)
    assert done.returncode == 1
    assert re.search(r"^  event \d+: ceo/\w+ TOOL_CALL_RESULT$", done.stdout, re.M)
    assert re.search(r"^    event\.content: expected .+, got .*failed", done.stdout, re.M)


def test_the_steps_of_a_run_are_listed_and_a_fork_takes_their_numbers(company: Company, worked_home: Path) -> None:
    listed = company("replay", "R1", "--steps", home=worked_home).stdout
    assert re.search(r"^1 +ceo +thought +proposes delegate$", listed, re.M)
    found = json.loads(company("replay", "R1", "--steps", "--json", home=worked_home).stdout)
    done = company("fork", "R1", "--at", str(len(found["steps"])), home=worked_home)
    shared = len(found["steps"]) - 1
    assert done.returncode == 0, done.stderr
    assert re.search(
        rf"^fork of R1 at step \d+: {shared} of {shared + 1} steps shared, waiting, \$0\.00$", done.stdout, re.M
    )
    assert "it decided the same" in done.stdout


def test_what_is_wrong_with_a_command_is_said_with_its_cure(company: Company, worked_home: Path) -> None:
    none = company("replay", home=worked_home)
    unknown = company("replay", "R99", home=worked_home)
    half = company("fork", "R1", "--at", "1", "--role", "trading", home=worked_home)
    beyond = company("fork", "R1", "--at", "999", home=worked_home)
    assert [each.returncode for each in (none, unknown, half, beyond)] == [2, 2, 2, 2]
    assert "newest runs: R1" in none.stderr
    assert "there is no run 'R99'" in unknown.stderr
    assert "a role and its model belong together" in half.stderr
    assert "company replay R1 --steps lists them" in beyond.stderr
