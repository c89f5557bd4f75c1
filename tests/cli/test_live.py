"""`company live`: real money is risked by a person at a terminal, who types a sentence."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from company.cli.app import app
from company.config import load_settings
from company.errors import UsageError
from company.home import bundled_directory, live_switch, open_secrets, open_store, trust

PHRASE = "trade on kraken with real money"
TOML = """
[world]
venues = "kraken"
clock = "wall"

[venues.kraken]
kind = "ccxt"
symbols = ["BTC/USDT", "ETH/USDT"]
"""


@pytest.fixture
def place(tmp_path: Path) -> list[str]:
    """A company with a real venue and keys for it; the options that lead to it."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "company.toml").write_text(TOML)
    home = tmp_path / "home"
    home.mkdir()
    store = open_store(home)
    secrets = open_secrets(home, store, os.environ)
    secrets.set("venue:kraken:key", "key-of-the-account")
    secrets.set("venue:kraken:secret", "secret-of-the-account")
    store.close()
    return ["--dir", str(tmp_path / "acme"), "--home", str(home)]


def company(*arguments: str, said: str = "") -> Result:
    """Run a command with what a pipe says as its input."""
    return CliRunner().invoke(app, arguments, input=said)


def refusal(*arguments: str, said: str = "") -> str:
    """Run a command that is refused, and return why."""
    done = company(*arguments, said=said)
    assert isinstance(done.exception, UsageError), done.output
    return str(done.exception)


def enabled(place: list[str]) -> None:
    """Let a person have enabled the venue before."""
    home = Path(place[3])
    store = open_store(home)
    settings = load_settings(Path(place[1]) / "company.toml")
    live_switch(store, settings, open_secrets(home, store, os.environ)).enable("kraken", by="ann", phrase=PHRASE)
    store.close()


def at_a_terminal(*arguments: str, types: str) -> tuple[int, str]:
    """Run a command with a terminal as its input, and type."""
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "company", *arguments],
        stdin=inner,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        os.write(outer, f"{types}\n".encode())
        out, _ = process.communicate(timeout=60)
        return process.returncode, out
    finally:
        process.kill()
        process.communicate()
        os.close(outer)
        os.close(inner)


def test_a_person_enables_looks_and_disables(place: list[str]) -> None:
    assert company("live", "status", *place).stdout == "kraken: live trading is off\n"

    code, out = at_a_terminal("live", "enable", "kraken", *place, types=PHRASE)

    assert code == 0, out
    assert "Live trading on kraken: kraken, real money, BTC/USDT, ETH/USDT" in out
    assert "max_trade_fraction" in out
    assert f"To go on, type: {PHRASE}" in out
    assert "News, web traffic and social channels are the paper world's" in out
    [standing] = json.loads(company("live", "status", "--json", *place).stdout)
    assert (standing["venue"], standing["state"], standing["changed"]) == ("kraken", "on", [])
    assert "kraken: live trading was enabled by" in company("live", *place).stdout
    done = company("live", "disable", "kraken", "--reason", "enough", *place)
    assert done.stdout.startswith("kraken: live trading is off; orders that rest there stay open")
    assert company("live", "disable", "kraken", "--reason", "enough", *place).stdout.endswith("was off already\n")
    assert "secret-of-the-account" not in out


def test_a_pipe_enables_nothing_whatever_it_says(place: list[str]) -> None:
    said = refusal("live", "enable", "kraken", *place, said=f"{PHRASE}\n")

    assert "standard input is no terminal; real money is risked by a person, not by a script" in said
    assert company("live", "status", *place).stdout == "kraken: live trading is off\n"


def test_who_types_nothing_enables_nothing(place: list[str]) -> None:
    code, out = at_a_terminal("live", "enable", "kraken", *place, types="\x04")

    assert code == 2
    assert f"that is not the phrase; nothing was enabled\n  → type exactly: {PHRASE}" in out
    assert company("live", "status", *place).stdout == "kraken: live trading is off\n"


def test_a_change_of_the_limits_is_seen(place: list[str]) -> None:
    enabled(place)
    (Path(place[1]) / "company.toml").write_text(f"{TOML}\n[limits]\nmax_trade_fraction = 0.04\n")

    assert "and since then changed: limits" in company("live", "status", *place).stdout


def test_a_venue_that_is_gone_from_the_settings_can_still_be_disabled(place: list[str]) -> None:
    enabled(place)
    (Path(place[1]) / "company.toml").write_text("")

    assert "kraken: was enabled and is no venue any more" in company("live", "status", *place).stdout
    company("live", "disable", "kraken", "--reason", "gone", *place)
    assert company("live", "status", *place).stdout == "no venue has real money\n"


def test_keys_are_demanded_before_anything_is_asked(place: list[str]) -> None:
    company("key", "remove", "venue:kraken:key", *place)
    company("key", "remove", "venue:kraken:secret", *place)

    said = refusal("live", "enable", "kraken", *place)

    assert "company key set venue:kraken:key, then company key set venue:kraken:secret" in said


def test_a_stopped_company_is_not_made_live(place: list[str]) -> None:
    from company.engine import halt

    store = open_store(Path(place[3]))
    halt(store, "ann: fire")
    store.close()

    assert "the company is stopped by ann: fire" in refusal("live", "enable", "kraken", *place)


def test_no_option_of_run_turns_it_on() -> None:
    for command in ("run", "serve", "chat"):
        assert "live" not in company(command, "--help").stdout.lower().replace("deliver", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["live", "enable", "krakn"], "'krakn' is no venue with real money\n  → did you mean 'kraken'?"),
        (["live", "disable", "kraken"], "a reason is needed"),
        (["key", "set", "venue:krakn:key"], "did you mean 'venue:kraken:key'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_cure(place: list[str], arguments: list[str], says: str) -> None:
    assert says in refusal(*arguments, *place)


def test_keys_of_an_exchange_are_kept_listed_and_never_shown(place: list[str]) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
    kept = company("key", "set", "venue:kraken:secret", *place, said=pem)
    listed = company("key", "list", *place)

    assert kept.exit_code == 0, kept.output
    assert "venue:kraken:secret" in listed.stdout
    assert "MC4CAQ" not in kept.output + listed.output
    assert "white space" in refusal("key", "set", "venue:kraken:secret", *place, said="two words")
    store = open_store(Path(place[3]))
    assert open_secrets(Path(place[3]), store, os.environ).get("venue:kraken:secret") == pem.strip()
    store.close()


def test_doctor_says_which_venues_there_are_and_what_money_is_there(place: list[str], tmp_path: Path) -> None:
    for part in ("roles", "tools", "prompts"):
        (tmp_path / "acme" / part).symlink_to(bundled_directory() / part)
    trust(tmp_path / "acme", os.environ)

    told = {row["id"]: row for row in json.loads(company("doctor", "--json", *place).stdout)}

    assert told["kraken"]["detail"] == "ccxt:kraken, real money, live trading is off; keys set; BTC/USDT, ETH/USDT"
    assert told["kraken"]["ok"]
