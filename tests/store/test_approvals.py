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


def put(store: Store, call_id: str, **changed: object) -> Approval:
    """Ask about a call, with other words than `ask` where they are given."""
    question = {
        "run_id": "R1",
        "thread_id": "T1",
        "role": "trading",
        "path": "ceo/trading",
        "tool": "place_order",
        "arguments": {"call": call_id},
        "arguments_hash": f"hash of {call_id}",
        "reason": "outside every mandate",
        "rule": "mandate.none",
        "sources": [],
        "expires_seconds": 60,
    }
    return store.approvals.ask(**question | {"call_id": call_id} | changed)


def bundles_of(store: Store) -> dict[str, str]:
    return {approval.id: approval.bundle for approval in store.approvals.open()}


def test_questions_of_one_run_role_and_tool_share_a_bundle_while_an_earlier_one_is_open(store):
    put(store, "c1")
    for number, other in enumerate([{"role": "content"}, {"tool": "publish_post"}, {"run_id": "R2"}], 2):
        put(store, f"c{number}", **other)
    put(store, "c5", path="ceo/trading~2")
    assert bundles_of(store) == {"A1": "A1", "A5": "A1", "A2": "A2", "A3": "A3", "A4": "A4"}
    store.approvals.decide("A1", True, "ada")
    assert put(store, "c6").bundle == "A1"
    for name in ("A5", "A6"):
        store.approvals.decide(name, False, "ada")
    assert put(store, "c7").bundle == "A7"


def test_a_question_that_expired_or_whose_run_ended_is_joined_by_none(store, now):
    new = {"thread_id": "", "request": "", "person": "", "number": 1, "as_of": now(), "seed": 7, "identity": "x"}
    run = store.runs.create(kind="cycle", **new)
    put(store, "c1", run_id=run.id)
    put(store, "c2", run_id="R9")
    store.runs.set_status(run.id, "failed")
    assert put(store, "c3", run_id=run.id).bundle == "A3"
    now.tick(60)
    assert put(store, "c4", run_id="R9").bundle == "A4"


def test_a_bundle_takes_ten_questions_and_the_next_one_begins_another(store):
    assert {put(store, f"c{number}").bundle for number in range(10)} == {"A1"}
    assert [put(store, f"d{number}").bundle for number in range(2)] == ["A11", "A11"]


def test_the_same_call_asked_from_elsewhere_joins_the_question_that_waits_and_says_so(store):
    first = put(store, "c1", arguments_hash="same")
    again = put(store, "c1", arguments_hash="same", run_id="R2", role="content")
    assert (again.bundle, again.repeats, first.repeats) == ("A1", "A1", "")
    assert put(store, "c2", arguments_hash="same", tool="publish_post").repeats == ""
    store.approvals.decide("A1", False, "ada")
    assert store.approvals.get("A2").repeats == ""


def test_bundles_are_counted_over_a_stretch_of_time(store, now):
    put(store, "c1")
    put(store, "c2")
    now.tick(40)
    put(store, "c3", run_id="R2")
    hour = timedelta(seconds=60)
    assert store.approvals.bundles_asked(hour) == 2
    now.tick(20)
    assert store.approvals.bundles_asked(hour) == 1


def test_a_bundle_is_decided_at_once_up_to_the_last_one_that_was_shown(store, now):
    for number in range(4):
        put(store, f"c{number}")
    store.approvals.decide("A2", False, "bob")
    decided = store.approvals.decide_bundle("A3", True, "ada", "fine")
    assert [(a.id, a.state, a.decided_by, a.note, a.decided_at) for a in decided] == [
        ("A1", "approved", "ada", "fine", now()),
        ("A3", "approved", "ada", "fine", now()),
    ]
    assert [approval.state for approval in store.approvals.bundle("A4")] == ["approved", "rejected", "approved", "open"]


def test_a_yes_to_a_bundle_never_approves_the_same_call_twice_but_a_no_refuses_both(store):
    put(store, "c1", arguments_hash="same")
    put(store, "c2", arguments_hash="same")
    assert [approval.id for approval in store.approvals.decide_bundle("A2", True, "ada")] == ["A1"]
    with pytest.raises(UsageError, match=r"A2 is the same call as A1(.|\n)*by itself"):
        store.approvals.decide_bundle("A2", True, "ada")
    assert store.approvals.decide("A2", True, "ada").state == "approved"
    for name in ("c3", "c4"):
        put(store, name, arguments_hash="other")
    assert [approval.state for approval in store.approvals.decide_bundle("A4", False, "ada")] == ["rejected"] * 2


def test_a_bundle_of_which_nothing_is_left_is_told_who_decided(store):
    put(store, "c1")
    store.approvals.decide_bundle("A1", True, "ada")
    with pytest.raises(UsageError, match="'A1' was approved by ada"):
        store.approvals.decide_bundle("A1", False, "bob")


def test_what_a_role_signs_decides_no_bundle(store):
    put(store, "c1")
    with pytest.raises(UsageError, match="a person must"):
        store.approvals.decide_bundle("A1", True, "role:ceo")


def test_an_approval_of_a_run_that_ended_is_void(store, now):
    new = {"thread_id": "", "request": "", "person": "", "number": 1, "as_of": now(), "seed": 7, "identity": "x"}
    run = store.runs.create(kind="cycle", **new)
    put(store, "c1", run_id=run.id)
    store.runs.set_status(run.id, "degraded")
    for decide in (store.approvals.decide, store.approvals.decide_bundle):
        with pytest.raises(UsageError, match="A1 is void: run R1 is degraded"):
            decide("A1", True, "ada")


def test_a_quorum_approves_with_the_last_of_the_people_it_takes(store, now):
    put(store, "c1", needed=3)
    first = store.approvals.decide("A1", True, "Ada", "go")
    now.tick(1)
    assert (first.state, first.tally, first.people, first.votes[0].note) == ("open", "1 of 3 said yes", "", "go")
    assert store.approvals.decide("A1", True, " ada ").votes == first.votes
    store.approvals.decide("A1", True, "Grace")
    now.tick(1)
    last = store.approvals.decide("A1", True, "Ann", "fine")
    assert (last.state, last.decided_by, last.note, last.decided_at) == ("approved", "Ann", "fine", now())
    assert ([vote.person for vote in last.votes], last.people) == (["Ada", "Grace", "Ann"], "Ada, Grace and Ann")
    with pytest.raises(UsageError, match="was approved by Ada, Grace and Ann at"):
        store.approvals.decide("A1", False, "Bob")


@pytest.mark.parametrize("who", ["Ada", "Grace"])
def test_the_first_no_rejects_whatever_was_voted(store, who):
    put(store, "c1", needed=2)
    store.approvals.decide("A1", True, "Ada")
    rejected = store.approvals.decide("A1", False, who)
    assert (rejected.state, rejected.people) == ("rejected", who)


def test_votes_do_not_outlive_the_question(store, now):
    put(store, "c1", needed=2)
    store.approvals.decide("A1", True, "Ada")
    now.tick(60)
    with pytest.raises(UsageError, match="expired"):
        store.approvals.decide("A1", True, "Grace")
    (expired,) = store.approvals.expire(now())
    assert (expired.state, expired.tally) == ("expired", "1 of 2 said yes")


@pytest.mark.parametrize("by", [" role:ceo", "Role:trading", "ROLE:x", "  "])
def test_no_spelling_of_a_role_is_a_person(store, by):
    put(store, "c1", needed=2)
    with pytest.raises(UsageError, match="a person must"):
        store.approvals.decide("A1", True, by)
    assert store.approvals.get("A1").votes == ()


def test_what_nobody_answers_is_marked_once_and_comes_first(store, now):
    put(store, "c1", role="content")
    now.tick(20)
    put(store, "c2", run_id="R2")
    now.tick(9)
    after = timedelta(seconds=30)
    assert store.approvals.escalate(now(), after) == []
    store.approvals.decide("A1", True, "ada")
    now.tick(25)
    put(store, "c3", run_id="R3")
    put(store, "c4", run_id="R2")
    (marked,) = store.approvals.escalate(now(), after)
    assert (marked.id, marked.escalated_at, marked.state) == ("A2", now(), "open")
    assert store.approvals.escalate(now(), after) == []
    put(store, "c5", run_id="R3")
    assert [approval.id for approval in store.approvals.open()] == ["A2", "A4", "A3", "A5"]


def test_what_is_too_late_is_not_passed_on_any_more(store, now):
    put(store, "c1")
    now.tick(60)
    assert store.approvals.escalate(now(), timedelta(seconds=30)) == []
