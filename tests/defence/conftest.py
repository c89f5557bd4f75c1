from datetime import UTC, datetime, timedelta

import pytest

from company.defence import Watch
from company.world.books import MemoryBooks
from company.world.clock import VirtualClock

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def line(at, target="/", address="5.4.3.2", method="GET", status=200, agent="Mozilla/5.0"):
    stamp = f"{at.day:02}/{MONTHS[at.month - 1]}/{at:%Y:%H:%M:%S} +0000"
    return f'{address} - - [{stamp}] "{method} {target} HTTP/1.1" {status} 100 "-" "{agent}"'


class WrittenTraffic:
    """Traffic whose log a test writes: `(time, line)` pairs."""

    def __init__(self, clock):
        self.log = []
        self.blocks = {}
        self.clock = clock

    async def lines(self, since, until):
        return [text for at, text in self.log if since < at <= until]

    async def block(self, address, key):
        return self.blocks.setdefault(address, {"address": address, "key": key, "at": self.clock.now().isoformat()})

    async def blocked(self):
        return list(self.blocks)

    def add(self, at, *args, **fields):
        self.log.append((at, line(at, *args, **fields)))


@pytest.fixture
def clock():
    return VirtualClock(NOON)


@pytest.fixture
def traffic(clock):
    return WrittenTraffic(clock)


@pytest.fixture
def books():
    return MemoryBooks()


@pytest.fixture
def watch(traffic, clock, books):
    return Watch(traffic=traffic, clock=clock, books=books)


@pytest.fixture
def ago(clock):
    return lambda **span: clock.now() - timedelta(**span)
