"""Cases are played in processes of their own, and every way to lose such a process is a failure of its case."""

import os
import signal
import sys
import time

import pytest

from company.cli import main
from company.grading import Grading, open_suite, read_report
from company.home import find_directory

CEO = "---\nid: ceo\ntitle: Chief\nsummary: Leads.\nhandles: [{say: [hello], do: [{answer: Hello.}]}]\n---\nYou lead.\n"
WORKER = """
---
id: worker
title: Worker
reports_to: ceo
summary: Works.
tools: [mark, spin, crash, wait, release]
---
You work.
"""
ACTS = '''
"""Tools that leave marks, wait for each other, and do what no tool should."""

import asyncio
import os
from pathlib import Path

from company import tool

HERE = Path(__file__).parent


@tool(effect="read")
async def mark(text: str) -> str:
    """Leave a mark, with the process that left it.

    Args:
        text: The mark.
    """
    with (HERE / "marks").open("a") as file:
        file.write(f"{text} {os.getpid()}\\n")
    return text


@tool(effect="read")
async def spin() -> str:
    """Compute for ever."""
    while True:
        pass


@tool(effect="read")
async def crash() -> str:
    """End the process."""
    print("out of luck")
    os._exit(3)


@tool(effect="read", timeout=600)
async def wait(text: str) -> str:
    """Leave a mark and wait until somebody releases it.

    Args:
        text: The mark.
    """
    await mark(text)
    while not (HERE / "released").exists():
        await asyncio.sleep(0.01)
    return "released"


@tool(effect="read")
async def release() -> str:
    """Release who waits."""
    (HERE / "released").touch()
    return "released"
'''


def case(name: str, *calls: str, **more: object) -> str:
    """A case that brings these calls of the worker, `tool` or `tool:text`, to the governor."""
    rows = []
    for tool, _, text in (call.partition(":") for call in calls):
        rows.append(f"{{role: worker, tool: {tool}{f', with: {{text: {text}}}' if text else ''}}}")
    tools = ", ".join(dict.fromkeys(call.partition(":")[0] for call in calls))
    fields = "".join(f"  {field}: {value}\n" for field, value in more.items())
    head = f"- id: {name}\n  golden: true\n  seed: 7\n  calls: [{', '.join(rows)}]\n"
    return f"{head}{fields}  scorers: [tools_called: [{tools}]]\n"


@pytest.fixture
def firm(write_company):
    """Write a company whose tools misbehave, with these cases."""

    def _firm(*cases: str):
        files = {
            "roles/ceo.md": CEO,
            "roles/worker.md": WORKER,
            "tools/acts.py": ACTS,
            "evals/cases.yaml": "".join(cases),
        }
        return write_company({**files, "company.toml": "[memory]\nenabled = false\n"})

    return _firm


@pytest.fixture
def grading(tmp_path):
    """Grade the cases of a company directory."""

    def _grading(root, **options) -> Grading:
        suite = open_suite(find_directory(root, tmp_path), os.environ)
        return Grading(suite, suite.cases, dict(os.environ), folder=tmp_path / "evals", **options)

    return _grading


def marks(root) -> list[list[str]]:
    file = root / "tools" / "marks"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def told(result) -> list[str]:
    return [f"{fault.scorer}: {fault.what}" for fault in result.faults]


async def test_cases_run_side_by_side_a_lost_process_is_replaced_and_results_come_in_order(firm, grading):
    root = firm(
        case("waits", "wait:waits"),
        case("releases", "mark:releases", "release"),
        case("spins", "mark:spins", "spin", timeout_seconds=1),
        case("crashes", "mark:crashes", "crash"),
        case("works", "mark:works"),
    )
    run = grading(root, jobs=2)
    results = [result async for result in run.run()]
    assert [(result.case.id, told(result)) for result in results] == [
        ("waits", []),
        ("releases", []),
        ("spins", ["run: not done after 1 s"]),
        ("crashes", ["run: the process ended with exit code 3: out of luck"]),
        ("works", []),
    ]
    processes = dict(marks(root))
    assert processes["waits"] != processes["releases"]
    assert processes["works"] != processes["crashes"]
    assert not run.report().ok
    assert_gone(marks(root))


def test_ctrl_c_leaves_no_process_and_the_run_can_go_on(firm, start_company, tmp_path, monkeypatch, capsys):
    root = firm(case("works", "mark:works", repeat=2), case("waits", "wait:waits"))
    home = tmp_path / "home"
    options = ("eval", "--dir", str(root), "--jobs", "1", "--home", str(home))
    evals = start_company(*options)
    assert evals.stdout
    first = evals.stdout.readline()
    assert first.split()[:3] == ["ok", "1/2", "works"]
    assert "2 of 2, pass^2 1.00, rate 0.34 to 1.00" in first
    while len(marks(root)) < 3:  # the second case is at work, and stays so until it is released
        assert evals.poll() is None
        time.sleep(0.01)
    evals.send_signal(signal.SIGINT)
    _, err = evals.communicate()
    assert evals.returncode == 1
    assert "cut off after 1 of 2" in err
    assert "--resume" in err
    assert_gone(marks(root))
    (root / "tools" / "released").touch()
    monkeypatch.setattr(sys, "argv", ["company", *options, "--resume", "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    report = read_report(capsys.readouterr().out, where="stdout")
    assert left.value.code == 0
    assert [(result.case.id, result.passed) for result in report.results] == [("works", 2), ("waits", 1)]
    assert [text for text, _ in marks(root)] == ["works", "works", "waits", "waits"]
    assert list((home / "evals").iterdir()) == []


def assert_gone(left: list[list[str]]) -> None:
    """No process that left a mark is there any more."""
    for _, process in left:
        with pytest.raises(ProcessLookupError):
            os.kill(int(process), 0)
