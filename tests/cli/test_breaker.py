"""`company breaker`: who is held, why, and what it takes to let it go on."""

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path

from company.governor import Hold
from company.governor.hold import hold_flag
from company.home import open_store

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOLD = Hold("trading", "progress.repeated", "ticker was asked the same 5 times", 5, "R1", AT)


def held(home: Path) -> None:
    home.mkdir()
    store = open_store(home)
    store.flags.set(hold_flag("trading"), HOLD.flag())
    store.close()


def test_nobody_is_held_in_a_new_company(company) -> None:
    done = company("breaker")
    assert (done.returncode, done.stdout) == (0, "nobody is held\n")


def test_who_is_held_is_listed_with_the_reason_and_the_cure(company, tmp_path: Path) -> None:
    held(tmp_path / "home")

    done = company("breaker")
    assert done.stdout.splitlines() == [
        "trading  progress.repeated in run R1, 2026-03-02 12:00",
        "    ticker was asked the same 5 times",
        "    company breaker clear trading --reason '...'",
    ]
    [row] = json.loads(company("breaker", "list", "--json").stdout)
    assert (row["role"], row["rule"], row["steps"], row["run"], row["at"]) == (
        "trading",
        "progress.repeated",
        5,
        "R1",
        AT.isoformat(),
    )


def test_a_person_lets_a_role_go_on_and_says_why(company, tmp_path: Path) -> None:
    home = tmp_path / "home"
    held(home)

    refused = company("breaker", "clear", "trading")
    assert refused.returncode == 2
    assert "a reason is needed" in refused.stderr

    assert company("breaker", "clear", "trading", "--reason", "looked into it").stdout == "trading may go on\n"
    assert company("breaker").stdout == "nobody is held\n"
    store = open_store(home)
    [event] = store.journal.read(types=["breaker.cleared"])
    store.close()
    assert event.body["value"] == {"role": "trading", "by": getpass.getuser(), "reason": "looked into it"}


def test_clearing_who_is_not_held_names_who_is(company, tmp_path: Path) -> None:
    held(tmp_path / "home")

    done = company("breaker", "clear", "traidng", "--reason", "looked into it")
    assert done.returncode == 2
    assert "'traidng' is not held" in done.stderr
    assert "held now: trading" in done.stderr
