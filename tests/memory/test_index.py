"""Chroma may lose everything at any moment: the answer stays that of the records."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from company.memory import Note
from company.memory.index import ExactIndex, SharedIndex
from company.memory.records import Records

AT = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = "random/16"
PEOPLE = ("", "alice", "bob")

Fill = Callable[[int], None]


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

    def _fill(count: int) -> None:
        start = records.count()
        notes = [
            Note(role="trading", text=f"note {number}", person=PEOPLE[number % 3])
            for number in range(start, start + count)
        ]
        vectors = {f"note {number}": directions[number].tobytes() for number in range(start, start + count)}
        records.save(notes, AT, vectors=vectors, embedder_id=MODEL)

    return _fill


@pytest.fixture
def reopen(tmp_path: Path, records: Records) -> Iterator[Callable[[], SharedIndex]]:
    """Close the open index, if any, and open it anew."""
    current: list[SharedIndex] = []

    def _reopen() -> SharedIndex:
        while current:
            current.pop().close()
        current.append(SharedIndex(tmp_path / "index", records, MODEL))
        return current[-1]

    yield _reopen
    while current:
        current.pop().close()


@pytest.mark.parametrize("person", PEOPLE)
def test_chroma_agrees_with_the_exact_index(records, reopen, fill, directions, person) -> None:
    fill(300)
    chroma, exact = reopen(), ExactIndex(records, MODEL)
    assert chroma.name == "chroma"
    for query in directions[300:330]:
        assert chroma.nearest("trading", person, query, 10) == exact.nearest("trading", person, query, 10)


def test_index_shows_nothing_of_another_person(records, reopen, fill, directions) -> None:
    fill(30)
    for index in (reopen(), ExactIndex(records, MODEL)):
        assert sorted(index.nearest("trading", "bob", directions[0], 99)) == [n + 1 for n in range(30) if n % 3 != 1]


def test_index_of_an_unknown_role_is_empty(records, reopen) -> None:
    for index in (reopen(), ExactIndex(records, MODEL)):
        assert index.nearest("nobody", "", np.ones(16, np.float32), 5) == []


def test_what_was_committed_before_a_crash_reaches_the_index(records, reopen, fill, directions) -> None:
    fill(5)
    assert records.waiting(MODEL) == 5
    assert reopen().nearest("trading", "", directions[3], 1) == [4]
    assert records.waiting(MODEL) == 0


def test_copying_a_vector_twice_does_no_harm(tmp_path, records, reopen, fill, directions) -> None:
    fill(5)
    reopen().open()
    with sqlite3.connect(tmp_path / "memory.db") as db:
        db.execute("INSERT INTO outbox SELECT embedder_id, seq FROM vector")
    db.close()
    assert reopen().nearest("trading", "", directions[0], 9) == ExactIndex(records, MODEL).nearest(
        "trading", "", directions[0], 9
    )
    assert [path.name[-2:] for path in generations(tmp_path)] == ["-1"]


def delete_all(generation: Path) -> None:
    for path in sorted(generation.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    generation.rmdir()


def overwrite_database(generation: Path) -> None:
    (generation / "chroma.sqlite3").write_bytes(b"garbage" * 1_000)


def forget_one_vector(generation: Path) -> None:
    from chromadb import PersistentClient
    from chromadb.config import Settings

    client = PersistentClient(path=generation, settings=Settings(anonymized_telemetry=False))
    for collection in client.list_collections():
        client.get_collection(collection.name, embedding_function=None).delete(ids=["3"])
    client.close()


@pytest.mark.parametrize("harm", [delete_all, overwrite_database, forget_one_vector])
def test_broken_index_is_rebuilt_in_a_fresh_directory(tmp_path, reopen, fill, directions, harm) -> None:
    fill(6)
    index = reopen()
    index.open()
    index.close()
    harm(generations(tmp_path)[0])
    assert reopen().nearest("trading", "bob", directions[2], 1) == [3]
    assert [path.name[-2:] for path in generations(tmp_path)] == ["-2"]


def test_second_opener_answers_exactly_and_takes_over_when_the_first_closes(
    tmp_path, records, reopen, fill, directions
) -> None:
    owner, second = reopen(), SharedIndex(tmp_path / "index", records, MODEL)
    assert (owner.name, second.name) == ("chroma", "exact")
    fill(9)
    nearest = owner.nearest("trading", "", directions[0], 3)
    assert second.nearest("trading", "", directions[0], 3) == nearest
    owner.close()
    assert second.name == "chroma"
    assert second.nearest("trading", "", directions[0], 3) == nearest
    second.close()


def generations(directory: Path) -> list[Path]:
    return sorted((directory / "index").glob("chroma-*"))
