"""The door of the service: the paper world, files, status, and what it refuses to be asked."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.errors import ToolError, UsageError
from company.trading.feeds import DataKeys, Feeds
from company.world import START, MemoryBooks, PaperWorld, VirtualClock
from tests.trading.feeds import formats as say
from tests.trading.feeds.conftest import KEYS, NOW, OpenFeeds, Reply, Speaker, TestClock, Vault


async def test_the_paper_world_is_asked_unless_somebody_else_is_named(open_service: OpenFeeds) -> None:
    feeds = open_service("paper", "paper")

    price, bars = await feeds.price("BTC/USDT"), await feeds.bars("BTC/USDT", "1h", 24)

    assert (price.state, price.provider, price.listing) == ("fresh", "paper", "BTC/USDT")
    assert (price.asked_at, price.as_of, price.age) == (START, START, timedelta(0))
    assert (bars.state, bars.as_of, bars.holes, bars.reason) == ("fresh", START, (), "")
    assert bars.value is not None
    assert len(bars.value) == 24


async def test_the_paper_world_is_never_kept_because_it_changes_while_its_clock_stands(
    open_service: OpenFeeds,
) -> None:
    feeds = open_service("paper", "paper")
    await feeds.price("BTC/USDT")
    assert not (await feeds.price("BTC/USDT")).cached
    assert (await feeds.status()).cache.kept == 0


async def test_the_paper_world_goes_by_company_time_and_others_by_the_wall(
    speaker: Speaker, open_service: OpenFeeds
) -> None:
    speaker.lay("/v8/finance/chart/BTC-USD", say.yahoo())
    clock = VirtualClock(START)
    world = PaperWorld(seed=7, books=MemoryBooks(), clock=clock)
    feeds = open_service(
        ["paper", "yahoo"], at={"yahoo": speaker.url}, paper=world.venues["paper-b"], paper_clock=clock
    )
    world.advance_to(START + timedelta(days=3))
    paper, real = await feeds.price("ETH/USDT"), await feeds.price("BTC/USD")
    assert (paper.state, paper.asked_at) == ("fresh", START + timedelta(days=3))
    assert (real.provider, real.asked_at, real.age) == ("yahoo", NOW, timedelta(seconds=20))
    assert (real.failures[0].provider, real.failures[0].kind) == ("paper", "unknown")


async def test_files_of_a_folder_are_a_provider(open_service: OpenFeeds, tmp_path: Path) -> None:
    lines = [f"{row[0]},{','.join(str(cell) for cell in row[1:])}" for row in say.HOURS[:-1]]
    (tmp_path / "candles").mkdir()
    file = tmp_path / "candles" / "BTC-USDT_1h.csv"
    file.write_text("\n".join(["timestamp,open,high,low,close,volume", lines[0], *lines[2:]]), "utf-8")
    feeds = open_service("files", "files", root=tmp_path, files="candles")

    price, bars = await feeds.price("BTC/USDT"), await feeds.bars("BTC/USDT", "1h", 10)
    gone, other = await feeds.price("ETH/USDT"), await feeds.bars("BTC/USDT", "1d", 3)

    assert (price.state, price.value, price.listing) == ("fresh", Decimal("105.5"), "BTC-USDT")
    assert price.as_of == bars.as_of == NOW.replace(minute=0, second=0)
    assert (bars.reason, [hole.bars for hole in bars.holes]) == ("4 of 10 bars are there", [1])
    assert gone.failures[0].reason == "files ETH-USDT: there is no file of it in candles"
    assert other.failures[0].kind == "empty"
    file.write_text("timestamp,open,high,low,close,volume\n1699999200,1,1,1,0,1\n", "utf-8")
    broken = await open_service(candles="files", root=tmp_path, files="candles").bars("BTC/USDT", "1h", 10)
    assert "files BTC-USDT: BTC-USDT_1h.csv:2: the candle has a price that is not positive" in str(broken)
    assert str(tmp_path) not in repr(broken)


@pytest.mark.parametrize(
    "symbol", ["", " ", "../../etc/passwd", "BTC/../x", "a b", "BTC/USDT/EUR", "BTC%2FUSDT", "x" * 60, "BTC\nUSDT", "é"]
)
async def test_what_cannot_be_a_symbol_is_not_asked_about(symbol: str, open_service: OpenFeeds) -> None:
    with pytest.raises(ToolError, match="cannot be a symbol; write BTC/USDT"):
        await open_service("files", files="candles").price(symbol)


async def test_a_timeframe_or_count_that_cannot_be_is_not_asked_about(open_service: OpenFeeds) -> None:
    feeds = open_service("paper", "paper")
    with pytest.raises(ToolError, match="timeframe '7m' is unknown"):
        await feeds.bars("BTC/USDT", "7m", 3)
    for count in (0, -1, 5_001):
        with pytest.raises(ToolError, match=f"count is {count}; give a number from 1 to 5000"):
            await feeds.bars("BTC/USDT", "1h", count)


async def test_a_timeframe_that_a_provider_has_not_is_told_with_those_it_has(
    open_service: OpenFeeds, speaker: Speaker
) -> None:
    found = await open_service(candles=["yahoo", "alphavantage"], at=speaker.url).bars("BTC/USD", "4h", 3)
    assert [one.reason for one in found.failures] == [
        "yahoo has no 4h bars; it has 1m, 5m, 15m, 1h, 1d",
        "alphavantage has no 4h bars; it has 1d",
    ]
    assert speaker.asked == []


async def test_the_status_tells_quotas_breakers_errors_and_the_chains(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay("/quote", Reply("", 500), say.twelve_price())
    feeds = open_service(["twelvedata", "paper"], ["paper"], at={"twelvedata": speaker.url}, each={"attempts": 1})
    await feeds.price("BTC/USD")
    await feeds.price("BTC/USD")

    status = await feeds.status()

    assert (status.prices, status.candles) == (["twelvedata", "paper"], ["paper"])
    twelve, paper = status.providers
    assert [(one.quota, one.left, one.free_in) for one in twelve.quotas] == [
        ("8 per 1 minute", 6, 0),
        ("800 per 1 day", 798, 0),
    ]
    assert (twelve.breaker, twelve.last_error_at) == ("closed", NOW)
    assert twelve.last_error is not None
    assert twelve.last_error.startswith("twelvedata 127.0.0.1/quote: status 500")
    assert paper.quotas == []
    assert (paper.last_error or "").startswith("paper BTC/USD: symbol 'BTC/USD' is not listed")


async def test_a_quota_that_a_person_gave_takes_the_place_of_the_published_one(
    speaker: Speaker, open_service: OpenFeeds
) -> None:
    feeds = open_service("twelvedata", at=speaker.url, each={"quotas": ("75/minute",)})
    assert [one.quota for one in (await feeds.status()).providers[0].quotas] == ["75 per 1 minute"]


@pytest.mark.parametrize(
    ("environment", "quotas"), [({}, ["5 per 1 minute"]), (KEYS, ["100 per 1 minute", "10000 per 1 month"])]
)
async def test_coingecko_is_asked_less_without_a_key(
    environment: dict[str, str], quotas: list[str], open_service: OpenFeeds
) -> None:
    feeds = open_service("coingecko", environment=environment)
    assert [one.quota for one in (await feeds.status()).providers[0].quotas] == quotas


def test_settings_that_cannot_be_are_errors_that_name_them(open_service: OpenFeeds) -> None:
    with pytest.raises(UsageError, match=r"data\.providers\.yahoo\.base_url: 'http://a' is not https"):
        open_service("yahoo", at="http://a")
    with pytest.raises(UsageError, match=r"data\.providers\.yahoo\.quotas: 'often' is no quota"):
        open_service("yahoo", at="https://a", each={"quotas": ("often",)})


def test_keys_of_the_environment_are_told_for_redaction_always_as_the_same_object() -> None:
    keys = DataKeys({"FINNHUB_API_KEY": " abcdefgh ", "OTHER": "x"}, Vault())
    assert keys.values() == {"FINNHUB_API_KEY": "abcdefgh"}
    assert keys.values() is keys.values()
    assert (keys.get("finnhub"), keys.get("coingecko"), keys.get("paper")) == ("abcdefgh", None, None)


def test_a_company_offers_the_service_to_its_tools(opened, tmp_path: Path) -> None:
    with opened(tmp_path / "state") as engine:
        assert isinstance(engine.company.services[Feeds], Feeds)


def test_a_key_is_kept_in_the_secret_store_by_the_command_that_keeps_all_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = ["--home", str(tmp_path / "home")]
    kept = CliRunner().invoke(app, ["key", "set", "data:finnhub", *places], input="abcdefgh1234\n")
    monkeypatch.setenv("FINNHUB_API_KEY", "other-key-1234")
    again = CliRunner().invoke(app, ["key", "set", "data:finnhub", *places], input="abcdefgh1234\n")
    wrong = CliRunner().invoke(app, ["key", "set", "data:finhub", *places], input="abcdefgh1234\n")
    assert (kept.exit_code, again.exit_code) == (0, 0)
    assert "key of data:finnhub kept in" in kept.output
    assert "FINNHUB_API_KEY is set in the environment and comes first" in again.output
    assert isinstance(wrong.exception, UsageError)
    assert wrong.exception.cure == "did you mean 'data:finnhub'?"
