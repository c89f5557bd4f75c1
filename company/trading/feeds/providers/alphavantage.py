"""Alpha Vantage: shares, currencies and coins; a key is needed.

Format: https://www.alphavantage.co/documentation/ (`CURRENCY_EXCHANGE_RATE` and `GLOBAL_QUOTE` for prices,
`DIGITAL_CURRENCY_DAILY` and `TIME_SERIES_DAILY` for days; shorter bars need a paid plan). Quota of the free plan, 25
requests a day: https://www.alphavantage.co/support/; one a second, as its answers say
(https://github.com/finance-quote/finance-quote/issues/546).

Refusals come with status 200: `Error Message`, `Note` or `Information`. Its key stands in the query, the only place it
takes one, and its refusals repeat it; both are kept out of errors.
"""

from collections.abc import Callable, Sequence
from typing import Never

from company.trading.feeds.faults import FeedError, Kind
from company.trading.feeds.provider import FIAT, Quoted, Row, halves, ms_of
from company.trading.feeds.web import Web, words
from company.trading.feeds.wire import Node

BASE_URL = "https://www.alphavantage.co"

_NAMES = ("1. open", "2. high", "3. low", "4. close", "5. volume")
_REFUSALS = ("Error Message", "Note", "Information")


class AlphaVantage:
    """Asks Alpha Vantage.

    Args:
        web: Where it answers.
        key: Returns its key.
    """

    id = "alphavantage"
    timeframes = frozenset({"1d"})

    def __init__(self, web: Web, *, key: Callable[[], str]) -> None:
        self._web, self._key = web, key

    def listing(self, symbol: str) -> str:
        """Return the symbol: a pair is asked for as two currencies, anything else as a share."""
        return symbol.upper()

    async def price(self, listing: str) -> Quoted:
        """Return the last price: of a pair with its minute, of a share with its trading day."""
        base, quote = halves(listing)
        if not quote:
            return await self._share(listing)
        params = {"function": "CURRENCY_EXCHANGE_RATE", "from_currency": base, "to_currency": quote}
        found = (await self._ask(params, listing))["Realtime Currency Exchange Rate"]
        _check(found["1. From_Currency Code"], base)
        _check(found["3. To_Currency Code"], quote)
        _check(found["7. Time Zone"], "UTC")
        return Quoted(found["5. Exchange Rate"].price(), found["6. Last Refreshed"].moment())

    async def rows(self, listing: str, timeframe: str, count: int) -> Sequence[Row]:
        """Return the last days: up to 100 of a share, all of a coin."""
        base, quote = halves(listing)
        if base in FIAT and quote in FIAT:
            raise FeedError(f"alphavantage {listing}: its days of currencies have no volume", kind="unsupported")
        if quote:
            params = {"function": "DIGITAL_CURRENCY_DAILY", "symbol": base, "market": quote}
            found = (await self._ask(params, listing))["Time Series (Digital Currency Daily)"]
        else:
            found = (await self._ask({"function": "TIME_SERIES_DAILY", "symbol": listing}, listing))[
                "Time Series (Daily)"
            ]
        days = sorted((Node(day, found.where).moment(), cells) for day, cells in found.items())
        return [[ms_of(day), *(float(cells[name].number()) for name in _NAMES)] for day, cells in days]

    async def _share(self, listing: str) -> Quoted:
        found = (await self._ask({"function": "GLOBAL_QUOTE", "symbol": listing}, listing))["Global Quote"]
        if not found.value:
            found.fail("it knows no such symbol", "unknown")
        _check(found["01. symbol"], listing)
        return Quoted(found["05. price"].price(), found["07. latest trading day"].moment())

    async def _ask(self, params: dict[str, str], listing: str) -> Node:
        where, key = f"alphavantage {listing}", self._key()
        answer = await self._web.get("/query", {**params, "apikey": key}, secret=key)
        found = Node.parse(answer.text, where)
        for name in _REFUSALS:
            if name in found:
                _refuse(words(found[name].text(), key), where, name)
        if answer.status >= 400:
            raise FeedError(f"{where}: status {answer.status}: {words(answer.text, key)}", kind="refused")
        return found


def _check(node: Node, expected: str) -> None:
    if node.text().upper() != expected:
        node.fail(f"is not {expected}")


def _refuse(said: str, where: str, name: str) -> Never:
    plain = said.lower()
    kind: Kind = "refused"
    if name == "Error Message":
        kind = "key" if "apikey" in plain or "api key" in plain else "unknown"
    elif "per second" in plain or "per minute" in plain:
        kind = "busy"
    elif "per day" in plain or "rate limit" in plain:
        kind = "exhausted"
    raise FeedError(f"{where}: {name}: {said}", kind=kind)
