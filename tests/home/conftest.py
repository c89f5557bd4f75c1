"""Company directories as people write them, and a person's environment of their own."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from company.home import CompanyDirectory

CEO = """
---
id: ceo
title: Chief executive
summary: Leads.
---
You lead.
"""
CLERK = """
---
id: clerk
title: Clerk
reports_to: ceo
summary: Greets people.
tools: [greet]
playbook:
  - call: greet
    with: {name: Ada}
    as: words
  - report: "{{ words }}"
---
You greet.
"""
GREET = '''
from pathlib import Path

from company import tool

Path(__file__).with_name("ran").touch()


@tool(effect="read")
def greet(name: str, loud: bool = False) -> str:
    """Return a greeting.

    Args:
        name: Whom to greet.
        loud: Shout it.
    """
    return f"Hello {name}" + "!" * loud
'''


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    return {"HOME": str(tmp_path / "person")}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file of the company in `tmp_path/acme` and return its path."""

    def _write(path: str, text: str) -> Path:
        file = tmp_path / "acme" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), "utf-8")
        return file

    return _write


@pytest.fixture
def acme(tmp_path: Path, write: Callable[[str, str], Path]) -> CompanyDirectory:
    """A company with one tool of its own; what lies under it is empty."""
    write("roles/ceo.md", CEO)
    write("roles/clerk.md", CLERK)
    write("tools/greetings.py", GREET)
    return CompanyDirectory((tmp_path / "acme").resolve(), tmp_path / "bundled")
