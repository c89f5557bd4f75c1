"""CoinGecko: prices of coins against currencies, averaged over exchanges.

Format: https://docs.coingecko.com/reference/simple-price; statuses and limits:
https://docs.coingecko.com/docs/errors-and-rate-limits ("Demo plan: 100 calls/min", 10,000 credits a month at
https://www.coingecko.com/en/api/pricing; without a key the limit is shared by address and not published).

It has no candles here: `/coins/{id}/ohlc` gives no volume and chooses the length of bars itself
(https://docs.coingecko.com/reference/coins-id-ohlc). A coin has no unique ticker, so only well-known ones are found by
theirs; `symbols` in the settings names others. It quotes in USD, not in USDT: nobody here takes one for the other.
"""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from company.trading.feeds.faults import FeedError
from company.trading.feeds.provider import Quoted, Row, halves
from company.trading.feeds.web import Web, words
from company.trading.feeds.wire import Node

BASE_URL = "https://api.coingecko.com/api/v3"

_COINS = {
    "AAVE": "aave",
    "ADA": "cardano",
    "ATOM": "cosmos",
    "AVAX": "avalanche-2",
    "BCH": "bitcoin-cash",
    "BNB": "binancecoin",
    "BTC": "bitcoin",
    "DOGE": "dogecoin",
    "DOT": "polkadot",
    "ETC": "ethereum-classic",
    "ETH": "ethereum",
    "LINK": "chainlink",
    "LTC": "litecoin",
    "NEAR": "near",
    "SOL": "solana",
    "TRX": "tron",
    "UNI": "uniswap",
    "XLM": "stellar",
    "XMR": "monero",
    "XRP": "ripple",
}
_QUOTES = frozenset({"AUD", "BRL", "BTC", "CAD", "CHF", "CNY", "ETH", "EUR", "GBP", "INR", "JPY", "KRW", "USD"})


class CoinGecko:
    """Asks CoinGecko.

    Args:
        web: Where it answers.
        base_url: The same address; it decides which of its two key headers is sent.
        key: Returns its key, None to ask without.
    """

    id = "coingecko"
    timeframes: frozenset[str] = frozenset()

    def __init__(self, web: Web, *, base_url: str, key: Callable[[], str | None]) -> None:
        self._web, self._key = web, key
        is_pro = (urlsplit(base_url).hostname or "").startswith("pro-")
        self._header = "x-cg-pro-api-key" if is_pro else "x-cg-demo-api-key"

    def listing(self, symbol: str) -> str:
        """Return `bitcoin/usd` for `BTC/USD`."""
        base, quote = halves(symbol)
        if base not in _COINS or quote not in _QUOTES:
            cure = f'name the coin in [data.providers.coingecko] symbols, as {{"{symbol}" = "bitcoin/usd"}}'
            raise FeedError(f"coingecko: nothing here is known to be {symbol!r}: {cure}", kind="unsupported")
        return f"{_COINS[base]}/{quote.lower()}"

    async def price(self, listing: str) -> Quoted:
        """Return the price and when CoinGecko computed it."""
        coin, _, currency = listing.partition("/")
        where, key = f"coingecko {listing}", self._key() or ""
        answer = await self._web.get(
            "/simple/price",
            {"ids": coin, "vs_currencies": currency, "include_last_updated_at": "true", "precision": "full"},
            headers={self._header: key} if key else {},
            secret=key,
        )
        if answer.status >= 400:
            what = words(answer.text, key)
            raise FeedError(f"{where}: status {answer.status}: {what}", kind="refused")
        found = Node.parse(answer.text, where)
        if coin not in found or currency not in found[coin]:
            raise FeedError(f"{where}: it knows no such coin or currency", kind="unknown")
        return Quoted(found[coin][currency].price(), found[coin]["last_updated_at"].seconds())

    async def rows(self, listing: str, timeframe: str, count: int) -> Sequence[Row]:
        """Refuse: it has no candles with volume."""
        raise FeedError("coingecko: its candles have no volume, so they are not used", kind="unsupported")
