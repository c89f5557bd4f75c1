"""How symbols move together."""

from collections.abc import Mapping

import numpy as np

from company.errors import ToolError
from company.trading.features.bars import Bars, Floats, timeframe_seconds
from company.trading.features.indicators import MINIMUM_BARS
from company.trading.figures import Figure, Report, figure


class Correlations(Report):
    """Correlation matrix of hourly returns: `matrix[i][j]` belongs to `symbols[i]` and `symbols[j]`."""

    symbols: list[str]
    observations: int
    matrix: list[list[Figure]]


def joint_returns(histories: Mapping[str, Bars]) -> Floats:
    """Return simple returns of several symbols over the bars they all have.

    Returns over a hole in the data are left out, because they span more than one bar.

    Args:
        histories: Bars by symbol, all of one timeframe.

    Returns:
        Array of shape (bars, symbols), symbols in the order of `histories`.

    Raises:
        ToolError: Fewer than 60 returns are common to all.
    """
    series = list(histories.values())
    common = series[0].times
    for bars in series[1:]:
        common = np.intersect1d(common, bars.times, assume_unique=True)
    closes = np.column_stack([bars.closes[np.searchsorted(bars.times, common)] for bars in series])
    unbroken = np.diff(common) == timeframe_seconds(series[0].timeframe) * 1000
    returns: Floats = (closes[1:] / closes[:-1] - 1)[unbroken]
    if len(returns) < MINIMUM_BARS:
        raise ToolError(
            f"{', '.join(histories)} have only {len(returns)} {series[0].timeframe} returns in common, "
            f"{MINIMUM_BARS} are needed"
        )
    return returns


def correlations(histories: Mapping[str, Bars]) -> Correlations:
    """Return the correlation matrix (Pearson) of simple returns.

    Raises:
        ToolError: Too few common bars, or a symbol whose price stood still.
    """
    returns = joint_returns(histories)
    for symbol, column in zip(histories, returns.T, strict=True):
        if not np.ptp(column):
            raise ToolError(f"the price of {symbol} did not move in {len(returns)} bars: no correlation exists")
    matrix = np.atleast_2d(np.corrcoef(returns, rowvar=False))
    return Correlations(
        symbols=list(histories),
        observations=len(returns),
        matrix=[[figure(value, 2) for value in row] for row in matrix],
    )
