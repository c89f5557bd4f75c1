"""docs/ensemble.md says what the code does."""

import re
from dataclasses import astuple
from pathlib import Path

from company.trading.ensemble import BOUND, CAP, EQUAL, FITS, FLOOR, LEAST, QUORUM, RATE, RECENT, TEMPERAMENTS
from company.trading.ensemble.mix import LEAST as LEAST_COUNT
from company.trading.ensemble.mix import MOST, RECENT_RATE
from company.trading.features import FEATURES
from company.trading.markets import HISTORY
from company.trading.risk import RiskLimits
from company.trading.rl import ACTIONS
from company.trading.rl.environment import LENGTH, PENALTY
from company.trading.rl.observations import MOST as MOST_POSITION

PAGE = (Path(__file__).parents[3] / "docs" / "ensemble.md").read_text()
TEXT = " ".join(PAGE.split())


def rows(numbers):
    """Name and figures of each table row that has this many figures."""
    found = re.findall(rf"^\| `(\w+)` \|((?: -?[\d.]+ \|){{{numbers}}})$", PAGE, flags=re.M)
    return {name: tuple(float(cell) for cell in cells.split("|")[:-1]) for name, cells in found}


def test_the_table_of_temperaments_is_that_of_the_code():
    assert rows(9) == {name: astuple(one)[1:10] for name, one in TEMPERAMENTS.items()}
    assert [one.turns for one in TEMPERAMENTS.values()] == [None, None, None, (70 - 50) / 50]


def test_the_table_of_fits_is_that_of_the_code():
    assert rows(6) == {
        name: (fit.bull, fit.bear, fit.sideways, fit.cautious, fit.moderate, fit.bold) for name, fit in FITS.items()
    }


def test_the_numbers_in_the_text_are_those_of_the_code():
    for words in (
        f"at least {QUORUM} of the weight votes",
        f"below {LEAST} nothing is decided",
        f"to the power of {RECENT_RATE} times its mean gain in the newest {RECENT} outcomes",
        f"sum to 1 between {LEAST_COUNT} and {MOST}",
        f"w * exp({RATE} * gain)",
        f"between {FLOOR} and {CAP}",
        f"moves by more than {BOUND}",
        f"Everybody begins with {EQUAL['balanced']}",
        f"{RiskLimits().stop_atr} average true ranges",
        f"the {len(FEATURES)} features",
        f"0 to {ACTIONS - 1}:",
        f"at most {MOST_POSITION:.0f};",
        f"{LENGTH} bars somewhere in a history, after the {HISTORY}",
        f"- {PENALTY} * rise of the drawdown",
    ):
        assert words in TEXT, words
