"""`company run --when-needed`: time goes on, and nobody works unless something concerns somebody."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

SETTINGS = "[memory]\nenabled = false\n"
CEO = """
---
id: ceo
title: Chief
summary: Leads.
---
You lead.
"""
CLERK = """
---
id: clerk
title: Clerk
reports_to: ceo
summary: Answers letters.
tools: [inbox]
wakes: {by: [letters]}
playbook:
  - call: inbox
    as: letters
  - report: "{{ letters | length }} letters."
---
You answer.
"""

Run = Callable[..., Any]


@pytest.fixture
def office(write_company: Callable[[Mapping[str, str]], Path]) -> Path:
    """A company whose only clerk waits for letters; in the paper world they come from six in the morning."""
    return write_company({"company.toml": SETTINGS, "roles/ceo.md": CEO, "roles/clerk.md": CLERK})


def test_time_goes_on_without_work_until_a_letter_comes(company: Run, office: Path) -> None:
    night = company("run", "--cycles", "5", "--when-needed", "--dir", str(office))
    assert night.returncode == 0, night.stderr
    assert night.stdout.count("company time") == 1
    assert night.stdout.count("asleep since 2026-01-31 01:00: nothing new for any role (letters)") == 1

    more = company("run", "--cycles", "1", "--when-needed", "--dir", str(office))
    assert "asleep" not in more.stdout
    assert "company time" not in more.stdout

    day = company("run", "--cycles", "18", "--when-needed", "--dir", str(office))
    assert "clerk woken: 1 new letter" in day.stdout
    rows = [json.loads(line) for line in company("journal", "--json", "--dir", str(office)).stdout.splitlines()]
    names = [row["event"].get("name") for row in rows]
    assert names.index("company.idle") < names.index("roles.woken", names.index("company.idle"))


def test_a_number_of_cycles_without_the_option_is_worked_in_full(company: Run, office: Path) -> None:
    done = company("run", "--cycles", "3", "--dir", str(office))

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("company time") == 3
    assert "asleep" not in done.stdout
