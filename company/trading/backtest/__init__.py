"""Backtests: a strategy over bars that have been, through the same exchange, risk and ledger as every other day.

**What happens when.** A signal at the close of bar t passes risk sizing and the check with what is known at that
close. The order that comes out arrives at the exchange when bar t + 1 opens, as a market order: it walks the book
around the open (`tape`: a stated half spread, and a fifth of the volume of the bar before), pays the taker fee, and
what the book does not hold stays undone. Candles of the paper world meet the paper venue's own book of that minute.

**Stops.** An entry carries the stop that risk gave it; a position has one, the highest of its entries. When a bar
trades at or below it, the position is sold from the next open on: that is when the exchange itself would wake a stop
order, so a gap is paid for.

**Resting orders** (of a recorded session; strategies place none) follow the exchange's rule: touched is not filled,
crossed is, with a fifth of the bar's volume.

**Equity** is marked at every close. Drawdown steps, the day's loss and the latch apply as live; the latch stays,
because nobody re-arms a desk in a backtest.

**No look-ahead.** A strategy gets a `State`, which answers for its bar and earlier ones only. Nothing that is decided
at a close uses a later bar; nothing that trades at an open uses more of that bar than its open.

**Holes** in the data are reported and never filled in. No time passes in them: what waits meets the first bar after.

**Same in, same out.** The result holds no clock and no path, so its JSON and its page are the same to the byte.

`over_bars` runs over files, `over_exchange` over an exchange that exists (the paper world's), `over_pair` arbitrage
over two files, `replay` a recorded session; `page` and `summary` show a result.
"""

from company.trading.backtest.loop import ACCOUNT
from company.trading.backtest.page import page
from company.trading.backtest.pairs import over_pair
from company.trading.backtest.recorded import Comparison, Difference, Execution, replay
from company.trading.backtest.result import (
    ClampRow,
    Fall,
    FillRow,
    Hole,
    Mark,
    Measures,
    Result,
    Terms,
)
from company.trading.backtest.run import over_bars, over_exchange
from company.trading.backtest.summary import summary
from company.trading.backtest.timeline import moment, within

__all__ = [
    "ACCOUNT",
    "ClampRow",
    "Comparison",
    "Difference",
    "Execution",
    "Fall",
    "FillRow",
    "Hole",
    "Mark",
    "Measures",
    "Result",
    "Terms",
    "moment",
    "over_bars",
    "over_exchange",
    "over_pair",
    "page",
    "replay",
    "summary",
    "within",
]
