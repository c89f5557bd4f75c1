"""docs/risk.md names every rule and every setting, and none that there is not."""

import re
from pathlib import Path

from company.config import LimitSettings
from company.trading.risk import RULES, RiskLimits

PAGE = (Path(__file__).parents[3] / "docs" / "risk.md").read_text()
TABLE = PAGE.partition("\n## Every rule\n")[2]
ROWS = re.findall(r"^\| `(risk\.\w+)` \|", TABLE, flags=re.M)


def test_the_page_has_one_row_for_each_rule():
    assert sorted(ROWS) == sorted(RULES)


def test_every_setting_is_named_beside_a_rule_that_compares_with_it():
    assert [name for name in LimitSettings.model_fields if f"`{name}`" not in TABLE] == []


def test_a_setting_is_a_limit_of_the_same_default():
    assert RiskLimits.of(LimitSettings()) == RiskLimits()


def test_the_steps_of_the_page_are_the_defaults():
    limits = RiskLimits()
    steps = re.findall(r"^\| `(\w+)` \| (\d+) % \|.*\| (?:below (\d+) %|when a person).*\|$", PAGE, flags=re.M)

    assert [(name, int(at)) for name, at, _ in steps] == [
        ("halved", limits.drawdown_halved * 100),
        ("no_new", limits.drawdown_no_new * 100),
        ("stop", limits.drawdown_stop * 100),
    ]
    assert [int(left) for _, _, left in steps[:2]] == [
        (step - limits.drawdown_release) * 100 for step in (limits.drawdown_halved, limits.drawdown_no_new)
    ]
