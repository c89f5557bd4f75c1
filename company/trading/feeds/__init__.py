"""Market data from outside: asked within its quotas, checked, dated, and never made up.

`Feeds` is the door: `price`, `bars` and `status`. What it answers is a `Reading`, which says who told it, when, how old
it is and who was passed over, or that nobody has it. `read_candles` reads a file of candles.
"""

from company.trading.feeds.faults import FeedError
from company.trading.feeds.files import read_candles
from company.trading.feeds.holes import Hole, find_holes
from company.trading.feeds.keys import DataKeys
from company.trading.feeds.opening import open_feeds
from company.trading.feeds.reading import Failure, Reading
from company.trading.feeds.report import PriceReport
from company.trading.feeds.service import Feeds
from company.trading.feeds.status import FeedsStatus

__all__ = [
    "DataKeys",
    "Failure",
    "FeedError",
    "Feeds",
    "FeedsStatus",
    "Hole",
    "PriceReport",
    "Reading",
    "find_holes",
    "open_feeds",
    "read_candles",
]
