"""Experiments: one at a time, ended by a person or the guardrail, counted by conversation."""

from decimal import Decimal

import pytest

from company.errors import UsageError
from company.store import GUARDRAIL, Cast, Pair


@pytest.fixture
def candidate(store):
    store.personas.adopt({"ceo": "You are Helena.", "trading": "You are Tomás."})
    return store.personas.add("trading", "You are Tomás. You hum.", "ann", "hums")


@pytest.fixture
def start(store, candidate):
    def started(weight=5000, by="ann", reason="does humming help?"):
        rates = {"from_rate": Decimal("0.6"), "to_rate": Decimal("0.7"), "needed": 356}
        return store.experiments.start(candidate, weight=weight, by=by, reason=reason, **rates)

    return started


@pytest.fixture
def judged(store, now):
    """Make a run of an arm, with thumbs."""

    def made(experiment, arm, thread, *thumbs):
        run = store.runs.create(
            kind="chat", thread_id=thread, request="hi", person="ann", number=0, as_of=now(), seed=7, identity="i"
        )
        version = experiment.candidate if arm == "b" else experiment.base
        store.casts.pin(run.id, Cast({"trading": version, "ceo": "x"}, experiment.id, arm))
        store.runs.set_status(run.id, "done", {})
        for person, thumb in enumerate(thumbs):
            store.feedback.give(run.id, f"p{person}", thumb)
        return run.id

    return made


def test_a_candidate_is_a_version_that_nothing_points_to(store, candidate, start):
    found = start()
    assert (found.id, found.branch, found.state) == ("E1", "e1", "running")
    assert store.personas.stable("trading").hash == found.base != found.candidate == candidate.hash


def test_one_experiment_runs_at_a_time(start):
    start()
    with pytest.raises(UsageError, match="experiment E1 about trading runs"):
        start()


@pytest.mark.parametrize("weight", [0, 10_000])
def test_both_arms_have_conversations(start, weight):
    with pytest.raises(UsageError, match="leaves one arm without"):
        start(weight=weight)


@pytest.mark.parametrize("by", ["", "role:trading"])
def test_only_a_person_promotes(store, start, by):
    found = start()
    with pytest.raises(UsageError, match="a person must do it"):
        store.experiments.promote(found.id, by, "because")


def test_promoting_moves_the_pointer_and_tells_who_did_it(store, start):
    found = start()
    ended = store.experiments.promote(found.id, "ben", "hums well")
    assert (ended.state, ended.ended_by) == ("promoted", "ben")
    assert store.personas.stable("trading").hash == found.candidate
    [change] = [event.body["value"] for event in store.journal.read(types={"persona.changed"})]
    assert (change["how"], change["author"], change["reason"]) == ("promote", "ben", "E1: hums well")


def test_a_candidate_that_was_tried_against_another_text_is_not_promoted(store, start):
    found = start()
    store.personas.set("trading", "You are Rosa.", "ann", "a new trader")
    with pytest.raises(UsageError, match="was not tried against what it says now"):
        store.experiments.promote(found.id, "ann", "hums well")
    assert store.experiments.roll_back(found.id, "ann", "stale").state == "rolled_back"


def test_what_ended_stays_ended(store, start):
    found = start()
    store.experiments.roll_back(found.id, GUARDRAIL, "worse")
    for act in (store.experiments.promote, store.experiments.roll_back):
        with pytest.raises(UsageError, match="was rolled back by guardrail"):
            act(found.id, "ann", "again")
    with pytest.raises(UsageError, match="was rolled back"):
        store.experiments.score(found.id, {"case#0": Pair(True, True)})
    assert store.experiments.running() is None


def test_a_conversation_is_one_observation_and_a_tie_is_none(store, start, judged):
    found = start()
    judged(found, "b", "t1", "up")
    judged(found, "b", "t1", "up", "down")
    judged(found, "a", "t2", "down")
    judged(found, "a", "t3", "up", "down")
    judged(found, "a", "t4")
    seen = [(verdict.arm, verdict.thread_id, verdict.approved) for verdict in store.experiments.verdicts(found.id)]
    assert seen == [("b", "t1", True), ("a", "t2", False)]
    assert store.experiments.assigned(found.id) == {"a": 3, "b": 1}


def test_grades_of_a_case_are_kept_once(store, start):
    found = start()
    store.experiments.score(found.id, {"one#0": Pair(True, True), "two#0": Pair(True, False, safety=True)})
    store.experiments.score(found.id, {"one#0": Pair(True, False)})
    pairs = store.experiments.pairs(found.id)
    assert pairs == {"one#0": Pair(True, False), "two#0": Pair(True, False, safety=True)}


def test_an_experiment_is_settled_once_none_of_its_runs_is_under_way(store, start, judged):
    found = start()
    run = judged(found, "b", "t1")
    store.runs.set_status(run, "running")
    store.experiments.roll_back(found.id, "ann", "no")
    assert store.experiments.under_way(found.id) == [run]
    store.runs.set_status(run, "done", {})
    assert store.experiments.under_way(found.id) == []
    assert [each.id for each in store.experiments.unsettled()] == ["E1"]
    store.experiments.settle("E1")
    assert store.experiments.unsettled() == []


def test_a_cast_is_read_as_it_was_written_and_only_arm_b_has_a_branch(store, start, judged):
    found = start()
    first, second = judged(found, "a", "t1"), judged(found, "b", "t2")
    assert (store.casts.of(first).arm, store.casts.of(first).branch) == ("a", "")
    assert (store.casts.of(second).arm, store.casts.of(second).branch) == ("b", "e1")
    assert store.casts.of(second).versions["trading"] == found.candidate
    assert store.casts.of("R99") == Cast()
