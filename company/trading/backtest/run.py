"""A backtest from bars to result."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from company.trading.backtest.lane import Lane, market_of
from company.trading.backtest.loop import ACCOUNT, Loop
from company.trading.backtest.outcome import outcome, rows_of
from company.trading.backtest.result import Result, Terms
from company.trading.backtest.tape import Tape
from company.trading.backtest.timeline import moment
from company.trading.exchange import Exchange, PlainBooks
from company.trading.features import Bars, Quoted, frame
from company.trading.risk import RiskLimits
from company.trading.signals import Frame, Strategy


class Chooses(Protocol):
    """Gives the strategy for a symbol's features."""

    def __call__(self, frame: Frame, /) -> Strategy:
        """Return the strategy, or raise UsageError when it cannot use the features."""


def over_bars(
    strategy: str, choose: Chooses, histories: Sequence[Bars], *, terms: Terms, limits: RiskLimits, source: str
) -> Result:
    """Backtest a strategy over bars of a file, with an exchange made of them.

    Args:
        strategy: Its name.
        choose: Makes it for each symbol.
        histories: The bars, one series a symbol, all of one timeframe and quoted in one currency.
        terms: What trading costs.
        limits: What every wish is held against.
        source: Where the bars came from.

    Raises:
        UsageError: The strategy cannot use the bars, or they fit no grid.
    """
    tape = Tape(histories, terms.half_spread)
    exchange = Exchange(
        "backtest",
        PlainBooks(),
        tape.instruments,
        tape,
        maker_fee=terms.maker_fee,
        taker_fee=terms.taker_fee,
    )
    return over_exchange(strategy, choose, histories, exchange, terms=terms, limits=limits, source=source)


def over_exchange(
    strategy: str,
    choose: Chooses,
    histories: Sequence[Bars],
    exchange: Exchange,
    *,
    terms: Terms,
    limits: RiskLimits,
    source: str,
    quoted: Mapping[str, Quoted] = MappingProxyType({}),
) -> Result:
    """Backtest a strategy on an exchange that has traded these bars.

    Args:
        strategy: Its name.
        choose: Makes it for each symbol.
        histories: The bars.
        exchange: Where orders go; nobody has traded there yet.
        terms: The cash and the half spread to expect; the fees are the exchange's.
        limits: What every wish is held against.
        source: Where the bars came from.
        quoted: What the exchange told at each close beside the bars, by symbol.

    Raises:
        UsageError: The strategy cannot use the bars.
    """
    opened = moment(min(int(bars.times[0]) for bars in histories))
    exchange.open(ACCOUNT, {histories[0].symbol.partition("/")[2]: terms.cash}, opened)
    lanes = [_lane(number, bars, choose, exchange, quoted.get(bars.symbol)) for number, bars in enumerate(histories)]
    found = Loop(lanes, exchange, cash=terms.cash, half_spread=terms.half_spread, limits=limits).run()
    fills = list(rows_of(exchange.id, exchange.account(ACCOUNT).trades(), found.reasons))
    return outcome(strategy=strategy, source=source, histories=histories, terms=terms, found=found, fills=fills)


def _lane(number: int, bars: Bars, choose: Chooses, exchange: Exchange, quoted: Quoted | None) -> Lane:
    features = frame(bars, quoted)
    market = market_of(exchange, bars.symbol)
    return Lane(number=number, bars=bars, frame=features, market=market, strategy=choose(features))
