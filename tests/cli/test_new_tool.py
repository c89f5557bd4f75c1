"""As a new user would: from an empty folder to a tool of one's own, used by a role in a chat, in five minutes."""

import difflib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Said, Template

MOST_COMMANDS = 3
MOST_LINES = 12
COMMANDS = (
    "company init .",
    "company tool new weather --role analyst",
    'company chat "what is the weather in Porvoo?" --json',
)
KNOWN = 'KNOWN: dict[str, str] = {"porvoo": "4 degrees, the harbour is open"}\n'
"""The line that is written by hand, in place of the empty table."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (empty := tmp_path / "empty").mkdir()
    return empty


def texts(folder: Path) -> Mapping[Path, str]:
    return {path: path.read_text() for path in folder.rglob("*") if path.is_file() and ".company" not in path.parts}


def written(before: Mapping[Path, str], after: Mapping[Path, str]) -> list[str]:
    """Lines that stand in a folder and did not stand there before."""
    lines = [
        line
        for path, text in after.items()
        for line in difflib.ndiff(before.get(path, "").splitlines(), text.splitlines())
    ]
    return [line for line in lines if line.startswith("+ ")]


def run(command: str, folder: Path, template: Template) -> Said:
    program, *arguments = shlex.split(command)
    assert program == "company"
    done = template.run(*arguments, place=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def called(chat: Said) -> dict[str, object]:
    """What the tool returned in a chat."""
    events = [json.loads(line)["event"] for line in chat.stdout.splitlines() if line.startswith('{"')]
    (call,) = (each["toolCallId"] for each in events if each.get("toolCallName") == "weather")
    (result,) = (each["content"] for each in events if each.get("toolCallId") == call and "content" in each)
    outcome: dict[str, Any] = json.loads(result)
    return outcome["value"]


def test_an_own_tool_is_used_in_a_chat_after_three_commands_and_a_line(folder, template):
    making, asking = COMMANDS[:-1], COMMANDS[-1]
    for command in making:
        run(command, folder, template)
    made = texts(folder)
    tool = folder / "tools" / "weather.py"
    tool.write_text(tool.read_text().replace("KNOWN: dict[str, str] = {}\n", KNOWN))
    by_hand = written(made, texts(folder))

    answer = run(asking, folder, template)

    assert called(answer)["known"] == {"porvoo": "4 degrees, the harbour is open"}
    assert 1 <= len(by_hand) <= MOST_LINES
    assert len(COMMANDS) <= MOST_COMMANDS


def test_without_a_line_by_hand_it_says_that_it_knows_nothing(folder, template):
    for command in COMMANDS[:-1]:
        run(command, folder, template)
    answer = run('company chat "what is the weather in Porvoo?"', folder, template)
    assert "weather knows nothing about this yet" in answer.stdout


def test_what_is_made_passes_the_check_and_says_what_comes_next(folder, template):
    run("company init .", folder, template)
    said = run("company tool new diary --effect write", folder, template).stdout
    assert "granted to nobody: add diary to the `tools:` of a role in roles" in said
    assert "company tool check diary" in said
    checked = run("company tool check diary --call --json", folder, template)
    assert json.loads(checked.stdout) == []


def test_a_check_prints_the_rule_the_place_and_the_cure_and_ends_with_one(folder, template):
    (folder / "bad.py").write_text(
        'from company import tool\n\n\n@tool(effect="read")\ndef bad() -> dict:\n    """Bad."""\n    return {}["x"]\n'
    )
    done = template.run("tool", "check", "bad.py", place=folder)
    assert done.returncode == 1
    assert "fault   docs         bad.py: bad: docstring: the description is 'Bad.'" in done.stdout
    assert "        → write it for the model" in done.stdout
    assert "fault   errors       bad.py: bad: called with {}: KeyError: 'x'" in done.stdout
    assert "1 tool held to 11 rules: 3 faults" in done.stdout


def test_the_tool_of_a_directory_that_nobody_trusted_is_not_run_by_its_name(folder, template):
    (folder / "tools").mkdir()
    (folder / "roles").mkdir()
    (folder / "tools" / "bad.py").write_text("raise SystemExit\n")
    done = template.run("tool", "check", "bad", place=folder)
    assert done.returncode == 2
    assert "company trust" in done.stderr


@pytest.mark.parametrize(
    "command", ["tool check nowhere.py", "tool check nothing-of-this-name", "tool new ticker", "tool new a --role b"]
)
def test_what_cannot_be_done_ends_with_two(command, folder, template):
    run("company init .", folder, template)
    done = template.run(*command.split(), place=folder)
    assert done.returncode == 2
    assert "→" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_says_what_holds_tools_that_run_in_workers(folder, template):
    run("company init .", folder, template)
    before = run("company doctor --json", folder, template)
    run("company tool new weather", folder, template)
    after = run("company doctor --json", folder, template)
    assert "isolation" not in before.stdout
    (row,) = (each for each in json.loads(after.stdout) if each["id"] == "isolation")
    assert row["ok"]
    assert "held by process, guard" in row["detail"]
