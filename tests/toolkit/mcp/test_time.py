"""A real server of somebody else's, `mcp-server-time` from the package index, used by a role of a company."""

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Said

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
    summary: Knows what time it is.
    tools: [time_get_current_time]
    handles:
      - say: [what time is it in tokyo, tell me the time in tokyo, current time in tokyo]
        do:
          - call: time_get_current_time
            with: {timezone: Asia/Tokyo}
            as: now
          - report: "In {{ now.timezone }} it is {{ now.datetime }}, a {{ now.day_of_week }}."
    ---
    You tell the time.
"""
SETTINGS = f"""
    [memory]
    enabled = false

    [mcp.time]
    command = [{json.dumps(sys.executable)}, "-m", "mcp_server_time"]
    timeout = "60s"

    [mcp.time.tools.get_current_time]
    timeout = "60s"
"""
QUESTION = "what time is it in tokyo?"


@pytest.fixture
def told(
    write_company: Callable[[Mapping[str, str]], Path], run_company: Callable[..., Said], tmp_path: Path
) -> Callable[..., tuple[Callable[..., Said], Path]]:
    """Write a company with the time server as a person set it, confirm the server, and say how to command it."""

    def _told(more: str) -> tuple[Callable[..., Said], Path]:
        root = write_company({"roles/ceo.md": CEO, "roles/clerk.md": CLERK, "company.toml": SETTINGS + more})

        def run(*arguments: str) -> Said:
            return run_company(*arguments, "--dir", str(root), home=tmp_path / "home")

        return run, root

    return _told


def test_a_role_reads_the_time_from_it_and_what_it_says_is_a_strangers(
    told: Callable[..., tuple[Callable[..., Said], Path]], opened: Callable[..., Any], tmp_path: Path
) -> None:
    run, root = told('    effect = "read"\n')
    refused = run("chat", QUESTION, "--person", "ann")
    assert refused.returncode == 2
    assert "there is no tool 'time_get_current_time'" in refused.stderr
    confirmed = run("plugins", "confirm", "time", "--yes", "--by", "ann")
    assert confirmed.returncode == 0, confirmed.stderr
    for words in ("Get current time", "the server says of get_current_time: readOnlyHint true", "convert_time"):
        assert words in confirmed.stdout
    done = run("chat", QUESTION, "--person", "ann")
    assert done.returncode == 0, done.stderr
    assert f"In Asia/Tokyo it is {datetime.now(UTC):%Y-}" in done.stdout
    with opened(tmp_path / "home", root) as engine:
        journal = engine.company.store.journal
        (result,) = journal.read(types={"TOOL_CALL_RESULT"})
        (report,) = journal.read(types={"report"})
    answer = json.loads(result.body["content"])
    assert (answer["status"], answer["value"]["timezone"]) == ("ok", "Asia/Tokyo")
    assert report.body["value"]["sources"] == ["time_get_current_time"]


def test_without_a_persons_word_it_is_a_write_that_waits_for_approval(
    told: Callable[..., tuple[Callable[..., Said], Path]], opened: Callable[..., Any], tmp_path: Path
) -> None:
    run, root = told("")
    assert run("plugins", "confirm", "time", "--yes").returncode == 0
    asked = run("chat", QUESTION, "--person", "ann")
    assert asked.returncode == 0, asked.stderr
    assert "clerk wants time_get_current_time" in asked.stdout
    approved = run("approvals", "approve", "A1")
    assert approved.returncode == 0, approved.stderr
    with opened(tmp_path / "home", root) as engine:
        answers = [
            json.loads(event.body["content"]) for event in engine.company.store.journal.read(types={"TOOL_CALL_RESULT"})
        ]
    assert [answer["status"] for answer in answers] == ["waiting", "ok"]
    assert answers[-1]["value"]["timezone"] == "Asia/Tokyo"
