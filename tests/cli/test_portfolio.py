"""`company portfolio`, `company orders` and `company audit`: what the desk owns, ordered, and can prove."""

import asyncio
import json
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.errors import CompanyError, ToolError, VenueError
from company.home import bundled_directory, find_directory, open_desk, open_store
from company.trading import Desk
from company.trading.blotter import ORDERS

SILENT = '[world]\nvenues = ["silent"]\n[venues.silent]\nkind = "paper-http"\nurl = "http://127.0.0.1:9/venues/a"\n'


@pytest.fixture
def home(worked_home: Path, tmp_path: Path) -> Path:
    """A home of its own in which the company worked for one cycle."""
    return Path(shutil.copytree(worked_home, tmp_path / "home"))


@pytest.fixture
def company(home: Path):
    """Run a command and return its exit code and what it printed."""

    def run(*arguments: str, at: Path = home) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*arguments, "--home", str(at)])
        if isinstance(done.exception, CompanyError):
            raise done.exception
        return done.exit_code, done.stdout

    return run


@contextmanager
def desk_of(home: Path) -> Iterator[Desk]:
    with closing(open_store(home)) as store:
        desk = open_desk(find_directory(bundled_directory(), home), store, home, os.environ)
        assert desk is not None
        yield desk


def at_desk(home: Path, act: Callable[[Desk], Awaitable[object]]) -> None:
    with desk_of(home) as desk:
        asyncio.run(act(desk))  # type: ignore[arg-type]  # every act is a coroutine function


def rest(desk: Desk) -> Awaitable[object]:
    """Place an order that waits in a book."""
    return desk.place(
        "SOL", "buy", 3, key="k-rest", reason="a dip", type="limit", price=90, strategy="dca", role="trading"
    )


def books_of(home: Path) -> list[tuple[object, ...]]:
    with closing(open_store(home)) as store:
        kinds = ("order", "holding", "trade", "marks", "cursor", "booked", "moved", "untold", "unsettled", "denied")
        return [(kind, *row) for kind in kinds for row in store.books("trading").items(f"trading.{kind}")]


@pytest.mark.parametrize("command", ["portfolio", "orders", "audit"])
def test_a_home_without_a_world_says_so(company, tmp_path: Path, command: str) -> None:
    (empty := tmp_path / "empty").mkdir()

    assert company(command, at=empty) == (
        0,
        "this home has no world yet, so there is no desk to look at: it opens with the first run\n",
    )
    assert company(command, "--json", at=empty) == (0, "null\n")


@pytest.mark.parametrize("command", [["portfolio"], ["orders", "--open"], ["audit"]])
def test_looking_writes_nothing_into_the_books(company, home: Path, command: list[str]) -> None:
    before = books_of(home)

    code, _ = company(*command)

    assert (code, books_of(home)) == (0, before)
    assert before


def test_the_portfolio_shows_what_is_owned_and_who_earned_it(company) -> None:
    told, text = json.loads(company("portfolio", "--json")[1]), company("portfolio")[1]

    held = {row["symbol"]: Decimal(row["value"]) for row in told["positions"]}
    assert Decimal(told["cash"]) + sum(held.values()) == pytest.approx(Decimal(told["equity"]), abs=1)
    rows, total = told["attribution"]["rows"], told["attribution"]["total"]
    assert sum(Decimal(row["net"]) for row in rows) == Decimal(total["net"])
    assert sum(row["trades"] for row in rows) == total["trades"] >= 1
    assert "trading" in {row["role"] for row in rows if row["trades"]}
    assert f"equity      {told['equity']} USDT" in text
    for symbol, row in zip(held, told["positions"], strict=True):
        assert f"{symbol}  {row['quantity']}" in " ".join(text.split("\n")).replace("   ", "  ")


def test_the_orders_are_shown_with_reason_role_and_what_became_of_them(company) -> None:
    [newest, *_] = json.loads(company("orders", "--json", "--limit", "1")[1])
    text = company("orders")[1]

    assert newest["status"] == "closed"
    assert newest["filled"] == newest["quantity"]
    assert newest["role"] == "trading"
    assert newest["reason"][:20] in text
    assert text.splitlines()[0].split()[:3] == ["AT", "SIDE", "QUANTITY"]


def test_orders_are_limited_to_the_newest(company, home: Path) -> None:
    at_desk(home, rest)

    shown = json.loads(company("orders", "--json", "--limit", "1")[1])

    assert [order["client_order_id"] for order in shown] == ["k-rest"]
    assert len(json.loads(company("orders", "--json")[1])) > 1


def test_open_orders_are_those_that_rest_in_a_book_now_ours_with_their_reason(company, home: Path) -> None:
    assert company("orders", "--open") == (0, "no open orders\n")
    at_desk(home, rest)
    at_desk(home, lambda desk: desk.markets.venues["paper-b"].create_order("ETH/USDT", "limit", "buy", 0.1, 2000.0))

    ours, strange = json.loads(company("orders", "--open", "--json")[1])

    assert (ours["client_order_id"], ours["reason"], ours["strategy"], ours["status"]) == (
        "k-rest",
        "a dip",
        "dca",
        "open",
    )
    assert (strange["symbol"], strange["venue"], strange["strategy"], strange["role"]) == (
        "ETH/USDT",
        "paper-b",
        None,
        None,
    )
    assert "ETH/USDT" in company("orders", "--open")[1]


def test_orders_are_told_without_asking_a_venue_and_open_ones_never_without_it(
    company, home: Path, tmp_path: Path
) -> None:
    (directory := tmp_path / "co").mkdir()
    (directory / "company.toml").write_text(SILENT)

    code, text = company("orders", "--dir", str(directory))

    assert (code, "trading" in text) == (0, True)
    with pytest.raises(VenueError, match="silent"):
        company("orders", "--open", "--dir", str(directory))


def test_books_that_agree_pass_the_audit(company) -> None:
    code, text = company("audit", "--limit", "0")

    assert code == 0
    assert text.startswith("the books agree: ")
    assert len(text.splitlines()) == 1


def test_the_audit_names_the_first_difference_and_fails(company, home: Path) -> None:
    with closing(open_store(home)) as store:
        key, row = store.books("trading").newest(ORDERS, 1)[0]
        store.books("trading").put(ORDERS, key, {**row, "filled": "999"})

    code, text = company("audit")

    assert code == 1
    assert text.startswith(f"THE BOOKS DIFFER: order {key!r} on {row['venue']} filled 999, its trades sum to ")


def test_the_audit_names_an_open_order_that_is_not_ours(company, home: Path) -> None:
    at_desk(home, lambda desk: desk.markets.venues["paper-b"].create_order("ETH/USDT", "limit", "buy", 0.1, 2000.0))

    code, text = company("audit")

    assert code == 1
    assert "not ours: buy 0.1 ETH/USDT on paper-b is open" in text


def test_the_audit_shows_decisions_with_what_was_known_also_those_against_an_order(company, home: Path) -> None:
    async def greed(desk: Desk) -> None:
        with pytest.raises(ToolError, match=r"risk\.per_trade"):
            await desk.place("ETH", "buy", 50, key="k-greed", reason="greed", sources=("news n-1",), role="trading")

    at_desk(home, greed)

    told, text = json.loads(company("audit", "--json")[1]), company("audit")[1]

    [denied] = [decision for decision in told["decisions"] if decision["outcome"] == "denied"]
    taken = next(decision for decision in told["decisions"] if decision["outcome"] == "closed")
    assert (denied["key"], denied["clamps"][0]["rule"]) == ("k-greed", "risk.per_trade")
    assert Decimal(taken["evidence"]["equity"]) > 0
    assert "because  greed" in text
    assert "denied   order denied: risk.per_trade" in text
    assert "read     news n-1" in text
