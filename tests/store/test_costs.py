"""What model calls took is added up exactly, from the cost events alone."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from company import events
from company.events import Draft
from company.store import Amounts, CostRow, Meter, Reservation, Store
from company.store.connection import Connection
from company.store.costs import CHUNK, _query
from company.store.sqlite import open_engine
from company.store.upgrade import upgrade

NEW = {
    "role": "trading",
    "model": "openai:gpt-5",
    "provider": "openai",
    "inputTokens": 1000,
    "cachedTokens": 400,
    "cacheWrittenTokens": 100,
    "outputTokens": 50,
    "reasoningTokens": 20,
    "usd": "0.0123",
    "elapsedMs": 900,
    "firstTokenMs": 120,
    "outcome": "ok",
}
OLD = {"role": "ceo", "model": "autopilot", "inputTokens": 7, "outputTokens": 3, "usd": "0", "elapsedMs": 1}


def cost(value: dict[str, Any], *, run: str = "R1", thread: str = "", **changed: Any) -> Draft:
    return Draft(run, thread, "ceo", "debug", events.custom("cost", {**value, **changed}))


@pytest.fixture
def meter(store: Store) -> Meter:
    return Meter(store)


def test_a_journal_without_model_calls_has_no_rows(meter):
    assert meter.by("role") == []
    assert meter.total() == CostRow(key="total")


def test_every_figure_of_a_call_is_read(store, meter):
    store.journal.append([cost(NEW), cost(NEW, outcome="rate_limit", usd="0", outputTokens=0, reasoningTokens=0)])
    assert meter.by("role") == [
        CostRow(
            key="trading",
            calls=2,
            failed=1,
            input=2000,
            cached=800,
            cache_written=200,
            output=50,
            reasoning=20,
            usd=Decimal("0.0123"),
            elapsed=Decimal("1.8"),
        )
    ]


def test_calls_of_early_journals_are_read_too(store, meter):
    store.journal.append([cost(OLD)])
    assert meter.by("model") == [CostRow(key="autopilot", calls=1, input=7, output=3, elapsed=Decimal("0.001"))]


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("role", ["trading", "ceo"]),
        ("model", ["openai:gpt-5", "autopilot"]),
        ("run", ["R2", "R10"]),
        ("thread", ["T1", ""]),
        ("day", ["2026-03-01", "2026-03-02"]),
    ],
)
def test_rows_come_in_the_order_of_their_first_call(store, meter, now, key, names):
    store.journal.append([cost(NEW, run="R2", thread="T1")])
    now.tick(13 * 3600)
    store.journal.append([cost(OLD, run="R10"), cost(OLD, run="R10")])
    assert [(row.key, row.calls) for row in meter.by(key)] == [(names[0], 1), (names[1], 2)]


def test_a_day_is_that_of_utc(store, meter, now):
    now.moment = datetime.fromisoformat("2026-03-02T01:30:00+03:00")
    store.journal.append([cost(NEW)])
    assert [row.key for row in meter.by("day")] == ["2026-03-01"]


def test_the_first_moment_counts_and_the_last_does_not(store, meter, now):
    begin = now.moment
    for _ in range(3):
        store.journal.append([cost(NEW)])
        now.tick(60)
    end = begin + timedelta(seconds=120)
    assert meter.total(since=begin, until=end).calls == 2
    assert meter.total(since=begin + timedelta(microseconds=1)).calls == 2
    assert meter.total(until=begin).calls == 0


def test_a_moment_without_zone_is_refused(meter):
    with pytest.raises(ValueError, match="has no time zone"):
        meter.by("role", since=datetime(2026, 3, 1))  # noqa: DTZ001 - the point of the test


def test_one_run_is_told_from_the_others(store, meter):
    store.journal.append([cost(NEW, run="R1"), cost(NEW, run="R11"), cost(OLD, run="R1")])
    assert meter.total(run="R1").calls == 2
    assert [row.key for row in meter.by("run", run="R11")] == ["R11"]


def test_the_rows_of_a_group_are_added_up(store, meter):
    for role, usd in (("research", "0.1"), ("trading", "2"), ("writer", "0.25"), ("gone", "1")):
        store.journal.append([cost(NEW, role=role, usd=usd)])
    rows = CostRow.grouped(meter.by("role"), {"research": "newsroom", "writer": "newsroom", "trading": "trading"})
    assert [(row.key, row.calls, row.usd) for row in rows] == [
        ("newsroom", 2, Decimal("0.35")),
        ("trading", 1, Decimal(2)),
        ("gone", 1, Decimal(1)),
    ]


def test_other_events_cost_nothing(store, meter):
    store.journal.append([Draft("R1", "", "ceo", "user", events.custom("report", {"usd": "5"})), cost(NEW)])
    assert meter.total().usd == Decimal("0.0123")


def test_more_calls_than_are_read_at_a_time_are_all_counted(store, meter):
    store.journal.append([cost(NEW), *(cost(OLD) for _ in range(CHUNK)), cost(NEW)])
    assert {row.key: row.calls for row in meter.by("role")} == {"trading": 2, "ceo": CHUNK}
    assert meter.total().usd == Decimal("0.0246")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.decimals(0, 10**6, places=9), min_size=1, max_size=30))
def test_dollars_are_added_without_rounding(store, meter, amounts):
    before = Fraction(meter.total().usd)
    store.journal.append([cost(NEW, usd=usd) for usd in amounts])
    assert Fraction(meter.total().usd) == before + sum(map(Fraction, amounts))


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ((None, None, ""), "journal_cost"),
        ((datetime(2026, 3, 1, tzinfo=UTC), None, ""), "journal_cost"),
        ((None, None, "R1"), "journal_run"),
        ((datetime(2026, 3, 1, tzinfo=UTC), None, "R1"), "journal_run"),
    ],
)
def test_costs_are_found_through_an_index_and_never_sorted(store, filters, index):
    dialect = sa.dialects.sqlite.dialect()
    sql = str(_query(*filters).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    plan = [row[-1] for row in store._connection.raw.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    assert len(plan) == 1
    assert f"USING INDEX {index}" in plan[0]


def test_an_older_journal_gets_the_index(tmp_path):
    connection = Connection(open_engine(tmp_path / "state.db"))
    upgrade(connection, "0001")
    at, body = "2026-01-01T00:00:00.000000+00:00", json.dumps(events.custom("cost", OLD))
    connection.raw.exec_driver_sql(
        "INSERT INTO journal VALUES (1, ?, 'R1', '', 'ceo', 'debug', 'cost', ?, '', '')", (at, body)
    )
    connection.close()
    opened = Store.open(tmp_path / "state.db", now=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    assert Meter(opened).total().calls == 1
    opened.close()


def test_what_counts_is_what_the_budget_tree_counts(store, meter, now):
    def reserve(usd: str) -> Reservation:
        amounts = Amounts(usd=Decimal(usd), tokens=5, calls=1, seconds=Decimal("0.5"))
        found = store.budgets.reserve("company/trading/trading/R1", amounts, {})
        assert isinstance(found, Reservation)
        return found

    reserve("1.10")
    now.tick(24 * 3600)
    midnight = now.moment.replace(hour=0)
    store.budgets.settle(reserve("5"), Amounts(usd=Decimal("0.25"), tokens=3, calls=1))
    reserve("0.20")
    counted = meter.counted(now.moment)
    assert counted.day == store.budgets.used("company", midnight)
    assert counted.month == store.budgets.used("company", midnight.replace(day=1))
    assert (counted.day.usd, counted.month.usd) == (Decimal("0.45"), Decimal("1.55"))


def test_nothing_counts_before_anything_was_reserved(meter, now):
    counted = meter.counted(now.moment)
    assert (counted.day, counted.month) == (Amounts(), Amounts())
