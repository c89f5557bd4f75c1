"""The memory as it was: rolled back, undone, retained, traced."""

from datetime import timedelta

import pytest

from company import events
from company.config import MemoryRetentionSettings
from company.errors import UsageError
from company.events import Draft
from company.memory import Note
from company.memory.keeping.retention import Retention
from company.memory.keeping.rollback import roll_back
from company.memory.keeping.tracing import stats, trace


def price(value: str, **more: object) -> Note:
    fact = {"kind": "semantic", "subject": "Binance", "predicate": "fee", "value": value}
    return Note(role="trading", text=f"Binance takes {value}", **{**fact, **more})


def held(home) -> list[str]:
    return [item.text for item in home.memory.records.where("status = 'active' AND valid_to IS NULL")]


def back(home, to: str, **more: object):
    now = home.clock.now()
    return roll_back(home.memory.past, home.store, to=to, by="ann", now=now, **{"role": "", **more})


@pytest.fixture
def changed(home, clock):
    """A memory in which a fact was corrected, something was added and a proposal accepted, an hour apart."""
    home.keep(
        price("0.10 %"), Note(role="ceo", text="the desk is red"), Note(role="ceo", text="maybe", status="proposed")
    )
    clock.advance(hours=1)
    home.keep(price("0.08 %"), Note(role="ceo", text="the chair is blue"))
    home.memory.decide("m3", True, "ann")
    return home


def test_the_memory_is_put_back_as_it_was(changed, clock):
    before = clock.now() - timedelta(minutes=30)
    clock.advance(hours=1)
    done = back(changed, before.isoformat())
    assert held(changed) == ["Binance takes 0.10 %", "the desk is red"]
    assert (done.closed, done.reopened) == (("m3", "m4", "m5"), ("m1",))
    assert changed.memory.get("m3").status == "proposed"
    assert changed.memory.get("m4").status == "archived"
    assert "rollback B1" in changed.memory.past.changes(4)[-1].cause


def test_a_rollback_is_undone_by_another_one(changed, clock):
    before = held(changed)
    back(changed, (clock.now() - timedelta(minutes=30)).isoformat())
    changed.keep(Note(role="ceo", text="learned after the rollback"))
    done = back(changed, "B1")
    assert held(changed) == before
    assert done.rollback == "B2"
    back(changed, "B2")
    assert "learned after the rollback" in held(changed)
    assert "the chair is blue" not in held(changed)


def test_a_rollback_of_one_role_leaves_the_others(changed, clock):
    back(changed, (clock.now() - timedelta(minutes=30)).isoformat(), role="trading")
    assert held(changed) == ["Binance takes 0.10 %", "the desk is red", "maybe", "the chair is blue"]


def test_a_rollback_is_in_the_journal(changed, clock):
    back(changed, (clock.now() - timedelta(minutes=30)).isoformat())
    (event,) = changed.store.journal.read(types=["memory.rolled_back"])
    assert event.body["value"]["by"] == "ann"
    assert event.body["value"]["reopened"] == ["m1"]


@pytest.mark.parametrize("to", ["yesterday", "2026-03-01T09:00:00", "B7"])
def test_going_back_to_nowhere_is_refused(home, to):
    with pytest.raises(UsageError, match=r"is not a time|no rollback"):
        back(home, to)


def retention(home, **rules: object) -> Retention:
    return Retention(home.memory.records, home.memory.past, MemoryRetentionSettings(**rules), home.clock)


def test_an_old_episode_is_archived_and_later_removed_unless_pinned_or_cited(home, clock):
    home.keep(
        Note(role="ceo", text="an old day"),
        Note(role="ceo", text="a day to remember", pinned=True),
        Note(role="ceo", text="a day that taught us"),
        Note(role="ceo", text="we know", kind="semantic", derived_from=("m3",)),
        Note(role="ceo", text="a day that is told again"),
    )
    clock.advance(days=100)
    home.keep(Note(role="ceo", text="a day that is told again"))
    clock.advance(days=81)
    assert (retention(home).apply().archived, home.memory.get("m1").status) == (1, "archived")
    assert held(home) == ["a day to remember", "a day that taught us", "we know", "a day that is told again"]
    clock.advance(days=179)
    assert retention(home).apply().removed == 0
    clock.advance(days=2)
    assert retention(home).apply().removed == 1
    assert home.memory.records.get("m1") is None


def test_a_superseded_fact_is_archived_after_its_time_and_the_current_one_never(home, clock):
    home.keep(price("0.10 %"))
    clock.advance(days=10)
    home.keep(price("0.08 %"))
    clock.advance(days=364)
    assert retention(home).apply().archived == 0
    clock.advance(days=2)
    assert retention(home).apply().archived == 1
    assert held(home) == ["Binance takes 0.08 %"]
    clock.advance(days=400)
    assert retention(home).apply().removed == 1
    assert held(home) == ["Binance takes 0.08 %"]


def test_beyond_the_quota_the_least_goes_first(home):
    weights = {"little": 0.1, "much": 0.9, "some": 0.4}
    home.keep(*(Note(role="ceo", text=f"of {text} weight", importance=weight) for text, weight in weights.items()))
    home.keep(Note(role="trading", text="of another role", importance=0.0))
    retention(home, quota=2).apply()
    assert held(home) == ["of much weight", "of some weight", "of another role"]


def test_retention_works_once_a_company_day(home, clock):
    assert retention(home).once_a_day() is not None
    clock.advance(hours=3)
    assert retention(home).once_a_day() is None
    clock.advance(days=1)
    assert retention(home).once_a_day() is not None


def test_a_trace_tells_where_a_memory_came_from_and_went(home, clock):
    home.keep(Note(role="ceo", text="ann said that she was born in Ghent", run_id="R1"))
    home.keep(Note(role="ceo", text="Ann is Belgian", derived_from=("m1",)))
    home.keep(Note(role="ceo", text="we greet Ann in Dutch", derived_from=("m2",)))
    value = {"role": "ceo", "items": [{"id": "m2", "score": 0.5}, {"id": "m22", "score": 0.4}]}
    home.store.journal.append([Draft("R7", "", "ceo", "debug", events.custom("memory.recalled", value))])
    found = trace("m2", home.memory.records, home.memory.past, home.store)
    assert [item.id for item in found.origins] == ["m1"]
    assert [item.id for item in found.conclusions] == ["m3"]
    assert [(each.run, each.role) for each in found.recalled] == [("R7", "ceo")]
    assert trace("m1", home.memory.records, home.memory.past, home.store).recalled == ()


def test_the_stats_count_what_holds_and_what_is_past(changed):
    counted = stats(changed.memory.records)
    assert counted.by == {"ceo": {"episodic": {"active": 3}}, "trading": {"semantic": {"active": 1}}}
    assert (counted.history, counted.persons, counted.tombstones) == (1, 0, 0)
