"""Chroma may lose everything at any moment: the answer stays that of the records."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from company.memory import SHARED, Note
from company.memory.exact import ExactIndex
from company.memory.index import SharedIndex
from company.memory.records import Records, number_of
from company.memory.vectors import Part

AT = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = "random/16"
PEOPLE = ("", "alice", "bob")
ALWAYS_CHROMA = 1
NEVER_CHROMA = 1_000_000

Fill = Callable[..., None]
Open = Callable[..., SharedIndex]


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records(tmp_path / "memory.db")
    yield opened
    opened.close()


@pytest.fixture
def directions() -> np.ndarray:
    """400 seeded unit vectors."""
    vectors = np.random.default_rng(7).standard_normal((400, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def fill(records: Records, directions: np.ndarray) -> Fill:
    """Store the next so many memories, of three persons in turn."""

    def _fill(count: int, **fields: object) -> None:
        start = records.count()
        with records.transaction():
            for number in range(start, start + count):
                note = Note(**{"role": "trading", "text": f"note {number}", "person": PEOPLE[number % 3]} | fields)
                records.add_vectors({number_of(records.add(note, AT).id): directions[number].tobytes()}, MODEL)

    return _fill


@pytest.fixture
def reopen(tmp_path: Path, records: Records) -> Iterator[Open]:
    """Close the open index, if any, and open it anew."""
    current: list[SharedIndex] = []

    def _reopen(exact_below: int = ALWAYS_CHROMA) -> SharedIndex:
        while current:
            current.pop().close()
        current.append(SharedIndex(tmp_path / "index", records, MODEL, exact_below=exact_below))
        current[-1].work(records, lambda: False)
        return current[-1]

    yield _reopen
    while current:
        current.pop().close()


@pytest.fixture
def exact(tmp_path: Path, records: Records) -> Iterator[SharedIndex]:
    """What is right: every vector is compared."""
    index = SharedIndex(tmp_path / "other", records, MODEL, exact_below=NEVER_CHROMA)
    yield index
    index.close()


def test_chroma_agrees_with_comparing_every_vector(reopen, exact, fill, directions) -> None:
    fill(250)
    fill(50, role=SHARED)
    chroma = reopen()
    assert chroma.name == "chroma"
    for person in PEOPLE:
        for query in directions[300:315]:
            assert chroma.nearest("trading", person, "", query, 10) == exact.nearest("trading", person, "", query, 10)
    assert not chroma.failure


@pytest.mark.parametrize("exact_below", [ALWAYS_CHROMA, NEVER_CHROMA])
def test_index_shows_nothing_of_another_person_or_arm(reopen, fill, directions, exact_below) -> None:
    fill(30)
    fill(1, person="", branch="b")
    fill(1, person="bob", branch="b")
    seen = [number + 1 for number in range(30) if number % 3 != 1]
    index = reopen(exact_below)
    assert sorted(index.nearest("trading", "bob", "", directions[0], 99)) == seen
    assert sorted(index.nearest("trading", "bob", "b", directions[0], 99)) == [*seen, 31, 32]


@pytest.mark.parametrize("exact_below", [ALWAYS_CHROMA, NEVER_CHROMA])
def test_memories_out_of_use_crowd_out_nothing(records, reopen, fill, directions, exact_below) -> None:
    fill(60, person="")
    index = reopen(exact_below)
    order = index.nearest("trading", "", "", directions[0], 60)
    with records.transaction():
        for seq in order[:50]:
            records.change(f"m{seq}", status="archived")
    assert index.nearest("trading", "", "", directions[0], 5) == order[50:55]


@pytest.mark.parametrize("exact_below", [ALWAYS_CHROMA, NEVER_CHROMA])
def test_index_of_an_unknown_role_is_empty(reopen, exact_below) -> None:
    assert reopen(exact_below).nearest("nobody", "", "", np.ones(16, np.float32), 5) == []


@pytest.mark.parametrize("exact_below", [ALWAYS_CHROMA, NEVER_CHROMA])
def test_index_knows_what_was_written_deleted_and_moved_since(records, reopen, fill, directions, exact_below) -> None:
    fill(5, person="")
    index = reopen(exact_below)
    assert index.nearest("trading", "", "", directions[4], 1) == [5]
    records.db.execute("DELETE FROM memory WHERE seq = 5")
    fill(2, person="")
    assert index.nearest("trading", "", "", directions[4], 1) == [6]
    records.change("m6", person="alice")
    assert 6 not in index.nearest("trading", "", "", directions[4], 9)
    assert index.nearest("trading", "alice", "", directions[4], 1) == [6]


def test_what_is_rolled_back_is_never_found(records, reopen, fill, directions) -> None:
    fill(2, person="")
    index = reopen(NEVER_CHROMA)
    records.db.execute("BEGIN IMMEDIATE")
    fill(1, person="")
    index.nearest("trading", "", "", directions[2], 1)
    records.db.execute("ROLLBACK")
    item = records.add(Note(role="trading", text="another"), AT)
    records.add_vectors({number_of(item.id): directions[9].tobytes()}, MODEL)
    assert index.nearest("trading", "", "", directions[9], 1) == [3]


def test_index_answers_in_little_room(tmp_path, records, fill, exact, directions) -> None:
    fill(40, person="")
    fill(20, role="ceo", person="")
    cramped = ExactIndex(records, MODEL, room=30 * 64)
    for role in ("trading", "ceo", "trading"):
        found = cramped.nearest(Part(role, "", ""), directions[70], 7)
        assert [seq for _, seq in found] == exact.nearest(role, "", "", directions[70], 7)


def test_what_was_committed_before_a_crash_reaches_the_index(records, reopen, fill) -> None:
    fill(5)
    assert records.waiting(MODEL) == 5
    reopen()
    assert records.waiting(MODEL) == 0


def test_what_waits_for_chroma_is_found(reopen, fill, directions, records) -> None:
    fill(5, person="")
    index = reopen()
    fill(1, person="")
    assert index.nearest("trading", "", "", directions[5], 1) == [6]
    assert records.waiting(MODEL) == 1
    assert not index.failure


def test_copying_a_vector_twice_does_no_harm(tmp_path, reopen, exact, fill, directions) -> None:
    fill(5)
    reopen()
    with sqlite3.connect(tmp_path / "memory.db") as db:
        db.execute("INSERT INTO outbox SELECT embedder_id, seq FROM vector")
    db.close()
    nearest = reopen().nearest("trading", "", "", directions[0], 9)
    assert nearest == exact.nearest("trading", "", "", directions[0], 9)
    assert [path.name[-2:] for path in generations(tmp_path)] == ["-1"]


def delete_all(generation: Path) -> None:
    for path in sorted(generation.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    generation.rmdir()


def overwrite_database(generation: Path) -> None:
    (generation / "chroma.sqlite3").write_bytes(b"garbage" * 1_000)


def change(generation: Path, harm: Callable[[object], None]) -> None:
    from chromadb import PersistentClient
    from chromadb.config import Settings

    client = PersistentClient(path=generation, settings=Settings(anonymized_telemetry=False))
    for collection in client.list_collections():
        harm(client.get_collection(collection.name, embedding_function=None))
    client.close()


def forget_one_vector(generation: Path) -> None:
    change(generation, lambda collection: collection.delete(ids=["3"]))


def swap_one_vector(generation: Path) -> None:
    """The count stays right, as it does when Chroma loses a vector from its graph."""
    change(generation, lambda collection: collection.update(ids=["3"], embeddings=[-np.ones(16, np.float32)]))


@pytest.mark.parametrize("harm", [delete_all, overwrite_database, forget_one_vector, swap_one_vector])
def test_broken_index_is_rebuilt_in_a_fresh_directory(tmp_path, reopen, fill, directions, harm) -> None:
    fill(6)
    reopen().close()
    harm(generations(tmp_path)[0])
    index = reopen()
    assert index.nearest("trading", "bob", "", directions[2], 1) == [3]
    assert [path.name[-2:] for path in generations(tmp_path)] == ["-2"]
    assert not index.failure


def test_chroma_that_breaks_while_it_is_used_is_replaced(tmp_path, records, reopen, fill, directions) -> None:
    fill(6, person="")
    index = reopen()
    change(generations(tmp_path)[0], lambda collection: collection._client.delete_collection(collection.name))
    assert index.nearest("trading", "", "", directions[2], 1) == [3]
    assert "Chroma cannot answer" in index.failure
    assert index.behind
    index.work(records, lambda: False)
    assert index.nearest("trading", "", "", directions[2], 1) == [3]
    assert (index.failure, index.behind) == ("", False)


def test_second_opener_answers_exactly_and_takes_over_when_the_first_closes(
    tmp_path, records, reopen, fill, directions
) -> None:
    owner, second = reopen(), SharedIndex(tmp_path / "index", records, MODEL, exact_below=ALWAYS_CHROMA)
    assert (owner.name, second.name) == ("chroma", "exact")
    fill(9)
    nearest = owner.nearest("trading", "", "", directions[0], 3)
    assert second.nearest("trading", "", "", directions[0], 3) == nearest
    assert not second.behind
    owner.close()
    assert (second.name, second.behind) == ("chroma", True)
    assert second.nearest("trading", "", "", directions[0], 3) == nearest
    second.close()


def test_rebuilding_removes_every_file_of_the_index_and_makes_one_without_what_was_erased(
    tmp_path, records, reopen, fill, directions
) -> None:
    fill(6, person="")
    index = reopen()
    records.db.execute("DELETE FROM memory WHERE seq = 3")
    index.rebuild()
    assert generations(tmp_path) == []  # Chroma writes memory it never set, so the files are what must go
    index.work(records, lambda: False)
    assert [path.name[-2:] for path in generations(tmp_path)] == ["-2"]
    assert index.nearest("trading", "", "", directions[2], 9) == exact_order(directions, [1, 2, 4, 5, 6], directions[2])


def test_owner_notices_that_another_process_has_rebuilt(tmp_path, records, reopen, fill, directions) -> None:
    fill(6, person="")
    owner = reopen()
    other = SharedIndex(tmp_path / "index", records, MODEL, exact_below=ALWAYS_CHROMA)
    other.rebuild()
    other.close()
    assert owner.nearest("trading", "", "", directions[2], 1) == [3]
    assert owner.behind
    owner.work(records, lambda: False)
    assert owner.nearest("trading", "", "", directions[2], 1) == [3]
    assert [path.name[-2:] for path in generations(tmp_path)] == ["-2"]
    assert not owner.failure


def exact_order(directions: np.ndarray, seqs: list[int], query: np.ndarray) -> list[int]:
    return sorted(seqs, key=lambda seq: -float(directions[seq - 1] @ query))


def generations(directory: Path) -> list[Path]:
    return sorted((directory / "index").glob("chroma-*"))
