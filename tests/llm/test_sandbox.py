"""Expressions: exact, sandboxed, and honest about what is missing."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import UsageError
from company.llm.missing import Unavailable, Undecidable
from company.llm.numbers import Number, bound
from company.llm.sandbox import decide, evaluate, fill, render, show

WHERE = "roles/trader.md: playbook[0].when"
LATE = Unavailable("failed", "gave no answer in time")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("0.1 + 0.2", "0.3"),
        ("0.1 + 0.2 == 0.3", True),
        ("1 / 8", "0.125"),
        ("price * 2", "132000.24"),
        ("price > 66000.1", True),
        ("-0.5 * 2", "-1.0"),
        ("price | round", "66000"),
        ("2.345 | round(2)", "2.35"),
        ("2.349 | floor(2)", "2.34"),
        ("[0.5, 1] | min", "0.5"),
        ("1234.5 | money", "$1,234.50"),
        ("-3 | money", "-$3.00"),
        ("'a lot' | money", "a lot"),
        ("0.4 | signed", "+0.4"),
        ("'0.25' | number * 4", "1.00"),
        ("rows | selectattr('score', 'ge', 0.5) | map(attribute='symbol') | list", ["BTC/USDT"]),
        ("rows | sum(attribute='score')", "0.75"),
        ("'a\\nb\"c' | quoted", '"a\\nb\\"c"'),
    ],
)
def test_an_expression_computes_exactly(source: str, expected: Any) -> None:
    rows = bound([{"symbol": "BTC/USDT", "score": "0.5"}, {"symbol": "ETH/USDT", "score": 0.25}])

    found = evaluate(source, {"price": bound("66000.12"), "rows": rows}, WHERE)

    assert (str(found) if isinstance(found, Decimal) else found) == expected


def test_a_quotient_that_does_not_exist_is_unavailable() -> None:
    assert show("{{ 1 / 0 }}", {}, WHERE) == "unavailable (division by zero)"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**12), max_value=10**12))
def test_a_number_prints_as_the_text_it_came_from(number: Decimal) -> None:
    text = format(number, "f")

    assert str(bound(text)) == text
    assert show("{{ n }}", {"n": bound(text)}, WHERE) == text


@pytest.mark.parametrize("text", ["007", "1e5", "+1", "1.", ".5", "0x10", "1_000", "١٢", "n-1", "", " 1"])
def test_text_that_would_not_print_back_stays_text(text: str) -> None:
    assert bound(text) == text
    assert not isinstance(bound(text), Number)


def test_a_field_wins_over_a_method_of_the_same_name() -> None:
    assert evaluate("result.items", {"result": {"items": 3}}, WHERE) == 3


def test_one_expression_keeps_its_type_and_text_around_it_makes_text() -> None:
    values = {"rows": [1, 2], "n": Number("0.5")}

    filled = fill(
        {"a": "{{ rows }}", "b": "{{ n }}", "c": "n = {{ n }}", "d": ["{{ n }}", 7], "e": "plain"}, values, WHERE
    )

    assert filled == {"a": [1, 2], "b": Number("0.5"), "c": "n = 0.5", "d": [Number("0.5"), 7], "e": "plain"}


ESCAPES = [
    "''.__class__",
    "''['__class__']",
    "''['__cl' ~ 'ass__'].mro()",
    "rows.__init__.__globals__",
    "rows | attr('__class__')",
    "rows.append(1)",
    "self.__dict__",
    "cycler.__init__",
    "lipsum()",
    "[1, 2] | random",
    "'{0.__class__}'.format(rows)",
    "{% include 'system.md' %}",
    "{% import 'x' as y %}",
    "range(10000000)",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_reaching_out_of_the_sandbox_names_file_and_step(source: str) -> None:
    text = source if source.startswith("{%") else "{{ " + source + " }}"

    with pytest.raises(UsageError) as caught:
        show(text, {"rows": [1]}, WHERE)

    assert caught.value.where == WHERE


@pytest.mark.parametrize("source", ["row.scoer", "nobody", "1 +", "a }} {{ b", "price < none", "'a' + 1"])
def test_a_faulty_expression_names_file_and_step(source: str) -> None:
    with pytest.raises(UsageError) as caught:
        evaluate(source, {"row": {"score": 1}, "price": Number(1), "a": 1, "b": 2}, WHERE)

    assert caught.value.where == WHERE
    assert source in caught.value.what


@pytest.mark.parametrize(
    "text",
    [
        "{{ late }}",
        "{{ late.rows[0].price | money }}",
        "{{ late + 1 }}",
        "{{ late | length }}",
        "{{ late | sum | round }}",
    ],
)
def test_whatever_is_made_of_a_missing_value_prints_the_reason(text: str) -> None:
    assert show(text, {"late": LATE}, WHERE) == "unavailable (gave no answer in time)"


@pytest.mark.parametrize(
    "source",
    [
        "late",
        "not late",
        "late > 3",
        "late == 3",
        "late != 3",
        "late.ok",
        "1 in late",
        "late or 5",
        "late | length > 0",
    ],
)
def test_a_missing_value_decides_nothing(source: str) -> None:
    with pytest.raises(Undecidable):
        decide(source, {"late": LATE}, WHERE)


def test_a_missing_value_is_not_looped_over() -> None:
    with pytest.raises(Undecidable):
        show("{% for row in late %}{{ row }}{% else %}none{% endfor %}", {"late": LATE}, WHERE)


@pytest.mark.parametrize(
    ("value", "true", "false"),
    [
        (LATE, ["failed"], ["ok", "denied", "waiting", "skipped"]),
        (Unavailable("unknown", "?"), ["failed"], ["ok", "waiting"]),
        (Unavailable("denied", "no"), ["failed", "denied"], ["ok", "waiting", "skipped"]),
        (Unavailable("waiting", "asked", "A1"), ["waiting"], ["ok", "failed"]),
        (Unavailable("skipped", "not done"), ["skipped"], ["ok", "failed"]),
        ({"status": "closed"}, ["ok"], ["failed", "waiting"]),
        (0, ["ok"], ["failed"]),
    ],
)
def test_tests_tell_what_became_of_a_call(value: Any, true: list[str], false: list[str]) -> None:
    assert all(decide(f"it is {name}", {"it": value}, WHERE) for name in true)
    assert not any(decide(f"it is {name}", {"it": value}, WHERE) for name in false)


def test_a_failure_gives_its_status_error_and_approval() -> None:
    waiting = Unavailable("waiting", "a person has to say yes", "A7")

    text = show("{{ it.status }}, {{ it.error }}, {{ it.approval }}: {{ it }}", {"it": waiting}, WHERE)

    assert text == "waiting, a person has to say yes, A7: waits for approval A7"


@pytest.mark.parametrize(
    "argument", ["{{ late }}", "equity {{ late.equity }}", "{{ 'is ' ~ late }}", ["{{ rows[1] }}"]]
)
def test_a_missing_value_never_becomes_part_of_an_argument(argument: Any) -> None:
    with pytest.raises(Undecidable):
        fill(argument, {"late": LATE, "rows": [1, LATE]}, WHERE)


def test_a_prompt_is_rendered_with_its_values() -> None:
    assert render("Hello {{ name }}, {{ items | length }} things.", name="Ann", items=[1]) == "Hello Ann, 1 things."


def test_a_prompt_that_reads_an_unknown_name_names_its_file() -> None:
    with pytest.raises(UsageError, match=r"prompts/system\.md"):
        render("{{ nmae }}", where="prompts/system.md", name="Ann")
