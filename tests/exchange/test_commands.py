"""`company exchange`: the server in processes of its own, the commands in this one."""

import json
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.errors import UsageError
from company.server.exchange.accounts import Account
from tests.conftest import Start
from tests.exchange.conftest import Trader

Call = Callable[..., str]
Served = Callable[[], tuple[subprocess.Popen[str], str]]


@pytest.fixture
def served(start_company: Start, tmp_path: Path) -> Served:
    """Serve the exchange of the test's home; gives the process and the address."""

    def _served() -> tuple[subprocess.Popen[str], str]:
        process = start_company("exchange", "serve", "--port", "0", home=tmp_path / "home")
        assert process.stdout is not None
        line = next(line for line in process.stdout if "/venues/a/" in line)
        return process, line.split()[1].partition("/venues/")[0]

    return _served


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command of `company exchange` on the test's home and return what it says."""
    monkeypatch.setenv("COMPANY_HOME", str(tmp_path / "home"))

    def _command(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["exchange", *arguments])
        if done.exception is not None:
            raise done.exception
        return done.stdout

    return _command


def test_orders_outlive_a_killed_exchange(served: Served) -> None:
    process, address = served()
    with closing(Trader(address)) as one:
        order = one.limit("BUY", "0.001", "50000", newClientOrderId="before").body
        signed = one.sign(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.001", recvWindow=60_000)
        assert one.send_signed("POST", "/venues/a/api/v3/order", signed).status == 200
    process.kill()
    process.wait()
    _, address = served()
    with closing(Trader(address)) as one:
        assert [row["orderId"] for row in one.signed("GET", "openOrders").body] == [order["orderId"]]
        assert one.limit("BUY", "0.001", "50000", newClientOrderId="before").error[2] == "Duplicate order sent."
        again = one.send_signed("POST", "/venues/b/api/v3/order", signed)
        assert again.error == (400, -2010, "Duplicate order sent.")
        assert one.balance("BTC") == ("0.05100000", "0.00000000")


def test_an_account_opens_while_the_exchange_runs_and_closes_when_it_is_removed(served: Served, command: Call) -> None:
    _, address = served()
    made = json.loads(command("account", "add", "bob", "--json"))
    with closing(Trader(address, Account("bob", made["key"], made["secret"]))) as bob:
        order = bob.limit("BUY", "0.001", "50000").body["orderId"]
        command("account", "remove", "bob")
        assert bob.signed("GET", "account").error == (401, -2015, "Invalid API-key, IP, or permissions for action.")
    made = json.loads(command("account", "add", "bob", "--json"))
    with closing(Trader(address, Account("bob", made["key"], made["secret"]))) as bob:
        assert [row["orderId"] for row in bob.signed("GET", "openOrders").body] == [order]


def test_accounts_are_listed_with_their_keys_and_without_their_secrets(command: Call, tmp_path: Path) -> None:
    key, secret = (line.split()[1] for line in command("account", "add", "bob").splitlines()[1:3])
    shown = command("account", "list")
    assert key in shown
    assert "paper-key" in shown
    assert [row["account"] for row in json.loads(command("account", "list", "--json"))] == ["paper", "bob"]
    assert secret not in shown
    assert secret not in (tmp_path / "home" / "secrets.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("serve", "--host", "0.0.0.0"), "'0.0.0.0' is not a loopback address"),
        (("serve", "--host", "exchange.example"), "'exchange.example' is not a loopback address"),
        (("account", "add", "paper"), "account 'paper' is there from the beginning"),
        (("account", "add", "company"), "account 'company' is there from the beginning"),
        (("account", "add", "Not A Name"), "'Not A Name' cannot be an account"),
        (("account", "remove", "paper"), "account 'paper' is always there"),
        (("account", "remove", "nobody"), "there is no account 'nobody'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_cure(command: Call, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        command(*arguments)
    assert said in str(refused.value)
    assert refused.value.cure


def test_an_account_has_one_key_at_a_time(command: Call) -> None:
    command("account", "add", "bob")
    with pytest.raises(UsageError, match="there is an account 'bob' already"):
        command("account", "add", "bob")
