from datetime import timedelta
from decimal import Decimal

import pytest

from company.store import Amounts, Records, Reservation, Store


@pytest.fixture
def records(store, now) -> Records:
    return Records(store, day_usd=Decimal(10), month_usd=Decimal(100), now=now)


def run(store: Store, kind: str, status: str, *, number: int = 0) -> str:
    made = store.runs.create(
        kind=kind,
        thread_id="",
        request="x" * 200,
        person="",
        number=number,
        as_of=store.runs._now(),
        seed=7,
        identity="",
    )
    store.runs.set_status(made.id, status)
    return made.id


def effect(store: Store, key: str, state: str) -> None:
    store.effects.begin(
        key=key, run_id="R1", role="trading", tool="place_order", arguments_hash="", mandate_id="", notional=None
    )
    store.effects.finish(key, state, None)


def test_activity_counts_what_was_done(store, records):
    run(store, "cycle", "done", number=3)
    run(store, "chat", "done")
    effect(store, "a", "done")
    effect(store, "b", "failed")
    activity = records.activity()
    assert (activity.cycles, activity.chats, activity.effects) == (3, 1, {"place_order": 1})
    assert [line.id for line in activity.recent] == ["R2", "R1"]
    assert len(activity.recent[0].request) == 80


def test_the_agenda_puts_unknown_outcomes_before_questions(store, records):
    store.approvals.ask(
        run_id="R1",
        thread_id="",
        role="content",
        path="ceo/content",
        call_id="c1",
        tool="publish",
        arguments={},
        arguments_hash="",
        reason="",
        rule="",
        sources=[],
        expires_seconds=60,
    )
    effect(store, "k1", "unknown")
    assert [item.id for item in records.agenda()] == ["k1", "A1"]


def test_costs_are_those_of_today_and_of_this_month(store, records, now):
    for usd in ("1.10", "0.20"):
        found = store.budgets.reserve("company/trading/trading/R1", Amounts(usd=Decimal(usd), tokens=5, calls=1), {})
        assert isinstance(found, Reservation)
        now.moment += timedelta(days=1)
    now.moment -= timedelta(days=1)
    costs = records.costs()
    assert (costs.usd_today, costs.usd_month) == (Decimal("0.20"), Decimal("1.30"))
    assert (costs.tokens_today, costs.calls_today) == (5, 1)


def test_health_names_what_is_wrong_but_not_the_run_that_asks(store, records):
    asking = run(store, "cycle", "running")
    assert records.health(asking).ok
    left, failed = run(store, "cycle", "running"), run(store, "cycle", "failed")
    health = records.health(asking)
    assert (health.ok, health.unfinished_runs, health.failed_runs) == (False, [left], [failed])


def test_the_journal_can_be_checked(records):
    check = records.verify_journal()
    assert (check.ok, check.rows, check.signed_to, check.problems) == (True, 0, 0, [])
