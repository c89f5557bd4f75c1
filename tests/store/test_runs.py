from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa

from company.errors import UsageError
from company.store import Run, Store


def create(store: Store, kind: str = "cycle", *, number: int = 1) -> Run:
    return store.runs.create(
        kind=kind,
        thread_id="T1",
        request="how are we doing?",
        person="anna",
        number=number,
        as_of=store.runs._now(),
        seed=7,
        identity="abc",
    )


def test_runs_are_numbered(store, open_store):
    assert [create(store).id, create(open_store()).id, create(store).id] == ["R1", "R2", "R3"]


def test_a_new_run_is_as_it_was_asked(store, now):
    run = create(store, "chat", number=4)
    assert run == store.runs.get("R1")
    assert (run.kind, run.status, run.number, run.seed, run.outcome) == ("chat", "created", 4, 7, {})
    assert (run.created_at, run.as_of, run.finished_at) == (now(), now(), None)


def test_an_unknown_run_is_answered_with_the_known_ones(store):
    with pytest.raises(UsageError, match=r"no run 'R9'(.|\n)*none yet"):
        store.runs.get("R9")
    create(store)
    create(store)
    for call in (store.runs.get, store.runs.acquire, store.runs.token, partial(store.runs.set_status, status="done")):
        with pytest.raises(UsageError, match=r"no run 'R9'(.|\n)*R2, R1"):
            call("R9")


@pytest.mark.parametrize("status", ["done", "degraded", "failed", "stopped"])
def test_an_ended_run_has_an_end_and_an_outcome(store, now, status):
    create(store)
    now.tick(60)
    run = store.runs.set_status("R1", status, {"usd": Decimal("0.10")})
    assert (run.status, run.finished_at, run.outcome) == (status, now(), {"usd": "0.10"})


def test_a_stopped_run_that_goes_on_has_no_end_and_keeps_its_outcome(store):
    create(store)
    store.runs.set_status("R1", "stopped", {"error": "fire"})
    run = store.runs.set_status("R1", "running")
    assert (run.finished_at, run.outcome) == (None, {"error": "fire"})


def test_an_unknown_status_is_refused(store):
    create(store)
    with pytest.raises(sa.exc.IntegrityError, match="known_status"):
        store.runs.set_status("R1", "asleep")


def test_unfinished_runs_are_those_to_drive_on(store):
    for status in ("created", "running", "waiting", "done", "degraded", "failed", "stopped"):
        store.runs.set_status(create(store).id, status)
    assert [run.status for run in store.runs.unfinished()] == ["created", "running"]


def test_recent_runs_come_newest_first_and_in_order_of_number(store):
    for _ in range(11):
        create(store)
    assert [run.id for run in store.runs.recent(3)] == ["R11", "R10", "R9"]


def test_runs_before_a_run_come_newest_first(store):
    for _ in range(4):
        create(store)
    assert [run.id for run in store.runs.recent(2, before="R4")] == ["R3", "R2"]
    assert store.runs.recent(2, before="R1") == []


def test_the_last_answered_run_of_a_kind_ended_or_waits_for_a_person(store):
    assert store.runs.last_answered("cycle") is None
    for kind, status in (("cycle", "done"), ("cycle", "waiting"), ("chat", "done"), ("cycle", "running")):
        store.runs.set_status(create(store, kind).id, status)
    assert store.runs.last_answered("cycle") == store.runs.get("R2")


def test_the_newest_runs_and_those_that_ended_are_known_by_id(store):
    for status in ("done", "waiting", "stopped", "running"):
        store.runs.set_status(create(store).id, status)
    assert store.runs.newest(2) == {"R3", "R4"}
    assert store.runs.finished(["R1", "R2", "R3", "R4", "R9"]) == ["R1", "R3"]


def test_the_last_run_is_found_by_kind(store):
    assert store.runs.last() is None
    create(store, "cycle", number=1)
    create(store, "cycle", number=2)
    create(store, "chat", number=0)
    assert [store.runs.last(kind).id for kind in (None, "cycle", "chat")] == ["R3", "R2", "R3"]
    assert store.runs.last("task") is None


def test_each_taking_of_a_run_gives_a_greater_token(store, open_store):
    create(store)
    assert store.runs.token("R1") == 0
    assert [store.runs.acquire("R1"), open_store().runs.acquire("R1"), store.runs.token("R1")] == [1, 2, 2]
