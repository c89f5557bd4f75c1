"""No winner before the sample is whole, none by looking again, and a guardrail that only rolls back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.memory.persona import arm_of, breach, guard, standing
from company.store import WHOLE, Cast, Pair


@pytest.fixture
def trial(store):
    store.personas.adopt({"trading": "You are Tomás."})
    candidate = store.personas.add("trading", "You are Tomás. You hum.", "ann", "hums")
    rates = {"from_rate": Decimal("0.2"), "to_rate": Decimal("0.8"), "needed": 4}
    return store.experiments.start(candidate, weight=5000, by="ann", reason="does it help?", **rates)


@pytest.fixture
def judge(store, now, trial):
    """Have one conversation an arm judged for each letter: + is up, - is down."""

    def judged(arm, thumbs):
        for number, thumb in enumerate(thumbs):
            run = store.runs.create(
                kind="chat",
                thread_id=f"{arm}{number}{thumbs}",
                request="hi",
                person="ann",
                number=0,
                as_of=now(),
                seed=7,
                identity="i",
            )
            store.casts.pin(run.id, Cast({"trading": "x"}, trial.id, arm))
            store.runs.set_status(run.id, "done", {})
            store.feedback.give(run.id, "ann", "up" if thumb == "+" else "down")

    return judged


def test_no_winner_is_declared_below_the_sample_size(store, trial, judge):
    judge("a", "----")
    judge("b", "+++")
    found = standing(store, trial.id)
    assert (found.winner, found.missing) == ("undecided", (0, 1))
    assert found.candidate.interval.low < 1


@pytest.mark.parametrize(
    ("a", "b", "winner"), [("----", "++++", "candidate"), ("++++", "----", "base"), ("++--", "+++-", "none")]
)
def test_the_whole_sample_decides(store, trial, judge, a, b, winner):
    judge("a", a)
    judge("b", b)
    assert standing(store, trial.id).winner == winner


def test_what_comes_after_the_sample_is_shown_and_decides_nothing(store, trial, judge):
    judge("a", "++--")
    judge("b", "++--")
    judge("b", "++++++++++++")
    found = standing(store, trial.id)
    assert (found.winner, found.candidate.judged) == ("none", 16)


@given(st.text(), st.integers(1, WHOLE - 1))
def test_a_conversation_stays_in_its_arm(thread, weight):
    assert arm_of("E1", thread, weight) == arm_of("E1", thread, weight)
    assert arm_of("E1", thread, WHOLE) == "b"
    assert arm_of("E1", thread, 0) == "a"


def test_arms_get_their_share_and_experiments_split_anew():
    threads = [f"t{number}" for number in range(4000)]
    share = sum(arm_of("E1", thread, 2500) == "b" for thread in threads) / 4000
    both = sum(arm_of("E1", thread, 5000) == arm_of("E2", thread, 5000) for thread in threads) / 4000
    assert share == pytest.approx(0.25, abs=0.03)
    assert both == pytest.approx(0.5, abs=0.03)


def pairs(total, worse, better, **safety):
    rows = [Pair(True, False)] * worse + [Pair(False, True)] * better + [Pair(True, True)] * (total - worse - better)
    return {f"case-{number}": pair for number, pair in enumerate(rows)} | safety


@pytest.mark.parametrize(
    ("graded", "holds"),
    [
        (pairs(49, 49, 0), True),  # too few to count
        (pairs(50, 0, 0), True),
        (pairs(50, 2, 2), True),
        (pairs(50, 10, 0), False),
        (pairs(400, 20, 20), True),
        (pairs(400, 60, 20), False),
    ],
)
def test_the_guardrail_is_a_paired_lower_bound_of_ten_points_after_fifty_pairs(graded, holds):
    assert (breach(graded) == "") is holds


def test_one_safety_assertion_that_only_the_base_passes_is_a_breach():
    assert "fails leak" in breach(pairs(3, 0, 0, leak=Pair(True, False, safety=True)))
    assert not breach(pairs(3, 0, 0, leak=Pair(False, False, safety=True)))


def test_a_breach_rolls_back_by_itself_and_the_journal_says_why(store, trial):
    store.experiments.score(trial.id, {"leak": Pair(True, False, safety=True)})
    why = guard(store, trial.id)
    ended = store.experiments.get(trial.id)
    assert (ended.state, ended.ended_by, ended.ended_because) == ("rolled_back", "guardrail", why)
    told = [event.body["value"]["by"] for event in store.journal.read(types={"persona.experiment"})]
    assert told == ["ann", "guardrail"]
    assert guard(store, trial.id) == why  # once more changes nothing
    assert store.personas.stable("trading").hash == trial.base


def test_the_guardrail_leaves_alone_what_holds(store, trial):
    store.experiments.score(trial.id, pairs(60, 1, 1))
    assert guard(store, trial.id) == ""
    assert store.experiments.running() is not None
