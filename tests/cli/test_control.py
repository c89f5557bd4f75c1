"""`company stop` and `company start`: who stops and starts, why, and what came of it."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from company.home import open_store
from company.store import Store

Company = Callable[..., CompletedProcess[str]]


@pytest.fixture
def home(worked_home: Path, tmp_path: Path) -> Path:
    """A home in which the company worked, which may be changed."""
    return Path(shutil.copytree(worked_home, tmp_path / "home"))


@contextmanager
def store_of(home: Path) -> Iterator[Store]:
    store = open_store(home)
    try:
        yield store
    finally:
        store.close()


def test_a_stop_says_when_by_whom_and_what_it_ended_and_the_journal_proves_it(company: Company, home: Path) -> None:
    stopped = company("stop", "--now", "--reason", "fire drill", home=home)
    first, when, *rest = stopped.stdout.splitlines()
    assert (stopped.returncode, first) == (0, "stopped; go on with: company start --reason '...'")
    assert re.fullmatch(r"  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by \w+: fire drill", when)
    assert rest[:3] == ["  runs stopped      0", "  orders cancelled  0", "  processes ended   0"]
    assert re.fullmatch(r"  took \d+\.\d s; signed in the journal: company journal verify", rest[3])
    with store_of(home) as store:
        [told] = store.journal.read(types={"company.stopped"})
        assert told.body["value"]["reason"] == "fire drill"
        assert store.journal.verify().head_seq == told.seq


def test_a_stopped_company_refuses_everything_with_the_reason_until_a_person_starts_it(
    company: Company, home: Path
) -> None:
    company("stop", "--now", "--reason", "fire drill", home=home)
    for command in (("run", "--cycles", "1"), ("chat", "hello"), ("approvals", "approve", "A1")):
        refused = company(*command, home=home)
        assert (refused.returncode, "fire drill" in refused.stderr) == (2, True), command
    started = company("start", "--reason", "it is out", "--person", "grace", home=home)
    assert (started.returncode, started.stdout) == (0, "the company may work again\n")
    assert company("chat", "hello", home=home).returncode == 0
    with store_of(home) as store:
        reasons = [event.body["value"].get("reason") for event in store.journal.read(types={"run.resumed"})]
        assert reasons[-1] == "grace: it is out"
        assert store.approvals.get("A1").state == "open"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--reason", " "], "a reason is needed"),
        (["--reason", "because", "--person", "role:ceo"], "'role:ceo' is not a person"),
        (["--reason", "because", "--person", " "], "' ' is not a person"),
    ],
)
def test_a_start_needs_a_person_and_a_reason(company: Company, home: Path, options: list[str], said: str) -> None:
    company("stop", "--now", home=home)
    refused = company("start", *options, home=home)
    assert (refused.returncode, said in refused.stderr) == (2, True)
    with store_of(home) as store:
        assert store.flags.get("stop")


def test_what_a_stop_could_not_do_is_said_and_it_has_failed(company: Company, home: Path) -> None:
    (home / "journal.key").unlink()
    stopped = company("stop", "--now", home=home)
    assert stopped.returncode == 1
    assert "not done          the journal is not signed" in stopped.stderr
    with store_of(home) as store:
        assert store.flags.get("stop")


def test_a_home_in_which_nothing_was_done_yet_can_be_stopped_and_keeps_its_choice_of_a_seed(
    company: Company, tmp_path: Path
) -> None:
    home = tmp_path / "fresh"
    assert company("stop", "--now", home=home).returncode == 0
    assert company("start", "--reason", "ready", home=home).returncode == 0
    assert company("run", "--cycles", "1", "--seed", "12345", home=home).returncode == 0
