"""A package with tools, a role and a prompt, from its installation to a chat in which a role calls it."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from company.toolkit.lock import read_lock
from tests.plugins.conftest import CEO

Said = subprocess.CompletedProcess[str]
Run = Callable[..., Said]

KEY = "station-0123456789abcdef"
SETTINGS = "[memory]\nenabled = false\n"
HIRED = '[company]\nhires = ["meteorologist"]\n'


class Station(ThreadingHTTPServer):
    """A weather station on this machine; it keeps the keys it was shown."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.keys: list[str] = []


class _Answers(BaseHTTPRequestHandler):
    server: Station

    def do_GET(self) -> None:
        self.server.keys.append(self.headers["X-Station-Key"])
        body = json.dumps({"words": "dry and cold", "degrees": -3}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def station() -> Iterator[Station]:
    server = Station()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site(site_of: Callable[..., Path], station: Station, tmp_path: Path) -> Path:
    """The package as it is installed, with the station of this test in its data file."""
    site = tmp_path / "site"
    shutil.copytree(site_of("good"), site)
    said = json.dumps({"host": f"127.0.0.1:{station.server_address[1]}"})
    (site / "company_weather" / "station.json").write_text(said, "utf-8")
    return site


@pytest.fixture
def acme(write_company: Callable[[Mapping[str, str]], Path]) -> Path:
    return write_company({"roles/ceo.md": CEO, "company.toml": SETTINGS})


@pytest.fixture
def company(site: Path, acme: Path, run_with: Run, tmp_path: Path) -> Run:
    """Run a command in the company's directory, with the package installed and something on standard input."""

    def _company(*command: str, given: str = "") -> Said:
        (stdin := tmp_path / "stdin").write_text(given, "utf-8")
        return run_with(site, *command, place=acme, stdin=stdin)

    return _company


def test_a_package_goes_from_its_installation_to_a_chat(
    company: Run, acme: Path, station: Station, results_in: Callable[[Path], dict[str, dict[str, Any]]]
) -> None:
    early = company("plugins")
    confirmed = company("plugins", "confirm", "company-weather", "--yes", "--by", "ada", "--trust", "log_weather")
    key = company("key", "set", "plugin:company-weather:station-key", given=KEY)
    (acme / "company.toml").write_text(HIRED + SETTINGS, "utf-8")
    answered = company("chat", "what will the weather be in Oslo?")

    assert early.stdout.split()[-5:] == ["company-weather", "package", "1.0.0", "not", "confirmed"]
    assert confirmed.returncode == 0, confirmed.stderr
    for words in (
        "package company-weather 1.0.0",
        "tool forecast: read, its result is untrusted",
        f"127.0.0.1:{station.server_address[1]}",
        "company key set plugin:company-weather:station-key",
        "rate        60/minute",
        "tool log_weather: write, its result is trusted",
        "role meteorologist: Meteorologist, granted forecast, log_weather",
        "prompt weather-tone",
        "company-weather is confirmed by ada",
    ):
        assert words in confirmed.stdout
    assert "RUNS INSIDE" not in confirmed.stdout
    assert key.returncode == 0, key.stderr
    assert "Oslo: dry and cold, -3 degrees." in answered.stdout, answered.stdout + answered.stderr
    assert answered.returncode == 0
    assert station.keys == [KEY]
    result = results_in(acme / ".company")["forecast"]
    assert result["value"] == {"city": "Oslo", "words": "dry and cold", "degrees": -3}
    assert "words of strangers" in result["untrusted"]


def test_a_package_is_listed_as_it_stands(company: Run, acme: Path, site: Path) -> None:
    company("plugins", "confirm", "company-weather", "--yes")

    confirmed = company("plugins", "--json")
    information = site / "company_weather-1.0.0.dist-info" / "METADATA"
    information.write_text(information.read_text().replace("Version: 1.0.0", "Version: 1.1.0"))
    changed, used = company("plugins", "--json"), company("tools")
    again = company("plugins", "confirm", "company-weather", "--yes")
    shutil.rmtree(site / "company_weather-1.0.0.dist-info")
    gone, without = company("plugins", "--json"), company("plugins", "remove", "company-weather")

    assert json.loads(confirmed.stdout) == [
        {
            "name": "company-weather",
            "kind": "package",
            "version": "1.0.0",
            "state": "confirmed",
            "tools": ["forecast", "log_weather"],
            "note": "",
        }
    ]
    assert [row["state"] for row in json.loads(changed.stdout)] == ["changed"]
    assert used.returncode == 2
    assert "company-weather 1.0.0 was confirmed, 1.1.0 is installed" in used.stderr
    assert "company plugins confirm company-weather" in used.stderr
    assert "version 1.0.0 -> 1.1.0" in again.stdout
    assert [row["state"] for row in json.loads(gone.stdout)] == ["gone"]
    assert without.returncode == 0
    assert read_lock(acme).packages == {}


def test_confirming_asks_a_person_and_a_pipe_is_none(company: Run, acme: Path) -> None:
    piped = company("plugins", "confirm", "company-weather", given="y\n")
    assert piped.returncode == 2
    assert "standard input is no terminal" in piped.stderr
    assert "tool forecast" in piped.stdout
    assert not (acme / "company.lock").exists()


def test_what_is_not_confirmed_is_named_where_it_is_missed(company: Run, acme: Path) -> None:
    (acme / "roles" / "ceo.md").write_text(
        (acme / "roles" / "ceo.md").read_text().replace("summary: Leads.", "summary: Leads.\ntools: [forecast]")
    )
    refused = company("tools")
    assert refused.returncode == 2
    assert "there is no tool 'forecast'" in refused.stderr
    assert "not confirmed yet: company-weather (company plugins confirm company-weather)" in refused.stderr


def test_a_secret_that_nobody_declares_is_refused_with_what_is_declared(company: Run) -> None:
    early = company("key", "set", "plugin:company-weather:station-key", given=KEY)
    company("plugins", "confirm", "company-weather", "--yes")
    other = company("key", "set", "plugin:company-weather:openai", given=KEY)

    assert early.returncode == 2
    assert "confirm it first" in early.stderr
    assert other.returncode == 2
    assert "declared are: plugin:company-weather:station-key" in other.stderr
