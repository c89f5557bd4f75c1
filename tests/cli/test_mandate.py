"""`company mandate` on a real home, each command a process of its own."""

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from company.cli import mandate
from company.cli.app import app
from company.errors import UsageError
from company.home import open_store
from company.store import Store

ME = getpass.getuser()
BITCOIN = ("--tool", "place_order", "--role", "trading", "--symbol", "BTC/USDT", "--symbol", "ETH/USDT")
LIMITS = ("--max-notional", "500", "--max-notional-day", "2000.50", "--max-calls-day", "9", "--expires", "30d")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@contextmanager
def store_of(home: Path) -> Iterator[Store]:
    store = open_store(home)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ok(company: Any, home: Path) -> Any:
    """Run a command that has to succeed, and return what it printed."""

    def run(*arguments: str) -> str:
        done = company("mandate", *arguments, home=home)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    return run


@pytest.fixture
def refused(home: Path) -> Any:
    """Run a command in this process that has to be refused as a mistake, and return what it says."""

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["mandate", *arguments, "--home", str(home)])
        assert isinstance(done.exception, UsageError)  # exit code 2, see `company.cli.app.run`
        assert done.stdout == ""
        return str(done.exception)

    return run


def test_a_mandate_is_given_listed_shown_and_revoked(ok: Any, home: Path) -> None:
    printed = ok("add", "small", *BITCOIN, *LIMITS, "--note", "try it")

    assert printed == ok("show", "small")
    assert f"given by    {ME} 20" in printed
    with store_of(home) as store:
        (given,) = store.mandates.active()
    assert (given.id, given.tools, given.roles, given.note) == ("small", ("place_order",), ("trading",), "try it")
    assert (given.symbols, given.max_calls_day) == (("BTC/USDT", "ETH/USDT"), 9)
    assert (given.max_notional, given.max_notional_day) == (Decimal(500), Decimal("2000.50"))
    assert given.expires == datetime(2026, 3, 2, tzinfo=UTC)  # 30 days after company time began

    told = {row["id"]: row for row in json.loads(ok("list", "--json"))}
    assert list(told) == [
        "trade-paper", "sell-stopped", "trade-arbitrage", "cancel-orders", "block-attackers", "house-keeping", "small",
    ]  # fmt: skip
    assert (told["small"]["origin"], told["small"]["given_by"], told["small"]["max_notional_day"]) == (
        "command",
        ME,
        "2000.50",
    )

    assert "small allows nothing any more" in ok("revoke", "small", "--reason", "a loss")
    assert "revoked by  " in ok("show", "small")
    with store_of(home) as store:
        assert store.mandates.active() == ()
        notes = [(event.type, event.agent, event.body["value"]) for event in store.journal.read(run_id="")]
    assert [(name, agent, value["by"]) for name, agent, value in notes] == [
        ("mandate.added", "person", ME),
        ("mandate.revoked", "person", ME),
    ]


def test_a_mandate_of_the_file_is_revoked_and_restored(ok: Any, refused: Any) -> None:
    ok("revoke", "trade-paper", "--reason", "a loss")
    assert json.loads(ok("show", "trade-paper", "--json"))["state"] == "revoked"
    assert f"was revoked by {ME} at" in refused("revoke", "trade-paper", "--reason", "again")

    assert "looked into it" in ok("restore", "trade-paper", "--reason", "looked into it")
    row = json.loads(ok("show", "trade-paper", "--json"))
    assert (row["state"], row["origin"], row["reason"]) == ("active", "file", "looked into it")


def test_the_list_says_what_was_used_today_and_by_what_an_effect_was_allowed(company: Any, worked_home: Path) -> None:
    done = company("mandate", "list", "--json", home=worked_home)
    told = {row["id"]: row for row in json.loads(done.stdout)}

    with store_of(worked_home) as store:
        (order,) = [effect for effect in store.effects.recent(99) if effect.mandate_id == "trade-paper"]
    assert told["trade-paper"]["calls_today"] == 1
    assert Decimal(told["trade-paper"]["notional_today"]) == order.notional
    printed = company("mandate", "list", home=worked_home).stdout.splitlines()
    assert printed[0].split("  ")[0] == "id"
    assert f"1 call, {order.notional:,.2f}" in printed[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "m", "--tool", "place_ordr"), "did you mean 'place_order'?"),
        (("add", "m", "--tool", "publish_post"), "--unlimited"),
        (("add", "trade-paper", "--tool", "cancel_order"), "company.toml has a mandate 'trade-paper'"),
        (("revoke", "trade-papr", "--reason", "typo"), "did you mean 'trade-paper'?"),
        (("revoke", "trade-paper"), "--reason: a reason is needed"),
        (("restore", "trade-paper", "--reason", "why not"), "is not revoked"),
    ],
)
def test_a_mistake_is_explained_and_changes_nothing(
    refused: Any, home: Path, arguments: tuple[str, ...], said: str
) -> None:
    home.mkdir()
    assert said in refused(*arguments)
    with store_of(home) as store:
        assert store.mandates.all() == []


def test_what_was_given_by_command_is_revoked_even_when_the_settings_are_broken(
    company: Any, ok: Any, write_company: Any, home: Path
) -> None:
    ok("add", "small", *BITCOIN, *LIMITS)
    broken = write_company({"company.toml": "[company\n"})

    done = company("mandate", "revoke", "small", "--reason", "a loss", "--dir", str(broken), home=home)

    assert done.returncode == 0, done.stderr
    with store_of(home) as store:
        assert store.mandates.revoked_ids() == {"small"}


@pytest.mark.parametrize("text", ["abc", "0", "-5", "NaN", "Infinity", "5,000", "1e", "$"])
def test_what_is_no_amount_is_named_with_its_option(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--max-notional: .*is not an amount"):
        mandate._amount(text, "--max-notional")


@pytest.mark.parametrize(
    "text", ["soon", "2027-13-01T00:00:00Z", "2027-01-31", "2027-01-31T12:00:00", "30", "d", "30w", "999999d"]
)
def test_what_is_no_time_is_refused_with_both_forms(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--expires: (.|\n)*2027-01-31T12:00:00Z, or a length of time, 30d"):
        mandate._moment(text, datetime(9000, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", None),
        ("12h", datetime(2026, 3, 3, tzinfo=UTC)),
        ("2027-01-31T13:00:00+01:00", datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("2027-01-31T12:00:00Z", datetime(2027, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_time_or_a_length_of_time(text: str, moment: datetime | None) -> None:
    assert mandate._moment(text, NOW) == moment
