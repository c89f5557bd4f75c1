"""`company effects` on a real home: what was done, and a person's word on what nobody else can tell."""

import getpass
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.errors import UsageError
from company.home import open_store

KEY = "c0ffee" + "0" * 26


@pytest.fixture
def home(worked_home: Path, tmp_path: Path) -> Path:
    """A home that worked, with an effect of which nobody knows whether it happened."""
    copied = Path(shutil.copytree(worked_home, tmp_path / "home"))
    store = open_store(copied)
    run = store.runs.last()
    assert run
    store.effects.begin(
        key=KEY, run_id=run.id, role="content", tool="send", arguments_hash="h", mandate_id="", notional=None
    )
    store.effects.finish(KEY, "unknown", "no answer\x1b[2J within 10 s")
    store.close()
    return copied


@pytest.fixture
def run(company: Any, home: Path) -> Any:
    return lambda *arguments: company("effects", *arguments, home=home)


def test_effects_are_listed_newest_first_with_mandate_and_worth(run: Any) -> None:
    told = json.loads(run("--json").stdout)
    assert (told[0]["key"], told[0]["state"], told[0]["tool"]) == (KEY, "unknown", "send")
    order = next(effect for effect in told if effect["tool"] == "place_order")
    assert (order["state"], order["mandate"], order["role"], order["run"]) == ("done", "trade-paper", "trading", "R1")

    lines = run().stdout.splitlines()
    assert lines[0].split() == ["key", "when", "tool", "role", "run", "state", "mandate", "notional", "result"]
    assert lines[1].startswith("c0ffee00")
    assert any(order["key"][:8] in line and "trade-paper" in line for line in lines)
    assert "\x1b" not in "".join(lines)


def test_an_unknown_effect_is_settled_once_by_a_person_with_a_reason(run: Any, home: Path) -> None:
    assert [effect["key"] for effect in json.loads(run("--unknown", "--json").stdout)] == [KEY]

    done = run("settle", "c0ffee", "--did-not-happen", "--reason", "the outbox is empty")

    assert done.returncode == 0, done.stderr
    assert "c0ffee00 of send is failed" in done.stdout
    assert "every effect is accounted for" in run("--unknown").stdout
    store = open_store(home)
    (event,) = store.journal.read(types={"effect.settled"})
    effect, last = store.effects.get(KEY), store.runs.last()
    store.close()
    me = getpass.getuser()
    assert event.body["value"] == {
        "key": KEY,
        "tool": "send",
        "state": "failed",
        "by": me,
        "reason": "the outbox is empty",
    }
    assert (event.agent, event.run_id) == ("person", "R1")
    assert effect
    assert last
    assert effect.settled_at == last.as_of  # company time, as all of the ledger
    again = run("settle", KEY, "--happened", "--reason", "it is there after all")
    assert again.returncode == 2
    assert "is settled: failed" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("c0ffee", "--reason", "looked"), "--happened or --did-not-happen"),
        (("c0ffee", "--happened", "--did-not-happen", "--reason", "looked"), "one of two answers is needed"),
        (("c0ffee", "--happened"), "a reason is needed"),
        (("c0f", "--happened", "--reason", "looked"), "at least 6 hex digits"),
        (("000000", "--happened", "--reason", "looked"), "no effect begins with '000000'"),
    ],
)
def test_a_mistake_is_explained_and_settles_nothing(home: Path, arguments: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["effects", "settle", *arguments, "--home", str(home)])

    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)
    store = open_store(home)
    assert [effect.key for effect in store.effects.open()] == [KEY]
    store.close()
