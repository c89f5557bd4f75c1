"""Features over a moving window of bars, as whole columns.

A value depends on the bars of its window and on nothing else, so it is the same in a long history and in a short one.
Sums are made anew for every window, one offset after the other over the whole column: as fast as a running sum, without
its drift, and exactly 0 where the price stands still.

Every function returns a column as long as its input, NaN until the window is full.
"""

from collections.abc import Iterator
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from company.trading.features.bars import Bars, Floats

BINS = 24  # of the volume profile
VALUE_SHARE = 0.7  # of the volume lies in the value area
SWING = 2  # a swing low is the lowest of itself and two bars on either side
_CHUNK = 4096  # windows whose profiles are made at once, so that they stay in the processor's cache


def mean(column: Floats, width: int) -> Floats:
    """Return the mean of the last `width` values."""
    if len(column) < width:
        return _nothing(column)
    last = column[width - 1 :]
    return _after(width - 1, last + sum(part - last for part in _parts(column, width)) / width)


def deviation(column: Floats, width: int, *, lost: int = 0) -> Floats:
    """Return the standard deviation of the last `width` values; `lost` degrees of freedom, 0 for the population's."""
    if len(column) < width:
        return _nothing(column)
    centre = mean(column, width)[width - 1 :]
    squares = sum((part - centre) ** 2 for part in _parts(column, width))
    return _after(width - 1, np.sqrt(squares / (width - lost)))


def total(column: Floats, width: int) -> Floats:
    """Return the sum of the last `width` values."""
    if len(column) < width:
        return _nothing(column)
    return _after(width - 1, reduce(np.add, _parts(column, width)))


def highest(column: Floats, width: int) -> Floats:
    """Return the largest of the last `width` values."""
    if len(column) < width:
        return _nothing(column)
    return _after(width - 1, reduce(np.maximum, _parts(column, width)))


def lowest(column: Floats, width: int) -> Floats:
    """Return the smallest of the last `width` values."""
    return -highest(-column, width)


def change(column: Floats, bars: int) -> Floats:
    """Return the difference to the value `bars` earlier."""
    return _after(bars, column[bars:] - column[:-bars]) if len(column) > bars else _nothing(column)


def ratio(over: Floats, under: Floats) -> Floats:
    """Divide; 0 where `under` is 0, because a market that stands still is no distance away from anything."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(under == 0, over * 0.0 + 0.0, over / under)  # NaN stays NaN


def share(over: Floats, under: Floats) -> Floats:
    """Divide; NaN where `under` is 0, because no volume has no share."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(under == 0, np.nan, over / under)


def volume_slope(bars: Bars, width: int) -> Floats:
    """Return the change of the on-balance volume over `width` bars as a share of their volume, -1 to 1."""
    signed = np.sign(change(bars.closes, 1)) * bars.volumes
    return share(total(signed, width), total(bars.volumes, width))


def volume_weighted(bars: Bars, width: int) -> Floats:
    """Return the volume-weighted mean of the typical price (high + low + close) / 3."""
    if len(bars) < width:
        return _nothing(bars.closes)
    last = bars.closes[width - 1 :]
    worth, traded = np.zeros(len(last)), np.zeros(len(last))
    for price, volume in zip(_parts(typical(bars), width), _parts(bars.volumes, width), strict=True):
        worth += (price - last) * volume
        traded += volume
    return _after(width - 1, last + share(worth, traded))


def support(lows: Floats, closes: Floats, width: int) -> Floats:
    """Return the highest swing low at or under the close, among the last `width` bars; without one, the lowest low.

    A swing low is a low that none of the two bars before and after it undercuts; it is known two bars later.
    """
    if len(lows) < width:
        return _nothing(lows)
    bottoms = np.full(len(lows), np.nan)
    edge = 2 * SWING
    near = lowest(lows, edge + 1)[edge:]
    bottoms[SWING:-SWING] = np.where(lows[SWING:-SWING] == near, near, np.nan)
    last, found = closes[width - 1 :], np.full(len(lows) - width + 1, -np.inf)
    for swing in list(_parts(bottoms, width))[SWING:-SWING]:
        found = np.where((swing <= last) & (swing > found), swing, found)
    return np.where(np.isneginf(level := _after(width - 1, found)), lowest(lows, width), level)


def resistance(highs: Floats, closes: Floats, width: int) -> Floats:
    """Return the lowest swing high at or over the close, among the last `width` bars; without one, the highest high."""
    return -support(-highs, -closes, width)


def profile(bars: Bars, width: int) -> tuple[Floats, Floats, Floats]:
    """Return the volume profile of the last `width` bars: point of control, low and high of the value area, as prices.

    The range from the lowest low to the highest high is cut into 24 bins; each bar's volume counts in the bin of its
    typical price. The point of control is the middle of the fullest bin, the lowest of equals. The value area grows
    from it, bin by bin to the fuller side (upwards when equal), until it holds 70 % of the volume.

    All three are NaN where nothing traded.
    """
    found = np.full((3, len(bars)), np.nan)
    low, high = lowest(bars.lows, width), highest(bars.highs, width)
    prices, first = typical(bars), width - 1
    for start in range(first, len(bars), _CHUNK):
        rows = slice(start, min(start + _CHUNK, len(bars)))
        part = slice(start - first, rows.stop)
        floor, size = low[rows], (high[rows] - low[rows]) / BINS
        counts = _counts(prices[part], bars.volumes[part], width, floor, size)
        centre, least, most = _value_area(counts)
        levels = floor + size * np.stack([centre + 0.5, least, most + 1])
        found[:, rows] = np.where(counts.sum(axis=1) > 0, levels, np.nan)
    return found[0], found[1], found[2]


def typical(bars: Bars) -> Floats:
    """Return (high + low + close) / 3 of every bar."""
    return (bars.highs + bars.lows + bars.closes) / 3


def _counts(prices: Floats, volumes: Floats, width: int, floor: Floats, size: Floats) -> Floats:
    """Volume by window and bin."""
    windows = np.lib.stride_tricks.sliding_window_view
    bins = ratio(windows(prices, width) - floor[:, None], size[:, None])
    places = np.clip(bins.astype(np.int64), 0, BINS - 1) + BINS * np.arange(len(floor))[:, None]
    flat: Floats = np.bincount(places.ravel(), windows(volumes, width).ravel(), BINS * len(floor)).astype(np.float64)
    return flat.reshape(-1, BINS)


def _value_area(counts: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Fullest bin, and first and last bin of the value area."""
    padded = np.pad(counts, ((0, 0), (1, 1)), constant_values=-1.0)
    centre = np.argmax(counts, axis=1)
    least, most = centre.copy(), centre.copy()
    wanted = VALUE_SHARE * counts.sum(axis=1)
    every = np.arange(len(counts))
    held = counts[every, centre]
    while len(short := np.flatnonzero(held < wanted)):
        below, above = padded[short, least[short]], padded[short, most[short] + 2]
        up = above >= below
        held[short] += np.where(up, above, below)
        most[short] += up
        least[short] -= ~up
    return centre, least, most


def _parts(column: Floats, width: int) -> Iterator[Floats]:
    """The windows' first values, their second ones, and so on."""
    return (column[offset : len(column) - width + 1 + offset] for offset in range(width))


def _after(warm_up: int, values: Floats) -> Floats:
    return np.concatenate([np.full(warm_up, np.nan), values])


def _nothing(column: Floats) -> Floats:
    return np.full(len(column), np.nan)
