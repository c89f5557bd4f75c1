"""docs/venues.md does what it says: its settings lead to its venues, and its commands trade over HTTP."""

import os
import re
import shutil
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.config import load_settings
from company.errors import UsageError
from company.home import bundled_directory, trust
from company.trading.venues import TRADABLE
from tests.trading.venue_fixtures import running_exchange

PAGE = (Path(__file__).parents[2] / "docs" / "venues.md").read_text()


def part(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of the default company that is trusted."""
    root = tmp_path / "acme"
    for name in ("roles", "tools", "prompts"):
        shutil.copytree(bundled_directory() / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    trust(root, os.environ)
    return root


def settle(place: Path, settings: str) -> None:
    """Write the settings of a piece of the page, with the default company's mandates."""
    mandates = (bundled_directory() / "company.toml").read_text().partition("[[mandates]]")
    (place / "company.toml").write_text(f"{settings}\n{''.join(mandates[1:])}")


def test_the_company_trades_over_http_as_the_page_says(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    import_module("ccxt.async_support")  # on a busy machine it takes as long as a tool may
    text, home = part("Our own exchange over HTTP"), tmp_path / "home"
    home.mkdir()
    serve, commands = blocks("sh", text)[:2]
    assert serve == "company exchange serve\n"

    with running_exchange(home) as address:
        settle(place, blocks("toml", text)[0].replace("http://127.0.0.1:8500", address))
        said = []
        for command in commands.splitlines():
            done = CliRunner().invoke(app, [*command.split()[1:], "--dir", str(place), "--home", str(home)])
            assert done.exit_code == 0, f"{command}: {done.output}"
            said.append(done.stdout)

    doctor, run, journal = said
    assert re.search(rf"ok +near +{address}/venues/a, play money\n", doctor)
    trades = re.findall(r"(?:BUY|SELL) .* on near +filled, fee [\d.]+, order \d+", run)
    assert trades, run
    assert all(trade.partition(", order ")[2] in journal for trade in trades)


@pytest.mark.parametrize(
    ("heading", "name", "mode"), [("A sandbox", "okx", False), ("A real exchange", "kraken", True)]
)
def test_the_settings_of_the_page_mean_what_it_says(place: Path, heading: str, name: str, mode: bool) -> None:
    settle(place, blocks("toml", part(heading))[0])

    section = load_settings(place / "company.toml").venues[name]

    assert section.is_real is (name == "kraken")
    assert section.exchange in TRADABLE
    names = set(re.findall(r"^company key set (\S+)$", part(heading), flags=re.M))
    assert names <= set(section.secrets)
    assert set(section.secrets[:2]) <= names


def test_the_commands_about_a_real_exchange_say_what_the_page_says(place: Path, tmp_path: Path) -> None:
    settle(place, blocks("toml", part("A real exchange"))[0])
    said, at = {}, ["--dir", str(place), "--home", str(tmp_path / "home")]
    (tmp_path / "home").mkdir()
    for command in re.findall(r"^company (.+)$", part("A real exchange"), flags=re.M):
        words = [word.strip('"') for word in re.findall(r'"[^"]+"|\S+', command)]
        done = CliRunner().invoke(app, [*words, *at], input="a-key-of-enough-letters")
        said[command] = str(done.exception) if isinstance(done.exception, UsageError) else done.stdout

    assert said["live status"] == "kraken: live trading is off\n"
    assert "standard input is no terminal" in said["live enable kraken"]
    assert said['live disable kraken --reason "looked at enough"'] == "kraken: live trading was off already\n"


def test_the_page_names_every_exchange_that_may_be_traded_on() -> None:
    row = next(line for line in PAGE.splitlines() if "Traded on are" in line)
    named = {name.strip(" |").replace(" ", "").lower() for name in row.partition("Traded on are")[2].split(",")}
    assert named == set(TRADABLE)
