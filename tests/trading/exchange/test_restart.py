"""An exchange on a real database: processes that are killed, and changes that die half-way."""

import itertools
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company.home import open_store
from company.trading.exchange import Exchange
from company.world import START, MemoryBooks, PaperWorld, VirtualClock

TRADER = """
import sys
from decimal import Decimal
from pathlib import Path
from company.home import open_store
from company.trading.exchange import Request
from company.world import PaperWorld, VirtualClock, START

world = PaperWorld(seed=7, books=open_store(Path(sys.argv[1])).books("world"), clock=VirtualClock(START))
venue = world.venues["paper-a"]
for name in ("alice", "bob"):
    venue.for_account(name).settle()
bid = venue.exchange.depth("BTC/USDT", START, 1).bids[0][0]
for number in range(int(sys.argv[2]), 100_000):
    sell = Request("BTC/USDT", "sell", "limit", Decimal("0.001"), bid + 1, client_id=f"s{number}")
    buy = Request("BTC/USDT", "buy", "limit", Decimal("0.0015"), bid + 1, client_id=f"b{number}")
    venue.exchange.place("alice", sell, START)
    order = venue.exchange.place("bob", buy, START)
    print(number, order.id, flush=True)
    venue.exchange.replace("bob", order.id, Request("BTC/USDT", "buy", "limit", Decimal("0.001"), bid), START)
    venue.exchange.cancel_all("bob", START)
"""


def test_killed_process_loses_no_order_that_was_acknowledged_and_leaves_balanced_books(tmp_path: Path):
    last = 0
    for trades in (3, 10):
        command = [sys.executable, "-c", TRADER, str(tmp_path), str(last)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        acknowledged = [process.stdout.readline().split() for _ in range(trades)]
        process.kill()
        process.communicate()

        store = open_store(tmp_path)
        exchange = _exchange(store.books("world"))
        alice, bob = exchange.account("alice"), exchange.account("bob")
        for number, name in acknowledged:
            assert bob.find(None, f"b{number}").id == name
            assert alice.find(None, f"s{number}").status == "closed"
        exchange.ledger.verify()
        for asset in ("USDT", "BTC"):
            assert sum(_amounts(store.books("world"), asset)) == 0
        assert sorted(t.id for t in alice.trades()) == sorted(t.id for t in bob.trades())
        assert [one.number for one in exchange.changes(0)] == list(range(1, exchange.last_change() + 1))
        exchange.cancel_all("alice", START)
        exchange.cancel_all("bob", START)
        last = sum(1 for order in alice.orders())
        store.close()


def _exchange(books: Any) -> Exchange:
    return PaperWorld(seed=7, books=books, clock=VirtualClock(START)).venues["paper-a"].exchange


def _amounts(books: Any, asset: str) -> list[Decimal]:
    return [Decimal(row[asset]) for _, row in books.items("paper-a.ledger.balance") if asset in row]


class DyingBooks(MemoryBooks):
    """Books whose process dies at a chosen write."""

    def __init__(self) -> None:
        super().__init__()
        self.lives: int | None = None

    def put(self, kind: str, key: str, document: Any) -> None:
        if self.lives is not None:
            self.lives -= 1
            if self.lives < 0:
                raise KeyboardInterrupt
        super().put(kind, key, document)


def trade(pit: Any) -> None:
    pit.place("bob", "buy", "1", "100.05")


def replace(pit: Any) -> None:
    pit.exchange.replace("bob", "O2", pit.request("buy", "1", "99.5"), pit.at)


def wake(pit: Any) -> None:
    pit.write(0, low="98.4", volume=0)
    pit.wait()


@pytest.mark.parametrize("act", [trade, replace, wake])
def test_process_that_dies_at_any_write_leaves_all_or_nothing(new_pit, act):
    for lives in itertools.count():
        pit = new_pit(DyingBooks())
        pit.place("alice", "sell", "0.4", "100.05")
        pit.place("bob", "buy", "1", "99")
        pit.place("alice", "sell", "1.5", trigger="98.5", when="stop")
        before, at = pit.state(), pit.at
        pit.books.lives = lives
        try:
            act(pit)
        except KeyboardInterrupt:
            pit.books.lives, pit.at = None, at
            pit.exchange = pit.reopened()
            assert pit.state() == before
        else:
            pit.books.lives = None
            assert pit.state() != before
            break
    assert lives > 5
