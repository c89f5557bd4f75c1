"""The walk: order, independence, honesty, and that it needs no memory."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import UsageError
from company.llm.missing import Unavailable
from company.llm.numbers import bound
from company.llm.playbook import Position, walk
from company.roles import Role

MakeRole = Callable[..., Role]


def go(role: Role, results: Mapping[str, Any] | None = None, **names: Any) -> Position:
    return walk(role, role.playbook, "playbook", results=results or {}, names=names)


def ids(position: Position) -> list[str]:
    return [call.id for call in position.calls]


def test_calls_that_need_nothing_of_each_other_go_out_together(make_role: MakeRole) -> None:
    role = make_role(
        "playbook: [{call: a, as: x}, {call: b, as: y}, {call: c, with: {v: '{{ x.v + y.v }}'}}, {call: d}]"
    )

    first = go(role)
    second = go(role, {"trader.playbook[0]": {"v": 1}, "trader.playbook[1]": {"v": 2}})

    assert [call.tool for call in first.calls] == ["a", "b"]
    assert [(call.tool, call.arguments) for call in second.calls] == [("c", {"v": 3}), ("d", {})]


def test_no_step_overtakes_one_that_waits(make_role: MakeRole) -> None:
    role = make_role("playbook: [{call: a, as: x}, {call: b, with: {v: '{{ x }}'}}, {call: look}]")

    assert [call.tool for call in go(role).calls] == ["a"]


def test_turns_of_a_loop_do_not_wait_for_each_other(make_role: MakeRole) -> None:
    role = make_role("""
        playbook:
          - for: name in ["p", "q"]
            do:
              - {call: size, with: {of: "{{ name }}"}, as: sized}
              - {call: place, with: {quantity: "{{ sized.quantity }}"}, as: order}
          - report: "{% for one in order %}{{ one }} {% endfor %}"
        """)
    one, other = "trader.playbook[0].do[0]#0", "trader.playbook[0].do[0]#1"

    assert ids(go(role)) == [one, other]
    assert ids(go(role, {other: {"quantity": 5}})) == [one, "trader.playbook[0].do[1]#1"]
    everything = {one: {"quantity": 1}, other: {"quantity": 2}}
    everything |= {"trader.playbook[0].do[1]#0": "first", "trader.playbook[0].do[1]#1": "second"}
    assert go(role, everything).text == "first second"


def test_a_loop_in_a_loop_numbers_both_turns(make_role: MakeRole) -> None:
    role = make_role("""
        playbook:
          - for: a in [1, 2]
            do:
              - for: b in [1, 2]
                do: [{call: add, with: {n: "{{ a * b }}"}, as: sums}]
          - report: "{{ sums }}"
        """)
    calls = go(role).calls

    assert [(call.id, call.arguments["n"]) for call in calls] == [
        ("trader.playbook[0].do[0].do[0]#0#0", 1),
        ("trader.playbook[0].do[0].do[0]#0#1", 2),
        ("trader.playbook[0].do[0].do[0]#1#0", 2),
        ("trader.playbook[0].do[0].do[0]#1#1", 4),
    ]
    assert go(role, {call.id: call.arguments["n"] for call in calls}).text == "[[1, 2], [2, 4]]"


def test_a_branch_takes_one_side(make_role: MakeRole) -> None:
    role = make_role("""
        playbook:
          - {call: a, as: x}
          - when: x > 1
            do: [{call: high, as: y}]
            else: [{call: low, as: y}]
          - report: "{{ y }}"
        """)

    assert [call.tool for call in go(role, {"trader.playbook[0]": 2}).calls] == ["high"]
    assert [call.tool for call in go(role, {"trader.playbook[0]": 0}).calls] == ["low"]
    assert go(role, {"trader.playbook[0]": 0, "trader.playbook[1].else[0]": "cheap"}).text == "cheap"


def test_a_step_left_out_says_so_and_a_loop_left_out_made_no_turns(make_role: MakeRole) -> None:
    role = make_role("""
        playbook:
          - {call: a, when: 1 > 2, as: x}
          - {for: "i in [1]", when: 1 > 2, do: [{call: b, as: y}]}
          - report: "{{ x }}; {{ y | length }} turns; {{ 'done' if x is ok else 'left out' }}"
        """)

    assert go(role).text == "not done; 0 turns; left out"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("failed", "Failed: feed (no answer)."),
        ("denied", "Denied: feed (no answer)."),
        ("unknown", "Unknown: feed (no answer)."),
        ("waiting", "Got more: waits for approval A1"),  # said already, so it is not said again
    ],
)
def test_the_walk_goes_on_after_a_failure_and_the_report_says_what_failed(
    make_role: MakeRole, status: Any, said: str
) -> None:
    role = make_role(
        "playbook: [{call: feed, as: news}, {call: more, as: rest}, {report: 'Got {{ rest }}: {{ news }}'}]"
    )
    results = {"trader.playbook[0]": Unavailable(status, "no answer", "A1"), "trader.playbook[1]": "more"}

    position = go(role, results)

    assert not position.calls
    assert position.text.startswith("Got more: ")
    assert position.text.endswith(said)


def test_a_call_that_needs_a_failed_one_is_not_made(make_role: MakeRole) -> None:
    role = make_role(
        "playbook: [{call: price, as: quote}, {call: order, with: {at: '{{ quote.bid }}'}}, {report: End.}]"
    )

    position = go(role, {"trader.playbook[0]": Unavailable("failed", "venue is down")})

    assert not position.calls
    assert position.text == "End.\n\nFailed: price (venue is down).\nSkipped: order (not done, venue is down)."


@pytest.mark.parametrize("condition", ["limits.allowed", "not limits.stopped", "limits.loss < 3", "limits != none"])
def test_no_condition_holds_after_a_failure(make_role: MakeRole, condition: str) -> None:
    role = make_role(f"""
        playbook:
          - {{call: bounds, as: limits}}
          - when: {condition}
            do: [{{call: buy}}]
            else: [{{call: sell}}]
        """)

    assert not go(role, {"trader.playbook[0]": Unavailable("failed", "no answer")}).calls


def test_a_section_that_decides_on_a_missing_value_is_replaced_by_the_reason(make_role: MakeRole) -> None:
    role = make_role("""
        playbook:
          - {call: scan, as: alerts}
          - report: "Scan of the night."
          - report: "{% for alert in alerts %}{{ alert }}{% else %}No attacks.{% endfor %}"
        """)

    text = go(role, {"trader.playbook[0]": Unavailable("failed", "log is gone")}).text

    assert "No attacks" not in text
    assert text == "Scan of the night.\n\nunavailable (log is gone)\n\nFailed: scan (log is gone)."


def test_a_playbook_without_a_report_tells_what_its_calls_gave(make_role: MakeRole) -> None:
    role = make_role("playbook: [{call: a, as: x}, {call: b}]")

    assert go(role, {"trader.playbook[0]": {"v": 1}, "trader.playbook[1]": [2]}).text == 'a: {"v": 1}\n\nb: [2]'


def test_figures_are_named_texts(make_role: MakeRole) -> None:
    role = make_role(
        "playbook: [{call: a, as: x}, {report: R, figures: {equity: '{{ x.e | money }}', gone: '{{ y }}'}}]"
    )
    results = {"trader.playbook[0]": bound({"e": "12.5"})}

    figures = walk(
        role, role.playbook, "playbook", results=results, names={"y": Unavailable("failed", "no answer")}
    ).figures

    assert figures == {"equity": "$12.50", "gone": "unavailable (no answer)"}


def test_a_loop_over_something_else_names_file_and_step(make_role: MakeRole) -> None:
    role = make_role("playbook: [{call: a, as: x}, {for: i in x, do: [{call: b}]}]")

    with pytest.raises(UsageError) as caught:
        go(role, {"trader.playbook[0]": {"v": 1}})

    assert caught.value.where == "roles/trader.md: playbook[1].for"


def test_words_of_a_result_are_not_read_as_a_template(make_role: MakeRole) -> None:
    role = make_role(
        "playbook: [{call: news, as: n}, {call: keep, with: {text: 'Read: {{ n.title }}'}}, {report: '{{ n.title }}'}]"
    )
    results = {"trader.playbook[0]": {"title": "{{ 7 * 7 }} {% for x in y %}"}}

    position = go(role, results)

    assert position.calls[0].arguments == {"text": "Read: {{ 7 * 7 }} {% for x in y %}"}


STATUSES = st.sampled_from(["ok", "ok", "ok", "failed", "waiting"])


@st.composite
def playbooks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Playbooks whose steps read what earlier steps bound."""
    return draw(_steps(2, ("start",)))


@st.composite
def _steps(draw: st.DrawFn, depth: int, known: tuple[str, ...]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        kinds = ["call", "call", "report"] + (["for", "branch"] if depth else [])
        kind, source = draw(st.sampled_from(kinds)), draw(st.sampled_from(known))
        name = f"n{depth}{number}{len(known)}"
        if kind == "call":
            steps.append({"call": "tool", "with": {"v": f"{{{{ {source} }}}}"}, "as": name})
            known = (*known, name)
        elif kind == "report":
            steps.append({"report": f"{source} is {{{{ {source} }}}}"})
        elif kind == "for":
            inner = draw(_steps(depth - 1, (*known, "item")))
            steps.append({"for": "item in [1, 2]", "do": inner})
        else:
            sides = [draw(_steps(depth - 1, known)) for _ in range(2)]
            steps.append({"when": f"{source} is ok", "do": sides[0], "else": sides[1]})
    return steps


def finish(role: Role, results: dict[str, Any], fates: Mapping[int, str]) -> tuple[list[dict[str, Any]], str]:
    """Walk to the end; return the batches of calls and the text."""
    batches = []
    while (position := walk(role, role.playbook, "playbook", results=results, names={"start": 1})).calls:
        batches.append({call.id: call.arguments for call in position.calls})
        for call in position.calls:
            assert call.id not in results, "a call was asked for twice"
            fate = fates[sum(map(ord, call.id)) % len(fates)]
            results[call.id] = call.id if fate == "ok" else Unavailable(fate, call.id)
    return batches, position.text


@given(playbooks(), st.lists(STATUSES, min_size=7, max_size=7), st.data())
def test_a_walk_continued_from_any_results_asks_for_the_same_and_ends_the_same(
    make_role: MakeRole, steps: list[dict[str, Any]], fates: list[str], data: st.DataObject
) -> None:
    role = make_role("{}", playbook=steps, tools=["tool"])
    results: dict[str, Any] = {}
    batches, text = finish(role, results, dict(enumerate(fates)))
    everything = {call_id: arguments for batch in batches for call_id, arguments in batch.items()}
    kept = data.draw(st.sets(st.sampled_from(sorted(results)))) if results else set()

    some = {call_id: results[call_id] for call_id in sorted(kept)}
    position = walk(role, role.playbook, "playbook", results=some, names={"start": 1})

    assert len(everything) == sum(len(batch) for batch in batches)
    assert all(everything[call.id] == call.arguments and call.id not in kept for call in position.calls)
    assert finish(role, dict(some), dict(enumerate(fates)))[1] == text
