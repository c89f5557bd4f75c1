"""Two texts state the same values, or count as different."""

import pytest

from company.memory.values import same_values


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The limit is 60,000 dollars.", "60k dollars is the limit."),
        ("Our loss limit is two percent.", "The limit of losses is 2 percent."),
        ("Alpha's API permits ten calls.", "The API of Alpha allows 10 calls."),
        ("Momentum works on BTC in a trend.", "In a trend, momentum works for BTC."),
        ("Alpha isn't open at noon.", "At noon Alpha is not open."),
    ],
)
def test_rewording_states_the_same_values(one: str, other: str) -> None:
    assert same_values(one, other)
    assert same_values(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The fee is 0.1 %.", "The fee is 0.1."),
        ("Version 1.2.3 runs.", "Version 1.2.4 runs."),
        ("It rose by 5.", "It fell by 5."),
        ("Beta is open at noon.", "Beta is closed at noon."),
        ("We trade on Alpha.", "We trade on Beta."),
        ("Exchange-A is open.", "Exchange-B is open."),
        ("Alice likes tea.", "Alice likes coffee."),
        ("Her tea is green.", "Her tea is pitch black."),
        ("Alice may trade.", "Alice may never trade."),
        ("Long positions pay.", "Short positions pay."),
    ],
)
def test_other_value_is_noticed(one: str, other: str) -> None:
    assert not same_values(one, other)
    assert not same_values(other, one)
