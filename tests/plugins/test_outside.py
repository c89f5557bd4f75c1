"""A package with a venue and a notifier, from its installation to an order in the books and a notice to a person."""

import json
import os
import pty
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from company.home import open_secrets, open_store
from company.server.principal import SCOPES

Said = subprocess.CompletedProcess[str]
Run = Callable[..., Said]

FILES = {
    "roles/ceo.md": """
        ---
        id: ceo
        title: Chief
        summary: Leads.
        handles:
          - say: [hello]
            do: [{answer: Hello.}]
        ---
        You lead.
        """,
    "roles/trading.md": """
        ---
        id: trading
        title: Trader
        reports_to: ceo
        summary: Trades.
        tools: [place_order]
        handles:
          - say: [buy some bitcoin]
            do:
              - call: place_order
                with: {symbol: BTC/USDT, side: buy, quantity: "0.01", reason: asked for it}
                as: order
              - report: "It is asked for."
        ---
        You trade.
        """,
}
PAGE = re.compile(r"page +(https?://127\.0\.0\.1:[0-9]+/)#t=")
MANDATE = """
[[mandates]]
id = "buy"
tools = ["place_order"]
"""


def settings(acme: Path, *, sandbox: bool, more: str = "") -> None:
    corner = json.dumps({"file": str(acme / "corner.json")}).replace('"file": ', "file = ")
    (acme / "company.toml").write_text(
        "[memory]\nenabled = false\n"
        '[world]\nvenues = "here"\nclock = "wall"\n'
        f'[venues.here]\nkind = "corner"\nsandbox = {json.dumps(sandbox)}\nsymbols = ["BTC/USDT"]\noptions = {corner}\n'
        f"{more}",
        "utf-8",
    )


@pytest.fixture
def acme(write_company: Callable[[Mapping[str, str]], Path]) -> Path:
    return write_company(FILES)


@pytest.fixture
def company(site_of: Callable[[str], Path], acme: Path, run_with: Run) -> Run:
    """Run a command in the company's directory, with the package installed."""
    site = site_of("outside")
    return lambda *command, **environment: run_with(site, *command, place=acme, **environment)


@pytest.fixture
def keys(acme: Path) -> None:
    """Keys of the account at the corner, as `company key set` keeps them."""
    (acme / ".company").mkdir()
    store = open_store(acme / ".company")
    secrets = open_secrets(acme / ".company", store, os.environ)
    secrets.set("venue:here:key", "the-account")
    secrets.set("venue:here:secret", "secret of the-account")
    store.close()


def client_of(home: Path, url: str) -> httpx2.Client:
    """A client that may do everything a person may."""
    store = open_store(home)
    token = store.access.make("token", person="ann", scopes=SCOPES).secret
    store.close()
    return httpx2.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30, trust_env=False)


def until(told: Callable[[], str]) -> str:
    """Wait until something is told."""
    end = time.monotonic() + 20
    while not (found := told()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def confirmed(company: Run) -> str:
    done = company("plugins", "confirm", "company-outside", "--yes")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def at_a_terminal(company: Run) -> Callable[..., str]:
    """Run a command with a terminal as its input, and type; returns what it said."""

    def _run(*command: str, types: str) -> str:
        outer, inner = pty.openpty()
        os.write(outer, f"{types}\n".encode())
        done = company(*command, stdin=Path(os.ttyname(inner)))
        os.close(outer)
        os.close(inner)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return _run


def test_a_kind_that_nobody_confirmed_is_refused_by_every_command_that_needs_it(company: Run, acme: Path) -> None:
    settings(acme, sandbox=True)

    for command in (["doctor"], ["chat", "hello"]):
        early = company(*command)
        assert early.returncode == 2
        assert "venues.here.kind: there is no kind 'corner'" in early.stderr
        assert "company-outside brings it and is not confirmed: company plugins confirm company-outside" in early.stderr

    said = confirmed(company)

    assert "corner" in said
    assert "notebook" in said
    misspelt = (acme / "company.toml").read_text().replace('"corner"', '"cornr"')
    (acme / "company.toml").write_text(misspelt)
    wrong = company("doctor")
    assert wrong.returncode == 2
    assert f"{acme / 'company.toml'}: venues.here.kind: there is no kind 'cornr'" in wrong.stderr
    assert "did you mean 'corner'? known here: ccxt, corner, paper-http" in wrong.stderr


def test_an_order_to_a_sandbox_of_a_package_is_filled_and_in_the_books(company: Run, acme: Path, keys: None) -> None:
    settings(acme, sandbox=True, more=MANDATE)
    confirmed(company)

    doctor = company("doctor", "--json")
    said = company("chat", "@trading: buy some bitcoin")
    portfolio = json.loads(company("portfolio", "--json").stdout)
    again = company("orders", "--json")
    elsewhere = company("orders", HOME=str(acme.parent / "stranger"))

    (here,) = [line for line in json.loads(doctor.stdout) if line["id"] == "here"]
    assert here == {"id": "here", "ok": True, "detail": "corner:here, play money of its sandbox; keys set; BTC/USDT"}
    print(said.stdout, said.stderr, company("journal").stdout)
    assert said.returncode == 0, said.stderr
    _, orders, trades = json.loads((acme / "corner.json").read_text())
    (order,), (trade,) = orders, trades
    assert (order["side"], order["filled"], order["status"]) == ("buy", "0.01", "closed")
    assert trade["clientOrderId"] == order["clientOrderId"]
    assert any(position["symbol"] == "BTC/USDT" for position in portfolio["positions"]), portfolio
    assert again.returncode == 0, again.stderr
    assert elsewhere.returncode == 2
    assert "company trust" in elsewhere.stderr, "a desk of a directory that is not trusted imports no package"


def test_without_a_sandbox_it_is_real_money_and_nothing_leaves_before_a_person_enabled_it(
    company: Run, acme: Path, keys: None, at_a_terminal: Callable[..., str]
) -> None:
    settings(acme, sandbox=False, more=MANDATE)
    confirmed(company)

    status = company("live", "status")
    company("chat", "@trading: buy some bitcoin")
    refused = company("journal", "--json").stdout

    assert status.stdout == "here: live trading is off\n", status.stderr
    assert "live trading is off; nothing was sent; a person has to say: company live enable here" in refused
    assert not (acme / "corner.json").exists()

    shown = at_a_terminal("live", "enable", "here", types="trade on here with real money")
    company("chat", "@trading: buy some bitcoin")
    journal = [json.loads(line) for line in company("journal", "--json").stdout.splitlines()]

    assert "Orders go through code of an installed package, kind corner" in shown
    (sent,) = [line["event"]["value"] for line in journal if line["event"].get("name") == "live.sent"]
    _, (order,), _ = json.loads((acme / "corner.json").read_text())
    assert (sent["venue"], sent["act"], sent["clientOrderId"]) == ("here", "order", order["clientOrderId"])
    assert order["status"] == "closed"


def test_another_version_of_the_package_is_not_used(company: Run, acme: Path) -> None:
    settings(acme, sandbox=True)
    confirmed(company)
    lock = acme / "company.lock"
    lock.write_text(lock.read_text().replace('"version": "1.0.0"', '"version": "0.9.0"'))

    other = company("doctor")

    assert other.returncode == 2
    assert "company-outside 0.9.0 was confirmed, 1.0.0 is installed" in other.stderr


def test_a_running_server_tells_a_person_of_an_approval_through_the_package(
    company: Run, acme: Path, keys: None, site_of: Callable[[str], Path], start_company: Any
) -> None:
    notebook = acme / "notices.jsonl"
    notifier = f'[notifiers.book]\nkind = "notebook"\nsecrets = ["signature"]\noptions = {{file = "{notebook}"}}\n'
    settings(acme, sandbox=True, more=notifier)
    confirmed(company)
    environment = {**os.environ, "PYTHONPATH": str(site_of("outside"))}
    lacking = company("serve", "--port", "0")
    word = acme.parent / "word"
    word.write_text("a-word-of-ann")
    kept = company("key", "set", "notifier:book:signature", stdin=word)

    server = start_company("serve", "--port", "0", cwd=acme, env=environment)
    url = next(found[1] for line in server.stdout if (found := PAGE.search(line)))
    with client_of(acme / ".company", url) as client:
        client.post("/api/v1/messages", json={"text": "@trading: buy some bitcoin"}).raise_for_status()
        notice = json.loads(until(lambda: notebook.read_text() if notebook.exists() else ""))
        (line,) = client.get("/api/v1/health").json()["notifiers"]

    assert lacking.returncode == 2
    assert "there is no secret 'signature'" in lacking.stderr
    assert "company key set notifier:book:signature" in lacking.stderr
    assert kept.returncode == 0, kept.stderr
    assert (notice["kind"], notice["title"], notice["link"]) == ("approval.asked", "Approval A1 waits", url)
    assert notice["text"].startswith("ceo/trading wants to call place_order; it waits until ")
    assert notice["signed"] == len("a-word-of-ann")
    assert "asked for it" not in json.dumps(notice), "what a role says of a call stays in the house"
    assert (line["name"], line["failures"], line["parked"]) == ("book", 0, False)
