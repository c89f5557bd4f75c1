"""What is the same question, what is the same answer, and what is a circle: pure functions."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.governor import Call, Outcome
from company.governor.progress import answer, circle, is_progress, question, report_answer, spent_in_vain
from company.store import Step

D = Decimal
CALL = Call("c1", "look", {})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read(**arguments: Any) -> str:
    return question(arguments, exact=False)


def change(**arguments: Any) -> str:
    return question(arguments, exact=True)


def step(action: str = "look", said: str = "q", came: str = "a", **fields: Any) -> Step:
    usual: dict[str, Any] = {
        "status": "ok",
        "changed": False,
        "progress": False,
        "usd": D(0),
        "tokens": 0,
        "turn": None,
    }
    usual |= {"run_id": "R1", "path": "ceo/trading", "role": "trading", "call_id": object()}
    return Step(action=action, question=said, answer=came, **{**usual, **fields})


def found(steps: Sequence[Step], *, times: int = 0) -> str:
    trip = circle(steps, times=times, repeats=5)
    return trip.rule if trip else ""


def outcome(**fields: Any) -> Outcome:
    return Outcome(**{"call": CALL, "status": "ok", "rule": "effect.read", **fields})


@pytest.mark.parametrize(
    "restyled",
    [
        {"symbols": ["ETH", "BTC"], "query": "etf flows", "limit": 5},
        {"limit": 5, "query": "etf flows", "symbols": ["BTC", "ETH"]},
        {"symbols": ["btc", "eth"], "query": "  ETF\nFlows ", "limit": 5},
        {"symbols": ["BTC", "ETH"], "query": "flows: ETF!", "limit": 5, "since": None},
        {"symbols": ["BTC", "ETH"], "query": "ETF flows 3", "limit": 6},
    ],
    ids=["list shuffled", "keys shuffled", "case and spaces", "words shuffled", "counters"],
)
def test_a_restyled_question_is_the_same_question(restyled):
    assert read(**restyled) == read(symbols=["BTC", "ETH"], query="ETF flows", limit=5)


def test_a_counter_in_free_text_makes_no_other_question():
    assert read(query="btc news attempt 3") == read(query="Attempt #4: BTC news")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"query": "btc"}, {"query": "eth"}),
        ({"query": "btc news"}, {"query": "btc prices"}),
        ({"address": "10.0.0.7"}, {"address": "10.0.0.8"}),
        ({"order_id": "17"}, {"order_id": "18"}),
        ({"query": "events of 2024"}, {"query": "events of 2025"}),
        ({"open": True}, {"open": False}),
        ({"symbol": "BTC"}, {"subject": "BTC"}),
        ({"path": [{"x": "a"}, {"x": "b"}]}, {"path": [{"x": "b"}, {"x": "a"}]}),
    ],
)
def test_other_words_ids_and_names_make_another_question(one, other):
    assert read(**one) != read(**other)


def test_of_a_read_numbers_and_times_make_no_other_question():
    assert read(symbol="BTC", limit=5) == read(symbol="BTC", limit=6.5)
    assert read(since="2026-03-02T12:00:00Z") == read(since="2026-03-02T12:05:00+00:00")


def test_of_an_effect_they_do():
    assert change(quantity=1) != change(quantity=2)
    assert change(text="note 1") != change(text="note 2")
    assert change(at="2026-03-02T12:00:00Z") != change(at="2026-03-02T12:05:00Z")


def test_a_number_is_the_same_in_every_form():
    assert change(quantity="1.0") == change(quantity=1) == change(quantity=1.0) == change(quantity="1")
    assert change(quantity=100) == change(quantity="1e2")
    assert change(id="1" * 40) != change(id="1" * 39 + "2")


@given(st.dictionaries(st.text(), json_values, max_size=4), st.booleans())
def test_whatever_a_model_writes_is_a_question(arguments, exact):
    shuffled = dict(reversed(arguments.items()))

    assert question(arguments, exact=exact) == question(shuffled, exact=exact)


def test_a_result_that_differs_in_its_times_only_is_the_same_answer():
    then, now = "2026-03-02T12:00:00+00:00", "2026-03-02T13:00:00.5Z"

    assert answer(outcome(value={"at": then, "price": "5"})) == answer(outcome(value={"at": now, "price": "5"}))
    assert answer(outcome(value={"price": "5"})) != answer(outcome(value={"price": "6"}))


def test_failures_of_one_kind_are_the_same_answer():
    def failed(error: str, **fields: Any) -> str:
        return answer(outcome(status="failed", error=error, **fields))

    assert failed("request 8f31 timed out after 10.2 s") == failed("request 77aa timed out after 9.8 s")
    assert failed("timed out") != failed("refused")
    assert failed("timed out") != failed("timed out", rule="effect.write")
    assert failed("there is no tool 'a'", rule="grant.missing") == failed("there is no 'b'", rule="grant.missing")


def test_a_report_is_the_same_when_only_its_style_differs():
    def handed_in(summary: str = "Nothing found.", **fields: Any) -> str:
        return report_answer({"status": "ok", "summary": summary, "figures": {}, "receipts": [], **fields})

    assert handed_in() == handed_in("nothing  FOUND")
    assert handed_in() != handed_in("one thing found")
    assert handed_in() != handed_in(figures={"price": "64000"})
    assert handed_in() != handed_in(receipts=["place_order 0a1b2c3d"])


def test_an_answer_that_the_path_has_not_had_is_progress():
    before = [step(came="a"), step("search", came="b")]

    assert is_progress(step(came="b"), before, times=0)
    assert not is_progress(step(came="a", said="another question"), before, times=0)


def test_an_effect_is_progress_the_first_time():
    assert is_progress(step(changed=True, came="a"), [step(came="a")], times=0)
    assert not is_progress(step(changed=True, came="new id"), [], times=1)


def test_the_fifth_repetition_of_a_question_is_a_circle():
    first = step(progress=True)

    assert found([first, *[step()] * 0, *(step() for _ in range(4))]) == ""
    assert found([first, *(step() for _ in range(5))]) == "progress.repeated"


def test_progress_in_between_ends_a_repetition():
    steps = [
        step(progress=True),
        *(step() for _ in range(4)),
        step("search", progress=True),
        *(step() for _ in range(4)),
    ]

    assert found(steps) == ""


def test_a_tool_that_fails_in_one_way_six_times_in_a_row_is_a_circle():
    def failing(number: int) -> list[Step]:
        return [step(said=f"q{n}", came="down", status="failed") for n in range(number)]

    assert found(failing(5)) == ""
    assert found(failing(6)) == "progress.failing"
    assert found([*failing(5), step(came="fine", progress=True), *failing(5)]) == ""
    assert found([*failing(5), step("search", progress=True), *failing(1)]) == "progress.failing"


def test_what_is_proposed_in_one_answer_counts_once():
    batch = [step(came="down", status="failed", turn=1) for _ in range(8)]
    again = [step(came="down", status="failed", turn=turn) for turn in range(2, 7)]

    assert found(batch) == ""
    assert found([*batch, *again]) == "progress.failing"


def test_an_effect_may_be_made_six_times_whatever_lies_between():
    done = step("place", changed=True, came="a new id")

    assert found([step(progress=True), done], times=5) == ""
    assert found([step(progress=True), done], times=6) == "progress.repeated"


def test_work_that_is_given_out_again_and_again_is_a_circle_of_its_own_kind():
    steps = [step("delegate", progress=True), *(step("delegate") for _ in range(5))]

    assert found(steps) == "progress.delegation"


@pytest.mark.parametrize(
    ("usd", "tokens", "trips"),
    [(D("0.40"), 400, False), (D("0.51"), 400, True), (D("0.40"), 600, True)],
)
def test_a_role_may_spend_a_share_of_the_runs_budget_without_progress(usd, tokens, trips):
    steps = [step(progress=True, usd=D(1), tokens=50), step(), step(usd=D(1) + usd, tokens=50 + tokens)]

    trip = spent_in_vain(steps, of_a_run=(D(1), 1000), share=D("0.5"))

    assert bool(trip) == trips
    assert trip is None or trip.rule == "progress.velocity"


def test_what_the_first_step_without_progress_cost_is_no_circle():
    steps = [step(progress=True), step(usd=D(5), tokens=5000)]

    assert spent_in_vain(steps, of_a_run=(D(1), 1000), share=D("0.5")) is None


def test_a_budget_of_nothing_is_not_shared():
    steps = [step(progress=True), step(), step(usd=D("0.01"))]

    assert spent_in_vain(steps, of_a_run=(D(0), 1000), share=D("0.5")) is None
