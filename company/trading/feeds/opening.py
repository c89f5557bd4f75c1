"""Builds the market data service from the settings: who is asked, in which order, how often and with which key."""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from company.config import PAPER, DataProviderSettings, DataSettings
from company.ports import Clock, MarketData
from company.trading.feeds.breaker import Breaker
from company.trading.feeds.cache import Cache
from company.trading.feeds.keys import DataKeys
from company.trading.feeds.provider import Provider
from company.trading.feeds.providers import alphavantage, coingecko, finnhub, twelvedata, yahoo
from company.trading.feeds.providers.exchange import CcxtProvider, PortProvider
from company.trading.feeds.providers.folder import Folder
from company.trading.feeds.quota import Quota, Sleep, read_quotas
from company.trading.feeds.service import Feeds
from company.trading.feeds.source import Source
from company.trading.feeds.web import Web, check_address

BASE_URLS = {
    "coingecko": coingecko.BASE_URL,
    "yahoo": yahoo.BASE_URL,
    "twelvedata": twelvedata.BASE_URL,
    "alphavantage": alphavantage.BASE_URL,
    "finnhub": finnhub.BASE_URL,
}
"""Where each provider answers."""

QUOTAS = {
    "paper": (),
    "files": (),
    "ccxt": ("1/second",),
    "coingecko": ("100/minute", "10000/month"),
    "yahoo": ("30/minute",),
    "twelvedata": ("8/minute", "800/day"),
    "alphavantage": ("1/second", "25/day"),
    "finnhub": ("30/second", "60/minute"),
}
"""How often each is asked at most: what it publishes for its free plan; of `ccxt` and `yahoo`, what we keep to."""

KEYLESS = {"coingecko": ("5/minute",)}
"""How often one that can do without a key is asked without."""


class _Workshop:
    """Makes sources, each once, however often the chains name it."""

    def __init__(
        self,
        settings: DataSettings,
        *,
        root: Path | None,
        paper: MarketData,
        clock: Clock,
        wall: Clock,
        keys: DataKeys,
        cache: Cache,
        chance: random.Random,
        sleep: Sleep,
    ) -> None:
        self._settings, self._root, self._paper = settings, root, paper
        self._clock, self._wall, self._keys, self._cache = clock, wall, keys, cache
        self._chance, self._sleep = chance, sleep
        self._made: dict[str, Source] = {}

    def chain(self, names: Iterable[str]) -> Sequence[Source]:
        """Return the sources of a chain."""
        return [self._source(name) for name in names]

    def _source(self, name: str) -> Source:
        if name not in self._made:
            self._made[name] = self._make(name, self._settings.providers.get(name, DataProviderSettings()))
        return self._made[name]

    def _make(self, name: str, section: DataProviderSettings) -> Source:
        clock = self._clock if name == PAPER else self._wall
        patience = self._settings.patience.total_seconds()
        windows = read_quotas(section.quotas or self._published(name), where=f"data.providers.{name}.quotas")
        return Source(
            self._provider(name, section),
            clock=clock,
            quota=Quota(name, windows, patience=patience, now=clock.monotonic, sleep=self._sleep),
            breaker=Breaker(name, now=clock.monotonic),
            cache=None if name == PAPER else self._cache,
            attempts=section.attempts,
            patience=patience,
            symbols={symbol.upper(): listing for symbol, listing in section.symbols.items()},
            chance=self._chance,
            sleep=self._sleep,
        )

    def _published(self, name: str) -> Sequence[str]:
        if name in KEYLESS and self._keys.get(name) is None:
            return KEYLESS[name]
        return QUOTAS[name.partition(":")[0]]

    def _provider(self, name: str, section: DataProviderSettings) -> Provider:
        where = f"data.providers.{name}.base_url"
        if name == PAPER:
            return PortProvider(PAPER, self._paper)
        if name == "files":
            return Folder((self._root or Path()) / self._settings.files)
        timeout = section.timeout.total_seconds()
        if name.startswith("ccxt:"):
            base = check_address(section.base_url, where=where) if section.base_url else ""
            return CcxtProvider(name.partition(":")[2], base_url=base, timeout=timeout, monotonic=self._wall.monotonic)
        base = check_address(section.base_url or BASE_URLS[name], where=where)
        return self._over_http(name, Web(provider=name, base_url=base, timeout=timeout), base)

    def _over_http(self, name: str, web: Web, base: str) -> Provider:
        now = self._wall.now
        make: Mapping[str, Callable[[], Provider]] = {
            "coingecko": lambda: coingecko.CoinGecko(web, base_url=base, key=lambda: self._keys.get(name)),
            "yahoo": lambda: yahoo.Yahoo(web, now=now),
            "twelvedata": lambda: twelvedata.TwelveData(web, key=lambda: self._keys.need(name)),
            "alphavantage": lambda: alphavantage.AlphaVantage(web, key=lambda: self._keys.need(name)),
            "finnhub": lambda: finnhub.Finnhub(web, key=lambda: self._keys.need(name), now=now),
        }
        return make[name]()


def open_feeds(
    settings: DataSettings,
    *,
    paper: MarketData,
    clock: Clock,
    wall: Clock,
    keys: DataKeys,
    root: Path | None = None,
    chance: random.Random | None = None,
    sleep: Sleep = asyncio.sleep,
) -> Feeds:
    """Build the service; nobody is asked anything yet.

    Args:
        settings: `[data]` of `company.toml`.
        paper: The venue of the paper world that the provider `paper` reads.
        clock: The company's time, by which the paper world's values age.
        wall: Wall-clock time, by which all others' age.
        keys: Keys of providers.
        root: The company's directory, which `data.files` is seen from.
        chance: Randomness of pauses between attempts.
        sleep: Waits.

    Raises:
        UsageError: An address, a quota or a key in the settings cannot be one.
    """
    cache = Cache(redis=settings.redis, wait=settings.patience.total_seconds(), now=wall.monotonic)
    workshop = _Workshop(
        settings,
        root=root,
        paper=paper,
        clock=clock,
        wall=wall,
        keys=keys,
        cache=cache,
        chance=chance or random.Random(),
        sleep=sleep,
    )
    return Feeds(
        prices=workshop.chain(settings.prices),
        candles=workshop.chain(settings.candles),
        cache=cache,
        fresh=settings.fresh,
    )
