"""Files of candles in a folder: `BTC-USDT_1h.csv` or `.parquet` holds the bars of `BTC/USDT`.

The price is the close of the last bar of the shortest timeframe there is, dated when that bar closed.
"""

import asyncio
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from company.errors import UsageError
from company.trading.features import TIMEFRAMES, Bars
from company.trading.feeds.faults import FeedError
from company.trading.feeds.files import read_candles
from company.trading.feeds.provider import Quoted, Row, of_seconds

_SUFFIXES = (".csv", ".parquet")
_NAME = re.compile(r"[A-Z0-9^][A-Z0-9.^=:-]*")


class Folder:
    """Reads files of candles.

    Args:
        folder: Where they lie.
    """

    id = "files"
    timeframes = frozenset(TIMEFRAMES)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def listing(self, symbol: str) -> str:
        """Return what the names of its files begin with: `BTC-USDT` for `BTC/USDT`."""
        name = symbol.upper().replace("/", "-")
        if not _NAME.fullmatch(name):
            raise FeedError(f"files: {symbol!r} cannot be the name of a file", kind="unsupported")
        return name

    async def price(self, listing: str) -> Quoted:
        """Return the last close."""
        shortest = next((name for name in TIMEFRAMES if self._file(listing, name)), None)
        if shortest is None:
            raise FeedError(f"files {listing}: there is no file of it in {self._folder.name}", kind="unknown")
        bars = await self._bars(listing, shortest)
        return Quoted(Decimal(str(float(bars.closes[-1]))), of_seconds(bars.closes_at / 1000))

    async def rows(self, listing: str, timeframe: str, count: int) -> Sequence[Row]:
        """Return the last bars."""
        bars = await self._bars(listing, timeframe)
        columns = (bars.times, bars.opens, bars.highs, bars.lows, bars.closes, bars.volumes)
        return list(zip(*(column[-count - 1 :].tolist() for column in columns), strict=True))

    async def _bars(self, listing: str, timeframe: str) -> Bars:
        file = self._file(listing, timeframe)
        if file is None:
            raise FeedError(f"files {listing}: there is no file of its {timeframe} bars", kind="empty")
        try:
            return await asyncio.to_thread(read_candles, file, symbol=listing, timeframe=timeframe)
        except UsageError as error:
            raise FeedError(f"files {listing}: {Path(error.where).name}: {error.what}", kind="malformed") from None

    def _file(self, listing: str, timeframe: str) -> Path | None:
        files = (self._folder / f"{listing}_{timeframe}{suffix}" for suffix in _SUFFIXES)
        return next((file for file in files if file.is_file()), None)
