"""A number in an answer is traced to the number a tool gave."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.grading.figures import figures_in, longest_list, numbers_of

AMOUNTS = st.decimals(min_value=0, max_value=10_000_000, places=8, allow_nan=False)


def texts(text: str) -> list[str]:
    return [figure.text for figure in figures_in(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bought 3.399 SOL/USDT at $147.06.", ["3.399", "147.06"]),
        ("Equity $309,796.25, today -0.52 %", ["309,796.25", "0.52"]),
        ("A1, D12, order O1, n-1f0c53a9b2e4 and R2/ceo", []),
        ("from 185.6.227.46 and 2a02:2f0::12", []),
        ("at 2026-01-31T00:00:00Z, on 2026-01-31, at 09:30", []),
        ("see https://a.example/2026/12 for 24h prices", []),
        ("1, 2 and 3", ["1", "2", "3"]),
        ("in 24 hours", ["24"]),
    ],
)
def test_figures_are_numbers_and_not_names_of_things(text, found):
    assert texts(text) == found


@given(AMOUNTS, st.integers(0, 8), st.sampled_from([ROUND_DOWN, ROUND_HALF_EVEN]))
def test_a_figure_rounded_or_cut_quotes_its_source(amount, places, rounding):
    shown = amount.quantize(Decimal(1).scaleb(-places), rounding)
    (figure,) = figures_in(f"It is {shown:,f} now")
    assert figure.quotes(amount)
    assert figure.quotes(-amount)


@given(AMOUNTS, st.integers(0, 6))
def test_a_figure_one_off_in_its_last_place_quotes_nothing(amount, places):
    unit = Decimal(1).scaleb(-places)
    shown = amount.quantize(unit, ROUND_DOWN) + 2 * unit
    (figure,) = figures_in(f"{shown:,f}")
    assert not figure.quotes(amount)


def test_a_fraction_may_be_told_in_per_cent_and_only_then():
    percent, plain = figures_in("4.8 % and 4.8")
    assert percent.quotes(Decimal("0.048"))
    assert not plain.quotes(Decimal("0.048"))


def test_numbers_of_a_result_are_found_in_values_texts_and_names():
    result = {"price": "65315.2", "change_24h": -0.48, "ok": True, "note": "12 of 30", "rows": [1, {"q": "1E-7"}]}
    assert set(numbers_of(result)) == {Decimal(n) for n in ("65315.2", "24", "-0.48", "12", "30", "1", "1E-7")}


def test_counting_gets_as_far_as_the_longest_list():
    assert longest_list([{"a": [1, 2]}, [[1, 2, 3]], 7]) == 3
    assert longest_list([]) == 0
