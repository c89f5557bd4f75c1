"""The workflow file for GitHub: what it runs exists, needs no key and cannot write."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.exceptions import TyperException
from typer.main import get_command

from company.cli.app import app

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / ".github" / "workflows" / "evals.yml").read_text("utf-8")
WORKFLOW = yaml.safe_load(TEXT)
JOB = WORKFLOW["jobs"]["evals"]
COMMANDS = [step["run"] for step in JOB["steps"] if "run" in step]


def parsed(words: list[str]) -> dict[str, Any]:
    """Options of a command of ours, read as the command line reads them, without doing anything."""
    command: Any = get_command(app)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        assert words[0] in command.commands, words[0]
        command, words = command.commands[words[0]], words[1:]
    return dict(command.make_context(command.name, words).params)


def check(line: str) -> None:
    first, *words = shlex.split(line)
    if first == "make":
        makefile = (ROOT / "Makefile").read_text("utf-8")
        targets = [word for word in words if "=" not in word]
        assert targets
        assert all(re.search(rf"^{re.escape(target)}:", makefile, flags=re.M) for target in targets), line
    else:
        assert first == ".venv/bin/company", line
        parsed(words)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_workflow_exists(line):
    check(line)


@pytest.mark.parametrize(
    "line", ["make .venv/run.redy", "make", ".venv/bin/company evl", ".venv/bin/company eval --junt x", "company eval"]
)
def test_a_command_that_does_not_exist_is_found(line):
    with pytest.raises((AssertionError, TyperException)):
        check(line)


def test_the_suite_is_run_whole_and_its_reports_are_kept():
    (line,) = [line for line in COMMANDS if line.startswith(".venv/bin/company")]
    given = parsed(shlex.split(line)[1:])
    (kept,) = [step["with"]["path"].split() for step in JOB["steps"] if "upload-artifact" in step.get("uses", "")]
    assert [str(given["junit"]), str(given["html"])] == kept
    assert not given["text"]


def test_every_python_that_the_package_supports_is_graded():
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    supported = [found[1] for line in classifiers if (found := re.fullmatch(r".* :: Python :: (3\.\d+)", line))]
    assert JOB["strategy"]["matrix"]["python"] == supported


def test_every_action_is_pinned_to_a_commit_and_says_its_version():
    used = re.findall(r"uses: (\S+)(.*)", TEXT)
    assert len(used) == 3
    for action, comment in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_the_workflow_needs_no_key_and_may_only_read():
    assert "secrets." not in TEXT
    assert "env" not in JOB
    assert WORKFLOW["permissions"] == {"contents": "read"}
