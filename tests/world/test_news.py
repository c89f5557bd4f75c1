import asyncio
import hashlib
import io
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import ProviderError
from company.newsroom import RIVALS, Entry, embedded_instructions, parse_feed, score_text
from company.world.clock import VirtualClock
from company.world.market import EPOCH, START, Market, Shock
from company.world.news import OUTLETS, PaperNews, Truth
from company.world.press import BACKGROUND, BAD, COMPETITOR, GOOD, INJECTIONS, Telling

DAYS = 40


@dataclass(frozen=True)
class Printed:
    entry: Entry
    truth: Truth
    text: str


def press(seed: int, at: datetime) -> PaperNews:
    return PaperNews(seed=seed, clock=VirtualClock(at), shocks=Market(seed).shocks)


async def printed(seed: int, start: datetime, days: int) -> list[Printed]:
    """Everything printed in the days from `start` on, read from the feed every other day."""
    clock = VirtualClock(start)
    news = PaperNews(seed=seed, clock=clock, shocks=Market(seed).shocks)
    items = []
    for _ in range(days // 2):
        clock.advance_to(clock.now() + timedelta(days=2))
        for entry in parse_feed(await news.fetch(), where=news.id):
            items.append(Printed(entry, news.truth(entry.guid), await news.article(entry.link)))
    return items


@pytest.fixture(scope="module")
def archive() -> list[Printed]:
    return asyncio.run(printed(3, START, DAYS))


async def test_feed_is_valid_rss_with_the_last_two_days_newest_first() -> None:
    now = START + timedelta(days=9, hours=15, minutes=7)
    parsed = feedparser.parse(io.BytesIO(await press(3, now).fetch()))
    assert (parsed.bozo, parsed.version) == (False, "rss20")
    times = [datetime(*entry.published_parsed[:6], tzinfo=UTC) for entry in parsed.entries]
    assert times == sorted(times, reverse=True)
    assert all(now - timedelta(hours=48) < at <= now for at in times)
    for entry in parsed.entries:
        assert entry.id
        assert entry.title
        assert entry.summary
        assert entry.source.title
        assert entry.tags[0].term in ("markets", "companies")
        assert entry.link.startswith("https://")


def test_day_has_12_to_20_items(archive: list[Printed]) -> None:
    days = Counter(item.entry.at.date() for item in archive if item.entry.at)
    assert len(days) == DAYS
    assert all(12 <= count <= 20 for count in days.values())


async def test_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    now = START + timedelta(days=5, hours=8)
    assert await press(3, now).fetch() == await press(3, now).fetch()
    assert await press(3, now).fetch() != await press(4, now).fetch()


async def test_another_process_prints_the_same_bytes() -> None:
    program = """
import asyncio, hashlib
from datetime import timedelta
from company.world.clock import VirtualClock
from company.world.market import START, Market
from company.world.news import PaperNews
news = PaperNews(seed=3, clock=VirtualClock(START + timedelta(days=5)), shocks=Market(3).shocks)
print(hashlib.sha256(asyncio.run(news.fetch())).hexdigest())
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    document = await press(3, START + timedelta(days=5)).fetch()
    assert run.stdout.strip() == hashlib.sha256(document).hexdigest()


async def test_feed_is_the_same_whatever_was_read_before() -> None:
    clock = VirtualClock(START)
    news = PaperNews(seed=3, clock=clock, shocks=Market(3).shocks)
    for hours in range(0, 120, 7):
        clock.advance_to(START + timedelta(hours=hours))
        await news.fetch()
    assert await news.fetch() == await press(3, clock.now()).fetch()


async def test_later_feed_keeps_what_an_earlier_one_said() -> None:
    early = parse_feed(await press(3, START + timedelta(days=5)).fetch(), where="x")
    late = parse_feed(await press(3, START + timedelta(days=5, hours=10)).fetch(), where="x")
    kept = [entry for entry in early if entry.at and entry.at > START + timedelta(days=3, hours=10)]
    assert kept
    assert set(kept) <= set(late)


async def test_truth_of_what_was_printed_is_told_by_guid_and_never_ahead_of_time() -> None:
    now = START + timedelta(hours=30)
    news = press(7, now)
    told = news.printed(now - timedelta(hours=48), now + timedelta(days=9))
    offered = parse_feed(await news.fetch(), where="press")
    assert told.keys() == {entry.guid for entry in offered}
    assert all(told[entry.guid] == news.truth(entry.guid) for entry in offered)
    assert {(told[entry.guid].title, told[entry.guid].link) for entry in offered} == {
        (entry.title, entry.link) for entry in offered
    }
    assert not news.printed(now, now + timedelta(days=9))


def test_lead_comes_5_to_60_minutes_before_its_shock_and_lag_after_it(archive: list[Printed]) -> None:
    market, seen = Market(3), Counter[str]()
    for item in archive:
        at, truth = item.entry.at, item.truth
        if truth.kind not in ("lead", "lag"):
            continue
        assert at
        assert truth.shock_at
        assert truth.symbol
        shocks = market.shocks(truth.shock_at, truth.shock_at + timedelta(minutes=1))
        (move,) = [shock.move for shock in shocks if shock.symbol == truth.symbol]
        distance = truth.shock_at - at if truth.kind == "lead" else at - truth.shock_at
        assert timedelta(minutes=5) <= distance <= timedelta(minutes=60)
        assert truth.true
        mood = score_text(f"{item.entry.title}. {item.entry.summary}").score
        seen["right" if mood * move > 0 else "wrong"] += 1
    assert seen["right"] > 10 * seen["wrong"]
    assert {"lead", "lag"} <= {item.truth.kind for item in archive}


def test_false_claim_is_never_followed_by_a_jump(archive: list[Printed]) -> None:
    market = Market(3)
    false = [item for item in archive if item.truth.kind == "false"]
    assert false
    for item in false:
        at = item.entry.at
        assert at
        assert not item.truth.true
        assert item.truth.shock_at is None
        near = market.shocks(at - timedelta(hours=5), at + timedelta(hours=5))
        assert item.truth.symbol not in {shock.symbol for shock in near}


async def test_false_claims_stand_in_worse_outlets_than_true_ones() -> None:
    merit = {outlet.host: outlet.reliability for outlet in OUTLETS}
    items = await printed(8, START, 130)
    claims = {kind: [merit[i.entry.host] for i in items if i.truth.kind == kind] for kind in ("lead", "false")}
    assert min(len(values) for values in claims.values()) > 10
    mean = {kind: sum(values) / len(values) for kind, values in claims.items()}
    assert mean["lead"] > mean["false"] + 0.2


def test_one_item_a_day_carries_an_injection_which_the_detector_often_sees(archive: list[Printed]) -> None:
    infected = [item for item in archive if item.truth.injection]
    clean = [item for item in archive if not item.truth.injection]
    assert len(infected) == DAYS
    assert len({item.text for item in infected}) == DAYS
    assert sum(bool(embedded_instructions(item.text)) for item in infected) >= 0.7 * DAYS
    assert sum(bool(embedded_instructions(item.text)) for item in clean) <= 0.02 * len(clean)


def test_article_has_two_to_six_paragraphs_that_begin_with_the_summary(archive: list[Printed]) -> None:
    for item in archive:
        paragraphs = [part for part in item.text.split("\n\n") if part]
        assert 2 <= len(paragraphs) <= 5 + item.truth.injection
        assert item.entry.summary.startswith(paragraphs[0])


async def test_no_title_comes_twice_in_one_feed() -> None:
    for day in range(4, 60, 2):
        entries = parse_feed(await press(6, START + timedelta(days=day)).fetch(), where="x")
        assert len({entry.title for entry in entries}) == len(entries)


async def test_feed_shows_claims_and_background_in_the_same_form() -> None:
    forms = set()
    for day in range(2, DAYS, 2):
        news = press(3, START + timedelta(days=day))
        for entry in feedparser.parse(io.BytesIO(await news.fetch())).entries:
            if news.truth(entry.id).kind != "competitor":
                forms.add((tuple(sorted(entry)), entry.tags[0].term, len(entry.id), entry.id[:10] in entry.link))
    assert len(forms) == 1


def test_competitor_items_name_a_rival_and_no_symbol(archive: list[Printed]) -> None:
    rivals = [item for item in archive if item.truth.kind == "competitor"]
    assert len(rivals) >= DAYS
    assert all(item.truth.symbol is None for item in rivals)
    assert all(any(name in item.entry.title for name in RIVALS) for item in rivals)


async def test_article_is_not_there_before_it_is_published() -> None:
    now = START + timedelta(days=5, hours=20)
    (entry, *_) = parse_feed(await press(3, now).fetch(), where="x")
    assert entry.at
    assert await press(3, entry.at).article(entry.link)
    with pytest.raises(ProviderError, match="no article"):
        await press(3, entry.at - timedelta(seconds=1)).article(entry.link)


@pytest.mark.parametrize(
    "link",
    ["", "https://harbourwire.example/", "https://harbourwire.example/9999-12-31/x", "https://a.b/2020-01-01/x",
     "https://harbourwire.example/2026-02-30/x", "file:///etc/passwd"],
)  # fmt: skip
async def test_link_that_was_never_printed_is_an_error(link: str) -> None:
    with pytest.raises(ProviderError, match="no article"):
        await press(3, START).article(link)


def test_truth_of_an_unknown_item_is_an_error() -> None:
    with pytest.raises(KeyError):
        press(3, START).truth("2026-02-01-0000000000")


async def test_feed_at_the_beginning_of_the_world_is_short_but_there() -> None:
    assert parse_feed(await press(3, EPOCH + timedelta(days=1, hours=12)).fetch(), where="x")


def test_wording_has_breadth() -> None:
    assert sum(len(story.titles) for stories in (GOOD, BAD, BACKGROUND, COMPETITOR) for story in stories) >= 100
    assert len(INJECTIONS) >= 12


@given(st.integers(0, 2**32))
def test_every_template_can_be_filled(seed: int) -> None:
    def number(low: int, high: int) -> int:
        return low + seed % (high - low + 1)

    facts = {"coin": "C", "ticker": "T", "network": "N", "symbol": "S", "rival": "R", "cause": "c", "pct": "1"}
    for stories in (GOOD, BAD, BACKGROUND, COMPETITOR):
        for story in stories:
            for template in (*story.titles, *story.summaries, *story.details):
                text = Telling(number, facts).fill(template)
                assert "{" not in text
                assert text[0].isupper() or not text[0].isalpha()


@given(
    st.lists(
        st.builds(
            Shock,
            at=st.integers(0, 3 * 1440).map(lambda minute: START + timedelta(minutes=minute)),
            symbol=st.sampled_from(["BTC/USDT", "XRP/USDT", "DOGE/USDT"]),
            move=st.floats(0.02, 0.3) | st.floats(-0.3, -0.02),
        ),
        max_size=12,
    )
)
@settings(max_examples=40)
async def test_any_shocks_make_a_feed_that_can_be_read(shocks: Sequence[Shock]) -> None:
    def between(start: datetime, end: datetime) -> list[Shock]:
        return [shock for shock in shocks if start <= shock.at < end]

    news = PaperNews(seed=1, clock=VirtualClock(START + timedelta(days=3)), shocks=between)
    entries = parse_feed(await news.fetch(), where="x")
    followed = {news.truth(entry.guid).shock_at for entry in entries} - {None}
    assert followed <= {shock.at for shock in shocks if shock.symbol != "DOGE/USDT"}
