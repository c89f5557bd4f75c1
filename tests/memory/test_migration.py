"""A file of an earlier version keeps its memories, their numbers, their vectors and what waits for the index."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from company.memory import VectorMemory

Open = Callable[..., VectorMemory]

VERSION_1 = """
CREATE TABLE memory (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    role TEXT NOT NULL, kind TEXT NOT NULL, person TEXT NOT NULL,
    subject TEXT NOT NULL, subject_key TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL,
    trust INTEGER NOT NULL, tainted INTEGER NOT NULL, importance REAL NOT NULL, run_id TEXT NOT NULL,
    created_at TEXT NOT NULL, last_used_at TEXT NOT NULL, use_count INTEGER NOT NULL,
    content_sha256 TEXT NOT NULL, {sources}
    UNIQUE (role, person, kind, content_sha256)
);
CREATE INDEX memory_subject ON memory (role, subject_key);
CREATE TABLE vector (
    seq INTEGER NOT NULL REFERENCES memory (seq) ON DELETE CASCADE,
    embedder_id TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (embedder_id, seq)
);
CREATE TABLE outbox (embedder_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (embedder_id, seq)) WITHOUT ROWID;
CREATE TABLE generation (embedder_id TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE memory_text USING fts5 (
    text, content = 'memory', content_rowid = 'seq', tokenize = 'porter unicode61'
);
CREATE TRIGGER memory_added AFTER INSERT ON memory BEGIN
    INSERT INTO memory_text (rowid, text) VALUES (new.seq, new.text);
END;
PRAGMA user_version = {version};
"""
INSERT = """
INSERT INTO memory (seq, role, kind, person, subject, subject_key, text, source, trust, tainted, importance, run_id,
                    created_at, last_used_at, use_count, content_sha256)
VALUES (?, 'ops', 'semantic', ?, 'Queue', 'queue', ?, 'operator', 3, ?, 0.7, 'r1',
        '2025-01-02T03:04:05+00:00', '2025-02-02T03:04:05+00:00', 2, ?)
"""


@pytest.fixture(params=[1, 2])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> int:
    """A file of version 1 or 2 with two memories and the number of a third used up."""
    sources = "sources TEXT NOT NULL DEFAULT '[]'," if request.param == 2 else ""
    with sqlite3.connect(tmp_path / "memory.db") as db:
        db.executescript(VERSION_1.format(sources=sources, version=request.param))
        for seq, person, text in (
            (2, "", "Queue three is slow."),
            (5, "alice", "Queue four is slow."),
            (9, "", "Gone."),
        ):
            db.execute(INSERT, (seq, person, text, seq == 2, f"hash of {text}"))
            db.execute("INSERT INTO vector VALUES (?, 'old/4', ?)", (seq, np.ones(4, np.float32).tobytes()))
            db.execute("INSERT INTO outbox VALUES ('old/4', ?)", (seq,))
        db.execute("DELETE FROM memory WHERE seq = 9")
    db.close()
    return request.param


async def test_memories_of_an_earlier_version_are_kept_whole(older: int, open_memory: Open) -> None:
    memory = open_memory()
    (found,) = await memory.recall("ops", "which queue is slow?")
    assert (found.id, found.text, found.tainted) == ("m2", "Queue three is slow.", True)
    item = memory.get("m5")
    assert (item.person, item.subject, item.trust, item.importance, item.use_count) == ("alice", "Queue", 3, 0.7, 2)
    assert (item.valid_from, item.valid_to, item.status) == (item.created_at, None, "active")
    assert item.created_at.isoformat() == "2025-01-02T03:04:05+00:00"


async def test_vectors_of_an_earlier_version_are_kept_and_wait_for_the_index(older: int, open_memory: Open) -> None:
    db = open_memory().records.db
    kept = "SELECT {table}.seq FROM {table} JOIN memory USING (seq) WHERE embedder_id = 'old/4' ORDER BY seq"
    for table in ("vector", "outbox"):
        assert [row["seq"] for row in db.execute(kept.format(table=table))] == [2, 5]
    assert {row["value"] for row in db.execute("SELECT value FROM vector")} == {np.ones(4, np.float32).tobytes()}


async def test_number_of_a_deleted_memory_is_not_given_again(older: int, open_memory: Open) -> None:
    assert (await open_memory().remember("ops", "Queue five is slow.")).id == "m10"


def test_file_is_brought_to_this_version_once(older: int, open_memory: Open) -> None:
    open_memory().close()
    again = open_memory()
    assert (again.count("ops"), again.records.number("PRAGMA user_version")) == (2, 3)
    assert again.records.number("SELECT count(*) FROM sqlite_master WHERE name LIKE 'former%'") == 0
