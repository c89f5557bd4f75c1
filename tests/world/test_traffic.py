import hashlib
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.defence import Kind, parse_line
from company.world.attacks import SLOT
from company.world.books import MemoryBooks
from company.world.clock import VirtualClock
from company.world.traffic import PaperTraffic
from company.world.visitors import address_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DIGEST = """
import asyncio, hashlib
from datetime import UTC, datetime
from company.world.books import MemoryBooks
from company.world.clock import VirtualClock
from company.world.traffic import PaperTraffic
noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
traffic = PaperTraffic(seed=7, clock=VirtualClock(noon), books=MemoryBooks())
lines = asyncio.run(traffic.lines(noon.replace(hour=8), noon))
print(hashlib.sha256("\\n".join(lines).encode()).hexdigest())
"""


def world(seed=7, now=NOON):
    clock = VirtualClock(now)
    return PaperTraffic(seed=seed, clock=clock, books=MemoryBooks()), clock


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5400), st.integers(0, 5400), st.integers(0, 5400), st.integers(0, 3))
async def test_windows_that_meet_give_what_one_window_gives(length, cut, back, seed):
    traffic, _ = world(seed)
    since = NOON - timedelta(seconds=back + length)
    middle, until = since + timedelta(seconds=min(cut, length)), since + timedelta(seconds=length)
    whole = await traffic.lines(since, until)
    assert [*await traffic.lines(since, middle), *await traffic.lines(middle, until)] == list(whole)


async def test_another_process_sees_the_same_log():
    lines = await world(7)[0].lines(NOON - 4 * HOUR, NOON)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    other = [sys.executable, "-c", DIGEST]
    done = subprocess.run(other, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "1"})
    assert done.stdout.strip() == digest


async def test_lines_are_in_the_order_of_time_and_inside_the_window():
    traffic, _ = world()
    times = [request.at for line in await traffic.lines(NOON - HOUR, NOON) if (request := parse_line(line))]
    assert times == sorted(times)
    assert times[0] > NOON - HOUR
    assert times[-1] <= NOON


async def test_log_ends_now():
    traffic, clock = world()
    assert await traffic.lines(NOON, NOON + HOUR) == []
    clock.advance_to(NOON + HOUR)
    assert len(await traffic.lines(NOON, NOON + HOUR)) > 100


async def test_lunch_is_busier_than_night():
    traffic, _ = world()
    visits = Counter()
    for days in range(3):
        for hour in (3, 12):
            until = NOON.replace(hour=hour) - timedelta(days=days)
            lines = await traffic.lines(until - HOUR, until)
            visits[hour] += sum(traffic.truth(line, until - HOUR, until) is None for line in lines[::5])
    assert visits[12] > 2 * visits[3]


async def test_another_seed_is_another_world():
    logs = [await world(seed)[0].lines(NOON - HOUR, NOON) for seed in (1, 2)]
    ours, theirs = ({line for line in log if not line.startswith("10.0.3.7 ")} for log in logs)
    assert ours.isdisjoint(theirs)


async def test_campaign_that_crosses_a_slot_goes_on_in_the_log():
    traffic, _ = world()
    crossing = [
        (entry, datetime.fromtimestamp((campaign.start // SLOT + 1) * SLOT, UTC))
        for campaign in traffic.campaigns(NOON - timedelta(days=7), NOON - HOUR)
        for entry in campaign.entries()
        if entry.second > (campaign.start // SLOT + 1) * SLOT
    ]
    entry, boundary = crossing[0]
    assert entry.line in await traffic.lines(boundary, boundary + HOUR)


@pytest.mark.parametrize("seed", [1, 7, 42])
async def test_every_six_hours_hold_an_attack(seed):
    traffic, _ = world(seed)
    for day in range(5):
        until = NOON - timedelta(days=day)
        assert traffic.campaigns(until - timedelta(hours=6), until)


async def test_every_kind_of_attack_happens_within_two_weeks():
    traffic, _ = world()
    kinds = Counter(campaign.kind for campaign in traffic.campaigns(NOON - timedelta(days=14), NOON))
    assert set(kinds) == set(get_args(Kind))


async def test_truth_knows_an_attack_by_line_and_by_address():
    traffic, _ = world()
    since = NOON - timedelta(hours=6)
    campaign = traffic.campaigns(since, NOON)[0]
    line = next(entry.line for entry in campaign.entries())
    assert traffic.truth(line, since - HOUR, NOON) == campaign.kind
    assert traffic.truth(campaign.sources[0], since - HOUR, NOON) == campaign.kind
    assert traffic.truth("10.0.3.7", since, NOON) is None


async def test_attackers_and_visitors_never_share_a_public_address():
    addresses = [address_of(7, number) for number in [*range(6_500), *range(1 << 16, (1 << 16) + 6_500)]]
    assert len(set(addresses)) == len(addresses)
    assert all(ip_address(address).is_global for address in addresses)


async def test_blocked_address_leaves_no_more_lines_and_keeps_its_old_ones():
    traffic, clock = world(now=NOON - timedelta(hours=6))
    campaign = max(traffic.campaigns(NOON - timedelta(hours=6), NOON), key=lambda found: found.seconds)
    entries = [entry for entry in campaign.entries() if entry.address == campaign.sources[0]]
    clock.advance_to(datetime.fromtimestamp(entries[len(entries) // 2].second, UTC))
    before = await traffic.lines(NOON - timedelta(hours=7), clock.now())
    await traffic.block(campaign.sources[0], "key")
    blocked_at = clock.now()
    clock.advance_to(NOON + 2 * HOUR)
    assert await traffic.lines(NOON - timedelta(hours=7), blocked_at) == before
    after = await traffic.lines(blocked_at, clock.now())
    assert len(after) > 100
    assert not [line for line in after if line.startswith(campaign.sources[0] + " ")]


async def test_first_block_of_an_address_stands():
    traffic, clock = world()
    first = await traffic.block("5.4.3.2", "key-1")
    await traffic.block("5.4.3.1", "key-2")
    clock.advance_to(NOON + HOUR)
    assert await traffic.block("5.4.3.2", "key-3") == first
    assert first == {"address": "5.4.3.2", "key": "key-1", "at": NOON.isoformat()}
    assert await traffic.blocked() == ["5.4.3.2", "5.4.3.1"]


async def test_nearly_every_line_is_a_request_and_a_few_are_noise():
    traffic, _ = world()
    lines = await traffic.lines(NOON - timedelta(days=1), NOON)
    malformed = sum(parse_line(line) is None for line in lines)
    assert 0 < malformed < len(lines) / 200
    assert 3_000 < len(lines) < 24_000


async def test_honest_traffic_holds_hard_cases():
    traffic, _ = world()
    until, day = NOON, timedelta(days=1)
    sources = {source for campaign in traffic.campaigns(until - day, until) for source in campaign.sources}
    honest = [line for line in await traffic.lines(until - day, until) if line.split(" ", 1)[0] not in sources]
    assert any("earrings" in line for line in honest)
    assert any("/login" in line and '" 401 ' in line for line in honest)
    assert max(len(line) for line in honest) > 600
    assert sum('"GET /health ' in line for line in honest) == 24 * 60


async def test_an_hour_costs_less_than_thirty_milliseconds():
    traffic, _ = world()
    costs = []
    for hours in range(6):
        started = time.process_time()
        await traffic.lines(NOON - (hours + 1) * HOUR, NOON - hours * HOUR)
        costs.append(time.process_time() - started)
    assert sorted(costs)[3] < 0.03
