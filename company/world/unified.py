"""What only a world has of ccxt's unified shapes: tickers and public trades. Numbers are Decimals."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

from company.ports import Json
from company.trading.exchange.unified import stamp
from company.trading.matching import Depth, Side
from company.world.candles import Candles
from company.world.listings import Listing

_RATIO: Final = Decimal("1e-8")
_A_MINUTE: Final = 4
_SPACING: Final = 15_000


def ticker(listing: Listing, at: datetime, depth: Depth, last: Decimal, day: Candles) -> Json:
    """Return the ticker of a symbol.

    Args:
        listing: The symbol.
        at: Now.
        depth: The visible book.
        last: The price now.
        day: The minutes of the last 24 hours.
    """
    volume = int(day.volume.sum())
    worth = int(day.close @ day.volume)  # a day of bitcoin is worth 3e16 ticks x steps, far below 2^63
    vwap = listing.price(worth) / volume
    first = listing.price(int(day.open[0]))
    base = listing.amount(volume)
    bid, ask = (side[0] if side else (None, None) for side in (depth.bids, depth.asks))
    return {
        "symbol": listing.symbol,
        **stamp(at),
        "high": listing.price(int(day.high.max())),
        "low": listing.price(int(day.low.min())),
        "bid": bid[0],
        "bidVolume": bid[1],
        "ask": ask[0],
        "askVolume": ask[1],
        "vwap": vwap.quantize(_RATIO),
        "open": first,
        "close": last,
        "last": last,
        "previousClose": None,
        "change": last - first,
        "percentage": ((last - first) / first * 100).quantize(_RATIO),
        "average": (last + first) / 2,
        "baseVolume": base,
        "quoteVolume": (base * vwap).quantize(_RATIO),
        "markPrice": None,
        "indexPrice": None,
        "info": {},
    }


def minute_trades(listing: Listing, minute: int, begins: int, candles: Candles, place: int) -> Iterator[Json]:
    """Yield the public trades of a minute: at its open, low, high and close, with a quarter of its volume each.

    The low comes before the high, as the flow of a minute meets resting orders. A trade's side is the taker's: a seller
    at the low, a buyer at the high, and at open and close whoever moved the price there.

    Args:
        listing: The symbol.
        minute: Its number; ids follow from it, so a trade has the same id whenever it is asked for.
        begins: When it begins, in epoch ms.
        candles: The minutes of its day.
        place: Which of them it is.
    """
    open_, high, low, close, volume = (int(side[place]) for side in candles.sides())
    parts = [volume // _A_MINUTE + (number < volume % _A_MINUTE) for number in range(_A_MINUTE)]
    sides: tuple[Side, ...] = ("buy" if close >= open_ else "sell", "sell", "buy", "buy" if close >= high else "sell")
    for number, (ticks, steps, side) in enumerate(zip((open_, low, high, close), parts, sides, strict=True)):
        if steps:
            name = str(minute * _A_MINUTE + number)
            yield _public(listing, name, begins + number * _SPACING, side, listing.price(ticks), listing.amount(steps))


def _public(listing: Listing, id: str, at: int, side: Side, price: Decimal, amount: Decimal) -> Json:
    return {
        "id": id,
        "order": None,
        "symbol": listing.symbol,
        **stamp(at),
        "type": None,
        "side": side,
        "takerOrMaker": None,
        "price": price,
        "amount": amount,
        "cost": price * amount,
        "fee": {"currency": None, "cost": None},
        "fees": [],
        "info": {},
    }
