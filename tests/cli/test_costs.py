"""`company costs`: what people and machines read of what the models took."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from company import events
from company.cli.app import app
from company.events import Draft
from company.store import Amounts, Reservation, Store

Asked = Callable[..., str]


def spend(store: Store, role: str, run: str, usd: str, *, cached: int = 0, outcome: str = "ok") -> None:
    """Record one model call and what it took from the budget."""
    value = {
        "role": role,
        "model": "openai:gpt-5",
        "provider": "openai",
        "inputTokens": 10_000,
        "cachedTokens": cached,
        "cacheWrittenTokens": 0,
        "outputTokens": 300,
        "reasoningTokens": 120,
        "usd": usd,
        "elapsedMs": 1500,
        "firstTokenMs": 200,
        "outcome": outcome,
    }
    reserved = store.budgets.reserve(f"company/office/{role}/{run}", Amounts(usd=Decimal(usd)), {})
    assert isinstance(reserved, Reservation)
    store.journal.append([Draft(run, "", "ceo", "debug", events.custom("cost", value))])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three calls: two of R1 forty days ago, one of R2 now."""
    now = datetime.now(UTC)
    moments = [now - timedelta(days=40)]
    (tmp_path / "home").mkdir()
    store = Store.open(tmp_path / "home" / "company.db", now=lambda: moments[-1])
    for _ in range(2):
        store.runs.create(kind="cycle", thread_id="", request="", person="", number=1, as_of=now, seed=7, identity="")
    spend(store, "trading", "R1", "0.30", cached=4_000)
    spend(store, "ceo", "R1", "0.00002", outcome="overloaded")
    moments.append(now)
    spend(store, "trading", "R2", "0.90")
    store.close()
    return tmp_path / "home"


@pytest.fixture
def asked(home: Path) -> Iterator[Asked]:
    """Ask `company costs` in this process."""

    def ask(*arguments: str, of: Path = home) -> str:
        done = CliRunner().invoke(app, ["costs", "--home", str(of), *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return ask


def test_roles_are_listed_the_most_expensive_first(asked):
    head, *rows, last = asked().splitlines()
    assert head.split() == ["role", "calls", "failed", "input", "cached", "output", "reasoning", "usd", "share"]
    assert [row.split() for row in rows] == [
        ["trading", "2", "0", "20,000", "4,000", "600", "240", "$1.2000", "100%"],
        ["ceo", "1", "1", "10,000", "0", "300", "120", "<$0.0001", "0%"],
    ]
    assert last.startswith("total $1.2000 for 3 calls and 30900 tokens · left $9.10 of $10.00 today")


def test_roles_of_one_department_are_one_line(asked):
    rows = [row.split() for row in asked("--by", "department").splitlines()[1:-1]]
    assert [(row[0], row[1], row[-2]) for row in rows] == [("trading", "2", "$1.2000"), ("office", "1", "<$0.0001")]


def test_runs_and_days_are_listed_in_order_of_time(asked):
    today = datetime.now(UTC).date()
    assert [line.split()[0] for line in asked("--by", "run").splitlines()[1:3]] == ["R1", "R2"]
    assert [line.split()[0] for line in asked("--by", "day").splitlines()[1:3]] == [
        (today - timedelta(days=40)).isoformat(),
        today.isoformat(),
    ]


def test_the_last_days_are_told_from_the_rest(asked):
    rows = json.loads(asked("--since", "7d", "--json"))["rows"]
    assert [(row["key"], row["usd"]) for row in rows] == [("trading", "0.90")]


def test_one_run_is_told_from_the_others(asked):
    document = json.loads(asked("--run", "R1", "--by", "model", "--json"))
    assert [(row["key"], row["calls"], row["failed"]) for row in document["rows"]] == [("openai:gpt-5", 2, 1)]


def test_machines_get_exact_dollars_and_what_is_left(asked):
    document = json.loads(asked("--json"))
    assert document["by"] == "role"
    assert document["total"] == {
        "key": "total",
        "calls": 3,
        "failed": 1,
        "input": 30_000,
        "cached": 4_000,
        "cache_written": 0,
        "output": 900,
        "reasoning": 360,
        "usd": "1.20002",
        "elapsed": "4.5",
    }
    assert document["budget"] == {
        "day_usd": "10",
        "day_left_usd": "9.10",
        "month_usd": "100",
        "month_left_usd": "99.10",
    }


def test_an_empty_journal_says_so(asked, tmp_path):
    first, last = asked(of=tmp_path / "new").splitlines()
    assert first == "no model was called"
    assert "left $10.00 of $10.00 today" in last


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--by", "moon"), "'moon'"),
        (("--since", "soon"), "'soon'"),
        (("--since", "999999d"), "'999999d'"),
        (("--run", "R99"), "'R99'"),
    ],
)
def test_a_wrong_argument_is_named_and_ends_with_two(arguments, what, company):
    done = company("costs", *arguments)
    assert done.returncode == 2
    assert what in done.stderr
    assert "Traceback" not in done.stderr
