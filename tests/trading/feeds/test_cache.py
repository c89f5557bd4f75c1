"""The cache: it saves questions, and a Redis that fails costs nothing but them."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import UsageError
from company.trading.features import Bars
from company.trading.feeds.cache import Cache, Datum, Memory, decoded, encoded
from company.trading.feeds.flights import Flights
from company.trading.feeds.source import BARS_KEPT
from tests.trading.feeds import formats as say
from tests.trading.feeds.conftest import NOW, OpenFeeds, Reply, Speaker, TestClock

CHART = "/v8/finance/chart/BTC-USD"
REDIS = shutil.which("redis-server")


async def test_a_price_is_asked_for_once_in_ten_seconds(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, say.yahoo(price=1), say.yahoo(price=2))
    feeds = open_service(at=speaker.url)

    first = await feeds.price("BTC/USD")
    clock.passed = 9.9
    second = await feeds.price("btc/usd")
    clock.passed = 10
    third = await feeds.price("BTC/USD")

    assert [(one.value, one.cached) for one in (first, second, third)] == [(1, False), (1, True), (2, False)]
    assert (second.asked_at, second.age) == (NOW, timedelta(seconds=29.9))
    cache = (await feeds.status()).cache
    assert (cache.kept, cache.used, cache.asked, cache.redis) == (1, 1, 2, "")


@pytest.mark.parametrize("timeframe", ["1m", "5m", "15m", "1h", "1d"])
async def test_bars_are_kept_for_the_age_of_their_timeframe(
    timeframe: str, speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, say.yahoo(say.DAYS if timeframe == "1d" else [say.HOURS[0]]))
    feeds = open_service(at=speaker.url)
    for passed in (0.0, BARS_KEPT[timeframe] - 1.0, float(BARS_KEPT[timeframe])):
        clock.passed = passed
        await feeds.bars("BTC/USD", timeframe, 3)
    assert len(speaker.asked) == 2


async def test_bars_are_not_kept_past_the_close_of_the_next_one(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, say.yahoo(say.HOURS))
    feeds = open_service(at=speaker.url)
    clock.passed = 3_600 - 31.0  # a second before the hour
    await feeds.bars("BTC/USD", "1h", 3)
    clock.passed += 1
    await feeds.bars("BTC/USD", "1h", 3)
    assert len(speaker.asked) == 2


async def test_a_symbol_that_is_unknown_is_not_asked_about_again_for_an_hour(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay("/v8/finance/chart/ZZZ", Reply(say.yahoo_error("Not Found", "No data found"), 404))
    feeds = open_service(at=speaker.url)

    kinds = []
    for passed in (0.0, 3_599.0, 3_600.0):
        clock.passed = passed
        kinds.append((await feeds.price("ZZZ")).failures[0])

    assert [one.kind for one in kinds] == ["unknown"] * 3
    assert "kept from an earlier question" in kinds[1].reason
    assert len(speaker.asked) == 2
    assert (await feeds.status()).providers[0].unknown_symbols == 1


async def test_equal_questions_at_the_same_time_are_asked_once(speaker: Speaker, open_service: OpenFeeds) -> None:
    speaker.lay(CHART, say.yahoo())
    speaker.open.clear()
    feeds = open_service(at=speaker.url)

    questions = [asyncio.create_task(feeds.price("BTC/USD")) for _ in range(5)]
    while not speaker.asked:
        await asyncio.sleep(0)
    questions[0].cancel()
    speaker.open.set()
    found = await asyncio.gather(*questions, return_exceptions=True)

    assert isinstance(found[0], asyncio.CancelledError)
    assert {one.value for one in found[1:] if not isinstance(one, BaseException)} == {Decimal("60000.5")}
    assert len(speaker.asked) == 1


async def test_an_error_goes_to_everybody_who_asked_and_is_asked_again_afterwards() -> None:
    flights, asked = Flights(), []

    async def ask() -> None:
        asked.append(1)
        await asyncio.sleep(0)
        raise ValueError("no")

    found = await asyncio.gather(*(flights.once("a", ask) for _ in range(3)), return_exceptions=True)
    assert [str(one) for one in found] == ["no"] * 3
    with pytest.raises(ValueError, match="no"):
        await flights.once("a", ask)
    assert len(asked) == 2


def test_memory_lets_go_of_what_nobody_asked_for_longest() -> None:
    memory = Memory()
    datum = Datum(Decimal(1), "x", NOW, None)
    for number in range(1_000):
        memory.put(str(number), datum)
    assert memory.get("0") is datum
    memory.put("new", datum)
    assert (len(memory), memory.get("1"), memory.get("0")) == (1_000, None, datum)


@given(st.decimals("1e-12", "1e12", allow_nan=False), st.one_of(st.none(), st.just(NOW)))
def test_a_price_comes_back_from_text_as_it_was(price: Decimal, as_of: object) -> None:
    datum = Datum(price, "bitcoin/usd", NOW, as_of)
    assert decoded(encoded(datum)) == datum


def test_bars_come_back_from_text_as_they_were() -> None:
    rows = [[row[0] * 1000, *row[1:]] for row in say.HOURS]
    bars = Bars.read(rows, symbol="BTC/USD", timeframe="1h", source="yahoo")
    back = decoded(encoded(Datum(bars, "BTC-USD", NOW, NOW))).value
    assert (back.symbol, back.timeframe, back.source) == ("BTC/USD", "1h", "yahoo")
    assert (back.times.tolist(), back.closes.tolist()) == (bars.times.tolist(), bars.closes.tolist())


async def test_a_redis_that_is_not_there_degrades_with_a_word_and_fails_no_read(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, say.yahoo())
    feeds = open_service(at=speaker.url, redis="redis://:a-password@127.0.0.1:9/0")

    first, second = await feeds.price("BTC/USD"), await feeds.price("BTC/USD")

    assert (first.state, first.cached, second.state, second.cached) == ("fresh", False, "fresh", True)
    word = (await feeds.status()).cache.redis
    assert word == "Redis is not used: ConnectionError from 127.0.0.1; memory goes on alone"


async def test_a_redis_that_failed_is_tried_again_after_half_a_minute(clock: TestClock) -> None:
    asked = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(1)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    address = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    cache = Cache(redis=address, wait=60, now=clock.monotonic)
    async with server:
        for passed in (0.0, 29.0, 30.0):
            clock.passed = passed
            before = len(asked)
            assert await cache.get("a") is None
            assert (len(asked) > before) == (passed != 29.0)


def test_what_is_no_address_of_redis_is_refused_without_being_repeated() -> None:
    with pytest.raises(UsageError, match="no address of a Redis server") as caught:
        Cache(redis="https://:a-password@host", wait=60, now=float)
    assert "a-password" not in str(caught.value)


def started(port: int) -> subprocess.Popen[str] | None:
    """A real Redis on a port; None when somebody else has it by now."""
    command = [str(REDIS), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    if any("ready to accept connections" in line.lower() for line in process.stdout):
        return process
    process.communicate()
    return None


@pytest.fixture
def redis_server() -> Iterator[str]:
    if REDIS is None:
        (pytest.fail if "COMPANY_NEEDS_REDIS" in os.environ else pytest.skip)("redis-server is not installed")
    for _ in range(5):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        if process := started(port):
            break
    assert process is not None
    yield f"redis://127.0.0.1:{port}"
    process.terminate()
    process.communicate()


async def test_two_processes_share_their_answers_through_redis(
    redis_server: str, speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, say.yahoo(say.HOURS))
    one, other = (open_service(at=speaker.url, redis=redis_server, patience=timedelta(minutes=1)) for _ in range(2))

    await one.price("BTC/USD")
    price = await other.price("BTC/USD")
    await one.bars("BTC/USD", "1h", 3)
    bars = await other.bars("BTC/USD", "1h", 3)

    assert (price.value, price.cached, bars.cached) == (Decimal("60000.5"), True, True)
    assert bars.value is not None
    assert len(bars.value) == 3
    assert len(speaker.asked) == 2
    assert (await other.status()).cache.redis == "ok"


async def test_an_entry_of_redis_that_is_nonsense_is_left_out_with_a_word(
    redis_server: str, speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    from redis.asyncio import Redis

    speaker.lay(CHART, say.yahoo())
    feeds = open_service(at=speaker.url, redis=redis_server, patience=timedelta(minutes=1))
    for nonsense in ("{", '{"price": "-1", "listing": "x", "asked_at": "2026-11-20T12:00:00+00:00", "as_of": null}'):
        async with Redis.from_url(redis_server) as client:
            await client.set("company:feeds:1:price:yahoo:BTC-USD", nonsense)
        found = await feeds.price("BTC/USD")
        clock.passed += 11
        assert (found.state, found.value) == ("fresh", Decimal("60000.5"))
