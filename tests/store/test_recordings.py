"""What a run was given, kept in order and forgotten with the run."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from company.events import Draft
from company.store import Store

NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in which three runs were made."""
    store = Store.open(tmp_path / "company.db", now=lambda: NOW)
    for number in range(1, 4):
        store.runs.create(
            kind="cycle", thread_id="", request="", person="", number=number, as_of=NOW, seed=7, identity=""
        )
    return store


def test_what_a_run_was_given_comes_back_in_order_with_its_place_in_the_journal(store: Store) -> None:
    store.recordings.add("R1", "thought", "R1/ceo/1", {"usd": Decimal("0.10")})
    store.journal.append([Draft("R1", "", "ceo", "user", {"type": "RUN_STARTED"})] * 2)
    store.recordings.add("R1", "case", "ceo c1", {"now": NOW})
    store.recordings.add("R2", "case", "ceo c1", None)
    found = [(row.kind, row.key, row.seq, row.data) for row in store.recordings.of_run("R1")]
    assert found == [
        ("thought", "R1/ceo/1", 0, {"usd": "0.10"}),
        ("case", "ceo c1", 2, {"now": "2026-01-31T00:00:00+00:00"}),
    ]


def test_what_is_kept_in_a_transaction_that_fails_was_never_kept(store: Store) -> None:
    def fail() -> None:
        with store.transaction():
            store.recordings.add("R1", "case", "ceo c1", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.recordings.of_run("R1") == []


def test_the_oldest_recordings_are_forgotten_and_those_of_kept_runs_stay(store: Store) -> None:
    for run_id in ("R1", "R2", "R3", "R1"):
        store.recordings.add(run_id, "case", "ceo c1", {})
    store.recordings.prune(store.runs.newest(2))
    assert store.recordings.runs() == ["R2", "R3"]
    store.recordings.prune(())
    assert store.recordings.runs() == []
