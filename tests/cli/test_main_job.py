"""The main job: one autonomous cycle, as a stranger sees it."""

import json
import re
from pathlib import Path

from company.store import Store
from company.world import WallClock


def events(home: Path) -> list[dict[str, object]]:
    store = Store.open(home / "company.db", now=WallClock().now)
    try:
        return [event.line() for event in store.journal.read(limit=5000)]
    finally:
        store.close()


def customs(home: Path, name: str) -> list[dict[str, object]]:
    bodies = [line["event"] for line in events(home)]
    return [body["value"] for body in bodies if body.get("name") == name]


def test_the_transcript_shows_the_whole_cycle(worked_home: Path) -> None:
    text = (worked_home / "transcript.txt").read_text()
    assert "plan: trading · security · research · content · operations 5 tasks" in text
    assert re.search(r"trading +(BUY|SELL) [\d.]+ \w+/USDT @ [\d.]+ on paper-[abc] filled", text)
    assert re.search(r"security +(critical|high) alert S\d+", text)
    assert re.search(r"content +wants publish_post\(draft_id=D1, version=1\)", text)
    assert "$0.00" in text
    assert "company approvals approve A1" in text


def test_five_roles_report(worked_home: Path) -> None:
    roles = {value["role"] for value in customs(worked_home, "report")}
    assert roles == {"trading", "security", "research", "content", "operations"}


def test_the_order_was_sized_by_the_risk_tool(worked_home: Path) -> None:
    results = [line["event"]["content"] for line in events(worked_home) if line["event"]["type"] == "TOOL_CALL_RESULT"]
    sized = [json.loads(content)["value"] for content in results if '"clamps"' in content]
    ordered = customs(worked_home, "order.placed")
    assert ordered
    assert all(order["quantity"] in [size["quantity"] for size in sized] for order in ordered)
    assert customs(worked_home, "trade.filled")


def test_the_answer_quotes_figures_of_the_tools(worked_home: Path) -> None:
    answer = (worked_home / "transcript.txt").read_text().partition("│")[2]
    figures = [value["figures"] for value in customs(worked_home, "report") if value["role"] == "trading"]
    equity = float(figures[0]["equity"])
    assert f"{equity:,.2f}" in answer


def test_a_second_run_goes_on_from_the_first(company) -> None:
    first, second = company("run", "--cycles", "1", "--json"), company("run", "--cycles", "1", "--json")
    lines = [json.loads(line) for line in second.stdout.splitlines()]
    assert first.returncode == second.returncode == 0
    assert lines[0]["seq"] == json.loads(first.stdout.splitlines()[-1])["seq"] + 1
    cycles = [line["event"]["value"]["now"] for line in lines if line["event"].get("name") == "world.clock"]
    assert cycles == ["2026-01-31T01:00:00+00:00"]
    reports = {
        line["event"]["value"]["role"]: line["event"]["value"]
        for line in lines
        if line["event"].get("name") == "report"
    }
    assert "a post still waits" in reports["content"]["summary"].lower(), "the first run's approval is known"
