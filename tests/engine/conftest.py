"""Small companies whose tools show what happened: in files beside them, which outlive any process."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from company.events import Event, Json

WriteCompany = Callable[[Mapping[str, str]], Path]

SETTINGS = """
[memory]
enabled = false
"""

CEO = """
---
id: ceo
title: Chief
summary: Leads.
playbook:
  - delegate: all
    task: Do your work.
    standing: true
  - answer: "{% for report in reports.values() %}{{ report.title }}: {{ report.summary }}. {% endfor %}"
---
You lead.
"""


def role(name: str, *calls: str) -> str:
    """Return a role whose playbook makes these calls, one after the other, and reports the last result."""
    tools = ", ".join(dict.fromkeys(call.split("(")[0] for call in calls))
    steps = "".join(f"  - call: {call.split('(')[0]}\n    with: {_arguments(call)}\n    as: seen\n" for call in calls)
    return (
        f"---\nid: {name}\ntitle: {name.title()}\nreports_to: ceo\nsummary: Works.\ntools: [{tools}]\n"
        f'playbook:\n{steps}  - report: "{{{{ seen }}}}"\n---\nYou work.\n'
    )


def _arguments(call: str) -> str:
    return "{" + call.partition("(")[2].rstrip(")") + "}"


TOOLS = '''
"""Tools that leave marks."""

import asyncio
from pathlib import Path

from company import Context, tool


def mark(text: str) -> None:
    with Path(__file__).with_name("marks").open("a") as file:
        file.write(text + "\\n")


@tool(effect="irreversible")
async def sign(paper: str, context: Context) -> str:
    """Sign a paper.

    Args:
        paper: Which one.
    """
    mark(f"signed {paper}")
    return paper


@tool(effect="write")
async def work(seconds: float, context: Context) -> str:
    """Work for a while, and for as long as a file named `held` lies beside this one.

    Args:
        seconds: How long.
    """
    mark("began")
    await asyncio.sleep(seconds)
    while Path(__file__).with_name("held").exists():
        await asyncio.sleep(0.01)
    mark("worked")
    return "worked"
'''


@pytest.fixture
def asking(write_company: WriteCompany) -> Path:
    """A company whose clerk asks for two signatures."""
    files = {"company.toml": SETTINGS, "roles/ceo.md": CEO, "tools/marks.py": TOOLS}
    return write_company({**files, "roles/clerk.md": role("clerk", "sign(paper: one)", "sign(paper: two)")})


@pytest.fixture
def working(write_company: WriteCompany) -> Path:
    """A company whose clerk asks for a signature while its smith works, twice."""
    files = {"company.toml": SETTINGS, "roles/ceo.md": CEO, "tools/marks.py": TOOLS}
    roles = {
        "roles/clerk.md": role("clerk", "sign(paper: one)"),
        "roles/smith.md": role("smith", "work(seconds: 0.05)", "work(seconds: 0.05)"),
    }
    return write_company({**files, **roles})


@pytest.fixture
def held(working: Path) -> Path:
    """A file that keeps the smith at his first piece of work; a test lets him go by deleting it."""
    file = working / "tools" / "held"
    file.touch()
    return file


@pytest.fixture
def marks() -> Callable[[Path], list[str]]:
    """Return what the tools of a company did, in order."""

    def _marks(directory: Path) -> list[str]:
        file = directory / "tools" / "marks"
        return file.read_text().splitlines() if file.exists() else []

    return _marks


@pytest.fixture
def journal_event() -> Callable[..., Event]:
    """Return an event around a body, as the journal would give it."""

    def _event(body: Json) -> Event:
        return Event(1, datetime(2026, 1, 31, tzinfo=UTC), "R1", "", "ceo/trading", "user", body, "0" * 64, "1" * 64)

    return _event
