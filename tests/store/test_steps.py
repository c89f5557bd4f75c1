"""Trajectories: what a path did last is known in every process, and is what the database holds."""

from decimal import Decimal
from typing import Any

import pytest

from company.store import Step
from company.store.steps import WINDOW


def step(call_id: str = "c1", **fields: Any) -> Step:
    usual: dict[str, Any] = {"turn": 3, "action": "place", "question": "q", "answer": "a", "status": "ok"}
    usual |= {"changed": True, "progress": False, "usd": Decimal("0.10"), "tokens": 5}
    where = {"run_id": "R1", "path": "ceo/trading", "role": "trading", "call_id": call_id}
    return Step(**{**where, **usual, **fields})


def recent(store, run_id="R1", path="ceo/trading"):
    with store.transaction():
        return [found.call_id for found in store.steps.recent(run_id, path)]


def test_a_step_comes_back_as_it_was_written(store, open_store):
    kept = [step(), step("c2", turn=None, changed=False, progress=True)]
    for each in kept:
        store.steps.record(each)

    other = open_store()
    with other.transaction():
        assert list(other.steps.recent("R1", "ceo/trading")) == kept


def test_the_newest_stand_last_and_each_path_for_itself(store):
    for each in (step("c1"), step("c2", path="ceo/research"), step("c3"), step("c4", run_id="R2")):
        store.steps.record(each)

    assert recent(store) == ["c1", "c3"]
    assert recent(store, path="ceo/research") == ["c2"]
    assert recent(store, run_id="R2") == ["c4"]
    assert recent(store, path="ceo/nobody") == []


def test_what_was_longer_ago_than_the_window_is_not_compared(store, open_store):
    with store.transaction():
        for number in range(WINDOW + 5):
            store.steps.record(step(f"c{number}"))

    expected = [f"c{number}" for number in range(5, WINDOW + 5)]
    assert recent(store) == recent(open_store()) == expected


def test_a_step_of_another_process_is_seen(store, open_store):
    other = open_store()
    store.steps.record(step("c1"))
    assert recent(other) == ["c1"]
    other.steps.record(step("c2"))
    assert recent(store) == ["c1", "c2"]


def test_a_step_that_was_rolled_back_is_not_there(store, failing):
    store.steps.record(step("c1"))
    with failing(store):
        store.steps.record(step("c2"))

    assert recent(store) == ["c1"]


def test_a_step_of_a_part_that_failed_is_not_there(store, failing):
    with store.transaction():
        store.steps.record(step("c1"))
        with failing(store):
            store.steps.record(step("c2"))
        store.steps.record(step("c3"))

    assert recent(store) == ["c1", "c3"]


def test_one_effect_is_counted_over_all_paths_of_a_role_in_a_run(store):
    for each in (
        step("c1"),
        step("c2", path="ceo/trading~2"),
        step("c3", changed=False),
        step("c4", question="another"),
        step("c5", action="cancel"),
        step("c6", role="research"),
        step("c7", run_id="R2"),
    ):
        store.steps.record(each)

    assert store.steps.times_changed("R1", "trading", "place", "q") == 2


def test_steps_are_forgotten_role_by_role_and_all_together(store):
    store.steps.record(step("c1"))
    store.steps.record(step("c2", role="research", path="ceo/research"))
    assert recent(store) == ["c1"]

    assert store.steps.forget("trading") == 1
    assert (recent(store), recent(store, path="ceo/research")) == ([], ["c2"])
    assert store.steps.forget() == 1
    assert recent(store, path="ceo/research") == []


def test_steps_of_runs_that_ended_long_ago_are_removed(store):
    store.steps.record(step("c1"))
    store.steps.record(step("c2", run_id="R2"))

    assert store.steps.prune(["R1"]) == 1
    assert recent(store) == []
    assert store.steps.times_changed("R2", "trading", "place", "q") == 1


def test_what_is_remembered_between_transactions_is_read_inside_one_only(store):
    with pytest.raises(RuntimeError, match="inside a transaction"):
        store.steps.recent("R1", "ceo/trading")
