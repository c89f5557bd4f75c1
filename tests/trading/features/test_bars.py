from datetime import UTC, datetime

import numpy as np
import pytest

from company.errors import ToolError
from company.trading.features import MISSING_BORNE, Bars, indicators


def at(minute):
    return datetime.fromtimestamp(60 * minute, tz=UTC)


def test_holes_are_told_with_their_place_and_size(bars, walk):
    missing = [0, 0, 3, 0, 0, 10, 0]

    holes = bars(walk(7, missing=missing)).holes()

    assert [(hole.row, hole.bars, hole.begins, hole.ends) for hole in holes] == [
        (2, 3, at(3), at(6)),
        (5, 10, at(9), at(19)),
    ]


def test_only_a_hole_longer_than_what_is_borne_ends_a_stretch(bars, walk):
    missing = [0] * 30
    missing[10], missing[20] = MISSING_BORNE, MISSING_BORNE + 1
    whole = bars(walk(30, missing=missing))

    stretches = whole.unbroken()

    assert [len(stretch) for stretch in stretches] == [20, 10]
    assert np.array_equal(np.concatenate([stretch.closes for stretch in stretches]), whole.closes)


def test_bars_without_a_hole_are_one_stretch(bars, walk):
    whole = bars(walk(30))

    assert whole.holes() == []
    assert [len(stretch) for stretch in whole.unbroken()] == [30]
    assert [len(stretch) for stretch in bars([]).unbroken()] == [0]


def test_bars_that_overlap_are_refused(walk):
    with pytest.raises(ToolError, match="bar 1 opens before the one before it has closed"):
        Bars.read(walk(5), symbol="BTC/USDT", timeframe="1h", source="a file of minutes")


def test_indicators_do_not_look_across_a_long_hole(bars, walk):
    missing = [0] * 200
    missing[100] = 60
    rows = walk(200, missing=missing)

    assert indicators(bars(rows)) == indicators(bars(rows[100:]))
    with pytest.raises(ToolError, match="50 closed bars are too few"):
        indicators(bars(rows[:150]))
