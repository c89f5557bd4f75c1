"""Every provider in its own wire format: what it says is read, and what is not as documented is refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.feeds import formats as say
from tests.trading.feeds.conftest import NOW, OpenFeeds, Reply, Speaker

CHART = "/v8/finance/chart/BTC-USD"
PRICES = {  # provider: path, answer, its own name of BTC/USD
    "coingecko": ("/simple/price", say.coingecko_price, "bitcoin/usd"),
    "yahoo": (CHART, lambda price=60000.5: say.yahoo(price=price), "BTC-USD"),
    "twelvedata": ("/quote", say.twelve_price, "BTC/USD"),
    "alphavantage": ("/query", say.alpha_pair, "BTC/USD"),
    "finnhub": ("/quote", say.finnhub_price, "COINBASE:BTC-USD"),
}
BARS = {  # provider: path, answer to rows, timeframe
    "yahoo": (CHART, say.yahoo, "1h"),
    "twelvedata": ("/time_series", say.twelve_bars, "1h"),
    "alphavantage": ("/query", say.alpha_days, "1d"),
    "finnhub": ("/crypto/candle", say.finnhub_bars, "1h"),
}
ROWS = {"1h": say.HOURS, "1d": say.DAYS}


@pytest.mark.parametrize("provider", PRICES)
async def test_a_price_is_told_with_its_provider_its_own_name_and_its_age(
    provider: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    path, answer, listing = PRICES[provider]
    speaker.lay(path, answer())

    found = await open_service(provider, at=speaker.url).price("BTC/USD")

    assert (found.state, found.value, found.provider, found.listing) == ("fresh", Decimal("60000.5"), provider, listing)
    assert (found.asked_at, found.as_of, found.age) == (NOW, say.DATED, timedelta(seconds=20))
    assert (found.reason, found.failures, found.cached) == ("", (), False)
    assert str(found) == (
        f"BTC/USD 60000.5 from {provider} ({listing}), as of {say.DATED.isoformat(timespec='seconds')}, 20 s old"
    )


@pytest.mark.parametrize("provider", PRICES)
@pytest.mark.parametrize("price", [0, -1, "0", "-0.5", "much", None, True, [], "NaN", "Infinity"])
async def test_what_is_no_price_is_refused_by_name_and_never_replaced(
    provider: str, price: Any, speaker: Speaker, open_service: OpenFeeds
) -> None:
    path, answer, listing = PRICES[provider]
    speaker.lay(path, answer(price))

    found = await open_service(provider, at=speaker.url).price("BTC/USD")

    assert (found.state, found.value, found.age) == ("missing", None, None)
    [failure] = found.failures
    assert (failure.provider, failure.kind) == (provider, "malformed")
    assert failure.reason.startswith(f"{provider} {listing} ")
    assert "NO DATA for BTC/USD" in str(found)


@pytest.mark.parametrize("provider", BARS)
async def test_closed_bars_are_told_and_the_forming_one_is_left_out(
    provider: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    path, answer, timeframe = BARS[provider]
    rows = ROWS[timeframe]
    speaker.lay(path, answer(rows))

    found = await open_service(candles=provider, at=speaker.url).bars("BTC/USD", timeframe, 4)

    assert (found.state, found.provider, found.holes, found.reason) == ("fresh", provider, (), "")
    assert found.value is not None
    assert (found.value.symbol, found.value.timeframe, found.value.source) == ("BTC/USD", timeframe, provider)
    assert found.value.times.tolist() == [row[0] * 1000 for row in rows[1:-1]]
    assert found.value.closes.tolist() == [row[4] for row in rows[1:-1]]
    assert found.value.volumes.tolist() == [row[5] for row in rows[1:-1]]
    assert found.as_of == datetime.fromtimestamp(rows[-1][0], tz=UTC)


@pytest.mark.parametrize("provider", BARS)
@pytest.mark.parametrize(
    ("row", "column", "value", "what"),
    [
        (2, 4, 0, "row 2 has a price that is not positive"),
        (3, 1, -5, "row 3 has a price that is not positive"),
        (1, 5, -1, "row 1 has a negative volume"),
        (2, 2, 1, "row 2 has a high or low that does not enclose open and close"),
    ],
)
async def test_a_broken_bar_is_refused_with_provider_symbol_and_row(
    provider: str, row: int, column: int, value: float, what: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    path, answer, timeframe = BARS[provider]
    rows = [list(one) for one in ROWS[timeframe]]
    rows[row][column] = value
    speaker.lay(path, answer(rows))

    found = await open_service(candles=provider, at=speaker.url).bars("BTC/USD", timeframe, 4)

    assert (found.state, found.value) == ("missing", None)
    assert f"{provider}: candles of BTC/USD {timeframe}: {what}" in found.failures[0].reason


@pytest.mark.parametrize("provider", ["yahoo", "twelvedata", "finnhub"])
@pytest.mark.parametrize(
    ("order", "what"),
    [
        ([0, 1, 1, 2, 3, 4], "row 2 opens at the same time as the one before"),
        ([0, 2, 1, 3, 4], "row 2 opens before the one before"),
    ],
)
async def test_double_and_disordered_bars_are_refused(
    provider: str, order: list[int], what: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    path, answer, timeframe = BARS[provider]
    speaker.lay(path, answer([ROWS[timeframe][index] for index in order]))

    found = await open_service(candles=provider, at=speaker.url).bars("BTC/USD", timeframe, 4)

    assert found.value is None
    assert what in found.failures[0].reason


@pytest.mark.parametrize("provider", BARS)
async def test_a_hole_is_reported_with_its_first_and_last_bar_and_nothing_is_put_into_it(
    provider: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    path, answer, timeframe = BARS[provider]
    rows = ROWS[timeframe]
    speaker.lay(path, answer([rows[0], rows[3], rows[4]]))

    found = await open_service(candles=provider, at=speaker.url).bars("BTC/USD", timeframe, 3)

    [hole] = found.holes
    assert found.value is not None
    assert len(found.value) == 3
    assert (hole.first.timestamp(), hole.last.timestamp(), hole.bars) == (rows[1][0], rows[2][0], 2)
    assert f"2 bars missing from {hole.first.isoformat()}" in str(found)


REFUSALS: list[tuple[str, str, Any, str, str]] = [
    ("coingecko", "/simple/price", {}, "unknown", "it knows no such coin or currency"),
    ("coingecko", "/simple/price", {"bitcoin": {"last_updated_at": 1}}, "unknown", "no such coin or currency"),
    ("coingecko", "/simple/price", {"bitcoin": {"usd": 1}}, "malformed", "there is no 'last_updated_at'"),
    ("coingecko", "/simple/price", Reply({"status": {"error_code": 10005}}, 403), "refused", "status 403"),
    ("coingecko", "/simple/price", Reply({"error": "no key"}, 401), "key", "the key is missing or refused (401)"),
    ("yahoo", CHART, Reply(say.yahoo_error("Not Found", "No data found, symbol may be delisted"), 404), "unknown",
     "Not Found: No data found, symbol may be delisted"),
    ("yahoo", CHART, Reply(say.yahoo_error("Unprocessable Entity", "within the last 60 days"), 422), "refused",
     "within the last 60 days"),
    ("yahoo", CHART, say.yahoo(symbol="ETH-USD"), "malformed", "is another symbol than BTC-USD"),
    ("yahoo", CHART, {"finance": {}}, "malformed", "there is no 'chart'"),
    ("twelvedata", "/quote", say.twelve_error(404, "**symbol** is missing or invalid"), "unknown", "error 404"),
    ("twelvedata", "/quote", say.twelve_error(400, "symbol ZZZ not found"), "unknown", "error 400"),
    ("twelvedata", "/quote", say.twelve_error(401, "**apikey** is incorrect"), "key", "error 401"),
    ("twelvedata", "/quote", say.twelve_error(403, "available starting with Grow"), "refused", "error 403"),
    ("twelvedata", "/quote", say.twelve_error(429, "out of API credits for the day"), "exhausted", "for the day"),
    ("twelvedata", "/quote", say.twelve_error(500, "try later"), "down", "error 500"),
    ("alphavantage", "/query", {"Error Message": "Invalid API call."}, "unknown", "Error Message: Invalid API call."),
    ("alphavantage", "/query", {"Error Message": "the parameter apikey is invalid"}, "key", "apikey is invalid"),
    ("alphavantage", "/query", {"Information": "rate limit is 25 requests per day."}, "exhausted", "25 requests"),
    ("alphavantage", "/query", {"Note": "call frequency is 5 calls per minute"}, "busy", "5 calls per minute"),
    ("alphavantage", "/query", {"Information": "This is a premium endpoint."}, "refused", "premium endpoint"),
    ("alphavantage", "/query", say.alpha_pair(base="ETH"), "malformed", "is not BTC"),
    ("alphavantage", "/query", say.alpha_pair(zone="US/Eastern"), "malformed", "is not UTC"),
    ("finnhub", "/quote", {"c": 0, "d": None, "h": 0, "l": 0, "o": 0, "pc": 0, "t": 0}, "unknown", "no such symbol"),
    ("finnhub", "/quote", {"error": "Symbol not supported"}, "refused", "Symbol not supported"),
    ("finnhub", "/quote", Reply({"error": "You don't have access to this resource."}, 403), "refused", "status 403"),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "path", "answer", "kind", "words"), REFUSALS)
async def test_a_refusal_in_the_providers_own_words_is_sorted_and_told(
    provider: str, path: str, answer: Any, kind: str, words: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    speaker.lay(path, answer)

    found = await open_service(provider, at=speaker.url, each={"attempts": 1}).price("BTC/USD")

    [failure] = found.failures
    assert (found.state, found.value, failure.kind) == ("missing", None, kind)
    assert words in failure.reason


@pytest.mark.parametrize(
    ("provider", "path", "answer", "kind"),
    [
        ("yahoo", CHART, say.yahoo(), "empty"),
        ("yahoo", CHART, say.yahoo([[say.HOURS[-1][0], 1, 1, 1, 1, 1]]), "empty"),
        ("twelvedata", "/time_series", say.twelve_bars([]), "empty"),
        ("twelvedata", "/time_series", {**say.twelve_bars([]), "values": [{"datetime": "soon"}]}, "malformed"),
        ("finnhub", "/crypto/candle", {"s": "no_data"}, "empty"),
        ("finnhub", "/crypto/candle", {"s": "perhaps"}, "malformed"),
        ("finnhub", "/crypto/candle", {**say.finnhub_bars(say.HOURS), "v": [1]}, "malformed"),
    ],
)
async def test_an_answer_without_bars_says_that_there_are_none(
    provider: str, path: str, answer: Any, kind: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    speaker.lay(path, answer)
    found = await open_service(candles=provider, at=speaker.url).bars("BTC/USD", "1h", 4)
    assert (found.state, found.value, found.failures[0].kind) == ("missing", None, kind)


async def test_bars_without_volume_are_refused_because_none_is_made_up(
    speaker: Speaker, open_service: OpenFeeds
) -> None:
    answer = say.twelve_bars(say.HOURS)
    for row in answer["values"]:
        del row["volume"]
    speaker.lay("/time_series", answer)

    found = await open_service(candles="twelvedata", at=speaker.url).bars("BTC/USD", "1h", 4)

    assert found.value is None
    assert "values row 0: there is no 'volume'" in found.failures[0].reason


async def test_yahoos_rows_of_nulls_are_holes_and_its_live_quote_is_left_out(
    speaker: Speaker, open_service: OpenFeeds
) -> None:
    rows = [list(row) for row in say.HOURS[:-1]]
    rows[2][1:] = [None] * 5
    live = [rows[-1][0] + 754, 1, 1, 1, 1, 0]
    speaker.lay(CHART, say.yahoo([*rows, live]))

    found = await open_service(at=speaker.url).bars("BTC/USD", "1h", 5)

    assert found.value is not None
    assert found.value.times.tolist() == [rows[index][0] * 1000 for index in (0, 1, 3, 4)]
    assert [hole.bars for hole in found.holes] == [1]


async def test_a_bar_of_yahoo_that_is_null_in_part_is_refused(speaker: Speaker, open_service: OpenFeeds) -> None:
    rows = [list(row) for row in say.HOURS]
    rows[2][3] = None
    speaker.lay(CHART, say.yahoo(rows))
    found = await open_service(at=speaker.url).bars("BTC/USD", "1h", 5)
    assert "quote row 0 low row 2: is no number: None" in found.failures[0].reason


async def test_yahoos_days_are_dated_by_the_day_at_the_exchange(speaker: Speaker, open_service: OpenFeeds) -> None:
    opening = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
    rows = [[int((opening + timedelta(days=day)).timestamp()), 10, 12, 9, 11, 5] for day in (0, 1)]
    speaker.lay("/v8/finance/chart/IBM", say.yahoo(rows, symbol="IBM", offset=-18_000))

    found = await open_service(at=speaker.url).bars("ibm", "1d", 2)

    assert found.value is not None
    assert [at / 86_400_000 % 1 for at in found.value.times.tolist()] == [0, 0]
    assert found.as_of == datetime(2026, 11, 20, tzinfo=UTC)


async def test_a_share_of_alpha_vantage_is_dated_by_its_trading_day(speaker: Speaker, open_service: OpenFeeds) -> None:
    speaker.lay("/query", say.alpha_share())

    found = await open_service("alphavantage", at=speaker.url).price("IBM")

    assert (found.state, found.value) == ("stale", Decimal("189.50"))
    assert found.as_of == datetime(2026, 11, 20, tzinfo=UTC)
    assert speaker.asked[0].query["function"] == "GLOBAL_QUOTE"


async def test_a_share_that_alpha_vantage_does_not_know_is_an_empty_quote(
    speaker: Speaker, open_service: OpenFeeds
) -> None:
    speaker.lay("/query", {"Global Quote": {}})
    found = await open_service("alphavantage", at=speaker.url).price("ZZZZ")
    assert found.failures[0].kind == "unknown"


async def test_days_of_a_share_come_from_alpha_vantages_series_of_shares(
    speaker: Speaker, open_service: OpenFeeds
) -> None:
    speaker.lay("/query", say.alpha_days(say.DAYS, "Time Series (Daily)"))
    found = await open_service(candles="alphavantage", at=speaker.url).bars("IBM", "1d", 3)
    assert found.value is not None
    assert found.value.closes.tolist() == [row[4] for row in say.DAYS[2:-1]]


async def test_an_answer_in_which_a_name_stands_twice_is_refused(speaker: Speaker, open_service: OpenFeeds) -> None:
    speaker.lay("/simple/price", '{"bitcoin": {"usd": 1, "usd": 2, "last_updated_at": 3}}')
    found = await open_service("coingecko", at=speaker.url).price("BTC/USD")
    assert "the name 'usd' stands there twice" in found.failures[0].reason


@pytest.mark.parametrize(
    ("provider", "symbol", "words"),
    [
        ("coingecko", "BTC/USDT", "symbols, as {\"BTC/USDT\" = \"bitcoin/usd\"}"),
        ("coingecko", "AAPL", "nothing here is known to be 'AAPL'"),
        ("finnhub", "BTC/EUR", "[data.providers.finnhub] symbols"),
    ],
)  # fmt: skip
async def test_a_symbol_that_a_provider_has_no_name_for_is_not_asked_about(
    provider: str, symbol: str, words: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    found = await open_service(provider, at=speaker.url).price(symbol)
    assert found.failures[0].kind == "unsupported"
    assert words in found.failures[0].reason
    assert speaker.asked == []


async def test_a_name_that_a_person_gave_comes_first_and_is_told(speaker: Speaker, open_service: OpenFeeds) -> None:
    speaker.lay("/simple/price", say.coingecko_price())
    feeds = open_service("coingecko", at=speaker.url, each={"symbols": {"btc/usdt": "bitcoin/usd"}})
    found = await feeds.price("BTC/USDT")
    assert (found.state, found.symbol, found.listing) == ("fresh", "BTC/USDT", "bitcoin/usd")


@pytest.mark.parametrize(
    ("provider", "header", "value"),
    [
        ("coingecko", "x-cg-demo-api-key", "coingecko-key-of-the-test"),
        ("twelvedata", "authorization", "apikey twelvedata-key-of-the-test"),
        ("finnhub", "x-finnhub-token", "finnhub-key-of-the-test"),
    ],
)
async def test_a_key_goes_into_a_header_where_the_provider_takes_it_there(
    provider: str, header: str, value: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    path, answer, _ = PRICES[provider]
    speaker.lay(path, answer())
    await open_service(provider, at=speaker.url).price("BTC/USD")
    assert speaker.asked[0].headers[header] == value
    assert "key-of-the-test" not in str(speaker.asked[0].query)
