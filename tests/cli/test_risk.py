"""`company risk`: what it shows, and what only a person decides."""

import getpass
import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.errors import UsageError
from company.home import open_store
from company.home.desk import SEED_FLAG
from company.trading.risk import MARKS

MARK = {"day": "2026-02-01", "day_equity": "84", "equity": "84", "peak": "100", "peak_at": "2026-02-01T12:00:00Z",
        "deepest": "0.16"}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (found := tmp_path / "home").mkdir()
    with closing(open_store(found)) as store:
        store.flags.set(SEED_FLAG, "7")
    return found


@pytest.fixture
def company(home: Path):
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["risk", *arguments, "--home", str(home)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout

    return run


def mark(home: Path, **changed: str) -> None:
    with closing(open_store(home)) as store:
        store.books("trading").put(MARKS, "equity", {**MARK, **changed})


def journal(home: Path, name: str) -> list[dict[str, str]]:
    with closing(open_store(home)) as store:
        return [event.body["value"] for event in store.journal.read(types=[name])]


def test_a_new_company_is_told_its_limits_before_it_has_a_desk(company, home: Path) -> None:
    with closing(open_store(home)) as store:
        store.flags.clear(SEED_FLAG)

    text = company()

    assert "the desk has no venue yet" in text
    rows = dict(line.split("  ", 1) for line in text.splitlines() if line.endswith("%"))
    assert rows["one order"].strip() == "5 %"
    assert rows["drawdown steps, of the peak"].strip() == "5 % / 10 % / 15 %"
    assert text.endswith("nothing is paused\nrestricted: nothing\n")


def test_the_desk_is_shown_against_its_limits_and_nothing_is_written(company, home: Path) -> None:
    text, told = company(), json.loads(company("show", "--json"))

    assert "step        normal: sizes as asked for" in text
    assert f"equity      {told['stand']['equity']}" in text
    assert f"VaR {told['value_at_risk']['var']}" in text
    assert "entries     allowed" in text
    assert told["limits"]["max_trade_fraction"] == "0.05"
    assert told["exposure"]["symbols"][0]["symbol"] == "BTC/USDT"
    with closing(open_store(home)) as store:
        assert store.books("trading").get(MARKS, "equity") is None


def test_a_latched_desk_shows_it_and_a_person_re_arms_it_for_a_reason(company, home: Path) -> None:
    mark(home)
    told = json.loads(company("--json"))
    assert (told["ladder"]["step"], told["stand"]["latched"], told["stand"]["entries_allowed"]) == ("stop", True, False)
    assert "latched" in company()

    with pytest.raises(UsageError, match="a reason is needed"):
        company("rearm")
    assert company("rearm", "--reason", "the feed was wrong") == (
        "the desk is armed again; drawdown counts from an equity of 84.00\n"
    )

    assert json.loads(company("--json"))["ladder"]["step"] == "normal"
    assert journal(home, "risk.rearmed") == [
        {"drawdown": "0.16", "peak": "100", "equity": "84", "by": getpass.getuser(), "reason": "the feed was wrong"}
    ]


def test_a_desk_that_is_not_stopped_is_not_re_armed(company, home: Path) -> None:
    mark(home, equity="86", deepest="0.14")

    with pytest.raises(UsageError, match="not stopped"):
        company("rearm", "--reason", "to be sure")
    assert journal(home, "risk.rearmed") == []


def test_a_symbol_is_paused_and_resumed_for_a_reason(company, home: Path) -> None:
    said = company("pause", "eth", "--reason", "a fork")
    assert said == "nothing of ETH/USDT is bought until: company risk resume ETH/USDT --reason '...'\n"
    assert json.loads(company("--json"))["stand"]["paused"] == ["ETH/USDT"]
    assert "ETH/USDT  risk.pause" in company()

    assert company("resume", "ETH", "--reason", "over") == "ETH/USDT is not paused any more\n"
    assert "nothing is paused" in company()
    assert [row["symbol"] for row in journal(home, "risk.paused") + journal(home, "risk.resumed")] == ["ETH/USDT"] * 2


def test_everything_is_paused_and_resumed_at_once(company) -> None:
    assert "company risk resume --all" in company("pause", "--all", "--reason", "holidays")
    assert "entries     not allowed" in company()
    assert company("resume", "--all", "--reason", "back") == "everything is not paused any more\n"


@pytest.mark.parametrize("arguments", [["pause"], ["pause", "BTC", "--all"], ["resume"]])
def test_one_symbol_or_all_must_be_named(company, arguments: list[str]) -> None:
    with pytest.raises(UsageError, match="one symbol is needed, or --all"):
        company(*arguments, "--reason", "because")


def test_what_no_venue_lists_is_not_paused(company) -> None:
    with pytest.raises(UsageError, match="no venue lists the symbol 'BTX'"):
        company("pause", "BTX", "--reason", "a slip of the pen")


@pytest.mark.parametrize("spelling", ["ETHUSDT", "eth-usdt", "Eth_Usdt", "ETH/USDT"])
def test_a_pause_means_what_the_desk_trades_however_it_is_spelled(company, spelling: str) -> None:
    company("pause", spelling, "--reason", "a fork")

    assert json.loads(company("--json"))["stand"]["paused"] == ["ETH/USDT"]


def test_a_pair_in_another_currency_is_not_paused_instead(company) -> None:
    with pytest.raises(UsageError, match="ETH/EUR"):
        company("pause", "ETH/EUR", "--reason", "a slip of the pen")


def test_what_is_not_paused_is_not_resumed(company, home: Path) -> None:
    with pytest.raises(UsageError, match="'BTC/USDT' is not paused"):
        company("resume", "BTC", "--reason", "because")
    assert journal(home, "risk.resumed") == []
