-- Version 3 of the memory. Safe to run twice, so that two processes may create the file at once.
CREATE TABLE IF NOT EXISTS memory (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    role TEXT NOT NULL, kind TEXT NOT NULL, person TEXT NOT NULL, branch TEXT NOT NULL, thread_id TEXT NOT NULL,
    subject TEXT NOT NULL, subject_key TEXT NOT NULL, predicate TEXT NOT NULL, value TEXT NOT NULL,
    fact_key TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL, trust INTEGER NOT NULL, tainted INTEGER NOT NULL,
    sources TEXT NOT NULL, derived_from TEXT NOT NULL, importance REAL NOT NULL, pinned INTEGER NOT NULL,
    run_id TEXT NOT NULL, persona_version TEXT NOT NULL,
    created_at TEXT NOT NULL, last_used_at TEXT NOT NULL, use_count INTEGER NOT NULL,
    valid_from TEXT NOT NULL, valid_to TEXT, supersedes TEXT NOT NULL, superseded_by TEXT NOT NULL,
    status TEXT NOT NULL, decided_by TEXT NOT NULL, content_sha256 TEXT NOT NULL
);
-- one value of a key holds at a time; the text of an event is the same event only within its conversation
CREATE UNIQUE INDEX IF NOT EXISTS memory_fact ON memory (role, person, branch, fact_key)
    WHERE fact_key <> '' AND status = 'active' AND valid_to IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS memory_same ON memory
    (role, person, branch, kind, fact_key, content_sha256, CASE kind WHEN 'episodic' THEN thread_id ELSE '' END)
    WHERE status = 'active' AND valid_to IS NULL;
CREATE INDEX IF NOT EXISTS memory_text_of ON memory (content_sha256);
CREATE INDEX IF NOT EXISTS memory_key ON memory (fact_key, role) WHERE fact_key <> '';
CREATE INDEX IF NOT EXISTS memory_subject ON memory (role, subject_key);
CREATE INDEX IF NOT EXISTS memory_thread ON memory (thread_id, seq) WHERE thread_id <> '';
CREATE TABLE IF NOT EXISTS vector (
    seq INTEGER NOT NULL REFERENCES memory (seq) ON DELETE CASCADE,
    embedder_id TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (embedder_id, seq)
);
CREATE INDEX IF NOT EXISTS vector_of ON vector (seq);
CREATE TABLE IF NOT EXISTS space (
    embedder_id TEXT PRIMARY KEY, width INTEGER NOT NULL, complete INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    embedder_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (embedder_id, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generation (embedder_id TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
-- Words: every text alone, and every text with the ones before and after it on its line. A line is one conversation, or
-- what was written of one role and person in order; what has a key, is not in use or no longer holds is on no line. The
-- reader is the role as one token, so that a search walks the memories of its role only.
CREATE INDEX IF NOT EXISTS memory_line ON memory (role, person, branch, kind, thread_id, seq)
    WHERE fact_key = '' AND status = 'active' AND valid_to IS NULL;
CREATE VIEW IF NOT EXISTS memory_said AS SELECT seq, hex(role) AS reader, text FROM memory;
CREATE VIEW IF NOT EXISTS memory_beside AS
    SELECT seq, text, CASE fact_key WHEN '' THEN (
        SELECT max(seq) FROM memory AS line WHERE line.role = memory.role AND line.person = memory.person
            AND line.branch = memory.branch AND line.kind = memory.kind AND line.thread_id = memory.thread_id
            AND line.fact_key = '' AND line.status = 'active' AND line.valid_to IS NULL AND line.seq < memory.seq
    ) END AS before, CASE fact_key WHEN '' THEN (
        SELECT min(seq) FROM memory AS line WHERE line.role = memory.role AND line.person = memory.person
            AND line.branch = memory.branch AND line.kind = memory.kind AND line.thread_id = memory.thread_id
            AND line.fact_key = '' AND line.status = 'active' AND line.valid_to IS NULL AND line.seq > memory.seq
    ) END AS after FROM memory;
CREATE VIEW IF NOT EXISTS memory_amid AS
    SELECT seq, coalesce((SELECT text FROM memory AS line WHERE line.seq = before) || char(10), '') || text
        || coalesce(char(10) || (SELECT text FROM memory AS line WHERE line.seq = after), '') AS text
    FROM memory_beside;
CREATE VIRTUAL TABLE IF NOT EXISTS memory_text USING fts5 (
    reader, text, content = 'memory_said', content_rowid = 'seq', tokenize = 'porter unicode61'
);
CREATE VIRTUAL TABLE IF NOT EXISTS memory_around USING fts5 (reader, text, tokenize = 'porter unicode61');
-- inserting into this view reads the texts of both sides of a place on a line anew
CREATE VIEW IF NOT EXISTS memory_place AS
    SELECT seq, role, person, branch, kind, thread_id, fact_key, status, valid_to FROM memory;
CREATE TRIGGER IF NOT EXISTS memory_realigned INSTEAD OF INSERT ON memory_place
WHEN new.fact_key = '' AND new.status = 'active' AND new.valid_to IS NULL BEGIN
    UPDATE memory_around SET text = (SELECT text FROM memory_amid WHERE seq = memory_around.rowid) WHERE rowid = (
        SELECT max(seq) FROM memory WHERE role = new.role AND person = new.person AND branch = new.branch
            AND kind = new.kind AND thread_id = new.thread_id AND fact_key = '' AND status = 'active'
            AND valid_to IS NULL AND seq < new.seq
    );
    UPDATE memory_around SET text = (SELECT text FROM memory_amid WHERE seq = memory_around.rowid) WHERE rowid = (
        SELECT min(seq) FROM memory WHERE role = new.role AND person = new.person AND branch = new.branch
            AND kind = new.kind AND thread_id = new.thread_id AND fact_key = '' AND status = 'active'
            AND valid_to IS NULL AND seq > new.seq
    );
END;
CREATE TRIGGER IF NOT EXISTS memory_added AFTER INSERT ON memory BEGIN
    INSERT INTO memory_text (rowid, reader, text) VALUES (new.seq, hex(new.role), new.text);
    INSERT INTO memory_around (rowid, reader, text)
        SELECT seq, hex(new.role), text FROM memory_amid WHERE seq = new.seq;
    INSERT INTO memory_place VALUES (new.seq, new.role, new.person, new.branch, new.kind, new.thread_id,
        new.fact_key, new.status, new.valid_to);
END;
CREATE TRIGGER IF NOT EXISTS memory_reworded AFTER UPDATE OF role, text ON memory BEGIN
    INSERT INTO memory_text (memory_text, rowid, reader, text) VALUES ('delete', old.seq, hex(old.role), old.text);
    INSERT INTO memory_text (rowid, reader, text) VALUES (new.seq, hex(new.role), new.text);
END;
CREATE TRIGGER IF NOT EXISTS memory_replaced AFTER
UPDATE OF role, person, branch, kind, thread_id, fact_key, status, valid_to, text ON memory BEGIN
    UPDATE memory_around SET reader = hex(new.role), text = (SELECT text FROM memory_amid WHERE seq = new.seq)
        WHERE rowid = new.seq;
    INSERT INTO memory_place VALUES (old.seq, old.role, old.person, old.branch, old.kind, old.thread_id,
        old.fact_key, old.status, old.valid_to);
    INSERT INTO memory_place VALUES (new.seq, new.role, new.person, new.branch, new.kind, new.thread_id,
        new.fact_key, new.status, new.valid_to);
END;
CREATE TRIGGER IF NOT EXISTS memory_erased AFTER DELETE ON memory BEGIN
    INSERT INTO memory_text (memory_text, rowid, reader, text) VALUES ('delete', old.seq, hex(old.role), old.text);
    DELETE FROM memory_around WHERE rowid = old.seq;
    INSERT INTO memory_place VALUES (old.seq, old.role, old.person, old.branch, old.kind, old.thread_id,
        old.fact_key, old.status, old.valid_to);
END;
-- a memory that changes its owner moves in every index: its vectors become new ones
CREATE TRIGGER IF NOT EXISTS memory_moved AFTER UPDATE OF role, person, branch ON memory BEGIN
    INSERT OR REPLACE INTO vector (seq, embedder_id, value)
        SELECT seq, embedder_id, value FROM vector WHERE seq = new.seq;
    INSERT OR IGNORE INTO outbox (embedder_id, seq) SELECT embedder_id, seq FROM vector WHERE seq = new.seq;
END;
