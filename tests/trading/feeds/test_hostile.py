"""Providers, headers and caches that are broken on purpose: the answer is refused in words, nothing else happens."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from company.errors import CompanyError, UsageError
from company.trading.feeds.cache import Datum, decoded, encoded
from company.trading.feeds.faults import FeedError
from company.trading.feeds.files import read_candles
from company.trading.feeds.provider import checked
from company.trading.feeds.providers.exchange import PortProvider
from company.trading.feeds.web import _retry_after, check_address
from company.trading.feeds.wire import Node

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 1_772_323_200_000 - 3_600_000


class Port:
    """An exchange with one ticker."""

    id = "port"

    def __init__(self, **ticker):
        self.ticker = ticker

    async def fetch_ticker(self, _symbol):
        return self.ticker


@pytest.mark.parametrize(
    "header", ["²", "9e9", "Mon, 01 Jan 2030 00:00:00 +" + "9" * 30, "Mon, 01 Jan 99999 00:00:00 GMT", "soon"]
)
def test_a_wait_that_is_no_number_of_seconds_and_no_date_is_none(header):
    assert _retry_after(header) is None


@pytest.mark.parametrize("text", ["1e400000", "1e-400000", '"1e999999"', "1e999999999999999999999"])
def test_a_price_that_would_fill_the_memory_when_written_out_is_malformed(text):
    with pytest.raises(FeedError) as refused:
        Node.parse(text, "port").price()
    assert (refused.value.kind, len(str(refused.value)) < 300) == ("malformed", True)


@pytest.mark.parametrize("timestamp", [1e300, "abc", float("nan"), -1e14, []])
async def test_a_ticker_dated_at_no_time_is_malformed(timestamp):
    with pytest.raises(FeedError, match="timestamp") as refused:
        await PortProvider("port", Port(last="1", timestamp=timestamp)).price("BTC/USDT")
    assert refused.value.kind == "malformed"


@pytest.mark.parametrize(
    "row",
    [
        [10**400, 1, 1, 1, 1, 1],
        [HOUR, 1e300, 1e300, 1e300, 1e300, 1],
        [HOUR, 5e-324, 5e-324, 5e-324, 5e-324, 1],
        [HOUR, 1, 1, 1, 1, 1e300],
        [-HOUR, 1, 1, 1, 1, 1],
    ],
)
def test_a_candle_that_no_market_has_is_malformed(row):
    with pytest.raises(FeedError) as refused:
        checked([row], provider="port", symbol="BTC/USDT", timeframe="1h", now=NOW, count=10)
    assert refused.value.kind == "malformed"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("0001-01-01T00:00:00,1,2,.5,1,5", "no time between 1970 and 3000"),
        ("9999-12-31T00:00:00,1,2,.5,1,5", "no time between 1970 and 3000"),
        ("1700006400,1e308,1e308,1e308,1e308,5", "a price that no market has"),
        ("1700006400,1,2,.5,1,1e308", "a volume that no market has"),
    ],
)
def test_a_file_of_impossible_candles_is_refused_with_its_line(tmp_path, row, why):
    path = tmp_path / "candles.csv"
    path.write_text(f"timestamp,open,high,low,close,volume\n{row}\n")
    with pytest.raises(UsageError, match=why) as refused:
        read_candles(path, symbol="BTC/USDT", timeframe="1h")
    assert "candles.csv:2" in str(refused.value)


@pytest.mark.parametrize("change", [{"price": "1e999999"}, {"as_of": (NOW + timedelta(days=1)).isoformat()}])
def test_an_entry_in_redis_that_cannot_be_is_not_taken(change):
    kept = encoded(Datum(Node("7", "port").price(), "btc", NOW, NOW))
    assert decoded(kept).as_of == NOW
    with pytest.raises((CompanyError, ValueError)):
        decoded(json.dumps({**json.loads(kept), **change}))


@pytest.mark.parametrize("url", ["https://me:s3cret@api.example.com", "https://api.example.com/v1?apikey=s3cret"])
def test_an_address_that_holds_a_key_is_refused_without_repeating_it(url):
    with pytest.raises(UsageError, match=r"data\.providers") as refused:
        check_address(url, where="data.providers.yahoo.base_url")
    assert "s3cret" not in str(refused.value)
