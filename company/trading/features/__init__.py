"""What is read from candles: checked bars, indicators, features bar by bar, regimes and correlations."""

from company.trading.features.bars import (
    MISSING_BORNE,
    TIMEFRAMES,
    YEAR_SECONDS,
    Bars,
    Candle,
    Floats,
    Hole,
    timeframe_seconds,
)
from company.trading.features.catalogue import FEATURES, WARM_UP, Feature, vector, vectors
from company.trading.features.columns import RAW, Quoted
from company.trading.features.correlations import Correlations, correlations, joint_returns
from company.trading.features.frames import Stream, frame
from company.trading.features.indicators import MINIMUM_BARS, Indicators, annualised, indicators
from company.trading.features.regimes import Regime, regime

__all__ = [
    "FEATURES",
    "MINIMUM_BARS",
    "MISSING_BORNE",
    "RAW",
    "TIMEFRAMES",
    "WARM_UP",
    "YEAR_SECONDS",
    "Bars",
    "Candle",
    "Correlations",
    "Feature",
    "Floats",
    "Hole",
    "Indicators",
    "Quoted",
    "Regime",
    "Stream",
    "annualised",
    "correlations",
    "frame",
    "indicators",
    "joint_returns",
    "regime",
    "timeframe_seconds",
    "vector",
    "vectors",
]
