"""docs/market-data.md says what the code does."""

import re
from pathlib import Path

import pytest

from company.config import DATA_KEYS, DATA_PROVIDERS
from company.trading.features import TIMEFRAMES
from company.trading.feeds.columns import NAMES
from company.trading.feeds.opening import KEYLESS, QUOTAS
from company.trading.feeds.providers import exchange
from company.trading.feeds.providers.alphavantage import AlphaVantage
from company.trading.feeds.providers.coingecko import CoinGecko
from company.trading.feeds.providers.exchange import CcxtProvider, PortProvider
from company.trading.feeds.providers.finnhub import Finnhub
from company.trading.feeds.providers.folder import Folder
from company.trading.feeds.providers.twelvedata import TwelveData
from company.trading.feeds.providers.yahoo import Yahoo
from company.trading.feeds.source import BARS_KEPT, PRICE_KEPT, UNKNOWN_KEPT
from company.trading.feeds.web import MOST_BYTES

PAGE = (Path(__file__).parents[3] / "docs" / "market-data.md").read_text("utf-8")
CLASSES = {
    "paper": PortProvider, "ccxt:ID": CcxtProvider, "coingecko": CoinGecko, "yahoo": Yahoo, "twelvedata": TwelveData,
    "alphavantage": AlphaVantage, "finnhub": Finnhub, "files": Folder,
}  # fmt: skip


def rows(columns: str) -> dict[str, list[str]]:
    table = PAGE.partition(f"| {columns} |\n")[2].partition("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in table]
    return {first: rest for first, *rest in cells}


PROVIDERS = rows("provider | prices | candles | quota kept to | key")


def test_the_table_has_every_provider() -> None:
    assert {name.removesuffix(":ID") for name in PROVIDERS} == {*DATA_PROVIDERS, "ccxt"} == set(QUOTAS)


@pytest.mark.parametrize("name", PROVIDERS)
def test_timeframes_quotas_and_keys_of_the_table_are_those_of_the_code(name: str) -> None:
    _, candles, quota, key = PROVIDERS[name]
    offered = [timeframe for timeframe in TIMEFRAMES if timeframe in CLASSES[name].timeframes]
    assert candles == (", ".join(offered) or "none")
    assert quota == (", ".join(QUOTAS[name.removesuffix(":ID")]) or "none")
    assert key == DATA_KEYS.get(f"data:{name}", "none")


def test_the_ages_of_the_cache_are_those_of_the_code() -> None:
    cache = rows("part | what it does")["cache"][0]
    ages = {timeframe: int(seconds) for seconds, timeframe in re.findall(r"(\d+) s \((\w+)\)", cache)}
    assert ages == BARS_KEPT
    assert f"A price is kept for {PRICE_KEPT:.0f} s" in cache
    assert f"again for {UNKNOWN_KEPT:.0f} s" in cache


def test_the_largest_answers_and_the_quota_without_a_key_are_those_of_the_code() -> None:
    assert f"at most {MOST_BYTES >> 20} MiB ({exchange.MOST_BYTES >> 20} MiB of an exchange)" in PAGE
    assert KEYLESS == {"coingecko": ("5/minute",)}
    assert "key and is then asked 5 times a minute" in PAGE


def test_the_names_of_columns_are_those_of_the_code() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.partition("## Files of candles")[2])) - {"files"}
    assert named <= set().union(*NAMES.values())
