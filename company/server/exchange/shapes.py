"""Binance's shapes of what the paper venues say in ccxt's: numbers as text of eight decimals, times in epoch ms.

Statuses: what rests is `NEW` or `PARTIALLY_FILLED`, what a person canceled is `CANCELED`, what an order could not trade
and may not rest ends as `EXPIRED`.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from company.ports import Json, decimal_of
from company.server.exchange.weights import LIMITS

TYPES: Final = ("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
LARGEST: Final = Decimal(10) ** 8
"""Highest price and largest amount of an order."""

MOST_WORTH: Final = Decimal(10) ** 12
"""Largest value of an order in the quote currency."""

MOST_ORDERS: Final = 200
"""Open orders of an account in one symbol."""

MOST_TRIGGERS: Final = 5
"""Open orders of an account in one symbol that wait for their trigger."""

MINUTE: Final = 60_000


def number(value: Any) -> str:
    """Return a number as it travels."""
    return f"{decimal_of(value):.8f}"


def market_id(symbol: str) -> str:
    """Return `BTCUSDT` for `BTC/USDT`."""
    return symbol.replace("/", "")


def exchange_info(markets: Iterable[Json], now: int) -> Json:
    """Return the rules of the venue and of its symbols."""
    return {
        "timezone": "UTC",
        "serverTime": now,
        "rateLimits": [limit.shape() for limit in LIMITS],
        "exchangeFilters": [],
        "symbols": [_symbol(market) for market in markets],
    }


def _symbol(market: Json) -> Json:
    precision = dict.fromkeys(
        (
            "baseAssetPrecision",
            "quotePrecision",
            "quoteAssetPrecision",
            "baseCommissionPrecision",
            "quoteCommissionPrecision",
        ),
        8,
    )
    no = dict.fromkeys(
        ("icebergAllowed", "ocoAllowed", "otoAllowed", "allowTrailingStop", "amendAllowed", "isMarginTradingAllowed"),
        False,
    )
    yes = dict.fromkeys(("quoteOrderQtyMarketAllowed", "cancelReplaceAllowed", "isSpotTradingAllowed"), True)
    return {
        "symbol": market["id"],
        "status": "TRADING",
        "baseAsset": market["base"],
        "quoteAsset": market["quote"],
        **precision,
        "orderTypes": list(TYPES),
        **no,
        **yes,
        "filters": _filters(market),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _filters(market: Json) -> list[Json]:
    tick, step = number(market["precision"]["price"]), number(market["precision"]["amount"])
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": number(LARGEST), "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": step, "maxQty": number(LARGEST), "stepSize": step},
        {
            "filterType": "NOTIONAL",
            "minNotional": number(market["limits"]["cost"]["min"]),
            "applyMinToMarket": True,
            "maxNotional": number(MOST_WORTH),
            "applyMaxToMarket": True,
            "avgPriceMins": 0,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MOST_ORDERS},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": MOST_TRIGGERS},
    ]


def levels(rows: Iterable[Sequence[Any]]) -> list[list[str]]:
    """Return price and amount of each level."""
    return [[number(price), number(amount)] for price, amount in rows]


def day_ticker(ticker: Mapping[str, Any]) -> Json:
    """Return the statistics of the last 24 hours.

    The world does not count its trades, so `count` is 0 and there are no ids of trades.
    """
    return {
        "symbol": market_id(ticker["symbol"]),
        "priceChange": number(ticker["change"]),
        "priceChangePercent": f"{decimal_of(ticker['percentage']):.3f}",
        "weightedAvgPrice": number(ticker["vwap"]),
        "prevClosePrice": number(ticker["open"]),
        "lastPrice": number(ticker["last"]),
        "lastQty": number(0),
        "bidPrice": _given(ticker["bid"]),
        "bidQty": _given(ticker["bidVolume"]),
        "askPrice": _given(ticker["ask"]),
        "askQty": _given(ticker["askVolume"]),
        "openPrice": number(ticker["open"]),
        "highPrice": number(ticker["high"]),
        "lowPrice": number(ticker["low"]),
        "volume": number(ticker["baseVolume"]),
        "quoteVolume": number(ticker["quoteVolume"]),
        "openTime": ticker["timestamp"] - 24 * 60 * MINUTE,
        "closeTime": ticker["timestamp"],
        "firstId": -1,
        "lastId": -1,
        "count": 0,
    }


def book_ticker(ticker: Mapping[str, Any]) -> Json:
    """Return the best bid and ask."""
    return {
        "symbol": market_id(ticker["symbol"]),
        "bidPrice": _given(ticker["bid"]),
        "bidQty": _given(ticker["bidVolume"]),
        "askPrice": _given(ticker["ask"]),
        "askQty": _given(ticker["askVolume"]),
    }


def price_ticker(ticker: Mapping[str, Any]) -> Json:
    """Return the latest price."""
    return {"symbol": market_id(ticker["symbol"]), "price": number(ticker["last"])}


def candle(row: Sequence[Any], length: int) -> list[Any]:
    """Return a candle of `length` ms; what the world does not count is 0: trades, and what buyers took."""
    worth = decimal_of(row[5]) * decimal_of(row[4])
    return [
        row[0],
        *(number(value) for value in row[1:6]),
        row[0] + length - 1,
        number(worth),
        0,
        number(0),
        number(0),
        "0",
    ]


def public_trade(trade: Mapping[str, Any]) -> Json:
    """Return a trade of the market."""
    return {
        "id": int(trade["id"]),
        "price": number(trade["price"]),
        "qty": number(trade["amount"]),
        "quoteQty": number(trade["cost"]),
        "time": trade["timestamp"],
        "isBuyerMaker": trade["side"] == "sell",
        "isBestMatch": True,
    }


def agg_trade(trade: Mapping[str, Any]) -> Json:
    """Return a trade of the market as an aggregate of one."""
    place = int(trade["id"])
    return {
        "a": place,
        "p": number(trade["price"]),
        "q": number(trade["amount"]),
        "f": place,
        "l": place,
        "T": trade["timestamp"],
        "m": trade["side"] == "sell",
        "M": True,
    }


def agg_trade_event(trade: Mapping[str, Any]) -> Json:
    """Return a trade as `@aggTrade` tells it."""
    return {"e": "aggTrade", "E": trade["timestamp"], "s": market_id(trade["symbol"]), **agg_trade(trade)}


def trade_event(trade: Mapping[str, Any]) -> Json:
    """Return a trade as `@trade` tells it."""
    told = agg_trade(trade)
    del told["f"], told["l"]
    return {"e": "trade", "E": trade["timestamp"], "s": market_id(trade["symbol"]), "t": told.pop("a"), **told}


def mini_event(ticker: Mapping[str, Any]) -> Json:
    """Return the day's figures as `@miniTicker` tells them."""
    day = day_ticker(ticker)
    keys = {"s": "symbol", "c": "lastPrice", "o": "openPrice", "h": "highPrice", "l": "lowPrice"}
    keys |= {"v": "volume", "q": "quoteVolume"}
    return {"e": "24hrMiniTicker", "E": ticker["timestamp"], **{key: day[name] for key, name in keys.items()}}


def ticker_event(ticker: Mapping[str, Any]) -> Json:
    """Return the day's figures as `@ticker` tells them."""
    day = day_ticker(ticker)
    keys = {"p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice", "x": "prevClosePrice"}
    keys |= {"Q": "lastQty", "b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty"}
    keys |= {"O": "openTime", "C": "closeTime", "F": "firstId", "L": "lastId", "n": "count"}
    return mini_event(ticker) | {"e": "24hrTicker"} | {key: day[name] for key, name in keys.items()}


def _given(value: Any) -> str:
    """A number, 0 where nobody bids or asks, as Binance says it."""
    return number(value if value is not None else 0)
