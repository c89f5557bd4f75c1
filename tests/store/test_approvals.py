from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from company.errors import CompanyError, IntegrityError, UsageError
from company.store import Approval, Store


def ask(
    store: Store, call_id: str = "c1", *, run_id: str = "R1", path: str = "ceo/trading", hash_: str = "h1"
) -> Approval:
    return store.approvals.ask(
        run_id=run_id,
        thread_id="T1",
        role="trading",
        path=path,
        call_id=call_id,
        tool="place_order",
        arguments={"symbol": "BTC/USDT", "amount": "0.1"},
        arguments_hash=hash_,
        reason="outside every mandate",
        rule="mandate.none",
        sources=["headlines"],
        expires_seconds=60,
    )


def test_a_question_is_open_until_somebody_decides(store, now):
    approval = ask(store)
    assert (approval.id, approval.state, approval.asked_at) == ("A1", "open", now())
    assert approval.expires_at == now() + timedelta(seconds=60)
    assert approval.arguments == {"symbol": "BTC/USDT", "amount": "0.1"}
    assert approval.sources == ["headlines"]
    assert store.approvals.open() == store.approvals.for_run("R1") == [approval]


def test_the_same_call_is_asked_about_once(store, open_store):
    approval = ask(store)
    assert ask(open_store()) == approval
    assert [ask(store, "c2").id, ask(store, path="ceo/research").id, ask(store, run_id="R2").id] == ["A2", "A3", "A4"]


def test_the_same_call_with_other_arguments_is_refused(store):
    ask(store)
    with pytest.raises(IntegrityError, match="one call, one question"):
        ask(store, hash_="h2")


@pytest.mark.parametrize(("yes", "state"), [(True, "approved"), (False, "rejected")])
def test_a_person_decides(store, now, yes, state):
    ask(store)
    now.tick(5)
    approval = store.approvals.decide("A1", yes, "anna", "fine")
    assert (approval.state, approval.decided_by, approval.decided_at, approval.note) == (state, "anna", now(), "fine")
    assert store.approvals.open() == []


@pytest.mark.parametrize(("first", "word"), [(True, "approved"), (False, "rejected")])
def test_the_first_decision_wins_and_the_second_is_told_of_it(store, open_store, first, word):
    ask(store)
    decided = store.approvals.decide("A1", first, "anna")
    with pytest.raises(UsageError, match=f"was {word} by anna at 2026-03-01 12:00:00 UTC"):
        open_store().approvals.decide("A1", not first, "bob")
    assert store.approvals.get("A1") == decided


@pytest.mark.parametrize("by", ["", "role:ceo", "role:trading"])
def test_nobody_and_no_role_can_decide(store, by):
    ask(store)
    with pytest.raises(UsageError, match="a person must"):
        store.approvals.decide("A1", True, by)
    assert store.approvals.get("A1").state == "open"


def test_an_unknown_approval_is_answered_with_the_waiting_ones(store):
    ask(store)
    for call in (store.approvals.get, lambda name: store.approvals.decide(name, True, "anna")):
        with pytest.raises(UsageError, match=r"no approval 'A9'(.|\n)*A1"):
            call("A9")


def test_silence_counts_as_refusal(store, now):
    ask(store)
    now.tick(59)
    ask(store, "c2")
    assert store.approvals.expire(now()) == []
    now.tick(1)
    (expired,) = store.approvals.expire(now())
    assert (expired.id, expired.state, expired.decided_by) == ("A1", "expired", None)
    assert [approval.id for approval in store.approvals.open()] == ["A2"]


def test_what_is_too_late_or_asked_by_a_run_that_ended_waits_for_nobody(store, now):
    new = {"thread_id": "", "request": "", "person": "", "number": 1, "as_of": now(), "seed": 7, "identity": "x"}
    run = store.runs.create(kind="cycle", **new)
    ask(store, run_id="R9")
    now.tick(59)
    ask(store, run_id=run.id)
    assert [approval.id for approval in store.approvals.open()] == ["A1", "A2"]
    now.tick(1)
    assert [approval.id for approval in store.approvals.open()] == ["A2"]
    store.runs.set_status(run.id, "stopped")
    assert [approval.id for approval in store.approvals.open()] == ["A2"]
    store.runs.set_status(run.id, "failed")
    assert store.approvals.open() == []


def test_a_late_decision_does_not_count(store, now):
    ask(store)
    now.tick(60)
    with pytest.raises(UsageError, match="expired at 2026-03-01 12:01:00 UTC"):
        store.approvals.decide("A1", True, "anna")
    assert [approval.id for approval in store.approvals.expire(now())] == ["A1"]


def test_the_newest_approvals_of_any_state_come_first(store):
    for number in range(3):
        ask(store, f"c{number}")
    store.approvals.decide("A3", True, "anna")
    assert [(approval.id, approval.state) for approval in store.approvals.recent(2)] == [
        ("A3", "approved"),
        ("A2", "open"),
    ]


def test_an_approved_call_is_settled_once(store):
    ask(store)
    store.approvals.decide("A1", True, "anna")
    assert store.approvals.settle("A1", {"status": "ok"}).result == {"status": "ok"}
    with pytest.raises(IntegrityError, match="is done"):
        store.approvals.settle("A1", {"status": "failed"})
    with pytest.raises(UsageError, match="was approved by anna"):
        store.approvals.decide("A1", False, "bob")


def test_waiting_runs_with_a_decision_are_woken(store, now):
    def waiting_run() -> str:
        run = store.runs.create(
            kind="cycle", thread_id="", request="", person="", number=1, as_of=now(), seed=1, identity=""
        )
        store.runs.set_status(run.id, "waiting")
        ask(store, run_id=run.id)
        return run.id

    first, second, third = waiting_run(), waiting_run(), waiting_run()
    assert store.approvals.runs_to_wake() == []
    store.approvals.decide("A3", False, "anna")
    store.approvals.decide("A1", True, "anna")
    assert store.approvals.runs_to_wake() == [first, third]
    store.runs.set_status(third, "done")
    now.tick(60)
    store.approvals.expire(now())
    assert store.approvals.runs_to_wake() == [first, second]


ALLOWED = {"open": {"approved", "rejected", "expired"}, "approved": {"done"}}
MOVES = {
    "approve": lambda store, name: store.approvals.decide(name, True, "anna"),
    "reject": lambda store, name: store.approvals.decide(name, False, "anna"),
    "expire": lambda store, name: store.approvals.expire(store.approvals.get(name).expires_at),
    "settle": lambda store, name: store.approvals.settle(name, "ok"),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=6))
def test_only_the_allowed_moves_are_made_in_any_order(store, moves):
    name = ask(store, f"c{len(store.approvals.for_run('R1'))}").id
    state = "open"
    for move in moves:
        try:
            MOVES[move](store, name)
        except CompanyError:
            assert store.approvals.get(name).state == state
        after = store.approvals.get(name).state
        assert after == state or after in ALLOWED[state]
        state = after
