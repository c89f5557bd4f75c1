"""Any exchange of ccxt, here Kraken as it answers over HTTP: the client is ccxt's own, unmodified."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from company.errors import UsageError
from company.trading.feeds import FeedError
from company.trading.feeds.providers.exchange import CcxtProvider
from tests.trading.feeds import formats as say
from tests.trading.feeds.conftest import OpenFeeds, Reply, Speaker, TestClock

PUBLIC = "/0/public"
PAIR = {
    "altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD", "pair_decimals": 1, "lot_decimals": 8,
    "leverage_buy": [], "leverage_sell": [], "fees": [[0, 0.4]], "fees_maker": [[0, 0.25]], "ordermin": "0.00005",
    "costmin": "0.5", "tick_size": "0.1", "status": "online", "aclass_base": "currency", "aclass_quote": "currency",
    "cost_decimals": 5, "lot": "unit", "lot_multiplier": 1,
}  # fmt: skip


def told(result: Any) -> Any:
    return {"error": [], "result": result}


def ticker(last: str = "60000.5") -> Any:
    pair = ["1", "2"]
    sides = {"a": ["60001", "1", "1"], "b": ["60000", "1", "1"], "c": [last, "1"]}
    return told({"XXBTZUSD": {**sides, "v": pair, "p": pair, "t": [1, 2], "l": pair, "h": pair, "o": "59000"}})


def candles(rows: Any) -> Any:
    shown = [[row[0], *(str(cell) for cell in row[1:5]), "100", str(row[5]), 3] for row in rows]
    return told({"XXBTZUSD": shown, "last": 0})


@pytest.fixture
def kraken(speaker: Speaker) -> Speaker:
    coin = {"aclass": "currency", "decimals": 8, "display_decimals": 5, "status": "enabled"}
    assets = {"XXBT": {**coin, "altname": "XBT"}, "ZUSD": {**coin, "altname": "USD"}}
    speaker.lay(f"{PUBLIC}/Assets", told(assets)).lay(f"{PUBLIC}/AssetPairs", told({"XXBTZUSD": PAIR}))
    return speaker.lay(f"{PUBLIC}/Ticker", ticker()).lay(f"{PUBLIC}/OHLC", candles(say.HOURS))


async def test_prices_and_bars_come_through_ccxt(kraken: Speaker, open_service: OpenFeeds, clock: TestClock) -> None:
    feeds = open_service("ccxt:kraken", "ccxt:kraken", at=kraken.url)

    price, bars = await feeds.price("BTC/USD"), await feeds.bars("BTC/USD", "1h", 4)

    assert (price.state, price.value, price.provider, price.as_of) == ("fresh", Decimal("60000.5"), "ccxt:kraken", None)
    assert "asked 2026-11-20T12:00:30+00:00, 0 s old" in str(price)
    assert (bars.state, bars.holes) == ("fresh", ())
    assert bars.value is not None
    assert bars.value.times.tolist() == [row[0] * 1000 for row in say.HOURS[1:-1]]
    assert clock.slept == [1.0], "one request a second"
    paths = [asked.path.rpartition("/")[2] for asked in kraken.asked]
    assert paths == ["Assets", "AssetPairs", "Ticker", "OHLC"], "the list of markets is kept"


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply("<html>", 503), "down", "ExchangeNotAvailable"),
        (Reply("", 429), "busy", "RateLimitExceeded"),
        (Reply({"error": ["EGeneral:Too many requests"]}), "busy", "Too many requests"),
        (Reply({"error": ["EService:Unavailable"]}), "down", "Unavailable"),
        (Reply("<html>"), "empty", "the ticker has no last price"),
        (ticker("0"), "empty", "the ticker has no last price"),
        (ticker("-5"), "malformed", "last: is no price: it is not above 0"),
        (ticker("much"), "malformed", "its answer could not be read: ValueError"),
        (Reply("", 302, {"location": "https://elsewhere.example/"}), "refused", "redirects are not followed"),
    ],
)  # fmt: skip
async def test_what_an_exchange_does_wrong_is_sorted(
    reply: Any, kind: str, words: str, kraken: Speaker, open_service: OpenFeeds
) -> None:
    kraken.lay(f"{PUBLIC}/Ticker", reply)
    found = await open_service("ccxt:kraken", at=kraken.url, each={"attempts": 1}).price("BTC/USD")
    assert (found.value, found.failures[0].kind) == (None, kind), found
    assert words in found.failures[0].reason


async def test_an_exchange_that_stalls_is_down(kraken: Speaker, open_service: OpenFeeds) -> None:
    kraken.lay(f"{PUBLIC}/Assets", Reply("{", stalls=True))
    each = {"attempts": 1, "timeout": timedelta(seconds=0.2)}
    found = await open_service("ccxt:kraken", at=kraken.url, each=each).price("BTC/USD")
    assert found.failures[0].kind == "down"


async def test_an_answer_of_an_exchange_that_is_too_large_is_left_before_its_end(kraken: Speaker) -> None:
    exchange = CcxtProvider("kraken", base_url=kraken.url, timeout=10, monotonic=float, most_bytes=300)
    with pytest.raises(FeedError, match="ccxt:kraken: the answer is larger than 300 bytes"):
        await exchange.price("BTC/USD")


async def test_a_symbol_that_an_exchange_does_not_list_is_unknown(kraken: Speaker, open_service: OpenFeeds) -> None:
    found = await open_service("ccxt:kraken", at=kraken.url).price("DOGE/EUR")
    assert found.failures[0].kind == "unknown"


async def test_an_exchange_that_ccxt_does_not_know_is_an_error_of_the_person(open_service: OpenFeeds) -> None:
    with pytest.raises(UsageError, match="ccxt knows no exchange 'krakn'"):
        await open_service("ccxt:krakn").price("BTC/USD")
