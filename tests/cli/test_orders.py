"""`company orders abandon`: a person closes an order of which nobody will ever know what became."""

import asyncio
import getpass
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.errors import CompanyError, ToolError, UsageError
from company.home import bundled_directory, find_directory, open_desk, open_store
from company.trading import Desk
from company.trading.intents import Intent, Owner
from company.trading.orders import Orders
from company.world import START

KEY = "f085249ea68cbb1ad03d019ec664c8a9"
Run = Callable[..., str]


@pytest.fixture
def home(worked_home: Path, tmp_path: Path) -> Path:
    """A home with an order that was sent and of which nothing was heard since."""
    found = Path(shutil.copytree(worked_home, tmp_path / "home"))
    with closing(open_store(found)) as store:
        orders = Orders(store.books("trading"))
        said = {"side": "buy", "type": "market", "quantity": Decimal(3), "price": None, "reason": "r"}
        owner = Owner("dca", "trading")
        intent = Intent(key=KEY, venue="paper-a", symbol="SOL/USDT", owner=owner, asked=Decimal(3), **said)  # type: ignore[arg-type]
        orders.begin(intent, START - timedelta(hours=1))
        orders.mark(KEY, "lost")
    return found


@pytest.fixture
def run(home: Path) -> Run:
    def _run(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments, "--home", str(home)])
        if isinstance(done.exception, CompanyError):
            raise done.exception
        return done.stdout

    return _run


@contextmanager
def desk_of(home: Path) -> Iterator[Desk]:
    with closing(open_store(home)) as store:
        desk = open_desk(find_directory(bundled_directory(), home), store, home, os.environ)
        assert desk is not None
        yield desk


def test_a_lost_order_is_closed_on_a_persons_word_and_reported_no_more(run: Run, home: Path) -> None:
    assert f"outcome not known: buy 3 SOL/USDT on paper-a, lost, sent 2026-01-30 23:00 ({KEY})" in run("audit")

    said = run("orders", "abandon", KEY[:6], "--reason", "the venue's support says it never came")

    assert "the order to buy 3 SOL/USDT on paper-a is closed" in said
    assert "outcome not known" not in run("audit")
    assert json.loads(run("orders", "--json", "--limit", "1"))[0]["status"] == "abandoned"
    with closing(open_store(home)) as store:
        [event] = store.journal.read(types=("order.abandoned",))
    assert event.body["value"] == {
        "venue": "paper-a",
        "symbol": "SOL/USDT",
        "side": "buy",
        "quantity": "3",
        "clientOrderId": KEY,
        "by": getpass.getuser(),
        "reason": "the venue's support says it never came",
    }


def test_an_order_that_was_closed_is_never_sent_again(run: Run, home: Path) -> None:
    run("orders", "abandon", KEY, "--reason", "never came")

    with desk_of(home) as desk, pytest.raises(ToolError, match="was closed by a person"):
        asyncio.run(desk.place("SOL", "buy", 3, key=KEY, reason="r"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((KEY,), "a reason is needed"),
        ((KEY[:5], "--reason", "r"), "too short for a key"),
        (("ffffffff", "--reason", "r"), "no order begins with 'ffffffff'"),
    ],
)
def test_a_mistake_is_explained_and_closes_nothing(run: Run, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run("orders", "abandon", *arguments)
    assert "outcome not known" in run("audit")


@pytest.mark.parametrize("status", ["unknown", "open", "closed"])
def test_only_a_lost_order_is_closed_by_hand(run: Run, home: Path, status: str) -> None:
    with closing(open_store(home)) as store:
        Orders(store.books("trading")).mark(KEY, status)

    with pytest.raises(UsageError, match=f"is {status}, not lost"):
        run("orders", "abandon", KEY, "--reason", "r")


def test_a_stop_is_shown_with_the_price_that_it_waits_for(run: Run, home: Path) -> None:
    with desk_of(home) as desk:
        asyncio.run(
            desk.place(
                "BTC", "sell", "0.01", key="stop-1", reason="protect", type="stop", trigger=60_000, role="trading"
            )
        )

    assert "stop 60000" in run("orders", "--open")
    [row] = json.loads(run("orders", "--open", "--json"))
    assert (row["type"], row["trigger"], row["status"]) == ("stop", "60000", "open")
    assert "sell 0.01 BTC/USDT, stop at 60000: open" in run("audit")
