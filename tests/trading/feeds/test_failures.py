"""Providers that fail: what is tried again, who is asked next, and what is said about it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from company.errors import UsageError
from company.trading.feeds import FeedError
from company.trading.feeds.web import Web, check_address, words
from tests.trading.feeds import formats as say
from tests.trading.feeds.conftest import OpenFeeds, Reply, Speaker, TestClock

CHART = "/v8/finance/chart/BTC-USD"
BROKEN: list[tuple[Any, str, str]] = [
    (Reply("Too Many Requests", 429), "busy", "too many requests (429): Too Many Requests"),
    (Reply({"status": "oops"}, 500), "down", "status 500"),
    (Reply("<html><body>Bad Gateway</body></html>", 502), "down", "status 502: Bad Gateway"),
    (Reply('{"chart": '), "malformed", "something else instead of JSON"),
    (Reply(""), "malformed", "something else instead of JSON"),
    (Reply("[" * 100_000), "malformed", "instead of JSON"),
    (Reply('{"chart": NaN}'), "malformed", "NaN is no JSON"),
    (Reply("<!doctype html><title>Consent</title>"), "malformed", "HTML instead of JSON"),
    (Reply([1, 2]), "malformed", "there is no 'chart': [1, 2]"),
    (Reply("", 302, {"location": "https://elsewhere.example/"}), "refused", "redirects are not followed"),
    (Reply(say.yahoo(), headers={"content-encoding": "gzip"}), "malformed", "the answer is compressed"),
    (Reply('{"chart": {', stalls=True), "down", "no whole answer in 0.2 s"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "kind", "said"), BROKEN)
async def test_a_broken_answer_is_an_explicit_failure_that_names_the_provider(
    reply: Reply, kind: str, said: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    speaker.lay(CHART, reply)
    each = {"attempts": 1, "timeout": timedelta(seconds=0.2 if reply.stalls else 10)}

    found = await open_service(at=speaker.url, each=each).price("BTC/USD")

    [failure] = found.failures
    assert (found.state, found.value) == ("missing", None)
    assert (failure.provider, failure.kind) == ("yahoo", kind)
    assert failure.reason.startswith("yahoo ")
    assert said in failure.reason


async def test_a_provider_that_is_not_there_is_down(open_service: OpenFeeds, clock: TestClock) -> None:
    found = await open_service(at="http://127.0.0.1:9").price("BTC/USD")
    assert (found.failures[0].kind, found.failures[0].reason) == ("down", f"yahoo 127.0.0.1{CHART}: ConnectError")
    assert len(clock.slept) == 2, "three attempts"


async def test_an_answer_that_is_too_large_is_left_before_its_end(speaker: Speaker) -> None:
    speaker.lay("/a", Reply("x" * 200_000))
    web = Web(provider="yahoo", base_url=speaker.url, timeout=10, most_bytes=100_000)
    with pytest.raises(FeedError, match="larger than 100000 bytes") as caught:
        await web.get("/a", {})
    assert caught.value.kind == "malformed"


async def test_a_failure_that_may_pass_is_tried_again_after_a_growing_pause_with_jitter(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, Reply("", 500), Reply("", 503), say.yahoo())

    found = await open_service(at=speaker.url).price("BTC/USD")

    first, second = clock.slept
    assert (found.state, found.failures) == ("fresh", ())
    assert 0.25 <= first <= 0.5 <= second <= 1
    assert len(speaker.asked) == 3


async def test_a_short_retry_after_is_waited_for(speaker: Speaker, open_service: OpenFeeds, clock: TestClock) -> None:
    speaker.lay(CHART, Reply("", 429, {"retry-after": "4"}), say.yahoo())
    found = await open_service(at=speaker.url).price("BTC/USD")
    assert (found.state, clock.slept) == ("fresh", [4.0])


async def test_a_long_retry_after_keeps_everybody_away_until_it_is_over(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, Reply("", 429, {"retry-after": "90"}), say.yahoo())
    feeds = open_service(at=speaker.url)

    first = await feeds.price("BTC/USD")
    clock.passed += 60
    second = await feeds.price("BTC/USD")
    clock.passed += 30
    third = await feeds.price("BTC/USD")

    assert (first.failures[0].kind, second.failures[0].kind, third.state) == ("busy", "exhausted", "fresh")
    assert "it asked to be left alone; asked again in 30 s" in second.failures[0].reason
    assert (len(speaker.asked), clock.slept) == (2, [])


async def test_what_will_not_change_is_not_tried_again(speaker: Speaker, open_service: OpenFeeds) -> None:
    speaker.lay(CHART, "<html>")
    await open_service(at=speaker.url).price("BTC/USD")
    assert len(speaker.asked) == 1


async def test_the_next_of_the_chain_is_asked_and_the_answer_says_why(
    speaker: Speaker, open_service: OpenFeeds
) -> None:
    speaker.lay(CHART, Reply("", 500)).lay("/simple/price", say.coingecko_price())

    found = await open_service(["yahoo", "coingecko"], at=speaker.url).price("BTC/USD")

    assert (found.state, found.provider) == ("fresh", "coingecko")
    assert [(one.provider, one.kind) for one in found.failures] == [("yahoo", "down")]
    assert "yahoo was passed over: yahoo 127.0.0.1/v8/finance/chart/BTC-USD: status 500" in str(found)


async def test_nobody_outside_the_chain_is_asked(speaker: Speaker, open_service: OpenFeeds) -> None:
    speaker.lay(CHART, Reply("", 500)).lay("/simple/price", say.coingecko_price())

    found = await open_service("yahoo", at={"yahoo": speaker.url, "coingecko": speaker.url}).price("BTC/USD")

    assert found.state == "missing"
    assert {asked.path for asked in speaker.asked} == {CHART}


async def test_the_order_of_the_chain_is_the_order_of_asking(speaker: Speaker, open_service: OpenFeeds) -> None:
    speaker.lay(CHART, say.yahoo()).lay("/simple/price", say.coingecko_price())
    found = await open_service(["coingecko", "yahoo"], at=speaker.url).price("BTC/USD")
    assert (found.provider, found.failures) == ("coingecko", ())
    assert [asked.path for asked in speaker.asked] == ["/simple/price"]


async def test_a_price_that_is_too_old_is_stale_and_the_next_one_is_asked(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, say.yahoo()).lay("/simple/price", say.coingecko_price())
    clock.passed = 3_600

    found = await open_service(["yahoo", "coingecko"], at=speaker.url).price("BTC/USD")

    assert (found.state, found.provider, found.value) == ("stale", "yahoo", Decimal("60000.5"))
    assert found.reason == "the price is 60 min old, more than 2 min"
    assert [(one.provider, one.kind) for one in found.failures] == [("coingecko", "stale")]
    assert str(found).startswith("STALE: BTC/USD 60000.5 from yahoo")


async def test_a_price_that_is_dated_in_the_future_is_refused(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, say.yahoo())
    clock.passed = -321
    ahead = await open_service(at=speaker.url).price("BTC/USD")
    clock.passed = -320
    level = await open_service(at=speaker.url).price("BTC/USD")
    assert "its price is dated in the future: 2026-11-20T12:00:10+00:00" in ahead.failures[0].reason
    assert (level.state, level.age) == ("fresh", timedelta(0))


async def test_broken_bars_speak_against_a_provider_like_a_broken_answer(
    speaker: Speaker, open_service: OpenFeeds
) -> None:
    speaker.lay(CHART, say.yahoo([[say.HOURS[0][0], 1, 1, 1, 0, 1]]))
    feeds = open_service(at=speaker.url)
    kinds = [(await feeds.bars("BTC/USD", "1h", 3)).failures[0].kind for _ in range(4)]
    assert kinds == ["malformed"] * 3 + ["resting"]


async def test_bars_that_end_too_long_ago_are_stale(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, say.yahoo(say.HOURS))
    clock.passed = 4 * 3_600
    found = await open_service(at=speaker.url).bars("BTC/USD", "1h", 3)
    assert (found.state, found.reason) == (
        "stale",
        "the last bar closed 2026-11-20T13:00:00+00:00, 3 are missing since",
    )


async def test_fewer_bars_than_asked_for_are_told(speaker: Speaker, open_service: OpenFeeds) -> None:
    speaker.lay(CHART, say.yahoo(say.HOURS))
    found = await open_service(at=speaker.url).bars("BTC/USD", "1h", 300)
    assert (found.state, found.reason) == ("fresh", "5 of 300 bars are there")


async def test_a_price_kept_from_before_is_told_as_such_when_its_provider_fails(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, say.yahoo(), Reply("", 500))
    feeds = open_service(at=speaker.url)

    await feeds.price("BTC/USD")
    clock.passed += 60
    younger = await feeds.price("BTC/USD")
    clock.passed += 600
    older = await feeds.price("BTC/USD")

    assert (younger.state, younger.cached, younger.failures[0].kind) == ("fresh", True, "down")
    assert younger.reason == "nobody has a newer one; it was kept from before"
    assert (older.state, older.cached, older.value) == ("stale", True, Decimal("60000.5"))
    assert older.reason.endswith("nobody has a newer one; it was kept from before")


async def test_a_provider_that_keeps_failing_is_left_alone_then_tried_once(
    speaker: Speaker, open_service: OpenFeeds, clock: TestClock
) -> None:
    speaker.lay(CHART, *[Reply("", 500)] * 3, say.yahoo())
    feeds = open_service(at=speaker.url, each={"attempts": 1})

    kinds = [(await feeds.price("BTC/USD")).failures[0].kind for _ in range(4)]
    state = (await feeds.status()).providers[0].breaker
    clock.passed += 30
    last = await feeds.price("BTC/USD")

    assert kinds == ["down", "down", "down", "resting"]
    assert (state, last.state) == ("open", "fresh")
    assert len(speaker.asked) == 4


@pytest.mark.parametrize("provider", ["twelvedata", "alphavantage", "finnhub"])
async def test_a_provider_without_its_key_is_not_asked_and_the_cure_is_told(
    provider: str, speaker: Speaker, open_service: OpenFeeds
) -> None:
    found = await open_service(provider, at=speaker.url, environment={}).price("BTC/USD")
    [failure] = found.failures
    assert failure.kind == "refused"
    assert failure.reason == (
        f"{provider} answers nobody without a key: set {provider.upper()}_API_KEY, or: company key set data:{provider}"
    )
    assert speaker.asked == []


async def test_a_key_from_the_secret_store_is_used(speaker: Speaker, open_service: OpenFeeds) -> None:
    speaker.lay("/quote", say.finnhub_price())
    feeds = open_service("finnhub", at=speaker.url, environment={}, secrets={"data:finnhub": "stored-away"})
    await feeds.price("BTC/USD")
    assert speaker.asked[0].headers["x-finnhub-token"] == "stored-away"


async def test_a_key_that_cannot_be_one_is_an_error_of_the_person(open_service: OpenFeeds, speaker: Speaker) -> None:
    feeds = open_service("finnhub", at=speaker.url, environment={"FINNHUB_API_KEY": "two words"})
    with pytest.raises(UsageError, match="holds a character that no key has"):
        await feeds.price("BTC/USD")


@pytest.mark.parametrize(
    "reply",
    [
        {"Information": "We have detected your API key as alphavantage-key-of-the-test and 25 requests per day."},
        Reply("no alphavantage-key-of-the-test", 500),
        Reply("no alphavantage-key-of-the-test", 400),
        Reply("", 302, {"location": "https://a.example/?apikey=alphavantage-key-of-the-test"}),
        "no JSON",
    ],
)
async def test_a_key_in_the_query_never_shows_in_what_is_told(
    reply: Any, speaker: Speaker, open_service: OpenFeeds, caplog: pytest.LogCaptureFixture
) -> None:
    speaker.lay("/query", reply)
    caplog.set_level("WARNING")
    feeds = open_service("alphavantage", at=speaker.url, each={"attempts": 1})

    found = await feeds.price("BTC/USD")

    assert speaker.asked[0].query["apikey"] == "alphavantage-key-of-the-test"
    shown = f"{found!r} {found} {(await feeds.status()).model_dump_json()} {caplog.text}"
    assert "key-of-the-test" not in shown


@pytest.mark.parametrize(
    "url",
    ["http://api.example.com", "ftp://127.0.0.1", "https://", "https://a.example/?key=1", "https://u:p@a.example", "x"],
)
def test_an_address_that_is_not_https_or_carries_more_than_a_path_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"is not https|is no plain address|this is no plain address") as caught:
        check_address(url, where="data.providers.yahoo.base_url")
    assert caught.value.where == "data.providers.yahoo.base_url"


@pytest.mark.parametrize(
    "url", ["https://api.example.com/v1/", "http://127.0.0.1:8080", "http://[::1]:1", "http://localhost"]
)
def test_https_and_loopback_are_allowed(url: str) -> None:
    assert check_address(url, where="here") == url.rstrip("/")


def test_words_of_a_provider_are_one_short_plain_line() -> None:
    assert words("<b>No</b>\n\x1b[31m data\u202e", "") == "No [31m data"
    assert len(words("x" * 10_000)) == 203
