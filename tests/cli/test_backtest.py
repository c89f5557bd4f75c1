"""`company backtest`: what a person types, and what comes back."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from company.cli.app import app
from company.errors import CompanyError, UsageError

Asked = Callable[..., str]
MARKET = Path(__file__).parents[2].parent / "shared/data/market"
DOCS = Path(__file__).parents[2] / "docs" / "backtest.md"
HEADER = "timestamp,open,high,low,close,volume\n"
DAY = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)

needs_market = pytest.mark.skipif(not MARKET.is_dir(), reason="the real candles are not beside the repository")


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["backtest", *words])


def refusal(*words: str) -> str:
    """What a person is told; the command prints nothing else."""
    done = call(*words)
    assert isinstance(done.exception, UsageError), done.output
    assert done.stdout == ""
    return str(done.exception)


def asked(*words: str) -> str:
    done = call(*words)
    assert done.exit_code == 0, f"{done.output} {done.exception}"
    return done.stdout


def document(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asked(*words, "--json"))
    return found


def write(path: Path, count: int = 300) -> Path:
    """Hourly candles that rise and fall in waves."""
    prices = [100 + 10 * abs((hour % 96) / 48 - 1) + 0.05 * (hour % 7) for hour in range(count + 1)]
    rows = [
        f"{DAY + 3_600_000 * hour},{one:.2f},{max(one, two) + 0.2:.2f},{min(one, two) - 0.2:.2f},{two:.2f},9000"
        for hour, (one, two) in enumerate(pairwise(prices))
    ]
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def candles(tmp_path: Path) -> str:
    return str(write(tmp_path / "waves.csv"))


def test_a_file_is_backtested_and_summed_up(candles: str) -> None:
    text = asked("crossover", "--data", candles)
    assert text.startswith(
        "crossover on BTC/USDT, 300 bars of 1h from waves.csv\n2026-01-01 00:00 to 2026-01-13 12:00 UTC"
    )
    for word in ("Sharpe ratio", "deepest drawdown", "closed trades", "fees"):
        assert word in text


def test_json_terminal_and_page_show_the_same_figures(candles: str, tmp_path: Path) -> None:
    words = ("crossover", "--data", candles, "--report", str(tmp_path / "r.html"))
    found, text, page = document(*words), asked(*words), (tmp_path / "r.html").read_text()
    assert found["measures"]["trades"] > 0
    for figure in ("sharpe", "total_return", "win_rate"):
        shown = f"{float(found['measures'][figure]):,}".removesuffix(".0")
        assert shown in text
        assert shown in page


def test_the_same_input_gives_the_same_bytes(candles: str, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    runs = []
    for _ in range(2):
        text = asked("momentum", "--data", candles, "--json", "--report", str(page))
        runs.append((text, page.read_bytes()))
    assert runs[0] == runs[1]


def test_only_the_asked_time_is_used(candles: str) -> None:
    found = document("dca", "--data", candles, "--from", "2026-01-03", "--to", "2026-01-10T06:00")
    assert (found["since"], found["until"]) == ("2026-01-03T00:00:00Z", "2026-01-10T06:00:00Z")
    assert found["bars"] == 174


def test_the_cash_is_what_was_given(candles: str) -> None:
    assert document("crossover", "--data", candles, "--cash", "2500")["curve"][0]["equity"] == "2500"


def test_the_limits_are_those_of_the_company(candles: str, tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text("[limits]\nmin_conviction = 0.99\n")
    found = document("dca", "--data", candles, "--dir", str(tmp_path))
    assert found["fills"] == []
    assert "risk.min_conviction" in {clamp["rule"] for clamp in found["clamps"]}


def test_several_symbols_are_traded_from_one_account(tmp_path: Path) -> None:
    files = [str(write(tmp_path / f"{name}.csv")) for name in ("a", "b")]
    found = document(
        "crossover", "--data", files[0], "--symbol", "BTC/USDT", "--data", files[1], "--symbol", "ETH/USDT"
    )
    assert {fill["symbol"] for fill in found["fills"]} == {"BTC/USDT", "ETH/USDT"}


def test_the_paper_world_is_data_too() -> None:
    found = document("momentum", "--data", "paper", "--symbol", "ETH/USDT", "--to", "2026-01-12")
    assert found["source"] == "paper world, seed 7, paper-a"
    assert (found["since"], found["bars"]) == ("2026-01-01T00:00:00Z", 264)
    assert found["fills"]
    assert found["terms"]["taker_fee"] == "0.0010"


def test_a_strategy_over_order_books_reads_those_of_the_paper_world() -> None:
    found = document("scalping", "--data", "paper", "--timeframe", "15m", "--to", "2026-01-02")
    assert found["signals"] > 0


@needs_market
def test_the_day_of_two_exchanges_gives_no_arbitrage_profit_after_fees() -> None:
    files = ("binance_BTCBUSD_1m_2022-12-13.csv", "bybit_BTCUSDT_1m_2022-12-13.csv")
    words = [word for name in files for word in ("--data", str(MARKET / name))]
    found = document("arbitrage", *words, "--timeframe", "1m")
    assert found["bars"] == 2880
    assert float(found["measures"]["total_return"]) <= 0
    assert (found["signals"], found["fills"]) == (0, [])


@needs_market
def test_the_hole_of_seven_hours_is_reported_and_nothing_trades_in_it() -> None:
    file = MARKET / "coinbase_BTCUSD_1m_2018-04-04_05.csv"
    words = ("crossover", "--data", str(file), "--symbol", "BTC/USD", "--timeframe", "1m")
    found, text = document(*words), asked(*words)
    longest = max(found["holes"], key=lambda hole: hole["bars"])
    assert (longest["begins"], longest["ends"], longest["bars"]) == (
        "2018-04-04T16:48:00Z",
        "2018-04-05T00:00:00Z",
        432,
    )
    assert "432 bars are missing from 2018-04-04 16:48 to 2018-04-05 00:00" in text
    assert found["fills"]
    assert not [fill for fill in found["fills"] if longest["begins"] <= fill["at"] < longest["ends"]]
    assert found["bars"] == 2880 - sum(hole["bars"] for hole in found["holes"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nonsense"], r"strategy 'nonsense' is unknown\n  → use one of crossover"),
        (["scalping"], "strategy 'scalping' needs spread_bps and imbalance"),
        (["crossover", "--symbol", "BTC"], "--symbol: 'BTC' is no symbol"),
        (["crossover", "--symbol", "BTC/USDT", "--symbol", "ETH/USDT"], "--symbol: 2 symbols and 1 files"),
        (["crossover", "--timeframe", "2h"], "timeframe '2h' is unknown"),
        (["crossover", "--timeframe", "1m"], "no two candles are 1m apart, the closest are 1h"),
        (["crossover", "--from", "2026-02-01", "--to", "2026-01-01"], "--from: 2026-02-01 is not before 2026-01-01"),
        (["crossover", "--from", "soon"], "--from: 'soon' is not a time"),
        (["crossover", "--to", "2025-01-01"], r"no bar lies in the asked time; the file holds 2026-01-01 01:00"),
        (["crossover", "--cash", "-5"], "--cash: '-5' is not an amount of cash"),
        (["crossover", "--cash", "NaN"], "--cash: 'NaN' is not an amount of cash"),
        (["arbitrage"], r"--data: arbitrage was given BTC/USDT from waves\.csv"),
        (["recorded"], "--data: a recorded session is of the paper world"),
    ],
)
def test_a_request_that_cannot_be_right_is_refused_with_its_cure(words: list[str], message: str, candles: str) -> None:
    told = refusal(*words, "--data", candles)
    assert re.search(message, told)
    assert "→" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["crossover", "--symbol", "DOGE/USDT"], "symbol 'DOGE/USDT' is not listed"),
        (["crossover", "--timeframe", "2h"], "--timeframe: timeframe '2h' is unknown"),
        (["crossover", "--from", "2020-01-01"], "the paper world has no bars from 2020-01-01"),
        (["crossover", "--from", "2026-01-02", "--to", "2026-01-02T00:10"], "no bar of 1h lies in the asked time"),
        (["arbitrage"], "--data: arbitrage needs two exchanges"),
    ],
)
def test_the_paper_world_refuses_what_it_does_not_have(words: list[str], message: str) -> None:
    assert message in refusal(*words, "--data", "paper")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,2\n", "waves.csv:2: "),
        (f"{DAY},1,1,1,nan,1\n", "waves.csv:2: "),
        (f"{DAY},1,1,1,0,1\n", "waves.csv:2: "),
        (f"{DAY},1,1,1,1,1\n{DAY},1,1,1,1,1\n", "waves.csv:3: "),
        (f"{DAY + 3_600_000},1,1,1,1,1\n{DAY},1,1,1,1,1\n", "waves.csv:3: "),
        ("", "holds no candle"),
    ],
)
def test_a_malformed_file_is_refused_by_its_line_and_leaves_no_report(rows: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "waves.csv").write_text(HEADER + rows)
    report = tmp_path / "r.html"
    assert message in refusal("crossover", "--data", str(tmp_path / "waves.csv"), "--report", str(report))
    assert not report.exists()


def test_a_report_that_cannot_be_written_is_an_error_and_leaves_the_old_one(candles: str, tmp_path: Path) -> None:
    assert "the report cannot be written" in refusal(
        "dca", "--data", candles, "--report", str(tmp_path / "no" / "r.html")
    )
    folder = tmp_path / "folder.html"
    folder.mkdir()
    assert "the report cannot be written" in refusal("dca", "--data", candles, "--report", str(folder))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.html", "waves.csv"]


def test_a_home_without_a_session_is_refused(tmp_path: Path) -> None:
    told = refusal("recorded", "--data", "paper", "--home", str(tmp_path / "none"))
    assert "there is no company in this home" in told


def test_the_session_of_a_cycle_fills_in_its_replay_as_it_did(worked_home: Path) -> None:
    found = document("recorded", "--data", "paper", "--home", str(worked_home))
    assert found["differences"] == []
    assert found["orders"] >= found["cancels"]


def test_every_error_of_the_command_is_one_of_the_company_s() -> None:
    assert issubclass(UsageError, CompanyError)


def commands() -> Iterator[list[str]]:
    for block in re.findall(r"^```sh\n(.*?)^```", DOCS.read_text(), flags=re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line)


def test_the_commands_of_the_documentation_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worked_home: Path
) -> None:
    write(tmp_path / "btc.csv")
    write(tmp_path / "other.csv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMPANY_HOME", str(worked_home))
    ran = [words for words in commands() if words[:2] == ["company", "backtest"]]
    assert len(ran) >= 4
    for words in ran:
        asked(*words[2:])
    assert (tmp_path / "btc.html").read_text().startswith("<!doctype html>")
