"""Thumbs: one opinion a run and person, told in the journal beside the run."""

import pytest

from company.errors import UsageError


@pytest.fixture
def run(store, now):
    made = store.runs.create(
        kind="chat", thread_id="t", request="hello", person="ann", number=0, as_of=now(), seed=7, identity="i"
    )
    return store.runs.set_status(made.id, "done", {"answer": "hello"}).id


def test_an_opinion_is_kept_and_a_later_one_takes_its_place(store, open_store, run):
    store.feedback.give(run, "ann", "up")
    store.feedback.give(run, " ANN ", "down", "too long")
    [opinion] = open_store().feedback.of_run(run)
    assert (opinion.person, opinion.verdict, opinion.note) == ("ann", "down", "too long")


def test_persons_have_opinions_of_their_own(store, run):
    store.feedback.give(run, "ann", "up")
    store.feedback.give(run, "ben", "down")
    assert {opinion.person: opinion.verdict for opinion in store.feedback.of_run(run)} == {"ann": "up", "ben": "down"}
    assert store.feedback.of_person("Ben", [run, "R9"])[run].verdict == "down"
    assert store.feedback.of_person("ben", []) == {}


def test_an_opinion_is_taken_back(store, run):
    store.feedback.give(run, "ann", "up")
    assert [store.feedback.take_back(run, "ann"), store.feedback.take_back(run, "ann")] == [True, False]
    assert store.feedback.of_run(run) == []


def test_opinions_are_told_beside_the_run_so_that_a_replay_stays_the_same(store, run):
    store.feedback.give(run, "ann", "up")
    store.feedback.take_back(run, "ann")
    told = store.journal.read(types={"feedback.given"})
    assert [event.body["value"]["verdict"] for event in told] == ["up", ""]
    assert {event.run_id for event in told} == {""}


@pytest.mark.parametrize("by", ["", "role:ceo"])
def test_nobody_and_roles_have_no_opinion(store, run, by):
    with pytest.raises(UsageError, match="cannot have an opinion"):
        store.feedback.give(run, by, "up")


def test_what_cannot_be_judged_is_refused(store, run, now):
    store.runs.set_status(run, "running")
    with pytest.raises(UsageError, match="run R1 is running"):
        store.feedback.give(run, "ann", "up")
    with pytest.raises(UsageError, match="no run 'R9'"):
        store.feedback.give("R9", "ann", "up")
    with pytest.raises(UsageError, match="say up or down"):
        store.feedback.give(run, "ann", "sideways")
    with pytest.raises(UsageError, match="1001 characters"):
        store.feedback.give(run, "ann", "up", "x" * 1001)
