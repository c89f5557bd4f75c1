"""`kill -9` at every third step of taking an arbitrage: no leg happens twice, and none stays without its twin."""

import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company.world import PaperWorld
from tests.trading.pairing import House, begin, opened, wait_for_profit


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.trading.pairing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        yield process
        process.communicate()


async def orders_at(world: PaperWorld) -> Counter[str]:
    """Return how often each end of a client order id of ours was traded, over all venues."""
    found: Counter[str] = Counter()
    for venue in world.venues.values():
        trades = await venue.fetch_my_trades("BTC/USDT")
        keys = [(await venue.fetch_order(one, "BTC/USDT"))["clientOrderId"] for one in {t["order"] for t in trades}]
        found.update(key[-2:] for key in keys)
    return found


async def bitcoin(house: House) -> Decimal:
    rows = await house.desk.balances()
    return sum((row.total for row in rows if row.currency == "BTC"), Decimal(0))


def strike(process: subprocess.Popen[str], home: Path, at: datetime, step: int, arguments: Any) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    said = {"home": str(home), "at": at.isoformat(), "step": step, "arguments": arguments}
    process.stdin.write(json.dumps(said) + "\n")
    process.stdin.flush()
    return int(json.loads(process.stdout.readline()))


async def test_an_arbitrage_whose_process_was_killed_is_finished_and_no_leg_happens_twice(
    process: subprocess.Popen[str], tmp_path: Path
) -> None:
    fresh, home = tmp_path / "fresh", tmp_path / "home"
    fresh.mkdir()
    await begin(fresh)
    with opened(fresh) as house:
        arguments, at, before = await wait_for_profit(house), house.world.clock.now(), await bitcoin(house)
    ends = set()
    for step in range(1, 200, 3):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(fresh, home)
        code = strike(process, home, at, step, arguments)
        assert code in {0, -signal.SIGKILL}, (step, code)
        with opened(home, at) as house:
            outcome = await house.perform("trade_arbitrage", **arguments)
            if outcome.status == "unknown":  # a leg may still be on its way, for a while
                house.pass_time(minutes=3)
                outcome = await house.perform("trade_arbitrage", **arguments)
            again = await house.perform("trade_arbitrage", **arguments)
            await house.desk.reconcile()
            traded = await orders_at(house.world)

            assert (outcome.status, again.value) == ("ok", outcome.value), (step, outcome)
            assert max(traded.values(), default=0) <= 1, (step, traded)
            assert await bitcoin(house) == before, step
            assert (await house.perform("open_pairs", call="c2")).value == [], step
            assert (await house.desk.audit()).difference == "", step
            told = [order["clientOrderId"][-2:] for order in house.events("trade.filled")]
            assert Counter(told) == traded, step
            ends.add((*sorted(traded), outcome.value["remedy"]))
        if code == 0:
            break

    assert ends == {("-b", "-s", "none"), ("-b", "-u", "unwind"), ("none",)}
