"""`company approvals`: what a person is shown, and what the answers do, in processes of their own."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from company.cli.approvals import _block
from company.home import open_store
from company.store import Store

Run = Callable[..., CompletedProcess[str]]

CEO = """
---
id: ceo
title: Chief
summary: Leads.
playbook:
  - delegate: all
    task: Do your work.
    standing: true
  - answer: "Done."
---
You lead.
"""

CLERK = """
---
id: clerk
title: Clerk
reports_to: ceo
summary: Works.
tools: [sign]
playbook:
  - call: sign
    with: {paper: "lease\\u202e"}
  - call: sign
    with: {paper: loan}
  - call: sign
    with: {paper: loan}
  - report: Asked.
---
You work.
"""

SIGN = '''
"""Signs."""

from pathlib import Path

from company import Context, tool


@tool(effect="irreversible")
async def sign(paper: str, context: Context) -> str:
    """Sign a paper.

    Args:
        paper: Which one.
    """
    with Path(__file__).with_name("signed").open("a") as file:
        file.write(paper + "\\n")
    return paper
'''

SETTINGS = """
[memory]
enabled = false
"""


@pytest.fixture
def office(write_company: Callable[..., Path], run_company: Run, tmp_path: Path) -> Run:
    """A company whose clerk has asked for three signatures; runs `company approvals` in it."""
    files = {"company.toml": SETTINGS, "roles/ceo.md": CEO, "roles/clerk.md": CLERK, "tools/sign.py": SIGN}
    directory, home = write_company(files), tmp_path / "home"
    asked = run_company("run", "--cycles", "1", "--dir", str(directory), home=home)
    assert "3 approvals waiting" in asked.stdout, asked.stderr

    def approvals(*arguments: str) -> CompletedProcess[str]:
        return run_company("approvals", *arguments, "--dir", str(directory), home=home)

    return approvals


def signed(tmp_path: Path) -> list[str]:
    file = tmp_path / "acme" / "tools" / "signed"
    return file.read_text().splitlines() if file.exists() else []


def test_a_bundle_is_listed_as_one_with_every_argument_and_approved_as_one(office: Run, tmp_path: Path) -> None:
    listed = office("list").stdout
    for part in ('A1  clerk wants sign({"paper": "lease', "A2  clerk wants sign", "A3  clerk wants sign"):
        assert part in listed
    assert "\u202e" not in listed
    assert "\\u202e" in listed
    assert "the same call as A2: a yes to all of them leaves this one open" in listed
    assert listed.count("if nobody answers before ") == 3
    assert "all 3 of these: company approvals approve A3 --bundle, or reject A3 --bundle" in listed
    assert "\n\n" not in listed.strip()

    done = office("approve", "A3", "--bundle", "--note", "fine")
    assert (done.returncode, signed(tmp_path)) == (0, ["lease\u202e", "loan"]), done.stderr
    again = office("approve", "A3", "--bundle")
    assert again.returncode == 2
    assert "A3 is the same call as A2" in again.stderr
    rejected = office("reject", "A3")
    assert (rejected.returncode, signed(tmp_path)) == (0, ["lease\u202e", "loan"]), rejected.stderr
    assert office("list").stdout == "nothing waits\n"


def test_what_is_shown_is_everything_and_an_approval_of_a_run_that_failed_is_refused(
    office: Run, tmp_path: Path
) -> None:
    shown = json.loads(office("show", "A1", "--json").stdout)
    assert (shown["arguments"], shown["bundle"], shown["needed"], shown["votes"]) == (
        {"paper": "lease\u202e"},
        "A1",
        1,
        [],
    )
    text = office("show", "A3").stdout
    assert [line.split()[0] for line in text.splitlines()] == list(shown)
    assert "repeats         A2" in text
    store = open_store(tmp_path / "home")
    store.runs.set_status("R1", "failed", {"error": "a bug"})
    store.close()

    refused = office("approve", "A1")
    assert refused.returncode == 2
    assert "A1 is void: run R1 is failed and acts on nothing any more" in refused.stderr
    assert "no approval 'A9'" in office("show", "A9").stderr
    assert signed(tmp_path) == []


def test_a_question_says_who_of_several_said_yes_what_was_read_and_that_it_was_passed_on(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    asked = ask(store, needed=2, sources=["news n-1"])
    store.approvals.decide(asked.id, True, "Ada")
    waiting = store.approvals.open()
    passed_on = store.approvals.escalate(asked.asked_at, asked.asked_at - asked.asked_at)
    text, later = _block(waiting), _block(passed_on)
    store.close()
    assert "it had read: news n-1" in text
    assert "1 of 2 said yes: Ada" in text
    assert "passed on" not in text
    assert f"waits since {asked.asked_at:%Y-%m-%d %H:%M}, passed on " in later
    assert "--bundle" not in text


def ask(store: Store, **more: object) -> object:
    question = {
        "run_id": "R1",
        "thread_id": "",
        "role": "clerk",
        "path": "ceo/clerk",
        "call_id": "c1",
        "tool": "sign",
        "arguments": {},
        "arguments_hash": "h",
        "reason": "it cannot be taken back",
        "rule": "effect.irreversible",
        "sources": [],
        "expires_seconds": 60,
    }
    return store.approvals.ask(**question | more)
