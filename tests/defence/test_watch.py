import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from company.defence import Watch
from company.errors import ToolError
from company.world.books import MemoryBooks
from company.world.clock import VirtualClock
from company.world.traffic import PaperTraffic

NOON_BEFORE = datetime(2026, 11, 19, 12, tzinfo=UTC)
SQLI = "/search?q=1%27+OR+%271%27%3D%271"


async def test_first_scan_looks_six_hours_back_and_leaves_the_running_second(watch, traffic, ago):
    for span in ({"hours": 7}, {"hours": 5}, {"seconds": 1}, {"seconds": 0}):
        traffic.add(ago(**span), SQLI)
    report = await watch.scan()
    assert (report.requests, report.new) == (2, 1)
    assert report.until == ago(seconds=1)
    assert report.alerts[0].count == 2


async def test_campaign_that_goes_on_is_one_alert_that_grows(watch, traffic, clock, ago):
    traffic.add(ago(minutes=9), SQLI)
    first = await watch.scan()
    clock.advance_to(clock.now() + timedelta(minutes=10))
    traffic.add(ago(minutes=3), SQLI)
    second = await watch.scan()
    assert (first.new, second.new) == (1, 0)
    assert [(alert.id, alert.count) for alert in second.alerts] == [("S1", 2)]
    assert second.since == first.until
    assert watch.alerts() == list(second.alerts)


async def test_attack_after_six_quiet_hours_is_a_new_alert(watch, traffic, clock, ago):
    traffic.add(ago(minutes=9), SQLI)
    await watch.scan()
    clock.advance_to(clock.now() + timedelta(hours=7))
    traffic.add(ago(minutes=3), SQLI)
    assert [alert.id for alert in (await watch.scan()).alerts] == ["S2"]


async def test_nothing_new_is_reported_when_time_stands_still(watch, traffic, ago):
    traffic.add(ago(minutes=9), SQLI)
    await watch.scan()
    report = await watch.scan()
    assert (report.requests, report.new, report.alerts) == (0, 0, ())


async def test_scan_repeated_with_its_key_returns_the_first_report(watch, traffic, ago):
    traffic.add(ago(minutes=9), SQLI)
    first = await watch.scan("key-1")
    assert await watch.scan("key-1") == first
    assert (await watch.scan("key-2")).new == 0


async def test_scan_after_a_glance_finds_what_came_into_the_log_since(watch, traffic, ago):
    traffic.add(ago(minutes=9), SQLI)
    assert [sighting.source for sighting in await watch.glance()] == ["5.4.3.2"]
    traffic.add(ago(minutes=8), SQLI, address="6.5.4.3")
    assert sorted(alert.source for alert in (await watch.scan()).alerts) == ["5.4.3.2", "6.5.4.3"]


async def test_gap_longer_than_a_day_is_named(watch, traffic, clock):
    first = await watch.scan()
    clock.advance_to(clock.now() + timedelta(days=3))
    report = await watch.scan()
    assert report.until - report.since == timedelta(hours=24)
    assert report.unseen_since == first.until
    assert (await watch.scan()).unseen_since is None


async def test_malformed_lines_are_counted(watch, traffic, ago):
    traffic.add(ago(minutes=5))
    traffic.log.append((ago(minutes=4), "garbage"))
    report = await watch.scan()
    assert (report.requests, report.malformed, report.alerts) == (1, 1, ())


async def test_sample_is_cut_and_its_control_characters_escaped(watch, traffic, ago):
    traffic.add(ago(minutes=5), "/?q=\\x1B[2J\\xE2\\x80\\xAE<script>alert(1)</script>" + "a" * 900)
    sample = (await watch.scan()).alerts[0].sample
    assert len(sample) == 160
    assert sample.isprintable()
    assert "\\x1b[2J\\u202e" in sample


async def test_worst_alert_comes_first_and_a_report_can_be_shortened(watch, traffic, ago):
    traffic.add(ago(minutes=5), "/?q=<script>alert(1)</script>", address="5.5.5.5")
    traffic.add(ago(minutes=4), "/?q=%24%7Bjndi:ldap://x%7D", address="6.6.6.6")
    report = await watch.scan()
    assert [alert.kind for alert in report.alerts] == ["log4shell", "xss"]
    short = report.at_most(1)
    assert (len(short.alerts), short.omitted, short.new) == (1, 1, 2)


class SlowTraffic:
    """Traffic that lets other tasks run before it answers."""

    def __init__(self, traffic):
        self.traffic = traffic

    async def lines(self, since, until):
        await asyncio.sleep(0)
        return await self.traffic.lines(since, until)


async def test_two_scans_at_once_count_each_hit_once(traffic, clock, books, ago):
    traffic.add(ago(minutes=5), SQLI)
    watch = Watch(traffic=SlowTraffic(traffic), clock=clock, books=books)
    reports = await asyncio.gather(watch.scan("key-1"), watch.scan("key-2"))
    assert [report.new for report in reports] == [1, 0]
    assert [alert.count for alert in watch.alerts()] == [1]


class CrashingBooks(MemoryBooks):
    """Books whose n-th write fails."""

    def __init__(self):
        super().__init__()
        self.fuse = count()
        self.crash_at = -1

    def put(self, kind, key, document):
        if next(self.fuse) == self.crash_at:
            raise OSError("disk gone")
        super().put(kind, key, document)


@pytest.mark.parametrize("crash_at", range(5))
async def test_scan_that_crashed_anywhere_is_repeated_without_trace(traffic, clock, ago, crash_at):
    books = CrashingBooks()
    books.crash_at = crash_at
    watch = Watch(traffic=traffic, clock=clock, books=books)
    for address in ("5.5.5.5", "6.6.6.6"):
        traffic.add(ago(minutes=5), SQLI, address=address)
    with pytest.raises(OSError, match="disk gone"):
        await watch.scan("key")
    report = await watch.scan("key")
    assert (report.new, [alert.count for alert in report.alerts]) == (2, [1, 1])
    assert [alert.id for alert in watch.alerts()] == ["S2", "S1"]


async def test_block_is_made_once_and_found_by_its_key(watch, traffic, clock):
    block = await watch.block(" 5.4.3.2 ", "S1: SQL injection", "key-1")
    clock.advance_to(clock.now() + timedelta(hours=1))
    assert await watch.block("5.4.3.2", "again", "key-1") == block
    assert watch.find_block("key-1") == block
    assert watch.find_block("key-2") is None
    assert await traffic.blocked() == ["5.4.3.2"]


async def test_block_that_crashed_before_it_was_noted_is_repeated(traffic, clock):
    books = CrashingBooks()
    books.crash_at = 0
    watch = Watch(traffic=traffic, clock=clock, books=books)
    with pytest.raises(OSError, match="disk gone"):
        await watch.block("5.4.3.2", "S1", "key-1")
    assert watch.find_block("key-1") is None
    assert (await watch.block("5.4.3.2", "S1", "key-1")).key == "key-1"
    assert len(traffic.blocks) == 1


@pytest.mark.parametrize(
    "address",
    ["", "example.org", "5.4.3.0/24", "5.4.3.2:80", "10.0.3.7", "127.0.0.1", "::1", "::ffff:192.168.1.1", "fe80::1",
     "224.0.0.1", "0.0.0.0", "169.254.169.254", "8.8.4.4", "8.8.8.8"],
)  # fmt: skip
async def test_address_that_must_stay_open_is_refused(traffic, clock, books, address):
    watch = Watch(traffic=traffic, clock=clock, books=books, protected=("8.8.8.0/24", "8.8.4.4"))
    with pytest.raises(ToolError, match=r"address|protected"):
        await watch.block(address, "no", "key")
    assert traffic.blocks == {}


async def test_ipv6_source_can_be_blocked(watch):
    assert (await watch.block("2A02:26F0:0::17", "S1", "key")).address == "2a02:26f0::17"


@pytest.mark.parametrize("seed", [1, 7, 42])
async def test_watch_finds_nine_of_ten_campaigns_and_raises_no_false_alarm(seed, clock):
    books = MemoryBooks()
    traffic = PaperTraffic(seed=seed, clock=clock, books=books)
    watch = Watch(traffic=traffic, clock=clock, books=books)
    found = missed = 0
    for _ in range(3):
        clock.advance_to(clock.now() + timedelta(hours=23))
        report = await watch.scan()
        campaigns = traffic.campaigns(report.since, report.until)
        truth = {(campaign.kind, source) for campaign in campaigns for source in campaign.sources}
        alarms = {(alert.kind, alert.source) for alert in report.alerts}
        assert alarms <= truth
        for campaign in campaigns:
            seen = any((campaign.kind, source) in alarms for source in campaign.sources)
            found, missed = found + seen, missed + (not seen)
    assert found > 20
    assert found / (found + missed) >= 0.9


async def test_scanning_in_small_steps_finds_what_one_scan_finds():
    async def alerts(minutes):
        clock = VirtualClock(NOON_BEFORE)
        traffic = PaperTraffic(seed=3, clock=clock, books=MemoryBooks())
        watch = Watch(traffic=traffic, clock=clock, books=MemoryBooks())
        await watch.scan()
        for _ in range(720 // minutes):
            clock.advance_to(clock.now() + timedelta(minutes=minutes))
            await watch.scan()
        found = watch.alerts(100)
        return {(a.kind, a.source, a.rule, a.count, a.first_at, a.last_at, a.sample) for a in found}

    whole = await alerts(720)
    assert "credential_stuffing" in {kind for kind, *_ in whole}
    assert await alerts(2) == whole


async def test_blocks_are_listed_newest_first_and_each_address_once(watch, clock):
    await watch.block("8.8.8.8", "S1: scanning", "k1")
    clock.advance_to(clock.now() + timedelta(minutes=1))
    await watch.block("9.9.9.9", "S2: sql_injection", "k2")
    await watch.block("8.8.8.8", "S3: scraping", "k3")

    assert [(block.address, block.reason) for block in watch.blocks()] == [
        ("9.9.9.9", "S2: sql_injection"),
        ("8.8.8.8", "S1: scanning"),
    ]
    assert len(watch.blocks(1)) == 1


async def test_a_watch_that_blocked_nothing_lists_nothing(watch):
    assert watch.blocks() == []


async def test_a_glance_tells_who_attacks_and_leaves_it_to_the_scan(watch, traffic, ago):
    traffic.add(ago(minutes=9), SQLI)
    assert [(seen.kind, seen.source) for seen in await watch.glance()] == [("sql_injection", "5.4.3.2")]
    assert [seen.last_at for seen in await watch.glance()] == [ago(minutes=9)]
    report = await watch.scan()
    assert (report.requests, report.new) == (1, 1)
    assert await watch.glance() == []


async def test_a_calm_stretch_is_not_read_again_by_glances_but_by_the_scan(watch, traffic, clock, ago):
    asked = []
    lines = traffic.lines

    async def counted(since, until):
        asked.append(until - since)
        return await lines(since, until)

    traffic.lines = counted
    traffic.add(ago(minutes=9))
    assert await watch.glance() == []
    clock.advance_to(clock.now() + timedelta(minutes=10))
    assert await watch.glance() == []
    assert asked[1] < timedelta(minutes=25) < asked[0]
    assert (await watch.scan()).requests == 1


async def test_days_that_glances_found_calm_are_no_gap_for_the_scan(watch, traffic, clock):
    await watch.scan()
    for _ in range(30):
        clock.advance_to(clock.now() + timedelta(hours=2))
        assert await watch.glance() == []
    assert (await watch.scan()).unseen_since is None


async def test_a_gap_before_the_glances_is_still_named(watch, clock):
    first = await watch.scan()
    clock.advance_to(clock.now() + timedelta(days=3))
    assert await watch.glance() == []
    assert (await watch.scan()).unseen_since == first.until
